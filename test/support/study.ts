// A random study (subjects in splits, labels, values, an ontology), and what is fitted on it, by plain loops
// over rows that hyparquet reads.
import { join } from "node:path";
import fc from "fast-check";
import { convert, type Label, Labels, PatientDatabase, type VocabularyOptions } from "meds-reader";
import { type BruteRow, bruteRows } from "./brute.js";
import { duck, type SimpleRow, writeSimple, writeSplits } from "./dataset.js";
import { folder, place } from "./folder.js";

export const HOUR = 3_600_000_000n;
export const T0 = 1_577_836_800_000_000n; // 2020-01-01
export const CODES = ["A", "A//B", "LAB//x", "LAB//y", "DX//1", "DX//2", "MEDS_BIRTH", "MEDS_DEATH", "Z", "é", "MID", "～", "😀"];
// The last two have another order by UTF-16 units than by UTF-8 bytes.
/** MID is between A//B and ROOT, even if no subject has it. DX, ROOT and LAB are not codes of rows. */
export const PARENTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["DX//1", ["DX"]],
  ["DX//2", ["DX", "Z"]],
  ["DX", ["ROOT"]],
  ["A//B", ["MID"]],
  ["MID", ["ROOT"]],
  ["LAB//x", ["LAB"]],
  ["A", ["ROOT"]],
]);
const SPLITS = ["train", "train", "tuning", "held_out"] as const;

export interface Subject {
  readonly id: bigint;
  readonly split: string;
  readonly rows: readonly (readonly [time: bigint | null, code: string, value: number | null])[];
  /** Prediction times. */
  readonly labels: readonly bigint[];
}

const value = fc.option(
  fc.oneof(
    { weight: 10, arbitrary: fc.integer({ min: -5, max: 5 }) },
    { weight: 3, arbitrary: fc.integer({ min: -4000, max: 4000 }).map((n) => n / 8) },
    { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
  ),
);
export const row = fc.tuple(fc.integer({ min: -30, max: 90 }), fc.nat({ max: CODES.length - 1 }), value);
export type RandomRow = typeof row extends fc.Arbitrary<infer R> ? R : never;

/** Rows in order: static ones, then by time. */
export function ordered(statics: readonly number[], rows: readonly RandomRow[]): Subject["rows"] {
  const timed = rows.map(([hour, code, own]) => [T0 + BigInt(hour) * HOUR, CODES[code]!, own] as const);
  timed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return [...statics.map((code) => [null, CODES[code]!, null] as const), ...timed];
}

/** Some subjects. The first one is in train and has a row, so that fitting is possible. */
export const study: fc.Arbitrary<Subject[]> = fc
  .array(
    fc.record({
      statics: fc.array(fc.nat({ max: 5 }), { maxLength: 2 }),
      rows: fc.array(row, { maxLength: 30 }),
      labels: fc.array(fc.integer({ min: -40, max: 100 }), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 7 },
  )
  .map((all) =>
    all.map(({ statics, rows, labels }, i) => ({
      id: BigInt(5 * i - 6),
      split: SPLITS[i % SPLITS.length]!,
      rows: ordered(statics, i === 0 && rows.length === 0 ? [[0, 0, 1]] : rows),
      labels: labels.map((hour) => T0 + BigInt(hour) * HOUR),
    })),
  );

/** Writes a study as a source, with its splits and ontology, and converts it. */
export async function writeStudy(subjects: readonly Subject[]): Promise<{ source: string; store: string }> {
  const source = folder("study");
  const rows = subjects.flatMap(({ id, rows: own }) => own.map(([time, code, own]): SimpleRow => [id, time, code, own]));
  await writeSimple(source, rows);
  writeSplits(source, new Map(subjects.map(({ id, split }) => [id, split])));
  const parents = [...PARENTS].map(([code, own]) => `('${code}', [${own.map((name) => `'${name}'`).join(", ")}])`);
  const path = place(source, "metadata", "codes.parquet");
  await (await duck()).run(`COPY (SELECT * FROM (VALUES ${parents.join(", ")}) t(code, parent_codes)) TO '${path}' (FORMAT parquet)`);
  const store = join(source, "s.medsdb");
  await convert(source, store);
  return { source, store };
}

export interface OpenStudy {
  readonly db: PatientDatabase;
  readonly labels: Labels;
  /** The rows that hyparquet reads, by ascending subject. */
  readonly rows: ReadonlyMap<bigint, readonly BruteRow[]>;
  readonly splitOf: ReadonlyMap<bigint, string>;
}

/** The study as a store, and as rows. */
export async function openStudy(subjects: readonly Subject[]): Promise<OpenStudy> {
  const { source, store } = await writeStudy(subjects);
  const found = await bruteRows(source);
  const rows = new Map([...found].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  return {
    db: PatientDatabase.open(store),
    labels: labelsOf(subjects),
    rows,
    splitOf: new Map(subjects.map(({ id, split }) => [id, split])),
  };
}

export function labelsOf(subjects: readonly Subject[]): Labels {
  return Labels.from(
    subjects.flatMap(({ id, labels }) => labels.map((predictionTime): Label => ({ subjectId: id, predictionTime, booleanValue: true }))),
  );
}

/** A code and everything above it. */
export function above(code: string): string[] {
  const found: string[] = [];
  const visit = (name: string) => {
    if (found.includes(name)) return;
    found.push(name);
    for (const parent of PARENTS.get(name) ?? []) visit(parent);
  };
  visit(code);
  return found;
}

export interface BruteToken {
  readonly code: string;
  readonly rows: number;
  readonly patients: number;
  readonly values: readonly number[];
}

/**
 * Tokens of some subjects' rows from the definition; `tokens` returns the tokens of a code, its own first.
 */
export function bruteTokens(
  subjects: Iterable<readonly BruteRow[]>,
  tokens: (code: string) => readonly string[],
  { minCount = 1, minPatients = 1, top = Number.POSITIVE_INFINITY }: VocabularyOptions,
): BruteToken[] {
  const found = new Map<string, { rows: number; patients: Set<number>; values: number[] }>();
  let subject = 0;
  for (const rows of subjects) {
    subject += 1;
    for (const { code, value } of rows) {
      for (const [i, token] of tokens(code).entries()) {
        const own = found.get(token) ?? { rows: 0, patients: new Set(), values: [] };
        found.set(token, own);
        own.rows += 1;
        own.patients.add(subject);
        if (i === 0 && Number.isFinite(value)) own.values.push(value);
      }
    }
  }
  return [...found]
    .map(([code, { rows, patients, values }]) => ({ code, rows, patients: patients.size, values }))
    .filter(({ rows, patients }) => rows >= minCount && patients >= minPatients)
    .sort((a, b) => b.rows - a.rows || Buffer.compare(Buffer.from(a.code), Buffer.from(b.code)))
    .slice(0, top);
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

export function stdOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((x) => (x - mean) ** 2)));
}

/** Bounds of quantile bins: distinct quantiles above the least value. */
export function edgesOf(values: readonly number[], bins: number): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const edges = new Set<number>();
  for (let bin = 1; bin < bins; bin += 1) {
    const h = ((sorted.length - 1) * bin) / bins;
    const [low, high] = [sorted[Math.floor(h)]!, sorted[Math.ceil(h)]!];
    const edge = low + (high - low) * (h - Math.floor(h));
    if (edge > sorted[0]!) edges.add(edge);
  }
  return [...edges].sort((a, b) => a - b);
}
