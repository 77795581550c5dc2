// DuckDB, which joins and sorts OMOP tables. It is loaded on first use: only OMOP sources need it.
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { Note } from "../../store/manifest.js";
import type { WorkOptions } from "../../store/native.js";
import { MedsError, type MedsErrorCode } from "../../support/errors.js";
import { CsvFiles } from "./csv.js";
import { failCancelled, isCsv } from "./files.js";

/** Separates the parts of an error text: see {@link raise}. */
const MARK = "\u0001";

/** A text as SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path as SQL, for functions of DuckDB that take patterns: in a path, `data[1]` is a name. */
export function file(path: string): string {
  return literal(escaped(path));
}

/** A path as part of a pattern. */
export function escaped(path: string): string {
  return path.replace(/[[*?]/g, "[$&]");
}

/**
 * SQL that reads Parquet files. Folder names such as COLUMN=VALUE are ignored: by default DuckDB reads them
 * as columns, even from folders above the table, and they replace columns of the files.
 */
export function parquet(paths: readonly string[], ...options: readonly string[]): string {
  return parquetLike(paths.map(escaped), ...options);
}

/** SQL that reads the Parquet files that match some patterns. */
export function parquetLike(patterns: readonly string[], ...options: readonly string[]): string {
  return `read_parquet([${patterns.map(literal).join(", ")}], ${["hive_partitioning=false", "binary_as_string=true", ...options].join(", ")})`;
}

/**
 * SQL that ends the query with a MedsError. `file`, the parts of the message `before` the value, and the
 * `value` are SQL. Parts that are null are left out. The value comes last, because it may contain anything.
 */
export function raise(code: MedsErrorCode, file: string, before: readonly string[], value = "NULL", after = ""): string {
  const mark = literal(MARK);
  return `error(concat(${[literal(MARK + code + MARK), file, mark, ...before, literal(MARK + after + MARK), value, mark].join(", ")}))`;
}

const MEMORY = 512 * 2 ** 20;
/** The minimum for DuckDB: with less it cannot sort notes of some kilobytes. */
const LEAST = 128 * 2 ** 20;
/** DuckDB needs some buffers per thread, whatever its limit is. */
const THREAD_BYTES = 96 * 2 ** 20;

/** The resources and options of a caller. */
export interface Room {
  readonly memory?: number | undefined;
  readonly threads?: number | undefined;
  /** Leave out rows of CSV files with more or fewer fields than the header. */
  readonly skipBadRows?: boolean;
  readonly signal?: WorkOptions["signal"];
}

/** Opens a DuckDB that spills to `work` and uses its share of the memory. Closes it after `use`. */
export async function withDuck<T>(work: string, options: Room, use: (duck: Duck, bytes: number) => Promise<T>): Promise<T> {
  mkdirSync(join(work, "spill"), { recursive: true });
  // Less than half of the limit: Node, and buffers of readers and writers that DuckDB does not count, need as
  // much again.
  const bytes = Math.max(LEAST, Math.floor((options.memory ?? MEMORY) * 0.4));
  const threads = Math.max(1, Math.min(options.threads || availableParallelism(), Math.floor(bytes / THREAD_BYTES)));
  const { skipBadRows = false, signal } = options;
  const duck = await Duck.open({ bytes, threads, folder: join(work, "spill"), skipBadRows }, signal);
  try {
    return await use(duck, bytes);
  } finally {
    duck.close();
  }
}

/** How much memory DuckDB may use, and where it spills. */
export interface Limits {
  readonly bytes: number;
  readonly threads: number;
  readonly folder: string;
  readonly skipBadRows: boolean;
}

/** A private DuckDB in memory. It uses only the files that queries name. */
export class Duck {
  /** The CSV files that have been checked. */
  readonly csv: CsvFiles;
  /** Notes about the contents of files. */
  readonly notes: Note[] = [];
  private readonly instance: DuckDBInstance;
  private readonly connection: DuckDBConnection;
  private readonly signal: WorkOptions["signal"];
  private readonly interrupt: () => void;
  /** Number of attached databases. */
  private attached = 0;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, csv: CsvFiles, signal: WorkOptions["signal"]) {
    this.csv = csv;
    this.instance = instance;
    this.connection = connection;
    this.signal = signal;
    this.interrupt = () => connection.interrupt();
    signal?.addEventListener("abort", this.interrupt, { once: true });
  }

  /** @throws MedsError `MEDS_MISSING_PACKAGE` if DuckDB is not installed. */
  static async open({ bytes, threads, folder, skipBadRows }: Limits, signal: WorkOptions["signal"]): Promise<Duck> {
    const { DuckDBInstance: Instance } = await package_();
    const instance = await Instance.create(":memory:", {
      memory_limit: `${Math.floor(bytes / 1024)}KiB`,
      threads: String(threads),
      temp_directory: folder,
      // Keeps joins as written: events on the left stream, concepts on the right are held in memory. DuckDB
      // estimates the number of rows of a CSV wrongly, and would hold the events instead.
      disabled_optimizers: "join_order,build_side_probe_side",
      // Never download extensions.
      autoinstall_known_extensions: "false",
    });
    const csv = new CsvFiles({ copies: join(folder, "csv"), threads, skipBadRows }, signal);
    return new Duck(instance, await instance.connect(), csv, signal);
  }

  /** Attaches a DuckDB database read-only. Returns its name in SQL. */
  async attach(path: string): Promise<string> {
    const name = `source${this.attached}`;
    this.attached += 1;
    try {
      await this.connection.run(`ATTACH ${literal(path)} AS ${name} (READ_ONLY)`);
    } catch (error) {
      throw notAttached(path, error as Error);
    }
    return name;
  }

  /** Restricts queries to these files and folders: a view of a database could read any other file. */
  async confine(folders: readonly string[], files: readonly string[]): Promise<void> {
    if (this.attached === 0) return;
    await this.run(`SET allowed_directories = [${folders.map(literal).join(", ")}]`);
    await this.run(`SET allowed_paths = [${files.map(literal).join(", ")}]`);
    await this.run("SET enable_external_access = false");
  }

  /** Runs a statement. `paths` are the files that it reads, for errors. */
  async run(sql: string, paths: readonly string[] = []): Promise<void> {
    await this.translating(paths, () => this.connection.run(sql));
  }

  /** Rows of a query. */
  async rows<T>(sql: string, paths: readonly string[] = []): Promise<T[]> {
    return this.translating(paths, async () => (await this.connection.runAndReadAll(sql)).getRowObjects() as T[]);
  }

  close(): void {
    this.signal?.removeEventListener("abort", this.interrupt);
    this.connection.closeSync();
    this.instance.closeSync();
  }

  /** Runs work, and throws its errors as MedsErrors. */
  private async translating<T>(paths: readonly string[], work: () => Promise<T>): Promise<T> {
    try {
      if (this.signal?.aborted !== true) return await work();
    } catch (thrown) {
      const error = thrown as Error;
      const found = translated(error, paths) ?? damaged(error, await this.among(error, paths));
      // After a cancellation, the cancellation is the error.
      if (this.signal?.aborted !== true) throw found;
    }
    return failCancelled();
  }

  /**
   * Which of several files an error is about. Some errors of Parquet files name no file: then each file is
   * read alone.
   */
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
    const message = "OMOP tables require the package @duckdb/node-api, which cannot be loaded. Install it: npm install @duckdb/node-api.";
    throw new MedsError("MEDS_MISSING_PACKAGE", message, { cause });
  }
}

/** An error of DuckDB as a MedsError; undefined if a file cannot be read. */
function translated(error: Error, paths: readonly string[]): MedsError | undefined {
  const { message } = error;
  if (message.startsWith("Permission Error") && message.includes("disabled by configuration")) {
    const [path] = paths;
    const text = `${path}: A view of this database reads files outside of it (${message.split("\n")[0]!}). Store its rows in a table (CREATE TABLE … AS SELECT …).`;
    return new MedsError("MEDS_SOURCE_DAMAGED", text, { path });
  }
  const [, code, file, before, after, ...rest] = message.split(MARK);
  if (rest.length > 0) {
    // For a database, `file` also names the table.
    const path = paths.find((one) => file!.startsWith(`${one}, table `)) ?? file;
    return new MedsError(code as MedsErrorCode, `${file}: ${before}${after && shown(rest.slice(0, -1).join(MARK))}${after}`, { path });
  }
  if (message.includes("Out of Memory"))
    return new MedsError(
      "MEDS_INVALID_ARGUMENT",
      "`memory` (--memory) is too small to import these tables. Raise it, for example to 2 GiB.",
      {
        cause: error,
      },
    );
  if (/no space left/i.test(message)) return new MedsError("MEDS_DISK_FULL", message.split("\n")[0]!, { cause: error });
  if (/^(Parser|Binder|Catalog|INTERNAL) Error/.test(message))
    return new MedsError("MEDS_INTERNAL", `DuckDB: ${message}`, { cause: error });
  return undefined;
}

/** A wrong value in a message: shown if it looks like a number or a time. Other text may be about a patient. */
const shown = (value: string) => (/^[-+.,:/0-9TZeE ]{1,40}$/.test(value) ? `"${value}"` : "a text");

/** The error for a file that DuckDB cannot read. */
function damaged({ message }: Error, paths: readonly string[]): MedsError {
  const path = paths[0];
  // The first line, without DuckDB's kind of error and without the path, which is at the start anyway.
  // Further lines may contain a row.
  const first = message.split("\n")[0]!.replace(/^(\w+ )+Error: /, "");
  const what = path === undefined ? first : first.replaceAll(path, () => basename(path));
  const start = path === undefined ? "A table" : `${path}: This file`;
  // No cause: DuckDB's error may contain a row, and Node prints the cause of an uncaught error.
  return new MedsError("MEDS_SOURCE_DAMAGED", `${start} cannot be read (${what}). Replace it with a whole copy.`, { path });
}

/** The error for a database that cannot be attached. */
function notAttached(path: string, { message }: Error): MedsError {
  const first = message.split("\n")[0]!.replaceAll(path, () => basename(path));
  const [code, what] = message.includes("version number")
    ? (["MEDS_SOURCE_VERSION", "This DuckDB database has a storage version that the installed @duckdb/node-api cannot read"] as const)
    : /encrypt/i.test(message)
      ? (["MEDS_SOURCE_VERSION", "This DuckDB database is encrypted, which is not supported"] as const)
      : /(set|conflicting) lock/i.test(message)
        ? (["MEDS_IO", "Another program has this DuckDB database open for writing"] as const)
        : (["MEDS_SOURCE_DAMAGED", "This DuckDB database cannot be read"] as const);
  const next = {
    MEDS_SOURCE_VERSION:
      "Export its tables as Parquet with the DuckDB version that wrote it (EXPORT DATABASE 'folder' (FORMAT parquet)), and use that folder.",
    MEDS_IO: "Close the database there, then retry.",
    MEDS_SOURCE_DAMAGED: "Replace it with a whole copy.",
  }[code];
  return new MedsError(code, `${path}: ${what} (${first}). ${next}`, { path });
}
