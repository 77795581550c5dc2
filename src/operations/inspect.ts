import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kindOf } from "../sources/kind.js";
import { databaseFiles } from "../sources/meds-reader.js";
import { inspectOmop } from "../sources/omop/inspect.js";
import { type OmopOptions, omopOptions, refuseOmop } from "../sources/omop/options.js";
import { formOf, withTables } from "../sources/tables.js";
import { withWorkFolder } from "../sources/workfolder.js";
import type { Manifest, Note } from "../store/manifest.js";
import { runJob, type WorkOptions } from "../store/native.js";
import { countIn, optionsOf, pathOf } from "../support/arguments.js";
import { fail, MedsError, type MedsErrorCode } from "../support/errors.js";

/** How to look at a source. */
export interface InspectOptions extends WorkOptions, OmopOptions {
  /** Threads; 0, the default, for all cores. */
  readonly threads?: number | undefined;
  /** OMOP tables only: bytes of memory to stay below while their codes are looked up. Default: 512 MiB. */
  readonly memory?: number | undefined;
}

/** A column of a source. */
export interface InspectedColumn {
  readonly name: string;
  /** Its type as the source has it; null where that has none (CSV). */
  readonly type: string | null;
}

/** A table of an OMOP CDM folder. */
export interface InspectedTable {
  /** Its name in lower case. */
  readonly name: string;
  readonly files: number;
  readonly rows: number;
  readonly columns: readonly InspectedColumn[];
}

/** Codes that begin alike, up to their first `/`. */
export interface CodePrefix {
  readonly prefix: string;
  /** Rows that have such a code. */
  readonly rows: number;
  /** Those with a time. */
  readonly timed: number;
  /** Those whose time is exactly midnight: dates, most likely, of events whose hour is not known. */
  readonly midnight: number;
}

/** What a folder or file is. */
export interface Inspection {
  readonly path: string;
  /** `meds`: a dataset; `parquet`: a single Parquet file; `store`: a store of this package; `meds_reader`: a database of that program; `omop`: OMOP CDM. */
  readonly format: "meds" | "parquet" | "store" | "meds_reader" | "omop";
  /** Of the format, as the source says it or its columns show it; null where nothing does. */
  readonly version: string | null;
  /** Files that hold rows. */
  readonly files: number;
  /** Bytes of these files. */
  readonly bytes: number;
  /** Rows of events; of all tables for OMOP; null where they could not be read. */
  readonly rows: number | null;
  /** Subjects; null where they could not be counted. */
  readonly subjects: number | null;
  /** Columns of the events; empty for OMOP, whose tables have theirs. */
  readonly columns: readonly InspectedColumn[];
  /** The tables of OMOP CDM, by name; empty for every other format. */
  readonly tables: readonly InspectedTable[];
  /** What a conversion would drop, skip or change, and why; of a store what its conversion did. Kind `dropped` comes first, as in {@link Summary.notes}. */
  readonly notes: readonly Note[];
  /** Why it cannot be converted as it is, in the words of the error that `convert` would throw; null where nothing speaks against it. */
  readonly problem: string | null;
  /** The code of that error. */
  readonly problemCode: MedsErrorCode | null;
  /**
   * Codes by prefix, the most frequent first; null where a problem stands in the way. Of OMOP
   * tables they are the codes that `convert` would give with the same options, whose dates count as their last second and not as midnight.
   */
  readonly prefixes: readonly CodePrefix[] | null;
}

/**
 * Says what a folder or file is, and what is in it, without converting it: a MEDS dataset, a single Parquet file, a store, a `meds_reader` database, or
 * OMOP CDM in CSV, Parquet or a DuckDB database, all rows of which are read, and whose codes are looked up by the package `@duckdb/node-api`. A `.zip`, `.tar.gz` or `.tar` of a dataset, tables or
 * database is unpacked into the system's temporary folder for the time of the look.
 *
 * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` for what is none of these, with what was looked for and found; what the system refuses.
 * @example
 * ```ts
 * import { inspect } from "meds-reader";
 *
 * const found = await inspect("demo");
 * console.log(found.format, found.version, found.rows, found.subjects, found.problem);
 * for (const { prefix, timed, midnight } of found.prefixes ?? []) console.log(prefix, midnight / timed);
 * ```
 */
export async function inspect(source: string, options?: InspectOptions): Promise<Inspection> {
  const { threads, memory, vocabulary, keepUnmapped, conceptIds, skipBadRows, ...work } = optionsOf(options) ?? {};
  countIn("threads", threads);
  countIn("memory", memory);
  const path = pathOf("source", source);
  const omop = omopOptions({ vocabulary, keepUnmapped, conceptIds, skipBadRows });
  const kind = kindOf(path);
  const form = await formOf(path, kind, work);
  if (form !== undefined)
    return withWorkFolder(ASIDE, undefined, "inspect", (folder) =>
      withTables(path, form, omop.vocabulary, folder, work, async (root, vocabulary, said) => {
        const found = await inspectOmop(root, join(folder, "import"), { threads, memory, ...work, ...omop, vocabulary });
        return { ...found, path, problem: found.problem === null ? null : said(found.problem) };
      }),
    );
  refuseOmop(omop);
  switch (kind) {
    case "archive":
      return withWorkFolder(ASIDE, undefined, "inspect", (folder) => packed(path, folder, threads, work));
    case "meds_reader":
      return database(path, threads, work);
    case "meds":
    case "parquet":
    case "store":
      return events(path, kind, threads, work);
    default:
      return fail("MEDS_INTERNAL", `${path}: nothing reads a source of kind ${kind}.`, path);
  }
}

type Events = Omit<Inspection, "path" | "format" | "version" | "tables">;

/** Where what is needed for a look goes: into the system's temporary folder, since nothing is to be written beside the source. */
const ASIDE = join(tmpdir(), "meds-reader");

/** What is in an archive, unpacked for the time of the look. */
async function packed(path: string, folder: string, threads: number | undefined, work: WorkOptions): Promise<Inspection> {
  const inside = await runJob<{ root: string; database: boolean }>("unpack", { source: path, into: folder }, work);
  // The folder is gone when this is read.
  const told = (text: string) => text.replaceAll(folder, () => path);
  try {
    const found = await (inside.database ? database(inside.root, threads, work) : events(inside.root, "meds", threads, work));
    return { ...found, path, problem: found.problem === null ? null : told(found.problem) };
  } catch (error) {
    if (!(error instanceof MedsError)) throw error;
    throw new MedsError(error.code, told(error.message), {
      path: error.path === undefined ? undefined : told(error.path),
      cause: error.cause,
    });
  }
}

/** A meds_reader database: what a conversion says of it, and what its small files do where that is nothing. */
async function database(path: string, threads: number | undefined, work: WorkOptions): Promise<Inspection> {
  const found = await runJob<Events>("inspect", { source: path, store: false, threads }, work);
  const { columns, rows, subjects, ...about } = databaseFiles(path);
  const shape = found.rows === null ? { columns, rows, subjects } : {};
  return { path, format: "meds_reader", tables: [], ...found, ...about, ...shape };
}

/** What is read as a conversion reads it, and by the same code. */
async function events(
  path: string,
  format: "meds" | "parquet" | "store",
  threads: number | undefined,
  work: WorkOptions,
): Promise<Inspection> {
  const found = await runJob<Events>("inspect", { source: path, store: format === "store", threads }, work);
  return { path, format, version: format === "store" ? storeVersion(path) : medsVersion(path), tables: [], ...found };
}

function storeVersion(path: string): string {
  return String((JSON.parse(readFileSync(join(path, "manifest.json"), "utf8")) as Manifest).version);
}

/** What `dataset.json` says. */
function medsVersion(path: string): string | null {
  try {
    const about = JSON.parse(readFileSync(join(path, "metadata", "dataset.json"), "utf8").replace(/^\ufeff/, "")) as {
      meds_version?: unknown;
    };
    return typeof about?.meds_version === "string" ? about.meds_version : null;
  } catch {
    return null; // A dataset may have none; what is wrong with it is told as the problem.
  }
}
