// Labels of the INSPECT cohort: a table in CSV or TSV with one column per task.
import { fail } from "../../support/errors.js";
import { DAY } from "../../support/time.js";
import type { CsvTable } from "../../tables/csv.js";
import { LabelBuilder, type LabelTable, NO_VALUES } from "../table/table.js";
import { type LabelFormat, subjectAndTime } from "./format.js";

/** Names of the columns of subject and time, newest first. */
const NAMES = [
  ["PatientID", "StudyTime"],
  ["patient_id", "procedure_time"],
] as const;

const namesIn = (csv: CsvTable | null) => NAMES.find((names) => csv?.has(...names));

export const INSPECT: LabelFormat = {
  about: "INSPECT's cohort has PatientID, StudyTime and tasks",
  options: ["column", "shift"],
  matches: ({ csv }) => namesIn(csv) !== undefined,
  async read({ csv }, options) {
    const table = csv!;
    const column = taskColumn(table, options.column);
    // A study finds pulmonary embolism: when it is predicted, neither the order nor the report of the study
    // may be known.
    const shift = options.shift ?? (/^pe(_|$)/i.test(column) ? DAY : 0n);
    return { table: labelsOf(table, column, shift), column };
  },
};

/** True, False, Censored, or nothing. */
const OUTCOME = /^\s*(true|false|censored)?\s*$/i;

/** The column that contains the task: the one that is named, or the only one that can. */
function taskColumn(table: CsvTable, named: string | undefined): string {
  const can = table.header.filter((column) => {
    let some = false;
    for (let row = 0; row < table.size; row += 1) {
      const text = table.text(row, column);
      if (text !== null && !OUTCOME.test(text)) return false;
      some ||= text !== null;
    }
    return some;
  });
  const tasks =
    can.length > 0
      ? `Its tasks are ${can.map((column) => JSON.stringify(column)).join(", ")}.`
      : "No column contains True, False or Censored.";
  if (named !== undefined) {
    if (!table.has(named)) fail("MEDS_MISSING_COLUMN", `${table.path}: there is no column "${named}". ${tasks}`, table.path);
    return named;
  }
  if (can.length !== 1)
    fail(
      "MEDS_INVALID_ARGUMENT",
      `${table.path}: it is not clear which column contains the task. ${tasks} Name one with { column: "…" }.`,
      table.path,
    );
  return can[0]!;
}

/**
 * Censored is neither true nor false: the value is missing, and `is_censored` says why. Where nothing is
 * censored there is no such column.
 */
function labelsOf(table: CsvTable, column: string, shift: bigint): LabelTable {
  const [patient, time] = namesIn(table)!;
  const builder = new LabelBuilder();
  const censored = (row: number) => /^\s*censored\s*$/i.test(table.text(row, column) ?? "");
  const some = Array.from({ length: table.size }, (_, row) => row).some(censored);
  for (let row = 0; row < table.size; row += 1) {
    const [subject, study] = subjectAndTime(table, row, patient, time);
    const is = censored(row);
    const value = is ? null : table.truth(row, column);
    builder.add(subject, study - shift, { ...NO_VALUES, boolean_value: value, is_censored: some && (is || value !== null) ? is : null });
  }
  return builder.finish();
}
