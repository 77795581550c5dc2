// A conversion in parts has the bytes of one machine, whatever the parts, their order, and what happens to them.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ClusterPlanOptions, clusterStep, convert, generate, planCluster } from "meds-reader";
import { describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { type SimpleRow, simpleFile, writeFiles, writeSplits } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { changed, contents, folder } from "../support/folder.js";
import { writeCsv } from "../support/omop.js";
import { forAll, runs } from "../support/property.js";
import { dataset } from "../support/random.js";
import { real } from "../support/real.js";

type Steps = Partial<Record<"survey" | "measure" | "write", readonly number[]>>;

/** Converts in parts, and returns the folder of the store. `orders`: the parts of a step, which can be there twice. */
async function inParts(source: string, options: ClusterPlanOptions, orders: Steps = {}): Promise<string> {
  const store = join(folder("parts"), "s.medsdb");
  const { work, parts } = await planCluster(source, store, options);
  const each = async (step: "survey" | "measure" | "write", list: readonly number[]) => {
    for (const part of orders[step] ?? list) await clusterStep(step, work, { part, threads: 1 });
  };
  const all = Array.from({ length: parts }, (_, part) => part);
  await each("survey", all);
  await clusterStep("join", work);
  await each("measure", all);
  await each("write", (await clusterStep("settle", work)).parts);
  await clusterStep("finish", work);
  expect(readdirSync(join(store, ".."))).toEqual(["s.medsdb"]);
  return store;
}

async function alone(source: string, options: Parameters<typeof convert>[2]): Promise<string> {
  const store = join(folder("alone"), "s.medsdb");
  await convert(source, store, options);
  return store;
}

const differ = (one: string, other: string) => changed(contents(one), contents(other));

/** Each part twice, in an order that depends on a seed. */
function shuffled(parts: number, seed: number): number[] {
  const twice = Array.from({ length: 2 * parts }, (_, i) => i % parts);
  return twice
    .map((part, i) => [Math.sin(seed + 31 * i), part] as const)
    .sort(([a], [b]) => a - b)
    .map(([, part]) => part);
}

const file = (name: string, rows: SimpleRow[]) => simpleFile(name, rows, { rowGroup: 2 });
const rows = (id: bigint, count: number): SimpleRow[] => Array.from({ length: count }, (_, i) => [id, BigInt(i), `C${i % 5}`, i / 4]);

/** Two files with row groups of two rows, so that patients span groups and parts. */
async function small(): Promise<string> {
  const source = folder("source");
  await writeFiles(source, [file("a.parquet", [...rows(3n, 5), ...rows(1n, 4)]), file("b.parquet", [...rows(2n, 6)])]);
  writeSplits(
    source,
    new Map([
      [1n, "train"],
      [2n, "held_out"],
    ]),
  );
  return source;
}

describe("a conversion in parts", () => {
  it("of random datasets has the bytes of one machine, in any order of parts, and with parts that are taken twice", async () => {
    let seed = 0;
    await forAll(dataset, runs, 2, async (data) => {
      seed += 1;
      const source = folder("source");
      await writeFiles(source, data.files);
      if (data.splits.size > 0) writeSplits(source, data.splits);
      const options = { shardBytes: data.shardBytes, index: seed % 2 === 0 };
      const parts = 1 + (seed % 7);
      const order = shuffled(parts, seed);
      const store = await inParts(source, { ...options, parts }, { survey: order, measure: order, write: order });
      expect(differ(store, await alone(source, options))).toEqual([]);
      rmSync(source, { recursive: true });
    });
  }, 600_000);

  it("of patients that span row groups and parts has the bytes of one machine, for any number of parts", async () => {
    const source = await small();
    for (const options of [{}, { shardBytes: 1024, index: true }, { columns: ["numeric_value"] }, { exclude: ["numeric_value"] }]) {
      const expected = await alone(source, options);
      for (const parts of [1, 2, 3, 8, 100]) expect(differ(await inParts(source, { ...options, parts }), expected)).toEqual([]);
    }
  });

  it("of a generated dataset, of one file, and of the MIMIC-IV demo has the bytes of one machine", async () => {
    const made = join(folder("generated"), "made");
    await generate(made, { patients: 60, events: 20_000, codes: 500, files: 3 });
    const one = join(made, "data", "train", "0.parquet");
    expect(existsSync(one)).toBe(true);
    const demo = real("mimic-iv-demo-meds-0.0.1");
    for (const source of [made, one, ...(demo === null ? [] : [demo])]) {
      const options = { shardBytes: 256 << 10, index: true };
      expect(differ(await inParts(source, { ...options, parts: 4 }), await alone(source, options))).toEqual([]);
    }
  });

  it("of OMOP tables has the bytes of one machine", async () => {
    const omop = real("gibleed-omop-5.3");
    const sources = [writeCsv(folder("omop")), ...(omop === null ? [] : [omop])];
    for (const source of sources) {
      const store = await inParts(source, { parts: 3, shardBytes: 64 << 10 });
      expect(differ(store, await alone(source, { shardBytes: 64 << 10 }))).toEqual([]);
    }
  }, 120_000);

  it("goes on where it ended: a plan stays, and steps that are done are not done again", async () => {
    const source = await small();
    const store = join(folder("parts"), "s.medsdb");
    const plan = await planCluster(source, store, { parts: 2 });
    expect(plan).toMatchObject({ parts: 2, files: 2, rows: 15, reused: false });
    expect(await clusterStep("survey", plan.work, { part: 0 })).toMatchObject({ part: 0, reused: false });
    expect(await planCluster(source, store, { parts: 2 })).toEqual({ ...plan, reused: true });
    expect(await clusterStep("survey", plan.work, { part: 0 })).toMatchObject({ reused: true });
    const other = await rejected(planCluster(source, store, { parts: 3 }));
    expect(other).toMatchObject({ code: "MEDS_STORE_EXISTS", path: plan.work });
    expect(await clusterStep("cancel", plan.work)).toEqual({ work: plan.work });
    expect(readdirSync(join(store, ".."))).toEqual([]);
    expect(await rejected(clusterStep("survey", plan.work, { part: 0 }))).toMatchObject({ code: "MEDS_NOT_FOUND", path: plan.work });
  });

  it("replaces a store only with `force`, and keeps it until it is finished", async () => {
    const source = await small();
    const store = await alone(source, {});
    expect(await rejected(planCluster(source, store, { parts: 2 }))).toMatchObject({ code: "MEDS_STORE_EXISTS" });
    const before = contents(store);
    const { work } = await planCluster(source, store, { parts: 1, force: true, index: true });
    for (const step of ["survey", "join", "measure", "settle", "write"] as const)
      await clusterStep(step, work, step === "join" || step === "settle" ? {} : { part: 0 });
    expect(changed(contents(store), before)).toEqual([]);
    await clusterStep("finish", work);
    expect(readdirSync(store)).toContain("index");
  });
});

describe("a source that is out of order", () => {
  const disorders: [string, string, Parameters<typeof file>[]][] = [
    [
      "a subject in two files",
      "MEDS_NOT_CONTIGUOUS",
      [
        ["a.parquet", [...rows(1n, 3), ...rows(2n, 2)]],
        ["b.parquet", rows(1n, 3)],
      ],
    ],
    ["a subject twice in a file", "MEDS_NOT_CONTIGUOUS", [["a.parquet", [...rows(1n, 3), ...rows(2n, 3), ...rows(1n, 1)]]]],
    ["a time that goes back in a row group", "MEDS_TIME_ORDER", [["a.parquet", [[1n, 2n, "A"], [1n, 1n, "B"], ...rows(2n, 6)]]]],
    [
      "a time that goes back between parts",
      "MEDS_TIME_ORDER",
      [
        [
          "a.parquet",
          [
            [1n, 2n, "A"],
            [1n, 3n, "B"],
            [1n, 1n, "B"],
            [1n, 4n, "B"],
          ],
        ],
      ],
    ],
  ];
  for (const [what, code, given] of disorders) {
    it(`${what}: the error of one machine, and with repair its bytes`, async () => {
      const source = folder("source");
      await writeFiles(
        source,
        given.map((one) => file(...one)),
      );
      const expected = await rejected(alone(source, {}));
      expect(expected.code).toBe(code);
      const { message, path } = expected;
      expect(await rejected(inParts(source, { parts: 2 }))).toMatchObject({ code, message, path });
      expect(differ(await inParts(source, { parts: 2, repair: true }), await alone(source, { repair: true }))).toEqual([]);
    });
  }

  it("a static row after a row with a time is moved, as on one machine", async () => {
    const source = folder("source");
    await writeFiles(source, [file("a.parquet", [[1n, 2n, "A"], [1n, 3n, "B"], [1n, null, "S"], ...rows(2n, 5)])]);
    expect(differ(await inParts(source, { parts: 3 }), await alone(source, {}))).toEqual([]);
  });
});

describe("a step", () => {
  const steps = ["survey", "join", "measure", "settle", "write", "finish"] as const;
  const ofPart = (step: (typeof steps)[number]) => (["survey", "measure", "write"].includes(step) ? { part: 0 } : {});

  /** Takes the steps before one, of a plan with one part. */
  async function until(step: (typeof steps)[number]): Promise<{ work: string; source: string }> {
    const source = await small();
    const { work } = await planCluster(source, join(folder("parts"), "s.medsdb"), { parts: 1 });
    for (const before of steps.slice(0, steps.indexOf(step))) await clusterStep(before, work, ofPart(before));
    return { work, source };
  }

  const needs: [step: (typeof steps)[number], file: string][] = [
    ["join", "survey-0"],
    ["measure", "patients"],
    ["settle", "measure-0"],
    ["write", "settled"],
    ["finish", "write-0"],
  ];
  for (const [step, name] of needs) {
    it(`${step} refuses ${name} if it is missing, cut, damaged or of another conversion`, async () => {
      const { work } = await until(step);
      const path = join(work, name);
      const bytes = readFileSync(path);
      const other = await planCluster(await small(), join(folder("parts"), "s.medsdb"), { parts: 1, exclude: ["numeric_value"] });
      for (const before of steps.slice(0, steps.indexOf(step))) await clusterStep(before, other.work, ofPart(before));
      const flipped = Buffer.from(bytes);
      flipped[bytes.length >> 1]! ^= 1;
      for (const wrong of [null, bytes.subarray(0, 3), bytes.subarray(0, -5), flipped, readFileSync(join(other.work, name))]) {
        if (wrong === null) rmSync(path);
        else writeFileSync(path, wrong);
        const error = await rejected(clusterStep(step, work, ofPart(step)));
        expect(error).toMatchObject({ code: "MEDS_STEP", path });
        expect(error.message).toContain(`cluster ${name === "settled" ? "settle" : name === "patients" ? "join" : name.split("-")[0]}`);
      }
      writeFileSync(path, bytes);
      await clusterStep(step, work, ofPart(step));
    });
  }

  it("of a source that changed since it was planned is refused", async () => {
    for (const change of ["written", "added", "removed"] as const) {
      const { work, source } = await until("measure");
      const path = join(source, "data", "b.parquet");
      if (change === "written") utimesSync(path, 1, 1);
      else if (change === "added") await writeFiles(source, [file("c.parquet", rows(9n, 2))]);
      else renameSync(path, join(folder("away"), "b.parquet"));
      expect(await rejected(clusterStep("measure", work, { part: 0 }))).toMatchObject({ code: "MEDS_SOURCE_CHANGED" });
    }
  });

  it("refuses a shard that another program has cut", async () => {
    const { work } = await until("finish");
    const path = join(work, "shards", "00000.arrow");
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    expect(await rejected(clusterStep("finish", work))).toMatchObject({ code: "MEDS_STEP", path });
  });

  it("refuses parts that do not exist, and options that it does not have", async () => {
    const { work, source } = await until("survey");
    for (const options of [{}, { part: 1 }, { part: -1 }, { part: 0.5 }, { threads: 5000, part: 0 }, { memory: 5, part: 0 }])
      expect(await rejected(clusterStep("survey", work, options))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    for (const parts of [0, -1, 1.5, 100_001])
      expect(await rejected(planCluster(source, "x.medsdb", { parts }))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    expect(await rejected(clusterStep("sweep" as "join", work))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
  });
});

describe("meds-reader cluster", () => {
  it("takes each step, prints JSON, and leaves only the store", async () => {
    const source = await small();
    const store = join(folder("parts"), "s.medsdb");
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await meds("cluster", ...args, "--progress", "none");
      expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
      return JSON.parse(stdout);
    };
    const { work } = await run("plan", source, store, "--parts", "2", "--shard-bytes", "1KiB");
    for (const part of ["1", "0"]) await run("survey", work, "--part", part);
    expect(await run("join", work)).toMatchObject({ patients: 3, events: 15, alone: false });
    for (const part of ["0", "1"]) await run("measure", work, "--part", part);
    for (const part of (await run("settle", work)).parts) await run("write", work, "--part", String(part));
    expect(await run("finish", work)).toMatchObject({ patients: 3, events: 15, reused: false });
    expect(differ(store, await alone(source, { shardBytes: 1024 }))).toEqual([]);
    const again = await meds("cluster", "finish", work);
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expect(again.stderr).toContain("MEDS_NOT_FOUND");
    const usage = await meds("cluster", "survey", work);
    expect(usage).toMatchObject({ code: 2, stdout: "" });
    expect(usage.stderr).toContain("meds-reader cluster survey --help");
  });
});
