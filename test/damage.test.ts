// Damaged stores: verify always finds it, and a reader never crashes, hangs, or gives another patient's data.
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { run } from "./support/child.js";
import { type SimpleRow, simple, writeJson, writeSimple, writeSplits } from "./support/dataset.js";
import { codeOf, rejected, thrown } from "./support/errors.js";
import { folder } from "./support/folder.js";
import { damageStep, full, scaled } from "./support/property.js";

/** Every kind of column, in several shards; texts name their subject. */
async function sample(patients: number, rowsEach: number): Promise<string> {
  const rows: SimpleRow[] = [];
  for (let id = 1; id <= patients; id += 1) {
    for (let i = 0; i < rowsEach; i += 1)
      rows.push([BigInt(id * 1000), i === 0 ? null : BigInt(i * 10), `C${(id + i) % 5}`, i % 2 ? id + i / 8 : null]);
  }
  const of = ([id]: SimpleRow, i: number) => `note ${i} of ${id} ${id}.`;
  const source = await writeSimple(folder("damage"), rows, {}, [
    { name: "note", type: simple.text, values: rows.map(of) },
    { name: "rare_note", type: simple.text, values: rows.map((row, i) => (i % 6 === 2 ? of(row, i) : null)) },
    { name: "unit", type: simple.text, values: rows.map((_, i) => (i % 3 ? "mg" : null)) },
    { name: "visit", type: simple.id, values: rows.map((_, i) => (i % 2 ? BigInt(i >> 2) : null)) },
    { name: "flag", type: simple.bool, values: rows.map((_, i) => (i % 5 ? i % 2 === 0 : null)) },
  ]);
  writeSplits(source, new Map(rows.map(([id]) => [id, id % 2000n === 0n ? "train" : "held_out"])));
  writeJson(source, "dataset.json", { dataset_name: "damage" });
  const store = join(source, "s.medsdb");
  await convert(source, store, { shardBytes: 1024, index: true });
  return store;
}

interface Outcome {
  readonly tried: number;
  readonly bytes: number;
  readonly outcomes: Record<string, number>;
  readonly notFound: string[];
  readonly strange: string[];
  readonly mixed: string[];
}

async function damaged(store: string, mode: string, step: number): Promise<Outcome> {
  const end = await run("damage-child.mjs", [store, mode, String(step)], { timeout: 540_000 });
  expect({ code: end.code, signal: end.signal, stderr: end.stderr }).toEqual({ code: 0, signal: null, stderr: "" });
  const outcome = JSON.parse(end.stdout) as Outcome;
  expect(outcome).toMatchObject({ notFound: [], strange: [], mixed: [] });
  return outcome;
}

const cut = full ? 1_000 : 5_000;

describe("a store", () => {
  it(`with a byte flipped (every ${damageStep}th): verify finds it, reading throws or returns a value`, async () => {
    const { tried, outcomes } = await damaged(await sample(4, 12), "flip", damageStep);
    expect(tried).toBeGreaterThan(6_500 / damageStep);
    expect(outcomes.MEDS_CORRUPT).toBeGreaterThan(0);
  }, 600_000);

  it(`truncated at every ${cut}th byte, or too long, is refused`, async () => {
    const { outcomes, tried } = await damaged(await sample(40, 40), "truncate", cut);
    expect(tried).toBeGreaterThan(scaled(60));
    expect(outcomes.values).toBeUndefined();
    expect(outcomes.MEDS_CORRUPT).toBeGreaterThan(scaled(30));
  }, 600_000);

  it("with offsets out of range under right checksums is refused or harmless", async () => {
    const { outcomes } = await damaged(await sample(3, 9), "craft", 4 * damageStep);
    expect(outcomes.MEDS_CORRUPT).toBeGreaterThan(650 / damageStep);
  }, 600_000);

  it("with a missing file is an error that names it", async () => {
    const store = await sample(6, 30);
    for (const name of ["patients.arrow", "codes.arrow", "shards/00001.arrow", "index/00001.arrow", "manifest.json"]) {
      const path = join(store, name);
      renameSync(path, `${path}.away`);
      const error = thrown(() => PatientDatabase.open(store).close());
      expect(error, name).toMatchObject({
        code: name === "manifest.json" ? "MEDS_NOT_A_STORE" : expect.stringMatching(/^MEDS_(CORRUPT|NOT_FOUND)$/),
      });
      if (name !== "manifest.json") expect(error.message).toContain(name);
      renameSync(`${path}.away`, path);
    }
    PatientDatabase.open(store).close();
  });

  it("with a missing metadata file is found by verify", async () => {
    const store = await sample(2, 4);
    rmSync(join(store, "metadata/dataset.json"));
    expect(await verify(store)).toMatchObject({ ok: false });
  });

  it("with another store's files says so, and reads neither", async () => {
    const store = await sample(6, 30);
    const other = await sample(6, 31);
    for (const name of ["shards/00001.arrow", "index/00001.arrow", "patients.arrow", "codes.arrow"]) {
      const mixed = join(folder("mixed"), "s.medsdb");
      cpSync(store, mixed, { recursive: true });
      cpSync(join(other, name), join(mixed, name));
      expect(
        codeOf(() => readEverything(mixed)),
        name,
      ).toMatch(/^MEDS_(STORE_REPLACED|CORRUPT)$/);
      expect((await verify(mixed).catch(() => ({ ok: false }))).ok, name).toBe(false);
    }
  });

  it("with a foreign file beside its own is found by verify", async () => {
    const store = await sample(2, 4);
    writeFileSync(join(store, "shards/00099.arrow"), "hello");
    expect(await verify(store)).toMatchObject({ ok: false });
  });

  it("of a newer version says so before anything else", async () => {
    const store = await sample(2, 4);
    const path = join(store, "manifest.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"version": 1', '"version": 2'));
    for (const call of [() => PatientDatabase.open(store), () => PatientDatabase.open(store, { verify: true })]) {
      expect(thrown(call)).toMatchObject({ code: "MEDS_STORE_VERSION", message: expect.stringMatching(/version 2/) });
    }
    expect(await rejected(verify(store))).toMatchObject({ code: "MEDS_STORE_VERSION" });
  });

  it("is distinguished from everything else", async () => {
    const path = folder("foreign");
    expect(codeOf(() => PatientDatabase.open(path))).toBe("MEDS_NOT_A_STORE");
    writeFileSync(join(path, "manifest.json"), '{"name": "a web app", "version": 3}');
    expect(codeOf(() => PatientDatabase.open(path))).toBe("MEDS_NOT_A_STORE");
    writeFileSync(join(path, "manifest.json"), "not json");
    expect(codeOf(() => PatientDatabase.open(path))).toMatch(/^MEDS_(NOT_A_STORE|CORRUPT)$/);
    expect(codeOf(() => PatientDatabase.open(join(path, "manifest.json")))).toBe("MEDS_NOT_A_STORE");
    expect(codeOf(() => PatientDatabase.open("/no/such/place"))).toBe("MEDS_NOT_FOUND");
  });

  it("is refused at open with { verify: true } where a value byte is flipped", async () => {
    const store = await sample(3, 6);
    const path = join(store, "shards/00000.arrow");
    const bytes = readFileSync(path);
    const at = bytes.indexOf("note 1 of 1000 1000.");
    expect(at).toBeGreaterThan(0);
    bytes[at + 5] = bytes[at + 5]! ^ 1;
    writeFileSync(path, bytes);
    // Cheap open reads it as a value; that is documented.
    const db = PatientDatabase.open(store);
    expect(db.get(1000)!.at(1)!.get("note")).toBe("note 0 of 1000 1000.");
    db.close();
    expect(codeOf(() => PatientDatabase.open(store, { verify: true }))).toBe("MEDS_CORRUPT");
    const { ok, differences } = await verify(store);
    expect(ok).toBe(false);
    expect(differences[0]?.path).toMatch(/shards\/00000\.arrow$/);
  });
});

function readEverything(store: string): number {
  const db = PatientDatabase.open(store);
  let sum = 0;
  try {
    for (const patient of db) for (const event of patient) sum += Object.keys(event.toObject()).length;
  } finally {
    db.close();
  }
  return sum;
}

describe("the sample", () => {
  it("is sound before it is damaged", async () => {
    const store = await sample(4, 12);
    expect(await verify(store)).toMatchObject({ ok: true });
    expect(readEverything(store)).toBe(4 * 12 * 8);
    expect(readdirSync(join(store, "shards")).length).toBeGreaterThan(1);
  });
});
