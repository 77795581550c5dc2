// Small tables in Parquet: labels, splits, lists of subjects and the parents of codes. They are read as whole
// columns.
import { readTable, refuseTables } from "../store/native.js";
import { fail } from "../support/errors.js";

/** The values of a column, by what they must be. */
interface Arrays {
  readonly integer: BigInt64Array;
  /** Microseconds since 1970-01-01. */
  readonly time: BigInt64Array;
  /** 0, 1, or 255 for null. */
  readonly boolean: Uint8Array;
  readonly float: Float64Array;
  /** Indexes into `texts`, -1 for null. */
  readonly text: Int32Array;
  /** As `text`, of a column of any single values. */
  readonly anyText: Int32Array;
  /** Indexes into `texts`: those of each row between two `offsets`. */
  readonly lists: Int32Array;
  /** Those of each row between two `offsets`; NaN for null. */
  readonly numbers: Float64Array;
}
type Kind = keyof Arrays;

/** A column that a table should have. */
export interface Wanted {
  readonly kind: Kind;
  readonly required?: true;
  /** Its name in older files. */
  readonly older?: string;
}

/** A column of a table. */
export interface Column<K extends Kind> {
  /** Rows without a value. */
  readonly nulls: number;
  /**
   * 1 for each row that has a value; null where all rows have one, and for values that say null themselves.
   */
  readonly valid: Uint8Array | null;
  /** What is in a null's place means nothing. */
  readonly values: Arrays[K];
  /** The texts, in the order in which they first occur. */
  readonly texts: readonly string[];
  readonly offsets: Int32Array | null;
}

/**
 * The wanted columns of a file; null for one that the file does not have, or that has no value and another
 * type.
 */
export interface Table<W extends Readonly<Record<string, Wanted>>> {
  readonly rows: number;
  readonly columns: { readonly [C in keyof W]: Column<W[C]["kind"]> | null };
}

/** Reads columns of a file of the user's, which must not belong to a table of Delta, Iceberg or the like. */
export async function readParquet<W extends Readonly<Record<string, Wanted>>>(path: string, what: string, wanted: W): Promise<Table<W>> {
  refuseTables(path);
  return readColumns(path, what, wanted);
}

/** Reads columns of a file. `what` says whose columns they are, for messages: "labels". */
export async function readColumns<W extends Readonly<Record<string, Wanted>>>(path: string, what: string, wanted: W): Promise<Table<W>> {
  const names = Object.keys(wanted);
  const { rows, columns } = await readTable(
    path,
    what,
    Object.entries(wanted).map(([name, { kind, required = false, older = null }]) => ({ name, older, kind, required })),
  );
  return { rows, columns: Object.fromEntries(names.map((name, i) => [name, columns[i]])) as Table<W>["columns"] };
}

/** The values of a column in which every row must have one. `remedy` says what to do about a row without. */
export function filled(path: string, rows: number, name: string, column: Column<"integer" | "time"> | null, remedy: string): BigInt64Array {
  if (column === null) return rows === 0 ? new BigInt64Array() : failNull(path, 0, name, remedy);
  if (column.nulls > 0) failNull(path, column.valid?.indexOf(0) ?? 0, name, remedy);
  return column.values;
}

/** Throws for a row without a value that it must have. */
export function failNull(path: string, row: number, column: string, remedy: string): never {
  fail("MEDS_NULL_VALUE", `${path}: row ${row} has no ${column}. ${remedy}`, path);
}
