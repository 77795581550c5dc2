import { exactIds, type SubjectId } from "../store/ids.js";
import { failGiven, flagOf, namesIn, optionsOf, pathOf, shown, textOf } from "../support/arguments.js";
import { type Duration, durationOf } from "../support/duration.js";
import { fail } from "../support/errors.js";
import { exactTimes, type TimeLike } from "../support/time.js";
import { readLabelFiles, tasksBelow } from "./files.js";
import { Splits } from "./splits.js";
import { joined, LabelBuilder, type LabelColumn, type LabelTable, MISSING, rowsOf } from "./table.js";
import { writeLabels } from "./write.js";

export { LabelBuilder, type LabelColumn, type LabelTable, type LabelValues, MISSING } from "./table.js";

/**
 * One label: a subject and a time of prediction, and what is to be predicted, if anything. The members are those of MEDS's label schema, in
 * JavaScript's spelling. A value that is null, or not there, is missing.
 */
export interface Label {
  readonly subjectId: SubjectId;
  /** Data up to and including this time may be used. Microseconds since 1970-01-01 as a safe integer or bigint, or a Date. */
  readonly predictionTime: TimeLike;
  readonly booleanValue?: boolean | null | undefined;
  readonly integerValue?: number | bigint | null | undefined;
  readonly floatValue?: number | null | undefined;
  readonly categoricalValue?: string | null | undefined;
  /**
   * Was follow-up cut off before the outcome was known: minutes (`floatValue`) are then those to the end of follow-up, and `booleanValue` is missing,
   * because censored is not false.
   */
  readonly isCensored?: boolean | null | undefined;
}

/** A label as {@link Labels.at} gives it. */
export interface LabelRow {
  readonly subjectId: bigint;
  /** Microseconds since 1970-01-01. */
  readonly predictionTime: bigint;
  readonly booleanValue: boolean | null;
  readonly integerValue: bigint | null;
  readonly floatValue: number | null;
  readonly categoricalValue: string | null;
  readonly isCensored: boolean | null;
}

/** How labels are named. */
export interface LabelOptions {
  /** Name of the task; by default the name of the folder or file, or of INSPECT's column. */
  readonly task?: string | undefined;
}

/** How {@link Labels.open} reads. */
export interface OpenLabelsOptions extends LabelOptions {
  /** INSPECT's cohort tables: the column that holds the task (`12_month_mortality`, `pe_positive_nlp`). Default: the only one. */
  readonly column?: string | undefined;
  /**
   * INSPECT's cohort tables: the prediction is made so long before the study. Default: one day for `pe` and `pe_…` (pulmonary embolism is what the
   * study found: its order and its report must not be known yet), none for all others.
   */
  readonly shift?: Duration | undefined;
}

/** How {@link Labels.write} writes. */
export interface WriteLabelsOptions {
  /** Replace the Parquet files that the folder has. Default: false. */
  readonly force?: boolean | undefined;
}

/** Labels of a split, and what became of the others: {@link Labels.inSplit}. */
export interface SplitLabels<L extends Labels = Labels> {
  readonly labels: L;
  /** Labels of subjects of another split. */
  readonly otherSplit: number;
  /** Labels of subjects that are in no split, and those subjects. */
  readonly noSplit: number;
  readonly noSplitSubjects: number;
}

/** Options, all of them known. */
function named<O extends object>(what: string, options: O | undefined, known: readonly (keyof O & string)[]): Partial<O> {
  const given: Partial<O> = optionsOf(options) ?? {};
  namesIn(what, given, known);
  return given;
}

/** Half of a pair of surrogates is no character: files would have "�" in its place, and two categories become one. */
const isText = (given: unknown) => typeof given === "string" && !/\p{Surrogate}/u.test(given);

/** Some labels: by index, or those of which a function says yes. */
export type LabelChoice = Iterable<number> | ((label: LabelRow, index: number) => boolean);

/** The longest shift that leaves every time of four-digit years within int64. */
const LONGEST = 2n ** 62n;

/**
 * A table of labels: when something is to be predicted about whom, and what. In the order of its files. What is to be predicted may be missing
 * altogether (a table of times of prediction).
 *
 * Source of the definitions: the label schema of MEDS 0.4 (`subject_id`, `prediction_time`, `boolean_value`, `integer_value`, `float_value`,
 * `categorical_value`).
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

  /** @internal */
  constructor(task: string, table: LabelTable) {
    this.task = task;
    this.size = table.subjectIds.length;
    this._table = table;
  }

  /**
   * Reads a task as it is published:
   *
   * - MEDS: a folder of Parquet files in its label schema, at any depth and in order of their paths, or one such file. Also older files: any unit of
   *   time (nanoseconds are rounded down), `patient_id`, all value columns of which the unused ones are null, float64 values. Files without rows are
   *   fine, names that begin with a dot or `_` are passed over. `is_censored` is read where there is one.
   * - EHRSHOT: `labeled_patients.csv`, or its folder where that has no Parquet files. `boolean` becomes `boolean_value`, `categorical` (classes, the
   *   14 bits of `chexpert`) `integer_value`, `numerical` `float_value`, `survival` `float_value` in minutes with `is_censored`. Times keep their
   *   seconds, which EHRSHOT's own loader sets to 0.
   * - INSPECT: a cohort table with `PatientID`, `StudyTime` (or `patient_id`, `procedure_time`) and tasks as True, False or Censored, in CSV or TSV:
   *   see `column` and `shift`. Censored has no `boolean_value` and `is_censored` true.
   *
   * A time without a zone is UTC. Rows are counted from 0 in messages.
   *
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` for a folder without labels; `MEDS_MISSING_COLUMN` without `subject_id` or `prediction_time`,
   * and for a CSV of another kind; `MEDS_COLUMN_TYPE` for a column or cell of the wrong type; `MEDS_NULL_VALUE` for a label without subject or time;
   * `MEDS_VALUE_RANGE` for what does not fit int64; `MEDS_INVALID_ARGUMENT` for a table with several tasks where `column` is not given;
   * `MEDS_SOURCE_DAMAGED`; `MEDS_TABLE_FORMAT` for a folder, or a Parquet file in one, of Delta, Iceberg, Hudi or the like.
   * @example
   * ```ts
   * import { Labels } from "meds-reader";
   *
   * const labels = await Labels.open("demo/labels/length_of_stay");
   * console.log(labels.task, labels.size, labels.columns);
   * ```
   */
  static async open(path: string, options?: OpenLabelsOptions): Promise<Labels> {
    const { task, column, shift } = named("Labels.open", options, ["task", "column", "shift"]);
    if (column !== undefined) textOf("column", column, "the name of a column");
    const earlier = shift === undefined ? undefined : durationOf("shift", shift);
    if (earlier !== undefined && earlier > LONGEST) failGiven("shift", shift, "a length of time that int64 microseconds hold");
    const { name, table } = await readLabelFiles(pathOf("path", path), { column, shift: earlier });
    return new Labels(task === undefined ? name : textOf("task", task), table);
  }

  /**
   * The tasks of a folder of labels, in order of their names' bytes: each folder below it that holds Parquet files, at once or in shards (`train`,
   * `tuning`, `held_out`, `0`, …), or a `labeled_patients.csv`; and each such file in the folder itself. A name may hold `/`; joined to the folder it
   * is what {@link Labels.open} takes. `.` stands for the folder itself where it has nothing but shards.
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
    return tasksBelow(pathOf("root", root));
  }

  /**
   * Several tasks as one table: a row for each (subject, prediction time) that any of them has, in the order in which they first occur. Several labels
   * of a task for one pair are kept: the k-th meets the k-th of the other tasks, so that each label stands in exactly one row.
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
    const wanted = "an object such as { mortality: labels, stay: others }";
    const tasks = Object.entries(optionsOf(tables as typeof tables | undefined) ?? failGiven("What is joined", tables, wanted));
    for (const [task, labels] of tasks) if (!(labels instanceof Labels)) failGiven(task, labels, "Labels");
    const { times, tables: aligned, has } = joined(tasks.map(([, { _table }]) => _table));
    const members = tasks.map(([task], t) => [task, { labels: new Labels(task, aligned[t]!), has: has[t]! }] as const);
    return new JointLabels(times, new Map(members));
  }

  /**
   * Labels given in memory.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a value of the wrong type, one beyond int64, or a category that is no sound Unicode;
   * `MEDS_UNSAFE_NUMBER` for an inexact id or time.
   */
  static from(rows: Iterable<Label>, options?: LabelOptions): Labels {
    const { task = "labels" } = named("Labels.from", options, ["task"]);
    textOf("task", task);
    if (typeof rows !== "object" || rows === null || !(Symbol.iterator in rows)) failGiven("The labels", rows, "an iterable of labels");
    const all = [...rows];
    const wrong = all.findIndex((row) => typeof row !== "object" || row === null);
    if (wrong >= 0) failGiven(`Label ${wrong}`, all[wrong], "an object such as { subjectId, predictionTime, booleanValue }");
    const wide = all.findIndex(({ subjectId: id }) => typeof id === "bigint" && BigInt.asIntN(64, id) !== id);
    if (wide >= 0) failGiven(`subjectId of label ${wide}`, all[wide]!.subjectId, "a whole number that fits int64");
    const subjectIds = exactIds(
      all.map(({ subjectId }) => subjectId),
      "the labels",
    );
    const predictionTimes = exactTimes(
      all.map(({ predictionTime }) => predictionTime),
      () => {},
    );
    const builder = new LabelBuilder();
    for (const [i, row] of all.entries()) {
      const value = <T>(name: string, given: T | null | undefined, right: (given: T) => boolean, wanted: string): T | null => {
        if (given === null || given === undefined) return null;
        return right(given) ? given : failGiven(`${name} of label ${i}`, given, wanted);
      };
      const whole = (given: number | bigint) =>
        typeof given === "bigint" ? BigInt.asIntN(64, given) === given : Number.isSafeInteger(given);
      const integer = value("integerValue", row.integerValue, whole, "a safe whole number, or a bigint that fits int64");
      builder.add(subjectIds[i]!, predictionTimes[i]!, {
        boolean_value: value("booleanValue", row.booleanValue, (given) => typeof given === "boolean", "true, false or null"),
        integer_value: integer === null ? null : BigInt(integer),
        float_value: value("floatValue", row.floatValue, (given) => typeof given === "number", "a number or null"),
        categorical_value: value("categoricalValue", row.categoricalValue, isText, "a string of whole characters, or null"),
        is_censored: value("isCensored", row.isCensored, (given) => typeof given === "boolean", "true, false or null"),
      });
    }
    return new Labels(task, builder.finish());
  }

  /** The columns of which some label has a value; none for a table of times only. */
  get columns(): readonly LabelColumn[] {
    const { boolean, integer, float, categorical, censored } = this._table;
    const named = {
      boolean_value: boolean,
      integer_value: integer,
      float_value: float,
      categorical_value: categorical,
      is_censored: censored,
    };
    return (Object.keys(named) as LabelColumn[]).filter((name) => named[name] !== null);
  }

  /** A copy of the subjects' ids, a slot a label. */
  get subjectIds(): BigInt64Array {
    return this._table.subjectIds.slice();
  }

  /** A copy of the times of prediction, in microseconds since 1970-01-01, a slot a label. */
  get predictionTimes(): BigInt64Array {
    return this._table.predictionTimes.slice();
  }

  /** The categories of `categorical_value`, in order of their first label; empty where there is no such column. */
  get categories(): readonly string[] {
    return this._table.categorical?.categories ?? [];
  }

  /** A label, from the end where the index is negative; undefined outside. */
  at(i: number): LabelRow | undefined {
    if (!Number.isInteger(i)) failGiven("The index of a label", i, "a whole number");
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
   * Some of the labels: by index, in the order given, or those of which a function says yes.
   *
   * @throws MedsError `MEDS_OUT_OF_RANGE` for an index that is none.
   */
  select(choice: LabelChoice): Labels {
    return new Labels(this.task, rowsOf(this._table, this._rows(choice)));
  }

  /**
   * The labels of a split's subjects, in order. Subjects in no split are in none: they are left out, and counted.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT`, `MEDS_INVALID_ARGUMENT`.
   */
  inSplit(splits: Splits, name: string): SplitLabels {
    if (!(splits instanceof Splits)) failGiven("splits", splits, "Splits, as Splits.open gives them");
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
   * Writes the labels as a task of MEDS's label schema: `labels.parquet` in a folder, which is made. Columns: `subject_id` (int64), `prediction_time`
   * (timestamp[us]) and of `boolean_value` (bool), `integer_value` (int64), `float_value` (float32: values are rounded to it) and `categorical_value`
   * (string) those that have a value. Where some label is censored there is `is_censored` (bool) too, which MEDS's schema has not: leave such labels
   * out with {@link Labels.select} for readers that insist on it.
   *
   * The folder has all labels or is as it was: they are written beside it and moved. `force` replaces the Parquet files that the folder has.
   *
   * @throws MedsError `MEDS_LABELS_EXIST` where the folder has files, with `force` where some are no Parquet files; `MEDS_VALUE_RANGE` for a value
   * beyond float32; `MEDS_PERMISSION`, `MEDS_DISK_FULL`, `MEDS_IO`.
   * @example
   * ```ts
   * import { Labels } from "meds-reader";
   *
   * const labels = Labels.from([{ subjectId: 1, predictionTime: new Date("2150-03-01"), booleanValue: true }]);
   * await labels.write("tasks/mortality/first_24h", { force: true });
   * ```
   */
  async write(dir: string, options?: WriteLabelsOptions): Promise<void> {
    const { force } = named("write", options, ["force"]);
    await writeLabels(this._table, pathOf("dir", dir), flagOf("force", force, false));
  }

  /** @internal The rows of a choice. */
  _rows(choice: LabelChoice): number[] {
    const rows: number[] = [];
    if (typeof choice === "function") {
      for (let i = 0; i < this.size; i += 1) if (choice(this.at(i)!, i)) rows.push(i);
    } else {
      if (typeof choice !== "object" || choice === null || !(Symbol.iterator in choice))
        failGiven("The choice of labels", choice, "indexes or a function");
      for (const row of choice) {
        if (!(Number.isInteger(row) && row >= 0 && row < this.size))
          fail("MEDS_OUT_OF_RANGE", `There is no label ${shown(row)}: the table has ${this.size}, from 0.`);
        rows.push(row);
      }
    }
    return rows;
  }

  /** What `JSON.stringify` writes. */
  toJSON(): { readonly task: string; readonly size: number; readonly columns: readonly LabelColumn[] } {
    return { task: this.task, size: this.size, columns: this.columns };
  }
}

/** A task of joined labels: its values in their rows, and the rows in which it has a label. */
type Member = { readonly labels: Labels; readonly has: Uint8Array };

/**
 * Several tasks joined on subject and time of prediction: {@link Labels.join} makes it. Itself a table of times of prediction without values, which
 * `samples` takes like any other: one window a row, for all tasks.
 */
export class JointLabels extends Labels {
  /** Names of the tasks, in the order given. */
  readonly tasks: readonly string[];
  private readonly members: ReadonlyMap<string, Member>;

  /** @internal */
  constructor(times: LabelTable, members: ReadonlyMap<string, Member>) {
    super([...members.keys()].join("+"), times);
    this.tasks = [...members.keys()];
    this.members = members;
  }

  /**
   * A task's labels in the rows of this table: label i is that of row i, with all values null where the task has none there.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a task that was not joined.
   */
  of(task: string): Labels {
    return this._member(task).labels;
  }

  /**
   * Of each row 1 where the task has a label, also one without a value (a censored one), and 0 where it has none.
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
    // It selects, and that gives joint labels here.
    return super.inSplit(splits, name) as SplitLabels<JointLabels>;
  }

  private _member(task: string): Member {
    const wanted = `one of ${this.tasks.map((name) => JSON.stringify(name)).join(", ")}`;
    return this.members.get(task) ?? failGiven("task", task, wanted);
  }
}
