// Labels from their definitions, by slow loops over rows that hyparquet reads. Tests compare labelers with
// them. Shares no code with src/.
import { join } from "node:path";
import { convert, PatientDatabase } from "meds-reader";
import { type BruteRow, bruteRows } from "./brute.js";
import { type SimpleRow, writeSimple } from "./dataset.js";
import { folder } from "./folder.js";

export const HOUR = 3_600_000_000n;
export const DAY = 24n * HOUR;

/** Rows with a time. */
export type Timed = BruteRow & { readonly time: bigint };

/** By subject: the rows with a time, in order of the source. */
export async function timedRows(source: string): Promise<Map<bigint, Timed[]>> {
  const all = await bruteRows(source);
  return new Map([...all].map(([id, rows]) => [id, rows.filter((row): row is Timed => row.time !== null)]));
}

/** The distinct times of rows, ascending. */
export function distinct(rows: readonly Timed[]): bigint[] {
  return [...new Set(rows.map(({ time }) => time))].sort((a, b) => (a < b ? -1 : 1));
}

/** A store of the rows of each subject (code, time in hours, value), and its source. */
export async function stored(
  patients: ReadonlyMap<bigint, readonly (readonly [code: string, hours: number | null, value?: number | null])[]>,
): Promise<{ db: PatientDatabase; source: string }> {
  const rows = [...patients].flatMap(([id, own]) =>
    own.map(([code, hours, value]): SimpleRow => [id, hours === null ? null : BigInt(hours) * HOUR, code, value ?? null]),
  );
  const source = await writeSimple(folder("labels"), rows);
  const store = join(folder("labels-store"), "labels.medsdb");
  await convert(source, store);
  return { db: PatientDatabase.open(store), source };
}

const CODES = ["OUT//a", "OUT//b", "ADM//x", "DIS//x", "LAB//k", "DX//1", "MEDS_DEATH", "END"];

/** Random patients, with many equal times, and some of static rows only. Reproducible. */
export function randomPatients(seed: number, count = 120): Map<bigint, [code: string, hours: number | null, value: number | null][]> {
  let state = seed;
  const below = (limit: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % limit;
  };
  return new Map(
    Array.from({ length: count }, (_, id) => {
      const timed = Array.from({ length: below(9) === 0 ? 0 : 1 + below(30) }, () => below(90)).sort((a, b) => a - b);
      const rows: [string, number | null, number | null][] = timed.map((hours) => [
        CODES[below(CODES.length)]!,
        hours - 20,
        below(4) === 0 ? null : 3 + below(60) / 10,
      ]);
      return [BigInt(id), [["GENDER//F", null, null], ...rows]];
    }),
  );
}
