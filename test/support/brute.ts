// Windows and batches from their definitions, by slow loops over rows that hyparquet reads. Tests compare
// samples and loader with them. Shares no code with src/.
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parquetFiles } from "./source.js";

/** A row of a source: time in microseconds, null for a static row. */
export interface BruteRow {
  readonly time: bigint | null;
  readonly code: string;
  /** NaN without a value. */
  readonly value: number;
  /** Index in the patient's stored timeline. */
  readonly place: number;
}

const COLUMNS: readonly string[] = ["subject_id", "time", "code", "numeric_value"];
const DAY = 86_400_000_000n;

/** All rows of each subject: static rows first, the others in the order of the source. */
export async function bruteRows(source: string): Promise<Map<bigint, BruteRow[]>> {
  const found = new Map<bigint, Omit<BruteRow, "place">[]>();
  for (const path of parquetFiles(source)) {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const columns = parquetSchema(metadata).children.flatMap(({ element: { name } }) => (COLUMNS.includes(name) ? name : []));
    const rows = await parquetReadObjects({
      file,
      metadata,
      compressors,
      columns,
      parsers: { timestampFromMicroseconds: (micros: bigint) => micros },
    });
    for (const row of rows) {
      const id = BigInt(row.subject_id);
      const own = found.get(id) ?? [];
      found.set(id, own);
      own.push({ time: row.time ?? null, code: row.code, value: row.numeric_value ?? Number.NaN });
    }
  }
  return new Map(
    [...found].map(([id, rows]) => {
      const ordered = [...rows.filter(({ time }) => time === null), ...rows.filter(({ time }) => time !== null)];
      return [id, ordered.map((row, place) => ({ ...row, place }))];
    }),
  );
}

/** Options of samples, as the definitions name them. */
export interface BruteOptions {
  readonly maxLength: number;
  readonly strategy?: string | undefined;
  readonly unit?: string | undefined;
  readonly stride?: number | undefined;
  readonly inclusive?: boolean | undefined;
  readonly gap?: bigint | undefined;
  readonly gapCount?: number | undefined;
  readonly lookBack?: bigint | undefined;
  readonly lookBackCount?: number | undefined;
  readonly static?: string | undefined;
  readonly staticUntil?: string | undefined;
  readonly codes?: ((code: string) => boolean) | undefined;
  readonly dateOnly?: ((code: string) => boolean) | undefined;
  readonly excludeAtCutoff?: ((code: string) => boolean) | undefined;
}

/** The windows that a sample may have. */
export interface BruteSample {
  readonly statics: readonly BruteRow[];
  /**
   * Every window that the strategy allows. `step_through` has all its windows in order, the random strategies
   * have several, all others exactly one. Of the random windows only those that begin at row `first`, if it
   * is set: there may be thousands.
   */
  readonly windows: (first?: number) => readonly (readonly BruteRow[])[];
  /** The kept row before a row. */
  readonly before: (row: BruteRow) => BruteRow | null;
  readonly birth: bigint | null;
}

const floorDay = (time: bigint) => (time - (((time % DAY) + DAY) % DAY)) as bigint;

/** The windows of one subject's rows as of a prediction time (null: everything). */
export function brute(rows: readonly BruteRow[], prediction: bigint | null, options: BruteOptions): BruteSample {
  const { maxLength, strategy = "to_end", inclusive = true } = options;
  const cutoff = prediction === null ? null : prediction - (options.gap ?? 0n);
  const isKnown = (row: BruteRow) => row.time === null || cutoff === null || row.time < cutoff || (inclusive && row.time === cutoff);
  const known = rows.filter(isKnown);
  const isBirth = ({ code }: BruteRow) => code === "MEDS_BIRTH" || code.startsWith("MEDS_BIRTH//");
  const birth = known.find((row) => row.time !== null && isBirth(row))?.time ?? null;
  const birthEnd = options.staticUntil === "birth" && birth !== null ? floorDay(birth) + DAY : null;
  const isStatic = (row: BruteRow) => row.time === null || (birthEnd !== null && row.time < birthEnd);
  const hasCode = (row: BruteRow) => options.codes === undefined || options.codes(row.code);
  const found = options.static === "omit" ? [] : known.filter((row) => isStatic(row) && hasCode(row));
  // Prepended static rows leave room for at least one other row.
  const fits = options.unit === "events" ? (maxLength > 1 ? found.length : 0) : maxLength - 1;
  const statics = options.static === "prepend" ? found.slice(0, fits) : found;
  const kept = known.filter((row) => {
    if (isStatic(row) || !hasCode(row)) return false;
    if (cutoff === null) return true;
    if (options.dateOnly?.(row.code) && row.time! >= floorDay(cutoff)) return false;
    return !(options.excludeAtCutoff?.(row.code) && row.time === cutoff);
  });
  const reached = kept.filter(({ time }) => {
    if (options.lookBack === undefined || cutoff === null) return true;
    return inclusive ? time! > cutoff - options.lookBack : time! >= cutoff - options.lookBack;
  });
  // Units: rows, or all rows of one time.
  let units: BruteRow[][] = [];
  for (const row of reached) {
    const last = units.at(-1);
    if (options.unit === "events" && last !== undefined && last[0]!.time === row.time) last.push(row);
    else units.push([row]);
  }
  units = units.slice(0, Math.max(0, units.length - (options.gapCount ?? 0)));
  if (options.lookBackCount !== undefined) units = units.slice(Math.max(0, units.length - options.lookBackCount));
  const n = units.length;
  const prepended = options.static === "prepend" ? (options.unit === "events" ? Math.min(1, statics.length) : statics.length) : 0;
  const w = maxLength - prepended;
  const cut = (begin: number, end: number) => units.slice(Math.max(0, begin), Math.min(n, end)).flat();
  const begins = (first: number | undefined): number[] => {
    const range = (low: number, end: number, step = 1) =>
      Array.from({ length: Math.max(0, Math.ceil((end - low) / step)) }, (_, i) => low + i * step);
    if (strategy === "from_start") return [0];
    if (strategy === "step_through") return [...range(0, n - w, Math.min(w, options.stride ?? w)), n - w];
    if (strategy === "to_end") return [n - w];
    const all = strategy === "random" ? range(0, n - w + 1) : range(-(w - 1), n);
    return first === undefined ? all : all.filter((begin) => units[Math.max(0, begin)]![0]!.place === first);
  };
  const windows = (first?: number) => (n <= w ? [cut(0, n)] : begins(first).map((begin) => cut(begin, begin + w)));
  const places = new Map(kept.map(({ place }, i) => [place, i]));
  const before = (row: BruteRow) => kept[places.get(row.place)! - 1] ?? null;
  return { statics, windows, before, birth };
}

/** A padded batch's members for one sample's rows. */
export function bruteBatch(
  rows: readonly BruteRow[],
  statics: readonly BruteRow[],
  before: BruteSample["before"],
  ids: (code: string) => number,
): { code: number[]; value: number[]; mask: number[]; delta: number[]; time: bigint[] } {
  const all = [...statics, ...rows];
  return {
    code: all.map(({ code }) => ids(code)),
    value: all.map(({ value }) => (Number.isNaN(value) ? 0 : value)),
    mask: all.map(({ value }) => (Number.isNaN(value) ? 0 : 1)),
    delta: all.map((row, i) => {
      const last = i < statics.length ? null : before(row);
      return last === null ? 0 : Math.fround((Number(row.time) - Number(last.time)) / Number(DAY));
    }),
    time: all.map(({ time }) => time ?? -(2n ** 63n)),
  };
}
