// A DuckDB database file as a source: finds its tables in any schema, and reads them.
import { fail, MedsError } from "../../support/errors.js";
import { type Duck, literal } from "./duck.js";
import { FILE, Reading } from "./sql.js";
import { EVENT_TABLES, OTHER_TABLES } from "./tables.js";

/** A table or view of an attached database. */
export interface StoredTable {
  /** Its name as SQL. */
  readonly sql: string;
  /** Its name for messages: `cdm.person`. */
  readonly shown: string;
  readonly view: boolean;
  /** The size of a single table is unknown: one file contains all tables. */
  readonly bytes: 0;
}

const KNOWN: readonly string[] = [...EVENT_TABLES, ...OTHER_TABLES];

/** Attaches a database read-only. Returns its OMOP tables and the names of its other tables. */
export async function attach(duck: Duck, path: string): Promise<{ tables: ReadonlyMap<string, StoredTable>; others: readonly string[] }> {
  const name = await duck.attach(path);
  const of = `WHERE database_name = ${literal(name)} AND NOT internal`;
  const entries = await duck.rows<{ schema: string; name: string; view: boolean }>(
    `SELECT schema_name AS schema, table_name AS name, false AS view FROM duckdb_tables() ${of}
     UNION ALL SELECT schema_name, view_name, true FROM duckdb_views() ${of} ORDER BY ALL`,
    [path],
  );
  const found = new Map<string, StoredTable[]>();
  const others: string[] = [];
  for (const { schema, name: table, view } of entries) {
    const shown = `${schema}.${table}`;
    const known = KNOWN.find((one) => one === table.toLowerCase());
    if (known === undefined) others.push(shown);
    else found.set(known, [...(found.get(known) ?? []), { sql: [name, schema, table].map(quoted).join("."), shown, view, bytes: 0 }]);
  }
  const tables = new Map<string, StoredTable>();
  for (const [table, all] of found) tables.set(table, await onlyOne(duck, path, table, all));
  if (tables.size === 0) {
    const names = entries.length === 0 ? "nothing" : others.slice(0, 5).join(", ");
    fail(
      "MEDS_NO_DATA",
      `${path}: This DuckDB database has no tables of the OMOP CDM (person, measurement, …). It contains ${names}. Use a database that contains these tables.`,
      path,
    );
  }
  return { tables, others };
}

/** An unused schema may contain empty tables. If several tables have one name, the one with rows counts. */
async function onlyOne(duck: Duck, path: string, table: string, all: readonly StoredTable[]): Promise<StoredTable> {
  if (all.length === 1) return all[0]!;
  const filled: StoredTable[] = [];
  for (const one of all) {
    const rows = await readable(path, one, () => duck.rows(`SELECT 1 FROM ${one.sql} LIMIT 1`, [path]));
    if (rows.length > 0) filled.push(one);
  }
  if (filled.length <= 1) return filled[0] ?? all[0]!;
  const names = filled.map(({ shown }) => shown).join(", ");
  return fail(
    "MEDS_SCHEMA_CONFLICT",
    `${path}: This database contains the table ${table} more than once (${names}), so its rows would count twice. Keep one of these tables.`,
    path,
  );
}

/** Makes the reading of a table of a database. */
export async function storedReading(duck: Duck, path: string, table: StoredTable): Promise<Reading> {
  const columns = await readable(path, table, () =>
    duck.rows<{ column_name: string; column_type: string }>(`DESCRIBE SELECT * FROM ${table.sql}`, [path]),
  );
  const sql = (name: string, type: string) => (type === "BLOB" ? `decode(${quoted(name)})` : quoted(name));
  return new Reading(
    [path],
    `(SELECT *, ${literal(`${path}, table ${table.shown}`)} AS ${FILE} FROM ${table.sql})`,
    new Map(
      columns.map(({ column_name: name, column_type: type }) => [
        name.toLowerCase(),
        { sql: sql(name, type), type: type === "BLOB" ? "VARCHAR" : type },
      ]),
    ),
  );
}

/** A view is the user's code: if its query fails, that is an error in the source, not an internal error. */
async function readable<T>(path: string, { shown, view }: StoredTable, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(view && error instanceof MedsError && error.code === "MEDS_INTERNAL")) throw error;
    const why = error.message.replace(/^DuckDB: /, "").split("\n")[0]!;
    const message = `${path}: The view ${shown} cannot be read (${why}). Correct the view, or replace it with a table (CREATE TABLE … AS SELECT …).`;
    throw new MedsError("MEDS_SOURCE_DAMAGED", message, { path });
  }
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
