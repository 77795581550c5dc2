// CSV files of tables. Native code checks every row before DuckDB reads it. A file that DuckDB would misread
// is copied to Parquet.
import { join } from "node:path";
import { runJob, type WorkOptions } from "../../store/native.js";

/** The contents of a CSV file. */
export interface LookedAt {
  /** The names in its header; empty for an empty file. */
  readonly names: readonly string[];
  readonly delimiter: "," | "\t";
  /**
   * The number of rows that are read, the number that are left out, and the line of the first of the latter.
   */
  readonly rows: number;
  readonly dropped: number;
  readonly line: number;
  /**
   * If DuckDB would misread the file: a Parquet file of the same rows, with the columns c0, c1, … as text.
   */
  readonly copy: string | null;
  /** Files with equal contents have equal sums. */
  readonly sum: string;
}

/** Options of {@link lookAtCsv}. */
export interface LookOptions {
  /** Leave out rows with more or fewer fields than the header, instead of failing. */
  readonly skipBadRows: boolean;
  /** The folder for copies. Without it no file is copied. */
  readonly copies?: string;
  readonly threads?: number;
}

/**
 * Reads CSV files completely.
 *
 * @throws MedsError `MEDS_SOURCE_DAMAGED` for a file that is incomplete, is not UTF-8 or has a row with more
 * or fewer fields than the header.
 */
export function lookAtCsv(files: readonly string[], options: LookOptions, signal: WorkOptions["signal"]): Promise<LookedAt[]> {
  return runJob("csv", { files, ...options }, { signal });
}

/** Whether two files are equal after decompression. */
export function sameContents(one: string, other: string, signal: WorkOptions["signal"]): Promise<boolean> {
  return runJob("same", { one, other }, { signal });
}

/** The CSV files of one import. Each is checked once. */
export class CsvFiles {
  private readonly known = new Map<string, LookedAt>();
  private readonly options: LookOptions & { readonly copies: string };
  private readonly signal: WorkOptions["signal"];
  private calls = 0;

  constructor(options: LookOptions & { readonly copies: string }, signal: WorkOptions["signal"]) {
    this.options = options;
    this.signal = signal;
  }

  /** Checks those of these files that are not yet checked, together. */
  async look(paths: readonly string[]): Promise<void> {
    const files = paths.filter((path) => !this.known.has(path));
    if (files.length === 0) return;
    this.calls += 1;
    const found = await lookAtCsv(files, { ...this.options, copies: join(this.options.copies, String(this.calls)) }, this.signal);
    for (const [i, path] of files.entries()) this.known.set(path, found[i]!);
  }

  /** Whether a file has been checked. */
  has(path: string): boolean {
    return this.known.has(path);
  }

  /** The contents of a file that has been checked. */
  of(path: string): LookedAt {
    return this.known.get(path)!;
  }
}
