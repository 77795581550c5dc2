import { resolve } from "node:path";
import { fail, MedsError } from "./errors.js";
import { countIn, flagOf, optionsOf, pathOf, textsIn } from "./given.js";
import type { Note } from "./manifest.js";
import { Metadata } from "./metadata.js";
import { refuseTaken, runJob, type WorkOptions } from "./native.js";
import { bytesOf, originOf } from "./omop/files.js";
import { kindOf } from "./sources/kind.js";
import { staged } from "./sources/staged.js";
import { standing } from "./sources/standing.js";

/** How to convert. */
export interface ConvertOptions extends WorkOptions {
  /** Only these columns, besides `subject_id`, `time` and `code`. Default: all. */
  readonly columns?: readonly string[] | undefined;
  /** All columns but these. */
  readonly exclude?: readonly string[] | undefined;
  /**
   * Merge and sort subjects that are not contiguous or whose times go backwards, instead of refusing them. Reported in the summary. A store that was
   * made so is its source's store for `reuse` and {@link PatientDatabase.from} with and without this option.
   */
  readonly repair?: boolean | undefined;
  /** Replace a store that stands at the target. */
  readonly force?: boolean | undefined;
  /** Return the store that stands at the target where it was made from this very source with these options; replace a store that was not. */
  readonly reuse?: boolean | undefined;
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
   * OMOP tables only: rows whose concept is 0 or not in the table concept become events with the code `UNMAPPED/<table>/<source value>`, where `<table>` is
   * what their column "table" says. Default: false, they are dropped and counted in the summary.
   */
  readonly keepUnmapped?: boolean | undefined;
  /**
   * OMOP tables in CSV only: leave out rows whose number of fields is not that of the header, and count them in the summary. Default: false, they are refused with
   * `MEDS_SOURCE_DAMAGED`.
   */
  readonly skipBadRows?: boolean | undefined;
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
  /** What was skipped, changed or repaired, and why. */
  readonly notes: readonly Note[];
}

/**
 * Converts a dataset into a store, on threads of its own and in bounded memory: MEDS (a folder with `data/**\/*.parquet` and `metadata/`, or one
 * Parquet file), or a database of `meds_reader` (Python; version 2, told by its file `meds_reader.version`). Either may come as a `.zip`, `.tar.gz` or
 * `.tar`, which is unpacked beside the store for the time it takes. A database keeps no empty text: what was "" in its source is null.
 * The store appears whole or not at all. Folders above it are made; where the path is a link to a store, that store is meant.
 *
 * A folder of OMOP CDM 5.3 or 5.4 tables (CSV, CSV.gz or Parquet) is made a MEDS dataset first, as meds_etl does, in a temporary folder: this needs the
 * package `@duckdb/node-api`, which must be installed.
 *
 * @throws MedsError `MEDS_STORE_EXISTS`, `MEDS_NO_DATA`, `MEDS_SOURCE_DAMAGED`, `MEDS_SOURCE_VERSION`, `MEDS_NOT_CONTIGUOUS`, `MEDS_TIME_ORDER`,
 * `MEDS_SCHEMA_CONFLICT`, `MEDS_CANCELLED`, `MEDS_DISK_FULL` and others that name file and subject; `MEDS_MISSING_PACKAGE` where OMOP tables are given and
 * DuckDB is not installed.
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
  const asked = conversion(source, store, options);
  let { plan } = asked;
  if (asked.omop) refuseTaken(plan.store, plan.force === true || plan.reuse === true);
  const origin = await originFor(asked);
  try {
    // Of other sources the native side compares fingerprints itself, while it holds the store's lock.
    const reused = origin === undefined || plan.reuse !== true ? undefined : await reusable(plan, origin, begun);
    if (reused !== undefined) return reused;
  } catch (error) {
    if (!(error instanceof MedsError && /^MEDS_(CORRUPT|STORE_VERSION|NOT_A_STORE)$/.test(error.code))) throw error;
    // It would take a damaged store by its fingerprint; what is no store it refuses to replace.
    plan = { ...plan, reuse: false, force: true };
  }
  return perform({ ...asked, plan }, origin, begun);
}

/** What the store of OMOP tables says it was made of; undefined for other sources. Options that change nothing in it are left out. */
export async function originFor({ plan, work, omop, keepUnmapped, skipBadRows }: Conversion): Promise<string | undefined> {
  if (!omop) return undefined;
  const { columns, exclude = [], shardBytes = null } = plan;
  const sorted = { columns: columns === undefined ? null : [...columns].sort(), exclude: [...exclude].sort() };
  return originOf(resolve(plan.source), { ...sorted, shardBytes, keepUnmapped, skipBadRows }, work.signal);
}

/** The summary of the store that stands at the target, where OMOP tables need no import because it is theirs. */
async function reusable(plan: ConversionPlan, origin: string, begun: number): Promise<Summary | undefined> {
  const store = await standing(plan, origin, false, undefined);
  if (store === undefined) return undefined;
  try {
    const { counts } = store.manifest;
    const { bytes: storeBytes, indexBytes, shards, notes } = new Metadata(store);
    return {
      store: plan.store,
      reused: true,
      patients: counts.patients,
      events: counts.events,
      codes: counts.codes,
      columns: store.columns.length,
      shards,
      sourceBytes: bytesOf(resolve(plan.source)),
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
export async function perform(
  { plan, work, keepUnmapped, skipBadRows }: Conversion,
  origin: string | undefined,
  begun: number,
): Promise<Summary> {
  if (origin === undefined) return runJob<Summary>("convert", plan, work);
  const { memory, threads } = plan;
  const importing = { ...work, memory, threads, keepUnmapped, skipBadRows, origin };
  return staged(plan.source, plan.store, plan.temp, importing, async ({ dataset, notes, bytes: sourceBytes }) => {
    const before = (performance.now() - begun) / 1000;
    const summary = await runJob<Summary>("convert", { ...plan, source: dataset, notes, made: { imported: "omop" } }, work);
    return { ...summary, sourceBytes, seconds: before + summary.seconds };
  });
}

/** A conversion as the native side knows it. */
export type ConversionPlan = Omit<ConvertOptions, keyof WorkOptions | "keepUnmapped" | "skipBadRows"> & {
  readonly source: string;
  readonly store: string;
};

/** What a conversion is asked for: what the native side is told, how it is watched, and what is for OMOP tables alone. */
export interface Conversion {
  readonly plan: ConversionPlan;
  readonly work: WorkOptions;
  /** The source is a folder of OMOP tables. */
  readonly omop: boolean;
  readonly keepUnmapped: boolean;
  readonly skipBadRows: boolean;
}

/** Checks what a conversion is asked for. */
export function conversion(source: string, store: string, options?: ConvertOptions): Conversion {
  const { onProgress, signal, keepUnmapped, skipBadRows, ...rest } = optionsOf(options) ?? {};
  textsIn("columns", rest.columns);
  textsIn("exclude", rest.exclude);
  for (const name of ["repair", "force", "reuse", "index"] as const) flagOf(name, rest[name], false);
  for (const name of ["threads", "memory", "shardBytes"] as const) countIn(name, rest[name]);
  const forOmop = {
    keepUnmapped: flagOf("keepUnmapped", keepUnmapped, false),
    skipBadRows: flagOf("skipBadRows", skipBadRows, false),
  };
  if (rest.temp !== undefined) pathOf("temp", rest.temp);
  const plan = { ...rest, source: pathOf("source", source), store: pathOf("store", store) };
  const kind = kindOf(plan.source);
  if (kind === "store")
    fail(
      "MEDS_NO_DATA",
      `${plan.source}: this is a store already. Open it as it is; filter makes another one of its patients, export a MEDS dataset.`,
      plan.source,
    );
  for (const [name, asked] of Object.entries(forOmop))
    if (asked && kind !== "omop")
      fail("MEDS_INVALID_ARGUMENT", `${name} is for OMOP tables, and the source is of another kind. Leave it out.`);
  return { plan, work: { onProgress, signal }, omop: kind === "omop", ...forOmop };
}
