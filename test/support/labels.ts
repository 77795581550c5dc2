// Labels for tests: the rows of a table as plain objects, and Parquet files of labels by DuckDB.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import fc from "fast-check";
import type { LabelRow, Labels } from "meds-reader";
import { duck } from "./dataset.js";

/** The members of a row that are not null, so that a missing column equals a null one in comparisons. */
export function plain(labels: Iterable<LabelRow>): Record<string, unknown>[] {
  return [...labels].map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
}

/** As {@link plain}, for hand-made rows. */
export function rows(...all: Partial<LabelRow>[]): Record<string, unknown>[] {
  return plain(all as LabelRow[]);
}

/** Writes the result of a query as Parquet, by DuckDB. */
export async function duckFile(path: string, query: string, options = ""): Promise<string> {
  mkdirSync(dirname(path), { recursive: true });
  await (await duck()).run(`COPY (${query}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet${options})`);
  return path;
}

/** The rows of a query, by DuckDB. */
export async function duckRows(query: string): Promise<Record<string, unknown>[]> {
  return (await (await duck()).runAndReadAll(query)).getRowObjects() as Record<string, unknown>[];
}

/** A label with any values of the schema; floats are exact in float32. */
export const anyLabel: fc.Arbitrary<LabelRow> = fc.record({
  subjectId: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  predictionTime: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
  booleanValue: fc.option(fc.boolean()),
  integerValue: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  floatValue: fc.option(fc.float({ noDefaultInfinity: false })),
  categoricalValue: fc.option(fc.constantFrom("", "a", "é", "🙂", "long ".repeat(40))),
  isCensored: fc.option(fc.boolean()),
});

/** A fact besides the rows on which both sides of a comparison must agree. */
export const sizeOf = (labels: Labels): [number, number, number] => [labels.size, labels.subjectIds.length, labels.predictionTimes.length];
