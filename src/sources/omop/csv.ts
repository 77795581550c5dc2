// CSV files of tables: every row is looked at natively before DuckDB reads it, and what DuckDB would misread is copied into Parquet.
import { join } from "node:path";
import { runJob, type WorkOptions } from "../../store/native.js";

/** What is in a CSV file. */
export interface LookedAt {
  /** The names in its header; none in a file without bytes. */
  readonly names: readonly string[];
  readonly delimiter: "," | "\t";
  /** Rows without those that are left out, rows that are left out, and the line of the first one of these. */
  readonly rows: number;
  readonly dropped: number;
  readonly line: number;
  /** A Parquet file of the same rows with the columns c0, c1, … as text, where DuckDB would misread the file. */
  readonly copy: string | null;
  /** Files of equal contents have equal ones. */
  readonly sum: string;
}

/** How to look. */
export interface LookOptions {
  /** Leave out rows whose number of fields is not the header's, instead of refusing them. */
  readonly skipBadRows: boolean;
  /** The folder for copies; without one no file is copied. */
  readonly copies?: string;
  readonly threads?: number;
}

/**
 * Reads CSV files to their ends.
 *
 * @throws MedsError `MEDS_SOURCE_DAMAGED` for a file that is not whole, is not UTF-8 or has a row that is not as the header says.
 */
export function lookAtCsv(files: readonly string[], options: LookOptions, signal: WorkOptions["signal"]): Promise<LookedAt[]> {
  return runJob("csv", { files, ...options }, { signal });
}

/** Are two files the same once they are uncompressed? */
export function sameContents(one: string, other: string, signal: WorkOptions["signal"]): Promise<boolean> {
  return runJob("same", { one, other }, { signal });
}

/** The CSV files of one import, each read once. */
export class CsvFiles {
  private readonly known = new Map<string, LookedAt>();
  private readonly options: LookOptions & { readonly copies: string };
  private readonly signal: WorkOptions["signal"];
  private calls = 0;

  constructor(options: LookOptions & { readonly copies: string }, signal: WorkOptions["signal"]) {
    this.options = options;
    this.signal = signal;
  }

  /** Looks at those of some files that have not been looked at, together. */
  async look(paths: readonly string[]): Promise<void> {
    const files = paths.filter((path) => !this.known.has(path));
    if (files.length === 0) return;
    this.calls += 1;
    const found = await lookAtCsv(files, { ...this.options, copies: join(this.options.copies, String(this.calls)) }, this.signal);
    for (const [i, path] of files.entries()) this.known.set(path, found[i]!);
  }

  /** Has a file been looked at. */
  has(path: string): boolean {
    return this.known.has(path);
  }

  /** What is in a file that has been looked at. */
  of(path: string): LookedAt {
    return this.known.get(path)!;
  }
}
