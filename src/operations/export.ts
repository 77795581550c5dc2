import type { Note } from "../store/manifest.js";
import { runJob, type WorkOptions } from "../store/native.js";
import { countIn, expected, flagOf, namesIn, optionsOf, pathOf, wholeOf } from "../support/arguments.js";

/** How to write a store as a MEDS dataset: see {@link PatientDatabase.export}. */
export interface DatasetOptions extends WorkOptions {
  /**
   * Round the values of a `numeric_value` that is float64 in the store to MEDS's float32, and count the
   * values that change. Default: false, every value is kept. Then MEDS's own validation refuses the column,
   * and a note reports this.
   */
  readonly float32?: boolean | undefined;
  /** Compression of the Parquet files. Default: `zstd`. */
  readonly compression?: "zstd" | "snappy" | undefined;
  /**
   * The most rows per Parquet file. A patient is never divided, so a file of one patient may have more.
   * Default: 5,000,000.
   */
  readonly rowsPerFile?: number | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
}

/** The result of {@link PatientDatabase.export}. */
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
  /** What differs from the source of the store, and why. */
  readonly notes: readonly Note[];
}

const OPTIONS = Object.keys({
  float32: true,
  compression: true,
  rowsPerFile: true,
  threads: true,
  onProgress: true,
  signal: true,
} satisfies Record<keyof DatasetOptions, true>);

const COMPRESSIONS = ["zstd", "snappy"] as const;

/** Writes the store with this content id as a dataset. */
export async function exportStore(store: string, id: string, out: string, options?: DatasetOptions): Promise<Exported> {
  const given = optionsOf(options) ?? {};
  namesIn("export", given, OPTIONS);
  const { onProgress, signal, ...rest } = given;
  flagOf("float32", rest.float32, false);
  countIn("threads", rest.threads);
  if (rest.rowsPerFile !== undefined) wholeOf("rowsPerFile", rest.rowsPerFile, 1);
  if (rest.compression !== undefined && !COMPRESSIONS.includes(rest.compression))
    expected("compression", rest.compression, COMPRESSIONS.map((name) => JSON.stringify(name)).join(" or "));
  return runJob<Exported>("export", { ...rest, store, id, out: pathOf("out", out) }, { onProgress, signal });
}
