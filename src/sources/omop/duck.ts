// DuckDB, which joins and sorts: loaded when an OMOP folder is first converted, so that nobody else needs it.
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { Note } from "../../store/manifest.js";
import type { WorkOptions } from "../../store/native.js";
import { MedsError, type MedsErrorCode } from "../../support/errors.js";
import { CsvFiles } from "./csv.js";
import { failCancelled, isCsv } from "./files.js";

/** Between the parts of an error that a query throws on our behalf: see {@link raise}. */
const MARK = "\u0001";

/** A text as SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path as SQL, for functions of DuckDB that take patterns: `data[1]` is a folder, not a pattern. */
export function file(path: string): string {
  return literal(escaped(path));
}

/** A path as a part of a pattern. */
export function escaped(path: string): string {
  return path.replace(/[[*?]/g, "[$&]");
}

/**
 * Parquet files as SQL. Folders called COLUMN=VALUE say nothing here, which DuckDB reads by default as columns, also above the files, and instead of the files' own.
 */
export function parquet(paths: readonly string[], ...options: readonly string[]): string {
  return parquetLike(paths.map(escaped), ...options);
}

/** The same of files by patterns. */
export function parquetLike(patterns: readonly string[], ...options: readonly string[]): string {
  return `read_parquet([${patterns.map(literal).join(", ")}], ${["hive_partitioning=false", "binary_as_string=true", ...options].join(", ")})`;
}

/** SQL that ends the query with an error of ours; `file` and `message` are SQL. */
export function raise(code: MedsErrorCode, file: string, message: string): string {
  return `error(${literal(MARK + code + MARK)} || ${file} || ${literal(MARK)} || ${message} || ${literal(MARK)})`;
}

const MEMORY = 512 * 2 ** 20;
/** What DuckDB is given at least: with less it cannot sort notes of some kilobytes. */
const LEAST = 128 * 2 ** 20;
/** DuckDB needs some buffers a thread whatever its limit says. */
const THREAD_BYTES = 96 * 2 ** 20;

/** What a caller allows. */
export interface Room {
  readonly memory?: number | undefined;
  readonly threads?: number | undefined;
  /** Rows of CSV files with another number of fields than the header are left out. */
  readonly skipBadRows?: boolean;
  readonly signal?: WorkOptions["signal"];
}

/** Opens a DuckDB that spills into `work`, within its share of the memory, and closes it. */
export async function withDuck<T>(work: string, options: Room, use: (duck: Duck, bytes: number) => Promise<T>): Promise<T> {
  mkdirSync(join(work, "spill"), { recursive: true });
  // Less than half of the limit: as much again, and more now and then, goes to Node and to what DuckDB does not count, the buffers of readers and writers.
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
  /** How many databases are attached. */
  private attached = 0;

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

  /** Attaches a DuckDB database for reading; gives the name of it in SQL. */
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

  /** Lets queries use these files and folders only: a view of a database may name any other. */
  async confine(folders: readonly string[], files: readonly string[]): Promise<void> {
    if (this.attached === 0) return;
    await this.run(`SET allowed_directories = [${folders.map(literal).join(", ")}]`);
    await this.run(`SET allowed_paths = [${files.map(literal).join(", ")}]`);
    await this.run("SET enable_external_access = false");
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
      const found = translated(error, paths) ?? damaged(error, await this.among(error, paths));
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
function translated(error: Error, paths: readonly string[]): MedsError | undefined {
  const { message } = error;
  if (message.startsWith("Permission Error") && message.includes("disabled by configuration")) {
    const [path] = paths;
    const said = `${path}: a view of this database reads files outside of it (${message.split("\n")[0]!}). Store its rows in a table (CREATE TABLE … AS SELECT …).`;
    return new MedsError("MEDS_SOURCE_DAMAGED", said, { path });
  }
  const [, code, file, said] = message.split(MARK);
  if (said !== undefined) {
    // Of a database the table is named too.
    const path = paths.find((one) => file!.startsWith(`${one}, table `)) ?? file;
    return new MedsError(code as MedsErrorCode, `${file}: ${said}`, { path });
  }
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

/** Why a database cannot be attached, as an error of ours. */
function notAttached(path: string, { message }: Error): MedsError {
  const first = message.split("\n")[0]!.replaceAll(path, () => basename(path));
  const [code, what] = message.includes("version number")
    ? (["MEDS_SOURCE_VERSION", "this DuckDB database has a storage version that the installed @duckdb/node-api cannot read"] as const)
    : /encrypt/i.test(message)
      ? (["MEDS_SOURCE_VERSION", "this DuckDB database is encrypted, which is not supported"] as const)
      : /(set|conflicting) lock/i.test(message)
        ? (["MEDS_IO", "another program has this DuckDB database open for writing"] as const)
        : (["MEDS_SOURCE_DAMAGED", "this DuckDB database cannot be read"] as const);
  const next = {
    MEDS_SOURCE_VERSION:
      "Write its tables as Parquet with the DuckDB that made it (EXPORT DATABASE 'folder' (FORMAT parquet)), and use that folder.",
    MEDS_IO: "Close it there, and try again.",
    MEDS_SOURCE_DAMAGED: "Replace it by a whole copy.",
  }[code];
  return new MedsError(code, `${path}: ${what} (${first}). ${next}`, { path });
}
