// The only user of the binding. Per file, one buffer and one table of offsets cross here; per query or batch,
// arrays. Patients and events never do.

import type * as Native from "../../native/binding.js";
import { expected, functionIn, signalIn } from "../support/arguments.js";
import { MedsError, type MedsErrorCode } from "../support/errors.js";
import { isError, ownArray } from "../support/realm.js";
import type { AbortSignalLike } from "../support/signal.js";
import { loadBinding } from "./binding.js";
import type { Manifest } from "./manifest.js";
import { MappedFile } from "./mapped-file.js";

let loaded: typeof Native | undefined;

/** The binding, loaded at its first use: `--help` works without it, and so does `catch` of its error. */
function binding(): typeof Native {
  loaded ??= loadBinding();
  return loaded;
}

/** Runs a native call. Its errors become {@link MedsError}s with the same code and path. */
function guard<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw translate(error);
  }
}

/** A native error as a {@link MedsError}; any other error unchanged. */
function translate(error: unknown): unknown {
  if (error instanceof MedsError) return error; // the binding could not be loaded
  if (isError(error) && "code" in error && typeof error.code === "string" && error.code.startsWith("MEDS_")) {
    const path = "path" in error && typeof error.path === "string" ? error.path : undefined;
    return new MedsError(error.code as MedsErrorCode, error.message, { path });
  }
  return error;
}

/**
 * Structs of the Arrow C Data Interface. Unless an importer took ownership, they are released with this
 * object.
 */
export type NativeExport = Native.NativeExport;

/** Rows that are read soon. */
export type WantedRows = Native.WantedRows;

/** Shards that are read in order: the system reads ahead. */
export type NativeScan = Native.NativeScan;

/** A shard whose rows are written with changes. Each call writes one file. */
export interface NativeChanging {
  write(path: string, rows: Native.ChangedRows, columns: Native.ChangedColumn[]): void;
}

/** The rows of many windows. Each call writes every element of an array. */
export interface NativeRows {
  readonly size: number;
  offsets(out: Float64Array): void;
  codes(out: Uint32Array): void;
  times(out: BigInt64Array): void;
  values(out: Float32Array | Float64Array): void;
}

/** A store that the native side has opened, checked and mapped. */
export class NativeHandle {
  readonly path: string;
  readonly manifest: Manifest;
  private readonly store: Native.NativeStore;

  constructor(path: string, verify: boolean) {
    const reason = binding().supported();
    if (reason !== null) throw new MedsError("MEDS_UNSUPPORTED_RUNTIME", reason);
    this.path = path;
    this.store = guard(() => new (binding().NativeStore)(path, verify));
    this.manifest = JSON.parse(guard(() => this.store.manifest())) as Manifest;
  }

  /** `patients.arrow`. Its checksum was compared at open, so its offsets need no further check. */
  patients(): MappedFile {
    const { buffer, layout } = guard(() => this.store.patients());
    return new MappedFile(`${this.path}/patients.arrow`, buffer, layout, proved);
  }

  /** `codes.arrow`: as {@link NativeHandle.patients}. */
  codes(): MappedFile {
    const { buffer, layout } = guard(() => this.store.codes());
    return new MappedFile(`${this.path}/codes.arrow`, buffer, layout, proved);
  }

  /** `ancestors.arrow`, whose checksum is compared now; null where it does not exist. */
  ancestors(): MappedFile | null {
    const mapped = guard(() => this.store.ancestors());
    return mapped === null ? null : new MappedFile(`${this.path}/ancestors.arrow`, mapped.buffer, mapped.layout, proved);
  }

  /** A shard. The offsets of patients and sparse columns are checked here, other offsets on first use. */
  shard(index: number): MappedFile {
    const { buffer, layout } = guard(() => this.store.shard(index));
    const prove = (offset: number) => guard(() => this.store.checkOffsets(index, offset));
    return new MappedFile(`${this.path}/${this.manifest.shards[index]!.path}`, buffer, layout, prove);
  }

  /** A shard by the Arrow C Data Interface. */
  export(index: number): NativeExport {
    return guard(() => this.store.export(index));
  }

  /**
   * The shards that are worth a scan when the patients at some slots (ascending; null for all) are read in
   * storage order.
   */
  dense(slots: Uint32Array | null): number[] {
    return guard(() => this.store.dense(slots));
  }

  /** Announces that shards are read in order, until the scan is ended or collected. */
  scan(shards: readonly number[]): NativeScan {
    return guard(() => this.store.scan([...shards]));
  }

  /** Whether a part of some rows (default: all) of a shard is not in memory. False where the system does not say. */
  isCold(shard: number, from?: number, to?: number): boolean {
    return guard(() => this.store.isCold(shard, from, to));
  }

  /**
   * Requests ranges of bytes of a shard (offset and length, in turn) from the disk, without waiting. Returns
   * whether some were not in memory.
   */
  request(shard: number, ranges: Float64Array): boolean {
    return guard(() => this.store.request(shard, ranges));
  }

  /** Marks ranges of bytes of a shard as read for the last time. */
  release(shard: number, ranges: Float64Array): void {
    guard(() => this.store.release(shard, ranges));
  }

  /** Requests rows from the disk. Resolves with the number of bytes when they are in memory. */
  prefetch(rows: Native.WantedRows): Promise<number> {
    return translated(() => new (binding().NativePrefetch)(this.store, rows).run());
  }

  /** As {@link NativeHandle.prefetch}, but returns when the rows are in memory. */
  fetch(rows: Native.WantedRows): number {
    return guard(() => new (binding().NativePrefetch)(this.store, rows).wait());
  }

  /** How much of each file and column is in memory. */
  residency(): Native.ResidentBytes[] {
    return guard(() => this.store.residency());
  }

  /** Empties the views of a file. */
  detach(file: MappedFile): void {
    guard(() => binding().detach(file.buffer));
  }

  /**
   * Queries many patients at once, on other threads. Returns the arrays of the result in the order of its
   * members.
   */
  async ask<T extends readonly unknown[]>(
    kind: QueryKind,
    question: Question,
    signal: AbortSignalLike | undefined,
    details?: QuestionDetails,
  ): Promise<T> {
    return cancellable(
      "query",
      signal,
      () => new (binding().Asked)(this.store, kind, question, details),
      async (asked) => (await translated(() => asked.run())).map(ownArray) as readonly unknown[] as T,
    );
  }

  /** A table of the rows that queries find: in memory, or as the bytes of a file. */
  rowTable(form: RowForm): NativeRowTable {
    const table = guard(() => new (binding().RowTable)(form));
    return {
      add: (question, columns, window, most, signal) =>
        cancellable(
          "rows",
          signal,
          () => new (binding().RowPart)(table, this.store, question, [...columns], window, most),
          (part) => translated(() => part.run()),
        ),
      finish: () => guard(() => table.finish()),
    };
  }

  /** Finds the rows of many windows. */
  windows(question: Question): NativeRows {
    const found = guard(() => new (binding().NativeWindows)(this.store, question));
    return {
      size: found.size(),
      offsets: (out) => guard(() => found.offsets(out)),
      codes: (out) => guard(() => found.codes(out)),
      times: (out) => guard(() => found.times(out)),
      values: (out) => guard(() => found.values(out)),
    };
  }

  /** Writes into `ends` where the rows end that are known at each sample's cut-off: see the native side. */
  knownEnds(spans: Uint32Array, cutoffs: BigInt64Array, inclusive: boolean, threads: number, ends: Uint32Array): void {
    guard(() => this.store.knownEnds(spans, cutoffs, inclusive, threads, ends));
  }

  /**
   * Copies rows into the arrays of a batch. Returns null, or the sample and row of a leak: a row that its
   * sample must not know.
   */
  fill(rows: Native.BatchRows, tokens: Native.BatchTokens, arrays: Native.BatchArrays): readonly number[] | null {
    return guard(() => this.store.fill(rows, tokens, arrays));
  }

  /** A shard whose rows can be written with changes. */
  changing(shard: number, added: readonly Native.AddedColumn[]): NativeChanging {
    const changing = guard(() => this.store.changing(shard, [...added]));
    return { write: (path, rows, columns) => guard(() => changing.write(path, rows, columns)) };
  }

  /** Copies the metadata files into a folder, and compares them with their checksums. */
  copyMetadata(folder: string): void {
    guard(() => this.store.copyMetadata(folder));
  }

  close(): void {
    guard(() => this.store.close());
  }
}

/** A native query, and its kinds. */
export type Question = Native.Question;
export type QuestionDetails = Native.Details;

/** Where a table of rows goes. */
export type RowForm = ConstructorParameters<typeof Native.RowTable>[0];

/** A table of rows that is made piece by piece. */
export interface NativeRowTable {
  /** Adds at most `most` rows. `window` is the number of the question's first window. */
  add(
    question: Question,
    columns: readonly string[],
    window: number,
    most: number,
    signal: AbortSignalLike | undefined,
  ): Promise<Native.TableBytes>;
  /** The last bytes of a file. */
  finish(): Uint8Array;
}
export type QueryKind = ConstructorParameters<typeof Native.Asked>[1];

/** As {@link guard}, for native promises. */
async function translated<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translate(error);
  }
}

/** Creates and runs work that a signal may cancel. `name` is its name in messages. */
async function cancellable<W extends { cancel(): void }, T>(
  name: string,
  signal: AbortSignalLike | undefined,
  make: () => W,
  run: (work: W) => Promise<T>,
): Promise<T> {
  signalIn("signal", signal);
  if (signal?.aborted)
    throw new MedsError(
      "MEDS_CANCELLED",
      `The work (${name}) was cancelled before it began: its signal is already aborted. Try again with another signal.`,
      { cause: signal.reason },
    );
  const work = guard(make);
  const cancel = () => work.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await run(work);
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

function proved(): void {}

/**
 * Throws where a store must not be written, before any other work. Writing checks again. `force` allows to
 * replace a store.
 */
export function refuseTaken(path: string, force: boolean): void {
  guard(() => binding().refuseTaken(path, force));
}

/**
 * Throws `MEDS_TABLE_FORMAT` where a path, or one of `files` below it, belongs to a table of Delta, Iceberg,
 * Hudi or the like: some of its files contain deleted or replaced rows.
 */
export function refuseTables(root: string, files: readonly string[] = []): void {
  guard(() => binding().refuseTables(root, [...files]));
}

/** What a path is. */
export type SourceKind = ReturnType<typeof Native.kind>;

/**
 * What a path is.
 *
 * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` for what is none of the kinds, `MEDS_SCHEMA_CONFLICT` for a folder of two kinds.
 */
export function kindOf(path: string): SourceKind {
  return guard(() => binding().kind(path));
}

/** What a file is by its first bytes; null where they show no kind. */
export function kindOfFile(path: string): ReturnType<typeof Native.kindOfFile> {
  return guard(() => binding().kindOfFile(path));
}

/** The sources in a folder, at any depth. */
export function sourcesIn(folder: string): Native.FoundSource[] {
  return guard(() => binding().sourcesIn(folder));
}

/** Reads columns of a Parquet file. `what` says whose columns they are, for messages: "labels". */
export async function readTable(path: string, what: string, columns: readonly Native.WantedColumn[]): Promise<Native.ReadTable> {
  const table = await translated(() => binding().readTable(path, what, [...columns]));
  for (const column of table.columns) if (column) column.values = ownArray(column.values);
  return table;
}

/** A column of a Parquet file that is written. */
export type WrittenColumn = Native.WrittenColumn;

/** Writes columns to a new Parquet file. */
export function writeTable(path: string, columns: readonly WrittenColumn[]): void {
  guard(() => binding().writeTable(path, [...columns]));
}

/** A Parquet file that is written piece by piece. All pieces have the same columns. */
export interface TableFile {
  /** Adds rows. Returns the next bytes of the file. */
  add(columns: readonly WrittenColumn[]): Uint8Array;
  /** The last bytes of the file. */
  finish(): Uint8Array;
}

export function tableFile(): TableFile {
  const file = guard(() => new (binding().TableFile)());
  return { add: (columns) => guard(() => file.add([...columns])), finish: () => guard(() => file.finish()) };
}

/** The rows and columns of a Parquet file, by its footer. */
export function describeTable(path: string): Native.DescribedTable {
  return guard(() => binding().describeTable(path));
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

const PHASES = ["start", "wait", "plan", "measure", "sort", "write", "check", "finish"] as const;
const POLL_MILLIS = 100;

/** Options as JSON for the native side. Values that JSON would change are refused. */
function plain(options: object): string {
  return JSON.stringify(options, (name, value: unknown) => {
    const lost = typeof value === "number" ? !Number.isFinite(value) : ["bigint", "symbol", "function"].includes(typeof value);
    return lost || value === null ? expected(name, value, "a plain value") : value;
  });
}

type JobKind = ConstructorParameters<typeof Native.Job>[0];

/** Runs a job on its own thread. `options` and the result are plain data. */
export async function runJob<T>(kind: JobKind, options: object, { onProgress, signal }: WorkOptions): Promise<T> {
  functionIn("onProgress", onProgress);
  return cancellable(
    kind,
    signal,
    () => new (binding().Job)(kind, plain(options)),
    async (job) => {
      let thrown: { error: unknown } | undefined;
      const report = () => {
        if (onProgress === undefined || thrown !== undefined) return;
        const [phase = 0, done = 0, total = 0, bytes = 0, bytesTotal = 0] = job.progress();
        try {
          onProgress({ phase: PHASES[phase] ?? "start", done, total, bytes, bytesTotal });
        } catch (error) {
          // The caller's own error ends the work and is thrown to the caller.
          thrown = { error };
          job.cancel();
        }
      };
      const timer = onProgress === undefined ? undefined : setInterval(report, POLL_MILLIS);
      try {
        // Before the job runs: it may leave the phase `start` at once.
        report();
        const summary = JSON.parse(await translated(() => job.run())) as T;
        report();
        if (thrown !== undefined) throw thrown.error;
        return summary;
      } catch (error) {
        throw thrown === undefined ? error : thrown.error;
      } finally {
        clearInterval(timer);
      }
    },
  );
}
