// A look at an OMOP folder without converting it.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { WorkOptions } from "../../store/native.js";
import { fail, MedsError } from "../../support/errors.js";
import { failIo, isSystemError, withIo } from "../../support/io.js";
import type { InspectedColumn, InspectedTable, Inspection } from "../inspection.js";
import { lookAtCsv } from "./csv.js";
import { withDuck } from "./duck.js";
import { findTables, isCsv, type TableFiles } from "./files.js";
import { surveyOmop } from "./import.js";
import type { GivenOmop } from "./options.js";
import { openTables, readingsOf } from "./source.js";

/** Columns that 5.4 renamed or added, and what 5.3 called them. */
const CDM_54 = [
  "admitted_from_concept_id",
  "admitted_from_source_value",
  "discharged_to_concept_id",
  "parent_visit_detail_id",
  "procedure_end_date",
];
const CDM_53 = ["admitting_source_concept_id", "admitting_source_value", "discharge_to_concept_id", "visit_detail_parent_id"];

/** How to look at tables. */
interface InspectOptions extends WorkOptions, GivenOmop {
  readonly threads?: number | undefined;
  readonly memory?: number | undefined;
}

/**
 * What is in an OMOP folder: its tables, and what a conversion would make of them, or why it would fail. What DuckDB cannot hold goes into `folder`, an empty one
 * that the caller removes.
 */
export async function inspectOmop(path: string, folder: string, options: InspectOptions): Promise<Inspection> {
  const found = statSync(path).isDirectory() ? await folderTables(path, options) : await databaseTables(path, folder, options);
  const { tables, problems } = found;
  // What a conversion comes upon first is the problem; of tables that only its metadata is made of it is what was found here.
  const told = await omopCodes(path, folder, options);
  const codes = told.problem === null && problems.length > 0 ? refused(problems[0]!) : told;
  const rowsOf = (name: string) => tables.find((table) => table.name === name)?.rows ?? 0;
  const has = (column: string) => tables.some(({ columns }) => columns.some(({ name }) => name.toLowerCase() === column));
  return {
    path,
    format: "omop",
    // cdm_source is often wrong, or absent.
    version: CDM_54.some(has) ? "5.4" : CDM_53.some(has) ? "5.3" : null,
    files: found.files.length,
    bytes: found.files.reduce((sum, file) => sum + statSync(file).size, 0),
    rows: found.whole ? tables.reduce((sum, table) => sum + table.rows, 0) : null,
    subjects: found.whole ? rowsOf("person") : null,
    columns: [],
    tables,
    ...codes,
  };
}

/** What the tables themselves say. */
interface Looked {
  readonly tables: readonly InspectedTable[];
  readonly files: readonly string[];
  /** All tables could be looked for; not where a conversion refuses the folder as it is. */
  readonly whole: boolean;
  /** Files that cannot be read. */
  readonly problems: readonly MedsError[];
}

/** The tables of a DuckDB database. */
async function databaseTables(path: string, folder: string, { signal, threads, memory }: InspectOptions): Promise<Looked> {
  const tables: InspectedTable[] = [];
  const problems: MedsError[] = [];
  const refusing = (error: unknown) => {
    if (!(error instanceof MedsError && REFUSED.test(error.code))) throw error;
    problems.push(error);
  };
  let whole = false;
  try {
    await withDuck(folder, { signal, threads, memory }, async (duck) => {
      const set = await openTables(duck, path);
      whole = true;
      await duck.confine([folder], []);
      for (const name of [...set.tables.keys()].sort()) {
        try {
          const [reading] = await readingsOf(duck, set, name, signal);
          const [counted] = await duck.rows<{ n: bigint }>(`SELECT count(*) AS n FROM ${reading!.from}`, [path]);
          tables.push({ name, files: 1, rows: Number(counted!.n), columns: reading!.list });
        } catch (error) {
          refusing(error);
        }
      }
    });
  } catch (error) {
    refusing(error);
  }
  return { tables, files: [path], whole, problems };
}

/** The tables of a folder. */
async function folderTables(path: string, options: InspectOptions): Promise<Looked> {
  const found = omopFiles(path);
  const tables: InspectedTable[] = [];
  const problems: MedsError[] = [];
  for (const [name, { paths: files }] of [...(found ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let rows = 0;
    let columns: readonly InspectedColumn[] = [];
    for (const file of files) {
      try {
        const table = isCsv(file) ? await csvTable(file, options) : await parquetTable(file);
        rows += table.rows;
        if (columns.length === 0) columns = table.columns;
      } catch (error) {
        if (!(error instanceof MedsError && REFUSED.test(error.code))) throw error;
        problems.push(error);
      }
    }
    tables.push({ name, files: files.length, rows, columns });
  }
  const files = [...(found?.values() ?? [])].flatMap(({ paths }) => paths);
  return { tables, problems, whole: found !== undefined, files };
}

/** The files of the tables; undefined where a conversion refuses the folder, and says why. */
function omopFiles(path: string): ReadonlyMap<string, TableFiles> | undefined {
  try {
    return withIo(path, () => findTables(path)).tables;
  } catch (error) {
    if (error instanceof MedsError && REFUSED.test(error.code)) return undefined;
    throw error;
  }
}

/** What a conversion of OMOP tables refuses is told as such, with what is known all the same. */
const REFUSED =
  /^MEDS_(NO_DATA|TABLE_FORMAT|MISSING_COLUMN|MISSING_PACKAGE|NO_VOCABULARY|SOURCE_VERSION|COLUMN_TYPE|SCHEMA_CONFLICT|NULL_VALUE|SOURCE_DAMAGED|METADATA|VALUE_RANGE)$/;

type Told = Pick<Inspection, "notes" | "problem" | "problemCode" | "prefixes">;

function refused({ message, code }: MedsError): Told {
  return { problem: message, problemCode: code, notes: [], prefixes: null };
}

/** The codes that a conversion would give, and what it would note; or why it would fail. */
async function omopCodes(path: string, folder: string, options: InspectOptions): Promise<Told> {
  try {
    const found = await surveyOmop(resolve(path), folder, { ...options, strict: false, origin: undefined });
    return { problem: null, problemCode: null, ...found };
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

/** Header and rows of a CSV file. */
async function csvTable(path: string, { signal, skipBadRows = false }: InspectOptions): Promise<Table> {
  const [found] = await lookAtCsv([path], { skipBadRows }, signal);
  return { rows: found!.rows, columns: found!.names.map((name) => ({ name, type: null })) };
}
