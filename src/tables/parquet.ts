// Small tables in Parquet: labels and splits. EHRSHOT's largest task has some 400,000 rows, so a library reads them.
import type { Compressors, SchemaTree } from "hyparquet";
import { refuseTables } from "../store/native.js";
import { fail, MedsError } from "../support/errors.js";
import { failIo, isSystemError } from "../support/io.js";
import { DAY } from "../support/time.js";
import { checkPages } from "./pages.js";

/** What a value of each kind is. Times are microseconds since 1970-01-01. */
interface Kinds {
  readonly integer: bigint;
  readonly time: bigint;
  readonly boolean: boolean;
  readonly float: number;
  readonly text: string;
}
type Kind = keyof Kinds;

/** A column that a table should have. */
export interface Wanted {
  readonly kind: Kind;
  /** Its Arrow type, as messages say it. */
  readonly type: string;
  readonly required?: true;
  /** What older files call it. */
  readonly older?: string;
}

/** A row: of each column its value, null where the file has none. */
export type Cells<W extends Readonly<Record<string, Wanted>>> = { readonly [C in keyof W]: Kinds[W[C]["kind"]] | null };

/** Rows read at once. */
const ROWS = 65_536;

/** Shows each row of a file in order. `what` says whose columns they are, for messages: "labels". */
export async function readParquet<W extends Readonly<Record<string, Wanted>>>(
  path: string,
  what: string,
  wanted: W,
  each: (row: number, cells: Cells<W>) => void,
): Promise<void> {
  refuseTables(path);
  try {
    // Here and not above: who reads no such table does not wait for it.
    const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import("hyparquet");
    const { compressors } = await import("hyparquet-compressors");
    // The library's LZ4 refuses what is nothing: the page of a column that is all null.
    const decompress = Object.entries(compressors).map(([codec, run]): [string, Compressors[keyof Compressors]] => [
      codec,
      (input, length) => (length === 0 ? new Uint8Array() : run(input, length)),
    ]);
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const columns = columnsOf(path, what, wanted, parquetSchema(metadata));
    const names = [...new Set(columns.map(({ name }) => name))];
    const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
    if (rows !== Number(metadata.num_rows)) throw new Error("its row groups have not the rows that it says it has");
    await checkPages(file, metadata, names);
    for (let rowStart = 0; rowStart < rows; rowStart += ROWS) {
      const rowEnd = Math.min(rows, rowStart + ROWS);
      const found = await parquetReadObjects({
        file,
        metadata,
        compressors: Object.fromEntries(decompress),
        parsers,
        columns: names,
        rowStart,
        rowEnd,
      });
      if (found.length !== rowEnd - rowStart) throw new Error("it ends before its last row");
      for (const [i, raw] of found.entries()) {
        const cells: Record<string, unknown> = {};
        for (const column in wanted) cells[column] = null;
        for (const { column, name, read } of columns) cells[column] = read(raw[name] ?? null, rowStart + i);
        each(rowStart + i, cells as Cells<W>);
      }
    }
  } catch (error) {
    if (error instanceof MedsError) throw error;
    if (isSystemError(error)) failIo(path, error);
    const found = `${path}: this is no sound Parquet file (${(error as Error).message}). Write it again, or take it out of the folder.`;
    throw new MedsError("MEDS_SOURCE_DAMAGED", found, { path, cause: error });
  }
}

/** Times stay what stands in the file, in microseconds: a Date would cut them. */
const parsers = {
  timestampFromMilliseconds: (millis: bigint) => BigInt(millis) * 1000n,
  timestampFromMicroseconds: (micros: bigint) => BigInt(micros),
  timestampFromNanoseconds: (nanos: bigint) => microsOf(nanos),
  dateFromDays: (days: number) => microsOfDays(days),
};

const microsOfDays = (days: number) => BigInt(days) * DAY;

/** The microsecond at or before: a time of prediction a fraction of a microsecond later admits no row more, because rows have whole ones. */
function microsOf(nanos: bigint): bigint {
  const micros = nanos / 1000n;
  return nanos < 0n && micros * 1000n !== nanos ? micros - 1n : micros;
}

type Read = { readonly column: string; readonly name: string; readonly read: (raw: unknown, row: number) => unknown };

/** The file's columns that are wanted, and how a value of each is read. */
function columnsOf(path: string, what: string, wanted: Readonly<Record<string, Wanted>>, schema: SchemaTree): Read[] {
  const fields = new Map(schema.children.map((child) => [child.element.name, child]));
  const found: Read[] = [];
  for (const [column, { kind, type, required, older }] of Object.entries(wanted)) {
    const field = fields.get(column) ?? (older === undefined ? undefined : fields.get(older));
    if (field === undefined) {
      if (!required) continue;
      const has = [...fields.keys()].map((name) => JSON.stringify(name)).join(", ");
      fail("MEDS_MISSING_COLUMN", `${path}: ${what} need a column "${column}" (${type}); the file has ${has || "none"}.`, path);
    }
    const { name } = field.element;
    found.push({ column, name, read: readerOf(path, what, kind, type, field) });
  }
  return found;
}

function readerOf(path: string, what: string, kind: Kind, type: string, field: SchemaTree): Read["read"] {
  const { element } = field;
  const { name } = element;
  if (kindOf(field) !== kind) {
    const own = element.logical_type?.type ?? element.converted_type ?? element.type ?? "a nested type";
    // A column that holds nothing but nulls may have any type: pandas writes such.
    return (raw) => {
      if (raw === null) return null;
      fail(
        "MEDS_COLUMN_TYPE",
        `${path}: its column "${name}" is of type ${own}; ${what} need ${type}. Cast it and write the file again.`,
        path,
      );
    };
  }
  if (kind !== "integer" && kind !== "time") return (raw) => raw;
  return (raw, row) => {
    if (raw === null) return null;
    // The library leaves a date as its days where a file says so in the newer way only.
    const exact = kind === "time" && typeof raw === "number" ? microsOfDays(raw) : BigInt(raw as bigint | number);
    if (BigInt.asIntN(64, exact) === exact) return exact;
    fail("MEDS_VALUE_RANGE", `${path}: row ${row}: ${exact} in "${name}" does not fit int64.`, path);
  };
}

function kindOf({ element, children }: SchemaTree): Kind | undefined {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (children.length > 0 || element.repetition_type === "REPEATED") return undefined;
  if (type === "BOOLEAN") return "boolean";
  if (type === "INT96" || logical?.type === "TIMESTAMP" || logical?.type === "DATE") return "time";
  if (converted === "TIMESTAMP_MILLIS" || converted === "TIMESTAMP_MICROS" || converted === "DATE") return "time";
  if (type === "BYTE_ARRAY" && (logical?.type === "STRING" || converted === "UTF8" || converted === "ENUM")) return "text";
  if (type === "FLOAT" || type === "DOUBLE") return "float";
  const plain = logical === undefined || logical.type === "INTEGER";
  const whole = converted === undefined || /^U?INT_\d+$/.test(converted);
  return (type === "INT32" || type === "INT64") && plain && whole ? "integer" : undefined;
}

/** A row that lacks what it must have. */
export function failNull(path: string, row: number, column: string, remedy: string): never {
  fail("MEDS_NULL_VALUE", `${path}: row ${row} has no ${column}. ${remedy}`, path);
}
