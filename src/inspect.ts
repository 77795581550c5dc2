import { createReadStream, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { createGunzip } from "node:zlib";
import { fail, MedsError, type MedsErrorCode } from "./errors.js";
import { countIn, optionsOf, pathOf } from "./given.js";
import { failIo, isSystemError, withIo } from "./io.js";
import type { Manifest, Note } from "./manifest.js";
import { runJob, type WorkOptions } from "./native.js";
import { delimiterOf, findTables, type TableFiles } from "./omop/files.js";
import { surveyOmop } from "./omop/import.js";
import { kindOf } from "./sources/kind.js";
import { withWorkFolder } from "./sources/workfolder.js";

/** How to look at a source. */
export interface InspectOptions extends WorkOptions {
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
  /** What a conversion would skip or change, and why; of a store what its conversion did. */
  readonly notes: readonly Note[];
  /** Why it cannot be converted as it is, in the words of the error that `convert` would throw; null where nothing speaks against it. */
  readonly problem: string | null;
  /** The code of that error. */
  readonly problemCode: MedsErrorCode | null;
  /**
   * Codes by prefix, the most frequent first; null where a problem stands in the way. Of OMOP
   * tables they are the codes that `convert` would give (without `keepUnmapped`), whose dates count as their last second and not as midnight.
   */
  readonly prefixes: readonly CodePrefix[] | null;
}

/**
 * Says what a folder or file is, and what is in it, without converting it: a MEDS dataset, a single Parquet file, a store, a `meds_reader` database, or
 * OMOP CDM in CSV or Parquet, all rows of which are read, and whose codes are looked up by the package `@duckdb/node-api`. A `.zip`, `.tar.gz` or `.tar` of a dataset or
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
  const { threads, memory, ...work } = optionsOf(options) ?? {};
  countIn("threads", threads);
  countIn("memory", memory);
  const path = pathOf("source", source);
  const kind = kindOf(path);
  switch (kind) {
    case "archive":
      return withWorkFolder(ASIDE, undefined, "inspect", (folder) => packed(path, folder, options));
    case "meds_reader":
      return medsReader(path, threads, work);
    case "omop":
      return omop(path, { threads, memory, ...work });
    default:
      return events(path, kind, threads, work);
  }
}

type Events = Omit<Inspection, "path" | "format" | "version" | "tables">;

/** Where what is needed for a look goes: into the system's temporary folder, since nothing is to be written beside the source. */
const ASIDE = join(tmpdir(), "meds-reader");

/** What is in an archive, unpacked for the time of the look. */
async function packed(path: string, folder: string, options: InspectOptions | undefined): Promise<Inspection> {
  const { root } = await runJob<{ root: string }>("unpack", { source: path, into: folder }, options ?? {});
  const found = await inspect(root, options);
  // The folder is gone when this is read.
  return { ...found, path, problem: found.problem?.replaceAll(folder, path) ?? null };
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

const TYPES = [
  "string",
  "large_string",
  "timestamp[us]",
  "float32",
  "float64",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
];

/** A meds_reader database: what its small files say, as far as they can be read, and what a conversion says of it. */
async function medsReader(path: string, threads: number | undefined, work: WorkOptions): Promise<Inspection> {
  const { notes, problem, problemCode, prefixes } = await runJob<Events>("inspect", { source: path, store: false, threads }, work);
  const below = withIo(path, () => readdirSync(path, { recursive: true, encoding: "utf8" })).filter(
    (name) => !/^metadata(\/|$)/.test(name),
  );
  const sizes = below.flatMap((name) => {
    const about = statSync(join(path, name), { throwIfNoEntry: false });
    return about?.isFile() ? [about.size] : [];
  });
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const told = { notes, problem, problemCode, prefixes, tables: [], files: sizes.length, bytes };
  return { path, format: "meds_reader", version: databaseVersion(path), ...told, ...databaseShape(path) };
}

function databaseVersion(path: string): string | null {
  try {
    return readFileSync(join(path, "meds_reader.version"), "latin1").trim().slice(0, 20);
  } catch {
    return null; // Its first versions had none.
  }
}

/** Subjects, rows and columns; where the files do not fit each other the problem says it. */
function databaseShape(path: string): Pick<Inspection, "subjects" | "rows" | "columns"> {
  try {
    const read = (name: string) => readFileSync(join(path, name));
    const [ids, lengths, properties] = [read("subject_id"), read("meds_reader.length"), read("meds_reader.properties")];
    const subjects = ids.length / 8;
    if (!Number.isInteger(subjects) || lengths.length !== 4 * subjects) throw new RangeError();
    let rows = 0;
    for (let at = 0; at < lengths.length; at += 4) rows += lengths.readUInt32LE(at);
    const columns: InspectedColumn[] = [];
    for (let at = 0; at < properties.length; ) {
      const end = at + 8 + Number(properties.readBigUInt64LE(at));
      const type = TYPES[Number(properties.readBigUInt64LE(end))] ?? null;
      columns.push({ name: properties.toString("utf8", at + 8, end), type });
      at = end + 8;
    }
    return { subjects, rows, columns };
  } catch (error) {
    if (!(error instanceof RangeError || isSystemError(error))) throw error;
    return { subjects: null, rows: null, columns: [] };
  }
}

/** Columns that 5.4 renamed or added, and what 5.3 called them. */
const CDM_54 = [
  "admitted_from_concept_id",
  "admitted_from_source_value",
  "discharged_to_concept_id",
  "parent_visit_detail_id",
  "procedure_end_date",
];
const CDM_53 = ["admitting_source_concept_id", "admitting_source_value", "discharge_to_concept_id", "visit_detail_parent_id"];

async function omop(path: string, options: InspectOptions): Promise<Inspection> {
  const found = omopFiles(path);
  const tables: InspectedTable[] = [];
  const problems: MedsError[] = [];
  for (const [name, { paths: files }] of [...found].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let rows = 0;
    let columns: readonly InspectedColumn[] = [];
    for (const file of files) {
      try {
        const table = /\.parquet$/i.test(file) ? await parquetTable(file) : await csvTable(file);
        rows += table.rows;
        if (columns.length === 0) columns = table.columns;
      } catch (error) {
        if (!(error instanceof MedsError && REFUSED.test(error.code))) throw error;
        problems.push(error);
      }
    }
    tables.push({ name, files: files.length, rows, columns });
  }
  // What a conversion comes upon first is the problem; of tables that only its metadata is made of it is what was found here.
  const told = await omopCodes(path, options);
  const codes = told.problem === null && problems.length > 0 ? refused(problems[0]!) : told;
  const all = [...found.values()].flatMap(({ paths }) => paths);
  const rowsOf = (name: string) => tables.find((table) => table.name === name)?.rows ?? 0;
  const has = (column: string) => tables.some(({ columns }) => columns.some(({ name }) => name.toLowerCase() === column));
  return {
    path,
    format: "omop",
    // cdm_source is often wrong, or absent.
    version: CDM_54.some(has) ? "5.4" : CDM_53.some(has) ? "5.3" : null,
    files: all.length,
    bytes: all.reduce((sum, file) => sum + statSync(file).size, 0),
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    subjects: rowsOf("person"),
    columns: [],
    tables,
    ...codes,
  };
}

/** The files of the tables; none where a table stands there twice: a conversion refuses that, and says so. */
function omopFiles(path: string): ReadonlyMap<string, TableFiles> {
  try {
    return withIo(path, () => findTables(path)).tables;
  } catch (error) {
    if (error instanceof MedsError && error.code === "MEDS_SCHEMA_CONFLICT") return new Map();
    throw error;
  }
}

/** What a conversion of OMOP tables refuses is told as such, with what is known all the same. */
const REFUSED =
  /^MEDS_(NO_DATA|MISSING_COLUMN|MISSING_PACKAGE|COLUMN_TYPE|SCHEMA_CONFLICT|NULL_VALUE|SOURCE_DAMAGED|METADATA|VALUE_RANGE)$/;

type Told = Pick<Inspection, "notes" | "problem" | "problemCode" | "prefixes">;

function refused({ message, code }: MedsError): Told {
  return { problem: message, problemCode: code, notes: [], prefixes: null };
}

/** The codes that a conversion would give, and what it would note; or why it would fail. What DuckDB cannot hold it puts into the system's temporary folder. */
async function omopCodes(path: string, options: InspectOptions): Promise<Told> {
  try {
    const survey = (work: string) => surveyOmop(resolve(path), work, { ...options, keepUnmapped: false, origin: undefined });
    return { problem: null, problemCode: null, ...(await withWorkFolder(ASIDE, undefined, "inspect", survey)) };
  } catch (error) {
    if (!(error instanceof MedsError) || !REFUSED.test(error.code)) throw error;
    return refused(error);
  }
}

interface Table {
  readonly rows: number;
  readonly columns: readonly InspectedColumn[];
}

async function parquetTable(path: string): Promise<Table> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetSchema } = await import("hyparquet");
  try {
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    const columns = parquetSchema(metadata).children.map(({ element }) => {
      const type = element.logical_type?.type ?? element.converted_type ?? element.type ?? null;
      return { name: element.name, type: type === null ? null : type.toLowerCase() };
    });
    return { rows: Number(metadata.num_rows), columns };
  } catch (error) {
    if (isSystemError(error)) failIo(path, error);
    return fail(
      "MEDS_SOURCE_DAMAGED",
      `${path}: this is no sound Parquet file (${(error as Error).message}). Replace it by a whole copy.`,
      path,
    );
  }
}

/** Header and rows of a CSV file. Rows end where a line ends outside of quotes. */
async function csvTable(path: string): Promise<Table> {
  const { parse } = await import("csv-parse/sync");
  const [QUOTE, LINE, RETURN] = [0x22, 0x0a, 0x0d];
  const head: Buffer[] = [];
  let [rows, quotes, quoted, open, headed] = [0, true, false, false, false];
  const file = createReadStream(path);
  const bytes = /\.gz$/i.test(path) ? file.on("error", (error) => bytes.destroy(error)).pipe(createGunzip()) : file;
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      let begin = 0;
      for (let at = 0; at < chunk.length; at += 1) {
        const byte = chunk[at]!;
        if (byte === QUOTE && quotes) quoted = !quoted;
        else if ((byte === LINE || byte === RETURN) && !quoted) {
          if (!headed) {
            head.push(chunk.subarray(begin, at));
            headed = true;
            quotes = delimiterOf(Buffer.concat(head).toString()) === ",";
          } else if (open) rows += 1;
          open = false;
          begin = at + 1;
          continue;
        }
        // Empty lines are no rows.
        open = true;
      }
      if (!headed) head.push(chunk.subarray(begin));
    }
  } catch (error) {
    if (isSystemError(error)) failIo(path, error);
    fail("MEDS_SOURCE_DAMAGED", `${path}: it cannot be unpacked (${(error as Error).message}). Replace it by a whole copy.`, path);
  }
  if (headed && open) rows += 1;
  const line = Buffer.concat(head).toString();
  const delimiter = delimiterOf(line);
  const names = (parse(line, { bom: true, delimiter, relax_quotes: true }) as string[][])[0] ?? [];
  if (quoted) fail("MEDS_SOURCE_DAMAGED", `${path}: a quoted text does not end. Replace ${basename(path)} by a whole copy.`, path);
  return { rows, columns: names.map((name) => ({ name, type: null })) };
}
