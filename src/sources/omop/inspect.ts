// Inspects OMOP tables without converting them.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { describeTable, type WorkOptions } from "../../store/native.js";
import { MedsError } from "../../support/errors.js";
import { withIo } from "../../support/io.js";
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
 * Inspects OMOP tables: their columns and rows, and the notes, codes or error of a conversion. DuckDB spills
 * to `folder`, an empty folder that the caller removes.
 */
export async function inspectOmop(path: string, folder: string, options: InspectOptions): Promise<Inspection> {
  const found = statSync(path).isDirectory() ? await folderTables(path, options) : await databaseTables(path, folder, options);
  const { tables, problems } = found;
  // The problem is the first error of a conversion. If a conversion succeeds, it is the first error found
  // here.
  const surveyed = await omopCodes(path, folder, options);
  const codes = surveyed.problem === null && problems.length > 0 ? refused(problems[0]!) : surveyed;
  const rowsOf = (name: string) => tables.find((table) => table.name === name)?.rows ?? 0;
  const has = (column: string) => tables.some(({ columns }) => columns.some(({ name }) => name.toLowerCase() === column));
  return {
    path,
    format: "omop",
    // Columns decide: cdm_source is often wrong or missing.
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

/** The tables of a source. */
interface Looked {
  readonly tables: readonly InspectedTable[];
  readonly files: readonly string[];
  /** Whether all tables were found; false if a conversion refuses the folder itself. */
  readonly whole: boolean;
  /** Errors of files that cannot be read. */
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
        const table = isCsv(file) ? await csvTable(file, options) : describeTable(file);
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

/** The files of the tables; undefined if a conversion refuses the folder and reports why. */
function omopFiles(path: string): ReadonlyMap<string, TableFiles> | undefined {
  try {
    return withIo(path, () => findTables(path)).tables;
  } catch (error) {
    if (error instanceof MedsError && REFUSED.test(error.code)) return undefined;
    throw error;
  }
}

/**
 * Errors with which a conversion of OMOP tables refuses a source. An inspection reports them as its
 * `problem`.
 */
const REFUSED =
  /^MEDS_(NO_DATA|TABLE_FORMAT|MISSING_COLUMN|MISSING_PACKAGE|NO_VOCABULARY|SOURCE_VERSION|COLUMN_TYPE|SCHEMA_CONFLICT|NULL_VALUE|SOURCE_DAMAGED|METADATA|VALUE_RANGE)$/;

type Surveyed = Pick<Inspection, "notes" | "problem" | "problemCode" | "prefixes">;

function refused({ message, code }: MedsError): Surveyed {
  return { problem: message, problemCode: code, notes: [], prefixes: null };
}

/** The prefixes of codes and the notes of a conversion, or the error with which it would fail. */
async function omopCodes(path: string, folder: string, options: InspectOptions): Promise<Surveyed> {
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

/** The header and the number of rows of a CSV file. */
async function csvTable(path: string, { signal, skipBadRows = false }: InspectOptions): Promise<Table> {
  const [found] = await lookAtCsv([path], { skipBadRows }, signal);
  return { rows: found!.rows, columns: found!.names.map((name) => ({ name, type: null })) };
}
