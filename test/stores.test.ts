// A store of each released format version, kept as that release wrote it, opens for ever. pyarrow made the expected rows (test/fixtures/stores.py).
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { checkStore, type ExpectedPatient, type ExpectedRow } from "./support/expect.js";

const kept = fileURLToPath(new URL("./fixtures/stores", import.meta.url));
const versions = readdirSync(kept).flatMap((name) => /^format-(\d+)$/.exec(name)?.[1] ?? []);

interface Kept {
  readonly codes: readonly { code: string; description: string | null; parent_codes: string[] | null; loinc: number | null }[];
  readonly patients: readonly { id: string; split: string | null; rows: ExpectedRow[] }[];
}

/** A value of the JSON: `{ i }` is a bigint, `{ f }` a number that JSON cannot contain, `{ b }` bytes, `{ s }` a struct. */
function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged);
  if (typeof value !== "object" || value === null) return value;
  const { i, f, b, s } = value as { i?: string; f?: string; b?: string; s?: object };
  if (i !== undefined) return BigInt(i);
  if (f !== undefined) return Number(f);
  if (b !== undefined) return Uint8Array.from(Buffer.from(b, "hex"));
  return Object.fromEntries(Object.entries(s!).map(([name, inner]) => [name, untagged(inner)]));
}

function expected(version: string): { codes: Kept["codes"]; patients: ExpectedPatient[] } {
  const { codes, patients }: Kept = JSON.parse(readFileSync(join(kept, `format-${version}.json`), "utf8"));
  const row = (cells: ExpectedRow) =>
    Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, untagged(cell)])) as ExpectedRow;
  return { codes, patients: patients.map(({ id, split, rows }) => ({ id: BigInt(id), split, rows: rows.map(row) })) };
}

describe.each(versions)("the kept store of format version %s", (version) => {
  const store = join(kept, `format-${version}`);
  const { codes, patients } = expected(version);

  it("has every row that pyarrow reads in its source, through every access path", () => {
    const db = PatientDatabase.open(store, { verify: true });
    checkStore(db, patients);
    db.close();
  });

  it("has the columns, codes, ancestors, notes and metadata of its source", () => {
    const db = PatientDatabase.open(store);
    expect(db.columns.map(({ name }) => name)).toEqual(Object.keys(patients[0]!.rows[0]!));
    for (const { code, description, parent_codes, loinc } of codes) {
      const id = db.codes.id(code);
      expect(id !== undefined, code).toBe(patients.some(({ rows }) => rows.some((row) => row.code === code)));
      if (id === undefined) continue;
      expect(db.codes.get(id)).toMatchObject({ code, description, parents: parent_codes ?? [] });
      expect(db.codes.value("loinc", id)).toBe(loinc === null ? null : BigInt(loinc));
    }
    expect(Array.from(db.codes.withAncestor("DX"), (id) => db.codes.strings[id])).toEqual(["DX//I50.0", "DX//I50.9"]);
    expect(db.metadata.dataset).toMatchObject({ dataset_name: "fixture", meds_version: "0.4.0" });
    expect(db.metadata.notes.map(({ kind }) => kind)).toEqual(["warning", "warning"]);
    db.close();
  });

  it("answers native queries: through its index, and through its shards", async () => {
    const db = PatientDatabase.open(store);
    const counts = await db.countCodes();
    for (const code of new Set(patients.flatMap(({ rows }) => rows.map((row) => row.code)))) {
      const found = patients.map(({ rows }) => rows.flatMap((row, i) => (row.code === code ? [i] : [])));
      expect(counts.events[db.codes.id(code)!], code).toBe(found.flat().length);
      const { slots, rows } = await db.rowsWithCode(code);
      expect([[...slots], [...rows]]).toEqual([found.flatMap((own, slot) => (own.length > 0 ? [slot] : [])), found.flat()]);
    }
    db.close();
  });

  it("passes verify", async () => {
    expect(await verify(store)).toEqual({ ok: true, differences: [] });
  });
});

it("a store of the version that this build writes is kept", () => {
  const manifest = readFileSync(fileURLToPath(new URL("../crates/store/src/manifest.rs", import.meta.url)), "utf8");
  expect(versions).toContain(/pub const VERSION: u32 = (\d+);/.exec(manifest)![1]);
});
