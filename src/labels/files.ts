// Label tables in Parquet files. They are small (EHRSHOT's largest task has some 400,000 rows), so a library reads them.
import { readdirSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import type { FileMetaData, SchemaTree } from "hyparquet";
import { fail, MedsError } from "../errors.js";
import { LabelBuilder, type LabelColumn, type LabelTable, type LabelValues } from "./labels.js";

/** The Parquet files of a task, and their rows. */
export async function readLabelFiles(path: string): Promise<{ name: string; table: LabelTable }> {
  const builder = new LabelBuilder();
  for (const file of filesOf(path)) await readFile(file, builder);
  return { name: basename(path).replace(/\.parquet$/, ""), table: builder.finish() };
}

/** A file, or the Parquet files below a folder in order of their paths' bytes; names that begin with a dot or `_` are no data. */
function filesOf(path: string): string[] {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") fail("MEDS_NOT_FOUND", `${path}: there is no such file or folder of labels.`, path);
    throw new MedsError("MEDS_IO", `${path}: ${(error as Error).message}`, { path, cause: error });
  }
  if (!isFolder) return [path];
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith(".parquet") && !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) =>
      relative(path, file)
        .split(/[\\/]/)
        .every((part) => !/^[._]/.test(part)),
    );
  if (files.length === 0)
    fail(
      "MEDS_NO_DATA",
      `${path}: there is no .parquet file in this folder or below it. Give the folder of a task, or one of its files.`,
      path,
    );
  return files.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Rows read at once. */
const ROWS = 65_536;

async function readFile(path: string, builder: LabelBuilder): Promise<void> {
  try {
    // Here and not above: who reads no labels does not wait for it.
    const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import("hyparquet");
    const { compressors } = await import("hyparquet-compressors");
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const columns = columnsOf(path, metadata, parquetSchema(metadata));
    const names = [...new Set([...columns.values()].map(({ name }) => name))];
    const rows = Number(metadata.num_rows);
    for (let rowStart = 0; rowStart < rows; rowStart += ROWS) {
      const rowEnd = Math.min(rows, rowStart + ROWS);
      const found = await parquetReadObjects({ file, metadata, compressors, parsers, columns: names, rowStart, rowEnd });
      for (const [i, row] of found.entries()) addRow(path, rowStart + i, row, columns, builder);
    }
  } catch (error) {
    if (error instanceof MedsError) throw error;
    const { message, code } = error as NodeJS.ErrnoException;
    if (typeof code === "string") throw new MedsError("MEDS_IO", `${path}: ${message}`, { path, cause: error });
    const found = `${path}: this is no sound Parquet file (${message}). Write it again, or take it out of the folder.`;
    throw new MedsError("MEDS_SOURCE_DAMAGED", found, { path, cause: error });
  }
}

/** Times stay what stands in the file, in microseconds: a Date would cut them. */
const parsers = {
  timestampFromMilliseconds: (millis: bigint) => BigInt(millis) * 1000n,
  timestampFromMicroseconds: (micros: bigint) => BigInt(micros),
  timestampFromNanoseconds: (nanos: bigint) => new Nanoseconds(nanos),
  dateFromDays: (days: number) => BigInt(days) * 86_400_000_000n,
};

/** A time that may have a remainder below a microsecond. */
class Nanoseconds {
  constructor(readonly nanos: bigint) {}
}

type Read = { readonly name: string; readonly kind: Kind };
type Kind = "integer" | "time" | "boolean" | "float" | "text";
type Column = "subject_id" | "prediction_time" | LabelColumn;

const WANTED: Readonly<Record<Column, { readonly kinds: readonly Kind[]; readonly text: string; readonly older?: string }>> = {
  subject_id: { kinds: ["integer"], text: "int64", older: "patient_id" },
  prediction_time: { kinds: ["time"], text: "timestamp[us]" },
  boolean_value: { kinds: ["boolean"], text: "bool" },
  integer_value: { kinds: ["integer"], text: "int64" },
  float_value: { kinds: ["float"], text: "float32" },
  categorical_value: { kinds: ["text"], text: "string" },
  is_censored: { kinds: ["boolean"], text: "bool" },
};

/** The file's columns that labels have, and the kinds of their values. */
function columnsOf(path: string, metadata: FileMetaData, schema: SchemaTree): Map<Column, Read> {
  const fields = new Map(schema.children.map((child) => [child.element.name, child]));
  const found = new Map<Column, Read>();
  for (const [column, { kinds, text, older }] of Object.entries(WANTED) as [Column, (typeof WANTED)[Column]][]) {
    const field = fields.get(column) ?? (older === undefined ? undefined : fields.get(older));
    if (field === undefined) {
      if (column !== "subject_id" && column !== "prediction_time") continue;
      const has = [...fields.keys()].map((name) => JSON.stringify(name)).join(", ");
      fail("MEDS_MISSING_COLUMN", `${path}: labels need a column "${column}" (${text}); the file has ${has || "none"}.`, path);
    }
    const kind = kindOf(field);
    // A column that holds nothing but nulls may have any type: pandas writes such.
    if (kind !== undefined && kinds.includes(kind)) found.set(column, { name: field.element.name, kind });
    else if (!isAllNull(metadata, field.element.name)) {
      const type = field.element.logical_type?.type ?? field.element.converted_type ?? field.element.type ?? "a nested type";
      fail(
        "MEDS_COLUMN_TYPE",
        `${path}: its column "${field.element.name}" is of type ${type}; labels need ${text}. Cast it and write the file again.`,
        path,
      );
    } else if (column === "subject_id" || column === "prediction_time") {
      if (Number(metadata.num_rows) > 0) failNull(path, 0, column);
      found.set(column, { name: field.element.name, kind: kinds[0]! });
    }
  }
  return found;
}

function kindOf({ element, children }: SchemaTree): Kind | undefined {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (children.length > 0 || element.repetition_type === "REPEATED") return undefined;
  if (type === "BOOLEAN") return "boolean";
  if (type === "INT96" || logical?.type === "TIMESTAMP" || logical?.type === "DATE") return "time";
  if (converted === "TIMESTAMP_MILLIS" || converted === "TIMESTAMP_MICROS" || converted === "DATE") return "time";
  if (type === "BYTE_ARRAY" && (logical?.type === "STRING" || converted === "UTF8" || converted === "ENUM")) return "text";
  if (type === "FLOAT" || type === "DOUBLE") return "float";
  const plain = logical === undefined || logical.type === "INTEGER" || logical.type === "NULL";
  const whole = converted === undefined || /^U?INT_\d+$/.test(converted);
  if ((type === "INT32" || type === "INT64") && plain && whole) return logical?.type === "NULL" ? undefined : "integer";
  return undefined;
}

/** Does every row group say that a column holds nothing but nulls. */
function isAllNull({ row_groups: groups }: FileMetaData, name: string): boolean {
  return groups.every(({ columns, num_rows: rows }) => {
    const own = columns.filter(({ meta_data: meta }) => meta?.path_in_schema[0] === name);
    return own.length > 0 && own.every(({ meta_data: meta }) => meta?.statistics?.null_count === rows);
  });
}

function addRow(path: string, row: number, values: Record<string, unknown>, columns: Map<Column, Read>, builder: LabelBuilder): void {
  const raw = (column: Column): unknown => {
    const read = columns.get(column);
    return read === undefined ? null : (values[read.name] ?? null);
  };
  const whole = (column: Column): bigint | null => {
    const value = raw(column);
    if (value === null) return null;
    const exact = BigInt(value as bigint | number);
    if (BigInt.asIntN(64, exact) !== exact)
      fail("MEDS_VALUE_RANGE", `${path}: row ${row}: ${exact} in "${column}" does not fit int64.`, path);
    return exact;
  };
  const subject = whole("subject_id") ?? failNull(path, row, "subject_id");
  const time = raw("prediction_time") ?? failNull(path, row, "prediction_time");
  const found: LabelValues = {
    boolean_value: raw("boolean_value") as boolean | null,
    integer_value: whole("integer_value"),
    float_value: raw("float_value") as number | null,
    categorical_value: raw("categorical_value") as string | null,
    is_censored: raw("is_censored") as boolean | null,
  };
  builder.add(subject, microsOf(time as bigint | Nanoseconds), found);
}

/** A time of prediction a fraction of a microsecond later admits no row more: rows have whole microseconds. */
function microsOf(time: bigint | Nanoseconds): bigint {
  if (typeof time === "bigint") return time;
  const { nanos } = time;
  const micros = nanos / 1000n;
  return nanos < 0n && micros * 1000n !== nanos ? micros - 1n : micros;
}

function failNull(path: string, row: number, column: string): never {
  fail(
    "MEDS_NULL_VALUE",
    `${path}: row ${row} has no ${column}. Each label needs a subject and a time of prediction; leave such rows out.`,
    path,
  );
}
