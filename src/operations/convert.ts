import { resolve } from "node:path";
import { hashesFolder } from "../sources/hashes.js";
import { kindOf } from "../sources/kind.js";
import { refuseLosses } from "../sources/omop/losses.js";
import { type GivenOmop, type OmopOptions, omopOptions, refuseOmop } from "../sources/omop/options.js";
import { Origin } from "../sources/omop/origin.js";
import { staged } from "../sources/staged.js";
import { standing } from "../sources/standing.js";
import { bytesOf, type Form, formOf, originFiles, vocabularyOriginFiles } from "../sources/tables.js";
import type { Note } from "../store/manifest.js";
import { Metadata } from "../store/metadata.js";
import { refuseTaken, runJob, type WorkOptions } from "../store/native.js";
import { countIn, flagOf, optionsOf, pathOf, textsIn } from "../support/arguments.js";
import { fail, MedsError } from "../support/errors.js";

/** How to convert. */
export interface ConvertOptions extends WorkOptions, OmopOptions {
  /** Only these columns, besides `subject_id`, `time` and `code`. Default: all. */
  readonly columns?: readonly string[] | undefined;
  /** All columns but these. */
  readonly exclude?: readonly string[] | undefined;
  /**
   * Merge and sort subjects that are not contiguous or whose times go backwards, instead of refusing them. Reported in the summary. Files with the
   * same rows are refused all the same (`MEDS_DUPLICATE_FILE`): their events would count twice. A store that was made so is its source's store for
   * `reuse` and {@link PatientDatabase.from} with and without this option.
   */
  readonly repair?: boolean | undefined;
  /** Replace a store that stands at the target. */
  readonly force?: boolean | undefined;
  /** Return the store that stands at the target where it was made from this very source with these options; replace a store that was not. */
  readonly reuse?: boolean | undefined;
  /**
   * For very large sources: `reuse` and {@link PatientDatabase.from} compare the names, sizes and modification times of the source's files, and read the
   * files only where these differ from what they were when the store was made with this option. A file that is rewritten with its size and time kept is
   * then not noticed. Default: false, the contents are compared; files that are known not to have changed are not read again.
   */
  readonly trustTimes?: boolean | undefined;
  /** Threads; 0, the default, for all cores. */
  readonly threads?: number | undefined;
  /**
   * Bytes of memory to stay below. Default: 512 MiB. What a database of `meds_reader` makes a reader hold comes on top: the texts that several subjects have
   * (1 GiB a column at most), and a subject's record of each column that is read at the time.
   */
  readonly memory?: number | undefined;
  /** Bytes of a shard. Default: 512 MiB. */
  readonly shardBytes?: number | undefined;
  /**
   * Write an inverted index too: of each code the patients that have it, and their rows. It makes looking for the rows of rare codes faster; the summary
   * says how many bytes it takes. Default: false. A store that has one also serves who asks for none (`reuse`, `from`).
   */
  readonly index?: boolean | undefined;
  /** Folder for temporary files: of `repair`, and of a source that is unpacked. Default: beside the store. */
  readonly temp?: string | undefined;
  /**
   * Fail with `MEDS_ROWS_DROPPED`, before anything is written, where the conversion (or the one that made the store that `reuse` returns) drops more than a tenth of a table's rows: where its
   * notes have one of kind `dropped`. Only tables of OMOP can lose rows. Default: false.
   */
  readonly strict?: boolean | undefined;
}

/** What a conversion did. */
export interface Summary {
  /** Path of the store. */
  readonly store: string;
  /** The store was there already (option `reuse`), nothing was written. */
  readonly reused: boolean;
  readonly patients: number;
  readonly events: number;
  readonly codes: number;
  readonly columns: number;
  readonly shards: number;
  readonly sourceBytes: number;
  readonly storeBytes: number;
  /** Bytes of the inverted index among them; 0 where the store has none. */
  readonly indexBytes: number;
  /** Seconds of work, without those of `fsyncSeconds`. */
  readonly seconds: number;
  /** Seconds until the disk had all of it. */
  readonly fsyncSeconds: number;
  /** What was dropped, skipped, changed or repaired, and why. Those of kind `dropped` come first: tables that lose more than a tenth of their rows. */
  readonly notes: readonly Note[];
}

/**
 * Converts a dataset into a store, on threads of its own and in bounded memory: MEDS (a folder with `data/**\/*.parquet` and `metadata/`, or one
 * Parquet file), or a database of `meds_reader` (Python; version 2, told by its file `meds_reader.version`). Either may come as a `.zip`, `.tar.gz` or
 * `.tar`, which is unpacked beside the store for the time it takes. A database keeps no empty text: what was "" in its source is null.
 * The store appears whole or not at all. Folders above it are made; where the path is a link to a store, that store is meant.
 *
 * OMOP CDM 5.3 or 5.4 tables (a folder of CSV, CSV.gz or Parquet, an archive of one, or a DuckDB database) are made a MEDS dataset first, as meds_etl does, in a temporary folder: this
 * needs the package `@duckdb/node-api`, which must be installed.
 *
 * @throws MedsError `MEDS_STORE_EXISTS`, `MEDS_NO_DATA`, `MEDS_SOURCE_DAMAGED`, `MEDS_SOURCE_VERSION`, `MEDS_TABLE_FORMAT`, `MEDS_DUPLICATE_FILE`,
 * `MEDS_NOT_CONTIGUOUS`, `MEDS_TIME_ORDER`,
 * `MEDS_SCHEMA_CONFLICT`, `MEDS_CANCELLED`, `MEDS_DISK_FULL` and others that name file and subject; `MEDS_MISSING_PACKAGE` where OMOP tables are given and
 * DuckDB is not installed, `MEDS_NO_VOCABULARY` where their vocabulary is missing, `MEDS_ROWS_DROPPED` with `strict`.
 * @example
 * ```ts
 * import { convert } from "meds-reader";
 *
 * const summary = await convert("demo", "other.medsdb", { exclude: ["text_value"], onProgress: ({ phase, done, total }) => console.log(phase, done, total) });
 * console.log(summary.patients, summary.events);
 * ```
 */
export async function convert(source: string, store: string, options?: ConvertOptions): Promise<Summary> {
  const begun = performance.now();
  const asked = await conversion(source, store, options);
  let { plan } = asked;
  if (asked.form !== undefined) refuseTaken(plan.store, plan.force === true || plan.reuse === true);
  const origin = originFor(asked);
  try {
    // Of other sources the native side compares fingerprints itself, while it holds the store's lock.
    const reused = origin === undefined || plan.reuse !== true ? undefined : await reusable(asked, origin, begun);
    if (reused !== undefined) return reused;
  } catch (error) {
    if (!(error instanceof MedsError && /^MEDS_(CORRUPT|STORE_VERSION|NOT_A_STORE)$/.test(error.code))) throw error;
    // It would take a damaged store by its fingerprint; what is no store it refuses to replace.
    plan = { ...plan, reuse: false, force: true };
  }
  return perform({ ...asked, plan }, origin, begun);
}

/** What a store of OMOP tables is made of; undefined for other sources. Options that change nothing in it are left out. */
export function originFor({ plan, work, form, omop }: Conversion): Origin | undefined {
  if (form === undefined) return undefined;
  const { columns, exclude = [], shardBytes = null, hashes, threads } = plan;
  const sorted = { columns: columns === undefined ? null : [...columns].sort(), exclude: [...exclude].sort() };
  const { vocabulary, ...codes } = omop;
  const source = resolve(plan.source);
  const files = () => [originFiles(source, form), ...vocabulary.map((path) => vocabularyOriginFiles(resolve(path)))] as const;
  return new Origin(source, files, { ...sorted, shardBytes, ...codes }, { hashes, threads, signal: work.signal });
}

/** The summary of the store that stands at the target, where OMOP tables need no import because it is theirs. */
async function reusable({ plan, form, strict }: Conversion, origin: Origin, begun: number): Promise<Summary | undefined> {
  const store = await standing(plan, origin, false, {});
  if (store === undefined) return undefined;
  try {
    const { counts } = store.manifest;
    const { bytes: storeBytes, indexBytes, shards, notes } = new Metadata(store);
    refuseLosses(plan.source, notes, strict);
    return {
      store: plan.store,
      reused: true,
      patients: counts.patients,
      events: counts.events,
      codes: counts.codes,
      columns: store.columns.length,
      shards,
      sourceBytes: bytesOf(resolve(plan.source), form!),
      storeBytes,
      indexBytes,
      seconds: (performance.now() - begun) / 1000,
      fsyncSeconds: 0,
      notes,
    };
  } finally {
    store.close();
  }
}

/** Converts; OMOP tables, whose `origin` is given, become a MEDS dataset first. */
export async function perform({ plan, work, form, omop, strict }: Conversion, origin: Origin | undefined, begun: number): Promise<Summary> {
  if (form === undefined || origin === undefined) return runJob<Summary>("convert", plan, work);
  const { memory, threads, trustTimes, hashes: _, ...rest } = plan;
  // Looked at before they are read, and hashed meanwhile.
  const times = await origin.times();
  const contents = origin.contents();
  // Where the import fails first, it does not wait for them.
  contents.catch(() => {});
  const importing = { ...work, memory, threads, ...omop, strict, origin: contents };
  const made = staged({ source: plan.source, form }, plan.store, plan.temp, importing, async ({ dataset, notes }) => {
    await origin.check();
    const before = (performance.now() - begun) / 1000;
    const provenance = { notes, made: { imported: "omop" }, ...(trustTimes === true ? { times } : {}) };
    const summary = await runJob<Summary>("convert", { ...rest, source: dataset, memory, threads, provenance }, work);
    return { ...summary, sourceBytes: bytesOf(resolve(plan.source), form), seconds: before + summary.seconds };
  });
  return made.finally(() => origin.end());
}

/** A conversion as the native side knows it. */
export type ConversionPlan = Omit<ConvertOptions, keyof WorkOptions | keyof OmopOptions | "strict"> & {
  readonly source: string;
  readonly store: string;
  /** Where hashes of files are remembered. */
  readonly hashes: string | undefined;
};

/** What a conversion is asked for: the native side's plan, how it is watched, and what is for OMOP tables alone. */
export interface Conversion {
  readonly plan: ConversionPlan;
  readonly work: WorkOptions;
  /** Where the source has OMOP tables; undefined for another source. */
  readonly form: Form | undefined;
  readonly omop: GivenOmop;
  readonly strict: boolean;
}

/** Checks what a conversion is asked for. */
export async function conversion(source: string, store: string, options?: ConvertOptions): Promise<Conversion> {
  const { onProgress, signal, vocabulary, keepUnmapped, conceptIds, skipBadRows, strict, ...rest } = optionsOf(options) ?? {};
  textsIn("columns", rest.columns);
  textsIn("exclude", rest.exclude);
  for (const name of ["repair", "force", "reuse", "index", "trustTimes"] as const) flagOf(name, rest[name], false);
  for (const name of ["threads", "memory", "shardBytes"] as const) countIn(name, rest[name]);
  const omop = omopOptions({ vocabulary, keepUnmapped, conceptIds, skipBadRows });
  const strictly = flagOf("strict", strict, false);
  if (rest.temp !== undefined) pathOf("temp", rest.temp);
  const plan = { ...rest, source: pathOf("source", source), store: pathOf("store", store), hashes: hashesFolder() };
  const kind = kindOf(plan.source);
  if (kind === "store")
    fail(
      "MEDS_NO_DATA",
      `${plan.source}: this is a store already. Open it as it is; filter makes another one of its patients, export a MEDS dataset.`,
      plan.source,
    );
  const work = { onProgress, signal };
  const form = await formOf(plan.source, kind, work);
  if (form === undefined) refuseOmop(omop);
  return { plan, work, form, omop, strict: strictly };
}
