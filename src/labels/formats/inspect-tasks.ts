// The tasks of INSPECT's tables: a column each.
import { fail } from "../../support/errors.js";
import { DAY } from "../../support/time.js";
import type { CsvTable } from "../../tables/csv.js";
import { LabelBuilder, type LabelTable, type LabelValues, NO_VALUES } from "../table/table.js";
import type { FormatOptions, FoundLabels } from "./format.js";

/** Minutes to an event, with `is_censored_…` beside it. */
const SURVIVAL = /^tte_/;
/** Columns of ids, and what belongs to a survival task. */
const NO_TASK = /^is_censored_|(^|_)(u?id|U?ID)$|[a-z]ID$/;
const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ...(["true", "1", "1.0"] as const).map((text) => [text, true] as const),
  ...(["false", "0", "0.0"] as const).map((text) => [text, false] as const),
]);
/** What pandas writes where a value is missing, and what people write. */
const MISSING = new Set(["", "nan", "na", "n/a", "none", "null", "unknown"]);
const CENSORED = "censored";

const textAt = (table: CsvTable, row: number, column: string) => table.text(row, column)?.trim().toLowerCase() ?? "";

/** The columns that can be tasks: outcomes (True, False, 1, 0, Censored), and times to an event. */
export function tasksIn(table: CsvTable): string[] {
  return table.header.filter((column) => {
    if (NO_TASK.test(column)) return false;
    let some = false;
    for (let row = 0; row < table.size; row += 1) {
      const text = textAt(table, row, column);
      if (MISSING.has(text)) continue;
      if (SURVIVAL.test(column) ? Number.isNaN(Number(text)) : !(TRUTHS.has(text) || text === CENSORED)) return false;
      some = true;
    }
    return some;
  });
}

/** The labels of one task. `momentOf` returns the subject and time of a row's study; null to leave the row out. */
export function labelsOfTask(
  table: CsvTable,
  options: FormatOptions,
  momentOf: (row: number) => readonly [subject: bigint, time: bigint] | null,
): FoundLabels {
  const column = taskColumn(table, options.column);
  // A study finds pulmonary embolism: when it is predicted, neither the order nor the report of the study
  // may be known.
  const shift = options.shift ?? (/^pe(_|$)/i.test(column) ? DAY : 0n);
  const valuesAt = SURVIVAL.test(column) ? survivalOf(table, column) : outcomeOf(table, column);
  const builder = new LabelBuilder();
  for (let row = 0; row < table.size; row += 1) {
    const values = valuesAt(row);
    const moment = momentOf(row);
    if (moment !== null) builder.add(moment[0], moment[1] - shift, values);
  }
  const found: LabelTable = builder.finish();
  return { table: found, column };
}

/** The column that contains the task: the one that is named, or the only one that can. */
function taskColumn(table: CsvTable, named: string | undefined): string {
  const can = tasksIn(table);
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
function outcomeOf(table: CsvTable, column: string): (row: number) => LabelValues {
  const some = Array.from({ length: table.size }, (_, row) => textAt(table, row, column)).includes(CENSORED);
  return (row) => {
    const text = textAt(table, row, column);
    const isCensored = text === CENSORED;
    const value = TRUTHS.get(text) ?? null;
    if (value === null && !isCensored && !MISSING.has(text))
      table.failCell("MEDS_COLUMN_TYPE", row, column, "True, False, Censored or Unknown");
    return { ...NO_VALUES, boolean_value: value, is_censored: some && (isCensored || value !== null) ? isCensored : null };
  };
}

/** Minutes to the event, or to the end of follow-up where that came first. */
function survivalOf(table: CsvTable, column: string): (row: number) => LabelValues {
  const end = column.replace(SURVIVAL, "is_censored_");
  if (!table.has(end))
    fail("MEDS_MISSING_COLUMN", `${table.path}: there is no column "${end}", which "${column}" requires. Add this column.`, table.path);
  return (row) => {
    if (MISSING.has(textAt(table, row, column))) return NO_VALUES;
    const censored =
      TRUTHS.get(textAt(table, row, end)) ?? table.failCell("MEDS_COLUMN_TYPE", row, end, "True or False, although there is a time");
    return { ...NO_VALUES, float_value: table.number(row, column), is_censored: censored };
  };
}
