import type { WorkOptions } from "../store/native.js";
import type { OmopOptions } from "./omop/options.js";

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

/** A conversion, as the native side reads it. */
export interface ConversionPlan extends Omit<ConvertOptions, keyof WorkOptions | keyof OmopOptions | "strict"> {
  readonly source: string;
  readonly store: string;
  /** The folder where the hashes of files are remembered; undefined for none. */
  readonly hashes: string | undefined;
}
