// Runs a property and reports a failure in a few lines: a counterexample in full would be megabytes.
import fc from "fast-check";
import type { RandomDataset } from "./random.js";

/** Whether all cases are tried (`npm run test:all`), or a part of them in which every kind occurs (`npm test`). */
export const full = process.env.MEDS_TEST_FULL === "1";
/** A number of repetitions: a fifth of it, except where all cases are tried. */
export const scaled = (count: number) => (full ? count : Math.ceil(count / 5));
/** The number of datasets; MEDS_PROPERTY_RUNS sets it, MEDS_PROPERTY_SEED sets the seed. */
export const runs = Number(process.env.MEDS_PROPERTY_RUNS ?? (full ? 60 : 12));
/** Which bytes of a file are damaged, one at a time: each `damageStep`th. 1 tries every byte: minutes, as a nightly run does. */
export const damageStep = Number(process.env.MEDS_DAMAGE_STEP ?? (full ? 13 : 53));
const seed = Number(process.env.MEDS_PROPERTY_SEED ?? 20240601);

/** Tries `count` datasets. */
export async function forAll<D extends RandomDataset>(
  data: fc.Arbitrary<D>,
  count: number,
  offset: number,
  test: (data: D) => Promise<void>,
): Promise<void> {
  const path = process.env.MEDS_PROPERTY_PATH;
  const result = await fc.check(fc.asyncProperty(data, test), {
    numRuns: count,
    seed: seed + offset,
    endOnFailure: process.env.MEDS_PROPERTY_SHRINK === undefined,
    ...(path === undefined ? {} : { path }),
  });
  if (!result.failed) return;
  const error = result.errorInstance instanceof Error ? result.errorInstance : new Error(String(result.errorInstance));
  const where = `MEDS_PROPERTY_SEED=${seed} MEDS_PROPERTY_PATH=${result.counterexamplePath} (after ${result.numRuns} runs)`;
  error.message = `${error.message}\n${where}\n${result.counterexample === null ? "" : describe(result.counterexample[0])}`;
  throw error;
}

function describe({ files, shardBytes, threads, expected }: RandomDataset): string {
  const lines = files.map(({ name, columns, rowGroup, compression }) => {
    const types = columns.map(
      (column) => `${column.name}: ${typeof column.type.type === "string" ? column.type.type : JSON.stringify(column.type.type)}`,
    );
    return `  ${name} by ${columns[0]!.type.writer}, ${columns[0]!.values.length} rows, row groups of ${rowGroup}, ${compression}: ${types.join("; ")}`;
  });
  return [`${expected.length} patients, shards of ${shardBytes} bytes, ${threads} threads`, ...lines].join("\n");
}
