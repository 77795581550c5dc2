// Hand-made rows: written, converted, verified, and compared through every access path.
import { join } from "node:path";
import { type ConvertOptions, convert, PatientDatabase, type Summary, verify } from "meds-reader";
import { expect } from "vitest";
import { type FileColumn, type SimpleRow, type TableFile, writeSimple } from "./dataset.js";
import { checkStore, type ExpectedPatient, type ExpectedRow, storageOrder } from "./expect.js";
import { folder } from "./folder.js";

/** Converts a source, verifies it, and passes the open store to `look`. */
export async function withStore(
  source: string,
  look: (db: PatientDatabase, summary: Summary) => unknown,
  options: ConvertOptions = {},
): Promise<void> {
  const store = join(folder("store"), "s.medsdb");
  const summary = await convert(source, store, options);
  expect(await verify(store, source)).toEqual({ ok: true, differences: [] });
  const db = PatientDatabase.open(store, { verify: true });
  await look(db, summary);
  db.close();
}

/** The expected store of hand-made rows, in order of first appearance. */
export function expectedOf(rows: readonly SimpleRow[], more: readonly FileColumn[] = []): ExpectedPatient[] {
  const patients = new Map<bigint, ExpectedRow[]>();
  rows.forEach(([id, time, code, value], i) => {
    const extra = Object.fromEntries(more.map((column) => [column.name, column.values[i]]));
    patients.set(id, [...(patients.get(id) ?? []), { time, code: code!, numeric_value: value ?? null, ...extra }]);
  });
  return [...patients].map(([id, own]) => ({ id, split: null, rows: storageOrder(own) }));
}

/** Writes rows, converts, compares through every access path. */
export async function roundTrip(
  rows: readonly SimpleRow[],
  more: readonly FileColumn[] = [],
  extra: Partial<TableFile> = {},
): Promise<void> {
  const source = await writeSimple(folder("edge"), rows, extra, more);
  await withStore(source, (db) => checkStore(db, expectedOf(rows, more)));
}
