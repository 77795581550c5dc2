// DuckDB, which joins and sorts: loaded when an OMOP folder is first converted, so that nobody else needs it.
import { basename, join } from "node:path";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { MedsError, type MedsErrorCode } from "../errors.js";
import type { Note } from "../manifest.js";
import type { WorkOptions } from "../native.js";
import { CsvFiles } from "./csv.js";
import { failCancelled, isCsv } from "./files.js";

/** Between the parts of an error that a query throws on our behalf: see {@link raise}. */
const MARK = "\u0001";

/** A text as SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Parquet files as SQL. Folders called COLUMN=VALUE say nothing here, which DuckDB reads by default as columns, also above the files, and instead of the files' own.
 */
export function parquet(paths: readonly string[], ...options: readonly string[]): string {
  return `read_parquet([${paths.map(literal).join(", ")}], ${["hive_partitioning=false", "binary_as_string=true", ...options].join(", ")})`;
}

/** SQL that ends the query with an error of ours; `file` and `message` are SQL. */
export function raise(code: MedsErrorCode, file: string, message: string): string {
  return `error(${literal(MARK + code + MARK)} || ${file} || ${literal(MARK)} || ${message} || ${literal(MARK)})`;
}

/** How much DuckDB may use, and where it spills. */
export interface Limits {
  readonly bytes: number;
  readonly threads: number;
  readonly folder: string;
  readonly skipBadRows: boolean;
}

/** A DuckDB of our own, without files beside those that queries name. */
export class Duck {
  /** The CSV files that queries name, as far as they have been looked at. */
  readonly csv: CsvFiles;
  /** What readers found in files that a person must know. */
  readonly notes: Note[] = [];
  private readonly instance: DuckDBInstance;
  private readonly connection: DuckDBConnection;
  private readonly signal: WorkOptions["signal"];
  private readonly interrupt: () => void;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, csv: CsvFiles, signal: WorkOptions["signal"]) {
    this.csv = csv;
    this.instance = instance;
    this.connection = connection;
    this.signal = signal;
    this.interrupt = () => connection.interrupt();
    signal?.addEventListener("abort", this.interrupt, { once: true });
  }

  /** @throws MedsError `MEDS_MISSING_PACKAGE` where DuckDB is not installed. */
  static async open({ bytes, threads, folder, skipBadRows }: Limits, signal: WorkOptions["signal"]): Promise<Duck> {
    const { DuckDBInstance: Instance } = await package_();
    const instance = await Instance.create(":memory:", {
      memory_limit: `${Math.floor(bytes / 1024)}KiB`,
      threads: String(threads),
      temp_directory: folder,
      // Joins as they are written: events on the left stream by, concepts on the right are held. Of a CSV's rows DuckDB guesses a number, and held the events.
      disabled_optimizers: "join_order,build_side_probe_side",
      // What is not built in would be fetched from the network.
      autoinstall_known_extensions: "false",
    });
    const csv = new CsvFiles({ copies: join(folder, "csv"), threads, skipBadRows }, signal);
    return new Duck(instance, await instance.connect(), csv, signal);
  }

  /** Runs a statement. `paths` are the files it reads, for errors. */
  async run(sql: string, paths: readonly string[] = []): Promise<void> {
    await this.told(paths, () => this.connection.run(sql));
  }

  /** Rows of a query. */
  async rows<T>(sql: string, paths: readonly string[] = []): Promise<T[]> {
    return this.told(paths, async () => (await this.connection.runAndReadAll(sql)).getRowObjects() as T[]);
  }

  close(): void {
    this.signal?.removeEventListener("abort", this.interrupt);
    this.connection.closeSync();
    this.instance.closeSync();
  }

  private async told<T>(paths: readonly string[], work: () => Promise<T>): Promise<T> {
    try {
      if (this.signal?.aborted !== true) return await work();
    } catch (thrown) {
      const error = thrown as Error;
      const found = translated(error) ?? damaged(error, await this.among(error, paths));
      // What was looked at after a cancellation is in nobody's mind.
      if (this.signal?.aborted !== true) throw found;
    }
    return failCancelled();
  }

  /** Which of several files an error is about: some that Parquet gives name none, so that each is read alone. */
  private async among({ message }: Error, paths: readonly string[]): Promise<readonly string[]> {
    if (paths.length < 2 || this.signal?.aborted === true) return paths;
    const named = paths.filter((path) => message.includes(path));
    if (named.length > 0) return named;
    for (const path of paths.filter((path) => !isCsv(path))) {
      try {
        await this.connection.run(`SELECT bit_xor(hash(COLUMNS(*))) FROM ${parquet([path])}`);
      } catch {
        return [path];
      }
    }
    return paths;
  }
}

async function package_(): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch (cause) {
    const message =
      "Converting OMOP tables needs the package @duckdb/node-api, which cannot be loaded. Install it beside this one: npm install @duckdb/node-api.";
    throw new MedsError("MEDS_MISSING_PACKAGE", message, { cause });
  }
}

/** An error of DuckDB as ours, where it is not about a file that cannot be read. */
function translated(error: Error): MedsError | undefined {
  const { message } = error;
  const [, code, file, said] = message.split(MARK);
  if (said !== undefined) return new MedsError(code as MedsErrorCode, `${file}: ${said}`, { path: file });
  if (message.includes("Out of Memory"))
    return new MedsError("MEDS_INVALID_ARGUMENT", "memory is too little for the import of these tables. Give more, such as 2 GiB.", {
      cause: error,
    });
  if (/no space left/i.test(message)) return new MedsError("MEDS_DISK_FULL", message.split("\n")[0]!, { cause: error });
  if (/^(Parser|Binder|Catalog|INTERNAL) Error/.test(message))
    return new MedsError("MEDS_INTERNAL", `DuckDB: ${message}`, { cause: error });
  return undefined;
}

/** A file that DuckDB cannot read, one of some. */
function damaged({ message }: Error, paths: readonly string[]): MedsError {
  const path = paths[0];
  // Without DuckDB's name for the kind of error, and without the file's, which comes first. The lines below it may contain a row.
  const first = message.split("\n")[0]!.replace(/^(\w+ )+Error: /, "");
  const what = path === undefined ? first : first.replaceAll(path, () => basename(path));
  // No cause: DuckDB's error may contain a row, and a script that ends with ours shows its cause.
  return new MedsError("MEDS_SOURCE_DAMAGED", `${path ?? "a table"}: it cannot be read (${what}). Replace it by a whole copy.`, { path });
}
