// What is converted. Each kind of source says how it is compared with a store, and how it becomes a dataset
// that the native side reads.
import type { Note } from "../store/manifest.js";
import { runJob, type SourceKind, type WorkOptions } from "../store/native.js";
import type { Store } from "../store/store.js";
import type { ConversionPlan } from "./plan.js";

/** The files and options that decide what a store contains. */
export interface Fingerprint {
  /** Whether a store contains exactly what a conversion of the source would write now. */
  matches(store: Store): Promise<boolean>;
  /** Ends reading the files, where it still runs. */
  end(): void;
}

/** For which store a source becomes a dataset, and how. */
export interface Staging {
  readonly store: string;
  /** The folder for temporary files. Default: beside the store. */
  readonly temp: string | undefined;
  readonly memory: number | undefined;
  readonly threads: number | undefined;
  readonly work: WorkOptions;
  /** Whether it is an error where a table loses more than a tenth of its rows. */
  readonly strict: boolean;
  /**
   * Where it is set, the source is compared with it afterwards: a source that changed meanwhile is an error.
   */
  readonly fingerprint: Fingerprint | undefined;
}

/** A dataset that the native side reads. */
export interface Dataset {
  readonly path: string;
  /** What a conversion of it must know besides the plan. */
  readonly plan: Partial<ImportedPlan> & { readonly trustTimes?: undefined; readonly hashes?: undefined };
}

/** What is converted: a path, looked at once. */
export interface Source {
  readonly path: string;
  readonly kind: SourceKind | "medalign";
  /** Bytes of its files; undefined where the native side counts them. */
  readonly bytes: number | undefined;
  fingerprint(plan: ConversionPlan, work: WorkOptions): Fingerprint;
  /** Calls `use` with the source as a dataset, which exists until the returned promise is settled. */
  staged<T>(staging: Staging, use: (dataset: Dataset) => Promise<T>): Promise<T>;
}

/**
 * A source that the native side reads itself: MEDS, one Parquet file, a meds_reader database, or an archive
 * of one of these.
 */
export class NativeSource implements Source {
  readonly bytes = undefined;

  constructor(
    readonly path: string,
    readonly kind: Exclude<SourceKind, "omop" | "duckdb">,
  ) {}

  fingerprint(plan: ConversionPlan, work: WorkOptions): Fingerprint {
    const matches = ({ manifest: { fingerprint, times } }: Store) => runJob<boolean>("current", { plan, fingerprint, times }, work);
    return { matches, end: () => {} };
  }

  staged<T>(_: Staging, use: (dataset: Dataset) => Promise<T>): Promise<T> {
    return use({ path: this.path, plan: {} });
  }
}

/** What an import from another format adds to the plan of a conversion. */
export interface ImportedPlan {
  readonly source: string;
  readonly provenance: {
    readonly notes: readonly Note[];
    /** Kept in the manifest's options. */
    readonly made: { readonly imported: "omop" | "medalign" };
    /** The digest of times of the files that were imported, where the store keeps it. */
    readonly times?: string;
  };
}
