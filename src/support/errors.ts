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
  | "MEDS_BUNDLED"
  | "MEDS_CANCELLED"
  | "MEDS_CLOSED"
  | "MEDS_COLUMN_TYPE"
  | "MEDS_CORRUPT"
  | "MEDS_DISK_FULL"
  | "MEDS_DUPLICATE_FILE"
  | "MEDS_FITTED_FILE"
  | "MEDS_INTERNAL"
  | "MEDS_INVALID_ARGUMENT"
  | "MEDS_IO"
  | "MEDS_LABELS_EXIST"
  | "MEDS_LEAK"
  | "MEDS_METADATA"
  | "MEDS_MISSING_COLUMN"
  | "MEDS_MISSING_PACKAGE"
  | "MEDS_NOT_A_STORE"
  | "MEDS_NOT_CONTIGUOUS"
  | "MEDS_NOT_FOUND"
  | "MEDS_NO_DATA"
  | "MEDS_NO_SPLIT"
  | "MEDS_NO_VOCABULARY"
  | "MEDS_NULL_VALUE"
  | "MEDS_OTHER_IDS"
  | "MEDS_OUT_OF_RANGE"
  | "MEDS_PASS_FAILED"
  | "MEDS_PATIENT_TOO_LARGE"
  | "MEDS_PERMISSION"
  | "MEDS_ROWS_DROPPED"
  | "MEDS_SCHEMA_CONFLICT"
  | "MEDS_SOURCE_CHANGED"
  | "MEDS_SOURCE_DAMAGED"
  | "MEDS_SOURCE_VERSION"
  | "MEDS_SPLIT_CONFLICT"
  | "MEDS_STORE_EXISTS"
  | "MEDS_STORE_REPLACED"
  | "MEDS_STORE_VERSION"
  | "MEDS_TABLE_FORMAT"
  | "MEDS_TIME_ORDER"
  | "MEDS_TIME_RANGE"
  | "MEDS_UNKNOWN_COLUMN"
  | "MEDS_UNKNOWN_SPLIT"
  | "MEDS_UNKNOWN_SUBJECT"
  | "MEDS_UNSAFE_NUMBER"
  | "MEDS_UNSUPPORTED_RUNTIME"
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
