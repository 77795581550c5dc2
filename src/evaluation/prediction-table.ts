// The columns of a table of predictions, and how they are checked.
import { fail } from "../support/errors.js";

/** The columns of predictions. Each row has a label. */
export interface PredictionTable {
  readonly subjectIds: BigInt64Array;
  readonly predictionTimes: BigInt64Array;
  /** The labels: 0 or 1. */
  readonly truths: Uint8Array;
  /** The predicted values, 0 or 1; null where the model has none. */
  readonly values: Uint8Array | null;
  /** The predicted probabilities of "true", 0 to 1; null where the model has none. */
  readonly probabilities: Float32Array | null;
}

/** Throws for a probability that is none. `where` names the file, or what the rows are. */
export function checkProbabilities(where: string, values: ArrayLike<number>, path?: string): void {
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row]!;
    if (value >= 0 && value <= 1) continue;
    fail(
      "MEDS_VALUE_RANGE",
      `${where}: row ${row} has the probability ${value}. It must be 0 to 1: convert scores (logits) to probabilities first.`,
      path,
    );
  }
}

/** Some rows, in the order of `rows`. */
export function rowsOfPredictions(table: PredictionTable, rows: ArrayLike<number>): PredictionTable {
  const take = <A extends Uint8Array | Float32Array | BigInt64Array>(from: A): A => {
    const taken = new (from.constructor as new (length: number) => A)(rows.length);
    for (let i = 0; i < rows.length; i += 1) taken[i] = from[rows[i]!]!;
    return taken;
  };
  const { subjectIds, predictionTimes, truths, values, probabilities } = table;
  return {
    subjectIds: take(subjectIds),
    predictionTimes: take(predictionTimes),
    truths: take(truths),
    values: values && take(values),
    probabilities: probabilities && take(probabilities),
  };
}

/** The rows of several tables, which have the same columns, in order. */
export function joinedPredictions(tables: readonly PredictionTable[]): PredictionTable {
  const filled = tables.filter(({ truths }) => truths.length > 0);
  if (filled.length <= 1) return filled[0] ?? tables[0]!;
  const rows = filled.reduce((sum, { truths }) => sum + truths.length, 0);
  const joined = <A extends Uint8Array | Float32Array | BigInt64Array>(columnOf: (table: PredictionTable) => A): A => {
    const made = new (columnOf(filled[0]!).constructor as new (length: number) => A)(rows);
    let at = 0;
    for (const table of filled) {
      made.set(columnOf(table) as never, at);
      at += table.truths.length;
    }
    return made;
  };
  return {
    subjectIds: joined(({ subjectIds }) => subjectIds),
    predictionTimes: joined(({ predictionTimes }) => predictionTimes),
    truths: joined(({ truths }) => truths),
    values: filled[0]!.values && joined(({ values }) => values!),
    probabilities: filled[0]!.probabilities && joined(({ probabilities }) => probabilities!),
  };
}
