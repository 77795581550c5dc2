// Labels in Parquet, in the label schema of MEDS.
import { fail } from "../../support/errors.js";
import { type Column, filled, readParquet, type Wanted } from "../../tables/parquet.js";
import type { LabelTable } from "../table/table.js";
import { type LabelFile, type LabelFormat, REMEDY } from "./format.js";

const COLUMNS = {
  subject_id: { kind: "integer", required: true, older: "patient_id" },
  prediction_time: { kind: "time", required: true },
  boolean_value: { kind: "boolean" },
  integer_value: { kind: "integer" },
  float_value: { kind: "float" },
  categorical_value: { kind: "text" },
  is_censored: { kind: "boolean" },
} as const satisfies Record<string, Wanted>;

export const MEDS: LabelFormat = {
  about: "MEDS's Parquet files have subject_id and prediction_time",
  options: [],
  matches: ({ csv }) => csv === null,
  async read(file) {
    const { path } = file;
    const { rows, columns } = await readParquet(path, "labels", COLUMNS);
    /** A column in which some row has a value. */
    const some = <K extends keyof typeof columns>(name: K) => {
      const column = columns[name];
      return column === null || column.nulls === rows ? null : column;
    };
    if (rows > 0) refuseFolders(file, (name) => some(name as keyof typeof columns) !== null);
    const valid = (column: Column<"integer" | "float">) => column.valid ?? new Uint8Array(rows).fill(1);
    const [integer, float, categorical] = [some("integer_value"), some("float_value"), some("categorical_value")];
    const table: LabelTable = {
      subjectIds: filled(path, rows, "subject_id", columns.subject_id, REMEDY),
      predictionTimes: filled(path, rows, "prediction_time", columns.prediction_time, REMEDY),
      boolean: some("boolean_value")?.values ?? null,
      integer: integer && { values: integer.values, valid: valid(integer) },
      float: float && { values: float.values, valid: valid(float) },
      categorical: categorical && { indexes: categorical.values, categories: categorical.texts },
      censored: some("is_censored")?.values ?? null,
    };
    return { table };
  },
};

/**
 * Throws where a folder is called COLUMN=VALUE, and the file has no value of that column: its labels would be
 * lost.
 */
function refuseFolders({ path, folders }: LabelFile, hasValues: (column: string) => boolean): void {
  for (const folder of folders) {
    const [name] = folder.split("=") as [string];
    if (folder.includes("=") && name in COLUMNS && !hasValues(name))
      fail(
        "MEDS_MISSING_COLUMN",
        `${path}: column "${name}" is only in the name of a folder (${folder}). Write the column into the file.`,
        path,
      );
  }
}
