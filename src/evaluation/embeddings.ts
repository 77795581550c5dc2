// Embeddings of samples from a file: what another model says about a patient at a time.
import { basename } from "node:path";
import type { Labels } from "../labels/labels.js";
import { describeTable } from "../store/native.js";
import { fail } from "../support/errors.js";
import { type Column, filled, readParquet, type Wanted } from "../tables/parquet.js";
import { type FeatureMatrix, MatrixBuilder } from "./feature-matrix.js";
import { indexOf } from "./matches.js";

const KEYS = {
  subject_id: { kind: "integer", required: true },
  prediction_time: { kind: "time", required: true },
} as const satisfies Record<string, Wanted>;

/** Columns of labels and predictions, which are no features: the label itself would be one of them. */
const LABELS = ["boolean_value", "integer_value", "float_value", "categorical_value", "is_censored"];
const isFeature = (name: string) => !(name in KEYS || LABELS.includes(name) || name.startsWith("predicted_"));

const REMEDY = "Each row must have a subject, a time and an embedding. Correct the file.";

/** Embeddings by subject and time. */
export class Embeddings {
  /** @internal */
  constructor(
    readonly name: string,
    /** Numbers of each embedding. */
    readonly size: number,
    private readonly find: (subject: bigint, time: bigint) => readonly number[] | undefined,
    private readonly numberAt: (row: number, column: number) => number,
  ) {}

  /**
   * Reads a Parquet file: `subject_id`, `prediction_time`, and `embedding` (a list of numbers), or a column
   * for each number (float32 or float64). Columns of labels and predictions are not read. Without `embedding`,
   * a column of another type is an error: it might be meant as a number.
   */
  static async open(path: string): Promise<Embeddings> {
    const { columns } = describeTable(path);
    const isList = columns.some(({ name }) => name === "embedding");
    const names = columns.map(({ name }) => name).filter(isFeature);
    if (!isList && names.length === 0)
      fail(
        "MEDS_MISSING_COLUMN",
        `${path}: there is neither a column embedding (list<float>) nor a column of numbers. Write one of these besides subject_id and prediction_time.`,
        path,
      );
    return isList ? readLists(path) : readColumns(path, names);
  }

  /** The features of labels, and the row of each label; -1 where the file has no embedding for it. */
  of(labels: Labels): { matrix: FeatureMatrix; rows: Int32Array } {
    const { subjectIds, predictionTimes } = labels._table;
    const builder = new MatrixBuilder();
    const rows = new Int32Array(labels.size).fill(-1);
    let count = 0;
    for (let i = 0; i < rows.length; i += 1) {
      const row = this.find(subjectIds[i]!, predictionTimes[i]!)?.[0];
      if (row === undefined) continue;
      for (let column = 0; column < this.size; column += 1) builder.add(column, this.numberAt(row, column));
      builder.end();
      rows[i] = count;
      count += 1;
    }
    return { matrix: builder.finish(Array.from({ length: this.size }, (_, column) => `embedding[${column}]`)), rows };
  }
}

function keyed(path: string, rows: number, columns: { [K in keyof typeof KEYS]: Column<(typeof KEYS)[K]["kind"]> | null }) {
  const subjectIds = filled(path, rows, "subject_id", columns.subject_id, REMEDY);
  const predictionTimes = filled(path, rows, "prediction_time", columns.prediction_time, REMEDY);
  const find = indexOf({ subjectIds, predictionTimes });
  for (let row = 0; row < rows; row += 1) {
    const own = find(subjectIds[row]!, predictionTimes[row]!)!;
    if (own.length > 1)
      fail(
        "MEDS_SCHEMA_CONFLICT",
        `${path}: rows ${own[0]} and ${own[1]} are about the same subject at the same time. Keep one of them.`,
        path,
      );
  }
  return find;
}

function checked(path: string, row: number, value: number): number {
  if (Number.isFinite(value)) return value;
  return fail(
    "MEDS_VALUE_RANGE",
    `${path}: row ${row} contains ${value}, which is not a number to learn from. Correct the embedding.`,
    path,
  );
}

async function readColumns(path: string, names: readonly string[]): Promise<Embeddings> {
  const wanted = Object.fromEntries(names.map((name) => [name, { kind: "float", required: true }] as const));
  const { rows, columns } = await readParquet(path, "embeddings", { ...KEYS, ...wanted } as typeof KEYS &
    Record<string, { kind: "float" }>);
  const arrays = names.map((name) => {
    const column = columns[name] as Column<"float"> | null;
    if (column === null || column.nulls > 0) {
      const row = column?.valid?.indexOf(0) ?? 0;
      fail("MEDS_NULL_VALUE", `${path}: row ${row} has no ${name}. ${REMEDY}`, path);
    }
    for (let row = 0; row < rows; row += 1) checked(path, row, column.values[row]!);
    return column.values;
  });
  return new Embeddings(basename(path), names.length, keyed(path, rows, columns), (row, column) => arrays[column]![row]!);
}

async function readLists(path: string): Promise<Embeddings> {
  const { rows, columns } = await readParquet(path, "embeddings", { ...KEYS, embedding: { kind: "numbers", required: true } } as const);
  const { embedding } = columns;
  const offsets = embedding?.offsets ?? new Int32Array(rows + 1);
  const size = rows === 0 ? 0 : offsets[1]! - offsets[0]!;
  for (let row = 0; row < rows; row += 1) {
    const own = offsets[row + 1]! - offsets[row]!;
    if (own !== size || own === 0)
      fail(
        "MEDS_VALUE_RANGE",
        `${path}: the embedding of row ${row} has ${own} numbers, that of row 0 has ${size}. All must have the same number.`,
        path,
      );
  }
  const values = embedding?.values ?? new Float64Array();
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < size; column += 1) checked(path, row, values[offsets[row]! + column]!);
  return new Embeddings(basename(path), size, keyed(path, rows, columns), (row, column) => values[offsets[row]! + column]!);
}
