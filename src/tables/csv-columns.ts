// Columns of CSV or TSV, in the form in which those of Parquet are read.
import { extname } from "node:path";
import { CsvTable } from "./csv.js";
import type { Column, Table, Wanted } from "./parquet.js";

/** The kinds of values that CSV has here. */
type CsvKind = "integer" | "time" | "boolean" | "float";
type CsvWanted = Readonly<Record<string, Wanted & { readonly kind: CsvKind }>>;

/** Is a file CSV or TSV, by its name? */
export const isCsv = (path: string): boolean => /^\.[ct]sv$/i.test(extname(path));

/** How the cells of a kind are read, and the array of a column without values. A null boolean is 255. */
const KINDS = {
  integer: { read: (table, row, name) => table.integer(row, name), array: (rows) => new BigInt64Array(rows) },
  time: { read: (table, row, name) => table.time(row, name), array: (rows) => new BigInt64Array(rows) },
  float: { read: (table, row, name) => table.number(row, name), array: (rows) => new Float64Array(rows) },
  boolean: {
    read: (table, row, name) => {
      const truth = table.truth(row, name);
      return truth === null ? null : Number(truth);
    },
    array: (rows) => new Uint8Array(rows).fill(255),
  },
} as const satisfies Record<
  CsvKind,
  {
    read(table: CsvTable, row: number, name: string): bigint | number | null;
    array(rows: number): BigInt64Array | Float64Array | Uint8Array;
  }
>;

/** Reads columns of a file. Error messages count rows from 0. */
export async function readCsvColumns<W extends CsvWanted>(path: string, wanted: W): Promise<Table<W>> {
  const table = await CsvTable.open(path);
  const columns = Object.entries(wanted).map(([name, { kind, required }]) => {
    const isRead = required === true || table.has(name);
    if (isRead) table.check(name);
    return [name, isRead ? columnOf(table, name, kind) : null] as const;
  });
  return { rows: table.size, columns: Object.fromEntries(columns) as Table<W>["columns"] };
}

function columnOf(table: CsvTable, name: string, kind: CsvKind): Column<CsvKind> {
  const { read, array } = KINDS[kind];
  const values = array(table.size);
  const valid = new Uint8Array(table.size);
  let nulls = 0;
  for (let row = 0; row < table.size; row += 1) {
    const value = read(table, row, name);
    if (value === null) nulls += 1;
    else [values[row], valid[row]] = [value, 1];
  }
  return { nulls, valid: nulls === 0 || kind === "boolean" ? null : valid, values, texts: [], offsets: null };
}
