import { expected, flagOf, namesIn, optionsOf, pathOf, shown, textOf } from "../support/arguments.js";
import { durationOf } from "../support/duration.js";
import { fail } from "../support/errors.js";
import { shownAs } from "../support/inspect.js";
import { lazy } from "../support/lazy.js";
import type { LabelsLeftOut } from "./formats/format.js";
import {
  type Label,
  type LabelChoice,
  type LabelOptions,
  type LabelRow,
  type OpenLabelsOptions,
  tableOf,
  type WriteLabelsOptions,
} from "./label.js";
import { Splits } from "./splits.js";
import { joined } from "./table/join.js";
import { rowsOf } from "./table/rows.js";
import { type LabelColumn, type LabelTable, MISSING } from "./table/table.js";
import { writeLabels } from "./write.js";

export type { LabelsLeftOut } from "./formats/format.js";
export type { Label, LabelChoice, LabelOptions, LabelRow, OpenLabelsOptions, WriteLabelsOptions } from "./label.js";
export { LabelBuilder, type LabelColumn, type LabelTable, type LabelValues, MISSING } from "./table/table.js";

const labelFiles = lazy(() => import("./files.js"));

/** The result of {@link Labels.inSplit}: the labels of a split, and how many others there are. */
export interface SplitLabels<L extends Labels = Labels> {
  readonly labels: L;
  /** Labels of subjects of another split. */
  readonly otherSplit: number;
  /** Labels of subjects that are in no split, and the number of those subjects. */
  readonly noSplit: number;
  readonly noSplitSubjects: number;
}

/** Options, after their names are checked. */
function known<O extends object>(what: string, options: O | undefined, names: readonly (keyof O & string)[]): Partial<O> {
  const all: Partial<O> = optionsOf(options) ?? {};
  namesIn(what, all, names);
  return all;
}

/** The longest shift that keeps every time of four-digit years within int64. */
const LONGEST = 2n ** 62n;

/**
 * A table of labels: for each label a subject, a prediction time, and the value to predict. The labels are in
 * the order of their files. The table may have no values at all: it then says only when to predict.
 *
 * Source of the definitions: the label schema of MEDS 0.4 (`subject_id`, `prediction_time`, `boolean_value`,
 * `integer_value`, `float_value`, `categorical_value`).
 *
 * @example
 * ```ts
 * import { Labels } from "meds-reader";
 *
 * const labels = Labels.from([
 *   { subjectId: 1, predictionTime: new Date("2150-03-01T12:00:00Z"), booleanValue: true },
 *   { subjectId: 2, predictionTime: new Date("2151-07-09T08:30:00Z"), booleanValue: false },
 * ]);
 * console.log(labels.size, labels.columns, labels.at(0)?.booleanValue);
 * ```
 */
export class Labels implements Iterable<LabelRow> {
  /** Name of the task. */
  readonly task: string;
  /** Number of labels. */
  readonly size: number;
  /** @internal */
  readonly _table: LabelTable;

  /** Labels of the opened files that are not in the table, because their study has no time; 0 for other formats. */
  readonly leftOut: LabelsLeftOut;

  /** @internal */
  constructor(task: string, table: LabelTable, leftOut: LabelsLeftOut = { withoutStudy: 0, withoutTime: 0 }) {
    this.task = task;
    this.leftOut = leftOut;
    this.size = table.subjectIds.length;
    this._table = table;
  }

  /**
   * Reads a task in any form in which tasks are published:
   *
   * - MEDS: a folder of Parquet files in MEDS's label schema, at any depth and in order of their paths, or
   *   one such file. Older files are read too: times of any unit (nanoseconds are rounded down),
   *   `patient_id`, unused value columns that contain only nulls, float64 values. Files without rows are
   *   allowed. Names that begin with a dot or `_` are skipped. `is_censored` is read where there is one.
   * - EHRSHOT: `labeled_patients.csv`, or its folder if that contains no Parquet files. `boolean` becomes
   *   `boolean_value`; `categorical` (a class, or the 14 bits of the task `chexpert`) becomes
   *   `integer_value`;
   *   `numerical` becomes `float_value`; `survival` becomes `float_value` in minutes, with `is_censored`.
   *   Times keep their seconds, which EHRSHOT's own loader sets to 0.
   * - INSPECT: a cohort table in CSV or TSV with `PatientID`, `StudyTime` (or `patient_id`, `procedure_time`)
   *   and tasks as True, False or Censored: see `column` and `shift`. A censored label has a null
   *   `boolean_value` and a true `is_censored`; `1` and `0` are true and false; Unknown, NaN and empty cells are
   *   null. `tte_…` becomes `float_value` in minutes, with `is_censored` of the column `is_censored_…`.
   * - INSPECT as released: `labels_20250611.tsv` (`impression_id` and such tasks), with `study_mapping_20250611.tsv`
   *   beside it, which has the patient (`person_id`) and the time of each study (`procedure_DATETIME`, else
   *   `note_DATETIME`).
   *
   * INSPECT's labels of studies without a time (an empty cell, `NaT`, `nan`, `None`) are left out and counted:
   * {@link Labels.leftOut}.
   *
   * A time without a zone is UTC. Error messages count rows from 0.
   *
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` for a folder without labels; `MEDS_MISSING_COLUMN`
   * without `subject_id` or `prediction_time`, and for a CSV file of another format; `MEDS_COLUMN_TYPE` for a
   * column or cell of the wrong type; `MEDS_NULL_VALUE` for a label without a subject or time;
   * `MEDS_VALUE_RANGE` for a value that does not fit int64; `MEDS_SCHEMA_CONFLICT` for two columns of one
   * name; `MEDS_INVALID_ARGUMENT` if a table has several tasks and `column` is not set; `MEDS_DUPLICATE_FILE`
   * for two files with the same labels; `MEDS_SOURCE_DAMAGED`; `MEDS_TABLE_FORMAT` for a folder, or a Parquet
   * file in one, of Delta, Iceberg, Hudi or the like.
   * @example
   * ```ts
   * import { Labels } from "meds-reader";
   *
   * const labels = await Labels.open("demo/labels/length_of_stay");
   * console.log(labels.task, labels.size, labels.columns);
   * ```
   */
  static async open(path: string, options?: OpenLabelsOptions): Promise<Labels> {
    const { task, column, shift } = known("Labels.open", options, ["task", "column", "shift"]);
    if (column !== undefined) textOf("column", column, "the name of a column");
    const earlier = shift === undefined ? undefined : durationOf("shift", shift);
    if (earlier !== undefined && earlier > LONGEST) expected("shift", shift, "at most 2^62 microseconds");
    const from = pathOf("path", path);
    const { readLabelFiles } = await labelFiles();
    const { name, table, leftOut } = await readLabelFiles(from, { column, shift: earlier });
    return new Labels(task === undefined ? name : textOf("task", task), table, leftOut);
  }

  /**
   * The tasks of a folder of labels, in order of their names' bytes. A task is a folder below it that
   * contains Parquet files, directly or in subfolders (`train`, `tuning`, `held_out`, `0`, …), or a
   * `labeled_patients.csv`; or such a file in the folder itself; or a column of INSPECT's `labels_20250611.tsv`
   * (`labels_20250611.tsv/12_month_PH`). A name may contain `/`: join it to the
   * folder for {@link Labels.open}. The name `.` means the folder itself, if it contains only such subfolders.
   *
   * @throws MedsError `MEDS_NOT_FOUND`.
   * @example
   * ```ts
   * import { join } from "node:path";
   * import { Labels } from "meds-reader";
   *
   * for (const task of await Labels.tasks("demo/labels")) {
   *   const labels = await Labels.open(join("demo/labels", task), { task });
   *   console.log(task, labels.size);
   * }
   * ```
   */
  static async tasks(root: string): Promise<string[]> {
    const folder = pathOf("root", root);
    const { tasksBelow } = await labelFiles();
    return tasksBelow(folder);
  }

  /**
   * Several tasks as one table: a row for each pair of subject and prediction time that any of them has, in
   * the order in which the pairs first occur. If a task has several labels for one pair, the k-th is in one
   * row with the k-th of the other tasks: each label is in exactly one row.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT`.
   * @example
   * ```ts
   * import { Labels } from "meds-reader";
   *
   * const at = { subjectId: 1, predictionTime: new Date("2150-03-01") };
   * const both = Labels.join({
   *   mortality: Labels.from([{ ...at, booleanValue: false }]),
   *   stay: Labels.from([{ ...at, floatValue: 3.5 }, { ...at, subjectId: 2, floatValue: 1 }]),
   * });
   * console.log(both.size, both.of("stay").at(1)?.floatValue, both.of("mortality").at(1)?.booleanValue); // 2 1 null
   * ```
   */
  static join(tables: { readonly [task: string]: Labels }): JointLabels {
    const what = "an object such as { mortality: labels, stay: others }";
    const tasks = Object.entries(optionsOf(tables as typeof tables | undefined) ?? expected("The argument of Labels.join", tables, what));
    for (const [task, labels] of tasks)
      if (!(labels instanceof Labels)) expected(`Task ${JSON.stringify(task)}`, labels, "a Labels object");
    const { times, tables: aligned, has } = joined(tasks.map(([, { _table }]) => _table));
    const members = tasks.map(([task], t) => [task, { labels: new Labels(task, aligned[t]!), has: has[t]! }] as const);
    return new JointLabels(times, new Map(members));
  }

  /**
   * Makes a table of labels in memory.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a value of the wrong type, one beyond int64, or a category
   * with a lone surrogate; `MEDS_UNSAFE_NUMBER` for an inexact id or time.
   */
  static from(rows: Iterable<Label>, options?: LabelOptions): Labels {
    const { task = "labels" } = known("Labels.from", options, ["task"]);
    textOf("task", task);
    return new Labels(task, tableOf(rows));
  }

  /** The columns in which some label has a value; empty for a table without values. */
  get columns(): readonly LabelColumn[] {
    const { boolean, integer, float, categorical, censored } = this._table;
    const all = {
      boolean_value: boolean,
      integer_value: integer,
      float_value: float,
      categorical_value: categorical,
      is_censored: censored,
    };
    return (Object.keys(all) as LabelColumn[]).filter((name) => all[name] !== null);
  }

  /** A copy of the subject ids, one per label. */
  get subjectIds(): BigInt64Array {
    return this._table.subjectIds.slice();
  }

  /** A copy of the prediction times in microseconds since 1970-01-01, one per label. */
  get predictionTimes(): BigInt64Array {
    return this._table.predictionTimes.slice();
  }

  /** The categories of `categorical_value`, in order of their first label; empty without such a column. */
  get categories(): readonly string[] {
    return this._table.categorical?.categories ?? [];
  }

  /** The label at an index. A negative index counts from the end. Undefined outside the table. */
  at(i: number): LabelRow | undefined {
    if (!Number.isInteger(i)) expected("The index of a label", i, "a whole number");
    const row = i < 0 ? i + this.size : i;
    if (!(row >= 0 && row < this.size)) return undefined;
    const { subjectIds, predictionTimes, boolean, integer, float, categorical, censored } = this._table;
    const truth = (values: Uint8Array | null) => (values === null || values[row] === MISSING ? null : values[row] === 1);
    const category = categorical?.indexes[row] ?? -1;
    return {
      subjectId: subjectIds[row]!,
      predictionTime: predictionTimes[row]!,
      booleanValue: truth(boolean),
      integerValue: integer?.valid[row] === 1 ? integer.values[row]! : null,
      floatValue: float?.valid[row] === 1 ? float.values[row]! : null,
      categoricalValue: category < 0 ? null : categorical!.categories[category]!,
      isCensored: truth(censored),
    };
  }

  /** The labels in order. */
  *[Symbol.iterator](): IterableIterator<LabelRow> {
    for (let i = 0; i < this.size; i += 1) yield this.at(i)!;
  }

  /**
   * Some of the labels: by index, in the order of the indexes, or those for which a function returns true.
   *
   * @throws MedsError `MEDS_OUT_OF_RANGE` for an index outside the table.
   */
  select(choice: LabelChoice): Labels {
    return new Labels(this.task, rowsOf(this._table, this._rows(choice)));
  }

  /**
   * The labels of a split's subjects, in order. Labels of subjects without a split are left out and counted.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT`, `MEDS_INVALID_ARGUMENT`.
   */
  inSplit(splits: Splits, name: string): SplitLabels {
    if (!(splits instanceof Splits)) expected("splits", splits, "a Splits object, as Splits.open returns it");
    splits._known(name);
    const homeless = new Set<bigint>();
    let noSplit = 0;
    const labels = this.select(({ subjectId }) => {
      const own = splits.of(subjectId);
      if (own === null) {
        noSplit += 1;
        homeless.add(subjectId);
      }
      return own === name;
    });
    return { labels, otherSplit: this.size - labels.size - noSplit, noSplit, noSplitSubjects: homeless.size };
  }

  /**
   * Writes the labels as a task in MEDS's label schema: `labels.parquet` in a new folder. Columns:
   * `subject_id` (int64), `prediction_time` (timestamp[us]), and those of the following columns that have a
   * value: `boolean_value` (bool), `integer_value` (int64), `float_value` (float32, to which values are
   * rounded) and `categorical_value` (string). If some label is censored there is also `is_censored` (bool),
   * which MEDS's schema does not have: remove such labels with {@link Labels.select} for readers that require
   * the exact schema.
   *
   * The folder contains all labels or is unchanged: they are written beside it and moved. `force` replaces
   * the Parquet files that are in the folder.
   *
   * @throws MedsError `MEDS_LABELS_EXIST` if the folder contains files, with `force` if some are not Parquet
   * files; `MEDS_VALUE_RANGE` for a value beyond float32; `MEDS_PERMISSION`, `MEDS_DISK_FULL`, `MEDS_IO`.
   * @example
   * ```ts
   * import { Labels } from "meds-reader";
   *
   * const labels = Labels.from([{ subjectId: 1, predictionTime: new Date("2150-03-01"), booleanValue: true }]);
   * await labels.write("tasks/mortality/first_24h", { force: true });
   * ```
   */
  async write(dir: string, options?: WriteLabelsOptions): Promise<void> {
    const { force } = known("write", options, ["force"]);
    writeLabels(this._table, pathOf("dir", dir), flagOf("force", force, false));
  }

  /** @internal The rows of a choice. */
  _rows(choice: LabelChoice): number[] {
    const rows: number[] = [];
    if (typeof choice === "function") {
      for (let i = 0; i < this.size; i += 1) if (choice(this.at(i)!, i)) rows.push(i);
    } else {
      if (typeof choice !== "object" || choice === null || !(Symbol.iterator in choice))
        expected("The choice of labels", choice, "an iterable of indexes, or a function");
      for (const row of choice) {
        if (!(Number.isInteger(row) && row >= 0 && row < this.size))
          fail("MEDS_OUT_OF_RANGE", `There is no label ${shown(row)}: the table has ${this.size} labels, counted from 0.`);
        rows.push(row);
      }
    }
    return rows;
  }

  /** The value that `JSON.stringify` writes. */
  toJSON(): { readonly task: string; readonly size: number; readonly columns: readonly LabelColumn[] } {
    return { task: this.task, size: this.size, columns: this.columns };
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { task, size, columns } = this;
    return shownAs("Labels", { task, size, columns: columns.join(", ") });
  }
}

/** A task of joined labels: its values in their rows, and the rows in which it has a label. */
type Member = { readonly labels: Labels; readonly has: Uint8Array };

/**
 * Several tasks joined on subject and prediction time: {@link Labels.join} makes it. It is itself a table of
 * labels without values, which `samples` takes like any other: one window per row, for all tasks.
 */
export class JointLabels extends Labels {
  /** Names of the tasks, in the order in which they were joined. */
  readonly tasks: readonly string[];
  private readonly members: ReadonlyMap<string, Member>;

  /** @internal */
  constructor(times: LabelTable, members: ReadonlyMap<string, Member>) {
    super([...members.keys()].join("+"), times);
    this.tasks = [...members.keys()];
    this.members = members;
  }

  /**
   * A task's labels in the rows of this table: label i belongs to row i. Its values are all null where the
   * task has no label in that row.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a task that was not joined.
   */
  of(task: string): Labels {
    return this._member(task).labels;
  }

  /**
   * For each row 1 if the task has a label there, with or without a value (a censored label has none), else
   * 0.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a task that was not joined.
   */
  has(task: string): Uint8Array {
    return this._member(task).has.slice();
  }

  /** Some of the rows, with all tasks: {@link Labels.select}. */
  override select(choice: LabelChoice): JointLabels {
    const rows = this._rows(choice);
    const members = [...this.members].map(
      ([task, { labels, has }]) => [task, { labels: labels.select(rows), has: Uint8Array.from(rows, (row) => has[row]!) }] as const,
    );
    return new JointLabels(rowsOf(this._table, rows), new Map(members));
  }

  /** The rows of a split's subjects, with all tasks: {@link Labels.inSplit}. */
  override inSplit(splits: Splits, name: string): SplitLabels<JointLabels> {
    // It calls select, which returns joint labels here.
    return super.inSplit(splits, name) as SplitLabels<JointLabels>;
  }

  private _member(task: string): Member {
    const what = `one of ${this.tasks.map((name) => JSON.stringify(name)).join(", ")}`;
    return this.members.get(task) ?? expected("task", task, what);
  }
}
