import type { ExistingStore } from "../sources/existing-store.js";
import { CONVERT_OPTIONS, type ConvertOptions } from "../sources/plan.js";
import type { Source } from "../sources/source.js";
import type { Note } from "../store/manifest.js";
import { namesIn, optionsOf } from "../support/arguments.js";
import { lazy } from "../support/lazy.js";

const ensuring = lazy(() => import("./ensure-store.js"));

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
export async function convert(source: string, store: string, options?: ConvertOptions): Promise<Summary> {
  const begun = performance.now();
  const given = { ...optionsOf(options) };
  namesIn("convert", given, Object.keys(CONVERT_OPTIONS));
  const { ensureStore } = await ensuring();
  const found = await ensureStore(source, store, given, { opens: false, verify: false });
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
