import { resolve } from "node:path";
import { type DatasetOptions, type Exported, exportStore } from "../operations/export.js";
import { opensWith } from "../passes/opener.js";
import { CONVERT_OPTIONS, type ConvertOptions } from "../sources/plan.js";
import type { ArrowExport } from "../store/c-data.js";
import type { CodeTable } from "../store/codes.js";
import type { ColumnInfo } from "../store/manifest.js";
import { Metadata } from "../store/metadata.js";
import { type Residency, Store } from "../store/store.js";
import { flagOf, namesIn, oneOf, optionsOf, pathOf } from "../support/arguments.js";
import { shownAs } from "../support/inspect.js";
import { lazy } from "../support/lazy.js";
import { type ArrowTable, storeTable } from "../timeline/arrow.js";
import type { AnySchema } from "../timeline/schema.js";
import { Cohort } from "./cohort.js";
import { type Prefetched, type PrefetchOptions, prefetch } from "./prefetch.js";

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

const ensuring = lazy(() => import("../operations/ensure-store.js"));

const INT64 = ["bigint", "number"] as const;
const OPEN_OPTIONS = Object.keys({ verify: true, int64: true } satisfies Record<keyof OpenOptions, true>);

const { force: _force, reuse: _reuse, ...CONVERSION } = CONVERT_OPTIONS;
const FROM_OPTIONS = Object.keys({ ...CONVERSION, store: true, verify: true, int64: true } satisfies Record<keyof FromOptions, true>);

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
export class PatientDatabase<S extends object = AnySchema> extends Cohort<S> {
  private _metadata: Metadata | undefined;
  private _splits: ReadonlyMap<string, number> | undefined;

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
  static open<S extends object = AnySchema>(path: string, options?: OpenOptions): PatientDatabase<S> {
    const given = optionsOf(options) ?? {};
    namesIn("open", given, OPEN_OPTIONS);
    const verify = flagOf("verify", given.verify, false);
    const int64 = oneOf("int64", given.int64, INT64);
    const db = new PatientDatabase<S>(new Store(pathOf("path", path), verify, int64), null);
    // Read now: a store that replaces this one later has metadata of its own.
    db._metadata = new Metadata(db._store);
    return db;
  }

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
  static async from<S extends object = AnySchema>(source: string, options?: FromOptions): Promise<PatientDatabase<S>> {
    const given = optionsOf(options) ?? {};
    namesIn("from", given, FROM_OPTIONS);
    const { store: target, verify, int64, ...rest } = given;
    const store = target === undefined ? `${resolve(pathOf("source", source))}.medsdb` : pathOf("store", target);
    const reuse = { opens: true, verify: flagOf("verify", verify, false), int64: oneOf("int64", int64, INT64) };
    const { ensureStore } = await ensuring();
    const { existing } = await ensureStore(source, store, { ...rest, reuse: true }, reuse);
    if (existing === undefined) return PatientDatabase.open<S>(store, { verify, int64 });
    const db = new PatientDatabase<S>(existing.store, null);
    db._metadata = existing.metadata;
    return db;
  }

  /** All columns except `subject_id`: name, type in the source, nullable, storage. */
  get columns(): readonly ColumnInfo[] {
    this._store.check();
    return this._store.columns;
  }

  /** The table of codes. */
  get codes(): CodeTable {
    this._store.check();
    return this._store.codes;
  }

  /** Number of patients with rows per split; empty where the source does not have splits. */
  get splits(): ReadonlyMap<string, number> {
    this._store.check();
    this._splits ??= new Map(Object.entries(this._store.manifest.splits));
    return this._splits;
  }

  /** `dataset.json`, the notes of the conversion, and the names of the metadata files. */
  get metadata(): Metadata {
    this._store.check();
    this._metadata ??= new Metadata(this._store);
    return this._metadata;
  }

  /** Number of shards, the files that contain the events: see {@link PatientDatabase.exportC}. */
  get shardCount(): number {
    this._store.check();
    return this._store.manifest.shards.length;
  }

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
  async toArrow<T = ArrowTable>(): Promise<T> {
    return (await storeTable(this._store)) as T;
  }

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
  exportC(shard: number): ArrowExport {
    return this._store.exportC(shard);
  }

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
  async export(out: string, options?: DatasetOptions): Promise<Exported> {
    this._store.check();
    return exportStore(this._store.path, this._store.manifest.id, out, options);
  }

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
  prefetch(what: Prefetched, options?: PrefetchOptions): Promise<number> {
    return prefetch(this, what, options);
  }

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
  residency(): readonly Residency[] {
    return this._store.residency();
  }

  /** Path of the store, to open it in a worker. */
  get path(): string {
    return this._store.path;
  }

  /**
   * Unmaps the store. Later use of anything from it throws `MEDS_CLOSED`, and its typed arrays have length 0.
   * So do tensors and other arrays that share their memory: copy what you need afterwards
   * (`patient.numericValues.slice()`, `patient.copy()`). May be called twice.
   */
  close(): void {
    this._store.close();
  }

  /** The same as {@link PatientDatabase.close}: `using db = PatientDatabase.open(path)`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { path } = this;
    if (!this._store.live) return shownAs("PatientDatabase", { closed: path });
    const splits = Object.fromEntries(this.splits);
    const columns = this.columns.map(({ name }) => name).join(", ");
    return shownAs("PatientDatabase", { path, patients: this.size, events: this.eventCount, codes: this.codes.size, splits, columns });
  }
}

opensWith((path, options) => PatientDatabase.open(path, options));
