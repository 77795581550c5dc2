// Where OMOP tables are: files in a folder, or tables and views of a DuckDB database.
import { statSync } from "node:fs";
import type { WorkOptions } from "../../store/native.js";
import { withIo } from "../../support/io.js";
import { attach, type StoredTable, storedReading } from "./database.js";
import type { Duck } from "./duck.js";
import { type FoundTables, findTables, type TableFiles } from "./files.js";
import { readings } from "./readings.js";
import type { Reading } from "./sql.js";

/** The tables of a source, by name in lower case. */
export interface TableSet {
  /** The folder, or the database's file. */
  readonly path: string;
  readonly tables: ReadonlyMap<string, TableFiles | StoredTable>;
  /** Names that do not belong to a table. */
  readonly others: readonly string[];
  /** Names of files that are not read: they begin with `_` or a dot. */
  readonly hidden: readonly string[];
  readonly bytes: number;
}

/** Finds the tables of a folder (or takes `known` ones) or of a DuckDB database, which it attaches read-only. */
export async function openTables(duck: Duck, path: string, known?: FoundTables): Promise<TableSet> {
  const about = withIo(path, () => statSync(path));
  if (!about.isDirectory()) return { path, ...(await attach(duck, path)), hidden: [], bytes: about.size };
  const found = known ?? withIo(path, () => findTables(path));
  return { path, ...found, bytes: [...found.tables.values()].reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** The files of the tables. */
export function filesOf({ tables }: TableSet): string[] {
  return [...tables.values()].flatMap((table) => ("paths" in table ? table.paths : []));
}

/** Makes the readings of a table; none if the source does not contain it. */
export async function readingsOf(duck: Duck, set: TableSet, table: string, signal: WorkOptions["signal"]): Promise<Reading[]> {
  const found = set.tables.get(table);
  if (found === undefined) return [];
  return "paths" in found ? readings(duck, found, signal) : [await storedReading(duck, set.path, found)];
}
