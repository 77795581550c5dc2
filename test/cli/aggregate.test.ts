// `meds-reader aggregate`: parts of a store, and what becomes of them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PatientDatabase } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { clinic } from "../support/clinic.js";
import { folder, meds } from "./run.js";

const work = folder();
const at = (name: string) => join(work, name);
let store = "";
beforeAll(async () => {
  ({ store } = await clinic());
});

const aggregate = (...args: string[]) => meds("aggregate", store, ...args);

describe("aggregate", () => {
  it("prints what aggregateCodes returns", async () => {
    const { code, stdout, stderr } = await aggregate("--json", "--limit", "0", "--codes", "LAB//*");
    expect([code, stderr]).toEqual([0, ""]);
    const { shards, of, codes } = JSON.parse(stdout);
    const db = PatientDatabase.open(store);
    const { events, patients, valueCount, sum, mean, std, min, max } = await db.aggregateCodes({ codes: "LAB//*" });
    expect([shards.length, of]).toEqual([db.metadata.shards, db.metadata.shards]);
    expect(codes.length).toBe(2);
    for (const found of codes) {
      const id = db.codes.id(found.code)!;
      const figures = valueCount[id] === 0 ? Array(5).fill(null) : [sum, mean, std, min, max].map((array) => array[id]);
      expect(Object.values(found)).toEqual([found.code, events[id], patients[id], valueCount[id], ...figures]);
    }
    db.close();
  });

  it("merges parts, in steps and any order, to the same bytes", async () => {
    const whole = await aggregate("--json", "--split", "train");
    await aggregate("--shards", "0", "--split", "train", "--part", at("a.json"));
    await aggregate("--shards", "1", "--split", "train", "--part", at("b.json"));
    expect(await aggregate("--json", "--merge", at("b.json"), at("a.json"))).toEqual(whole);
    expect((await aggregate("--part", at("c.json"), "--merge", at("b.json"))).code).toBe(0);
    expect(readFileSync(at("c.json"), "utf8")).toBe(readFileSync(at("b.json"), "utf8"));
    expect((await aggregate("--merge", at("c.json"))).stdout).toContain("Of 1 of 2 shards.");
    const { stdout } = await aggregate("--shards", "1", "--split", "train", "--part", "-");
    expect(stdout).toBe(readFileSync(at("b.json"), "utf8"));
  });

  it("refuses parts that do not belong together", async () => {
    const error = async (...paths: string[]) => (await aggregate("--merge", ...paths)).stderr;
    await aggregate("--shards", "0", "--part", at("all.json"));
    const part = JSON.parse(readFileSync(at("all.json"), "utf8"));
    const changed = (name: string, change: object) => writeFileSync(at(name), JSON.stringify({ ...part, ...change }));
    changed("other.json", { store: "0".repeat(32) });
    changed("far.json", { shards: [7] });
    changed("damaged.json", { result: { ...part.result, members: { ...part.result.members, min: { type: "float64", base64: "" } } } });
    writeFileSync(at("text.json"), "{");
    await aggregate("--shards", "1", "--codes", "LAB//*", "--part", at("labs.json"));
    expect(await error(at("all.json"), at("labs.json"))).toMatch(/^MEDS_INVALID_ARGUMENT: .*other codes or another split/);
    expect(await error(at("all.json"), at("all.json"))).toMatch(/^MEDS_INVALID_ARGUMENT: .*shard 0 is in .* too/);
    expect(await error(at("other.json"))).toMatch(/^MEDS_INVALID_ARGUMENT: .*another store/);
    expect(await error(at("damaged.json"))).toMatch(/^MEDS_INVALID_ARGUMENT: .*damaged/);
    for (const name of ["far.json", "text.json"])
      expect(await error(at(name))).toMatch(/^MEDS_INVALID_ARGUMENT: .*not a part of this store/);
    expect(await error(at("absent.json"))).toMatch(/^MEDS_NOT_FOUND: /);
    expect((await aggregate("--part", at("absent/a.json"))).stderr).toMatch(/^MEDS_IO: /);
    expect((await aggregate("--shards", "9")).stderr).toMatch(/^MEDS_OUT_OF_RANGE: .*no shard 9/);
  });
});
