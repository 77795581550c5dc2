import type { Note } from "../store/manifest.js";
import { runJob, type WorkOptions } from "../store/native.js";
import { countIn, failGiven, flagOf, namesIn, optionsOf, pathOf, wholeOf } from "../support/arguments.js";

/** How to write a store as a MEDS dataset: see {@link PatientDatabase.export}. */
export interface DatasetOptions extends WorkOptions {
  /**
   * Round the values of a `numeric_value` that is float64 in the store to MEDS's float32; the values that change are counted. Default: false, which
   * keeps every value; the dataset then has a column that MEDS's own validation refuses, and a note says so.
   */
  readonly float32?: boolean | undefined;
  /** Compression of the Parquet files. Default: `zstd`. */
  readonly compression?: "zstd" | "snappy" | undefined;
  /**
   * Most rows of a Parquet file; a patient is never cut, so a file of one patient may have more. Default: 5,000,000.
   */
  readonly rowsPerFile?: number | undefined;
  /** Threads; 0, the default, for all cores. */
  readonly threads?: number | undefined;
}

/** What was written. */
export interface Exported {
  /** Path of the dataset. */
  readonly out: string;
  readonly patients: number;
  readonly events: number;
  /** Parquet files below `data/`. */
  readonly files: number;
  /** Bytes of all files. */
  readonly bytes: number;
  readonly seconds: number;
  /** What is not as it was in the source of the store, and why. */
  readonly notes: readonly Note[];
}

const COMPRESSIONS = ["zstd", "snappy"] as const;

/** Writes the store with this content id as a dataset. */
export async function exportStore(store: string, id: string, out: string, options?: DatasetOptions): Promise<Exported> {
  const given = optionsOf(options) ?? {};
  namesIn("export", given, ["float32", "compression", "rowsPerFile", "threads", "onProgress", "signal"]);
  const { onProgress, signal, ...rest } = given;
  flagOf("float32", rest.float32, false);
  countIn("threads", rest.threads);
  if (rest.rowsPerFile !== undefined) wholeOf("rowsPerFile", rest.rowsPerFile, 1);
  if (rest.compression !== undefined && !COMPRESSIONS.includes(rest.compression))
    failGiven("compression", rest.compression, COMPRESSIONS.map((name) => JSON.stringify(name)).join(" or "));
  return runJob<Exported>("export", { ...rest, store, id, out: pathOf("out", out) }, { onProgress, signal });
}
