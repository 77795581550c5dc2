import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Inspection } from "../sources/inspection.js";
import { databaseFiles } from "../sources/meds-reader.js";
import { type OmopOptions, omopOptions, refuseOmop } from "../sources/omop/options.js";
import { withWorkFolder } from "../sources/workfolder.js";
import type { Manifest } from "../store/manifest.js";
import { runJob, type WorkOptions } from "../store/native.js";
import { countIn, namesIn, optionsOf, pathOf } from "../support/arguments.js";
import { MedsError } from "../support/errors.js";
import { openSource } from "./source.js";

/** How to look at a source. */
export interface InspectOptions extends WorkOptions, OmopOptions {
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** OMOP tables only: the most memory for the search of their codes, in bytes. Default: 512 MiB. */
  readonly memory?: number | undefined;
}

/**
 * Reports what a folder or file is, and what is in it, without a conversion: a MEDS dataset, a single Parquet
 * file, a store, a `meds_reader` database, a folder of MedAlign's XML, or OMOP CDM in CSV, Parquet or a DuckDB
 * database. For OMOP all rows are read, and the package `@duckdb/node-api` looks up their codes. A `.zip`, `.tar.gz` or `.tar` of a
 * dataset, tables or database is unpacked into the system's temporary folder and removed afterwards.
 *
 * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` for anything else, with what was looked for and what was
 * found; `MEDS_PERMISSION` and other failures of the system.
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
  const given = optionsOf(options) ?? {};
  namesIn("inspect", given, OPTIONS);
  const { threads, memory, vocabulary, keepUnmapped, conceptIds, skipBadRows, ...work } = given;
  countIn("threads", threads);
  countIn("memory", memory);
  const path = pathOf("source", source);
  const omop = omopOptions({ vocabulary, keepUnmapped, conceptIds, skipBadRows });
  const opened = await openSource(path, omop, work);
  if (opened.kind === "omop") return opened.inspect(ASIDE, { threads, memory }, work);
  refuseOmop(omop);
  switch (opened.kind) {
    case "archive":
      return withWorkFolder(ASIDE, undefined, "inspect", (folder) => packed(path, folder, threads, work));
    case "medalign":
      return opened.inspect(ASIDE, threads, work);
    case "meds_reader":
      return database(path, threads, work);
    case "meds":
    case "parquet":
    case "store":
      return events(path, opened.kind, threads, work);
  }
}

const OPTIONS = Object.keys({
  threads: true,
  memory: true,
  vocabulary: true,
  keepUnmapped: true,
  conceptIds: true,
  skipBadRows: true,
  onProgress: true,
  signal: true,
} satisfies Record<keyof InspectOptions, true>);

type Events = Omit<Inspection, "path" | "format" | "version" | "tables">;

/** Temporary files are beside this path: nothing is written beside the source. */
const ASIDE = join(tmpdir(), "meds-reader");

/** What is in an archive, which is unpacked into `folder`. */
async function packed(path: string, folder: string, threads: number | undefined, work: WorkOptions): Promise<Inspection> {
  const inside = await runJob<{ root: string; database: boolean }>("unpack", { source: path, into: folder }, work);
  // The folder does not exist any more when the text is read.
  const renamed = (text: string) => text.replaceAll(folder, () => path);
  try {
    const found = await (inside.database ? database(inside.root, threads, work) : events(inside.root, "meds", threads, work));
    return { ...found, path, problem: found.problem === null ? null : renamed(found.problem) };
  } catch (error) {
    if (!(error instanceof MedsError)) throw error;
    throw new MedsError(error.code, renamed(error.message), {
      path: error.path === undefined ? undefined : renamed(error.path),
      cause: error.cause,
    });
  }
}

/** A meds_reader database. Where it cannot be converted, its small files still show rows and columns. */
async function database(path: string, threads: number | undefined, work: WorkOptions): Promise<Inspection> {
  const found = await runJob<Events>("inspect", { source: path, store: false, threads }, work);
  const { columns, rows, subjects, ...about } = databaseFiles(path);
  const shape = found.rows === null ? { columns, rows, subjects } : {};
  return { path, format: "meds_reader", tables: [], ...found, ...about, ...shape };
}

/** MEDS or a store, read by the code that converts it. */
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

/** The version in `dataset.json`. */
function medsVersion(path: string): string | null {
  try {
    const about = JSON.parse(readFileSync(join(path, "metadata", "dataset.json"), "utf8").replace(/^\ufeff/, "")) as {
      meds_version?: unknown;
    };
    return typeof about?.meds_version === "string" ? about.meds_version : null;
  } catch {
    return null; // The file may be missing. What is wrong with it is in the inspection's problem.
  }
}
