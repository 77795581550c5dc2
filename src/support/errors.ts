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
  | "MEDS_BUDGET"
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
export class MedsError extends Error {
  override readonly name: string = "MedsError";
  /** The stable code, `MEDS_…`. */
  readonly code: MedsErrorCode;
  /** The file or folder that the error is about; undefined where there is none. */
  readonly path: string | undefined;

  /** This package creates these errors; callers need not. */
  constructor(code: MedsErrorCode, message: string, options: { path?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.path = options.path;
  }
}

/**
 * Throws a {@link MedsError}. One call, so that the function that finds the fault stays small enough to be
 * inlined.
 */
export function fail(code: MedsErrorCode, message: string, path?: string): never {
  throw new MedsError(code, message, { path });
}

/** Throws `MEDS_CLOSED`: the store was used after `close()`. */
export function failClosed(path: string): never {
  fail("MEDS_CLOSED", `${path}: the store was closed. Read before calling close(), or open it again.`, path);
}

/** Throws `MEDS_CORRUPT`: bytes of the store contradict each other. */
export function failCorrupt(path: string, found: string): never {
  fail("MEDS_CORRUPT", `${path}: ${found}. The store was changed or damaged after it was written. Convert its source again.`, path);
}
