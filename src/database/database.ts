import { resolve } from "node:path";
import { type ConvertOptions, conversion, originFor, perform } from "../operations/convert.js";
import { type DatasetOptions, type Exported, exportStore } from "../operations/export.js";
import { refuseLosses } from "../sources/omop/losses.js";
import { standing } from "../sources/standing.js";
import type { ArrowExport } from "../store/c-data.js";
import type { CodeTable } from "../store/codes.js";
import type { ColumnInfo } from "../store/manifest.js";
import { Metadata } from "../store/metadata.js";
import { Store } from "../store/store.js";
import { flagOf, optionsOf, pathOf } from "../support/arguments.js";
import { type ArrowTable, storeTable } from "../timeline/arrow.js";
import type { AnySchema } from "../timeline/schema.js";
import { Cohort } from "./cohort.js";

/** How to open a store. */
export interface OpenOptions {
  /** Check every byte first: seconds instead of milliseconds for a large store. Default: false. */
  readonly verify?: boolean | undefined;
}

/** How {@link PatientDatabase.from} converts and opens. */
export interface FromOptions extends Omit<ConvertOptions, "force" | "reuse">, OpenOptions {
  /** Where the store stands. Default: beside the source, `SOURCE.medsdb`. */
  readonly store?: string | undefined;
}

/**
 * A MEDS dataset, open for reading. Files are mapped, not read: opening takes milliseconds, and a column that is asked for nowhere costs no
 * memory. Times are microseconds since 1970-01-01.
 *
 * A type parameter gives the further columns their types: `PatientDatabase.open<{ unit: string; hadm_id: bigint }>(path)`. A name that is not in
 * it is then a type error.
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
   * Opens a store. Manifest, index of patients and codes are checked now, a shard when the first of its patients is asked for.
   *
   * @throws MedsError `MEDS_NOT_FOUND`, `MEDS_NOT_A_STORE`, `MEDS_STORE_VERSION`, `MEDS_CORRUPT`, `MEDS_UNSUPPORTED_RUNTIME`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open<{ unit: string }>("demo.medsdb", { verify: true });
   * console.log(db.at(0)?.at(-1)?.get("unit"));
   * db.close();
   * ```
   */
  static open<S extends object = AnySchema>(path: string, options?: OpenOptions): PatientDatabase<S> {
    const verify = flagOf("verify", optionsOf(options)?.verify, false);
    const db = new PatientDatabase<S>(new Store(pathOf("path", path), verify), null);
    // Now and not when asked: a store that replaces this one has metadata of its own.
    db._metadata = new Metadata(db._store);
    return db;
  }

  /**
   * Opens the store of a dataset (whatever {@link convert} takes), and makes it first where there is none or the source has changed since. Any number
   * of processes may do so at once: one converts, the others wait.
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
    const begun = performance.now();
    const { store: target, verify, ...rest } = optionsOf(options) ?? {};
    const store = target === undefined ? `${resolve(pathOf("source", source))}.medsdb` : pathOf("store", target);
    const asked = await conversion(source, store, { ...rest, reuse: true });
    const wholly = flagOf("verify", verify, false);
    const origin = originFor(asked);
    const ready = await standing(asked.plan, origin, wholly, asked.work);
    if (ready !== undefined) {
      const db = new PatientDatabase<S>(ready, null);
      try {
        refuseLosses(source, db.metadata.notes, asked.strict);
        return db;
      } catch (error) {
        db.close();
        throw error;
      }
    }
    await perform(asked, origin, begun);
    return PatientDatabase.open<S>(store, { verify });
  }

  /** The columns but `subject_id`: name, source's type, nullable, storage. */
  get columns(): readonly ColumnInfo[] {
    this._store.check();
    return this._store.columns;
  }

  /** The table of codes. */
  get codes(): CodeTable {
    this._store.check();
    return this._store.codes;
  }

  /** Number of patients with rows in each split; empty where the source has no splits. */
  get splits(): ReadonlyMap<string, number> {
    this._store.check();
    this._splits ??= new Map(Object.entries(this._store.manifest.splits));
    return this._splits;
  }

  /** `dataset.json`, notes of the conversion, names of the metadata files. */
  get metadata(): Metadata {
    this._store.check();
    this._metadata ??= new Metadata(this._store);
    return this._metadata;
  }

  /** Number of shards: the files that hold the events, and what {@link PatientDatabase.exportC} takes. */
  get shardCount(): number {
    this._store.check();
    return this._store.manifest.shards.length;
  }

  /**
   * All patients as a Table of the package `apache-arrow`, which must be installed: a row a patient in storage order, a record batch a shard, the
   * columns of the shards' files (`subject_id`; `events`, a list of structs; `sparse`, a struct of lists). Nothing is copied; all offsets are
   * checked first. After `close()` its buffers are empty: it then holds nothing, or fails in ways of apache-arrow's own.
   *
   * @throws MedsError `MEDS_MISSING_PACKAGE` where apache-arrow is not installed; `MEDS_CORRUPT` where the store is damaged.
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
   * Hands a shard to other native code in this process, without a copy: see {@link ArrowExport} for who owns what and for how long. Named as
   * pyarrow's `_export_to_c` is. The whole structure of the shard is checked first (offsets, dictionary indexes, text): some tenths of a second for
   * 512 MiB.
   *
   * @throws MedsError `MEDS_OUT_OF_RANGE` for a shard that is not there; `MEDS_CORRUPT` where the store is damaged.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (let shard = 0; shard < db.shardCount; shard += 1) {
   *   const exported = db.exportC(shard);
   *   // addon.importArrow(exported.schema, exported.array); it owns the structs from now on
   *   exported.release(); // nothing, where they were imported
   * }
   * db.close();
   * ```
   */
  exportC(shard: number): ArrowExport {
    return this._store.exportC(shard);
  }

  /**
   * Writes the store as a MEDS 0.4 dataset: Parquet files `data/SPLIT/N.parquet` (`data/N.parquet` for patients in no split, and of a store without
   * splits), and the metadata as MEDS's own validation (the Python package `meds`) accepts it. Subjects ascend in each file, and a subject's rows keep
   * the store's order. A split whose name is not safe for a folder gets a folder of another name, which a note states. Converted again, the dataset has
   * the same patients, rows, splits and codes; the order of the patients follows the files. It appears whole or not at all.
   *
   * @throws MedsError `MEDS_STORE_EXISTS` where something stands at the path; `MEDS_STORE_REPLACED` where another store stands at the path of this one;
   * `MEDS_CORRUPT`, `MEDS_CANCELLED`, `MEDS_DISK_FULL`, `MEDS_PERMISSION`.
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

  /** Path of the store, for opening it in a worker. */
  get path(): string {
    return this._store.path;
  }

  /** Unmaps the store. Later use of anything that came from it throws `MEDS_CLOSED`; raw typed-array views have length 0. May be called twice. */
  close(): void {
    this._store.close();
  }

  /** As {@link PatientDatabase.close}: `using db = PatientDatabase.open(path)`. */
  [Symbol.dispose](): void {
    this.close();
  }
}
