// Predictions in Parquet, in the schema of meds-evaluation.
import { MISSING } from "../labels/table/table.js";
import { writeTable } from "../store/native.js";
import { writtenAside } from "../support/atomic.js";
import { fail, MedsError } from "../support/errors.js";
import { type Column, failNull, filled, readParquet, type Wanted } from "../tables/parquet.js";
import { checkProbabilities, type PredictionTable } from "./prediction-table.js";

const COLUMNS = {
  subject_id: { kind: "integer", required: true },
  prediction_time: { kind: "time", required: true },
  boolean_value: { kind: "boolean", required: true },
  predicted_boolean_value: { kind: "boolean" },
  predicted_boolean_probability: { kind: "float" },
} as const satisfies Record<string, Wanted>;

const REMEDY = "Each row must have a subject, a time, a label and a prediction. Correct the file.";

/** Reads a file. */
export async function readPredictions(path: string): Promise<PredictionTable> {
  const { rows, columns } = await readParquet(path, "predictions", COLUMNS);
  const values = whole(path, rows, "predicted_boolean_value", columns.predicted_boolean_value);
  const probabilities = whole(path, rows, "predicted_boolean_probability", columns.predicted_boolean_probability);
  if (values === null && probabilities === null && rows > 0)
    fail(
      "MEDS_MISSING_COLUMN",
      `${path}: there is neither a predicted_boolean_probability nor a predicted_boolean_value. Add one of these columns.`,
      path,
    );
  if (probabilities !== null) checkProbabilities(path, probabilities, path);
  return {
    subjectIds: filled(path, rows, "subject_id", columns.subject_id, REMEDY),
    predictionTimes: filled(path, rows, "prediction_time", columns.prediction_time, REMEDY),
    truths:
      whole(path, rows, "boolean_value", columns.boolean_value) ??
      (rows === 0 ? new Uint8Array() : failNull(path, 0, "boolean_value", REMEDY)),
    values,
    probabilities: probabilities && Float32Array.from(probabilities),
  };
}

/** A column in which every row has a value; null for a column without any. */
function whole<K extends "boolean" | "float">(
  path: string,
  rows: number,
  name: string,
  column: Column<K> | null,
): Column<K>["values"] | null {
  if (column === null || column.nulls === rows) return null;
  const missing = column.valid?.indexOf(0) ?? (column.values as Uint8Array).indexOf(MISSING);
  if (column.nulls > 0) failNull(path, missing, name, REMEDY);
  return column.values;
}

/** Writes a file, complete or not at all. */
export async function writePredictions(table: PredictionTable, path: string): Promise<void> {
  const { subjectIds, predictionTimes, truths, values, probabilities } = table;
  const rows = truths.length;
  const plain = { isTime: false, valid: null, texts: [] };
  const columns = [
    { ...plain, name: "subject_id", values: subjectIds },
    { ...plain, name: "prediction_time", isTime: true, values: predictionTimes },
    { ...plain, name: "boolean_value", values: truths },
    { ...plain, name: "predicted_boolean_value", values: values ?? new Uint8Array(rows).fill(MISSING) },
    {
      ...plain,
      name: "predicted_boolean_probability",
      valid: probabilities === null ? new Uint8Array(rows) : null,
      values: probabilities ?? new Float32Array(rows),
    },
  ];
  await writtenAside(path, async (part) => {
    try {
      writeTable(part, columns);
    } catch (error) {
      // The caller does not know the path of the temporary file.
      if (error instanceof MedsError) fail(error.code, error.message.replaceAll(part, path), path);
      throw error;
    }
  });
}
