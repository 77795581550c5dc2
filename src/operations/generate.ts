import { runJob, type WorkOptions } from "../store/native.js";
import { countIn, namesIn, optionsOf, pathOf } from "../support/arguments.js";

/** Which dataset to make. Sizes set here replace those of the preset. */
export interface GenerateOptions extends WorkOptions {
  /**
   * A size by name: `demo` (100 patients, 100,000 events; the default), `medium` (1,000 and 5.7 million),
   * `ehrshot` (6,739 and 42 million).
   */
  readonly preset?: "demo" | "medium" | "ehrshot" | undefined;
  /** Number of patients. */
  readonly patients?: number | undefined;
  /** Number of events, including static ones; at least 4 per patient. Default: 1,000 per patient. */
  readonly events?: number | undefined;
  /** Number of distinct codes to draw from. Default: 300 to 30,000, growing with the number of events. */
  readonly codes?: number | undefined;
  /** The same seed makes the same bytes. Default: 0. */
  readonly seed?: number | undefined;
  /**
   * Number of Parquet files: 1 (`data/data.parquet`, the default), or 3 and more (`data/train/0.parquet`, …).
   */
  readonly files?: number | undefined;
  /**
   * Subject ids: ascending numbers of eight digits (`sequential`, the default), or hashes that use all 64
   * bits (`hashed`).
   */
  readonly ids?: "sequential" | "hashed" | undefined;
  /** Compression of the Parquet files. Default: `snappy`. */
  readonly compression?: "snappy" | "zstd" | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
}

const OPTIONS = Object.keys({
  preset: true,
  patients: true,
  events: true,
  codes: true,
  seed: true,
  files: true,
  ids: true,
  compression: true,
  threads: true,
  onProgress: true,
  signal: true,
} satisfies Record<keyof GenerateOptions, true>);

/** The result of {@link generate}. */
export interface Generated {
  /** Path of the dataset. */
  readonly out: string;
  readonly patients: number;
  readonly events: number;
  /** Codes that events were drawn from. In a small dataset some rare codes occur in no event. */
  readonly codes: number;
  /** Parquet files below `data/`. */
  readonly files: number;
  /** Rows per task below `labels/`. */
  readonly labels: Readonly<Record<string, number>>;
  /** Bytes of all files. */
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * Makes a synthetic MEDS dataset of realistic shape. It is for trials of software, never for conclusions
 * about patients. It appears complete or not at all.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for sizes that do not fit together and for a folder that is not
 * empty; `MEDS_CANCELLED`, `MEDS_DISK_FULL`, `MEDS_PERMISSION`.
 * @example
 * ```ts
 * import { generate } from "meds-reader";
 *
 * const made = await generate("synthetic", { patients: 20, seed: 1 });
 * console.log(made.patients, made.events);
 * ```
 */
export async function generate(out: string, options?: GenerateOptions): Promise<Generated> {
  const given = optionsOf(options) ?? {};
  namesIn("generate", given, OPTIONS);
  const { onProgress, signal, ...rest } = given;
  for (const name of ["patients", "events", "codes", "seed", "files", "threads"] as const) countIn(name, rest[name]);
  return runJob<Generated>("generate", { ...rest, out: pathOf("out", out) }, { onProgress, signal });
}
