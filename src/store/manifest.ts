/** One column of the events. */
export interface ColumnInfo {
  /** Its name in the source. */
  readonly name: string;
  /** Its Arrow type in the source, such as `float`, `large_utf8`, `timestamp[us]`, `list<int32>`. */
  readonly type: string;
  /** Whether the column is null in any row of the store. */
  readonly nullable: boolean;
  /** `dense`: one entry for every row; `sparse`: only the rows that have a value. */
  readonly storage: "dense" | "sparse";
  /**
   * Whether the column is dictionary-coded: its values are stored as indexes into one dictionary for the
   * whole store.
   */
  readonly coded: boolean;
  /** The type of the values in the store. It may be narrower: `large_utf8` is stored as `utf8`. */
  readonly stored: string;
  /** Number of null rows in the whole store. */
  readonly nulls: number;
}

/** Something that the conversion dropped, skipped, changed or repaired. */
export interface Note {
  /**
   * `dropped`, `skipped`, `converted`, `repaired`, `missing` (a file that the source does not have) or
   * `warning`. `dropped` reports a table that loses more than a tenth of its rows: the message contains the
   * table, the number of dropped rows, the number of all its rows, the share, the reason, and the option that
   * keeps them. These notes come first. With `strict` they are errors.
   */
  readonly kind: string;
  /** What and why. */
  readonly message: string;
  /** How many. For `dropped`: rows. */
  readonly count: number;
}

/**
 * `manifest.json`, as `crates/store/src/manifest.rs` writes it. The native side has checked its form and
 * checksum.
 */
export interface Manifest {
  readonly version: number;
  readonly id: string;
  readonly fingerprint: string;
  /** Fingerprint of the sizes and times of the source's files, where these were trusted. */
  readonly times?: string;
  readonly columns: readonly ManifestColumn[];
  readonly counts: ManifestCounts;
  readonly splits: Readonly<Record<string, number>>;
  readonly notes: readonly Note[];
  readonly options: ManifestOptions;
  readonly shards: readonly { readonly path: string; readonly bytes: number; readonly patients: number; readonly events: number }[];
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** How a store was created. */
export interface ManifestOptions {
  readonly shardBytes?: number;
  readonly index?: boolean;
  /** The format that was imported: `omop` or `medalign`. */
  readonly imported?: string;
  /** For a store that `filter` or `transform` made from another one: from which store, and how. */
  readonly filter?: object;
  readonly transform?: object;
}

/** Bytes of a store's inverted index; 0 where there is none. */
export function indexBytes({ files }: Manifest): number {
  return files.reduce((sum, { path, bytes }) => (path.startsWith("index/") ? sum + bytes : sum), 0);
}

/** A column in the manifest. */
export interface ManifestColumn {
  readonly name: string;
  readonly type: string;
  readonly stored: string;
  readonly storage: "dense" | "sparse";
  readonly coded: boolean;
  readonly dictionary: number;
  readonly nulls: number;
  readonly nan: boolean;
  readonly sentinel: boolean;
  readonly ascii: boolean;
}

/** Totals in the manifest. */
export interface ManifestCounts {
  readonly patients: number;
  readonly events: number;
  readonly static_events: number;
  readonly numeric_values: number;
  readonly codes: number;
  readonly longest: number;
  /** Rounded by JSON beyond 2^53: for display and warnings only. */
  readonly first_time: number | null;
  readonly last_time: number | null;
}

/** The public part of a column. */
export function columnInfo(column: ManifestColumn): ColumnInfo {
  const { name, type, storage, coded, stored, nulls } = column;
  return Object.freeze({ name, type, nullable: nulls > 0, storage, coded, stored, nulls });
}
