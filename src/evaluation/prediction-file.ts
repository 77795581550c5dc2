// Files of predictions, in the schema of meds-evaluation.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { MISSING } from "../labels/table/table.js";
import { onlyTask, parquetBelow } from "../labels/task-folder.js";
import { writeTable } from "../store/native.js";
import { writtenAside } from "../support/atomic.js";
import { fail, MedsError } from "../support/errors.js";
import { withIo } from "../support/io.js";
import { isCsv, readCsvColumns } from "../tables/csv-columns.js";
import { type Column, failNull, filled, readParquet, type Wanted } from "../tables/parquet.js";
import { checkProbabilities, joinedPredictions, type PredictionTable } from "./prediction-table.js";

const COLUMNS = {
  subject_id: { kind: "integer", required: true },
  prediction_time: { kind: "time", required: true },
  boolean_value: { kind: "boolean", required: true },
  predicted_boolean_value: { kind: "boolean" },
  predicted_boolean_probability: { kind: "float" },
} as const satisfies Record<string, Wanted>;

const REMEDY = "Each row must have a subject, a time, a label and a prediction. Correct the file.";

/** The columns where labels say what is true. */
const UNLABELLED = { ...COLUMNS, boolean_value: { kind: "boolean" } } as const satisfies Record<string, Wanted>;

/**
 * Reads a file of Parquet, CSV or TSV, or a folder of Parquet files. Without `labelled`, rows need no label:
 * such truths are {@link MISSING}.
 */
export async function readPredictions(path: string, labelled: boolean): Promise<PredictionTable> {
  const tables: { readonly file: string; readonly table: PredictionTable }[] = [];
  for (const file of await filesOf(path)) tables.push({ file, table: await readFile(file, labelled) });
  const [first, ...others] = tables.filter(({ table }) => table.truths.length > 0);
  const columnsOf = ({ values, probabilities }: PredictionTable) => Number(values === null) + 2 * Number(probabilities === null);
  const other = others.find(({ table }) => columnsOf(table) !== columnsOf(first!.table));
  if (other !== undefined)
    fail(
      "MEDS_SCHEMA_CONFLICT",
      `${other.file}: predicted_boolean_value and predicted_boolean_probability are not the same columns as in ${first!.file}. Write both files with the same columns.`,
      other.file,
    );
  return joinedPredictions(tables.map(({ table }) => table));
}

async function readFile(path: string, labelled: boolean): Promise<PredictionTable> {
  const wanted = labelled ? COLUMNS : UNLABELLED;
  const { rows, columns } = isCsv(path) ? await readCsvColumns(path, wanted) : await readParquet(path, "predictions", wanted);
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
    truths: truthsOf(path, rows, columns.boolean_value, labelled),
    values,
    probabilities: probabilities && Float32Array.from(probabilities),
  };
}

function truthsOf(path: string, rows: number, column: Column<"boolean"> | null, labelled: boolean): Uint8Array {
  if (!labelled || rows === 0) return column?.values ?? new Uint8Array(rows).fill(MISSING);
  return whole(path, rows, "boolean_value", column) ?? failNull(path, 0, "boolean_value", REMEDY);
}

/** A file, or the Parquet files of a folder in order of their paths' bytes. */
async function filesOf(path: string): Promise<string[]> {
  if (!existsSync(path)) fail("MEDS_NOT_FOUND", `${path}: there is no such file or folder of predictions. Check the path.`, path);
  if (!withIo(path, () => statSync(path)).isDirectory()) return [path];
  const only = await onlyTask(path, "predictions");
  if (only === undefined)
    fail("MEDS_NO_DATA", `${path}: there is no .parquet file in this folder or below it. Use a file of predictions.`, path);
  if (only !== ".") return filesOf(join(path, only));
  return parquetBelow(path).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
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
