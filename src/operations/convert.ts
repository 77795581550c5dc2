import type { ExistingStore } from "../sources/existing-store.js";
import type { OmopOptions } from "../sources/omop/options.js";
import type { Source } from "../sources/source.js";
import type { Note } from "../store/manifest.js";
import type { WorkOptions } from "../store/native.js";
import { namesIn, optionsOf } from "../support/arguments.js";
import { ensureStore } from "./ensure-store.js";

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

/** The names of these options. */
export const CONVERT_OPTIONS = {
  columns: true,
  exclude: true,
  repair: true,
  force: true,
  reuse: true,
  threads: true,
  memory: true,
  shardBytes: true,
  index: true,
  temp: true,
  trustTimes: true,
  strict: true,
  vocabulary: true,
  keepUnmapped: true,
  conceptIds: true,
  skipBadRows: true,
  onProgress: true,
  signal: true,
} as const satisfies Record<keyof ConvertOptions, true>;

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
export async function convert(source: string, store: string, options?: ConvertOptions): Promise<Summary> {
  const begun = performance.now();
  namesIn("convert", optionsOf(options) ?? {}, Object.keys(CONVERT_OPTIONS));
  const found = await ensureStore(source, store, options, { opens: false, verify: false });
  return found.made ?? reusedSummary(found.existing, store, found.source, begun);
}

/** The summary of a store that was reused, which is closed. */
function reusedSummary({ store: open, metadata }: ExistingStore, store: string, source: Source, begun: number): Summary {
  try {
    const { bytes: sourceBytes = 0 } = source;
    const { patients, events, codes } = open.manifest.counts;
    const { bytes: storeBytes, indexBytes, shards, notes } = metadata;
    const columns = open.columns.length;
    const seconds = (performance.now() - begun) / 1000;
    const sizes = { patients, events, codes, columns, shards, sourceBytes, storeBytes, indexBytes };
    return { store, reused: true, ...sizes, seconds, fsyncSeconds: 0, notes };
  } finally {
    open.close();
  }
}
