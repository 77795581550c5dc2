// The public API of meds-reader. Made by `npm run api` from src/: change it there.

declare global {
  interface SymbolConstructor {
    /** Node.js has it since version 20. The ES2022 types of TypeScript do not declare it. */
    readonly dispose: unique symbol;
  }
}

/**
 * The codes of {@link MedsError}. Programs match on them: a code is never renamed, and a new cause has a new
 * code.
 *
 * `MEDS_CLOSED`, `MEDS_UNKNOWN_COLUMN`, `MEDS_UNKNOWN_SPLIT`, `MEDS_UNKNOWN_SUBJECT`, `MEDS_UNSAFE_NUMBER`
 * and `MEDS_OUT_OF_RANGE` come from reading. `MEDS_PASS_FAILED` means that the caller's own function threw
 * (`cause` is what it threw). `MEDS_BUNDLED` means that the package is used in a bundle
 * that contains a copy of it. The other codes come from opening, converting and verifying too.
 */
export type MedsErrorCode = 
/** A text has no room for its required sections. Fix: Raise the budget, or make sections optional. */
"MEDS_BUDGET"
/** A bundler copied this package into another file, without its native part. Fix: Leave `meds-reader` external in the bundler's options, and install it beside the bundle. */
 | "MEDS_BUNDLED"
/** The program aborted its `signal`, or the user pressed Ctrl-C. No half-written file is left. Fix: Start again, if you want the result. */
 | "MEDS_CANCELLED"
/** The database was closed. Fix: Read before `close()`, or open the store again. */
 | "MEDS_CLOSED"
/** A column has a type that cannot be used for this. Fix: Name another column, or write the column with the type that the message names. */
 | "MEDS_COLUMN_TYPE"
/** A file of a store is damaged: it does not match its checksum or its structure. Fix: Convert the source again with `force: true` (`--force`). */
 | "MEDS_CORRUPT"
/** The disk is full, or a quota is reached. Fix: Free some space, or choose a folder on another disk. */
 | "MEDS_DISK_FULL"
/** Two files contain the same rows, so each event would count twice. Fix: Remove one of the two. */
 | "MEDS_DUPLICATE_FILE"
/** A file of a fitted vocabulary or of fitted targets is damaged, or contains something else. Fix: Fit again, and write the file again. */
 | "MEDS_FITTED_FILE"
/** A bug in this package. Fix: Report it with the stack trace on stderr. */
 | "MEDS_INTERNAL"
/** An argument or option is wrong, or two of them cannot be combined. Fix: Correct the value as the message says. */
 | "MEDS_INVALID_ARGUMENT"
/** The operating system reported an error about a file, or a stream was closed before all was written. Fix: The message quotes the operating system. Read it, then check the path, the disk and the network. */
 | "MEDS_IO"
/** The folder for new labels already contains files. Fix: Choose another folder, or pass `force: true` to replace labels. */
 | "MEDS_LABELS_EXIST"
/** The arrays of a column would show values that were not known at the cut-off of the sample. Fix: Read the column row by row (`event.get`, `column.at`), which returns null for these values. Remove the column from the option `knownLater` only if its values really are known at the time of their row. */
 | "MEDS_LEAK"
/** A file in `metadata/` does not follow the MEDS standard. Fix: Correct the file, or remove it. */
 | "MEDS_METADATA"
/** A file does not have a column that is required. Fix: Add the column, or use another file. */
 | "MEDS_MISSING_COLUMN"
/** An optional package is not installed. Fix: Run the `npm install` command in the message. */
 | "MEDS_MISSING_PACKAGE"
/** The path exists, but is not a store. Fix: Convert the dataset first, or use `PatientDatabase.from(path)`. */
 | "MEDS_NOT_A_STORE"
/** The rows of one subject are not together: other rows are between them, or they are in several files. Fix: Convert with `repair: true` (`--repair`), which merges them. */
 | "MEDS_NOT_CONTIGUOUS"
/** A file or folder does not exist. Fix: Check the path. */
 | "MEDS_NOT_FOUND"
/** No code of the store matches. In programs this is a warning of the process, of the type `MedsWarning`, once per choice of codes. Fix: Use one of the codes that the message names, or search with `db.codes.search(text)` (`meds-reader codes STORE TEXT`). */
 | "MEDS_NO_CODE"
/** There is nothing to read: no Parquet file, no row, or no patient. Fix: Use the folder that contains `data/`, or choose other patients. */
 | "MEDS_NO_DATA"
/** A vocabulary or targets can be fitted only on the patients of a named split, so that held-out data do not leak into training. Fix: Pass `db.split("train")`, or samples of it. */
 | "MEDS_NO_SPLIT"
/** OMOP tables refer to concepts, but the table `concept` is missing or almost empty. Fix: Add a vocabulary (`--vocabulary`), or use `--concept-ids` or `--keep-unmapped`. */
 | "MEDS_NO_VOCABULARY"
/** A row does not have a value that every row must have. Fix: Add the value, or remove the row. */
 | "MEDS_NULL_VALUE"
/** Code ids of one store or vocabulary were used with another one, where they mean other codes. Fix: Make the batches with `loader(samples, { vocabulary, … })`, and selections of codes with `db.codes` of this store. */
 | "MEDS_OTHER_IDS"
/** There is no row, slot or id with this number. Fix: Use a number from 0 to `length` - 1 or `size` - 1. */
 | "MEDS_OUT_OF_RANGE"
/** Your function threw an error, which is the `cause`, or returned what it must not return. Fix: Correct the function. */
 | "MEDS_PASS_FAILED"
/** One patient has 2^31 rows or more, or 2 GiB of text in a column. Fix: Leave the column out, or remove the rows. */
 | "MEDS_PATIENT_TOO_LARGE"
/** The operating system does not allow access to a path. Fix: Change the permissions of the path, or choose another path. */
 | "MEDS_PERMISSION"
/** With `strict`, a table would lose more than a tenth of its rows. Fix: Add the vocabulary, keep the rows, or convert without `strict`. */
 | "MEDS_ROWS_DROPPED"
/** Columns or tables of the same name cannot be combined. Fix: Write the columns with one type, or remove or rename one of them. */
 | "MEDS_SCHEMA_CONFLICT"
/** A folder contains the labels of several tasks, but labels of one task are wanted. Fix: Use the path of one of the tasks that the message names. */
 | "MEDS_SEVERAL_TASKS"
/** The source changed during its conversion. Fix: Retry when nothing is writing to it. */
 | "MEDS_SOURCE_CHANGED"
/** A file of the source is incomplete or damaged, so that it cannot be read. Fix: Replace the file with a complete copy, or correct the line that the message names. */
 | "MEDS_SOURCE_DAMAGED"
/** The source has a format version that this package does not read. Fix: Do what the message says to get another version. */
 | "MEDS_SOURCE_VERSION"
/** A subject is in two splits. Fix: Remove it from one of them. */
 | "MEDS_SPLIT_CONFLICT"
/** A step of a conversion in parts lacks the result of another step, or that result is damaged or of another conversion. Fix: Remove the file that the message names, and take the step that makes it again. */
 | "MEDS_STEP"
/** Something already exists at the path of the output. Fix: Choose another path, or pass `force: true` (`--force`) to replace a store. */
 | "MEDS_STORE_EXISTS"
/** The store was replaced while it was being opened or read. Fix: Open it again. */
 | "MEDS_STORE_REPLACED"
/** A newer version of this package wrote the store. Fix: Update `meds-reader`, or convert the source again. */
 | "MEDS_STORE_VERSION"
/** The folder is a table of Delta Lake, Iceberg or a similar format, whose files also contain deleted rows. Fix: Run the command in the message. It writes the current version as plain Parquet. */
 | "MEDS_TABLE_FORMAT"
/** The rows of a subject are not in order of time. Fix: Convert with `repair: true` (`--repair`), which sorts them. */
 | "MEDS_TIME_ORDER"
/** A time is too far from 1970 to be an exact number. Fix: Use `timeMicros` or `times`, which are bigint. */
 | "MEDS_TIME_RANGE"
/** The store does not have this column. Fix: Use a name from `db.columns`. */
 | "MEDS_UNKNOWN_COLUMN"
/** The store does not have this split. Fix: Use a name from `db.splits`. */
 | "MEDS_UNKNOWN_SPLIT"
/** The subject is not in this store or cohort. Fix: Check with `has(id)` first. */
 | "MEDS_UNKNOWN_SUBJECT"
/** A number is above 2^53 - 1 or has a fraction, so it is not exact. Fix: Use a bigint. */
 | "MEDS_UNSAFE_NUMBER"
/** The native part of this package is missing, or this platform or runtime does not load it. The message says which. Fix: Run the command, or add the option, that the message names. */
 | "MEDS_UNSUPPORTED_RUNTIME"
/** A value does not fit the type that it must have. Fix: Correct the value, or use a wider type. */
 | "MEDS_VALUE_RANGE";
/**
 * Every error that this package throws on purpose: a stable `code` for programs, and sentences with the
 * remedy for people.
 *
 * @example
 * ```ts
 * import { MedsError, PatientDatabase } from "meds-reader";
 *
 * try {
 *   PatientDatabase.open("no-such-store.medsdb");
 * } catch (error) {
 *   if (error instanceof MedsError) console.log(error.code); // MEDS_NOT_FOUND
 * }
 * ```
 */
export declare class MedsError extends Error {
  readonly name: string;
  /** The stable code, `MEDS_…`. */
  readonly code: MedsErrorCode;
  /** The file or folder that the error is about; undefined where there is none. */
  readonly path: string | undefined;
  /** This package creates these errors; callers need not. */
  constructor(code: MedsErrorCode, message: string, options?: {
    path?: string | undefined;
    cause?: unknown;
  });
}
/** The columns of values that a label may have: those of MEDS's label schema, and `is_censored`. */
export type LabelColumn = "boolean_value" | "integer_value" | "float_value" | "categorical_value" | "is_censored";
/** Labels of a file that have no subject or time, and why. */
export interface LabelsLeftOut {
  /** INSPECT: labels of studies that the table of studies does not have. */
  readonly withoutStudy: number;
  /** INSPECT: labels of studies without a time. */
  readonly withoutTime: number;
}
/** A subject id as callers give it: any int64 as bigint, or a safe integer. */
export type SubjectId = number | bigint;
/**
 * A length of time: microseconds as a safe integer or bigint; a sum of units, such as `{ days: 30 }` or
 * `{ hours: 36, minutes: 30 }`; or text, such as `"48h"`, `"30d"` or `"1d12h"`, with the units `w`, `d`, `h`,
 * `m` or `min`, and `s`. A day has 24 hours: times have no zone.
 */
export type Duration = number | bigint | string | {
  readonly weeks?: number;
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly microseconds?: number;
};
/**
 * A point in time: microseconds since 1970-01-01 UTC as a safe integer or bigint, a `Date`, or ISO 8601 text:
 * `"2012-05-17T13:30"`, with or without seconds, a fraction (to the microsecond) and a zone (`Z`, `+02:00`).
 * Text without a zone is UTC. A year, month or day (`"2012"`, `"2012-05"`, `"2012-05-17"`) means its first
 * moment. Years beyond 9999 are as in `Date.toISOString`: `"+012345-06-07"`.
 */
export type TimeLike = number | bigint | Date | string;
/**
 * A time as microseconds since 1970-01-01 UTC: the same clock as in {@link Timeline.times}, for any form of a
 * time.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for text that is not ISO 8601, an invalid Date and a bigint outside
 * 64 bits; `MEDS_UNSAFE_NUMBER` for a number that is not a safe integer.
 * @example
 * ```ts
 * import { microsOf } from "meds-reader";
 *
 * const admitted = microsOf("2012-05-17T13:30");
 * console.log(microsOf("2012-05-18") - admitted, "microseconds to midnight");
 * ```
 */
export declare function microsOf(time: TimeLike): bigint;
/**
 * One label: a subject, a prediction time, and the value to predict, if there is one. The members are those
 * of MEDS's label schema, in JavaScript's spelling. A value that is null or omitted counts as missing.
 */
export interface Label {
  readonly subjectId: SubjectId;
  /**
   * A model may use data up to and including this time. Microseconds since 1970-01-01 as a safe integer or
   * bigint, a Date, or ISO 8601 text.
   */
  readonly predictionTime: TimeLike;
  readonly booleanValue?: boolean | null | undefined;
  readonly integerValue?: number | bigint | null | undefined;
  readonly floatValue?: number | null | undefined;
  readonly categoricalValue?: string | null | undefined;
  /**
   * True if follow-up ended before the outcome was known. Then `booleanValue` is missing, because censored is
   * not false. If `floatValue` is a time in minutes, it is the time to the end of follow-up.
   */
  readonly isCensored?: boolean | null | undefined;
}
/** A label as {@link Labels.at} returns it. */
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
  /** Name of the task. Default: the name of the task's folder or file, or of INSPECT's column. */
  readonly task?: string | undefined;
}
/** How {@link Labels.open} reads. */
export interface OpenLabelsOptions extends LabelOptions {
  /**
   * INSPECT's tables: the column that contains the task (`12_month_mortality`, `pe_positive_nlp`).
   * Default: the only one.
   */
  readonly column?: string | undefined;
  /**
   * INSPECT's tables: how long before the study the prediction is made. Default: one day for `pe` and
   * `pe_…`, because the study finds pulmonary embolism, and neither its order nor its report may be known
   * yet; 0 for all other tasks.
   */
  readonly shift?: Duration | undefined;
}
/** How {@link Labels.write} writes. */
export interface WriteLabelsOptions {
  /** Replace the Parquet files that are in the folder. Default: false. */
  readonly force?: boolean | undefined;
}
/** Some labels: by index, or those for which a function returns true. */
export type LabelChoice = Iterable<number> | ((label: LabelRow, index: number) => boolean);
/**
 * The split of each subject: `train`, `tuning`, `held_out`, or any other name. A subject is in one split or
 * in none.
 *
 * A store already has the splits of its dataset: `db.splits`, `db.split(name)`. Use this class for splits
 * that are published beside the data.
 *
 * @example
 * ```ts
 * import { Labels, Splits } from "meds-reader";
 *
 * const splits = Splits.from({ train: [1, 2], held_out: [3] });
 * const labels = Labels.from([
 *   { subjectId: 1, predictionTime: new Date("2150-03-01"), booleanValue: true },
 *   { subjectId: 4, predictionTime: new Date("2150-03-01"), booleanValue: false },
 * ]);
 * console.log(splits.of(3), labels.inSplit(splits, "train").labels.size); // held_out 1
 * ```
 */
export declare class Splits {
  /** Made by this package only. */
  protected constructor();
  /** Names of the splits, in order of their first subject. */
  readonly names: readonly string[];
  /** Number of subjects in a split. */
  readonly size: number;
  /**
   * Reads splits in any form in which they are published. The columns of the file show which form it is:
   *
   * - MEDS's `subject_splits.parquet` (`subject_id`, or `patient_id` in older files, and `split`; null means
   *   no split), or the folder of a dataset with such a file in `metadata`. Its names are kept, because they
   *   are those of the store.
   * - CSV or TSV with `subject_id`, `omop_person_id`, `PatientID`, `patient_id` or `person_id`, and `split` or
   *   `split_name`: EHRSHOT's `person_id_map.csv`, FEMR's `main_split.csv`, INSPECT's cohort and
   *   `splits_20250611.tsv`. `val`, `valid` and
   *   `validation` become `tuning`; `test` becomes `held_out`.
   *
   * @throws MedsError `MEDS_SPLIT_CONFLICT` for a subject in two splits; `MEDS_NOT_FOUND`;
   * `MEDS_MISSING_COLUMN`; `MEDS_COLUMN_TYPE`; `MEDS_NULL_VALUE` for a row without a subject;
   * `MEDS_SOURCE_DAMAGED`; `MEDS_TABLE_FORMAT`.
   * @example
   * ```ts
   * import { Splits } from "meds-reader";
   *
   * const splits = await Splits.open("demo/metadata/subject_splits.parquet");
   * for (const name of splits.names) console.log(name, splits.ids(name).length);
   * ```
   */
  static open(path: string): Promise<Splits>;
  /**
   * Makes splits from the subject ids of each split.
   *
   * @throws MedsError `MEDS_SPLIT_CONFLICT` for a subject in two splits; `MEDS_UNSAFE_NUMBER`;
   * `MEDS_INVALID_ARGUMENT`.
   */
  static from(splits: {
    readonly [name: string]: Iterable<SubjectId>;
  }): Splits;
  /**
   * The split of a subject; null if it is in none.
   *
   * @throws MedsError `MEDS_UNSAFE_NUMBER` for a number that is not an exact id.
   */
  of(id: SubjectId): string | null;
  /**
   * A copy of a split's subject ids, in the order of the file or object that the splits were made from.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT`.
   */
  ids(name: string): BigInt64Array;
  /** The value that `JSON.stringify` writes: the number of subjects in each split. */
  toJSON(): {
    readonly [name: string]: number;
  };
}
interface OtherSplits {
  /** Rows of subjects of another split. */
  readonly otherSplit: number;
  /** Rows of subjects that are in no split, and the number of those subjects. */
  readonly noSplit: number;
  readonly noSplitSubjects: number;
}
/** The result of {@link Labels.inSplit}: the labels of a split, and how many others there are. */
export interface SplitLabels<L extends Labels = Labels> extends OtherSplits {
  readonly labels: L;
}
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
export declare class Labels implements Iterable<LabelRow> {
  /** Made by this package only. */
  protected constructor();
  /** Name of the task. */
  readonly task: string;
  /** Number of labels. */
  readonly size: number;
  /** Labels of the opened files that are not in the table, because their study has no time; 0 for other formats. */
  readonly leftOut: LabelsLeftOut;
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
   * A folder that contains several tasks, as {@link Labels.tasks} finds them, is an error. If it contains only
   * one, that is read. A task has the name of its folder: also where the path is a part of it, such as
   * `guo_icu/0.parquet`.
   *
   * A time without a zone is UTC. Error messages count rows from 0.
   *
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` for a folder without labels; `MEDS_SEVERAL_TASKS`; `MEDS_MISSING_COLUMN`
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
  static open(path: string, options?: OpenLabelsOptions): Promise<Labels>;
  /**
   * The tasks of a folder of labels, in order of their names' bytes. A task is a folder below it that
   * contains Parquet files at any depth, or a `labeled_patients.csv`; or such a file in the folder itself; or a
   * column of INSPECT's `labels_20250611.tsv` (`labels_20250611.tsv/12_month_PH`). A name may contain `/`: join
   * it to the folder for {@link Labels.open}. The name `.` means that the folder itself is a task.
   *
   * MEDS lets a task have files at any depth, and a task's name have `/`: so names decide. Folders named after
   * a split (`train`, `tuning`, `held_out`), a number, `shard_3` or `year=2020`, and files named `0.parquet`,
   * `labels.parquet`, `data_0.parquet`, `part-0.parquet` and the like are parts of one task, with at most one
   * other file or folder beside them. Otherwise each file and each folder is a task.
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
  static tasks(root: string): Promise<string[]>;
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
  static join(tables: {
    readonly [task: string]: Labels;
  }): JointLabels;
  /**
   * Makes a table of labels in memory.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a value of the wrong type, one beyond int64, or a category
   * with a lone surrogate; `MEDS_UNSAFE_NUMBER` for an inexact id or time.
   */
  static from(rows: Iterable<Label>, options?: LabelOptions): Labels;
  /** The columns in which some label has a value; empty for a table without values. */
  get columns(): readonly LabelColumn[];
  /** A copy of the subject ids, one per label. */
  get subjectIds(): BigInt64Array;
  /** A copy of the prediction times in microseconds since 1970-01-01, one per label. */
  get predictionTimes(): BigInt64Array;
  /** The categories of `categorical_value`, in order of their first label; empty without such a column. */
  get categories(): readonly string[];
  /** The label at an index. A negative index counts from the end. Undefined outside the table. */
  at(i: number): LabelRow | undefined;
  /** The labels in order. */
  [Symbol.iterator](): IterableIterator<LabelRow>;
  /**
   * Some of the labels: by index, in the order of the indexes, or those for which a function returns true.
   *
   * @throws MedsError `MEDS_OUT_OF_RANGE` for an index outside the table.
   */
  select(choice: LabelChoice): Labels;
  /**
   * The labels of a split's subjects, in order. Labels of subjects without a split are left out and counted.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT`, `MEDS_INVALID_ARGUMENT`.
   */
  inSplit(splits: Splits, name: string): SplitLabels;
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
  write(dir: string, options?: WriteLabelsOptions): Promise<void>;
  /** The value that `JSON.stringify` writes. */
  toJSON(): {
    readonly task: string;
    readonly size: number;
    readonly columns: readonly LabelColumn[];
  };
}
/**
 * Several tasks joined on subject and prediction time: {@link Labels.join} makes it. It is itself a table of
 * labels without values, which `samples` takes like any other: one window per row, for all tasks.
 */
export declare class JointLabels extends Labels {
  /** Made by this package only. */
  protected constructor();
  /** Names of the tasks, in the order in which they were joined. */
  readonly tasks: readonly string[];
  /**
   * A task's labels in the rows of this table: label i belongs to row i. Its values are all null where the
   * task has no label in that row.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a task that was not joined.
   */
  of(task: string): Labels;
  /**
   * For each row 1 if the task has a label there, with or without a value (a censored label has none), else
   * 0.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a task that was not joined.
   */
  has(task: string): Uint8Array;
  /** Some of the rows, with all tasks: {@link Labels.select}. */
  select(choice: LabelChoice): JointLabels;
  /** The rows of a split's subjects, with all tasks: {@link Labels.inSplit}. */
  inSplit(splits: Splits, name: string): SplitLabels<JointLabels>;
}
/** Options of {@link CodeTable.search}. */
export interface SearchOptions {
  /** The most codes to return. Default: 20. */
  readonly limit?: number | undefined;
}
/**
 * A run of code ids [begin, end). Ids are in the order of the codes' UTF-8 bytes, so codes with a common
 * prefix form a run.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const labs = db.codes.withPrefix("LAB//");
 * for (const id of labs) console.log(id, db.codes.strings[id]);
 * console.log(db.at(0)?.withCode(labs).length);
 * db.close();
 * ```
 */
export declare class CodeRange {
  /** Made by this package only. */
  protected constructor();
  /** The first id. */
  readonly begin: number;
  /** One more than the last id. */
  readonly end: number;
  /** Number of codes. */
  get length(): number;
  /** Whether a code id is in this range. */
  has(id: number): boolean;
  /** The ids in order. */
  [Symbol.iterator](): Iterator<number>;
  /** What `JSON.stringify` writes. */
  toJSON(): {
    readonly begin: number;
    readonly end: number;
  };
}
/**
 * Some codes of a database: {@link CodeTable.select} makes it from any {@link CodeChoice}. It can be used
 * wherever codes are chosen, in databases of this store and of copies of it. Use one in a loop: the choice is then applied once.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const masses = db.codes.select(/mg.dL$/i);
 * let rows = 0;
 * for (const patient of db) rows += patient.withCode(masses).length;
 * console.log(masses.length, rows);
 * db.close();
 * ```
 */
export declare class CodeSelection implements Iterable<number> {
  /** Made by this package only. */
  protected constructor();
  /** Number of codes. */
  readonly length: number;
  /** Whether a code id is in the selection. */
  has(id: number): boolean;
  /** The ids in order. */
  [Symbol.iterator](): Iterator<number>;
  /** What `JSON.stringify` writes: the codes, which mean the same in any store. */
  toJSON(): readonly string[];
}
/** The typed arrays that a column can be viewed through. */
export type TypedArray = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array;
/**
 * A value in JavaScript: bool is boolean; integers of up to 32 bits and floats are number; (u)int64 is
 * bigint (number if the store was opened with `int64: "number"`); decimal is string; timestamp, duration and time are microseconds as number (nanoseconds, and times
 * beyond 2^53 µs, as bigint); date is days since 1970-01-01 as number; utf8 is string; binary is a copied
 * Uint8Array; a list is an array; a struct is an object; a map is an array of [key, value].
 */
export type Value = boolean | number | bigint | string | Uint8Array | readonly (Value | null)[] | {
  readonly [name: string]: Value | null;
};
/** One code of the store. */
export interface Code {
  /** Its id: the number in {@link Timeline.codeIds}, 1 or more. */
  readonly id: number;
  /** The code itself. */
  readonly code: string;
  /** Number of rows with this code, over ALL patients: for display, never for fitting. */
  readonly events: number;
  /** Number of patients with this code, over ALL patients: for display, never for fitting. */
  readonly patients: number;
  /** From the source's codes.parquet; null where it has no description. */
  readonly description: string | null;
  /** `parent_codes` from all rows of this code in the source's codes.parquet; empty where there are none. */
  readonly parents: readonly string[];
}
/** The codes by id. No code has the id 0. */
export type CodeStrings = readonly string[] & {
  readonly 0: undefined;
};
/**
 * The table of codes: id to string and back, counts, descriptions, parents and the other columns of the
 * source's codes.parquet. All shards share one table. Ids start at 1, in the order of the codes' UTF-8 bytes;
 * 0 is unused and free for padding.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * for (const { id, code, events, description } of db.codes) {
 *   if (events > 1000) console.log(id, code, description);
 * }
 * const id = db.codes.id("MEDS_BIRTH"); // undefined where no event has it
 * console.log(id === undefined ? "no births" : db.codes.strings[id]);
 * db.close();
 * ```
 */
export declare class CodeTable implements Iterable<Code> {
  /** Made by this package only. */
  protected constructor();
  /** Number of codes. */
  readonly size: number;
  /**
   * Every code, by id. The entry at 0, which is free for padding, is a hole: it reads as `undefined`, and
   * `filter`, `map` and `forEach` leave it out. A `for…of` loop does not: go through `db.codes` instead. All
   * codes are decoded on first use (0.1 µs per code). The array stays valid after `close()`.
   */
  get strings(): CodeStrings;
  /** The id of a code, or undefined where no event has it. */
  id(code: string): number | undefined;
  /** The codes that begin with `prefix`, compared as UTF-8 bytes; every code for "". */
  withPrefix(prefix: string): CodeRange;
  /**
   * The codes that a choice selects, for use wherever codes are chosen in this database. A choice of strings,
   * prefixes and expressions is remembered in any case; for functions and long lists in a loop, a selection
   * saves applying them again.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a value that cannot be a choice of codes, and for a string
   * that ends in `*` and is both a code and the prefix of others.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const labs = db.codes.select(["LAB//*", { prefix: "VITAL//" }, /admission/i]);
   * const described = db.codes.select(({ description }) => description !== null);
   * console.log(labs.length, described.length, db.at(0)?.withCode(labs).length);
   * db.close();
   * ```
   */
  select(choice: CodeChoice): CodeSelection;
  /**
   * Ids, ascending, of the code and of all codes below it: those that reach it through `parent_codes` of the
   * source's codes.parquet, in any number of steps, also through codes that no event has. Empty where no
   * event has any of them.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const diabetes = db.codes.withAncestor("ICD10CM/E08-E13");
   * if (diabetes.length > 0) {
   *   const { slots } = await db.rowsWithCode(diabetes); // patients with one of them
   *   console.log(diabetes.length, slots.length);
   * }
   * db.close();
   * ```
   */
  withAncestor(code: string): Uint32Array;
  /**
   * The codes that contain all words of a text, in their code or description, in upper or lower case. First the
   * code that is the text itself, then codes in which the words begin words, then the others; of equal ones,
   * first those with more events. The first call reads all codes (2 µs per code), later ones take 0.1 µs per
   * code.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const { code, description, events } of db.codes.search("admission emergency", { limit: 5 }))
   *   console.log(code, description, events);
   * db.close();
   * ```
   */
  search(text: string, options?: SearchOptions): Code[];
  /**
   * The codes that are nearest to a text, at most three: those that begin with it or contain it, in upper or
   * lower case, else those that differ in few letters or have the same first parts. For messages about a code
   * that does not exist.
   */
  nearest(text: string): string[];
  /**
   * The code of an id, with its counts, description and parents; undefined for 0 and ids outside the table.
   */
  get(id: number): Code | undefined;
  /**
   * Names of the columns that {@link CodeTable.value} reads: those of the source's codes.parquet, `events`
   * and `patients`.
   */
  get columnNames(): readonly string[];
  /**
   * The value of a column of the source's codes.parquet for a code id. Null where the code has no value, for
   * 0, for ids outside the table, and for `description` and `parent_codes` where the source lacks them.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` for a name that is not a column of the table.
   */
  value(name: string, id: number): Value | null;
  /** The codes in order of id. */
  [Symbol.iterator](): Iterator<Code>;
  /** What `JSON.stringify` writes: the codes in order of id. */
  toJSON(): readonly Code[];
}
/**
 * A function of a code that returns whether the code is chosen. It is called for each code of the table. It
 * does not receive how often a code occurs: that number depends on held-out patients.
 */
export type CodeTest = (code: Pick<Code, "id" | "code" | "description" | "parents">) => boolean;
/**
 * One part of a {@link CodeChoice}:
 *
 * * a code, such as `"MEDS_BIRTH"`;
 * * a string that ends in `*`: all codes with this prefix, such as `"LAB//*"`, unless it is itself a code;
 * * `{ prefix: "LAB//" }` or `{ prefix: ["LAB//", "VITAL//"] }`;
 * * a `RegExp`, tested on each code: `/glucose/i`;
 * * a function of a code: `({ description }) => description?.includes("glucose") ?? false`;
 * * a code id;
 * * a selection: `db.codes.withPrefix(…)`, `db.codes.select(…)`.
 */
export type CodePart = string | number | CodeRange | CodeSelection | {
  readonly prefix: string | readonly string[];
} | RegExp | CodeTest;
/**
 * Which codes: one {@link CodePart}, or several in an array, a set or another iterable. This is the spelling
 * wherever codes are chosen. `db.codes.withAncestor(…)` returns ids, which can be used too. A part that no
 * code of the store matches selects nothing, and causes one warning per database (`MEDS_NO_CODE`), which
 * names the nearest codes.
 */
export type CodeChoice = CodePart | Iterable<CodePart>;
/** The part of an `AbortSignal` that this package uses. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void, options?: {
    once?: boolean;
  }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
/**
 * A {@link Duration}, or a number of calendar years and months: `"40y"`, `"18mo"`, `"1y6mo"` or `{ years: 40 }`.
 * A year after 29 February is 28 February: a day that the month does not have becomes the month's last day.
 */
export type Span = Duration | {
  readonly years?: number;
  readonly months?: number;
};
/**
 * The time that is a span after a time: microseconds since 1970-01-01, by the UTC calendar.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for what is not a time or span; `MEDS_TIME_RANGE` where the result
 * is outside the years 1684 to 2255.
 * @example
 * ```ts
 * import { PatientDatabase, timeAfter, timeBefore } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * for (const patient of db) {
 *   if (patient.birthTime === null || patient.lastTime === null) continue;
 *   const childhood = patient.until(timeAfter(patient.birthTime, "18y"), { inclusive: false });
 *   const lastDays = patient.from(timeBefore(patient.lastTime, { days: 30 }));
 *   console.log(childhood.length, lastDays.length);
 * }
 * db.close();
 * ```
 */
export declare function timeAfter(time: TimeLike, span: Span): number;
/** The time that is a span before a time, as {@link timeAfter}. */
export declare function timeBefore(time: TimeLike, span: Span): number;
/**
 * A shard for other native code in this process, by the
 * [Arrow C Data Interface](https://arrow.apache.org/docs/format/CDataInterface.html): the addresses of an
 * `ArrowSchema` and an `ArrowArray`. The array is a struct whose fields are the columns of the shard's file
 * (`subject_id`, `events`, `sparse`), with one entry per patient. No buffer is copied: the buffers are those
 * of the mapping.
 *
 * The importer (nanoarrow, Arrow C++, arrow-rs, an add-on of yours) takes ownership: it moves the structs,
 * clears their `release`, and calls `release` when it is done, on any thread. Keep this object until the
 * import has returned, because it owns the addresses. An export that was not imported is released by {@link
 * ArrowExport.release}, or when this object is collected. Exported data share the mapping and stay valid
 * after `db.close()`. The importer must not write to them.
 */
export declare class ArrowExport {
  /** Made by this package only. */
  protected constructor();
  /** Address of the `ArrowSchema`. */
  readonly schema: bigint;
  /** Address of the `ArrowArray`. */
  readonly array: bigint;
  /** Releases what was not imported; the addresses then point to released structs. May be called twice. */
  release(): void;
  /** As {@link ArrowExport.release}. */
  [Symbol.dispose](): void;
}
/** A value as `JSON.stringify` writes it: see {@link Event.toJSON}. */
export type JsonValue = boolean | number | string | null | readonly JsonValue[] | {
  readonly [name: string]: JsonValue;
};
/**
 * The values of a dictionary-coded column, by index. The whole store has one dictionary per column, the same
 * in every shard. Entry 0 means null.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const unit = db.at(0)?.column("unit");
 * console.log(unit?.dictionary?.length, unit?.dictionary?.at(1));
 * db.close();
 * ```
 */
export declare class Dictionary<T = Value> {
  /** Made by this package only. */
  protected constructor();
  /** Number of entries, including entry 0. */
  readonly length: number;
  /** The value of an index; null for 0 and for an index outside the dictionary. */
  at(index: number): T | null;
  /** Every entry in order of index; entry 0 is null. */
  toArray(): (T | null)[];
  /** The entries in order of index; entry 0 is null. */
  [Symbol.iterator](): Iterator<T | null>;
  /** What `JSON.stringify` writes: the entries in order of index, each as in {@link Event.toJSON}. */
  toJSON(): readonly JsonValue[];
}
/** One column of the events. */
export interface ColumnInfo {
  /** Its name in the source. */
  readonly name: string;
  /** Its Arrow type in the source, such as `float`, `large_utf8`, `timestamp[us]`, `list<int32>`. */
  readonly type: string;
  /** Whether the column is null in any row of the store. */
  readonly nullable: boolean;
  /** `dense`: one entry for every row; `sparse`: only the rows that have a value. */
  readonly storage: "dense" | "sparse";
  /**
   * Whether the column is dictionary-coded: its values are stored as indexes into one dictionary for the
   * whole store.
   */
  readonly coded: boolean;
  /** The type of the values in the store. It may be narrower: `large_utf8` is stored as `utf8`. */
  readonly stored: string;
  /** Number of null rows in the whole store. */
  readonly nulls: number;
}
/** Something that the conversion dropped, skipped, changed or repaired. */
export interface Note {
  /**
   * `dropped`, `skipped`, `converted`, `repaired`, `missing` (a file that the source does not have) or
   * `warning`. `dropped` reports a table that loses more than a tenth of its rows: the message contains the
   * table, the number of dropped rows, the number of all its rows, the share, the reason, and the option that
   * keeps them. These notes come first. With `strict` they are errors.
   */
  readonly kind: string;
  /** What and why. */
  readonly message: string;
  /** How many. For `dropped`: rows. */
  readonly count: number;
}
/** The progress of a piece of work. */
export interface Progress {
  /**
   * The current phase, in this order: `start`; `wait` (another process is writing the same store); `plan`
   * (footers and schemas); `transform` (the functions of a transform); `measure` (the first pass over the
   * rows); `sort` (with `repair`); `write` (the second pass); `check` (checksums); `finish`.
   */
  readonly phase: "start" | "wait" | "plan" | "transform" | "measure" | "sort" | "write" | "check" | "finish";
  /** Rows done in this phase, and all its rows (0 while unknown). */
  readonly done: number;
  readonly total: number;
  /** Bytes done in this phase, and all its bytes (0 while unknown). */
  readonly bytes: number;
  readonly bytesTotal: number;
}
/** How to watch and stop a piece of work. */
export interface WorkOptions {
  /**
   * Called at the start, ten times per second during the work, and at the end. An error that it throws ends
   * the work and rejects the promise.
   */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Cancels the work: the promise rejects with `MEDS_CANCELLED`, and no files are left behind. */
  readonly signal?: AbortSignalLike | undefined;
}
/** How much of a file, or of a column of a shard, is in memory: see {@link PatientDatabase.residency}. */
export interface Residency {
  /** Path of the file in the store, such as `shards/00000.arrow`. */
  readonly file: string;
  /** The column; null for the whole file. */
  readonly column: string | null;
  /** Number of bytes, in the store. */
  readonly bytes: number;
  /** Bytes in memory; null where the system does not say. */
  readonly resident: number | null;
}
/** The columns that every MEDS dataset has, and the types of their values. */
export interface StandardColumns {
  /** Microseconds since 1970-01-01; null for a static row. */
  time: number;
  code: string;
  numeric_value: number;
}
/** The default schema of a store: any name, any value. */
export interface AnySchema {
  [column: string]: Value;
}
/** Names of the columns of a schema. */
export type ColumnName<S extends object> = Extract<keyof S | keyof StandardColumns, string>;
/** The type of a column's values. It includes null, except for `code`, which is never null in MEDS. */
export type ColumnValue<S extends object, N extends string> = N extends "code" ? string : N extends keyof StandardColumns ? StandardColumns[N] | null : N extends keyof S ? S[N] | null : never;
/** The values of all columns of a row, by name. */
export type ColumnValues<S extends object> = {
  [N in ColumnName<S>]: ColumnValue<S, N>;
};
/** The values of a row, by name, without the columns that have no value. */
export type PresentValues<S extends object> = {
  [N in ColumnName<S>]?: NonNullable<ColumnValue<S, N>>;
};
/** The name of a column, and its value in a row. */
export type ColumnEntry<S extends object> = {
  [N in ColumnName<S>]: [
    name: N,
    value: NonNullable<ColumnValue<S, N>>
  ];
}[ColumnName<S>];
/** What surrounds the text of a chat. */
export interface ChatOptions {
  /** The message of the role `system`. Default: none. */
  readonly system?: string | undefined;
  /** Follows the timeline in the message of the role `user`. Default: nothing. */
  readonly question?: string | undefined;
  /** How the values of labels are written in the message of the role `assistant`. Default: yes and no, others as they are. */
  readonly answers?: {
    readonly true: string;
    readonly false: string;
  } | undefined;
}
/**
 * How times are written:
 *
 * * `"absolute"` (the default): as they are, in UTC;
 * * `{ shiftTo: "2024-01-01" }`: moved by the same length, so that the prediction time (without one: the last row)
 *   falls on this day. Its time of day stays;
 * * `"relative"`: as days before the prediction time;
 * * `"age"`: as the age of the patient;
 * * `"none"`: not at all.
 */
export type TextTimes = "absolute" | "relative" | "age" | "none" | {
  readonly shiftTo: TimeLike;
};
/** What every section has. */
export interface SectionOptions {
  /**
   * If a budget is short, sections with a higher priority are written first, and of two with the same the first one.
   * Default: demographics 100, latest values 80, notes and sections of your own, which no text has unless you ask for
   * them, 70, list of visits 60, visits 50, general events 40.
   */
  readonly priority?: number | undefined;
  /** If true, a budget without room for all of the section is an error. Default: true for demographics only. */
  readonly required?: boolean | undefined;
}
interface SectionPlan {
  readonly section: string;
  readonly priority: number;
  readonly required: boolean;
}
/**
 * How tokens are counted:
 *
 * * the name of an encoding of OpenAI (`"o200k_base"`, `"cl100k_base"`, …), by the package `gpt-tokenizer`;
 * * the path of a `tokenizer.json` of Hugging Face, by the package `@huggingface/tokenizers`;
 * * `"approximate"`: one token for three bytes of UTF-8, without a package. Most tokenizers count fewer; a text may
 *   still exceed the budget of a model;
 * * a function that returns the number of tokens of a text. It cannot be sent to worker threads.
 */
export type Tokenizer = string | ((text: string) => number);
/** Something that is measured under several codes, in several units. */
export interface Concept {
  readonly name: string;
  /** The unit in which its values are shown. */
  readonly unit: string;
  /** Its codes, as in {@link CodeChoice}. */
  readonly codes: readonly string[];
  /** Values outside this range are errors of measurement: they are left out. */
  readonly plausible?: readonly [
    low: number,
    high: number
  ] | undefined;
  /** Values of a healthy adult. */
  readonly normal?: readonly [
    low: number,
    high: number
  ] | undefined;
  /** Decimals that are shown. */
  readonly decimals: number;
  /** By unit of the data: the factor to `unit`, or the factor and what is added then. */
  readonly units: Readonly<Record<string, number | readonly [
    factor: number,
    offset: number
  ]>>;
}
/** Concepts below one heading. */
export interface ConceptGroup {
  readonly heading: string;
  readonly concepts: readonly Concept[];
}
/** A list of concepts: the content of a file such as `data/concepts.json` of this package. */
export interface ConceptList {
  readonly groups: readonly ConceptGroup[];
}
/** The name of the column for each meaning. A meaning without a column is left out. */
export interface TextColumns {
  readonly type?: string | undefined;
  readonly end?: string | undefined;
  readonly visit?: string | undefined;
  readonly text?: string | undefined;
  readonly note?: string | undefined;
  readonly provider?: string | undefined;
  readonly careSite?: string | undefined;
}
/** Names by code, which take precedence over the descriptions of codes.parquet. */
export type CodeNames = Readonly<Record<string, string>> | ReadonlyMap<string, string>;
/** What a budget left out: whole blocks, single items of others, and the rows of both. */
export interface DocumentLeftOut {
  readonly blocks: number;
  readonly items: number;
  readonly rows: number;
}
/** One line, or one note. */
export interface DocumentItem {
  /** A heading of this item and those after it, within its block. */
  readonly heading: string | null;
  readonly text: string;
  /** Prose, such as a note, which may have several lines. */
  readonly isProse: boolean;
}
/** Items, below a heading of their own where they have one, such as those of a visit. */
export interface DocumentBlock {
  readonly heading: string | null;
  readonly items: readonly DocumentItem[];
}
/** A section. Headings and items have no marks of Markdown. */
export interface DocumentSection {
  /** The function that the section is from, such as `visits`; the name of a section of your own. */
  readonly name: string;
  readonly heading: string;
  /** Empty where the budget has room for none of them. */
  readonly blocks: readonly DocumentBlock[];
  readonly leftOut: DocumentLeftOut;
}
/** A text before it is written: the sections that have something to say, as far as the budget has room for them. */
export interface TextDocument {
  readonly subjectId: bigint;
  /** ISO 8601, as the text writes times: moved with `shiftTo`; null where no dates are written, and for whole patients. */
  readonly predictionTime: string | null;
  readonly sections: readonly DocumentSection[];
  /** What is left out of all sections. */
  readonly leftOut: DocumentLeftOut;
}
/** Writes a text from its sections. */
export type WriteText = (document: TextDocument) => string;
type Callable = (...args: never[]) => unknown;
interface ModuleFunction {
  readonly kind: "module";
  /** The module's file: the URL for `import`, the path for messages. */
  readonly url: string;
  readonly path: string;
  readonly name: string;
  /** Changes with the file, because a thread that has imported the file never reads it again. */
  readonly version: string;
}
/** A module: its file URL (a `URL`, or its text), or an absolute path. */
export type ModuleUrl = string | {
  readonly href: string;
};
type Own<F extends Callable> = F | ModuleFunction;
/**
 * An event that is known at the prediction time. Its times are those of the text: with `times: { shiftTo }` they are
 * moved; with `relative`, `age` and `none`, the day of the prediction time is 1970-01-01.
 */
export declare class KnownEvent {
  /** Made by this package only. */
  protected constructor();
  #private;
  /** The code. */
  get code(): string;
  /** The name of the code: from the option `names`, else its description, else the code. */
  get name(): string;
  /** The kind of event: its OMOP table, or a guess from its code, such as `measurement`. */
  get type(): string;
  /** The event has no time: it describes the patient as a whole. */
  get isStatic(): boolean;
  /**
   * Microseconds since 1970-01-01; null for a static event.
   *
   * @throws MedsError `MEDS_TIME_RANGE` outside 1684 to 2255: read {@link KnownEvent.timeMicros}.
   */
  get time(): number | null;
  /** Microseconds since 1970-01-01, exact for any time; null for a static event. */
  get timeMicros(): bigint | null;
  /** The time as a `Date`, rounded down to the millisecond; null for a static event. */
  get date(): Date | null;
  /** When what begins at this event ends, in microseconds since 1970-01-01; null where it is not known. */
  get endMicros(): bigint | null;
  /** The value as texts write it: the number with the digits of the source, else the text; null where there is neither. */
  get value(): string | null;
  /** The numeric value, or null. */
  get numericValue(): number | null;
  /** The text: a value in words, or a note; null where there is none. */
  get text(): string | null;
  /** The unit of the numeric value; null where the data have none. */
  get unit(): string | null;
  /** The id of the visit; null outside of visits. */
  get visit(): string | null;
}
/**
 * What is known of a patient at the prediction time: all that the function of {@link custom} receives. It contains no
 * later row, and no value that became known later.
 */
export declare class KnownTimeline implements Iterable<KnownEvent> {
  /** Made by this package only. */
  protected constructor();
  #private;
  /** Known rows in order of time, static ones first. */
  readonly events: readonly KnownEvent[];
  readonly subjectId: bigint;
  /** Number of events. */
  get length(): number;
  /** The prediction time, moved as the times of events are; null for a whole patient. */
  get predictionTime(): bigint | null;
  /** The known events with some codes, in order of time. */
  withCode(codes: CodeChoice): KnownEvent[];
  /** The name of a code: from the option `names`, else its description, else the code. */
  name(code: string): string;
  /**
   * A time of an event in the words of the text: "on 2012-05-17", "at age 62", "12 days before prediction time", or ""
   * where the text shows no times.
   */
  when(time: TimeLike | null): string;
  /** The events in order. */
  [Symbol.iterator](): IterableIterator<KnownEvent>;
}
/**
 * A line of a section: its text, and the number of rows that it shows (0 where it is not said). Line ends in it become
 * spaces; an empty line is not written.
 */
export type SectionLine = string | {
  readonly text: string;
  readonly rows?: number | undefined;
};
/** Lines below a heading of their own. A short budget leaves out whole blocks first. */
export interface SectionBlock {
  readonly heading: string;
  readonly lines: readonly SectionLine[];
}
/**
 * What a section contains: lines, blocks, or a text of several lines, which a short budget cuts after a word. Nothing
 * (`null`, `undefined`, an empty list or text): the section is not written.
 */
export type SectionContent = string | readonly (SectionLine | SectionBlock)[] | null | undefined;
/** Writes a section from what is known of a patient at the prediction time. */
export type WriteSection = (known: KnownTimeline) => SectionContent;
/** Options of {@link custom}. */
export interface CustomOptions extends SectionOptions {
  /** What reports call the section. */
  readonly name: string;
  /** The heading, without marks. */
  readonly heading: string;
  /**
   * The function, or the URL of a module that exports it: `new URL("./section.mjs", import.meta.url)`. Worker threads
   * import the module; a function runs in the caller's thread only. It must depend on nothing but its argument.
   */
  readonly write: WriteSection | ModuleUrl;
  /** With a module: the name of the exported function. Default: the default export. */
  readonly exportName?: string | undefined;
  /** Which lines and blocks a short budget keeps. Default: `first`. */
  readonly keep?: "first" | "last" | undefined;
}
interface CustomPlan extends SectionPlan {
  readonly section: "custom";
  readonly name: string;
  readonly heading: string;
  readonly keep: "first" | "last";
  readonly write: Own<WriteSection>;
}
/**
 * A section that a function of yours writes. The function receives the rows that are known at the prediction time, and
 * returns lines. Times are moved or hidden as the option `times` says. Priority: 70 where it is not set.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT`; `MEDS_NOT_FOUND` for a module that does not exist. Where the function
 * throws, or returns something else, the text fails with `MEDS_PASS_FAILED`, which names the section and the patient.
 * @example
 * ```ts
 * import { custom, demographics, PatientDatabase } from "meds-reader";
 *
 * const labs = custom({
 *   name: "labs",
 *   heading: "Last Tests",
 *   write: (known) =>
 *     known.withCode("LAB//*").slice(-5).map(({ name, value, unit, time }) => `${name}: ${value} ${unit ?? ""} ${known.when(time)}`),
 * });
 * const db = PatientDatabase.open("demo.medsdb");
 * console.log(db.at(0)!.toText({ at: "2020-01-01", sections: [demographics(), labs] }).text);
 * db.close();
 * ```
 */
export declare function custom(options: CustomOptions): CustomPlan;
/** Options of {@link generalEvents}. */
export interface GeneralEventsOptions extends SectionOptions {
  /** Values of each event: the last ones. Default: 3. */
  readonly values?: number | undefined;
}
interface GeneralEventsPlan extends SectionPlan {
  readonly section: "generalEvents";
  readonly values: number;
}
/** The section with the events that belong to no visit, each once with its last values, the latest event first. */
export declare function generalEvents(options?: GeneralEventsOptions): GeneralEventsPlan;
/** Options of {@link latestValues}. */
export interface LatestValuesOptions extends SectionOptions {
  /**
   * What is measured: the path of a JSON file, or its content. Default: `data/concepts.json` of this package, with body
   * metrics, vital signs and frequent laboratory tests. It says where codes and ranges come from.
   */
  readonly concepts?: string | ConceptList | undefined;
  /** Values of each concept, the latest first. Default: 3. */
  readonly values?: number | undefined;
  /** Write the day of each value. Default: false. */
  readonly dates?: boolean | undefined;
  /** Name the concepts without a value too. Default: false. */
  readonly absent?: boolean | undefined;
}
interface LatestValuesPlan extends SectionPlan {
  readonly section: "latestValues";
  readonly concepts: ConceptList;
  readonly values: number;
  readonly dates: boolean;
  readonly absent: boolean;
}
/**
 * The section with the latest values of each concept, in one unit. Values with another unit, and those that cannot be
 * right, are left out. For adults, each value is rated low, normal or high. Rows with these codes are not repeated in
 * other sections.
 */
export declare function latestValues(options?: LatestValuesOptions): LatestValuesPlan;
/** Options of {@link notes}. */
export interface NotesOptions extends SectionOptions {
  /** Only notes of these types: codes, or parts of the names of codes, in upper or lower case. Default: all. */
  readonly types?: readonly string[] | undefined;
  /** The number of notes, the latest first. Default: 5. */
  readonly newest?: number | undefined;
  /** Notes are cut after about this many tokens (at a space). Default: no limit; a budget may cut the last note. */
  readonly maxTokens?: number | undefined;
  /**
   * Paragraphs that are copied from note to note. `drop`, the default: an older note has a mark in place of the paragraphs
   * that a newer note of the text has, too, character by character. `keep`: all notes are whole. Paragraphs are separated by
   * empty lines; those of fewer than 40 characters, such as headings, stay.
   */
  readonly copies?: "drop" | "keep" | undefined;
}
interface NotesPlan extends SectionPlan {
  readonly section: "notes";
  readonly types: readonly string[] | null;
  readonly newest: number;
  readonly maxTokens: number | null;
  readonly copies: "drop" | "keep";
}
/**
 * The section with the text of the latest notes. Without it, a text contains no notes. Long notes can take all of a short
 * budget but for demographics and latest values: set `maxTokens`, or a lower `priority`. Priority: 70 where it is not set.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT`.
 * @example
 * ```ts
 * import { demographics, notes, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const sections = [demographics(), notes({ types: ["radiology"], newest: 2, priority: 90 })];
 * console.log(db.at(0)!.toText({ at: "2020-01-01", sections, budget: 800, tokenizer: "approximate" }).text);
 * db.close();
 * ```
 */
export declare function notes(options?: NotesOptions): NotesPlan;
/** Options of {@link visits}. */
export interface VisitsOptions extends SectionOptions {
  /** Which visit comes first. Default: `recent`. A short budget keeps the latest visits in both orders. */
  readonly order?: "recent" | "oldest" | undefined;
  /** Values of each event of a visit: the last ones. Default: 3. */
  readonly values?: number | undefined;
}
interface VisitsPlan extends SectionPlan {
  readonly section: "visits";
  readonly order: "recent" | "oldest";
  readonly values: number;
}
/**
 * The section with what happened at each visit: conditions, medications, procedures, measurements and further events,
 * each once per visit with its last values.
 */
export declare function visits(options?: VisitsOptions): VisitsPlan;
/** A section of a text: what `demographics()` and its like return. */
export type Section = (SectionPlan & {
  readonly section: "demographics" | "visitList";
}) | LatestValuesPlan | VisitsPlan | GeneralEventsPlan | NotesPlan | CustomPlan;
declare const FORMATS: readonly [
  "markdown",
  "chat",
  "lumia-xml",
  "medalign-xml",
  "jsonl",
  "jsonl-events"
];
export type TextFormat = (typeof FORMATS)[number];
/** Options of every text. */
export interface TextOptions {
  /**
   * `markdown` (the default): sections with headings. `chat`: the same, as JSON of chat messages. `lumia-xml`: every
   * known row, in encounters. `medalign-xml`: the same in the elements of MedAlign's sample. `jsonl`: the same as one line
   * of JSON per patient; `jsonl-events`: per row. With a `budget`, these keep the latest rows.
   *
   * A format of your own: a function from the sections to the text, or the URL of a module whose default export it is,
   * `new URL("./format.mjs", import.meta.url)`. Worker threads import the module; a function runs in the caller's thread
   * only. If a `budget` is short, it is called several times for a text, with more or less.
   */
  readonly format?: TextFormat | WriteText | {
    readonly href: string;
  } | undefined;
  /** The sections of `markdown`, `chat` and formats of your own, in order. Default: all but notes. */
  readonly sections?: readonly Section[] | undefined;
  /** With `chat`: what surrounds the timeline. */
  readonly chat?: ChatOptions | undefined;
  /**
   * The most tokens of a text; with `chat` of the whole prompt: system message, timeline and question (the answer, and
   * what a model puts around messages, are not counted). Requires `tokenizer`. Default: no limit.
   */
  readonly budget?: number | undefined;
  /** How tokens are counted. Default: not at all. */
  readonly tokenizer?: Tokenizer | undefined;
  /** How times are written. Default: `absolute`. Formats with records are `absolute` or shifted. */
  readonly times?: TextTimes | undefined;
  /** Names of codes, which take precedence over the descriptions of codes.parquet. */
  readonly names?: CodeNames | undefined;
  /** Which columns of the data have which meaning. Default: `table`, `end`, `visit_id`, `hadm_id`, `text_value`, …. */
  readonly columns?: TextColumns | undefined;
}
/** Options of {@link Timeline.toText}. */
export interface ToTextOptions extends TextOptions {
  /**
   * The prediction time: the text has the rows up to this time, and says nothing that became known later. Without it,
   * the text of a patient has all rows, and that of another timeline is as of the time of its last row.
   */
  readonly at?: TimeLike | undefined;
  /** Whether what happens at exactly this time is known. Default: true. */
  readonly inclusive?: boolean | undefined;
}
/** What a text says of a section. */
export interface SectionReport {
  /** The function that the section is from, such as `visits`; the name of a section of your own. */
  readonly name: string;
  readonly heading: string;
  /** Rows that it shows. */
  readonly rows: number;
  /** What the budget left out: whole blocks (visits, notes), items of others, and the rows of both. */
  readonly blocksLeftOut: number;
  readonly itemsLeftOut: number;
  readonly rowsLeftOut: number;
  /** Paragraphs of notes in whose place is a mark, because a newer note has them, too. */
  readonly copies: number;
}
interface TextFacts {
  /** Tokens of the text, with `chat` of the system message, the timeline and the question; null without a tokenizer. */
  readonly tokens: number | null;
  /** Rows that were known. */
  readonly rows: number;
  /** Rows that the text shows. */
  readonly rowsKept: number;
  /** The sections of a document; empty for formats with every row. */
  readonly sections: readonly SectionReport[];
}
/** A timeline as text: {@link Timeline.toText} returns it. */
export declare class TimelineText implements TextFacts {
  /** Made by this package only. */
  protected constructor();
  readonly subjectId: bigint;
  /** No later row has an influence on the text. Microseconds since 1970-01-01; null without a cut-off. */
  readonly cutoff: bigint | null;
  readonly tokens: number | null;
  readonly rows: number;
  readonly rowsKept: number;
  readonly sections: readonly SectionReport[];
  /** Known rows that the text does not show: earlier values, what no section shows, and what the budget left out. */
  get rowsLeftOut(): number;
  /** The text. */
  get text(): string;
  /** The text as UTF-8, for files. */
  get bytes(): Uint8Array;
  /** The text, so that `${timeline.toText()}` is the text. */
  toString(): string;
}
/**
 * The part of an apache-arrow `Table` that this package declares. For the whole type, write
 * `await db.toArrow<Table>()` after `import type { Table } from "apache-arrow"`.
 */
export interface ArrowTable {
  readonly numRows: number;
  readonly numCols: number;
  readonly schema: {
    readonly fields: readonly {
      readonly name: string;
      readonly nullable: boolean;
    }[];
  };
  readonly batches: readonly unknown[];
  /** A column by name; null for an unknown name. */
  getChild(name: string): ArrowVector | null;
}
/** A column of an {@link ArrowTable}. */
export interface ArrowVector extends Iterable<unknown> {
  readonly length: number;
  /** Null where the row has no value. */
  get(index: number): unknown;
}
/** How a window by time is cut. */
export interface WindowOptions {
  /** Rows at exactly the time of the bound belong to the window. Default: true. */
  readonly inclusive?: boolean | undefined;
  /** The patient's static rows (no time) belong to the window. Default: true. */
  readonly static?: boolean | undefined;
}
/** Options of {@link Timeline.between}. */
export interface BetweenOptions {
  /**
   * Whether rows at exactly the time of a bound belong to the window: at both bounds (true, the default), at
   * neither (false), or only at `"start"` or `"end"`.
   */
  readonly inclusive?: boolean | "start" | "end" | undefined;
  /** The patient's static rows (no time) belong to the window. Default: true. */
  readonly static?: boolean | undefined;
}
/**
 * One column of a timeline: `at(i)` for every column, and arrays as in this table.
 *
 * | column | `values` | `indexes`, `dictionary` | `rows` |
 * | --- | --- | --- | --- |
 * | dense, numbers | view, one entry per row | - | - |
 * | dense, coded | decoded copy, one entry per row | view of ids, 0 = null | - |
 * | sparse, numbers | view, one entry per value | - | the row of each value |
 * | sparse, coded | decoded copy, one entry per value | view of ids | the row of each value |
 * | text, bool, nested | decoded copy | - | where sparse |
 *
 * Views become copies where the timeline's rows are not one run (see {@link Timeline}). Null entries of a
 * dense view contain NaN (floats), the int64 minimum (64-bit integers and times; the same bits, 2^63, for
 * uint64) or 0: use `isNull(i)`.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open<{ unit: string }>("demo.medsdb");
 * const patient = db.at(0)!;
 * const unit = patient.column("unit");
 * for (let i = 0; i < patient.length; i += 1) {
 *   const value = unit.at(i); // string | null
 *   if (value !== null) console.log(patient.codeAt(i), value);
 * }
 * db.close();
 * ```
 */
export declare class Column<T = Value | null> implements Iterable<T> {
  /** Made by this package only. */
  protected constructor();
  /** Number of rows of the timeline. */
  readonly length: number;
  /** Name, types and storage. */
  get info(): ColumnInfo;
  /**
   * The value of a row, or null. A negative index counts from the end.
   *
   * @throws MedsError `MEDS_OUT_OF_RANGE` outside the timeline; `MEDS_CORRUPT` where the store is damaged.
   */
  at(i: number): T;
  /**
   * The value of a row as a number, or null: also int64 and uint64, which are bigints in `at(i)`. NaN, which
   * a few sources have as a value, is null here too.
   *
   * @throws MedsError `MEDS_UNSAFE_NUMBER` for a value beyond 2^53 (it is never rounded); `MEDS_COLUMN_TYPE` for
   * a column of other values; and the errors of {@link Column.at}.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const visit = db.at(0)!.column("visit_id");
   * console.log(visit.at(-1), visit.numberAt(-1)); // 17n 17
   * db.close();
   * ```
   */
  numberAt(i: number): number | null;
  /** Whether the row has no value. */
  isNull(i: number): boolean;
  /**
   * The values: one entry per row where dense, one per entry of {@link Column.rows} where sparse. See the
   * table above. A tensor over a view is empty after `close()`: make it over `values.slice()`.
   */
  get values(): TypedArray | readonly T[];
  /**
   * Ids of a coded column's values in {@link Column.dictionary}, 0 = null; undefined where it is not coded.
   * Entries as in `values`.
   */
  get indexes(): Uint8Array | Uint16Array | Uint32Array | undefined;
  /** The values of a coded column by id; undefined where it is not coded. */
  get dictionary(): Dictionary<NonNullable<T>> | undefined;
  /** The rows of the timeline where a sparse column has a value, ascending; undefined where it is dense. */
  get rows(): Uint16Array | Uint32Array | undefined;
  /**
   * A dense copy, one entry per row: a typed array for numbers of fixed width (null = NaN for floats, the
   * int64 minimum for 64-bit integers and times as above, 0 for the rest), a Uint8Array of 0 and 1 for bool
   * (null = 0), else an array of values.
   */
  toArray(): TypedArray | T[];
  /** The values in order, including null. */
  [Symbol.iterator](): IterableIterator<T>;
  /** What `JSON.stringify` writes: the values in order, each as in {@link Event.toJSON}. */
  toJSON(): readonly JsonValue[];
}
/** A copy of a timeline's rows. It may be used after `close()` and posted to a worker. */
export interface TimelineCopy {
  readonly subjectId: bigint;
  readonly staticCount: number;
  /** int64 microseconds since 1970-01-01; static rows contain the int64 minimum. */
  readonly times: BigInt64Array;
  readonly codeIds: Uint8Array | Uint16Array | Uint32Array;
  /** NaN for null. */
  readonly numericValues: Float32Array | Float64Array;
  /** The requested columns, as {@link Column.toArray} returns them. */
  readonly columns: {
    readonly [name: string]: TypedArray | readonly unknown[];
  };
}
/**
 * New values for some columns of a row, by their names in the store. `time` is a time, or null for a static
 * row. Other columns have values as {@link Event.get} returns them, or null.
 */
export type RowChanges<S extends object = AnySchema> = {
  readonly [N in ColumnName<S>]?: N extends "time" ? TimeLike | null : ColumnValue<S, N> | (string extends N ? Date : never);
};
/** A new row, not based on an event of the store. Columns that it does not name are null. */
export type NewRow<S extends object = AnySchema> = RowChanges<S> & {
  /** Microseconds since 1970-01-01, or a `Date`; null for a static row. */
  readonly time: TimeLike | null;
  readonly code: string;
};
/**
 * A row for another store: an event with changes, or a new row. {@link Event.with} creates it, for the
 * function of {@link transform}.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const row = db.at(0)!.at(-1)!.with({ code: "RENAMED", numeric_value: null });
 * console.log(row.code, row.numericValue, row.time);
 * db.close();
 * ```
 */
export declare class Row<S extends object = AnySchema> {
  /** Made by this package only. */
  protected constructor();
  /**
   * As {@link Event.time}.
   *
   * @throws MedsError `MEDS_TIME_RANGE` outside 1684 to 2255: read {@link Row.timeMicros}.
   */
  get time(): number | null;
  /** As {@link Event.timeMicros}. */
  get timeMicros(): bigint | null;
  /** The code. */
  get code(): string;
  /** The numeric value, or null. */
  get numericValue(): number | null;
  /**
   * The value of a column, or null. A new row has null in columns that it does not name.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` for a name that is not a column of the event.
   */
  get<N extends ColumnName<S>>(name: N): ColumnValue<S, N> | null;
  /** The row with other values in some columns. */
  with(changes: RowChanges<S>): Row<S>;
}
/** Which columns {@link Event.toObject} and {@link Event.toJSON} return. */
export interface ObjectOptions {
  /** Whether columns without a value are there, as null. Default: true. */
  readonly nulls?: boolean | undefined;
}
/**
 * One row of a patient: a code with a time and perhaps a value. It is an index into the mapped file and
 * contains no data itself: after `close()` all its getters throw `MEDS_CLOSED`.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open<{ unit: string }>("demo.medsdb");
 * for (const event of db.at(0)!) {
 *   if (event.numericValue !== null) console.log(event.date, event.code, event.numericValue, event.get("unit"));
 * }
 * db.close();
 * ```
 */
export declare class Event<S extends object = AnySchema> {
  /** Made by this package only. */
  protected constructor();
  /**
   * Microseconds since 1970-01-01; null for a static row.
   *
   * @throws MedsError `MEDS_TIME_RANGE` outside 1684 to 2255, where a number is not exact: read
   * {@link Event.timeMicros}.
   */
  get time(): number | null;
  /** Microseconds since 1970-01-01, exact for every int64; null for a static row. */
  get timeMicros(): bigint | null;
  /**
   * The time as a `Date`, rounded down to the millisecond; null for a static row. For display: making a `Date`
   * takes ten times as long as {@link Event.time}. For years there is {@link Event.year}.
   *
   * @throws MedsError `MEDS_TIME_RANGE` for times outside the range of a `Date`, 271821 BC to 275760.
   */
  get date(): Date | null;
  /**
   * The year of the time in the calendar (UTC), for any time; null for a static row. The year 0 is 1 BC. It
   * costs about 3 ns more than {@link Event.time} where rows are in order of time.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const rows = new Map<number, number>(); // by year
   * for (const patient of db) {
   *   for (const { year } of patient) if (year !== null) rows.set(year, (rows.get(year) ?? 0) + 1);
   * }
   * console.log(rows);
   * db.close();
   * ```
   */
  get year(): number | null;
  /** The row has no time: it describes the patient as a whole. Static rows come first. */
  get isStatic(): boolean;
  /** The code. */
  get code(): string;
  /** The code's id in {@link PatientDatabase.codes}, 1 or more. */
  get codeId(): number;
  /** The description of the code in the source's codes.parquet; null where there is none. */
  get description(): string | null;
  /**
   * The unit of the numeric value: from the row's own column of units (`unit`, `units`, `valueuom` or
   * `unit_of_measure`); if the row has none there, the unit of its code in codes.parquet, if that names
   * exactly one. Null where there is none, and for the text UNK.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const event of db.at(0)!) {
   *   if (event.numericValue !== null) console.log(event.description ?? event.code, event.numericValue, event.unit);
   * }
   * db.close();
   * ```
   */
  get unit(): string | null;
  /** The numeric value, or null. NaN is a value: it means that the source contains NaN. */
  get numericValue(): number | null;
  /**
   * The value of a column, or null.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` for a name that is not a column.
   */
  get<N extends ColumnName<S>>(name: N): ColumnValue<S, N>;
  /**
   * The row with other values in some columns, for the function of {@link transform}. The store does not
   * change.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for `undefined`, a code that is not a string, an invalid time,
   * and `subject_id`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const event = db.at(0)!.at(-1)!;
   * console.log(event.with({ code: event.code.toLowerCase() }).code);
   * db.close();
   * ```
   */
  with(changes: RowChanges<S>): Row<S>;
  /**
   * The values of all columns by name, as {@link Event.get} returns them. `{ nulls: false }` leaves out the
   * columns that have no value.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for an unknown option.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * console.log(db.at(0)?.at(-1)?.toObject({ nulls: false })); // { time: …, code: "…", unit: "…" }
   * db.close();
   * ```
   */
  toObject(): ColumnValues<S>;
  toObject(options: {
    readonly nulls: false;
  }): PresentValues<S>;
  toObject(options: ObjectOptions | undefined): ColumnValues<S> | PresentValues<S>;
  /**
   * The columns that have a value, in the order of `db.columns`, as `[name, value]`.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const [name, value] of db.at(0)!.at(-1)!.entries()) console.log(name, value);
   * db.close();
   * ```
   */
  entries(): ColumnEntry<S>[];
  /**
   * What `JSON.stringify` writes: all columns by name, including null, or without it (`{ nulls: false }`).
   * Times stay microseconds. Numbers of 32 bits have their own digits (1.1, not 1.100000023841858): a reader
   * that reads them as float32 has the same bits. 64-bit integers and times beyond 2^53 become decimal text,
   * bytes become base64, NaN and infinities become text, so that nothing is rounded or lost but the sign of -0.
   *
   * `JSON.stringify` passes the key of the event, a text, which is ignored.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for an unknown option.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const event = db.at(0)?.at(-1);
   * console.log(JSON.stringify(event)); // {"time":…,"code":"…","numeric_value":null,…}
   * console.log(JSON.stringify(event?.toJSON({ nulls: false }))); // {"time":…,"code":"…","unit":"…"}
   * db.close();
   * ```
   */
  toJSON(options?: ObjectOptions | string): {
    readonly [column: string]: JsonValue;
  };
}
/** The rows of a timeline that have one value in a column. {@link Timeline.groupBy} returns groups. */
export declare class Group<K = Value, S extends object = AnySchema> implements Iterable<Event<S>> {
  /** Made by this package only. */
  protected constructor();
  /** The value of the column, which is not null. */
  readonly key: K;
  /** Number of rows. */
  readonly length: number;
  /**
   * Time of the first row that has one, in microseconds since 1970-01-01; null where all rows are static.
   *
   * @throws MedsError `MEDS_TIME_RANGE` as {@link Event.time}.
   */
  get begin(): number | null;
  /** Time of the last row, as {@link Group.begin}. */
  get end(): number | null;
  /**
   * The rows, in order. Where they follow one another, this is a slice of the timeline. Otherwise it is a list
   * of row numbers, which is made when it is first read; no values are copied.
   */
  get rows(): Timeline<S>;
  /** The same as iterating over {@link Group.rows}. */
  [Symbol.iterator](): Iterator<Event<S>>;
  /** What `JSON.stringify` writes: the key and the rows, each as {@link Event.toJSON} returns it. */
  toJSON(): {
    readonly [name: string]: JsonValue;
  };
}
/** Options of {@link Timeline.visits}. */
export interface VisitOptions {
  /**
   * The column with the visit of a row. Default: `visit_id` where the store has this column, else `hadm_id`.
   */
  readonly column?: string | undefined;
}
/**
 * The rows of one visit. All of them have a time. `begin` and `end` are the times of the first and the last
 * row, which need not be admission and discharge: orders come before, bills after.
 */
export interface Visit<K = NonNullable<Value>, S extends object = AnySchema> extends Group<K, S> {
  readonly begin: number;
  readonly end: number;
}
/** The type of a visit's key: that of the column `visit_id` or `hadm_id` in the schema of `open`. */
export type VisitKey<S extends object> = S extends {
  visit_id: infer V;
} | {
  hadm_id: infer V;
} ? NonNullable<V> : NonNullable<Value>;
/** A function of an event that returns true or false. */
export type EventTest<S extends object = AnySchema> = (event: Event<S>) => boolean;
/** Codes as in {@link CodeChoice}, but no number and no single function, which mean other things here. */
export type CodesOfRow = Exclude<CodeChoice, number | ((...code: never) => unknown)>;
/** Options of {@link Timeline.first} and {@link Timeline.last}. */
export interface HitOptions {
  /** `"value"`: only rows with a numeric value. */
  readonly with?: "value" | undefined;
}
/**
 * Called for each row: time in microseconds since 1970-01-01 (NaN for a static row), code, numeric value (NaN
 * for null), index.
 */
export type Visitor = (time: number, code: string, value: number, index: number) => void;
/**
 * Rows of one patient in order: static rows (no time) first, then by time. A whole patient, or a window of
 * one. A window costs one binary search per bound and copies nothing. Index i means the same row in every
 * accessor. `times`, `codeIds` and the other arrays are views of the mapped file if the rows are one run, that
 * is, if they follow one another in the file. They are copies if rows are missing between the static rows and
 * the rest (`from`, `between`), or if the rows were selected by code.
 *
 * Do not post views to a worker, because the whole shard would be cloned. Post {@link Timeline.copy} instead.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const patient = db.at(0)!;
 * const history = patient.until(new Date("2100-01-01")).last(512);
 * const { codeIds, numericValues } = history; // typed arrays, one entry per row
 * for (let i = 0; i < history.length; i += 1) {
 *   if (history.timeAt(i) > 0 && numericValues[i]! > 100) console.log(db.codes.strings[codeIds[i]!]);
 * }
 * db.close();
 * ```
 */
export declare class Timeline<S extends object = AnySchema> implements Iterable<Event<S>> {
  /** Made by this package only. */
  protected constructor();
  /** Number of rows. */
  readonly length: number;
  /** Number of static rows: those at indexes 0 to staticCount - 1. */
  readonly staticCount: number;
  /** The subject's id, any int64. */
  get subjectId(): bigint;
  /** The patient's index in storage order: `db.at(slot)`. */
  get slot(): number;
  /** Time of the first timed row, in microseconds since 1970-01-01; null where all rows are static. */
  get firstTime(): number | null;
  /** Time of the last row, in microseconds since 1970-01-01; null where all rows are static. */
  get lastTime(): number | null;
  /**
   * int64 microseconds since 1970-01-01, one entry per row; static rows contain the int64 minimum. Slow in
   * loops (bigints): see {@link Timeline.timeAt}.
   */
  get times(): BigInt64Array;
  /**
   * Times as 32-bit words, [low, high] per row: `words[2 * i + 1] * 2 ** 32 + (words[2 * i] >>> 0)`
   * microseconds. For hot loops.
   */
  get timeWords(): Int32Array;
  /** Code ids, one entry per row: indexes into `db.codes.strings`. */
  get codeIds(): Uint8Array | Uint16Array | Uint32Array;
  /**
   * Numeric values, one entry per row; NaN for null (all NaN where the source has no such column). Often a
   * view of the store: a tensor that is made over it, without a copy, is empty after `close()`.
   */
  get numericValues(): Float32Array | Float64Array;
  /**
   * Time of a row in microseconds since 1970-01-01; NaN for a static row.
   *
   * @throws MedsError `MEDS_TIME_RANGE` outside 1684 to 2255; `MEDS_OUT_OF_RANGE` outside the timeline.
   */
  timeAt(i: number): number;
  /** Code of a row. Throws `MEDS_OUT_OF_RANGE` outside the timeline. */
  codeAt(i: number): string;
  /** The row at an index; a negative index counts from the end. Undefined outside the timeline. */
  at(i: number): Event<S> | undefined;
  /**
   * The rows in order, each a new {@link Event}. If you call `next()` yourself, read `value` before the next
   * call.
   */
  [Symbol.iterator](): IterableIterator<Event<S>>;
  /** The rows from the last to the first, static rows last: `for (const event of patient.reversed())`. */
  reversed(): IterableIterator<Event<S>>;
  /**
   * Calls `visit` for each row with the values that most loops need. It is faster than iteration over events,
   * because it allocates nothing. The time of a static row and a null value are NaN.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * let tall = 0;
   * db.at(0)!.forEach((time, code, value) => {
   *   if (code.startsWith("LAB//") && value > 100) tall += 1;
   * });
   * db.close();
   * ```
   */
  forEach(visit: Visitor): void;
  /**
   * The rows at or before a time, with the static rows: the history that is known then. Rows at exactly the
   * time all belong to it; of these, the last is the one that the source has last.
   */
  until(time: TimeLike, options?: WindowOptions): Timeline<S>;
  /** The rows at or after a time, with the static rows. */
  from(time: TimeLike, options?: WindowOptions): Timeline<S>;
  /**
   * The rows between two times, both included by default, with the static rows.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` where `end` is before `start`.
   */
  between(start: TimeLike, end: TimeLike, options?: BetweenOptions): Timeline<S>;
  /** The first `count` rows, static rows first; all rows if there are fewer. */
  first(count: number): Timeline<S>;
  /**
   * The first row that has one of some codes ({@link CodeChoice}), or for which a function of the event returns
   * true; undefined where there is none. The search stops at the first hit; by codes, it costs about 1 ns per
   * row. Rows are in the order of the store: static rows first, then by time. Of several rows at one time, the
   * first is the one that the source has first. A number is a count of rows: for a code id, use
   * `db.codes.select(id)`.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a value that cannot be a choice of codes.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const patient of db) {
   *   const admission = patient.first("HOSPITAL_ADMISSION*"); // the star: codes with this prefix
   *   const lab = patient.last("LAB//*", { with: "value" });
   *   const high = patient.first((event) => (event.numericValue ?? 0) > 1000);
   *   console.log(admission?.date, lab?.numericValue, high?.code);
   * }
   * db.close();
   * ```
   */
  first(wanted: CodesOfRow | EventTest<S>, options?: HitOptions): Event<S> | undefined;
  /**
   * The last `count` rows; all rows if there are fewer. Static rows are the first rows, so they are left out
   * first.
   */
  last(count: number): Timeline<S>;
  /**
   * The last row that has one of some codes, or passes a test, as {@link Timeline.first}. Of several rows at one
   * time, the last is the one that the source has last. `{ with: "value" }`: the last row that also has a
   * numeric value.
   *
   * @throws MedsError as {@link Timeline.first}.
   */
  last(wanted: CodesOfRow | EventTest<S>, options?: HitOptions): Event<S> | undefined;
  /** The first row for which a function of the event returns true; undefined where there is none. */
  find(test: EventTest<S>): Event<S> | undefined;
  /** Whether a row has one of some codes, or passes a test, as {@link Timeline.first}. A number is a code id. */
  some(wanted: number | CodesOfRow | EventTest<S>): boolean;
  /**
   * The rows for which a function of the event returns true, in order. To select rows by their codes, {@link
   * Timeline.withCode} is faster.
   */
  filter(test: EventTest<S>): Timeline<S>;
  /**
   * The rows from `begin` up to but not including `end`. Negative indexes count from the end, as in
   * `Array.prototype.slice`.
   */
  slice(begin?: number, end?: number): Timeline<S>;
  /**
   * The rows that have one of the codes: see {@link CodeChoice} for how codes are chosen. A part of the choice
   * that no code of the store matches selects nothing and causes one warning.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a value that cannot be a choice of codes.
   */
  withCode(...codes: readonly CodeChoice[]): Timeline<S>;
  /**
   * The rows in groups: one group for each value of a column, in the order of the groups' first rows. Rows
   * without a value are in no group. It costs one pass over the column, and copies nothing.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN`; `MEDS_COLUMN_TYPE` for a column of lists or bytes.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const { key, rows } of db.at(0)!.groupBy("code")) console.log(key, rows.length, rows.lastTime);
   * db.close();
   * ```
   */
  groupBy<N extends ColumnName<S>>(column: N): Group<NonNullable<ColumnValue<S, N>>, S>[];
  /**
   * The values of a column, each once, in the order of their first rows; null is left out. For codes it costs 1
   * to 3 ns per row, far less than a `Set` of the events' codes.
   *
   * @throws MedsError as {@link Timeline.groupBy}.
   */
  distinct<N extends ColumnName<S>>(column: N): NonNullable<ColumnValue<S, N>>[];
  /**
   * The visits: the rows with a time, in one group for each value of `visit_id` or `hadm_id`, whichever the
   * store has, or of the column that you name. Static rows, and rows without a visit, are in no group. The order
   * is that of the first rows. For a length of stay, search for admission and discharge: the first and the last
   * row of a visit, at `begin` and `end`, are often an earlier order and a later bill.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` where the store has no such column.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const { key, rows } of db.at(0)!.visits()) {
   *   const admission = rows.first("HOSPITAL_ADMISSION//*");
   *   const discharge = rows.last("HOSPITAL_DISCHARGE//*");
   *   if (admission && discharge) console.log(key, (discharge.time! - admission.time!) / 86_400e6, rows.distinct("code"));
   * }
   * db.close();
   * ```
   */
  visits<K = VisitKey<S>>(options?: VisitOptions): Visit<K, S>[];
  /**
   * The rows of one time after another, as slices: `for (const moment of patient.byTime())`. Static rows are in
   * none.
   */
  byTime(): IterableIterator<Timeline<S>>;
  /**
   * One column of these rows, for loops: `column.at(i)` and arrays.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` for a name that is not a column.
   */
  column<N extends ColumnName<S>>(name: N): Column<ColumnValue<S, N>>;
  /**
   * A copy of the rows, with the named further columns. It stays valid after `close()` and may be posted to a
   * worker.
   */
  copy(columns?: readonly ColumnName<S>[]): TimelineCopy;
  /**
   * What `JSON.stringify` writes: the subject's id as text (ids may be beyond 2^53), and the rows as
   * {@link Event.toJSON} returns them.
   */
  toJSON(): {
    readonly [name: string]: JsonValue;
  };
  /**
   * The rows as a Table of the package `apache-arrow`, which must be installed: `time`, `code` and the other
   * columns of `db.columns`. Dense columns are views of the mapped file (one record batch per run of rows:
   * two if rows are missing between the static rows and the rest), and copies if the rows were selected by
   * code. Sparse columns are dense copies, null where a row has no value. After `close()` the views are empty.
   *
   * @throws MedsError `MEDS_MISSING_PACKAGE` where apache-arrow is not installed; `MEDS_CORRUPT` where the
   * store is damaged.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const table = await db.at(0)!.last(10).toArrow();
   * console.log(table.numRows, table.getChild("code")?.get(0));
   * db.close();
   * ```
   */
  toArrow<T = ArrowTable>(): Promise<T>;
  /**
   * The rows as text, for a prompt or a viewer: Markdown with sections (demographics, latest values, visits, …), XML or
   * JSON. With `at`, it is the text as of a prediction time: no row after it, and no value that became known later (such
   * as the end of a visit), has an influence on any character.
   *
   * @throws MedsError `MEDS_BUDGET` where the required sections have no room; `MEDS_MISSING_PACKAGE` for a tokenizer
   * whose package is not installed; `MEDS_PASS_FAILED` where a section or format of the caller's own fails;
   * `MEDS_INVALID_ARGUMENT`; `MEDS_UNKNOWN_COLUMN`; `MEDS_CLOSED`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const patient = db.at(0)!;
   * const { text, rowsKept, rowsLeftOut } = patient.toText({ at: "2020-01-01", budget: 500, tokenizer: "approximate" });
   * console.log(text, rowsKept, rowsLeftOut);
   * db.close();
   * ```
   */
  toText(options?: ToTextOptions): TimelineText;
}
/**
 * One patient: the whole timeline, with split, birth and death.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const patient = db.at(0)!;
 * console.log(patient.subjectId, patient.split, patient.length, patient.birthTime);
 * console.log(patient.at(-1)?.code);
 * db.close();
 * ```
 */
export declare class Patient<S extends object = AnySchema> extends Timeline<S> {
  /** Made by this package only. */
  protected constructor();
  /** The patient's split in subject_splits.parquet (`train`, `tuning`, `held_out`, …), or null. */
  get split(): string | null;
  /**
   * Time of the first timed row with a birth code, in microseconds since 1970-01-01; null where there is
   * none. Birth codes are `MEDS_BIRTH`, `SNOMED/184099003` and `SNOMED/3950001`, alone or followed by `//…`.
   * Each call searches the rows: keep the result.
   */
  get birthTime(): number | null;
  /**
   * Time of the first timed row with a death code (`MEDS_DEATH`, `SNOMED/419620001`), as
   * {@link Patient.birthTime}.
   */
  get deathTime(): number | null;
  /** As {@link Timeline.toJSON}, with the split. */
  toJSON(): {
    readonly [name: string]: JsonValue;
  };
}
/**
 * Which patients a cohort contains: subject ids, or slots (a patient's index in storage order: {@link
 * Timeline.slot}).
 */
export type PatientChoice = Iterable<SubjectId> | {
  readonly ids: Iterable<SubjectId>;
} | {
  readonly slots: Iterable<number>;
};
/** Which shards of a store: their numbers, from 0; or those from a number up to, but not including, another. */
export type ShardChoice = Iterable<number> | {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};
interface WindowContents {
  /**
   * Whether rows exactly at the bounds belong to the window: at both (true, the default), at neither (false),
   * or at one of them.
   */
  readonly inclusive?: boolean | "start" | "end" | undefined;
  /** Whether the patient's static rows (without a time) belong to each window. Default: true. */
  readonly static?: boolean | undefined;
  /**
   * The largest number of rows in a window. If there are more, the last ones are kept. Static rows come
   * first, so they are left out first. Default: all rows.
   */
  readonly last?: number | undefined;
}
/**
 * Windows of many patients at once: every array has one entry per window. The bounds work as in {@link
 * Timeline.between}, {@link Timeline.from} and {@link Timeline.until}. A subject may have any number of
 * windows, in any order. {@link MomentWindows} makes windows from the results of other queries and from
 * labels.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const train = db.split("train");
 * const end = BigInt64Array.from(train, (patient) => BigInt(patient.lastTime ?? 0)); // prediction times, for example
 * const { offsets, codeIds, counts } = await train.countCodesEach({ windows: { subjectIds: train.subjectIds, end, inclusive: false, last: 512 } });
 * console.log("codes of the first window:", codeIds.subarray(0, offsets[1]), counts.subarray(0, offsets[1]));
 * db.close();
 * ```
 */
export interface Windows extends WindowContents {
  /** The subject of each window. */
  readonly subjectIds: BigInt64Array | ArrayLike<SubjectId>;
  /**
   * Rows at or after these times, one per window. A number or bigint is microseconds since 1970-01-01.
   * Default: from the beginning.
   */
  readonly start?: BigInt64Array | ArrayLike<TimeLike> | undefined;
  /** Rows at or before these times, one per window. Default: to the end. */
  readonly end?: BigInt64Array | ArrayLike<TimeLike> | undefined;
}
/**
 * Moments of patients: what {@link Cohort.firstOf}, {@link Cohort.lastOf} and {@link Cohort.asof} return has
 * this form.
 */
export interface Moments {
  /** The subject of each moment. */
  readonly subjectIds: BigInt64Array;
  /** Microseconds since 1970-01-01. The int64 minimum means that there is no moment. */
  readonly times: BigInt64Array;
  /** 1 where there is a moment. */
  readonly has: Uint8Array;
}
/**
 * Windows that begin or end at moments: one window per moment, in the same order. So the results of all
 * queries with the same moments are aligned, entry by entry.
 *
 * A window is empty, without static rows too, if there is no moment (`has` is 0, or the row that was found is
 * static), or if it would end before it begins.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const births = await db.firstOf("MEDS_BIRTH");
 * const admissions = await db.firstOf("HOSPITAL_ADMISSION*");
 * // Rows of the first two days after the first admission.
 * const first = await db.countCodesEach({ windows: { from: admissions, for: { hours: 48 } } });
 * // Rows from the 40th birthday until the day before the first admission.
 * const adult = await db.aggregate({ windows: { from: births, after: "40y", until: admissions, before: "1d" } });
 * console.log(first.offsets.length === adult.offsets.length, admissions.found);
 * db.close();
 * ```
 */
export interface MomentWindows extends WindowContents {
  /** Windows begin at these moments. Default: at the beginning of the timeline. */
  readonly from?: Moments | Labels | undefined;
  /** Windows end at these moments. Default: at the end of the timeline. */
  readonly until?: Moments | Labels | undefined;
  /** With `from`: the window begins this long after the moment. */
  readonly after?: Span | undefined;
  /** With `until`: the window ends this long before the moment. */
  readonly before?: Span | undefined;
  /** Length of the window, from its beginning (with `from`) or back from its end (with `until`). */
  readonly for?: Span | undefined;
}
/** Options of a query over many patients. */
export interface QueryOptions {
  /**
   * The result has one group per window, in the order of the windows: {@link Windows} by arrays of times, or
   * {@link MomentWindows} by the results of other queries, or labels. Default: one group per patient of the
   * cohort, in storage order.
   */
  readonly windows?: Windows | MomentWindows | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** Stops the query: the promise rejects with `MEDS_CANCELLED`. */
  readonly signal?: AbortSignalLike | undefined;
}
/** Options of a query about some codes. */
export interface CodeQueryOptions extends QueryOptions {
  /** Only these codes. Default: all. */
  readonly codes?: CodeChoice | undefined;
}
/** The result of {@link Cohort.countCodes}: one entry per code id, as in `db.codes.strings`; entry 0 is 0. */
export interface CodeCounts {
  /** Rows that have the code. A row counts once for every window that contains it. */
  readonly events: Float64Array;
  /** Patients that have the code; with windows, windows that contain it. */
  readonly patients: Uint32Array;
}
/**
 * The result of {@link Cohort.countCodesEach}: group g has the entries `offsets[g]` up to, but not including,
 * `offsets[g + 1]`.
 */
export interface CodeCountsEach {
  /** One entry more than there are groups. */
  readonly offsets: Float64Array;
  /** Ascending within a group. */
  readonly codeIds: Uint32Array;
  /** Rows that have the code, 1 or more. */
  readonly counts: Uint32Array;
  /** The subject of each group. */
  readonly subjectIds: BigInt64Array;
}
/**
 * The result of {@link Cohort.firstOf} and {@link Cohort.lastOf}: one entry per group. Its moments can bound
 * the windows of another query: see {@link MomentWindows}.
 */
export interface Occurrences {
  /** The subject of each group. */
  readonly subjectIds: BigInt64Array;
  /** 1 where there is a row, 0 where there is none. */
  readonly has: Uint8Array;
  /** Number of groups that have a row. */
  readonly found: number;
  /** Index of the row in the patient's whole timeline; -1 where there is no row. */
  readonly rows: Int32Array;
  /**
   * Its time, in microseconds since 1970-01-01; the int64 minimum for a static row, and where there is no
   * row.
   */
  readonly times: BigInt64Array;
  /** Its code id; 0 where there is no row. */
  readonly codeIds: Uint32Array;
}
/**
 * The result of {@link Cohort.aggregate}: one entry for each code of a group that has at least one row. Group
 * g has the entries `offsets[g]` up to, but not including, `offsets[g + 1]`. Figures of values are NaN where
 * the rows have no value. A value that is itself NaN counts, and makes sum, mean, min and max NaN.
 */
export interface Aggregates {
  /** One entry more than there are groups. */
  readonly offsets: Float64Array;
  /** Ascending within a group. */
  readonly codeIds: Uint32Array;
  /** Rows, 1 or more. */
  readonly count: Uint32Array;
  /** Rows with a numeric value. */
  readonly valueCount: Uint32Array;
  /** Sum of the values: float64, added in the order of the rows. */
  readonly sum: Float64Array;
  /** `sum / valueCount`, computed when it is first read. */
  readonly mean: Float64Array;
  /** The smallest value. */
  readonly min: Float64Array;
  /** The largest value. */
  readonly max: Float64Array;
  /** The value of the last row that has one; of several rows at one time, of the one that the source has last. */
  readonly last: Float64Array;
  /** The subject of each group. */
  readonly subjectIds: BigInt64Array;
}
/**
 * The result of {@link Cohort.rowsWithCode}: group g has the entries `offsets[g]` up to, but not including,
 * `offsets[g + 1]` of `rows`.
 */
export interface CodeRows {
  /**
   * The patient of each group: `db.at(slot)`. Without windows, only patients that have one of the codes have
   * a group.
   */
  readonly slots: Uint32Array;
  /** One entry more than there are groups. */
  readonly offsets: Float64Array;
  /** Indexes of rows in the patient's whole timeline, ascending within a group. */
  readonly rows: Uint32Array;
}
/** Options of {@link Cohort.asof}. */
export interface AsOfOptions {
  /**
   * Which rows can be the last one: those with a numeric value (`"value"`, the default), or all (`"row"`, for
   * codes without values such as diagnoses).
   */
  readonly with?: "value" | "row" | undefined;
  /**
   * With labels or moments: how old a row may be. A row exactly that old is not too old. Default: any age. An
   * age that leads to before all times is no limit.
   */
  readonly maxAge?: Span | undefined;
  /** With labels or moments: whether a row at exactly the time is known. Default: true. */
  readonly inclusive?: boolean | undefined;
  /**
   * Whether static rows (without a time) can be the last one, where no other row is. Default: false, also for
   * windows.
   */
  readonly static?: boolean | undefined;
  /** Further columns of the rows that are found: {@link AsOf.columns}. Default: none. */
  readonly columns?: readonly string[] | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** Stops the query: the promise rejects with `MEDS_CANCELLED`. */
  readonly signal?: AbortSignalLike | undefined;
}
/**
 * The result of {@link Cohort.asof}: one entry per label, moment or window, in their order. It is an {@link
 * Occurrences} too, so its moments can bound the windows of another query.
 */
export interface AsOf extends Occurrences {
  /** The numeric value of the row; NaN where there is no row, and where the row has no value. */
  readonly values: Float64Array;
  /** The columns of the options: for each entry the value as {@link Event.get} returns it, or null. */
  readonly columns: {
    readonly [name: string]: readonly (Value | null)[];
  };
}
/** When an as-of join asks: at labels, at moments, or in windows. */
export type AsOfPoints = Labels | Moments | Windows | MomentWindows;
/**
 * Bins of time, in UTC: calendar years, calendar months, days, or runs of n days of which one begins on
 * 1970-01-01.
 */
export type TimeBin = "year" | "month" | "day" | {
  readonly days: number;
};
/** Options of {@link Cohort.countCodes} by time. */
export interface BinCountOptions<B extends TimeBin = TimeBin> extends QueryOptions {
  /** The bins. */
  readonly by: B;
  /** Only these codes. Default: all. */
  readonly codes?: CodeChoice | undefined;
}
/**
 * The result of {@link Cohort.countCodes} by time: one entry for each code and bin with at least one row,
 * sorted by code id, then by bin.
 */
export interface BinCounts<B extends TimeBin = TimeBin> {
  /** Code ids. */
  readonly codeIds: Uint32Array;
  /**
   * With `by: "year"` the year, 1 BC is 0. Otherwise the start of the bin, in microseconds since 1970-01-01
   * (the int64 minimum for the bin in which int64 begins).
   */
  readonly bins: B extends "year" ? Int32Array : BigInt64Array;
  /** Rows that have the code in the bin, 1 or more. A row counts once for every window that contains it. */
  readonly counts: Float64Array;
  /** Static rows of the codes. They have no time, so they are in no bin. */
  readonly withoutTime: number;
}
/**
 * Exact sums by code id. That of an id is a whole number times 2 to the power of `exponents[id]`. The whole
 * number has the 32-bit words from `offsets[id]` up to, but not including, `offsets[id + 1]`: the lowest first,
 * in two's complement, as few as possible (none for 0).
 */
export interface ExactSums {
  /** One entry more than there are ids. */
  readonly offsets: Uint32Array;
  /** 0 where the sum is 0. */
  readonly exponents: Int32Array;
  readonly words: Uint32Array;
}
/**
 * The result of {@link Cohort.aggregateCodes}: one entry per code id, as in `db.codes.strings`; entry 0 is
 * unused. Figures of values are NaN where the code has no value. A value that is itself NaN counts, and makes
 * the figures of its code NaN.
 *
 * `sum`, `mean` and `std` are computed when they are first read, from the exact sums: each is the float64 that
 * is nearest to the true figure (of `std`, the root of the nearest variance).
 */
export interface CodeAggregates extends CodeCounts {
  /** Rows with a numeric value. */
  readonly valueCount: Float64Array;
  /** Sum of the values. */
  readonly sum: Float64Array;
  /** Mean of the values. */
  readonly mean: Float64Array;
  /** Standard deviation of a population: with the number of values as the divisor. */
  readonly std: Float64Array;
  /** The smallest value. -0 is smaller than 0. */
  readonly min: Float64Array;
  /** The largest value. */
  readonly max: Float64Array;
  /** Exact sums of the finite values, which {@link mergeResults} adds. */
  readonly sums: ExactSums;
  /** Exact sums of their squares. */
  readonly squares: ExactSums;
}
interface WritableLike {
  write(chunk: Uint8Array): boolean;
  end(): unknown;
}
/** The columns of rows that {@link Cohort.select} returns where none are named. */
export type UsualColumn = "subject_id" | "time" | "code" | "numeric_value";
/** Options of {@link Cohort.select} and {@link Cohort.writeRows}: which rows and columns. */
export interface RowOptions<N extends string = string> extends QueryOptions {
  /** Only rows with these codes. Default: all. */
  readonly codes?: CodeChoice | undefined;
  /**
   * The columns, in this order: columns of the store, `subject_id`, and with windows `window`, the number of
   * the window from 0; or `"all"`. Default: `subject_id`, `time`, `code` and `numeric_value`, with windows
   * also `window`, which is then the first.
   */
  readonly columns?: readonly N[] | "all" | undefined;
  /** The largest number of rows: the first ones. Default: all. */
  readonly limit?: number | undefined;
}
/** Options of {@link Cohort.select}. */
export interface SelectOptions<N extends string = string, F extends "arrays" | "objects" | "arrow" = "arrays"> extends RowOptions<N> {
  /** The form of the result. Default: `"arrays"`. */
  readonly as?: F | undefined;
}
/** The array of a column. */
export type RowArray<N extends string = string> = N extends "subject_id" | "time" ? BigInt64Array : N extends "code" ? readonly string[] : N extends "numeric_value" ? Float32Array | Float64Array : N extends "window" ? Uint32Array : TypedArray | readonly (Value | null)[];
/** Rows as one array per column: the result of {@link Cohort.select} as `"arrays"`. */
export interface RowArrays<N extends string = string> {
  /** Number of rows. */
  readonly length: number;
  /**
   * The columns by name. Numbers, times and bool have a typed array: `time` in microseconds since 1970-01-01,
   * bool as 0 and 1. A null contains NaN (floats), the int64 minimum (64-bit integers and times) or 0: see
   * `valid`. Other columns have an array of values, in which null is null.
   */
  readonly columns: {
    readonly [C in N]: RowArray<C>;
  };
  /** For each typed array: 1 where the row has a value, 0 where it is null. */
  readonly valid: {
    readonly [name: string]: Uint8Array;
  };
}
/** A row: the result of {@link Cohort.select} as `"objects"`. Values are as {@link Event.get} returns them. */
export type RowObject<N extends string = string> = {
  readonly [C in N]: C extends "subject_id" ? bigint : C extends "code" ? string : C extends "window" ? number : C extends "numeric_value" ? number | null : C extends "time" ? number | bigint | null : Value | null;
};
/** The format of a file of rows. */
export type RowFormat = "parquet" | "csv" | "arrow";
/** Options of {@link Cohort.writeRows}. */
export interface WriteRowsOptions<N extends string = string> extends RowOptions<N> {
  /** The format. Default: by the end of the path, `.parquet`, `.csv` or `.arrow`; `csv` for a stream. */
  readonly format?: RowFormat | undefined;
}
/** How {@link Cohort.windows} cuts windows. */
export interface WindowRowsOptions extends WindowContents {
  /** Rows at or after these times, one per window. Default: from the beginning. */
  readonly from?: BigInt64Array | ArrayLike<TimeLike> | undefined;
  /** Number of threads, at most 1024; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
}
/**
 * The rows of many windows, one window after another: window i has the entries `offsets[i]` up to, but not
 * including, `offsets[i + 1]` of each column. {@link Cohort.windows} makes it.
 *
 * A column is moved when it is first read: a copy, in memory of its own, which stays valid after `close()`.
 * On two cores, 2,000 windows of 256 rows of 42 million events take some tenths of a microsecond each to be
 * found, and as much for each column. `windows.timeline(i)` copies nothing.
 */
export declare class WindowRows<S extends object = AnySchema> {
  /** Made by this package only. */
  protected constructor();
  /** Number of windows. */
  readonly size: number;
  /** float64, one entry more than there are windows. */
  readonly offsets: Float64Array;
  /** Number of rows of all windows. */
  get length(): number;
  /** Code ids: indexes into `db.codes.strings`. */
  get codeIds(): Uint32Array;
  /** int64 microseconds since 1970-01-01; static rows contain the int64 minimum. */
  get times(): BigInt64Array;
  /** {@link WindowRows.times} as 32-bit words, as {@link Timeline.timeWords}. For hot loops. */
  get timeWords(): Int32Array;
  /**
   * Numeric values; NaN for null (all NaN where the source has no such column). Float64Array where the store
   * has float64.
   */
  get numericValues(): Float32Array | Float64Array;
  /**
   * A window as a timeline, with all columns. Undefined outside of the list; a negative index counts from the
   * end.
   *
   * @throws MedsError `MEDS_CLOSED`.
   */
  timeline(i: number): Timeline<S> | undefined;
}
/** Options of every pass over patients. */
export interface PassOptions<A = unknown> {
  /**
   * Number of worker threads; 0 for the caller's thread, which then does nothing else until the function
   * yields or returns, and which the function can end. Default: as many as the machine can run at once. A
   * small pass whose function only computes runs in the caller's thread. There are never more threads than
   * chunks.
   */
  readonly threads?: number | undefined;
  /** Passed to the function: any value that can be cloned to another thread. Each worker has its own copy. */
  readonly args?: A | undefined;
  /** Name of the exported function of a module. Default: `default`. */
  readonly exportName?: string | undefined;
  /** Ends the pass with `MEDS_CANCELLED`. Its workers end at once. */
  readonly signal?: AbortSignalLike | undefined;
}
interface CallOptions {
  /**
   * How often the function is called: once per worker, over all patients that the worker takes (`worker`, the
   * default), or once per chunk of patients (`chunk`). Which chunks a worker takes depends on time. Chunks
   * depend on the patients only: so with `chunk`, sums of floating-point numbers are equal to the last bit for
   * any number of threads, and results that a function returns at its end are in the order of the patients.
   */
  readonly per?: "worker" | "chunk" | undefined;
}
/** Options of {@link Cohort.map}. */
export interface MapOptions<A = unknown> extends PassOptions<A>, CallOptions {
  /**
   * Whether results come in the order of the patients (true, the default), or as they arrive (false). In
   * order, a result belongs to the chunk that was read when it was yielded. What a function returns at its end
   * comes after the last chunk that it read.
   */
  readonly ordered?: boolean | undefined;
}
/** Options of {@link Cohort.mapWithLabels}. */
export interface MapWithLabelsOptions<A = unknown> extends MapOptions<A> {
  /** Patients without a label: left out (`omit`, the default), or passed with an empty array (`include`). */
  readonly unlabelled?: "omit" | "include" | undefined;
}
/** Options of {@link Cohort.reduce}. */
export interface ReduceOptions<R, P = R, A = unknown> extends PassOptions<A>, CallOptions {
  /** The first part is merged into this value. If there are no patients, this value is the result. */
  readonly initial: R;
  /**
   * Merges a part, the result of a call, into the total of the parts before it. Called on the caller's thread,
   * in order of the workers; with `per: "chunk"` in order of the patients.
   */
  readonly merge: (total: R, part: P) => R;
}
/**
 * A labeler of this package: {@link outcomeWithin}, {@link labValue} or {@link predictionTimes} make it,
 * {@link Cohort.label} applies it. It is independent of a store, unless it contains code ids.
 */
export declare abstract class Labeler {
  /** The name of the task, if {@link Cohort.label} has no option `task`. */
  readonly task: string;
}
/** Options of {@link Cohort.label}. */
export interface LabelingOptions<A = unknown> extends PassOptions<A> {
  /** Name of the task. Default: the name in the labeler, or `labels`. */
  readonly task?: string | undefined;
  /** Keeps some labels of each patient, drawn with a seed. Default: all labels. */
  readonly sample?: LabelSample | undefined;
  /** Called once with the counts, before the promise is fulfilled. */
  readonly onReport?: ((report: LabelingReport) => void) | undefined;
}
/**
 * Which labels of a patient are kept. The choice depends only on the seed, the subject id and the prediction
 * times.
 */
export interface LabelSample {
  /** The most labels of a patient. 1 or more. */
  readonly count: number;
  /** Any safe integer. Default: 0. */
  readonly seed?: number | undefined;
  /** Draws only among labels that are not censored, as FEMR does. Default: among all labels. */
  readonly uncensored?: boolean | undefined;
}
/** The counts of {@link Cohort.label}. */
export interface LabelingReport {
  /** Patients that were read, and those that have a label. */
  readonly patients: number;
  readonly labelledPatients: number;
  readonly labels: number;
  readonly censored: number;
  /** Labels with `booleanValue` true, and false. */
  readonly positive: number;
  readonly negative: number;
  /**
   * What did not become a label, by reason: `noEnd` and `over` (visits, see {@link AtVisits}), `atOutcome`
   * ({@link OutcomeOptions.atOutcome}), `unmeasured` and `elsewhere` (values, see {@link labValue} and
   * {@link Thresholds.where}), `unsampled` ({@link LabelSample}).
   */
  readonly skipped: ReadonlyMap<string, number>;
}
/** A place where a note matches. */
export declare class NoteHit {
  /** Made by this package only. */
  protected constructor();
  readonly subjectId: bigint;
  /** Index of the row in the patient's whole timeline: `db.get(subjectId).at(row)`. */
  readonly row: number;
  /** Where the match begins and ends in the text, in units of UTF-16. */
  readonly start: number;
  readonly end: number;
  /** The row: its time, code and other columns. */
  get event(): Event;
  /** The whole note. */
  get text(): string;
  /** The characters that match. */
  get match(): string;
  /** The match with up to 80 characters before and after it, in one line; `…` stands for the rest of the note. */
  get snippet(): string;
  /** What `JSON.stringify` writes. */
  toJSON(): {
    readonly [name: string]: JsonValue;
  };
}
/**
 * The places where notes match: {@link Cohort.searchNotes} returns them, in the order of patients or windows, rows and
 * places. The arrays have one entry per match. Texts are read from the store when they are asked for.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const hits = await db.searchNotes("chest pain", { until: "2015-01-01", inclusive: false });
 * console.log(hits.matches, "matches of", hits.patientsFound, "patients");
 * console.log(hits.at(0)?.snippet);
 * db.close();
 * ```
 */
export declare class NoteHits implements Iterable<NoteHit> {
  /** Made by this package only. */
  protected constructor();
  /** Number of matches in the arrays. */
  readonly length: number;
  /** Numbers of notes that were searched, of notes that match, and of matches, those beyond `limit` included. */
  readonly notesSearched: number;
  readonly notesFound: number;
  readonly matches: number;
  /** Number of patients, or windows, with a match, also beyond `limit`. */
  readonly patientsFound: number;
  /** The number of the window, or the index of the patient in its cohort. */
  readonly groups: Uint32Array;
  /** Indexes of rows in the patient's whole timeline. */
  readonly rows: Uint32Array;
  readonly codeIds: Uint32Array;
  /** Where the match begins and ends in the text of its row, in units of UTF-16: `text.slice(start, end)`. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** The subject of each match. */
  get subjectIds(): BigInt64Array;
  /** A match; a negative index counts from the end. Undefined where there is none. */
  at(index: number): NoteHit | undefined;
  [Symbol.iterator](): IterableIterator<NoteHit>;
}
/**
 * What is searched in notes:
 *
 * * a text, such as `"pulmonary embolism"`: these words in this order, in upper or lower case, as whole words, with any
 *   white space between them;
 * * an array of such texts: any of them;
 * * a regular expression. It matches whole characters, as with the flag `u`, and line by line with the flag `m` (a line ends
 *   at `\n`, `\r` or both). Look-ahead, look-behind and references to groups do not exist: without them, no text can make
 *   the search slow. Scripts (`\p{Script=Greek}`) do not exist either. Matches of length 0 are not found. If a group may
 *   match nothing and is repeated, as in `/(a|b*)+/`, a match may be shorter than in JavaScript.
 */
export type NoteQuery = string | readonly string[] | RegExp;
/**
 * Options of {@link Cohort.notes} and {@link Cohort.searchNotes}: which rows are notes. A note is a row with a text whose
 * kind is `note`: by the column `table` (of OMOP), otherwise by its code, as `data/event-types.json` of the package says.
 */
export interface NoteOptions extends QueryOptions {
  /** Only notes of these types: codes, or parts of the names of codes, in upper or lower case. Default: all. */
  readonly types?: readonly string[] | undefined;
  /** Every row with one of these codes and a text is a note, whatever its kind. */
  readonly codes?: CodeChoice | undefined;
  /** The columns of texts (`text`) and of kinds (`type`). Default: `text_value`; `table`. */
  readonly columns?: Pick<TextColumns, "text" | "type"> | undefined;
  /** Only patients of this split. */
  readonly split?: string | undefined;
  /** Only notes up to this time, for all patients. For a time of each patient, use `windows`. */
  readonly until?: TimeLike | undefined;
  /** With `until`: whether notes of exactly this time belong to it. Default: true. */
  readonly inclusive?: boolean | undefined;
}
/** Options of {@link Cohort.searchNotes}. */
export interface NoteSearchOptions extends NoteOptions {
  /** The largest number of matches that are returned: the first ones. All are counted. Default: all. */
  readonly limit?: number | undefined;
}
/** The notes of one type (code): {@link Cohort.notes} returns these. */
export interface NoteType {
  readonly code: string;
  /** The description of the code in codes.parquet, otherwise the code. */
  readonly name: string;
  /** Number of notes. A note counts once for every window that contains it. */
  readonly notes: number;
  /** Number of patients, or windows, with such a note. */
  readonly patients: number;
  /** Length of all their texts together, and of the longest, in units of UTF-16, as `length` of a string. */
  readonly length: number;
  readonly longest: number;
}
/** The input of a pass. */
export interface PassReport {
  /** Patients that are passed to the function. */
  readonly patients: number;
  /** Chunks of these patients, with about the same number of events each. */
  readonly chunks: number;
  /** Labels that are passed with the patients. Without labels, this and the following numbers are 0. */
  readonly labels: number;
  /** Labels of subjects that are not in the database, and the number of those subjects. */
  readonly unknownLabels: number;
  readonly unknownSubjects: number;
  /** Labels of subjects of the database that are not in this cohort. */
  readonly outsideLabels: number;
  /** Patients of the cohort without a label, whether they are left out or not. */
  readonly unlabelledPatients: number;
}
/**
 * A pass over patients: an async iterable of its results. {@link Cohort.map} makes it. Each loop starts the
 * pass from the beginning, at its first request for a result. The pass ends when the loop ends, even if it
 * ends early. A slow loop slows the pass down: only a few messages of results wait for it. If you call
 * `next()` yourself and stop before the end, call `return()` too.
 *
 * Closing the database does not affect a pass: its threads open the store themselves. They keep the program
 * alive until the pass ends. A function that may never end therefore needs a `signal`: aborting it ends the
 * threads at once.
 */
export declare class Pass<T = unknown> implements AsyncIterable<T> {
  /** Made by this package only. */
  protected constructor();
  /** What is read. */
  readonly report: PassReport;
  /**
   * The results.
   *
   * @throws MedsError `MEDS_PASS_FAILED` where the function throws or its module cannot be loaded: the
   * message names the subject that the function was reading, and `cause` is the thrown value;
   * `MEDS_CANCELLED`; `MEDS_STORE_REPLACED`; the errors of opening a store.
   */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined>;
  /**
   * All results at once, as an array.
   *
   * @throws MedsError The errors of the iteration.
   */
  toArray(): Promise<T[]>;
}
/**
 * The codes of a labeler, chosen as everywhere. The choice is applied to a store when the labeler runs, so
 * that one labeler serves several stores (unless it contains ids or selections).
 */
export type LabelCodes = CodeChoice;
/**
 * The end of a patient's observation: the last row (`last_event`, the default), the first row with a death
 * code (`death`), or the last row with a code that ends observation (`until`). Without such a row it is the
 * last row.
 */
export type FollowUp = "last_event" | "death" | {
  readonly until: LabelCodes;
};
/** The period after a prediction time in which an outcome counts. */
export interface Horizon {
  /**
   * The end of the period, as a length of time after the prediction time; `record`: the end of the patient's
   * record. With `record` no label is censored, and false means "not in the record", which says less about
   * patients who left early.
   */
  readonly horizon: Duration | "record";
  /** The start of the period, as a length of time after the prediction time. Default: 0. */
  readonly gap?: Duration | undefined;
  /**
   * Which bounds belong to the period: neither (false), both (true, as in FEMR), or one of them. Default:
   * `end`, so that an event at exactly the prediction time, which may be known then, is not an outcome.
   */
  readonly inclusive?: boolean | "start" | "end" | undefined;
}
/** How a prediction time is moved. */
export interface Moved {
  /** Moves it later by this length of time. Default: 0. */
  readonly offset?: Duration | undefined;
  /**
   * Then moves it to 23:59:00 UTC of its day, as FEMR's `move_datetime_to_end_of_day` does. Default: false.
   */
  readonly endOfDay?: boolean | undefined;
}
/** Prediction times at rows with some codes. */
export interface AtRows extends Moved {
  readonly codes: LabelCodes;
}
/**
 * Prediction times at visits: at the start of a visit or at its end. A visit ends at the first row with an
 * `end` code at or after its start and not after the start of the next visit. A row ends at most one visit.
 * Starts at the same time are one start. Visits without a known end have no prediction time and are counted
 * (`noEnd`). So are visits that end before the prediction time (`over`).
 */
export interface AtVisits extends Moved {
  /**
   * Codes of the starts: `{ prefix: "HOSPITAL_ADMISSION" }` in MIMIC's MEDS, `{ prefix: "Visit/" }` in
   * OMOP's.
   */
  readonly start: LabelCodes;
  /**
   * Codes of the ends, or the column in the row of the start that contains the time of the end: `{ column:
   * "end" }` in OMOP's MEDS.
   */
  readonly end: LabelCodes | {
    readonly column: string;
  };
  /**
   * A column with the same value at start and end, such as `hadm_id`: visits may then overlap. Starts without
   * a value have no end.
   */
  readonly by?: string | undefined;
  /** Default: `start`. */
  readonly at?: "start" | "end" | undefined;
}
/**
 * The prediction times of a patient: every distinct time of the record (`events`), times of rows, or times of
 * visits. They ascend, and each time occurs once.
 */
export type PredictionTimes = "events" | AtRows | AtVisits;
/** Options of {@link outcomeWithin}. */
export interface OutcomeOptions extends Horizon {
  /** The codes of the outcome. */
  readonly outcome: LabelCodes;
  /** The prediction times. Default: `events`, every distinct time of the record. */
  readonly at?: PredictionTimes | undefined;
  /** The end of observation. Default: `last_event`. */
  readonly followUp?: FollowUp | undefined;
  /**
   * Prediction times at which an outcome happens: a label like any other (`keep`, the default), or no label
   * (`skip`, counted as `atOutcome`: FEMR's `CodeLabeler`). With a gap they are always kept, because the
   * horizon does not include them.
   */
  readonly atOutcome?: "keep" | "skip" | undefined;
}
/**
 * Labels prediction times by whether an outcome follows within a horizon. A label is true if an outcome
 * follows, even if the patient is not observed to the end of the horizon. Otherwise it is censored
 * (`isCensored`, no value) if observation ends before the horizon, and false if not. A horizon that is not
 * observed to its end is never false.
 *
 * With `inclusive: true`, the labels that are not censored are those of FEMR's `TimeHorizonEventLabeler`
 * (`horizon: "record"` for its infinite horizon; `atOutcome: "skip"` where it does not allow labels at the
 * time of an outcome).
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for a horizon that ends before it begins and for wrong options;
 * when it is applied, the errors of {@link predictionTimes}.
 * @example
 * ```ts
 * import { outcomeWithin, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const death = outcomeWithin({ outcome: { prefix: "MEDS_DEATH" }, horizon: { days: 30 }, at: { codes: { prefix: "HOSPITAL_ADMISSION" } } });
 * const labels = await db.label(death, { task: "death_in_30_days" });
 * const known = labels.select(({ isCensored }) => isCensored !== true);
 * console.log(labels.size, known.size);
 * db.close();
 * ```
 */
export declare function outcomeWithin(options: OutcomeOptions): Labeler;
/**
 * A table of prediction times without a value to predict, such as admissions or their ends.
 *
 * @throws MedsError when it is applied: `MEDS_INVALID_ARGUMENT` for a wrong choice of times,
 * `MEDS_UNKNOWN_COLUMN`, `MEDS_COLUMN_TYPE`.
 * @example
 * ```ts
 * import { PatientDatabase, predictionTimes } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const discharges = await db.label(
 *   predictionTimes({ start: { prefix: "HOSPITAL_ADMISSION" }, end: { prefix: "HOSPITAL_DISCHARGE" }, at: "end" }),
 * );
 * console.log(discharges.size, discharges.columns);
 * db.close();
 * ```
 */
export declare function predictionTimes(at: PredictionTimes): Labeler;
/** Classes of a numeric value, from normal to the most severe. */
export interface Thresholds {
  /**
   * Codes of the measurement, all in one unit: values are compared without conversion. `where` leaves out
   * rows in other units.
   */
  readonly codes: LabelCodes;
  /**
   * From mild to severe: ascending if high values are severe, descending if low values are. The class of a
   * value is the number of thresholds that it passes.
   */
  readonly thresholds: readonly number[];
  /** How a value passes a threshold. Default: `>=`. */
  readonly passes?: ">" | ">=" | "<" | "<=" | undefined;
  /**
   * Names of the classes, one more than thresholds: labels are then categorical. Without names, labels are
   * boolean for one threshold, and integers for more.
   */
  readonly classes?: readonly string[] | undefined;
  /**
   * Only rows with one of these values in a column: `{ unit: ["mmol/L"] }`. Other rows are counted
   * (`elsewhere`).
   */
  readonly where?: {
    readonly [column: string]: readonly (string | number | bigint | boolean | null)[];
  } | undefined;
}
/** Predict each measurement, some time before it. */
export interface EachValue extends Thresholds {
  /** How long before the measurement. Default: one minute, as in EHRSHOT. */
  readonly before?: Duration | undefined;
}
/** Predict, at each prediction time, a measurement in the horizon. */
export interface ValueWithin extends Thresholds, Horizon {
  readonly at: PredictionTimes;
  /** The first measurement in the horizon (the default), or the most severe one. */
  readonly pick?: "first" | "gravest" | undefined;
  /** The end of observation. Default: `last_event`. */
  readonly followUp?: FollowUp | undefined;
}
/**
 * Labels by the class of a numeric value: the number of thresholds that it passes, 0 for a normal value.
 * Without `at`, each measurement is predicted some time before it. With `at`, the first (or most severe)
 * measurement in the horizon of each prediction time is predicted. The result is then one of three:
 *
 * - a label with the class;
 * - a censored label, if observation ends before the horizon and the rest of the horizon could change the
 *   class (there is no first measurement yet, or the most severe one is not of the most severe class);
 * - no label, counted as `unmeasured`, if the horizon was observed to its end and contains no measurement.
 *
 * Rows without a value are not measurements.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for wrong options; when it is applied, the errors of
 * {@link predictionTimes}.
 * @example
 * ```ts
 * import { labValue, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const potassium = labValue({
 *   codes: { prefix: "LAB//" },
 *   thresholds: [5.5, 6, 7],
 *   passes: ">",
 *   classes: ["usual", "mild", "moderate", "severe"],
 * });
 * const labels = await db.label(potassium, { task: "hyperkalemia" });
 * console.log(labels.size, labels.categories);
 * db.close();
 * ```
 */
export declare function labValue(options: EachValue | ValueWithin): Labeler;
/**
 * The result of a module's function for a patient: one label, several labels, or nothing. Labels may omit the
 * subject.
 */
export type AskedLabel = Omit<Label, "subjectId"> & {
  readonly subjectId?: Label["subjectId"];
};
export type Asked = Iterable<AskedLabel> | AskedLabel | null | undefined;
/** How to write a store as a MEDS dataset: see {@link PatientDatabase.export}. */
export interface DatasetOptions extends WorkOptions {
  /**
   * Round the values of a `numeric_value` that is float64 in the store to MEDS's float32, and count the
   * values that change. Default: false, every value is kept. Then MEDS's own validation refuses the column,
   * and a note reports this.
   */
  readonly float32?: boolean | undefined;
  /** Compression of the Parquet files. Default: `zstd`. */
  readonly compression?: "zstd" | "snappy" | undefined;
  /**
   * The most rows per Parquet file. A patient is never divided, so a file of one patient may have more.
   * Default: 5,000,000.
   */
  readonly rowsPerFile?: number | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
}
/** The result of {@link PatientDatabase.export}. */
export interface Exported {
  /** Path of the dataset. */
  readonly out: string;
  readonly patients: number;
  readonly events: number;
  /** Parquet files below `data/`. */
  readonly files: number;
  /** Bytes of all files. */
  readonly bytes: number;
  readonly seconds: number;
  /** What differs from the source of the store, and why. */
  readonly notes: readonly Note[];
}
interface OmopOptions {
  /**
   * Vocabularies to read besides the source's own, which may be missing or incomplete. Each path is the
   * folder of an Athena download (CONCEPT.csv, CONCEPT_RELATIONSHIP.csv, CONCEPT_ANCESTOR.csv), its `.zip`, a
   * single file of concepts such as `2b_concept.csv`, or a DuckDB database. Files are CSV or Parquet. If
   * several contain a concept, the source's own table `concept` counts, then the first path. A note counts
   * the concepts that differ. Default: none.
   */
  readonly vocabulary?: string | readonly string[] | undefined;
  /**
   * Rows whose concept is 0 or not in the vocabulary become events with the code `UNMAPPED/<table>/<source
   * value>`, where `<table>` is the value of their column "table". Default: false, these rows are dropped and
   * the notes count them.
   */
  readonly keepUnmapped?: boolean | undefined;
  /**
   * Codes are concept ids such as `OMOP/320128`, of the source concept if that is not 0, otherwise of the
   * standard concept. So no vocabulary is needed. Units and values that are concepts are written in the same
   * way. The column `source_value` (text, null if the source has none) contains the source's own name of the
   * code. To keep rows with concept 0, set `keepUnmapped` as well. Default: false.
   */
  readonly conceptIds?: boolean | undefined;
  /**
   * For CSV only: leave out rows with more or fewer fields than the header, and count them in the notes.
   * Default: false, such a row is an error (`MEDS_SOURCE_DAMAGED`).
   */
  readonly skipBadRows?: boolean | undefined;
}
/** How to convert. */
export interface ConvertOptions extends WorkOptions, OmopOptions {
  /** Convert only these columns, and always `subject_id`, `time` and `code`. Default: all columns. */
  readonly columns?: readonly string[] | undefined;
  /** Convert all columns except these. */
  readonly exclude?: readonly string[] | undefined;
  /**
   * Merge and sort subjects whose rows are not contiguous or whose times go backwards. Default: false, they
   * are an error. The summary reports the repair. Two files with the same rows remain an error
   * (`MEDS_DUPLICATE_FILE`): their events would count twice. `reuse` and {@link PatientDatabase.from} accept
   * the store with or without this option.
   */
  readonly repair?: boolean | undefined;
  /** Replace a store that exists at the target. Default: false. */
  readonly force?: boolean | undefined;
  /**
   * If the store at the target was made from this source with these options, keep it; otherwise replace it.
   * Default: false.
   */
  readonly reuse?: boolean | undefined;
  /**
   * For very large sources: `reuse` and {@link PatientDatabase.from} compare the names, sizes and
   * modification times of the source's files. They read the files only if these differ from the values at the
   * conversion, which must also have had this option. A file that was rewritten with the same size and time
   * is then not noticed. Default: false, the contents are compared; files that are known to be unchanged are
   * not read again.
   */
  readonly trustTimes?: boolean | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /**
   * The most memory to use, in bytes. At least 64 MiB. Default: 512 MiB. A `meds_reader` database needs more:
   * the texts that several subjects share (at most 1 GiB per column), and one subject's record of each column
   * that is being read.
   */
  readonly memory?: number | undefined;
  /** Bytes per shard, 1 KiB to 2 GiB. Default: 512 MiB. */
  readonly shardBytes?: number | undefined;
  /**
   * Also write an inverted index: for each code, the patients that have it and their rows. It makes searches
   * for the rows of rare codes faster. The summary reports its bytes. Default: false. `reuse` and `from` also
   * accept a store with an index where this option is false.
   */
  readonly index?: boolean | undefined;
  /** Folder for temporary files, of `repair` and of a source that is unpacked. Default: beside the store. */
  readonly temp?: string | undefined;
  /**
   * Fail with `MEDS_ROWS_DROPPED`, before anything is written, if the conversion drops more than a tenth of a
   * table's rows (it then has a note of kind `dropped`). With `reuse` this also applies to the earlier
   * conversion that made the store. Only OMOP tables can lose rows. Default: false.
   */
  readonly strict?: boolean | undefined;
}
/**
 * The metadata of the source, and the results of its conversion.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * console.log(db.metadata.dataset?.dataset_name, db.metadata.notes);
 * db.close();
 * ```
 */
export declare class Metadata {
  /** Made by this package only. */
  protected constructor();
  /**
   * The store's content id: 32 hexadecimal digits. Equal sources and options have equal ids, with or without
   * an index.
   */
  readonly id: string;
  /** Paths of the files in the store's `metadata/`, relative to it: those of the source's metadata folder. */
  readonly files: readonly string[];
  /** What the conversion dropped, skipped, changed or repaired, and why. */
  readonly notes: readonly Note[];
  /** Bytes of the store's files. */
  readonly bytes: number;
  /** Bytes of the inverted index among them (`convert(…, { index: true })`); 0 where there is none. */
  readonly indexBytes: number;
  /** Number of shards. */
  readonly shards: number;
  /**
   * `dataset.json` (dataset_name, dataset_version, etl_name, meds_version, created_at, …); null where the
   * source has none. NaN and infinities, which Python writes although JSON does not allow them, are null
   * here. The file in the store is a copy of the source's, byte for byte.
   *
   * @throws MedsError `MEDS_METADATA` where it is not a JSON object.
   */
  get dataset(): Readonly<Record<string, unknown>> | null;
  /** What `JSON.stringify` writes. */
  toJSON(): {
    readonly [name: string]: unknown;
  };
}
/** The part of {@link Samples} that a prefetch needs. */
export interface SampleList {
  readonly size: number;
  readonly report: object;
}
/**
 * What is read soon: patients (subject ids, `{ ids }`, `{ slots }` or a cohort), a timeline or several, or windows
 * of them, windows that are not cut yet, or {@link Samples}.
 */
export type Prefetched = PatientChoice | Timeline | Iterable<Timeline> | Windows | SampleList;
/** Options of {@link PatientDatabase.prefetch}. */
export interface PrefetchOptions {
  /** Names of the columns that are read. Default: `time`, `code` and `numeric_value`. */
  readonly columns?: readonly string[] | undefined;
}
/** How to open a store. */
export interface OpenOptions {
  /** Check every byte first. For a large store this takes seconds instead of milliseconds. Default: false. */
  readonly verify?: boolean | undefined;
  /**
   * What values of int64 and uint64 columns are in JavaScript: `"bigint"` (the default), or `"number"`, which
   * is faster and easier. A value beyond 2^53 then throws `MEDS_UNSAFE_NUMBER` when it is read: it is never
   * rounded. This applies to `event.get`, `toObject`, `column.at`, `column.dictionary` and values inside lists
   * and structs, here and in the workers of passes. Subject ids, `timeMicros` and `times` stay bigints, and
   * so do 64-bit arrays (`column.values` of a plain column, `toArray`).
   */
  readonly int64?: "bigint" | "number" | undefined;
}
/** How {@link PatientDatabase.from} converts and opens. */
export interface FromOptions extends Omit<ConvertOptions, "force" | "reuse">, OpenOptions {
  /** Path of the store. Default: `SOURCE.medsdb`, beside the source. */
  readonly store?: string | undefined;
}
/**
 * A MEDS dataset, open for reading. Files are mapped and not read: opening takes milliseconds, and a column
 * that is never used takes no memory. Times are microseconds since 1970-01-01.
 *
 * A type parameter declares the types of further columns: `PatientDatabase.open<{ unit: string; hadm_id:
 * bigint }>(path)`. Then a name that is not among them is a type error.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * console.log(db.size, db.eventCount, db.splits);
 * for (const patient of db.split("train")) {
 *   const last = patient.at(-1);
 *   console.log(patient.subjectId, last?.date, last?.code);
 * }
 * db.close();
 * ```
 */
export declare class PatientDatabase<S extends object = AnySchema> extends Cohort<S> {
  /** Made by this package only. */
  protected constructor();
  /**
   * Opens a store. Its manifest, index of patients and codes are checked now. A shard is checked when its
   * first patient is read.
   *
   * @throws MedsError `MEDS_NOT_FOUND`, `MEDS_NOT_A_STORE`, `MEDS_STORE_VERSION`, `MEDS_CORRUPT`,
   * `MEDS_UNSUPPORTED_RUNTIME`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open<{ unit: string; visit_id: number }>("demo.medsdb", { int64: "number" });
   * console.log(db.at(0)?.at(-1)?.get("unit"), db.at(0)?.at(-1)?.get("visit_id")); // string, number or null
   * db.close();
   * ```
   */
  static open<S extends object = AnySchema>(path: string, options?: OpenOptions): PatientDatabase<S>;
  /**
   * Opens the store of a source (any source that {@link convert} reads). If the store is missing or the
   * source has changed, the store is made first. Several processes may do this at the same time: one
   * converts, and the others wait. A store that is damaged is an error, and is not replaced.
   *
   * @throws MedsError as {@link convert} and {@link PatientDatabase.open} do.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = await PatientDatabase.from("demo");
   * console.log(db.size);
   * db.close();
   * ```
   */
  static from<S extends object = AnySchema>(source: string, options?: FromOptions): Promise<PatientDatabase<S>>;
  /** All columns except `subject_id`: name, type in the source, nullable, storage. */
  get columns(): readonly ColumnInfo[];
  /** The table of codes. */
  get codes(): CodeTable;
  /** Number of patients with rows per split; empty where the source does not have splits. */
  get splits(): ReadonlyMap<string, number>;
  /** `dataset.json`, the notes of the conversion, and the names of the metadata files. */
  get metadata(): Metadata;
  /** Number of shards, the files that contain the events: see {@link PatientDatabase.exportC}. */
  get shardCount(): number;
  /**
   * All patients as a Table of the package `apache-arrow`, which must be installed. It has one row per
   * patient in storage order, one record batch per shard, and the columns of the shards' files (`subject_id`;
   * `events`, a list of structs; `sparse`, a struct of lists). Nothing is copied. All offsets are checked
   * first. After `close()` its buffers are empty: reading it returns nothing, or throws errors of
   * apache-arrow.
   *
   * @throws MedsError `MEDS_MISSING_PACKAGE` where apache-arrow is not installed; `MEDS_CORRUPT` where the
   * store is damaged.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const table = await db.toArrow();
   * console.log(table.numRows, table.schema.fields.map((field) => field.name));
   * db.close();
   * ```
   */
  toArrow<T = ArrowTable>(): Promise<T>;
  /**
   * Passes a shard to other native code in this process, without a copy. {@link ArrowExport} describes who
   * owns the memory, and for how long. The name follows pyarrow's `_export_to_c`. The whole structure of the
   * shard is checked first (offsets, dictionary indexes, text): this takes some tenths of a second for 512
   * MiB.
   *
   * @throws MedsError `MEDS_OUT_OF_RANGE` for a shard that does not exist; `MEDS_CORRUPT` where the store is
   * damaged.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (let shard = 0; shard < db.shardCount; shard += 1) {
   *   const exported = db.exportC(shard);
   *   // addon.importArrow(exported.schema, exported.array); it owns the structs from now on
   *   exported.release(); // does nothing after an import
   * }
   * db.close();
   * ```
   */
  exportC(shard: number): ArrowExport;
  /**
   * Writes the store as a MEDS 0.4 dataset: Parquet files `data/SPLIT/N.parquet` (`data/N.parquet` for
   * patients without a split), and metadata that MEDS's own validation (the Python package `meds`) accepts.
   * Subjects ascend in each file, and a subject's rows keep the store's order. A split whose name is not safe
   * as the name of a folder is written to a folder with another name; a note reports it. A store made from
   * the dataset has the same patients, rows, splits and codes; the order of its patients follows the files.
   * The dataset appears complete or not at all.
   *
   * @throws MedsError `MEDS_STORE_EXISTS` where the path exists; `MEDS_STORE_REPLACED` where this store was
   * replaced by another one; `MEDS_CORRUPT`, `MEDS_CANCELLED`, `MEDS_DISK_FULL`, `MEDS_PERMISSION`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { files, bytes, notes } = await db.export("demo-meds");
   * console.log(files, bytes, notes);
   * db.close();
   * ```
   */
  export(out: string, options?: DatasetOptions): Promise<Exported>;
  /**
   * Requests rows from the disk before they are read, many ranges at once: reads one after another leave a
   * fast disk idle. `what` is what the program reads next: subject ids (or `{ ids }`, `{ slots }`, a cohort),
   * timelines or windows of them, {@link Windows} (`{ subjectIds, end, last }`), or samples. The call returns
   * at once; the promise resolves with the number of bytes of the rows' pages when they are in memory. A
   * program need not wait for it. Rows that are in memory cost about 1 µs per window. What is read never
   * depends on it.
   *
   * Ask for what is read within the next seconds: at most half of the memory is requested, in the order of the
   * files. For patients in storage order, iterate over the database: that requests what comes next by itself,
   * and so do {@link loader} and queries.
   *
   * @throws MedsError `MEDS_UNKNOWN_SUBJECT`, `MEDS_UNKNOWN_COLUMN`, `MEDS_INVALID_ARGUMENT`, `MEDS_CLOSED`,
   * `MEDS_CORRUPT`: the promise is rejected.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const subjectIds = [db.at(0)!.subjectId, db.at(1)!.subjectId];
   * const end = [new Date("2100-01-01"), new Date("2120-01-01")];
   * console.log(await db.prefetch({ subjectIds, end, last: 256 }), "bytes");
   * for (const [i, id] of subjectIds.entries()) console.log(db.get(id)!.until(end[i]!).last(256).codeIds.length);
   * db.close();
   * ```
   */
  prefetch(what: Prefetched, options?: PrefetchOptions): Promise<number>;
  /**
   * How much of the store is in memory, for a diagnosis of slow reads: first each file, then, after a shard,
   * each of its columns. `resident` counts bytes by whole pages in the system's cache, which processes share.
   * It is null where the system does not say: on Windows, and on Linux for files that this user does not own and
   * cannot write. Takes about 0.1 s per GB.
   *
   * @throws MedsError `MEDS_CLOSED`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const { file, column, bytes, resident } of db.residency()) console.log(file, column, bytes, resident);
   * db.close();
   * ```
   */
  residency(): readonly Residency[];
  /** Path of the store, to open it in a worker. */
  get path(): string;
  /**
   * Unmaps the store. Later use of anything from it throws `MEDS_CLOSED`, and its typed arrays have length 0.
   * So do tensors and other arrays that share their memory: copy what you need afterwards
   * (`patient.numericValues.slice()`, `patient.copy()`). May be called twice.
   */
  close(): void;
  /** The same as {@link PatientDatabase.close}: `using db = PatientDatabase.open(path)`. */
  [Symbol.dispose](): void;
}
/** What the function of a pass receives in addition to patients and `args`. */
export interface PassContext {
  /** The store, open in this thread: its codes, splits and metadata. */
  readonly db: PatientDatabase;
  /** The index of the chunk that is being read, and the number of chunks. */
  readonly chunk: number;
  readonly chunks: number;
  /** The number of this worker, from 0, and the number of workers. */
  readonly worker: number;
  readonly workers: number;
}
/**
 * The function of {@link Cohort.map}. It is called once per worker (with `per: "chunk"` once per chunk), and
 * only if there are patients for it. It may iterate over the patients more than once: each loop begins at the
 * first patient and reads the same ones. If it stops early, the other workers read the chunks that it has not
 * taken.
 *
 * Where it returns an array or an iterator (such as a generator's), sync or async, each item is a result. Any
 * other value except undefined is one result. Results are cloned to the caller's thread. What a generator
 * yields is cloned at once; what a function returns is cloned at its end, but typed arrays of 64 KiB or more
 * are moved: see {@link Cohort.reduce}.
 *
 * @example
 * ```ts
 * import { type MapFunction, PatientDatabase } from "meds-reader";
 *
 * const longest: MapFunction<{ id: bigint; rows: number }, { least: number }> = function* (patients, { least }) {
 *   for (const patient of patients) if (patient.length >= least) yield { id: patient.subjectId, rows: patient.length };
 * };
 * const db = PatientDatabase.open("demo.medsdb");
 * console.log(await db.map(longest, { args: { least: 100 } }).toArray());
 * db.close();
 * ```
 */
export type MapFunction<T = unknown, A = unknown, S extends object = AnySchema> = (patients: Iterable<Patient<S>>, args: A, context: PassContext) => Iterable<T> | AsyncIterable<T> | T | Promise<Iterable<T> | AsyncIterable<T> | T>;
/**
 * The function of {@link Cohort.mapWithLabels}: like {@link MapFunction}, with each patient's
 * labels in the order of the table.
 */
export type MapWithLabelsFunction<T = unknown, A = unknown, S extends object = AnySchema> = (patients: Iterable<readonly [
  patient: Patient<S>,
  labels: readonly LabelRow[]
]>, args: A, context: PassContext) => Iterable<T> | AsyncIterable<T> | T | Promise<Iterable<T> | AsyncIterable<T> | T>;
/**
 * The function of {@link Cohort.reduce}, called as a {@link MapFunction}: its return value (even an array) is
 * one part.
 */
export type ReduceFunction<P = unknown, A = unknown, S extends object = AnySchema> = (patients: Iterable<Patient<S>>, args: A, context: PassContext) => P | Promise<P>;
/**
 * The function of {@link Cohort.label}. It is called for each patient, and returns one label,
 * several labels or nothing.
 *
 * @example
 * ```ts
 * import type { LabelFunction } from "meds-reader";
 *
 * const long: LabelFunction = (patient) => {
 *   const { lastTime } = patient;
 *   return lastTime === null ? [] : [{ predictionTime: lastTime, booleanValue: patient.length > 1000 }];
 * };
 * export default long;
 * ```
 */
export type LabelFunction<A = unknown, S extends object = AnySchema> = (patient: Patient<S>, args: A, context: PassContext) => Iterable<AskedLabel> | AskedLabel | null | undefined | Promise<Iterable<AskedLabel> | AskedLabel | null | undefined>;
/**
 * Patients of a store in storage order: all of them, a split, or a subset. A cohort is a view: it contains
 * slots and no patients.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const train = db.split("train");
 * const first = train.subset({ slots: train.slots.slice(0, 10) });
 * for (const patient of first) console.log(patient.subjectId, patient.length);
 * db.close();
 * ```
 */
export declare class Cohort<S extends object = AnySchema> implements Iterable<Patient<S>> {
  /** Made by this package only. */
  protected constructor();
  /** Number of patients. */
  get size(): number;
  /** Number of rows of these patients. */
  get eventCount(): number;
  /** A copy of the slots, ascending: for workers and for {@link Cohort.subset}. */
  get slots(): Uint32Array;
  /** A copy of the subject ids, in storage order. */
  get subjectIds(): BigInt64Array;
  /**
   * The patient with an id; undefined where the cohort does not contain it.
   *
   * @throws MedsError `MEDS_UNSAFE_NUMBER` for a number that is fractional or beyond 2^53: use a bigint for
   * such an id.
   */
  get(id: SubjectId): Patient<S> | undefined;
  /** Whether the cohort contains a patient with this id. */
  has(id: SubjectId): boolean;
  /**
   * The patient at an index in storage order; for the whole database the index is the slot. A negative index
   * counts from the end. Undefined if there is no such patient.
   */
  at(index: number): Patient<S> | undefined;
  /** The patients in storage order. */
  [Symbol.iterator](): IterableIterator<Patient<S>>;
  /**
   * The chosen patients of this cohort as a view, in storage order, each once.
   *
   * @throws MedsError `MEDS_UNKNOWN_SUBJECT` for an id or slot that is not in the cohort: filter with {@link
   * Cohort.has} where that is expected.
   */
  subset(choice: PatientChoice): Cohort<S>;
  /**
   * The patients of a split, as a view.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT` where the dataset does not have a split of that name.
   */
  split(name: string): Cohort<S>;
  /**
   * The patients in some shards (files of the store), as a view: `[0, 3]`, or `{ from: 0, to: 4 }` for 0 to 3.
   * Shards are counted from 0; their number is `db.metadata.shards`. A patient is never in two shards.
   *
   * Queries and passes over it read only the files of these shards. So several machines can each ask about
   * some shards; {@link mergeResults} makes their results one.
   *
   * @throws MedsError `MEDS_OUT_OF_RANGE` for a shard that does not exist.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const first = db.split("train").shards({ to: 1 });
   * console.log(first.size, (await first.countCodes()).events[db.codes.id("MEDS_BIRTH") ?? 0]);
   * db.close();
   * ```
   */
  shards(choice: ShardChoice): Cohort<S>;
  /**
   * What `JSON.stringify` writes: which patients these are, without their rows. A patient can also be
   * written: `JSON.stringify(patient)`.
   */
  toJSON(): {
    readonly path: string;
    readonly eventCount: number;
    readonly subjectIds: readonly string[];
  };
  /**
   * The rows of many windows at once: for each subject its rows up to a time, as {@link Timeline.until}, {@link
   * Timeline.between} and {@link Timeline.last} cut them, without an object for each. A subject may occur any
   * number of times, in any order. The call finds all rows now, in native code on all cores, and returns when
   * it is done; a column is copied when it is first read.
   *
   * @param times The end of each window. A number or bigint is microseconds since 1970-01-01.
   * @throws MedsError `MEDS_UNKNOWN_SUBJECT` for a subject that is not in the cohort; `MEDS_INVALID_ARGUMENT`
   * for arrays of different lengths and for a window that ends before it starts; what {@link
   * Timeline.between} throws for times; `MEDS_CORRUPT`, `MEDS_CLOSED`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const ids = db.subjectIds;
   * const times = Array.from(ids, () => new Date("2100-01-01")); // prediction times, for example
   * const { size, offsets, codeIds, numericValues } = db.windows(ids, times, { last: 256, inclusive: false });
   * for (let w = 0; w < size; w += 1) {
   *   let sum = 0;
   *   for (let i = offsets[w]!; i < offsets[w + 1]!; i += 1) if (numericValues[i]! > 0) sum += numericValues[i]!;
   *   console.log(ids[w], sum, db.codes.strings[codeIds[offsets[w]!]!]);
   * }
   * db.close();
   * ```
   */
  windows(subjectIds: BigInt64Array | ArrayLike<SubjectId>, times: BigInt64Array | ArrayLike<TimeLike>, options?: WindowRowsOptions): WindowRows<S>;
  /**
   * Numbers of rows and patients per code id. With windows: rows in all windows, and windows that contain the
   * code.
   *
   * @throws MedsError as a rejection, like all queries: `MEDS_CANCELLED`, `MEDS_CORRUPT`, `MEDS_CLOSED` where
   * the database was closed before; for windows `MEDS_UNKNOWN_SUBJECT` for a subject that is not in the
   * cohort, `MEDS_INVALID_ARGUMENT` for arrays of different lengths and for a window that ends before it
   * starts, and what {@link Timeline.between} throws for times.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { events, patients } = await db.split("train").countCodes();
   * const common = db.codes.strings.filter((_, id) => patients[id]! >= 10); // a vocabulary that saw only train
   * console.log(common.length, events[db.codes.id("MEDS_BIRTH") ?? 0]);
   * db.close();
   * ```
   */
  countCodes(options?: QueryOptions & {
    readonly by?: undefined;
  }): Promise<CodeCounts>;
  /**
   * Numbers of rows per code and bin of time: year, month, day or a run of days, in UTC. Without `codes`, of
   * all codes. Exact for every time of int64. Static rows have no time: their number is `withoutTime`.
   *
   * Costs about 2 ns per row and thread for years of all codes; less for a few codes, more for days of many
   * codes (about 30 ns), whose result can be as long as the rows.
   *
   * @throws MedsError as the form without `by`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { codeIds, bins, counts } = await db.countCodes({ by: "year" });
   * for (let i = 0; i < Math.min(5, counts.length); i += 1) console.log(db.codes.strings[codeIds[i]!], bins[i], counts[i]);
   * const weekly = await db.countCodes({ by: { days: 7 }, codes: db.codes.withPrefix("LAB//") });
   * console.log(weekly.counts.length, weekly.withoutTime);
   * db.close();
   * ```
   */
  countCodes<B extends TimeBin>(options: BinCountOptions<B>): Promise<BinCounts<B>>;
  /**
   * Number of rows per code, for each patient or window.
   *
   * @throws MedsError as {@link Cohort.countCodes}.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { offsets, codeIds, counts } = await db.countCodesEach({ codes: db.codes.withPrefix("LAB//") });
   * for (let slot = 0; slot < db.size; slot += 1) {
   *   for (let i = offsets[slot]!; i < offsets[slot + 1]!; i += 1) console.log(slot, db.codes.strings[codeIds[i]!], counts[i]);
   * }
   * db.close();
   * ```
   */
  countCodesEach(options?: CodeQueryOptions): Promise<CodeCountsEach>;
  /**
   * For each patient or window, its first row that has one of the codes. Static rows (without a time) come
   * first. Of several rows at one time, the first is the one that the source has first.
   *
   * @throws MedsError as {@link Cohort.countCodes}; `MEDS_INVALID_ARGUMENT` for a value that cannot be a
   * code.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { rows, times } = await db.firstOf("MEDS_BIRTH");
   * rows.forEach((row, slot) => {
   *   if (row >= 0) console.log(db.at(slot)!.subjectId, times[slot]); // microseconds since 1970-01-01, bigint
   * });
   * db.close();
   * ```
   */
  firstOf(codes: CodeChoice, options?: QueryOptions): Promise<Occurrences>;
  /**
   * For each patient or window, its last row that has one of the codes: see {@link Cohort.firstOf}. Of
   * several rows at one time, the last is the one that the source has last.
   *
   * @throws MedsError as {@link Cohort.firstOf}.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { rows, codeIds } = await db.split("train").lastOf(["MEDS_DEATH", db.codes.withPrefix("LAB//")]);
   * console.log(rows[0], db.codes.strings[codeIds[0]!]);
   * db.close();
   * ```
   */
  lastOf(codes: CodeChoice, options?: QueryOptions): Promise<Occurrences>;
  /**
   * Count, sum, mean, minimum, maximum and last numeric value per code, for each patient or window.
   *
   * @throws MedsError as {@link Cohort.countCodes}.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const windows = { subjectIds: db.subjectIds, end: Array.from(db, () => new Date("2100-01-01")) };
   * const { offsets, codeIds, mean } = await db.aggregate({ windows, codes: db.codes.withPrefix("LAB//") });
   * for (let i = 0; i < offsets[1]!; i += 1) console.log(db.codes.strings[codeIds[i]!], mean[i]);
   * db.close();
   * ```
   */
  aggregate(options?: CodeQueryOptions): Promise<Aggregates>;
  /**
   * Number of rows and patients, sum, mean, standard deviation, minimum and maximum of the numeric values per
   * code, over all patients or windows. Sums are exact and rounded once, when they are read: the result does
   * not depend on threads, nor on the order and parts in which patients are read ({@link mergeResults}).
   *
   * @throws MedsError as {@link Cohort.countCodes}.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { valueCount, mean, std } = await db.split("train").aggregateCodes();
   * for (const id of db.codes.withPrefix("LAB//")) console.log(db.codes.strings[id], valueCount[id], mean[id], std[id]);
   * db.close();
   * ```
   */
  aggregateCodes(options?: CodeQueryOptions): Promise<CodeAggregates>;
  /**
   * The rows that have one of the codes: their indexes, for each patient that has such a row (with windows:
   * for each window, empty ones included).
   *
   * @throws MedsError as {@link Cohort.firstOf}.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { slots, offsets, rows } = await db.rowsWithCode(db.codes.withPrefix("LAB//"));
   * slots.forEach((slot, g) => {
   *   const patient = db.at(slot)!;
   *   for (let i = offsets[g]!; i < offsets[g + 1]!; i += 1) console.log(patient.subjectId, patient.at(rows[i]!)?.numericValue);
   * });
   * db.close();
   * ```
   */
  rowsWithCode(codes: CodeChoice, options?: QueryOptions): Promise<CodeRows>;
  /**
   * The types of notes, with their numbers, those with the most notes first. {@link NoteOptions} says which rows are
   * notes.
   *
   * @throws MedsError as {@link Cohort.countCodes}; `MEDS_INVALID_ARGUMENT` where the store does not have a column of
   * texts; `MEDS_UNKNOWN_SPLIT`; `MEDS_UNKNOWN_COLUMN`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const { name, notes, patients, longest } of await db.notes({ split: "train" })) console.log(name, notes, patients, longest);
   * db.close();
   * ```
   */
  notes(options?: NoteOptions): Promise<NoteType[]>;
  /**
   * Searches the texts of notes for words or a regular expression, in one pass. With `until` or `windows`, only notes that
   * are known then are searched.
   *
   * @throws MedsError as {@link Cohort.notes}; `MEDS_INVALID_ARGUMENT` for a regular expression with a look-ahead, a
   * look-behind or a reference to a group: {@link NoteQuery}.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const hits = await db.searchNotes(["chest pain", "dyspnea"], { until: "2020-01-01", limit: 10 });
   * console.log(hits.matches, "in", hits.notesFound, "of", hits.notesSearched, "notes");
   * for (const { subjectId, event, snippet } of hits) console.log(subjectId, event.date, snippet);
   * db.close();
   * ```
   */
  searchNotes(query: NoteQuery, options?: NoteSearchOptions): Promise<NoteHits>;
  /**
   * The last row of some codes at each label, moment or window: an as-of join. The result has one entry per
   * label, in their order: value, time, code id, row, and `has`, which is 0 where there is no such row.
   *
   * A row counts if its time is at or before the label's prediction time (`inclusive: false`: before it) and,
   * with `maxAge`, not older than that. Of several rows at one time, the last in the order of the store
   * counts. Rows without a value do not count, unless `with: "row"`. Static rows do not count, unless
   * `static: true`; they are the oldest. The label of a moment that does not exist has no row.
   *
   * Each patient's rows are read once, for all of its labels, and only as far back as needed. Further
   * `columns` are read in this thread, about 0.2 µs per value.
   *
   * @throws MedsError as {@link Cohort.firstOf}; `MEDS_UNKNOWN_COLUMN`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * // Heart failure before the first urgent admission: age then, and the last creatinine of the 30 days before.
   * const admission = await db.firstOf("HOSPITAL_ADMISSION//URGENT*");
   * const failure = await db.firstOf("ICD10CM//I50*", { windows: { until: admission, inclusive: false } });
   * const birth = await db.firstOf("MEDS_BIRTH");
   * const creatinine = await db.asof(admission, "LAB//50912*", { maxAge: "30d", inclusive: false });
   * for (let i = 0; i < admission.subjectIds.length; i += 1) {
   *   if (failure.has[i] === 0) continue;
   *   const years = Number(admission.times[i]! - birth.times[i]!) / 31_556_952_000_000;
   *   console.log(admission.subjectIds[i], years, creatinine.values[i]); // NaN: no value
   * }
   * db.close();
   * ```
   */
  asof(points: AsOfPoints, codes: CodeChoice, options?: AsOfOptions): Promise<AsOf>;
  /**
   * {@link Cohort.asof} for several sets of codes at once, by name: one result per set, all aligned to the
   * labels. Each patient's rows are still read only once.
   *
   * @throws MedsError as {@link Cohort.asof}.
   * @example
   * ```ts
   * import { Labels, PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const labels = Labels.from([{ subjectId: db.at(0)!.subjectId, predictionTime: new Date("2100-01-01"), booleanValue: true }]);
   * const { labs, creatinine } = await db.asofEach(labels, {
   *   labs: "LAB//*",
   *   creatinine: "LAB//50912*",
   * });
   * console.log(labs.values[0], labs.times[0], creatinine.has[0]);
   * db.close();
   * ```
   */
  asofEach<K extends string>(points: AsOfPoints, sets: {
    readonly [name in K]: CodeChoice;
  }, options?: AsOfOptions): Promise<{
    readonly [name in K]: AsOf;
  }>;
  /**
   * The rows that have one of the codes, as a flat table in the order of the patients, or of the windows. A
   * row is in the table once for every window that contains it.
   *
   * `as: "arrays"` (the default) returns typed arrays with masks, {@link RowArrays}; `"objects"` an array of
   * plain objects, {@link RowObject}; `"arrow"` a `Table` of the package apache-arrow. The columns are copied
   * by native code on all cores, once; the table is in memory (about twice as long as it is made). Text that
   * the store does not code, and nested values, are decoded in this thread. For rows that do not fit into
   * memory, write them to a file: {@link Cohort.writeRows}.
   *
   * @throws MedsError as {@link Cohort.firstOf}; `MEDS_UNKNOWN_COLUMN`; `MEDS_MISSING_PACKAGE` for `"arrow"`
   * without the package.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { length, columns, valid } = await db.select({ codes: db.codes.withPrefix("LAB//") });
   * for (let i = 0; i < Math.min(3, length); i += 1) {
   *   if (valid.numeric_value![i] === 1) console.log(columns.subject_id[i], columns.time[i], columns.code[i], columns.numeric_value[i]);
   * }
   * console.log(await db.split("train").select({ columns: ["subject_id", "time", "code"], limit: 2, as: "objects" }));
   * db.close();
   * ```
   */
  select<const N extends string = UsualColumn>(options?: SelectOptions<N, "arrays">): Promise<RowArrays<N>>;
  select<const N extends string = UsualColumn>(options: SelectOptions<N, "objects"> & {
    readonly as: "objects";
  }): Promise<RowObject<N>[]>;
  select(options: SelectOptions<string, "arrow"> & {
    readonly as: "arrow";
  }): Promise<ArrowTable>;
  /**
   * Writes the rows of {@link Cohort.select} to a Parquet, CSV or Arrow file, or to a stream (in CSV, unless
   * `format` is set). A file appears complete or not at all, and replaces a file of that name. About a million
   * rows are in memory at a time; a patient or window is never divided.
   *
   * In Parquet and Arrow, `subject_id` is int64, times are timestamp[us], codes are strings, and other columns
   * have their types (Parquet has no durations: they are int64 there). In CSV, times are ISO 8601, a null is
   * empty and an empty text is `""`; times beyond the calendar are microseconds.
   *
   * @throws MedsError as {@link Cohort.select}; `MEDS_NOT_FOUND` where the folder of the file is missing; `MEDS_IO`, `MEDS_PERMISSION`
   * or `MEDS_DISK_FULL` for a file that cannot be written, `MEDS_IO` for a stream that is closed; `MEDS_INVALID_ARGUMENT` for a path without
   * a format, or in the store.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { rows } = await db.split("train").writeRows("labs.parquet", { codes: db.codes.withPrefix("LAB//"), columns: "all" });
   * console.log(rows);
   * db.close();
   * ```
   */
  writeRows(to: string | WritableLike, options?: WriteRowsOptions): Promise<{
    readonly rows: number;
  }>;
  /**
   * Runs a function over all patients in worker threads, and streams its results. The function is called once
   * per worker, with an iterable of the patients that the worker takes, chunk by chunk. See {@link
   * MapFunction} for its arguments and results.
   *
   * The function is given itself, and sent to the threads by its source text: it may use its arguments and
   * what is global in every thread, but no variables of the program around it. Pass those as `args`;
   * `await import("package")` in it finds packages from the current folder. Or it is given as a module that
   * exports it: `new URL("./pass.mjs", import.meta.url)`, or `.ts` where Node.js loads TypeScript.
   *
   * Results come in the order of the patients by default. The pass begins when its first result is read. It
   * ends however the loop is left. Workers wait for a slow reader.
   *
   * The threads stay for ten seconds after a pass, with the store open and modules loaded, and end with
   * `close()`; they do not keep a program running. The first pass takes about 0.1 s to start two threads, a
   * later one about a millisecond. Variables of a module live as long as its thread: keep what a pass adds up
   * inside of the function. If the module's file has changed, new threads read it (changes of files that it
   * imports are not seen). Threads of a pass that an error, a signal or `break` ended end too.
   *
   * A pass of at most 100,000 rows (10,000 where the threads are ready) runs in the caller's thread if
   * `threads` and `signal` are not set and the function, or labeler, only computes: a function that is given
   * itself, is not async and uses only globals of the language.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a function that uses variables around it, a relative path,
   * a module of another kind, args that cannot be cloned and wrong options; `MEDS_NOT_FOUND` where the module
   * does not exist; what {@link Pass} throws while it runs.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const long = db.map(
   *   function* (patients, { least }) {
   *     for (const patient of patients) if (patient.length >= least) yield { id: patient.subjectId, rows: patient.length };
   *   },
   *   { args: { least: 100 } },
   * );
   * for await (const { id, rows } of long) console.log(id, rows);
   * db.close();
   * ```
   * @example
   * ```ts
   * import { writeFileSync } from "node:fs";
   * import { PatientDatabase } from "meds-reader";
   *
   * const module = new URL("./longest.mjs", import.meta.url);
   * writeFileSync(
   *   module,
   *   "export default function* (patients, { least }) { for (const p of patients) if (p.length >= least) yield [p.subjectId, p.length]; }",
   * );
   * const db = PatientDatabase.open("demo.medsdb");
   * for await (const [subjectId, rows] of db.map<[bigint, number]>(module, { args: { least: 100 } })) console.log(subjectId, rows);
   * db.close();
   * ```
   */
  map<T = unknown, A = unknown>(module: ModuleUrl, options?: MapOptions<A>): Pass<T>;
  map<T, A = undefined>(run: MapFunction<T, A, S>, options?: MapOptions<A>): Pass<T>;
  /**
   * Like {@link Cohort.map}, but each patient comes with its labels: the function iterates over pairs of a
   * patient and its labels. The table of labels may have any order; the labels of a patient come in the order
   * of the table. {@link Pass.report} counts labels of subjects that are unknown or outside of this cohort.
   *
   * @throws MedsError as {@link Cohort.map}.
   * @example
   * ```ts
   * import { Labels, PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const labels = Labels.from([{ subjectId: db.at(0)!.subjectId, predictionTime: new Date("2100-01-01"), booleanValue: true }]);
   * const pass = db.mapWithLabels(function* (pairs) {
   *   for (const [patient, own] of pairs) for (const label of own) yield patient.until(label.predictionTime).length;
   * }, labels);
   * console.log(await pass.toArray(), pass.report.unknownLabels);
   * db.close();
   * ```
   */
  mapWithLabels<T = unknown, A = unknown>(module: ModuleUrl, labels: Labels, options?: MapWithLabelsOptions<A>): Pass<T>;
  mapWithLabels<T, A = undefined>(run: MapWithLabelsFunction<T, A, S>, labels: Labels, options?: MapWithLabelsOptions<A>): Pass<T>;
  /**
   * Runs a function over all patients in worker threads and merges its results, one per worker, in order of
   * the workers. The function is given as for {@link Cohort.map}.
   *
   * Which patients a worker reads depends on time, so the last bits of a sum of floating-point numbers may
   * differ between runs. With `per: "chunk"` the function is called per chunk and its results are merged in
   * order of the patients: the total is then the same to the last bit for any number of threads.
   *
   * A chunk has patients of one shard, and depends on no other shard. So `db.shards(…).map(run, { per: "chunk"
   * })` yields the same results elsewhere: merge those of all shards one by one, in order of the shards, and the
   * total is that of `db.reduce(run, { per: "chunk", … })` to the last bit, whatever `merge` does. If each machine
   * merges its own results first, `merge` must be associative, and `initial` must not change what is merged into
   * it: counts and sets are, sums of floating-point numbers are not.
   *
   * Typed arrays of 64 KiB or more in a result (itself, or up to two levels deep in plain objects and arrays)
   * are moved to the caller's thread, not copied: the function's own reference to such an array is empty
   * afterwards. Make the array in the function.
   *
   * @throws MedsError as {@link Cohort.map} and {@link Pass}, all as a rejection.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const counts = await db.reduce(
   *   (patients, { codes }) => {
   *     const found = new Float64Array(codes);
   *     for (const patient of patients) for (const id of patient.codeIds) found[id]! += 1;
   *     return found;
   *   },
   *   {
   *     args: { codes: db.codes.size + 1 }, // ids count from 1
   *     initial: new Float64Array(db.codes.size + 1),
   *     merge: (total, part) => total.map((count, id) => count + part[id]!),
   *   },
   * );
   * console.log(counts[db.codes.id("MEDS_BIRTH") ?? 0]);
   * db.close();
   * ```
   */
  reduce<R, P = R, A = unknown>(module: ModuleUrl, options: ReduceOptions<R, P, A>): Promise<R>;
  reduce<R, P = R, A = undefined>(run: ReduceFunction<P, A, S>, options: ReduceOptions<R, P, A>): Promise<R>;
  /**
   * Makes labels, in worker threads: by a labeler of this package ({@link outcomeWithin}, {@link labValue},
   * {@link predictionTimes}), or by a function that is called for each patient ({@link LabelFunction}), given
   * as for {@link Cohort.map}. Labels are in the order of the patients; those of a labeler of this package are
   * also in the order of time.
   *
   * @throws MedsError as {@link Cohort.map} and {@link Pass}, all as a rejection.
   * @example
   * ```ts
   * import { outcomeWithin, PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const labels = await db.split("train").label(outcomeWithin({ outcome: { prefix: "MEDS_DEATH" }, horizon: { days: 365 } }), {
   *   sample: { count: 1, seed: 7 },
   *   onReport: ({ positive, negative, censored }) => console.log(positive, negative, censored),
   * });
   * console.log(labels.size, labels.at(0)?.isCensored);
   * db.close();
   * ```
   */
  label<A = unknown>(labeler: Labeler | ModuleUrl, options?: LabelingOptions<A>): Promise<Labels>;
  label<A = undefined>(labeler: LabelFunction<A, S>, options?: LabelingOptions<A>): Promise<Labels>;
}
/**
 * Which of the known rows of a sample its window takes. n is the number of known rows (or events), w the length
 * of a window:
 *
 * - `to_end`: the last w.
 * - `from_start`: the first w.
 * - `random`: w rows from a start that is drawn evenly from 0 to n - w. Rows in the middle are in more windows
 *   than rows at the ends.
 * - `balanced_random`: the start is drawn evenly from -(w - 1) to n - 1, and the window is cut to the rows that
 *   exist. Every row is in a window with the same probability. Windows at the ends are shorter.
 * - `step_through`: windows that start at 0, stride, 2 stride and so on; the last one ends at the last row. Each
 *   window is a sample.
 *
 * If n is at most w, every strategy takes all rows. The strategies are those of meds-torch-data
 * (`SubsequenceSamplingStrategy`).
 */
export type Strategy = "to_end" | "from_start" | "random" | "balanced_random" | "step_through";
/** A length of time, or a number of rows (of events with `unit: "events"`). */
export type Reach = Duration | {
  readonly count: number;
};
/** Options of {@link samples}. */
export interface SampleOptions {
  /**
   * The largest number of rows in a window (events with `unit: "events"`), including prepended static rows. 1
   * to 2^31 - 1.
   */
  readonly maxLength: number;
  /** Default: `to_end`. */
  readonly strategy?: Strategy | undefined;
  /**
   * The unit of `maxLength`, `stride`, `overlap` and of every `count`: rows (`measurements`, the default), or
   * `events`. Here an event is all rows of the same time.
   */
  readonly unit?: "measurements" | "events" | undefined;
  /**
   * With `step_through`: the distance from the start of a window to the start of the next, 1 to `maxLength`
   * (a longer step would skip rows). Cannot be combined with `overlap`. Default: `maxLength`, windows side by
   * side. Prepended static rows take positions of each window. If fewer positions than this distance are left,
   * the distance is the number of positions left.
   */
  readonly stride?: number | undefined;
  /**
   * With `step_through`: how many rows two neighbouring windows share, less than `maxLength`. The distance
   * is the length of a window, without prepended static rows, minus this, and at least 1.
   */
  readonly overlap?: number | undefined;
  /**
   * Whether rows at exactly the time of the cut-off are known. Default: true, as MEDS defines a prediction
   * time. With labels only.
   */
  readonly inclusive?: boolean | undefined;
  /**
   * As a length of time: the cut-off is this long before the prediction time (with labels only). As a count:
   * this many of the last known rows are left out. Default: no gap.
   */
  readonly gap?: Reach | undefined;
  /**
   * As a length of time: only rows within this time before the cut-off (with labels only). The interval is
   * (cut-off - lookBack, cut-off], or [cut-off - lookBack, cut-off) if `inclusive` is false. As a count: only
   * this many of the last rows. Default: all rows.
   */
  readonly lookBack?: Reach | undefined;
  /**
   * Static rows beside the sequence (`include`, the default), at its beginning (`prepend`), or not at all
   * (`omit`). If static rows would fill the whole sequence, `prepend` keeps the first `maxLength - 1` of
   * them, and the report counts the sample.
   */
  readonly static?: "include" | "prepend" | "omit" | undefined;
  /**
   * Which rows are static: rows without a time (`null`, the default), or also all rows up to and including
   * the day of birth in UTC (`birth`). The second is FEMR's rule, for data from OMOP, where gender and race
   * have the time of birth.
   */
  readonly staticUntil?: "null" | "birth" | undefined;
  /** Only rows with these codes. Default: all codes. */
  readonly codes?: CodeChoice | undefined;
  /**
   * Only rows for which every function returns true. A function receives the row's value in the column that
   * it is named after, null if the row has none. Functions cannot be sent to worker threads: such samples are
   * for loaders without `workers`.
   */
  readonly where?: {
    readonly [column: string]: (value: never) => boolean;
  } | undefined;
  /**
   * Codes whose rows have a date and no time of day. Their rows on the day of the cut-off (UTC) are removed,
   * because they may be later than the cut-off. With labels only.
   */
  readonly dateOnly?: CodeChoice | undefined;
  /**
   * Codes whose rows are removed if they have exactly the time of the cut-off (for example billing codes at
   * discharge). With labels only.
   */
  readonly excludeAtCutoff?: CodeChoice | undefined;
  /**
   * Columns whose values become known after the time of their row. The key is such a column; its value is the
   * name of the column with the time at which the key's value becomes known (the same name, if the column is
   * that time itself). A sample reads null if that time is after the cut-off (with `inclusive: false`: or at
   * it) or missing. Not for `time`, `code` and `numeric_value`. With labels only. Default: `{ end: "end" }` if
   * the data has a time column `end` (the end of a visit).
   */
  readonly knownLater?: {
    readonly [column: string]: string;
  } | undefined;
  /** Only subjects of this split. Default with labels: all subjects. */
  readonly split?: string | undefined;
}
/** What happened to the labels (or patients). Everything that is left out is counted here. */
export interface SampleReport {
  /** Labels, or patients where there are no labels. */
  readonly given: number;
  /** Samples made from them; more with `step_through`. */
  readonly samples: number;
  /** Labels of subjects that are not in the database, and the number of those subjects. */
  readonly unknownLabels: number;
  readonly unknownSubjects: number;
  /** Labels of subjects outside of the cohort or of the requested split. */
  readonly otherSplit: number;
  /** Labels of subjects without a split, if a split is requested. */
  readonly noSplit: number;
  /**
   * With labels: samples whose only known rows are static. Without labels: patients left out for this reason.
   */
  readonly empty: number;
  /**
   * With `static: "prepend"`: labels (or patients) with more static rows than fit before the other rows of a
   * window. The first static rows are kept.
   */
  readonly staticCut: number;
  /**
   * Rows at exactly the time of the cut-off that windows are taken from, by the first part of their code.
   * Check whether they were really known at that time; `excludeAtCutoff` removes rows by code.
   */
  readonly atCutoff: ReadonlyMap<string, number>;
}
/**
 * Samples without labels: whole timelines of the patients of a split. The split must be named, so that
 * training never includes patients without an assignment.
 */
export interface Pretraining {
  readonly split: string;
}
/** One sample, for inspection. Batches are made without these objects. */
export interface Sample {
  readonly subjectId: bigint;
  /** Microseconds since 1970-01-01; null without labels. */
  readonly predictionTime: bigint | null;
  readonly label: LabelRow | null;
  /** The static rows. */
  readonly static: Timeline;
  /** The rows of the window. */
  readonly timeline: Timeline;
}
/**
 * The numbers that a draw depends on. With the same two numbers, the windows of the `random` strategies are
 * the same on every machine.
 */
export interface DrawOptions {
  readonly seed?: number | undefined;
  readonly epoch?: number | undefined;
}
/**
 * A list of windows of patients' timelines, each as known at a cut-off; {@link samples} makes it. It stores
 * where windows are and copies no rows. A window only ever returns rows at or before the cut-off:
 * {@link loader} proves it for each batch.
 */
export declare class Samples {
  /** Made by this package only. */
  protected constructor();
  /** Number of samples. */
  readonly size: number;
  /** The labels; each sample belongs to one of them. Null without labels. */
  readonly labels: Labels | null;
  /**
   * What happened to all labels or patients. Labels are counted when it is first read, which needs the rows near all
   * cut-offs; except with `step_through`, which has read them before.
   *
   * @throws MedsError `MEDS_CLOSED` if it is first read after the database was closed.
   */
  get report(): SampleReport;
  /**
   * A sample; a negative index counts from the end; undefined outside of the list. The windows of the
   * `random` strategies depend on seed and epoch.
   *
   * @throws MedsError `MEDS_CLOSED`; `MEDS_INVALID_ARGUMENT`.
   */
  at(i: number, options?: DrawOptions): Sample | undefined;
  /** The samples in order, with the windows of seed 0 and epoch 0. */
  [Symbol.iterator](): IterableIterator<Sample>;
  /** The object that `JSON.stringify` writes. */
  toJSON(): object;
}
/**
 * Windows of patients' timelines for training or evaluation. With labels: one window per label, with rows
 * known at its prediction time. With `{ split }`: one window per patient of the split, for pre-training. `db`
 * may be a cohort: labels of other subjects are then left out, and counted.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for a wrong option, `MEDS_UNKNOWN_SPLIT`, `MEDS_UNKNOWN_COLUMN`,
 * `MEDS_CLOSED`.
 * @example
 * ```ts
 * import { Labels, PatientDatabase, samples } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const labels = Labels.from([{ subjectId: db.at(0)!.subjectId, predictionTime: new Date("2100-01-01"), booleanValue: true }]);
 * const list = samples(db, labels, { maxLength: 512 });
 * console.log(list.size, list.report, list.at(0)?.timeline.length);
 * const pretraining = samples(db, { split: "train" }, { maxLength: 512, strategy: "random" });
 * console.log(pretraining.size);
 * db.close();
 * ```
 */
export declare function samples<S extends object>(db: Cohort<S>, source: Labels | Pretraining, options: SampleOptions): Samples;
/**
 * The store that something was fitted on. It is in a separate file beside the fitted one
 * (`NAME.provenance.json`), because the id of a store changes with every held-out patient and the fitted file
 * must not.
 */
export interface Provenance {
  /** Id of the vocabulary or of the tasks. */
  readonly of: string;
  /** Content id and fingerprint of the store: {@link Metadata.id}. */
  readonly store: string;
  readonly fingerprint: string;
}
/** Options of {@link Vocabulary.fit}. */
export interface VocabularyOptions {
  /** The smallest number of rows that a code needs to be in the vocabulary. Default: 1. */
  readonly minCount?: number | undefined;
  /** The smallest number of patients that a code needs to be in the vocabulary. Default: 1. */
  readonly minPatients?: number | undefined;
  /**
   * The largest number of codes; those with the most rows are kept. Special tokens and bins are not counted.
   * Default: all codes.
   */
  readonly top?: number | undefined;
  /**
   * Further special tokens, with ids from 2 on. The id of PAD (padding) is always 0, and that of UNK (an
   * unknown code) is 1. They must differ from all codes. `special` of the vocabulary has their ids; `idOf` is
   * for codes.
   */
  readonly special?: readonly string[] | undefined;
  /**
   * Returns the token that a code becomes, or null for UNK. Codes that become the same token share its id and
   * statistics. It must not be the name of a special token. The function is called during fitting only: a
   * code without a training patient is UNK, whatever the function would return. Cannot be combined with
   * `ancestors`. Default: each code is a token.
   */
  readonly token?: ((code: string) => string | null) | undefined;
  /**
   * Also makes tokens of the codes' ancestors through `parent_codes`. They count the rows and patients of all
   * their descendants, and each row has a bag of tokens: field `bag` of batches. Default: false.
   */
  readonly ancestors?: boolean | undefined;
  /** `z-score`: `numeric_value` of batches is (x - mean) / std of the row's token. Default: `raw`. */
  readonly values?: "raw" | "z-score" | undefined;
  /**
   * Number of quantile bins for the values of each token, 2 to 65,536: field `value_bin` of batches. Default:
   * no bins.
   */
  readonly bins?: number | undefined;
  /**
   * With `bins`: a row with a value has the token of its code and bin, and not the token of its code.
   * Default: false.
   */
  readonly binTokens?: boolean | undefined;
}
/** The options of a vocabulary, as it is saved. */
export interface FittedOptions {
  readonly minCount: number;
  readonly minPatients: number;
  readonly top: number | null;
  readonly ancestors: boolean;
  readonly values: "raw" | "z-score";
  /** 0: none. */
  readonly bins: number;
  readonly binTokens: boolean;
}
/** A code, or the token that several codes became, with its counts among the fitted rows. */
export interface Token {
  readonly code: string;
  /** The codes that become this token. */
  readonly codes: readonly string[];
  /** Rows with this token; with ancestors also the rows of its descendants. */
  readonly rows: number;
  /** Patients with such a row. */
  readonly patients: number;
  /**
   * Number, mean and standard deviation (divided by the number) of the finite values of its own rows. Null
   * without values.
   */
  readonly values: {
    readonly count: number;
    readonly mean: number;
    readonly std: number;
  } | null;
  /** Ascending bounds of its bins: one fewer than bins. Null without values, or without the option `bins`. */
  readonly edges: readonly number[] | null;
}
/** How many of some rows a vocabulary has a token for. */
export interface Coverage {
  readonly rows: number;
  /** Rows whose code is UNK. */
  readonly unknownRows: number;
  /** Rows without any token of the vocabulary. Equal to `unknownRows`; it can be less with `ancestors`. */
  readonly uncoveredRows: number;
  /** Distinct codes of the rows. */
  readonly codes: number;
  readonly unknownCodes: number;
  /** Rows with a numeric value. Infinite values are in no mean, standard deviation or bin. */
  readonly values: number;
  readonly infiniteValues: number;
}
/** The end of a patient's follow-up: the last event, death, or the last event with a code. */
export type Censoring = "last_event" | "death" | {
  readonly code: string;
};
/** One task: the first row of a code, or of its descendants, strictly after the prediction time. */
export interface TimeToEventTask {
  readonly code: string;
  /** Number of predictions with an outcome, and without. */
  readonly uncensored: number;
  readonly censored: number;
  /**
   * Mean seconds to the outcome or the end of follow-up, and outcomes per second: `uncensored / (uncensored +
   * censored) / meanSeconds`.
   */
  readonly meanSeconds: number;
  readonly rate: number;
}
/**
 * The numbers of codes for a model, fitted on the patients of a split. 0 is PAD and 1 is UNK. Then follow
 * special tokens, codes (those with the most rows first; codes with equal counts in order of their UTF-8
 * bytes), and bins of values in order of their codes. A vocabulary also contains the numbers that scale
 * values.
 *
 * It stores codes as strings and no ids of a store, so it applies to every store: that of another hospital,
 * or of the same data converted again. Its file depends only on the rows it was fitted on and (with
 * `ancestors`) the source's `codes.parquet`: not on other subjects, not on rows after a cut-off, and not on
 * the order of subjects in files.
 *
 * @example
 * ```ts
 * import { loader, PatientDatabase, samples, Vocabulary } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const vocabulary = await Vocabulary.fit(db.split("train"), { minPatients: 2, values: "z-score" });
 * console.log(vocabulary.size, vocabulary.tokens.slice(0, 5), vocabulary.coverage(db.split("train")));
 * const list = samples(db, { split: "train" }, { maxLength: 64 });
 * for (const batch of loader(list, { batchSize: 8, vocabulary })) {
 *   console.log(batch.code[0], vocabulary.decode(batch)[0], batch.numeric_value[0]);
 * }
 * db.close();
 * ```
 */
export declare class Vocabulary {
  /** Made by this package only. */
  protected constructor();
  /** 32 hexadecimal digits, equal for equal vocabularies: batches name their ids by it. */
  readonly id: string;
  /** Number of ids, including PAD and UNK: the rows of an embedding table. */
  readonly size: number;
  /**
   * The meaning of each id, for display. A bin is shown as its code and bounds: `LAB//50912 [0.7, 0.9)`. A
   * code may have the name of a special token (`[UNK]`); its id still differs.
   */
  readonly tokens: readonly string[];
  /** Ids of PAD, UNK and the other special tokens. */
  readonly special: ReadonlyMap<string, number>;
  /** The codes with their counts, in order of id. */
  readonly entries: readonly Token[];
  /**
   * Name of the split, and the kind of fitted rows: all rows of its patients, or the rows that its samples
   * may know.
   */
  readonly split: string;
  readonly of: "patients" | "samples";
  /** Number of fitted subjects. */
  readonly subjects: number;
  readonly options: FittedOptions;
  /** Coverage of the fitted rows. */
  readonly fitted: Coverage;
  /** The store that it was fitted on; null if no provenance file is beside its file. */
  readonly provenance: Provenance | null;
  /**
   * Counts the codes and values of all rows of a split's patients (`db.split("train")` or a subset of it), or
   * of {@link Samples} of a named split. For samples, a row counts if it is known at one of its subject's
   * cut-offs, whether a window contains it or not. Each row counts once. Rows that filters leave out do not
   * count.
   *
   * @throws MedsError as a rejection: `MEDS_NO_SPLIT` for a whole database, or labels without a split;
   * `MEDS_INVALID_ARGUMENT`; `MEDS_METADATA` if `ancestors` is set and codes.parquet cannot be read;
   * `MEDS_CLOSED`.
   * @example
   * ```ts
   * import { PatientDatabase, Vocabulary } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const vocabulary = await Vocabulary.fit(db.split("train"), { top: 5000, bins: 10, binTokens: true, special: ["[CLS]"] });
   * console.log(vocabulary.size, vocabulary.special.get("[CLS]"), vocabulary.entries[0]);
   * db.close();
   * ```
   */
  static fit<S extends object>(source: Cohort<S> | Samples, options?: VocabularyOptions): Promise<Vocabulary>;
  /**
   * Reads a file of {@link Vocabulary.write}.
   *
   * @throws MedsError as a rejection: `MEDS_NOT_FOUND`, `MEDS_IO`, `MEDS_FITTED_FILE` if the file is damaged
   * or contains something else.
   */
  static open(path: string): Promise<Vocabulary>;
  /**
   * A vocabulary from the object of {@link Vocabulary.toJSON}, for example inside a worker.
   *
   * @throws MedsError `MEDS_FITTED_FILE`.
   */
  static from(json: unknown): Vocabulary;
  /**
   * Writes the vocabulary as JSON, and the store that it was fitted on beside it as `NAME.provenance.json`.
   *
   * @throws MedsError as a rejection: `MEDS_NOT_FOUND` where the folder is missing; `MEDS_IO`.
   */
  write(path: string): Promise<void>;
  /** The content of the file, which `JSON.stringify` writes. Plain data: it may be posted to a worker. */
  toJSON(): {
    readonly [name: string]: unknown;
  };
  /**
   * The id of a code; undefined if the vocabulary does not contain it. Special tokens are not codes:
   * {@link Vocabulary.special} has their ids.
   */
  idOf(code: string): number | undefined;
  /**
   * The vocabulary's ids by code id of a store: entry i for code id i, UNK if the vocabulary does not contain
   * the code, PAD at 0. Bins of values are not included: `code` of batches has them.
   */
  table<S extends object>(db: Cohort<S>): Int32Array;
  /**
   * With `ancestors`, the bags of a store's codes: the bag of code id i is `tokens` from `offsets[i]` up to,
   * but not including, `offsets[i + 1]`, ascending. Each token weighs one divided by the size of the bag, as
   * in FEMR's hierarchical tokenizer.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a vocabulary without ancestors.
   */
  bags<S extends object>(db: Cohort<S>): {
    readonly offsets: Int32Array;
    readonly tokens: Int32Array;
  };
  /**
   * How much of some patients' rows, or of the rows that samples may know, the vocabulary covers. Any store
   * and split.
   */
  coverage<S extends object>(source: Cohort<S> | Samples): Coverage;
  /**
   * The tokens of a batch as strings, one per position.
   *
   * @throws MedsError `MEDS_OTHER_IDS` as {@link Vocabulary.check}, `MEDS_INVALID_ARGUMENT`.
   */
  decode(batch: {
    readonly code: Int32Array;
    readonly code_ids: string;
  }): string[];
  /**
   * Throws if the codes of a batch are not ids of this vocabulary: ids of a store (its loader had no
   * vocabulary), or of another vocabulary. They look like ids of this one, and mean other codes.
   *
   * @throws MedsError `MEDS_OTHER_IDS`.
   */
  check(batch: {
    readonly code_ids: string;
  }): void;
}
/** Options of {@link TimeToEvent.fit}. */
export interface TimeToEventOptions {
  /** Its codes become the tasks, in its order. If it has ancestors, outcomes include descendants. */
  readonly vocabulary: Vocabulary;
  /** The most codes of the vocabulary to use. Default: 8192. */
  readonly tasks?: number | undefined;
  /** Number of time bins, 1 to 65,536. Default: 8. */
  readonly bins?: number | undefined;
  /**
   * The smallest share of predictions that must have an outcome of the task. Tasks below it are left out.
   * Default: 0.001.
   */
  readonly minFraction?: number | undefined;
  /**
   * The end of follow-up: the patient's last event (the default, as in FEMR), `death`, or the last row with a
   * code, such as one for the end of observation. Without such a row it is the last event. Later rows are not
   * outcomes.
   */
  readonly censoring?: Censoring | undefined;
  /** Rows with a numeric or text value are outcomes too. Default: false, as in FEMR. */
  readonly withValues?: boolean | undefined;
}
/**
 * Sparse targets of a batch for P predictions. The tasks of prediction p that have an outcome are
 * `task[offsets[p]]` up to, but not including, `task[offsets[p + 1]]`. All others are censored at
 * `censor_time[p]`. Times are seconds from the prediction.
 */
export interface TimeToEventTargets {
  /** `[P]`, ascending: the position of each prediction in the batch's flattened `code`. */
  readonly index: Int32Array;
  /** `[P]`. */
  readonly censor_time: Float32Array;
  /** `[P + 1]`. */
  readonly offsets: Int32Array;
  /** Numbers of tasks, ascending for each prediction, and seconds to their outcomes. */
  readonly task: Int32Array;
  readonly time: Float32Array;
}
/** The result of {@link TimeToEvent.dense}, row-major `[P, bins, tasks]`. */
export interface DenseTargets {
  readonly shape: readonly [
    predictions: number,
    bins: number,
    tasks: number
  ];
  /** 1 if the outcome is in the bin. */
  readonly is_event: Uint8Array;
  /** log2 of the seconds in the bin before outcome or censoring; minus infinity if there are none. */
  readonly log_time: Float32Array;
}
/**
 * Tasks for time-to-event pre-training (MOTOR): when does each of many codes come next? They are fitted on
 * the patients of a split, and saved with their time bins.
 *
 * Predictions are at the last row of each distinct time after birth that has a later outcome of some task.
 * Outcomes are strictly later, anywhere in the patient's timeline: they may be after the window and after a
 * cut-off, because they are labels. The rules are those of FEMR's `MOTORTask`, except for fitting: FEMR takes
 * the last row of a day, and draws 100,000 times for the percentiles. Here fitting and batches follow the
 * same rule, and all times are used up to four million.
 *
 * @example
 * ```ts
 * import { loader, PatientDatabase, samples, TimeToEvent, Vocabulary } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const train = db.split("train");
 * const vocabulary = await Vocabulary.fit(train, { ancestors: true });
 * const timeToEvent = await TimeToEvent.fit(train, { vocabulary, tasks: 100, bins: 4 });
 * const list = samples(db, { split: "train" }, { maxLength: 64 });
 * for (const batch of loader(list, { tokens: 256, vocabulary, timeToEvent, fields: ["code", "age_days", "time_to_event"] })) {
 *   const { shape, is_event } = timeToEvent.dense(batch.time_to_event);
 *   console.log(shape, is_event.length, batch.time_to_event.index);
 * }
 * db.close();
 * ```
 */
export declare class TimeToEvent {
  /** Made by this package only. */
  protected constructor();
  /** 32 hexadecimal digits, equal for equal tasks. */
  readonly id: string;
  readonly tasks: readonly TimeToEventTask[];
  /** Bounds of the bins in seconds, one more than bins: from 0 to infinity. */
  readonly timeBins: readonly number[];
  /** Name of the split that it was fitted on. */
  readonly split: string;
  readonly censoring: Censoring;
  readonly withValues: boolean;
  /** The store that it was fitted on; null if no provenance file is beside its file. */
  readonly provenance: Provenance | null;
  /**
   * Counts outcomes of the patients of a split, or of samples of a split (only rows that are known at the
   * last cut-off of each subject).
   *
   * @throws MedsError as a rejection: `MEDS_NO_SPLIT`, `MEDS_INVALID_ARGUMENT`, `MEDS_NO_DATA` if no task has
   * an outcome, `MEDS_CLOSED`.
   */
  static fit<S extends object>(source: Cohort<S> | Samples, options: TimeToEventOptions): Promise<TimeToEvent>;
  /**
   * Reads a file of {@link TimeToEvent.write}.
   *
   * @throws MedsError as a rejection: `MEDS_NOT_FOUND`, `MEDS_IO`, `MEDS_FITTED_FILE`.
   */
  static open(path: string): Promise<TimeToEvent>;
  /**
   * Tasks from the object of {@link TimeToEvent.toJSON}, for example inside a worker.
   *
   * @throws MedsError `MEDS_FITTED_FILE`.
   */
  static from(json: unknown): TimeToEvent;
  /**
   * Writes the tasks as JSON, and the store that they were fitted on beside them as `NAME.provenance.json`.
   *
   * @throws MedsError as a rejection: `MEDS_NOT_FOUND` where the folder is missing; `MEDS_IO`.
   */
  write(path: string): Promise<void>;
  /** The content of the file, which `JSON.stringify` writes. */
  toJSON(): {
    readonly [name: string]: unknown;
  };
  /**
   * The targets of a batch for each time bin and task, as FEMR's models take them. For a bin [start, end):
   * whether the outcome is in it, and the log2 of its seconds before outcome or censoring.
   */
  dense(targets: TimeToEventTargets): DenseTargets;
}
/**
 * What a batch can contain for each row, event or sample. Only the requested fields are filled. Shapes: see
 * {@link BatchBase}.
 */
export interface FieldArrays {
  /**
   * Code of each row: the id of the store or the token of the vocabulary; 0 = PAD. BigInt64Array where
   * `codeType` is `int64`.
   */
  readonly code: Int32Array;
  /**
   * Numeric value of each row, as float32; 0 where the row has no value. With a vocabulary that was fitted
   * with `values: "z-score"`: (x - mean) / std of the row's token; 0 where all values of the token were equal
   * (std 0). Codes without fitted values, UNK (codes that are not in the vocabulary) and infinite values count
   * as rows without a value.
   */
  readonly numeric_value: Float32Array;
  /** 1 where the row has a numeric value, else 0. A real NaN counts as no value. */
  readonly numeric_value_mask: Uint8Array;
  /**
   * Days since the previous kept row, also where that row is before the window; 0 for a patient's first row
   * and for static rows. Computed from differences in float64: exact where times are within 2^53 µs of each
   * other.
   */
  readonly time_delta_days: Float32Array;
  /** Microseconds since 1970-01-01; the int64 minimum for static rows without a time, 0 for PAD. */
  readonly time: BigInt64Array;
  /** Days since birth, as known at the cut-off; 0 where no birth is known, and for static rows. */
  readonly age_days: Float32Array;
  /** 1 where `age_days` is known. */
  readonly age_days_mask: Uint8Array;
  /** 1 for static rows that are prepended. */
  readonly static_mask: Uint8Array;
  /**
   * With a vocabulary that has bins: the bin of each row's value, from 1; 0 where the row has no value or its
   * code has no bins.
   */
  readonly value_bin: Int32Array;
  /** With a vocabulary that has ancestors: the tokens of each position. Not in nested batches. */
  readonly bag: BagArrays;
  /**
   * The target of each position, as in CLMBR: the code of the patient's next row that the samples keep and
   * know, also where that row is just after the window. 0 means no target: at PAD, static rows and UNK, and
   * where the next row is UNK or does not exist. Not in nested batches.
   */
  readonly next_code: Int32Array;
  /**
   * All codes of the next distinct time, because the order within one time has no meaning. They are at the
   * last position of each time (of the rows that are not UNK). Empty where the window ends between rows of
   * one time. Not in nested batches.
   */
  readonly next_codes: CodeSets;
  /** With `timeToEvent`: which events follow, and when. Not in nested batches. */
  readonly time_to_event: TimeToEventTargets;
}
/**
 * Tokens of each position, for an embedding bag (sum): those of position i are `tokens` from `offsets[i]` up
 * to, but not including, `offsets[i + 1]`; PAD has none. A code and its ancestors each have weight 1 / (their
 * number). The bin of the value has weight 1 (where bins are tokens). FEMR's hierarchical tokenizer does the
 * same.
 */
export interface BagArrays {
  readonly offsets: Int32Array;
  readonly tokens: Int32Array;
  readonly weights: Float32Array;
}
/**
 * Codes of each position: those of position i are `codes` from `offsets[i]` up to, but not including,
 * `offsets[i + 1]`, ascending.
 */
export interface CodeSets {
  readonly offsets: Int32Array;
  readonly codes: Int32Array;
}
/** Name of a field of {@link Batch} that can be requested. */
export type BatchField = keyof FieldArrays;
/** Fields of a batch where `fields` is not set. */
export type DefaultField = "code" | "numeric_value" | "numeric_value_mask" | "time_delta_days" | "time";
/** Contents of every batch, independent of the requested fields. B is the number of samples. */
export interface BatchBase {
  /**
   * Shape of `code` and the other fields, row-major: `[B, S]` padded, `[B, E, M]` nested (E events per
   * sample, M rows per event; the fields of time are `[B, E]`), `[T]` packed.
   */
  readonly shape: readonly number[];
  /**
   * Which ids `code` contains: `store` or `vocabulary`, and the id of that store or vocabulary. {@link
   * Vocabulary.check} compares it.
   */
  readonly code_ids: string;
  /** Subject of each sample. */
  readonly subject_id: BigInt64Array;
  /** Prediction time of each sample, in microseconds since 1970-01-01; the int64 minimum without labels. */
  readonly prediction_time: BigInt64Array;
  /**
   * Days from birth to the cut-off; 0 where `prediction_age_days_mask` is 0: the birth is not known, or there
   * is no cut-off.
   */
  readonly prediction_age_days: Float32Array;
  readonly prediction_age_days_mask: Uint8Array;
  /** Index of each sample in {@link Samples}. */
  readonly sample: Uint32Array;
  /**
   * 1, or 0 for a sample that only fills up a batch (`remainder: "pad"`). A loss or metric must not count
   * such a sample.
   */
  readonly weight: Float32Array;
  /** Number of samples of the same label or patient: more than 1 with `step_through`. */
  readonly n_windows: Uint32Array;
  /**
   * Number of positions that each sample fills: rows (events in nested batches), including prepended static
   * rows.
   */
  readonly length: Int32Array;
  /** Rows of each sample as [begin, end) of the patient's timeline; both 0 where the sample has no rows. */
  readonly row_begin: Int32Array;
  readonly row_end: Int32Array;
  /** `[B, N]` with `static: "include"`, else `[B, 0]`: the static rows of each sample, 0 = PAD. */
  readonly static_shape: readonly [
    number,
    number
  ];
  readonly static_code: Int32Array | BigInt64Array;
  readonly static_numeric_value: Float32Array;
  readonly static_numeric_value_mask: Uint8Array;
  /**
   * Labels, `[B]`; null where the labels do not have the column. The masks are 1 where a label has a value.
   */
  readonly boolean_value: Uint8Array | null;
  readonly boolean_value_mask: Uint8Array | null;
  readonly integer_value: BigInt64Array | null;
  readonly integer_value_mask: Uint8Array | null;
  readonly float_value: Float32Array | null;
  readonly float_value_mask: Uint8Array | null;
  /** Index into `labels.categories`; -1 where missing. */
  readonly categorical_value: Int32Array | null;
  readonly is_censored: Uint8Array | null;
  /** Nested only, `[B, E]`: 1 for events, 0 for padding. */
  readonly event_mask: Uint8Array | null;
  /** Packed only, `[T]`: for each position, the number of its sample in the batch, from 1; 0 = PAD. */
  readonly segment_ids: Int32Array | null;
  /** Packed only, `[B + 1]`: the first position of each sample, and the end of the last sample. */
  readonly cu_seqlens: Int32Array | null;
  /** Packed only, `[T]`: the index of each position within its sample, from 0. */
  readonly positions: Int32Array | null;
  /** Pass this as `resume`: the loader continues after this batch. Plain data that JSON can store. */
  readonly resume: LoaderState;
}
/**
 * Samples as arrays, ready for tensors: see {@link BatchBase} and {@link FieldArrays}. Fields that are not
 * requested have length 0. The arrays are copies: a tensor over one of them keeps its values after
 * `close()`, unlike one over a view of the store (`timeline.numericValues`, `column.values`).
 */
export type Batch<F extends BatchField = DefaultField> = BatchBase & {
  readonly [K in F]: FieldArrays[K];
};
/** The progress of a loader within an epoch. */
export interface LoaderState {
  readonly version: 1;
  readonly seed: number;
  readonly epoch: number;
  /** Number of batches taken so far, over all ranks. */
  readonly batches: number;
  /** Number of samples of the order that are in those batches. */
  readonly position: number;
  /** With `order: "local"`: the stretches of the epoch so far. Each has another number of ranks than the one before. */
  readonly legs?: readonly Leg[] | undefined;
  /**
   * A hash of everything else that the order depends on: the samples, and how they are combined into batches.
   */
  readonly order: string;
  /** A checksum: the loader refuses a token that was changed. */
  readonly check: string;
}
/** A stretch of an epoch with `order: "local"`: how many ranks there were, and how many batches each of them took. */
export interface Leg {
  readonly worldSize: number;
  readonly steps: number;
}
/**
 * Returns the memory for an array of a batch: a buffer of at least `bytes` bytes for the array `name`. The
 * loader writes all of these bytes.
 */
export type Allocate = (name: string, bytes: number) => ArrayBufferLike;
/** How {@link loader} makes batches. */
export interface LoaderOptions<F extends BatchField = DefaultField> {
  /** Samples per batch; not with `tokens`. 1 to 2^31 - 1, as all sizes here. */
  readonly batchSize?: number | undefined;
  /**
   * Packs samples one after another into batches of at most this many rows, as FEMR does: padding occurs only
   * at the end of a batch. It must be at least the samples' `maxLength`. Where `maxLength` counts events, a
   * sample with more rows than `tokens` is an error when its batch is made. Not with `layout`, `bucket` or
   * `padding: "left"`.
   */
  readonly tokens?: number | undefined;
  /** `padded` (`[B, S]`, the default) or `nested` (`[B, E, M]`: E events per sample, M rows per event). */
  readonly layout?: "padded" | "nested" | undefined;
  /** The side of PAD. Default: `right`. */
  readonly padding?: "right" | "left" | undefined;
  /**
   * Pads to the longest sample of the batch (the default), or always to `maxLength` (or `tokens`). `max`
   * requires a `maxLength` that counts the same as the second axis of the batch: measurements with layout
   * `padded`, events with `nested`. The third axis of nested batches, rows per event, is always as long as
   * the batch needs.
   */
  readonly padTo?: "longest" | "max" | undefined;
  /** Fills only these fields. Default: code, numeric_value, numeric_value_mask, time_delta_days, time. */
  readonly fields?: readonly F[] | undefined;
  /** Type of `code`: `int64` for exported ONNX models. Default: `int32`. */
  readonly codeType?: "int32" | "int64" | undefined;
  /**
   * `code` and the targets contain the tokens of this vocabulary instead of the store's ids: 0 = PAD, 1 =
   * UNK (a code that is not in the vocabulary). `numeric_value` contains z-scores if the vocabulary was fitted
   * with them. The vocabulary may be fitted on another store.
   */
  readonly vocabulary?: Vocabulary | undefined;
  /** Tasks of the field `time_to_event`. */
  readonly timeToEvent?: TimeToEvent | undefined;
  /**
   * A random order (true), a random order that keeps neighbours in the store near each other (`local`), or
   * the order of the samples (false, the default). `local` puts blocks of 256 samples that are stored one after
   * another in a random order, and mixes the samples of every 16 blocks: a batch has samples of up to 16 places
   * of the store, and samples that are more than 4,096 apart in the order are from different blocks. It reads
   * less if many samples are of the same patients. Every order depends only on the samples, seed and epoch:
   * not on workers or memory, and on ranks only with `order: "local"`.
   */
  readonly shuffle?: boolean | "local" | undefined;
  /** Seed of the order and of the windows of `random` strategies. Any safe integer. Default: 0. */
  readonly seed?: number | undefined;
  /** Each epoch has its own order and windows. Any safe integer. Default: 0. */
  readonly epoch?: number | undefined;
  /**
   * Sorts the samples of this many batches by length, so that batches need less padding. Not with `tokens`:
   * packed batches need no padding. Default: 1, not sorted.
   */
  readonly bucket?: number | undefined;
  /** Index of this process among `worldSize` processes. Default: 0 of 1. */
  readonly rank?: number | undefined;
  readonly worldSize?: number | undefined;
  /**
   * `global` (the default): there is one order of all samples, and the ranks receive its batches in turn, so that
   * the number of ranks changes nothing else. `local`: each rank has the samples of its own part of the store, in
   * an order of its own, and reads no other shard: {@link samplesPlan} names its shards. The parts have equal
   * numbers of samples (within 6 %, see there), and stay the same in every epoch. With one rank, both are the same.
   * `local` is not for `tokens`: the number of packed batches of other ranks depends on rows that are not here. Use
   * it with `shuffle: "local"` to also keep neighbours together within a part.
   */
  readonly order?: "global" | "local" | undefined;
  /**
   * How to treat the last batches when they cannot be divided evenly: `pad` (all ranks receive the same
   * number of full batches; repeated samples have weight 0), `drop` (removes them), or `uneven` (each sample
   * occurs exactly once). With `order: "local"`, the last batches are those that not every rank has. Default:
   * `uneven` for one rank, else `pad`.
   */
  readonly remainder?: "pad" | "drop" | "uneven" | undefined;
  /**
   * {@link BatchBase.resume} of the last used batch: the loader begins directly after it, also with another
   * number of ranks. With `order: "local"`, the samples that no rank has received yet are then divided anew, each
   * to the rank whose part it is in (with `bucket`: after a multiple of `bucket` steps). The token is valid for the same samples (subjects, cut-offs and options) and the same
   * order only; otherwise, or if it was changed, it is an error.
   */
  readonly resume?: LoaderState | undefined;
  /**
   * Returns the memory of a batch's arrays, by name. Not with `workers`, which transfer their own memory.
   * Default: new memory.
   */
  readonly allocate?: Allocate | undefined;
  /**
   * Each batch overwrites the arrays of the batch before: copy what must outlive it. Batches of 256 windows of
   * 512 rows take half the time, because their memory stays in the processor's cache and is never collected.
   * Not with `allocate` or `workers`. Default: false.
   */
  readonly reuse?: boolean | undefined;
  /**
   * With `for await`: the number of worker threads (at most 1024) that make batches ahead of time, so that
   * this thread stays free. Not with `allocate` or for samples that are filtered by `where`: functions cannot
   * be sent to worker threads. Default: 0.
   */
  readonly workers?: number | undefined;
  /**
   * Number of threads (at most 1024) that share a batch of more than some thousand rows; 0 uses all cores.
   * Batches are the same for any number. Default: 0; with `workers`, which make several batches at once, 1.
   */
  readonly threads?: number | undefined;
  /** Ends the iteration with `MEDS_CANCELLED`. */
  readonly signal?: AbortSignalLike | undefined;
}
/**
 * The batches of one epoch, for `for…of` and `for await…of`. {@link loader} makes it. Each iteration starts
 * from the beginning. The samples of the one global order are combined into batches first. Then the ranks
 * receive the batches in turn, so that the order is the same for any number of ranks; except with `order: "local"`.
 */
export declare class Loader<F extends BatchField = DefaultField> implements Iterable<Batch<F>>, AsyncIterable<Batch<F>> {
  /** Made by this package only. */
  protected constructor();
  /** The filled fields. */
  readonly fields: ReadonlySet<BatchField>;
  /** The texts that `categorical_value` indexes. */
  readonly categories: readonly string[];
  /** The batches in order. Each batch is made when the loop requests it. */
  [Symbol.iterator](): Generator<Batch<F>, void, undefined>;
  /** The same batches, made ahead of time by `workers`, or with a turn of the event loop between batches. */
  [Symbol.asyncIterator](): AsyncGenerator<Batch<F>, void, undefined>;
  /**
   * The token to resume with ({@link LoaderOptions.resume}) after some more steps of every rank, without making
   * their batches: a trainer need not keep the token of each batch, only count its steps. Not with `tokens`, where
   * the rows decide how many samples a batch has. At most the end of the epoch.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT`.
   * @example
   * ```ts
   * import { loader, PatientDatabase, samples } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const list = samples(db, { split: "train" }, { maxLength: 64 });
   * const options = { batchSize: 4, shuffle: true } as const;
   * // 4 processes took 3 steps. Now there are 2.
   * const resume = loader(list, { ...options, worldSize: 4 }).after(3);
   * for (const batch of loader(list, { ...options, worldSize: 2, rank: 1, resume })) console.log(batch.sample);
   * db.close();
   * ```
   */
  after(steps: number): LoaderState;
}
/**
 * Makes batches of samples: `for (const batch of loader(…))`, or `for await`. Batches are row-major typed
 * arrays, ready for tensors. `code` contains ids of the store's codes or tokens of the vocabulary, 0 = PAD.
 * One iteration is one epoch.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for a wrong option; during the iteration `MEDS_CANCELLED`,
 * `MEDS_CLOSED`, and `MEDS_LEAK` where a damaged store has a row after the cut-off.
 * @example
 * ```ts
 * import { loader, PatientDatabase, samples } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const list = samples(db, { split: "train" }, { maxLength: 64, strategy: "random" });
 * for await (const batch of loader(list, { batchSize: 8, shuffle: true, seed: 1 })) {
 *   const [size, length] = batch.shape;
 *   console.log(size, length, batch.code.length, batch.numeric_value[0], batch.subject_id[0]);
 * }
 * db.close();
 * ```
 */
export declare function loader<F extends BatchField = DefaultField>(samples: Samples, options: LoaderOptions<F>): Loader<F>;
/**
 * Writes the batches of a loader as Arrow IPC to a stream or to a file. A file is complete or does not exist.
 * `pyarrow.ipc.open_stream` reads it. Each batch becomes a record batch with one row per sample: the
 * requested fields as fixed-size lists (`padTo: "max"` makes them equally long in all batches), static rows
 * as lists, labels with their nulls, subject_id, prediction_time, sample, weight and length. `time` is null
 * at PAD and at static rows without a time. Without samples the stream contains a schema and no batch.
 * Requires the package apache-arrow. Returns the number of batches and samples.
 *
 * The signal of the loader also ends it where the reader of the stream takes nothing.
 *
 * @throws MedsError `MEDS_CANCELLED`; `MEDS_MISSING_PACKAGE`; `MEDS_IO` for a file that cannot be written, or a stream that is closed;
 * `MEDS_INVALID_ARGUMENT` for batches that are not padded, or that differ in width.
 * @example
 * ```ts
 * import { loader, PatientDatabase, samples, writeBatches } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const list = samples(db, { split: "train" }, { maxLength: 64 });
 * await writeBatches(loader(list, { batchSize: 8, padTo: "max" }), "batches.arrows");
 * db.close();
 * ```
 */
export declare function writeBatches<F extends BatchField>(loader: Loader<F>, out: WritableLike | string): Promise<{
  batches: number;
  samples: number;
}>;
/** A result of a query that {@link mergeResults} merges. */
export type QueryResult = CodeCounts | CodeAggregates | BinCounts | CodeCountsEach | Aggregates | Occurrences | AsOf;
/** The query of a result: its results have the same members. */
export type ResultKind = "codeAggregates" | "codeCounts" | "binCounts" | "aggregates" | "codeCountsEach" | "asof" | "occurrences";
/**
 * Merges the results of one query on parts of a cohort, such as `db.shards([0, 1])` and `db.shards([2])`, to
 * the result on the whole cohort: equal to the last bit, however the cohort is divided. The patients of two parts
 * must differ; a part can be empty.
 *
 * Merges what `countCodes` (also `by` time), `aggregateCodes`, `countCodesEach`, `aggregate`, `firstOf`, `lastOf`
 * and `asof` return. The first two add counts and exact sums, so the order of the parts does not matter. The
 * others have entries per patient, or per window: they are in the order of the parts, which must be that of the
 * shards; or else in that of `order`.
 *
 * @param order The subject ids of the patients (`cohort.subjectIds`) or of the windows, in the order of the
 * result. Required where parts are not in order of their shards, and where the windows of two parts alternate.
 * @throws MedsError `MEDS_INVALID_ARGUMENT` without parts, for results of different queries or stores, and for
 * an order that is not that of the parts.
 * @example
 * ```ts
 * import { mergeResults, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * // On other machines, for example:
 * const parts = await Promise.all(Array.from({ length: db.metadata.shards }, (_, shard) => db.shards([shard]).aggregateCodes()));
 * const { mean, std } = mergeResults(parts);
 * const id = db.codes.withPrefix("LAB//").begin;
 * console.log(db.codes.strings[id], mean[id], std[id]);
 *
 * const births = await Promise.all([db.shards({ from: 1 }), db.shards({ to: 1 })].map((part) => part.firstOf("MEDS_BIRTH")));
 * console.log(mergeResults(births, db.subjectIds).times[0]); // as in db.firstOf("MEDS_BIRTH")
 * db.close();
 * ```
 */
export declare function mergeResults<R extends QueryResult>(parts: Iterable<R>, order?: Iterable<SubjectId>): R;
declare const TYPES: {
  readonly float64: Float64ArrayConstructor;
  readonly uint32: Uint32ArrayConstructor;
  readonly int32: Int32ArrayConstructor;
  readonly int64: BigInt64ArrayConstructor;
  readonly uint8: Uint8ArrayConstructor;
};
type Type = keyof typeof TYPES;
/** A typed array: its bytes, little-endian, as base64. */
export interface PackedArray {
  readonly type: Type;
  readonly base64: string;
}
/** The members of a packed result, by name. */
export interface PackedMembers {
  readonly [name: string]: PackedArray | number | PackedMembers;
}
/** A result of a query as {@link packResult} makes it. */
export interface PackedResult {
  readonly kind: ResultKind;
  readonly members: PackedMembers;
}
/**
 * A result of a query as a value for `JSON.stringify`, so that it can be sent to another machine: every number
 * is kept to the last bit, 64-bit integers and NaN too. {@link unpackResult} reads it. In Python an array is
 * `numpy.frombuffer(base64.b64decode(array["base64"]), array["type"])`.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for another value, and for results of `asof` with `columns`.
 * @example
 * ```ts
 * import { mergeResults, packResult, PatientDatabase, unpackResult } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const sent = JSON.stringify(packResult(await db.shards([0]).aggregateCodes()));
 * const found = unpackResult(JSON.parse(sent));
 * console.log(mergeResults([found]).events[0]);
 * db.close();
 * ```
 */
export declare function packResult(result: QueryResult): PackedResult;
/**
 * The result in a {@link PackedResult}: equal to the one that was packed, to the last bit.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for another value.
 */
export declare function unpackResult<R extends QueryResult = CodeAggregates>(value: PackedResult): R;
/**
 * Metrics of predictions. A metric is null where it is not defined: {@link Score.reasons} says why. The
 * metrics of probabilities are null without probabilities, those of values without values.
 */
export interface Metrics {
  /**
   * Area under the receiver operating characteristic: the probability that a true sample has a higher
   * predicted probability than a false one, where equal probabilities count one half. Source: Hanley and
   * McNeil 1982, with mid-ranks for ties, as `roc_auc_score` of scikit-learn.
   */
  readonly auroc: number | null;
  /**
   * Average precision: the sum over the distinct probabilities, from the highest, of precision times the
   * increase of recall, without interpolation. Source: `average_precision_score` of scikit-learn.
   */
  readonly auprc: number | null;
  /** Mean squared difference of probability and label (0 or 1). Source: Brier 1950; `brier_score_loss`. */
  readonly brier: number | null;
  /**
   * Mean over the bins that are not empty of |share of true labels - mean probability|: 10 bins of equal
   * width, each without its lower bound (the first one has it). Source: `calibration_error` of
   * meds-evaluation 0.0.6.
   */
  readonly calibrationError: number | null;
  /** The same differences, weighted by the samples of each bin. Source: Naeini et al. 2015 (ECE). */
  readonly expectedCalibrationError: number | null;
  /** Share of predicted values that are right. Source: `accuracy_score` of scikit-learn. */
  readonly accuracy: number | null;
  /** 2 TP / (2 TP + FP + FN) of the predicted values. Source: van Rijsbergen 1979; `f1_score`. */
  readonly f1: number | null;
}
/** The name of a metric. */
export type Metric = keyof Metrics;
/** One bin of a calibration curve. */
export interface CalibrationBin {
  /** Bounds of the probabilities: above `lower` (the first bin: from it on), up to and including `upper`. */
  readonly lower: number;
  readonly upper: number;
  readonly samples: number;
  /** Mean predicted probability; null in an empty bin. */
  readonly predicted: number | null;
  /** Share of true labels; null in an empty bin. */
  readonly observed: number | null;
}
/** The 95 % interval of a metric: its 2.5 % and 97.5 % quantiles over the resamples. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
  /** Resamples in which the metric is defined: a resample may have one class only. */
  readonly resamples: number;
}
/** Options of {@link Predictions.score} and {@link Predictions.compare}. */
export interface ScoreOptions {
  /** Resamples of the bootstrap; 0 makes no intervals. Default: 1000. */
  readonly resamples?: number | undefined;
  /** The seed of the bootstrap. The same seed draws the same subjects. Default: 0. */
  readonly seed?: number | undefined;
}
/** The result of {@link Predictions.score}. */
export interface Score {
  readonly samples: number;
  readonly subjects: number;
  /** Samples whose label is true. */
  readonly positive: number;
  /** Each sample has the same weight. */
  readonly samplesEquallyWeighted: Metrics;
  /**
   * Each subject has the same weight, divided among its samples. meds-evaluation draws 4 samples of each
   * subject at random instead, so that its values vary around these.
   */
  readonly subjectsEquallyWeighted: Metrics;
  /** Of the metrics with samples equally weighted, by resampling subjects; null without resamples. */
  readonly intervals: Readonly<Record<Metric, Interval | null>>;
  /** Ten bins of equal width; empty without probabilities. */
  readonly calibration: readonly CalibrationBin[];
  /** Why a metric is null. */
  readonly reasons: Readonly<Partial<Record<Metric, string>>>;
}
/** Two runs by one metric. */
export interface MetricDifference {
  readonly first: number;
  readonly second: number;
  /** `first - second`. */
  readonly difference: number;
  /** The 95 % interval of the difference; null without resamples. */
  readonly interval: Interval | null;
  /**
   * Two-sided: twice the smaller share of resamples whose difference is at most 0 or at least 0, each with one
   * resample added. Null without resamples. Source: Efron and Tibshirani 1993, achieved significance levels.
   */
  readonly p: number | null;
}
/** The result of {@link Predictions.compare}. */
export interface Comparison {
  /** Samples that both runs predict. */
  readonly samples: number;
  readonly subjects: number;
  /** Samples that only one of the runs predicts. They are left out. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** By metric; null where one of the runs does not have it. */
  readonly differences: Readonly<Record<Metric, MetricDifference | null>>;
}
/** The result of {@link benchmark}: the content of `leaderboard.json`. */
export interface Leaderboard {
  readonly format: "meds-reader-leaderboard";
  readonly version: 1;
  readonly model: ModelCard;
  readonly dataset: {
    /** Content id of the store. */
    readonly id: string;
    readonly name: string | null;
    readonly version: string | null;
    readonly patients: number;
    readonly events: number;
    /** Subjects per split. */
    readonly splits: Readonly<Record<string, number>>;
  };
  readonly seed: number;
  /** Resamples of each interval. */
  readonly resamples: number;
  /** Replicates of each k, at most. */
  readonly replicates: number;
  /** The requested values of k; -1 means all labels. Empty for predictions that were made already: nothing was fitted. */
  readonly shots: readonly number[];
  readonly versions: Readonly<Record<string, string>>;
  readonly tasks: readonly TaskResult[];
  /** Tasks, and parts of tasks, without a result, and why. */
  readonly leftOut: readonly LeftOut[];
}
/** A task, a sub-task, or one k of it, that has no result. */
export interface LeftOut {
  readonly task: string;
  readonly subTask: string;
  /** Null where it is about all k. */
  readonly k: number | null;
  readonly reason: string;
}
/** What a model is. */
export interface ModelCard {
  readonly name: string;
  /** What a sample's features are, and what is fitted on which data. */
  readonly features: string;
  readonly head: string;
  readonly selection: string;
  readonly training: string;
  readonly limits: readonly string[];
}
/** Labels of a task that no run uses, by reason. */
export interface LeftOutLabels {
  readonly unknownSubjects: number;
  readonly noSplit: number;
  readonly otherSplit: number;
  /** Labels without a true or false value, such as censored ones. */
  readonly unlabelled: number;
  /** Labels without an embedding. For predictions that were made already: held-out labels without one. */
  readonly noFeatures: number;
}
/** A task, or a sub-task of one. */
export interface TaskResult {
  readonly task: string;
  /** The task itself, or a finding of `chexpert`. */
  readonly subTask: string;
  /** How labels became true or false. */
  readonly truth: string;
  /** Where the selections of labels come from, or the predictions that were made already. */
  readonly selections: string;
  /** Labels of each split, and those of them that are true. */
  readonly labels: Readonly<Record<"train" | "tuning" | "held_out", {
    readonly labels: number;
    readonly positive: number;
    readonly subjects: number;
  }>>;
  readonly leftOut: LeftOutLabels;
  /** The file of predictions, below the folder of the leaderboard: those of the last k and replicate 0. */
  readonly predictions: string | null;
  readonly runs: readonly RunResult[];
}
/**
 * One model and its score on the held-out labels. What is only known of a fitted model is null for predictions
 * that were made already.
 */
export interface RunResult {
  /** Labels per class to train on, and to tune on; -1 for all, and for predictions that were made already. */
  readonly k: number;
  readonly replicate: number;
  readonly train: number | null;
  readonly tuning: number | null;
  /** Entries of EHRSHOT's file, or predictions, without a label, or with another one. */
  readonly unmatched: number;
  readonly differing: number;
  /** The chosen inverse strength of the penalty. */
  readonly strength: number | null;
  readonly tuningAuroc: number | null;
  readonly iterations: number | null;
  readonly converged: boolean | null;
  readonly score: Score;
}
/** Options of {@link benchmark}. */
export interface BenchmarkOptions {
  /** The folder of the tasks' labels, as {@link Labels.tasks} reads it. */
  readonly labels: string;
  /** The folder of the results. It must not exist, or be empty. */
  readonly out: string;
  /** Names of the tasks to run. Default: all of the folder. */
  readonly tasks?: readonly string[] | undefined;
  /**
   * Numbers of labels per class to train on, and to tune on; -1 means all labels. Default: 1, 2, 4, 8, 16, 32,
   * 64, 128 and -1.
   */
  readonly shots?: readonly number[] | undefined;
  /** Selections per number of labels; all labels are one selection. Default: 5. */
  readonly replicates?: number | undefined;
  /**
   * A Parquet file with `subject_id`, `prediction_time`, and `embedding` (a list of numbers) or a column for
   * each number, which is read much faster: features instead of counts. Default: counts of codes ({@link countFeatures}).
   */
  readonly embeddings?: string | undefined;
  /**
   * Predictions that were made already, to score instead of fitting models: a folder with, for each task,
   * `TASK.parquet`, `TASK.csv`, or a folder `TASK` of Parquet files, as {@link Predictions.open} reads them (they
   * need no `boolean_value`). Sub-tasks: `chexpert/Edema.parquet`. It may also be the file of the only task.
   * Predictions for other splits are not used. `shots`, `replicates`, `embeddings` and `threads` are for models
   * that are fitted. Default: models are fitted.
   */
  readonly predictions?: string | undefined;
  /** A file of splits, as {@link Splits.open} reads it. Default: the splits of the store. */
  readonly splits?: string | undefined;
  /** The seed of selections and resamples. Default: 0. */
  readonly seed?: number | undefined;
  /** Resamples of each interval. Default: 1000. */
  readonly resamples?: number | undefined;
  /** Number of threads for features; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** Called after each run. */
  readonly onRun?: ((task: string, run: RunResult) => void) | undefined;
  /** Stops the benchmark: the promise rejects with `MEDS_CANCELLED`, and no results are written. */
  readonly signal?: AbortSignalLike | undefined;
}
/**
 * Scores a representation of patients on all tasks of a folder: for each task and number k of labels per class,
 * it fits a logistic regression on k training labels of each class, chooses the strength of the penalty on k
 * tuning labels of each class, and scores all held-out labels. Features are counts of codes that were known at
 * the prediction time, or embeddings of another model from a file, scaled on the training labels only.
 *
 * This is the protocol of EHRSHOT (Wornow et al. 2023). Its published selections (`all_shots_data.json`,
 * `few_shots_data.json` in the folder of a task) are used where they exist, else selections are drawn in the
 * same way with `seed`. Multi-class tasks are scored as EHRSHOT scores them, see {@link Shots.binary}: the five
 * `lab_…` tasks as "class 1 or higher", `chexpert` as 14 tasks.
 *
 * It writes `leaderboard.json` (what it returns), `leaderboard.md` with a model card, `leaderboard.svg`, and
 * `predictions/TASK.parquet` ({@link Predictions}): the predictions of the largest k, replicate 0. The same
 * store, labels and options give the same bytes on one version of Node.js. What is left out is reported.
 *
 * With `predictions`, it scores those of another model on the held-out labels, and writes the same files:
 * tasks without predictions, labels without one, and files of no task are reported.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT`, also for an unknown task and for a folder `out` that is not empty;
 * `MEDS_NO_DATA` for a folder without labels; `MEDS_UNKNOWN_SPLIT` without the splits train, tuning and
 * held_out; `MEDS_SPLIT_CONFLICT`; for embeddings `MEDS_MISSING_COLUMN`, `MEDS_NULL_VALUE`,
 * `MEDS_VALUE_RANGE`, `MEDS_SCHEMA_CONFLICT`; `MEDS_NOT_FOUND`; `MEDS_CANCELLED`; `MEDS_CLOSED`; `MEDS_PERMISSION`,
 * `MEDS_DISK_FULL`, `MEDS_IO`. A task whose labels or predictions cannot be read is left out, with the reason.
 * @example
 * ```ts
 * import { benchmark, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const board = await benchmark(db, { labels: "demo/labels", out: "results", shots: [4, -1], replicates: 2, resamples: 100 });
 * for (const { task, runs } of board.tasks) console.log(task, runs.at(-1)?.score.samplesEquallyWeighted.auroc);
 * for (const { task, reason } of board.leftOut) console.log(task, reason);
 * db.close();
 * ```
 */
export declare function benchmark<S extends object>(db: PatientDatabase<S>, options: BenchmarkOptions): Promise<Leaderboard>;
/**
 * Features of samples: row i belongs to label i. Only entries that are not 0 are stored (compressed sparse
 * rows): those of row i are `indexes` and `values` from `offsets[i]` up to, but not including,
 * `offsets[i + 1]`.
 */
export declare class FeatureMatrix {
  /** Made by this package only. */
  protected constructor();
  /** Number of rows. */
  readonly rows: number;
  /** The name of each column. */
  readonly names: readonly string[];
  /** One entry more than there are rows. */
  readonly offsets: Float64Array;
  /** The column of each entry, ascending within a row. */
  readonly indexes: Int32Array;
  readonly values: Float64Array;
  /** A row with all its zeros. */
  row(i: number): Float64Array;
  /** The value that `JSON.stringify` writes. */
  toJSON(): {
    readonly rows: number;
    readonly columns: number;
  };
}
/**
 * Features of labels that were known at their prediction times: the age in years, and how often each code, or
 * a code below it (`parent_codes` of codes.parquet), occurs at or before the prediction time, static rows
 * included. Columns depend on the codes of the store only, so that matrices of different labels fit together.
 * Source: the count baseline of EHRSHOT (Wornow et al. 2023), FEMR's `AgeFeaturizer` and `CountFeaturizer`
 * with ontology expansion.
 *
 * @throws MedsError `MEDS_UNKNOWN_SUBJECT` for a label of a subject that is not in `db`: choose labels with
 * `labels.select(({ subjectId }) => db.has(subjectId))`; `MEDS_CLOSED`; `MEDS_METADATA`.
 * @example
 * ```ts
 * import { countFeatures, Labels, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const labels = Labels.from([{ subjectId: db.at(0)!.subjectId, predictionTime: new Date("2100-01-01") }]);
 * const features = await countFeatures(db, labels);
 * console.log(features.rows, features.names.length, features.names[features.indexes[0]!], features.values[0]);
 * db.close();
 * ```
 */
export declare function countFeatures<S extends object>(db: Cohort<S>, labels: Labels): Promise<FeatureMatrix>;
/**
 * What a model says about one subject at one time: a probability, a value, or both. All predictions of a
 * table must have the same of the two.
 */
export interface Prediction {
  readonly subjectId: SubjectId;
  readonly predictionTime: TimeLike;
  /** The label, where it is known already. It is only compared with that of the labels. */
  readonly booleanValue?: boolean | null | undefined;
  readonly predictedBooleanValue?: boolean | null | undefined;
  /** The probability that the label is true, 0 to 1. It is rounded to float32. */
  readonly predictedBooleanProbability?: number | null | undefined;
}
/** A prediction as {@link Predictions.at} returns it. */
export interface PredictionRow {
  readonly subjectId: bigint;
  /** Microseconds since 1970-01-01. */
  readonly predictionTime: bigint;
  /** The label. */
  readonly booleanValue: boolean;
  readonly predictedBooleanValue: boolean | null;
  readonly predictedBooleanProbability: number | null;
}
/** Options of {@link Predictions.from}. */
export interface PredictionOptions {
  /**
   * For predictions without values: the value is true from this probability on. Default: there are no values,
   * hence no accuracy and no F1.
   */
  readonly threshold?: number | undefined;
}
/** How predictions and labels fit together. */
export interface PredictionReport {
  readonly labels: number;
  /** Labels without a `boolean_value` (censored ones). They are left out. */
  readonly unlabelled: number;
  /** Labels without a prediction. They are left out. */
  readonly missing: number;
  /** Predictions for a subject and time without a label. They are left out. */
  readonly extra: number;
  /** Further predictions for a subject and time. They are left out. */
  readonly duplicates: number;
  /** Predictions that name another label than the labels have. The value of the labels is used. */
  readonly differing: number;
}
/** Options of {@link Predictions.open}. */
export interface OpenPredictionsOptions {
  /** Labels that the predictions are joined to, as {@link Predictions.from} does. The file then needs no `boolean_value`. */
  readonly labels?: Labels | undefined;
}
/** The result of {@link Predictions.inSplit}: the predictions of a split, and how many others there are. */
export interface SplitPredictions extends OtherSplits {
  readonly predictions: Predictions;
}
/**
 * Labels and what a model predicts for them, in the form that meds-evaluation 0.0.6 reads: each row has a
 * subject, a prediction time, a label (true or false), and a predicted probability, a predicted value, or
 * both.
 *
 * @example
 * ```ts
 * import { Labels, Predictions } from "meds-reader";
 *
 * const predictionTime = new Date("2150-03-01");
 * const labels = Labels.from([1, 2, 3, 4].map((subjectId) => ({ subjectId, predictionTime, booleanValue: subjectId > 2 })));
 * const predictions = Predictions.from(labels, [0.1, 0.4, 0.35, 0.8], { threshold: 0.5 }); // one per label
 * const { auroc, auprc, f1 } = predictions.score({ resamples: 100 }).samplesEquallyWeighted;
 * console.log(auroc, auprc, f1); // 0.75 0.8333333333333333 0.6666666666666666
 * await predictions.write("predictions.parquet");
 * ```
 */
export declare class Predictions implements Iterable<PredictionRow> {
  /** Made by this package only. */
  protected constructor();
  /** Number of predictions. */
  readonly size: number;
  /** How the predictions and the labels fit; null for predictions that were opened. */
  readonly report: PredictionReport | null;
  /**
   * Joins predictions to labels. `predicted` has either a probability for each label, in the order of the
   * labels, or rows with a subject and a time in any order (also other predictions, to score them by these
   * labels). If a subject has several labels at one time, the k-th takes the k-th prediction; if there is only
   * one prediction, all of them take it. What does not fit is left out and counted in `report`.
   *
   * @throws MedsError `MEDS_COLUMN_TYPE` for labels without `boolean_value`: {@link Shots.binary} makes one
   * of EHRSHOT's other values; `MEDS_VALUE_RANGE` for a probability that is not 0 to 1; `MEDS_NULL_VALUE` for
   * a row without a prediction; `MEDS_UNSAFE_NUMBER`; `MEDS_INVALID_ARGUMENT`. The messages name the row.
   */
  static from(labels: Labels, predicted: ArrayLike<number> | Iterable<Prediction>, options?: PredictionOptions): Predictions;
  /**
   * Reads predictions: `subject_id`, `prediction_time` and `boolean_value`, and
   * `predicted_boolean_probability` (float32 or float64, rounded to float32 as meds-evaluation does),
   * `predicted_boolean_value`, or both. Other columns are ignored. The path is a Parquet file; a CSV or TSV
   * file with such columns, times in ISO 8601, and True and False; or a folder of Parquet files.
   *
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` for a folder without Parquet files;
   * `MEDS_SEVERAL_TASKS` for one with predictions of several tasks; `MEDS_MISSING_COLUMN`; `MEDS_COLUMN_TYPE`;
   * `MEDS_NULL_VALUE`; `MEDS_VALUE_RANGE` for a probability that is not 0 to 1; `MEDS_SCHEMA_CONFLICT` for
   * files that do not have the same columns; `MEDS_SOURCE_DAMAGED`; with `labels` also those of
   * {@link Predictions.from}. The messages name the row.
   * @example
   * ```ts
   * import { writeFileSync } from "node:fs";
   * import { Labels, Predictions } from "meds-reader";
   *
   * writeFileSync("mine.csv", "subject_id,prediction_time,predicted_boolean_probability\n1,2150-03-01T00:00:00,0.8\n");
   * const labels = Labels.from([{ subjectId: 1, predictionTime: new Date("2150-03-01"), booleanValue: true }]);
   * const predictions = await Predictions.open("mine.csv", { labels });
   * console.log(predictions.size, predictions.report?.missing); // 1 0
   * ```
   */
  static open(path: string, options?: OpenPredictionsOptions): Promise<Predictions>;
  /** The prediction at an index. A negative index counts from the end. Undefined outside the table. */
  at(i: number): PredictionRow | undefined;
  /** The predictions in order. */
  [Symbol.iterator](): IterableIterator<PredictionRow>;
  /**
   * The metrics, with 95 % intervals by resampling subjects (each with all of its samples). 1,000 resamples of
   * 10,000 samples take 0.35 s.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT`.
   */
  score(options?: ScoreOptions): Score;
  /**
   * Compares two runs on the samples that both predict, by a paired bootstrap: each resample of subjects
   * measures both runs.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT`, also for runs with different labels for one sample.
   * @example
   * ```ts
   * import { Labels, Predictions } from "meds-reader";
   *
   * const predictionTime = new Date("2150-03-01");
   * const labels = Labels.from([1, 2, 3, 4].map((subjectId) => ({ subjectId, predictionTime, booleanValue: subjectId > 2 })));
   * const [first, second] = [[0.1, 0.2, 0.8, 0.9], [0.1, 0.8, 0.2, 0.9]].map((p) => Predictions.from(labels, p));
   * const { auroc } = first!.compare(second!, { resamples: 100 }).differences;
   * console.log(auroc?.difference, auroc?.interval, auroc?.p);
   * ```
   */
  compare(other: Predictions, options?: ScoreOptions): Comparison;
  /**
   * The predictions of a split's subjects, in order. Those of subjects without a split are left out and
   * counted. Its `report` is that of all predictions.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT`, `MEDS_INVALID_ARGUMENT`.
   * @example
   * ```ts
   * import { Labels, Predictions, Splits } from "meds-reader";
   *
   * const predictionTime = new Date("2150-03-01");
   * const labels = Labels.from([1, 2, 3].map((subjectId) => ({ subjectId, predictionTime, booleanValue: subjectId > 1 })));
   * const splits = Splits.from({ train: [1], held_out: [2, 3] });
   * const { predictions, otherSplit } = Predictions.from(labels, [0.1, 0.4, 0.8]).inSplit(splits, "held_out");
   * console.log(predictions.size, otherSplit); // 2 1
   * ```
   */
  inSplit(splits: Splits, name: string): SplitPredictions;
  /**
   * Writes a Parquet file that meds-evaluation 0.0.6 reads: `subject_id` (int64), `prediction_time`
   * (timestamp[us]), `boolean_value` (bool), `predicted_boolean_value` (bool) and
   * `predicted_boolean_probability` (float32). It has all five columns, because that version fails without one
   * of them; a column that the model does not have is null. A file at this path is replaced.
   *
   * @throws MedsError `MEDS_NOT_FOUND` where its folder is missing; `MEDS_PERMISSION`, `MEDS_DISK_FULL`, `MEDS_IO`.
   */
  write(path: string): Promise<void>;
  /** The value that `JSON.stringify` writes. */
  toJSON(): {
    readonly size: number;
    readonly report: PredictionReport | null;
  };
}
/**
 * How columns are scaled. `max-abs`: divided by the largest absolute value, so that zeros stay zeros (as
 * `MaxAbsScaler` of scikit-learn, which EHRSHOT uses). `standard`: minus the mean, divided by the standard
 * deviation (as `StandardScaler`). `none`.
 */
export type Scale = "none" | "max-abs" | "standard";
/** Options of {@link LogisticRegression.fit}. */
export interface RegressionOptions {
  /** The rows to train on. A row may occur several times. Default: all rows. */
  readonly rows?: ArrayLike<number> | undefined;
  /** The inverse strength of the L2 penalty, as C of scikit-learn. Default: 1. */
  readonly strength?: number | undefined;
  /**
   * How columns are scaled, fitted on the training rows: `max-abs` (divided by the largest absolute value; as
   * EHRSHOT), `standard` (mean 0, deviation 1) or `none`. Default: `max-abs`.
   */
  readonly scale?: Scale | undefined;
}
/**
 * L2-regularised logistic regression. It minimises sum(log loss) + |weights|^2 / (2 strength) over scaled
 * columns, without a penalty on the bias: the objective of scikit-learn's `LogisticRegression`. The fit is by
 * a truncated Newton method, until no component of the gradient of the mean loss is above 1e-8. The same input
 * gives the same bits.
 *
 * @example
 * ```ts
 * import { countFeatures, LogisticRegression, outcomeWithin, PatientDatabase, Predictions } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const task = outcomeWithin({ outcome: "HOSPITAL_ADMISSION//*", horizon: { days: 30 }, at: { codes: "HOSPITAL_DISCHARGE//*" } });
 * const labels = async (split: string) => (await db.split(split).label(task)).select(({ booleanValue }) => booleanValue !== null);
 * const [train, test] = [await labels("train"), await labels("held_out")];
 * const truths = Array.from(train, ({ booleanValue }) => booleanValue === true);
 * const model = LogisticRegression.fit(await countFeatures(db, train), truths, { strength: 0.01 });
 * const predictions = Predictions.from(test, model.predict(await countFeatures(db, test)));
 * console.log(model.converged, predictions.score().samplesEquallyWeighted.auroc);
 * db.close();
 * ```
 */
export declare class LogisticRegression {
  /** Made by this package only. */
  protected constructor();
  readonly strength: number;
  readonly scale: Scale;
  /** By column of the matrix, for values that are not scaled; 0 for columns without an effect. */
  readonly weights: Float64Array;
  readonly bias: number;
  /** Newton steps. */
  readonly iterations: number;
  /** The largest component of the gradient of the mean loss at the end. */
  readonly gradient: number;
  /** Whether `gradient` is at most 1e-8. */
  readonly converged: boolean;
  /**
   * Fits a model. `truths` has the label of each training row: true or false, or 1 or 0.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT`, also for labels of one class only: they have no optimum.
   */
  static fit(matrix: FeatureMatrix, truths: ArrayLike<boolean | number>, options?: RegressionOptions): LogisticRegression;
  /** The probability of "true" for each row. */
  predict(matrix: FeatureMatrix, rows?: ArrayLike<number>): Float64Array;
  /** The logit of the probability of each row: weighted sum plus bias. */
  scores(matrix: FeatureMatrix, rows?: ArrayLike<number>): Float64Array;
}
/** An image series of a patient. No file is opened: the path is only named. */
export interface Image {
  readonly subjectId: bigint;
  /** Null where neither the mapping nor the record says it, as for the other ids. */
  readonly imageId: string | null;
  readonly studyUid: string | null;
  readonly seriesUid: string | null;
  readonly impressionId: string | null;
  /** Microseconds since 1970-01-01: of the row in the record, else of the mapping. Null where neither has one. */
  readonly time: bigint | null;
  /** The file (NIfTI) or folder (DICOM); null where no path is known. It may not exist. */
  readonly path: string | null;
  /** What the radiologist concluded. It is written after the image, so it is not known at its time. */
  readonly impression: string | null;
  /** The row of the timeline that records the image; null where none does. */
  readonly row: number | null;
}
/** What was read. */
export interface ImageReport {
  /** Rows of the mapping. */
  readonly rows: number;
  readonly withoutTime: number;
  readonly withoutPath: number;
  /** Impressions of studies that the mapping does not have. */
  readonly orphanImpressions: number;
}
/** Where images are, and what is known of them. */
export interface OpenImagesOptions {
  /** The folder of the images: paths of the mapping are below it. Without paths, an image is `FOLDER/ID.nii.gz`. */
  readonly folder?: string | undefined;
  /** A CSV or TSV file of impressions: `impression_id` and `impressions`. */
  readonly impressions?: string | undefined;
}
/** Which images {@link Images.of} returns. */
export interface ImagesOfOptions {
  /** Only images up to and including this time. */
  readonly until?: TimeLike | undefined;
}
/**
 * The images of patients, by a table that maps them. It names files and never opens one.
 *
 * Source of the definitions: INSPECT (github.com/som-shahlab/INSPECT_public; arXiv 2311.10798). Its files are under a
 * data use agreement and were not at hand: what is known of them is from public code.
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { Images, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const patient = db.at(0)!;
 * writeFileSync("study_mapping.tsv", `impression_id\timage_id\tperson_id\tprocedure_DATETIME\n1\tPE1\t${patient.subjectId}\t2020-01-01\n`);
 * const images = await Images.open("study_mapping.tsv", { folder: "CTPA" });
 * for (const { imageId, time, path } of images.of(patient)) console.log(imageId, time, path);
 * db.close();
 * ```
 */
export declare class Images implements Iterable<Image> {
  /** Made by this package only. */
  protected constructor();
  readonly report: ImageReport;
  /**
   * Reads a mapping in CSV or TSV, a row per image.
   *
   * Columns that public code reads from INSPECT's `study_mapping_20250611.tsv`: `person_id`, `impression_id`, `image_id`
   * (the image is `CTPA/ID.nii.gz`), `procedure_DATETIME`, and `note_DATETIME` where that is empty; from
   * `impressions_20250611.tsv`: `impression_id`, `impressions`. Columns that other code of the same group reads:
   * `image_study_uid`, `image_series_uid`, `nifti_path`, `local_path`. Assumed: `path`, `subject_id`, `patient_id`,
   * `procedure_time`, `StudyTime`, `time`, `impression`.
   *
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_MISSING_COLUMN`; `MEDS_NULL_VALUE` for a row without a patient;
   * `MEDS_COLUMN_TYPE` for a time or patient that is not one; `MEDS_SCHEMA_CONFLICT` for two impressions of one study;
   * `MEDS_SOURCE_DAMAGED`.
   */
  static open(mapping: string, options?: OpenImagesOptions): Promise<Images>;
  /** Number of images in the mapping. */
  get size(): number;
  /** The images of the mapping, in its order. */
  [Symbol.iterator](): IterableIterator<Image>;
  /**
   * The images of a patient, in order of time; those without a time come last. Rows of the timeline with an
   * `image_series_uid` are images too: they are joined to the mapping by this id, and their time counts.
   *
   * A window of a patient has the images up to the time of its last row, and none whose time is not known.
   *
   * @throws MedsError `MEDS_CLOSED`; `MEDS_INVALID_ARGUMENT`.
   */
  of<S extends object>(timeline: Timeline<S>, options?: ImagesOfOptions): Image[];
}
/** A reference answer to an instruction. */
export interface InstructionResponse {
  /** Who wrote it, as the file names them: `Annotator_1`. Null where the file does not say it. */
  readonly annotator: string | null;
  readonly text: string;
  /** Where in the record the answer is, in the annotator's words; null where the file does not say it. */
  readonly evidence: string | null;
}
/** What a clinician asks about a patient's record. */
export interface Instruction {
  readonly id: string;
  readonly text: string;
  /** Null where the files do not say whose record it is about. */
  readonly subjectId: bigint | null;
  /**
   * Until when the record is known, in microseconds since 1970-01-01; null where the files do not say it: then
   * it is about the whole record.
   */
  readonly time: bigint | null;
  readonly category: string | null;
  /** Specialty of the clinician who wrote the instruction. */
  readonly specialty: string | null;
  readonly responses: readonly InstructionResponse[];
}
/** Names of columns, where a file has others than those that {@link Instructions.open} knows. */
export interface InstructionColumns {
  readonly id?: string | undefined;
  readonly text?: string | undefined;
  readonly subject?: string | undefined;
  readonly time?: string | undefined;
  readonly category?: string | undefined;
  readonly specialty?: string | undefined;
  readonly response?: string | undefined;
  readonly annotator?: string | undefined;
  readonly evidence?: string | undefined;
}
/** What was read. */
export interface InstructionReport {
  /** The files that have instructions or responses. */
  readonly files: readonly string[];
  /** Their rows. */
  readonly rows: number;
  /** Rows of an instruction that was read before, for example with the response of another model. */
  readonly repeated: number;
  /** Rows that are left out because `is_selected_ehr` says no. */
  readonly notSelected: number;
  /** Responses to instructions that no file has, which are left out. */
  readonly orphanResponses: number;
  /** Instructions that do not say whose record they are about, or until when it is known. */
  readonly withoutSubject: number;
  readonly withoutTime: number;
}
/** How {@link Instructions.open} reads. */
export interface OpenInstructionsOptions {
  /** Names of columns that the files have instead of the known ones. */
  readonly columns?: InstructionColumns | undefined;
  /** Leave out rows whose column `is_selected_ehr` says no. Default: true. */
  readonly selectedOnly?: boolean | undefined;
}
/** An instruction, and the record that it is about. */
export interface InstructionTimeline<S extends object = AnySchema> {
  readonly instruction: Instruction;
  /** The rows up to and including the time of the instruction; all rows of the patient where it has none. */
  readonly timeline: Timeline<S>;
}
/**
 * Instructions of clinicians, each about the record of one patient as of a time, with reference responses.
 *
 * Source of the definitions: MedAlign (github.com/som-shahlab/medalign; doi 10.1609/aaai.v38i20.30205). Its files are
 * under a data use agreement and were not at hand: what is known of them is from public code.
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { Instructions, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const id = db.at(0)!.subjectId;
 * writeFileSync("questions.csv", `instruction_id,question,person_id,time\n7,Which tests were done?,${id},2020-01-01\n`);
 * const instructions = await Instructions.open("questions.csv");
 * for (const { instruction, timeline } of instructions.of(db)) console.log(instruction.text, timeline.length);
 * db.close();
 * ```
 */
export declare class Instructions implements Iterable<Instruction> {
  /** Made by this package only. */
  protected constructor();
  readonly report: InstructionReport;
  /**
   * Reads instructions and responses: a CSV or TSV file, a folder with such files (those without a column
   * `instruction_id` are ignored), or several of these. Rows with one id are one instruction.
   *
   * Columns that public code reads from MedAlign's files: `instruction_id`, `question`, `person_id`,
   * `is_selected_ehr` (yes or no), `annotator_num`, `clinician_response` (HELM, medalign_scenario_helper.py);
   * `filename` (`124.xml`), `evidence`, `submitter_specialty` of release 1.3 (other public programs);
   * `human_assigned_subcategory_1` (the public sample data/instructions-sample.csv, which has no patients). Assumed,
   * since no public code has a column for it: the time until when the record is known, in `prediction_time`,
   * `time` or `date`; also `instruction`, `subject_id`, `patient_id`, `subcategory`, `category` and `annotator`. Other
   * names: `columns`.
   *
   * A date is its first moment; a time without a zone is UTC.
   *
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` for a folder without such files; `MEDS_MISSING_COLUMN`;
   * `MEDS_NULL_VALUE` for a row without an id or text; `MEDS_COLUMN_TYPE` for a time or subject that is not one;
   * `MEDS_SCHEMA_CONFLICT` for one id with two texts, patients or times; `MEDS_SOURCE_DAMAGED`.
   */
  static open(path: string | readonly string[], options?: OpenInstructionsOptions): Promise<Instructions>;
  /** Number of instructions. */
  get size(): number;
  /** The instruction at an index; a negative index counts from the end. Undefined outside. */
  at(i: number): Instruction | undefined;
  /** The instructions, in the order of the files. */
  [Symbol.iterator](): IterableIterator<Instruction>;
  /** Some of the instructions: those for which a function returns true. */
  filter(test: (instruction: Instruction) => boolean): Instructions;
  /**
   * The instructions with the records that they are about. Instructions for patients that are not in `db` are left out
   * and listed in `absent`.
   *
   * @throws MedsError `MEDS_CLOSED`.
   */
  of<S extends object>(db: Cohort<S>): InstructionTimelines<S>;
}
/** Instructions joined to a database: {@link Instructions.of} makes it. */
export declare class InstructionTimelines<S extends object = AnySchema> implements Iterable<InstructionTimeline<S>> {
  /** Made by this package only. */
  protected constructor();
  /** Number of instructions whose patient is in the database. */
  readonly size: number;
  /** Instructions that are left out: they name no patient, or one that is not there or has no time at all. */
  readonly absent: readonly Instruction[];
  /**
   * A label without a value per instruction, at its time; at the time of the patient's last row where it has none.
   * `samples`, `texts` and the like take them: label i is that of instruction i.
   */
  readonly labels: Labels;
  /**
   * An instruction and its record; a negative index counts from the end. Undefined outside.
   *
   * @throws MedsError `MEDS_CLOSED`.
   */
  at(i: number): InstructionTimeline<S> | undefined;
  /** The instructions in order. */
  [Symbol.iterator](): IterableIterator<InstructionTimeline<S>>;
}
/** Which selection of a file of few-shot selections to use. */
export interface ShotChoice {
  /** The number of labels per class, as in the file; -1 means all labels. */
  readonly k: number;
  /** The number of the draw. Default: 0. */
  readonly replicate?: number | undefined;
  /** The sub-task of a task that has several (`chexpert`). Default: the only one. */
  readonly subTask?: string | undefined;
}
/** Labels for training, tuning and testing. All have their values in `boolean_value`. */
export interface ShotSelection {
  readonly train: Labels;
  readonly tuning: Labels;
  /** All labels of held-out subjects, the same for every k. */
  readonly held_out: Labels;
  readonly report: ShotReport;
}
/** How well a selection fits the labels. */
export interface ShotReport {
  /**
   * Entries of the file for which the table has no label with the same subject and time. They are not in the
   * selection.
   */
  readonly unmatched: {
    readonly train: number;
    readonly tuning: number;
  };
  /** Entries whose value (true or false) differs from that of the label. The value of the file is used. */
  readonly differing: {
    readonly train: number;
    readonly tuning: number;
  };
}
/**
 * EHRSHOT's few-shot selections (`few_shots_data.json`, `all_shots_data.json`): for each sub-task, k and
 * replicate, the labels to train and tune on.
 *
 * An entry of the file names a label by subject and time. The selection contains the label as often as the
 * file does, because a class with few labels was drawn with repeats. Its value is that of the file, which is
 * true or false for every task. Times are compared to the minute: EHRSHOT sets the seconds to 0 when it loads
 * labels, so the file has none. The selection keeps the time of the label. If a subject has several labels in
 * one minute, they are used in turn, those with the file's value first.
 *
 * Source: the selections of the EHRSHOT benchmark (Wornow et al. 2023).
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { Labels, Shots, Splits } from "meds-reader";
 *
 * // With EHRSHOT's files: Labels.open("benchmark/guo_icu"), Splits.open("splits/person_id_map.csv"), Shots.open("benchmark/guo_icu/all_shots_data.json").
 * const predictionTime = new Date("2150-03-01T12:30:59Z");
 * const labels = Labels.from([1, 2, 3].map((subjectId) => ({ subjectId, predictionTime, booleanValue: subjectId > 1 })));
 * const splits = Splits.from({ train: [1], tuning: [2], held_out: [3] });
 * const draw = {
 *   patient_ids_train_k: [1],
 *   label_times_train_k: ["2150-03-01T12:30:00"],
 *   label_values_train_k: [0],
 *   patient_ids_val_k: [2],
 *   label_times_val_k: ["2150-03-01T12:30:00"],
 *   label_values_val_k: [1],
 * };
 * writeFileSync("few_shots_data.json", JSON.stringify({ guo_icu: { 1: { 0: draw } } }));
 *
 * const shots = await Shots.open("few_shots_data.json");
 * for (const k of shots.sizes()) {
 *   const { train, tuning, held_out, report } = shots.select(labels, splits, { k, replicate: 0 });
 *   console.log(k, train.size, tuning.size, held_out.size, report.unmatched);
 * }
 * ```
 */
export declare class Shots {
  /** Made by this package only. */
  protected constructor();
  /** The file. */
  readonly path: string;
  /** The sub-tasks: the task itself, or the findings of `chexpert`. */
  readonly subTasks: readonly string[];
  /**
   * Reads a `*_shots_data.json`.
   *
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_SOURCE_DAMAGED` for a file that is not a JSON object.
   */
  static open(path: string): Promise<Shots>;
  /**
   * The values of k of a sub-task, ascending, with -1 (all labels) last.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a sub-task that is not in the file; `MEDS_SOURCE_DAMAGED`.
   */
  sizes(subTask?: string): readonly number[];
  /**
   * The replicates of a sub-task for one k, ascending.
   *
   * @throws MedsError as {@link Shots.sizes}, also for a k that is not in the file.
   */
  replicates(k: number, subTask?: string): readonly number[];
  /**
   * The labels of a selection. `labels` are all labels of the task, with their own values: those of held-out
   * subjects become true or false as in EHRSHOT ({@link Shots.binary}).
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a selection that is not in the file; `MEDS_SPLIT_CONFLICT`
   * if the file trains or tunes on a subject of another split; `MEDS_UNKNOWN_SPLIT` if no subject is held
   * out; `MEDS_COLUMN_TYPE`; `MEDS_SOURCE_DAMAGED`.
   */
  select(labels: Labels, splits: Splits, choice: ShotChoice): ShotSelection;
  /**
   * Labels as true or false, in the way in which EHRSHOT scores a sub-task: labs (`lab_…`) are true from 1
   * on, a finding of `chexpert` is one bit of 14 ("No Finding" is the highest), and a `boolean_value` is
   * kept. A label without a value keeps none.
   *
   * @throws MedsError `MEDS_COLUMN_TYPE` for labels without such a value, `MEDS_VALUE_RANGE` for a `chexpert`
   * value of more than 14 bits.
   */
  static binary(labels: Labels, subTask: string): Labels;
}
/** What a conversion did. */
export interface Summary {
  /** Path of the store. */
  readonly store: string;
  /** The store existed already (option `reuse`): nothing was written. */
  readonly reused: boolean;
  readonly patients: number;
  readonly events: number;
  readonly codes: number;
  readonly columns: number;
  readonly shards: number;
  readonly sourceBytes: number;
  readonly storeBytes: number;
  /** Bytes of the inverted index, which are part of `storeBytes`; 0 without an index. */
  readonly indexBytes: number;
  /** Seconds of work, without `fsyncSeconds`. */
  readonly seconds: number;
  /** Seconds to save the files on the disk. */
  readonly fsyncSeconds: number;
  /**
   * What was dropped, skipped, changed or repaired, and why. Notes of kind `dropped` come first: tables that
   * lose more than a tenth of their rows.
   */
  readonly notes: readonly Note[];
}
/**
 * Converts a source into a store, on its own threads and in bounded memory. The source is MEDS (a folder with
 * `data/**\/*.parquet` and `metadata/`, or one Parquet file), or a database of `meds_reader` (Python; version
 * 2, recognized by its file `meds_reader.version`). Either may be in a `.zip`, `.tar.gz` or `.tar`, which is
 * unpacked beside the store during the conversion. A `meds_reader` database does not keep empty texts: a text
 * that was "" in its source is null. The store appears complete or not at all. Missing parent folders are
 * created. If `store` is a link to a store, it means the store that the link points to.
 *
 * OMOP CDM 5.3 or 5.4 tables (a folder of CSV, CSV.gz or Parquet, an archive of one, or a DuckDB database)
 * first become a MEDS dataset in a temporary folder, as meds_etl makes it. This requires that the package
 * `@duckdb/node-api` is installed.
 *
 * A folder with an XML file per patient, as MedAlign has published its records (`record` as in its public sample,
 * or `eventstream` of LUMIA), also becomes a MEDS dataset first: `docs/medalign-inspect.md` says how. The description of a
 * code is what all its lines of the dataset begin with.
 *
 * @throws MedsError `MEDS_STORE_EXISTS`, `MEDS_NO_DATA`, `MEDS_SOURCE_DAMAGED`, `MEDS_SOURCE_VERSION`,
 * `MEDS_TABLE_FORMAT`, `MEDS_DUPLICATE_FILE`, `MEDS_NOT_CONTIGUOUS`, `MEDS_TIME_ORDER`,
 * `MEDS_SCHEMA_CONFLICT`, `MEDS_CANCELLED`, `MEDS_DISK_FULL` and others that name the file and the subject.
 * For OMOP tables also `MEDS_MISSING_PACKAGE` where DuckDB is not installed, `MEDS_NO_VOCABULARY` where their
 * vocabulary is missing, and `MEDS_ROWS_DROPPED` with `strict`.
 * @example
 * ```ts
 * import { convert } from "meds-reader";
 *
 * const summary = await convert("demo", "other.medsdb", { exclude: ["text_value"], onProgress: ({ phase, done, total }) => console.log(phase, done, total) });
 * console.log(summary.patients, summary.events);
 * ```
 */
export declare function convert(source: string, store: string, options?: ConvertOptions): Promise<Summary>;
/** Options of {@link planCluster}: those of {@link convert} that decide what the store contains, and the parts. */
export interface ClusterPlanOptions extends Omit<ConvertOptions, "reuse" | "temp" | "trustTimes"> {
  /** Number of parts, 1 to 100,000. The store does not depend on it. */
  readonly parts: number;
  /**
   * The folder for the files of the steps, which all machines must see. Default: beside the store, as
   * `.NAME.cluster`. On another file system than the store, `finish` copies the shards.
   */
  readonly work?: string | undefined;
}
/** What {@link planCluster} has planned. */
export interface ClusterPlan {
  /** The folder of the steps. */
  readonly work: string;
  /** Digest of the plan: of the options, and of the names, sizes and times of the source's files. */
  readonly id: string;
  readonly parts: number;
  /** Files of events, their row groups, rows and bytes. */
  readonly files: number;
  readonly groups: number;
  readonly rows: number;
  readonly sourceBytes: number;
  /** The folder had this plan already. Its finished steps are not done again. */
  readonly reused: boolean;
}
/** What each step of {@link clusterStep} returns. */
export interface ClusterSteps {
  readonly survey: {
    readonly part: number;
    readonly groups: number;
    readonly rows: number;
    readonly reused: boolean;
    readonly seconds: number;
  };
  /** `alone`: only `finish` remains, which converts the source by itself, because its rows must be sorted. */
  readonly join: {
    readonly patients: number;
    readonly events: number;
    readonly id: string;
    readonly alone: boolean;
    readonly seconds: number;
  };
  readonly measure: {
    readonly part: number;
    readonly reused: boolean;
    readonly seconds: number;
  };
  readonly settle: {
    readonly shards: number;
    readonly bytes: number;
    /** The parts that have shards. The others need not take `write`. */
    readonly parts: readonly number[];
    readonly alone: boolean;
    readonly seconds: number;
  };
  readonly write: {
    readonly part: number;
    /** The shards of the part: from `start` to before `end`. */
    readonly shards: {
      readonly start: number;
      readonly end: number;
    };
    readonly bytes: number;
    readonly reused: boolean;
    readonly seconds: number;
  };
  readonly finish: Summary;
  readonly cancel: {
    readonly work: string;
  };
}
/** Options of {@link clusterStep}. */
export interface ClusterStepOptions extends WorkOptions {
  /** The part, from 0: required for `survey`, `measure` and `write`, and for no other step. */
  readonly part?: number | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** The most memory to use, in bytes. Default: that of the plan. */
  readonly memory?: number | undefined;
}
/**
 * Plans a conversion in parts, which machines with one file system take together: see `docs/scale.md`. The source is
 * what {@link convert} converts, but not in an archive. Reads footers only; OMOP tables and MedAlign's XML are first
 * imported by this machine, into the work folder.
 *
 * @throws MedsError The errors of {@link convert}; `MEDS_STORE_EXISTS` if the folder has another plan.
 * @example
 * ```ts
 * import { clusterStep, planCluster } from "meds-reader";
 *
 * const { work, parts } = await planCluster("demo", "parts.medsdb", { parts: 2 });
 * for (let part = 0; part < parts; part += 1) await clusterStep("survey", work, { part });
 * await clusterStep("join", work);
 * for (let part = 0; part < parts; part += 1) await clusterStep("measure", work, { part });
 * const settled = await clusterStep("settle", work);
 * for (const part of settled.parts) await clusterStep("write", work, { part });
 * console.log((await clusterStep("finish", work)).events);
 * ```
 */
export declare function planCluster(source: string, store: string, options: ClusterPlanOptions): Promise<ClusterPlan>;
/**
 * Takes a step of a conversion that {@link planCluster} planned: `survey` for each part; `join`; `measure` for each part;
 * `settle`; `write` for each part; `finish`, which publishes the store. The parts of a step can be taken anywhere, in any
 * order, at the same time and more than once. `cancel` removes the work folder at any time.
 *
 * @throws MedsError The errors of {@link convert}; `MEDS_STEP` where the result of another step is missing, damaged or
 * of another conversion; `MEDS_SOURCE_CHANGED` if a file of the source changed since it was planned; `MEDS_NOT_FOUND`
 * where no plan is.
 */
export declare function clusterStep<Name extends keyof ClusterSteps>(step: Name, work: string, options?: ClusterStepOptions): Promise<ClusterSteps[Name]>;
/**
 * Which patients to keep, and how. With several choices a patient must meet all of them. At least one choice
 * is required.
 */
export interface FilterOptions extends WorkOptions {
  /**
   * Subject ids, or the path of a file that lists them: a text file with one id per line, CSV with a column
   * `subject_id` or `patient_id`, or Parquet with such a column (`.parquet`).
   */
  readonly ids?: Iterable<SubjectId> | string | undefined;
  /** A split of the store. */
  readonly split?: string | undefined;
  /**
   * Codes: a patient must have at least one of them. A text that ends in `*`, and is not a code itself, means
   * all codes that begin with it. A selection of the codes of any database means these codes here.
   */
  readonly withCode?: CodeChoice | undefined;
  /**
   * Ids and codes that are not in the store are counted in the summary's notes. Default: false, they are an
   * error.
   */
  readonly ignoreMissing?: boolean | undefined;
  /** Replace a store that exists at the target. Default: false. */
  readonly force?: boolean | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** The most memory to use, in bytes. Default: 512 MiB. */
  readonly memory?: number | undefined;
  /** Bytes of a shard. Default: those of the store. */
  readonly shardBytes?: number | undefined;
  /** Also write an inverted index. Default: true where the store has one. */
  readonly index?: boolean | undefined;
}
/**
 * Writes some of a store's patients as a new store. Their rows are copied in the store's order, and all
 * counts (codes, nulls, splits) are computed again: the result is the store that a conversion of only these
 * patients would make. `subject_splits.parquet` keeps only their rows; all other metadata files are copied
 * unchanged. The manifest records which store the new one was made from, and how. To select patients without
 * writing a store, use {@link Cohort.subset}.
 *
 * @throws MedsError `MEDS_UNKNOWN_SUBJECT` for ids that are not in the store (the message lists the first
 * ten); `MEDS_UNKNOWN_SPLIT`; `MEDS_INVALID_ARGUMENT` for codes that no event has, and where no patients are
 * chosen; `MEDS_STORE_EXISTS`; what {@link PatientDatabase.open} throws; `MEDS_PERMISSION`, `MEDS_DISK_FULL`
 * and other failures of the system.
 * @example
 * ```ts
 * import { filter } from "meds-reader";
 *
 * const { patients, events } = await filter("demo.medsdb", "train.medsdb", { split: "train", withCode: "LAB//*" });
 * console.log(patients, events);
 * ```
 */
export declare function filter(store: string, out: string, options: FilterOptions): Promise<Summary>;
/** Which dataset to make. Sizes set here replace those of the preset. */
export interface GenerateOptions extends WorkOptions {
  /**
   * A size by name: `demo` (100 patients, 100,000 events; the default), `medium` (1,000 and 5.7 million),
   * `ehrshot` (6,739 and 42 million).
   */
  readonly preset?: "demo" | "medium" | "ehrshot" | undefined;
  /** Number of patients. */
  readonly patients?: number | undefined;
  /** Number of events, including static ones; at least 4 per patient. Default: 1,000 per patient. */
  readonly events?: number | undefined;
  /** Number of distinct codes to draw from. Default: 300 to 30,000, growing with the number of events. */
  readonly codes?: number | undefined;
  /** The same seed makes the same bytes. Default: 0. */
  readonly seed?: number | undefined;
  /**
   * Number of Parquet files: 1 (`data/data.parquet`, the default), or 3 and more (`data/train/0.parquet`, …).
   */
  readonly files?: number | undefined;
  /**
   * Subject ids: ascending numbers of eight digits (`sequential`, the default), or hashes that use all 64
   * bits (`hashed`).
   */
  readonly ids?: "sequential" | "hashed" | undefined;
  /** Compression of the Parquet files. Default: `snappy`. */
  readonly compression?: "snappy" | "zstd" | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
}
/** The result of {@link generate}. */
export interface Generated {
  /** Path of the dataset. */
  readonly out: string;
  readonly patients: number;
  readonly events: number;
  /** Codes that events were drawn from. In a small dataset some rare codes occur in no event. */
  readonly codes: number;
  /** Parquet files below `data/`. */
  readonly files: number;
  /** Rows per task below `labels/`. */
  readonly labels: Readonly<Record<string, number>>;
  /** Bytes of all files. */
  readonly bytes: number;
  readonly seconds: number;
}
/**
 * Makes a synthetic MEDS dataset of realistic shape. It is for trials of software, never for conclusions
 * about patients. It appears complete or not at all.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for sizes that do not fit together and for a folder that is not
 * empty; `MEDS_CANCELLED`, `MEDS_DISK_FULL`, `MEDS_PERMISSION`.
 * @example
 * ```ts
 * import { generate } from "meds-reader";
 *
 * const made = await generate("synthetic", { patients: 20, seed: 1 });
 * console.log(made.patients, made.events);
 * ```
 */
export declare function generate(out: string, options?: GenerateOptions): Promise<Generated>;
/** A column of a source. */
export interface InspectedColumn {
  readonly name: string;
  /** Its type in the source; null where the source does not have types (CSV). */
  readonly type: string | null;
}
/** A table of OMOP CDM. */
export interface InspectedTable {
  /** Its name in lower case. */
  readonly name: string;
  readonly files: number;
  readonly rows: number;
  readonly columns: readonly InspectedColumn[];
}
/** All codes with the same text before their first `/`, and how many rows have them. */
export interface CodePrefix {
  readonly prefix: string;
  /** Rows with such a code. */
  readonly rows: number;
  /** How many of these rows have a time. */
  readonly timed: number;
  /**
   * How many of these rows have exactly midnight as their time: most likely dates of events whose hour is not
   * known.
   */
  readonly midnight: number;
}
/** What a folder or file is. */
export interface Inspection {
  readonly path: string;
  /**
   * `meds`: a dataset; `parquet`: a single Parquet file; `store`: a store of this package; `meds_reader`: a
   * database of that program; `omop`: OMOP CDM; `medalign`: a folder of MedAlign's XML files.
   */
  readonly format: "meds" | "parquet" | "store" | "meds_reader" | "omop" | "medalign";
  /** The version of the format, from the source or from its columns; null where neither shows it. */
  readonly version: string | null;
  /** Files that contain rows. */
  readonly files: number;
  /** Bytes of these files. */
  readonly bytes: number;
  /** Rows of events (for OMOP: of all tables); null where they could not be read. */
  readonly rows: number | null;
  /** Subjects; null where they could not be counted. */
  readonly subjects: number | null;
  /** Columns of the events; empty for OMOP, where each table has its own. */
  readonly columns: readonly InspectedColumn[];
  /** The tables of OMOP CDM, by name; empty for every other format. */
  readonly tables: readonly InspectedTable[];
  /**
   * What a conversion would drop, skip or change, and why; for a store, what its conversion did. Notes of
   * kind `dropped` come first, as in {@link Summary.notes}.
   */
  readonly notes: readonly Note[];
  /**
   * Why the source cannot be converted as it is: the message of the error that `convert` would throw; null if
   * it can be converted.
   */
  readonly problem: string | null;
  /** The code of that error. */
  readonly problemCode: MedsErrorCode | null;
  /**
   * Codes by prefix, the most frequent first; null where a problem prevents it. For OMOP tables these are the
   * codes that `convert` would make with the same options. There a date becomes the last second of its day,
   * which does not count as midnight.
   */
  readonly prefixes: readonly CodePrefix[] | null;
}
/** How to look at a source. */
export interface InspectOptions extends WorkOptions, OmopOptions {
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** OMOP tables only: the most memory for the search of their codes, in bytes. Default: 512 MiB. */
  readonly memory?: number | undefined;
}
/**
 * Reports what a folder or file is, and what is in it, without a conversion: a MEDS dataset, a single Parquet
 * file, a store, a `meds_reader` database, a folder of MedAlign's XML, or OMOP CDM in CSV, Parquet or a DuckDB
 * database. For OMOP all rows are read, and the package `@duckdb/node-api` looks up their codes. A `.zip`, `.tar.gz` or `.tar` of a
 * dataset, tables or database is unpacked into the system's temporary folder and removed afterwards.
 *
 * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` for anything else, with what was looked for and what was
 * found; `MEDS_PERMISSION` and other failures of the system.
 * @example
 * ```ts
 * import { inspect } from "meds-reader";
 *
 * const found = await inspect("demo");
 * console.log(found.format, found.version, found.rows, found.subjects, found.problem);
 * for (const { prefix, timed, midnight } of found.prefixes ?? []) console.log(prefix, midnight / timed);
 * ```
 */
export declare function inspect(source: string, options?: InspectOptions): Promise<Inspection>;
/** How to verify. */
export interface VerifyOptions extends WorkOptions, Pick<OmopOptions, "vocabulary"> {
  /** Stop after this many differences. Default: 100. */
  readonly limit?: number | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** OMOP tables only: the most memory for their import, in bytes. Default: 512 MiB. */
  readonly memory?: number | undefined;
  /** OMOP tables only: folder for temporary files. Default: beside the store. */
  readonly temp?: string | undefined;
}
/** Where a store is damaged, or differs from its source. */
export interface Difference {
  /** What is there and what was expected. */
  readonly message: string;
  /** File of the store, relative to it; null for the source as a whole. */
  readonly path: string | null;
  /** Subject id, as decimal text: ids can exceed 2^53. */
  readonly subject: string | null;
  /** Row of the patient, from 0. */
  readonly row: number | null;
  readonly column: string | null;
}
/** The result of {@link verify}. */
export interface Verification {
  /** True where nothing differs. */
  readonly ok: boolean;
  /** The differences, up to the limit. */
  readonly differences: readonly Difference[];
}
/**
 * Checks every byte and invariant of a store. With a source it also compares every value of every column with
 * the source. OMOP tables and MedAlign's XML are imported again for that, with the options of the store, into
 * a temporary folder. The form of tables may differ from that of the conversion (Parquet instead of CSV).
 *
 * @throws MedsError where the store or the source cannot be opened at all; `MEDS_CANCELLED`; for OMOP tables
 * also what {@link convert} throws.
 * @example
 * ```ts
 * import { verify } from "meds-reader";
 *
 * const { ok, differences } = await verify("demo.medsdb", "demo");
 * console.log(ok, differences);
 * ```
 */
export declare function verify(store: string, source?: string, options?: VerifyOptions): Promise<Verification>;
/** Options of {@link samplesPlan}. */
export interface SamplesPlanOptions {
  /** The rank, or all ranks of a machine. Default: 0. */
  readonly rank?: number | readonly number[] | undefined;
  /** Number of ranks. Default: 1. */
  readonly worldSize?: number | undefined;
}
/** What one rank, or the ranks of one machine, read of a store: see {@link samplesPlan}. */
export interface SamplesPlan {
  readonly ranks: readonly number[];
  readonly worldSize: number;
  /** Content id of the store, as its manifest has it: the plan is for this store only. */
  readonly storeId: string;
  /** Numbers of the shards, ascending: indexes of `shards` in the manifest. */
  readonly shards: readonly number[];
  /** The same as paths in the store, such as `shards/00003.arrow`. */
  readonly files: readonly string[];
  /** Bytes of these shards. */
  readonly bytes: number;
  /** Number of samples, and of their patients. */
  readonly samples: number;
  readonly patients: number;
}
/**
 * Which shards a rank reads with `order: "local"` ({@link LoaderOptions.order}): in every epoch, for every seed, and
 * after a resume with this number of ranks. It reads no other shard. A machine with several ranks names all of them.
 *
 * The samples in storage order are cut into parts with equal numbers of samples. A cut moves to the border of two
 * shards if it is near, at most a 32nd of a part away; a shard with a cut inside is in the plans of both ranks.
 *
 * No shard is read for it, nor for samples of labels or of a split (except `step_through` with labels; and for a
 * split, `codes`, `where`, `unit: "events"` and `staticUntil: "birth"`: these look at rows).
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for a wrong option, and for more ranks than samples.
 * @example
 * ```ts
 * import { PatientDatabase, samples, samplesPlan } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const list = samples(db, { split: "train" }, { maxLength: 512 });
 * // The second of two machines, with two of four ranks.
 * const { files, bytes } = samplesPlan(list, { rank: [2, 3], worldSize: 4 });
 * console.log(files, bytes);
 * db.close();
 * ```
 */
export declare function samplesPlan(samples: Samples, options?: SamplesPlanOptions): SamplesPlan;
/** The same as {@link CodeChoice}, which includes functions of a code. */
export type CodePredicate = CodeChoice;
/**
 * Subject ids from a file, in its order: a text file with one id per line, CSV with a column `subject_id` or
 * `patient_id`, or Parquet with such a column (`.parquet`).
 *
 * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_MISSING_COLUMN`; `MEDS_INVALID_ARGUMENT` or `MEDS_COLUMN_TYPE` for
 * what is not an int64; `MEDS_NULL_VALUE`; `MEDS_SOURCE_DAMAGED`.
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { PatientDatabase, readSubjectIds } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * writeFileSync("ids.txt", `${db.at(0)!.subjectId}\n`);
 * console.log(db.subset(await readSubjectIds("ids.txt")).size);
 * db.close();
 * ```
 */
export declare function readSubjectIds(path: string): Promise<BigInt64Array>;
/**
 * The section with the patient's age at the prediction time, gender, race and ethnicity, as far as known rows say
 * them.
 */
export declare function demographics(options?: SectionOptions): SectionPlan & {
  readonly section: "demographics";
};
/** The section with one line for each visit, the latest first. */
export declare function visitList(options?: SectionOptions): SectionPlan & {
  readonly section: "visitList";
};
/** The text of a label, or of a patient: {@link texts} returns it. */
export declare class LabelText extends TimelineText {
  /** Made by this package only. */
  protected constructor();
  /** The prediction time of the label, in microseconds since 1970-01-01; null without labels. */
  readonly predictionTime: bigint | null;
  /** Null without labels. */
  readonly label: LabelRow | null;
  /** The instruction that the text is for; null for other texts. */
  readonly instruction: Instruction | null;
}
declare const KNOWLEDGE: readonly [
  "inclusive",
  "gap",
  "lookBack",
  "codes",
  "dateOnly",
  "excludeAtCutoff",
  "knownLater",
  "split"
];
type Knowledge = Pick<SampleOptions, (typeof KNOWLEDGE)[number]>;
/** Options of {@link texts}. */
export interface TextsOptions extends TextOptions, Knowledge {
  /** One prediction time for all patients, where the source is a list of subject ids, or all patients. */
  readonly at?: TimeLike | undefined;
  /**
   * Number of worker threads; 0 for the caller's thread, which is the only one for functions: as `tokenizer`, as
   * `format`, or of sections. Default: one per processor.
   */
  readonly threads?: number | undefined;
  /** Ends the loop over the texts with `MEDS_CANCELLED`. */
  readonly signal?: AbortSignalLike | undefined;
}
/**
 * What is written: labels; instructions; subject ids (with the option `at` as of one time); or all patients, where it is
 * undefined.
 */
export type TextSource = Labels | Instructions | Iterable<SubjectId>;
/**
 * Texts of patients, in the order of the labels or ids; {@link texts} makes it. Each loop writes them anew. A slow loop
 * slows the threads down: few texts wait for it.
 */
export declare class Texts implements AsyncIterable<LabelText> {
  /** Made by this package only. */
  protected constructor();
  /** Number of texts. */
  readonly size: number;
  /** Labels that are left out, and why; null without labels. */
  readonly report: SampleReport | null;
  /**
   * The texts.
   *
   * @throws MedsError `MEDS_BUDGET` for a text whose required sections have no room; `MEDS_PASS_FAILED` where a section
   * or format of the caller's own fails; `MEDS_CANCELLED`; `MEDS_CLOSED`.
   */
  [Symbol.asyncIterator](): AsyncGenerator<LabelText, void, undefined>;
  /** All texts at once, as an array. */
  toArray(): Promise<LabelText[]>;
}
/**
 * Texts of patients: one per label or instruction, as of its time; or one per subject id or patient. Worker threads
 * write them, in order. Each text is that of {@link Timeline.toText}: nothing after its cut-off has an influence on it.
 * With the format `chat` an instruction is the question; its responses are in no text.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for a wrong option; `MEDS_NOT_FOUND`; `MEDS_UNKNOWN_SUBJECT` for an id outside of `db`;
 * `MEDS_UNKNOWN_COLUMN`; `MEDS_MISSING_PACKAGE`; `MEDS_CLOSED`.
 * @example
 * ```ts
 * import { Labels, PatientDatabase, texts } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const labels = Labels.from([{ subjectId: db.at(0)!.subjectId, predictionTime: "2020-01-01", booleanValue: true }]);
 * for await (const { text, label, rowsLeftOut } of texts(db, labels, { times: { shiftTo: "2024-01-01" } }))
 *   console.log(text.length, label?.booleanValue, rowsLeftOut);
 * db.close();
 * ```
 */
export declare function texts<S extends object>(db: Cohort<S>, source?: TextSource, options?: TextsOptions): Texts;
/** Options of {@link writeTexts}. */
export interface WriteTextsOptions {
  /**
   * `texts`: one after another in one file. `files`: a folder with a file per text, named by subject and prediction
   * time. `jsonl`: a line of JSON per text, with its label and numbers. `parquet`: a table with the same. Default: by
   * the end of the path: `.parquet`, `.jsonl` (for formats that are not JSON), `files` for a path without an end, else
   * `texts`; `texts` for a stream.
   */
  readonly as?: "texts" | "files" | "jsonl" | "parquet" | undefined;
}
/** What {@link writeTexts} has written. */
export interface WrittenTextsReport {
  readonly texts: number;
  /** Bytes of the texts as UTF-8. */
  readonly bytes: number;
  /** Tokens of all texts, and of the longest; null without a tokenizer. */
  readonly tokens: number | null;
  readonly mostTokens: number | null;
  /** Known rows, those that texts show, and those that they do not show. */
  readonly rows: number;
  readonly rowsKept: number;
  readonly rowsLeftOut: number;
}
/**
 * Writes texts to a file, a folder or a stream: as they are, as JSON lines or as a Parquet table with the columns
 * `subject_id`, `prediction_time`, `text`, `tokens`, `rows`, `rows_kept`, `rows_left_out`, `boolean_value`,
 * `integer_value`, `float_value`, `categorical_value` and `instruction_id`. A file is complete or does not exist.
 *
 * @throws MedsError The errors of the loop over {@link Texts}; `MEDS_STORE_EXISTS` for a folder that is not empty;
 * `MEDS_NOT_FOUND` where the folder of the file is missing; `MEDS_INVALID_ARGUMENT`; `MEDS_IO`; `MEDS_DISK_FULL`.
 * @example
 * ```ts
 * import { PatientDatabase, texts, writeTexts } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const written = await writeTexts(texts(db, [db.at(0)!.subjectId], { format: "lumia-xml" }), "first.xml");
 * console.log(written.texts, written.bytes);
 * db.close();
 * ```
 */
export declare function writeTexts(list: Texts, to: string | WritableLike, options?: WriteTextsOptions): Promise<WrittenTextsReport>;
/**
 * Codes of rows, which may be new in this transform: as in {@link CodeChoice}, but no ids and no functions. A
 * string that ends in `*` means all codes with this prefix, a selection of `db.codes` the codes that it has.
 */
export type RowCodes = RowCodePart | Iterable<RowCodePart>;
/** One part of {@link RowCodes}. */
export type RowCodePart = Exclude<CodePart, number | CodeTest>;
/** Rows, by their codes, or by the values of a column. */
export type RowChoice = {
  readonly codes: RowCodes;
} | {
  readonly column: string;
  readonly values: string | readonly string[];
};
type ChosenRows = {
  readonly codes: readonly CodePlan[];
} | {
  readonly column: string;
  readonly values: readonly string[];
};
type CodePlan = string | {
  readonly is: string;
} | {
  readonly matches: string;
  readonly flags: string;
};
interface BirthOptions {
  /** Microseconds, as decimal text. Default: no row is left out. */
  readonly drop?: string;
  /** Default: `end`, where the store has this column. */
  readonly end?: string;
}
interface BillingOptions {
  readonly billing: ChosenRows;
  readonly visits: ChosenRows;
  readonly visit: string;
  readonly end: string;
}
interface MidnightOptions {
  readonly codes: readonly CodePlan[];
  /** Default: `end`, where the store has this column. */
  readonly end?: string;
}
interface VisitStartOptions {
  readonly visits: ChosenRows;
  readonly visit: string;
  /** Default: `end`, where the store has this column. */
  readonly end?: string;
}
type StepPlan = {
  readonly name: "billing_to_visit_end";
  readonly options: BillingOptions;
} | {
  readonly name: "visit_start_to_first_event";
  readonly options: VisitStartOptions;
} | {
  readonly name: "midnight_to_day_end";
  readonly options: MidnightOptions;
} | {
  readonly name: "before_birth_to_birth";
  readonly options: BirthOptions;
} | {
  readonly name: "icd10_to_icd10cm";
  readonly options: object;
};
/** A ready transform, for {@link transform}. */
export declare class ReadyTransform {
  /** Made by this package only. */
  protected constructor();
  /** Its name and all its options, as in the manifest of the store. */
  readonly plan: StepPlan;
}
/** The rows of billing and of visits: see {@link billingToVisitEnd}. */
export interface BillingToVisitEnd {
  /** Rows of billing. Default: the column `clarity_table` is one of STARR's tables of bills, as in FEMR. */
  readonly billing?: RowChoice | undefined;
  /** Rows with the end of a visit. Default: the column `clarity_table` is `shc_pat_enc` or `lpch_pat_enc`. */
  readonly visits?: RowChoice | undefined;
  /** The column with the visit of a row. Default: `visit_id`. */
  readonly visit?: string | undefined;
  /** The column with the end times of rows (`timestamp[us]`). Default: `end`. */
  readonly end?: string | undefined;
}
/**
 * Moves billing codes to the end of their visit. Bills are written after a visit, but some extracts date them
 * at its start. There they reveal a diagnosis to a model days before it was made. A billing row that is dated
 * before the end of its visit moves to that end, and so does the row's own end. Rows without a visit, or
 * whose visit has no end, stay and are counted. Where a visit has several ends, the latest is used.
 *
 * Equivalent to FEMR's `move_billing_codes`, with one difference: where several visits have the same code at
 * the same time, FEMR moves the code of the lowest visit and leaves the others at the start. Here each code
 * moves to the end of its own visit.
 *
 * @example
 * ```ts
 * import { billingToVisitEnd } from "meds-reader";
 *
 * const stanford = billingToVisitEnd();
 * const mine = billingToVisitEnd({ billing: { codes: "ICD10CM/*" }, visits: { column: "table", values: "visit" } });
 * console.log(stanford.plan, mine.plan);
 * ```
 */
export declare function billingToVisitEnd(options?: BillingToVisitEnd): ReadyTransform;
/** The rows of visits: see {@link visitStartToFirstEvent}. */
export interface VisitStartToFirstEvent {
  /** Rows with the start of a visit. Default: the column `table` is `visit`, as in meds_etl. */
  readonly visits?: RowChoice | undefined;
  /** The column with the visit of a row. Default: `visit_id`. */
  readonly visit?: string | undefined;
  /** The column with the end times of rows. Default: `end`, where the store has this column. */
  readonly end?: string | undefined;
}
/**
 * Moves the start of a visit to its first event. Where only the day of a visit is known, it is dated at
 * midnight, before the patient came. The earliest rows of a visit move to the time of the first other row of
 * the same visit that is dated after them, even if their time is exact. Their end times move there too, if
 * they were earlier. A visit without such a row stays, and so do later rows of the visit itself, such as its
 * end.
 *
 * Equivalent to FEMR's `move_visit_start_to_first_event_start`, except that FEMR reports an error for visits
 * with rows at several times.
 *
 * @example
 * ```ts
 * import { visitStartToFirstEvent } from "meds-reader";
 *
 * console.log(visitStartToFirstEvent({ visits: { codes: "HOSPITAL_ADMISSION*" }, visit: "hadm_id" }).plan);
 * ```
 */
export declare function visitStartToFirstEvent(options?: VisitStartToFirstEvent): ReadyTransform;
/** The rows of which only the day is known: see {@link midnightToDayEnd}. */
export interface MidnightToDayEnd {
  /** Codes. A string that ends in `*` means all codes with this prefix, and `*` means all codes. */
  readonly codes: RowCodes;
  /** The column with the end times of rows. Default: `end`, where the store has this column. */
  readonly end?: string | undefined;
}
/**
 * Moves rows from exactly midnight to 23:59 of their day. An event of which only the day is known is dated at
 * the first moment of the day, before it happened: a prediction at noon would know an event of the evening.
 * Ends at midnight move too. {@link inspect} reports by code prefix how many rows are at midnight. Birth rows
 * stay.
 *
 * FEMR's `move_to_day_end` moves all rows, including births.
 *
 * @example
 * ```ts
 * import { midnightToDayEnd } from "meds-reader";
 *
 * console.log(midnightToDayEnd({ codes: ["ICD10CM/*", "CPT4/*"] }).plan);
 * ```
 */
export declare function midnightToDayEnd(options: MidnightToDayEnd): ReadyTransform;
/** Options of {@link beforeBirthToBirth}. */
export interface BeforeBirthToBirth {
  /**
   * Rows that are more than this before birth are left out and counted. Default: no row is left out. FEMR
   * leaves out rows more than 30 days before.
   */
  readonly drop?: Duration | undefined;
  /** The column with the end times of rows. Default: `end`, where the store has this column. */
  readonly end?: string | undefined;
}
/**
 * Moves rows before birth to the birth (the earliest row with a birth code, see {@link Patient.birthTime}).
 * Their end times, if they were earlier, move there too. Rows of a patient without a time of birth stay, and
 * such patients are counted. Equivalent to FEMR's `move_pre_birth`.
 *
 * @example
 * ```ts
 * import { beforeBirthToBirth } from "meds-reader";
 *
 * console.log(beforeBirthToBirth({ drop: { days: 30 } }).plan);
 * ```
 */
export declare function beforeBirthToBirth(options?: BeforeBirthToBirth): ReadyTransform;
/**
 * Renames codes `ICD10/…` to `ICD10CM/…`: diagnoses of American hospitals are ICD-10-CM, whatever name the
 * extract uses. Equivalent to FEMR's `switch_to_icd10cm`. The store's `codes.parquet` does not change: a
 * renamed code has the description that the file lists for its new name.
 *
 * @example
 * ```ts
 * import { icd10ToIcd10cm, transform } from "meds-reader";
 *
 * const { notes } = await transform("demo.medsdb", "renamed.medsdb", icd10ToIcd10cm());
 * console.log(notes);
 * ```
 */
export declare function icd10ToIcd10cm(): ReadyTransform;
/** A row that the function of a transform may return for a patient. */
export type TransformedRow<S extends object = AnySchema> = Event<S> | Row<S> | NewRow<S>;
/**
 * The function of a module for {@link transform}. It returns, for each patient, the rows of the new store. An
 * event is kept unchanged with all its columns, `event.with({ … })` changes some columns, and
 * `{ time, code, … }` is a new row. The rows may be in any order: they are sorted by time, static rows first,
 * and rows of the same time keep their order. null, or no rows, leaves the patient out.
 *
 * @example
 * ```ts
 * import type { TransformFunction } from "meds-reader";
 *
 * // Systolic and diastolic pressure of one row, "120/80", as two.
 * const split: TransformFunction<{ code: string }, { text_value: string }> = function* (patient, { code }) {
 *   for (const event of patient) {
 *     const pressures = event.code === code ? event.get("text_value")?.split("/") : undefined;
 *     if (pressures === undefined) yield event;
 *     else for (const [i, name] of ["systolic", "diastolic"].entries()) yield event.with({ code: `${code}//${name}`, numeric_value: Number(pressures[i]), text_value: null });
 *   }
 * };
 * export default split;
 * ```
 */
export type TransformFunction<A = unknown, S extends object = AnySchema> = (patient: Patient<S>, args: A, context: PassContext) => Given<S> | Promise<Given<S>>;
type Given<S extends object> = Iterable<TransformedRow<S>> | AsyncIterable<TransformedRow<S>> | null;
/** Options of {@link transform}. */
export interface TransformOptions<A = unknown> extends PassOptions<A>, Pick<WorkOptions, "onProgress"> {
  /** Number of worker threads, 1 or more. Default: the number of threads that the machine can run at once. */
  readonly threads?: number | undefined;
  /**
   * Types of new columns, by name, as in `db.columns`: `float32`, `int64`, `utf8`, `bool`, `timestamp[us]`,
   * …, but not nested types.
   */
  readonly columns?: Readonly<Record<string, string>> | undefined;
  /** Replace an existing store at `out`. */
  readonly force?: boolean | undefined;
  /**
   * Limit in bytes for the memory that writing the store uses. Default: 512 MiB. Each worker thread needs its
   * own memory and the rows of one patient in addition.
   */
  readonly memory?: number | undefined;
  /** Bytes per shard. Default: as in the store. */
  readonly shardBytes?: number | undefined;
  /** Write an inverted index. Default: true where the store has one. */
  readonly index?: boolean | undefined;
  /**
   * Folder for temporary files. They take about as much space as the Parquet files of the source. Default:
   * beside the new store.
   */
  readonly temp?: string | undefined;
}
/**
 * Writes a store with changed rows. A function of a module is called for every patient, in worker threads.
 * Then the ready transforms ({@link billingToVisitEnd}, {@link visitStartToFirstEvent}, {@link
 * midnightToDayEnd}, {@link beforeBirthToBirth}, {@link icd10ToIcd10cm}) are applied in the given order.
 * Unchanged rows keep every value of every column, bit by bit. The result is an ordinary store with the
 * layout of a conversion and a copy of the first store's metadata folder. Its manifest records which store it
 * was made from, and how. The summary's notes count the changes. The store appears complete or not at all.
 *
 * @throws MedsError `MEDS_PASS_FAILED` where the function throws, or returns something that is not a row of
 * its patient: the message contains the subject, and `cause` is what was thrown. `MEDS_UNKNOWN_COLUMN` or
 * `MEDS_COLUMN_TYPE` if a ready transform needs a column that the store does not have, or has with another
 * type. `MEDS_STORE_EXISTS`, `MEDS_CANCELLED`, the errors of {@link PatientDatabase.open}, and errors of the
 * system.
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { beforeBirthToBirth, transform } from "meds-reader";
 *
 * const module = new URL("./without-notes.mjs", import.meta.url);
 * writeFileSync(module, 'export default (patient) => [...patient].filter((event) => !event.code.startsWith("NOTE//"));');
 * const { events, notes } = await transform("demo.medsdb", "quiet.medsdb", [module, beforeBirthToBirth()]);
 * console.log(events, notes);
 * ```
 */
export declare function transform<A = unknown>(store: string, out: string, transforms: ModuleUrl | ReadyTransform | readonly (ModuleUrl | ReadyTransform)[], options?: TransformOptions<A>): Promise<Summary>;


export {};
