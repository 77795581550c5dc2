/**
 * The codes of {@link MedsError}. Programs match on them: a code is never renamed, and a new cause has a new
 * code.
 *
 * `MEDS_CLOSED`, `MEDS_UNKNOWN_COLUMN`, `MEDS_UNKNOWN_SPLIT`, `MEDS_UNKNOWN_SUBJECT`, `MEDS_UNSAFE_NUMBER`
 * and `MEDS_OUT_OF_RANGE` come from reading. `MEDS_PASS_FAILED` means that the caller's own function threw in
 * a worker thread (`cause` is what it threw). `MEDS_BUNDLED` means that the package was imported in a bundle
 * that contains a copy of it. The other codes come from opening, converting and verifying too.
 */
export type MedsErrorCode =
  /** A bundler copied this package into another file, without its native part. Fix: Leave `meds-reader` external in the bundler's options, and install it beside the bundle. */
  | "MEDS_BUNDLED"
  /** The caller aborted its `signal`, or pressed Ctrl-C. Nothing half-written is left. Fix: Call again. */
  | "MEDS_CANCELLED"
  /** The database was closed. Fix: Read before `close()`, or open the store again. */
  | "MEDS_CLOSED"
  /** A column has a type that its use does not allow. Fix: Name another column, or write the column with the type that the message names. */
  | "MEDS_COLUMN_TYPE"
  /** A file of a store does not match its checksum or its structure. Fix: Convert the source again. */
  | "MEDS_CORRUPT"
  /** The disk is full, or a quota is reached. Fix: Free some space, or choose a folder on another disk. */
  | "MEDS_DISK_FULL"
  /** Two files contain the same rows, so each event would count twice. Fix: Remove one of the two. */
  | "MEDS_DUPLICATE_FILE"
  /** A file of a vocabulary or of targets is damaged, or is a file of another kind. Fix: Fit and write it again. */
  | "MEDS_FITTED_FILE"
  /** A defect of this package. Fix: Report it with the stack trace on stderr. */
  | "MEDS_INTERNAL"
  /** An argument or option is wrong, or two of them do not fit together. Fix: Change the value as the message says. */
  | "MEDS_INVALID_ARGUMENT"
  /** The operating system reported an error about a file. Fix: Read the words of the system in the message, and check the path, the disk and the network. */
  | "MEDS_IO"
  /** The folder that labels should be written to contains files already. Fix: Choose another folder, or pass `force: true` to replace labels. */
  | "MEDS_LABELS_EXIST"
  /** A read would return something that was not known at the cut-off. Fix: Read the event's values through the sample's timeline, or do not declare the column in `knownLater`. */
  | "MEDS_LEAK"
  /** A file in `metadata/` does not have the form that MEDS defines. Fix: Correct the file, or remove it. */
  | "MEDS_METADATA"
  /** A file lacks a column that is needed. Fix: Add the column, or name another file. */
  | "MEDS_MISSING_COLUMN"
  /** An optional package is not installed. Fix: Run the `npm install` command of the message. */
  | "MEDS_MISSING_PACKAGE"
  /** The path exists, but is not a store. Fix: Convert the dataset first, or use `PatientDatabase.from(path)`. */
  | "MEDS_NOT_A_STORE"
  /** The rows of one subject are not contiguous. Fix: Convert with `repair: true` (`--repair`), which brings them together. */
  | "MEDS_NOT_CONTIGUOUS"
  /** A file or folder does not exist. Fix: Check the path. */
  | "MEDS_NOT_FOUND"
  /** There is nothing to read: no Parquet file, no row, or no patient. Fix: Use the folder that contains `data/`, or choose other patients. */
  | "MEDS_NO_DATA"
  /** Fitting needs the patients of a named split, so that nothing leaks from others. Fix: Pass `db.split("train")`, or samples of it. */
  | "MEDS_NO_SPLIT"
  /** OMOP tables come without the concepts that they name. Fix: Add a vocabulary (`--vocabulary`), or choose `--concept-ids` or `--keep-unmapped`. */
  | "MEDS_NO_VOCABULARY"
  /** A value is missing in a column that must have one in each row. Fix: Fill it in, or remove the row. */
  | "MEDS_NULL_VALUE"
  /** Code ids of one store or vocabulary were used with another. Fix: Make the batches with `loader(samples, { vocabulary, … })`. */
  | "MEDS_OTHER_IDS"
  /** A number is outside the rows, slots or ids that exist. Fix: Stay below `length` or `size`. */
  | "MEDS_OUT_OF_RANGE"
  /** A function that runs in worker threads threw an error, which is the `cause`. Fix: Correct the function. */
  | "MEDS_PASS_FAILED"
  /** One patient has 2^31 rows or more, or 2 GiB of text in a column. Fix: Leave the column out, or remove the rows. */
  | "MEDS_PATIENT_TOO_LARGE"
  /** The operating system does not allow access to a file or folder. Fix: Change the permissions of the path, or choose another path. */
  | "MEDS_PERMISSION"
  /** With `strict`, a table would lose more than a tenth of its rows. Fix: Add the vocabulary, keep the rows, or convert without `strict`. */
  | "MEDS_ROWS_DROPPED"
  /** Columns or tables with the same name contradict each other. Fix: Write them with one type, or remove or rename one of them. */
  | "MEDS_SCHEMA_CONFLICT"
  /** The source changed during its conversion. Fix: Retry when nothing is writing to it. */
  | "MEDS_SOURCE_CHANGED"
  /** A file of the source is damaged: it cannot be read in its own format. Fix: Write the file again, or correct the line that the message names. */
  | "MEDS_SOURCE_DAMAGED"
  /** The source has a format version that this package does not read. Fix: Write it in the version that the message names. */
  | "MEDS_SOURCE_VERSION"
  /** A subject is in two splits. Fix: Leave it in one of them. */
  | "MEDS_SPLIT_CONFLICT"
  /** A file or folder exists already at the target path. Fix: Choose another path, or pass `force: true` (`--force`) to replace a store. */
  | "MEDS_STORE_EXISTS"
  /** The store was replaced while it was being opened or read. Fix: Open it again. */
  | "MEDS_STORE_REPLACED"
  /** A newer version of this package wrote the store. Fix: Update `meds-reader`, or convert the source again. */
  | "MEDS_STORE_VERSION"
  /** The folder is a table of Delta Lake, Iceberg or the like, whose files also contain deleted rows. Fix: Run the code in the message: it writes the current version as plain Parquet. */
  | "MEDS_TABLE_FORMAT"
  /** The rows of a subject are not in order of time. Fix: Convert with `repair: true` (`--repair`), which sorts them. */
  | "MEDS_TIME_ORDER"
  /** A time is too far from 1970 to be an exact number. Fix: Use `timeMicros` or `times`, which are bigint. */
  | "MEDS_TIME_RANGE"
  /** The store does not have this column. Fix: Use a name of `db.columns`. */
  | "MEDS_UNKNOWN_COLUMN"
  /** The store does not have this split. Fix: Use a name of `db.splits`. */
  | "MEDS_UNKNOWN_SPLIT"
  /** The subject is not in this store or cohort. Fix: Check with `has(id)` first. */
  | "MEDS_UNKNOWN_SUBJECT"
  /** A number is above 2^53 - 1 or has a fraction, so it is not exact. Fix: Pass a bigint. */
  | "MEDS_UNSAFE_NUMBER"
  /** The native part does not load on this platform or runtime. Fix: Install the package again on this machine, with a Node.js that it supports. */
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
