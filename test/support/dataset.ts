// A MEDS dataset in memory, and its Parquet files by other writers than ours.
import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { type DuckDBConnection, DuckDBDataChunk, DuckDBInstance, type DuckDBValue } from "@duckdb/node-api";
import type { SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { FileType, Raw } from "./families.js";
import { place } from "./folder.js";
import { runPython, tagged } from "./python.js";

/** A column of a file, one value per row. */
export interface FileColumn {
  readonly name: string;
  readonly type: FileType;
  readonly values: readonly (Raw | null)[];
}

/** A Parquet file; all its columns are of one writer. */
export interface TableFile {
  /** Relative to the dataset's `data` folder. */
  readonly name: string;
  readonly columns: readonly FileColumn[];
  /** Rows per row group; DuckDB writes at least 2048. */
  readonly rowGroup?: number;
  readonly compression?: "none" | "snappy" | "gzip" | "zstd";
  /** pyarrow only. */
  readonly dictionary?: boolean;
  readonly pageVersion?: "1.0" | "2.0";
}

let connection: Promise<DuckDBConnection> | undefined;

/** One DuckDB in memory for a test file. */
export function duck(): Promise<DuckDBConnection> {
  connection ??= DuckDBInstance.create(":memory:", { threads: "1" }).then((instance) => instance.connect());
  return connection;
}

/** Writes a dataset's files below `folder/data`. */
export async function writeFiles(folder: string, files: readonly TableFile[]): Promise<void> {
  const python: unknown[] = [];
  for (const file of files) {
    const path = place(folder, "data", file.name);
    const writer = file.columns[0]!.type.writer;
    if (writer === "duckdb") await writeDuck(path, file);
    else if (writer === "hyparquet") writeFileSync(path, hyparquetBytes(file));
    else python.push(pythonRequest(path, file));
  }
  if (python.length > 0) runPython(python);
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

async function writeDuck(path: string, file: TableFile): Promise<void> {
  const sql = await duck();
  const columns = file.columns.map(({ name, type }) => `${quoted(name)} ${type.type as string}`);
  await sql.run(`CREATE OR REPLACE TABLE t (${columns.join(", ")})`);
  const appender = await sql.createAppender("t");
  const types = file.columns.map((_, i) => appender.columnType(i));
  const rows = file.columns[0]!.values.length;
  for (let begin = 0; begin < rows; begin += 2048) {
    const count = Math.min(2048, rows - begin);
    const chunk = DuckDBDataChunk.create(types, count);
    chunk.setColumns(
      file.columns.map(({ type, values }) =>
        values.slice(begin, begin + count).map((raw) => (raw === null ? null : (type.encode(raw) as DuckDBValue))),
      ),
    );
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  const compression = file.compression === "none" ? "uncompressed" : (file.compression ?? "snappy");
  await sql.run(
    `COPY t TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION ${compression}, ROW_GROUP_SIZE ${Math.max(2048, file.rowGroup ?? 2048)})`,
  );
}

/** A Parquet file by hyparquet-writer. */
export function hyparquetBytes(file: TableFile): Uint8Array {
  const schema: SchemaElement[] = [
    { name: "root", num_children: file.columns.length },
    ...file.columns.map(({ name, type }) => ({ repetition_type: "OPTIONAL" as const, ...(type.type as object), name })),
  ];
  const codec = ({ none: "UNCOMPRESSED", snappy: "SNAPPY", gzip: "GZIP", zstd: "SNAPPY" } as const)[file.compression ?? "snappy"];
  const buffer = parquetWriteBuffer({
    columnData: file.columns.map(({ name, type, values }) => ({
      name,
      data: values.map((raw) => (raw === null ? null : type.encode(raw))),
    })),
    schema,
    codec,
    ...(codec === "GZIP" ? { compressors: { GZIP: (input: Uint8Array) => gzipSync(input) } } : {}),
    rowGroupSize: file.rowGroup ?? 1000,
  });
  return new Uint8Array(buffer);
}

function pythonRequest(path: string, file: TableFile): object {
  return {
    path,
    rowGroup: file.rowGroup ?? 1000,
    compression: file.compression ?? "snappy",
    dictionary: file.dictionary ?? true,
    pageVersion: file.pageVersion ?? "1.0",
    columns: file.columns.map(({ name, type, values }) => ({
      name,
      type: type.type,
      values: values.map((raw) => (raw === null ? null : tagged(type.encode(raw)))),
    })),
  };
}

/** Writes a JSON file of the metadata folder. */
export function writeJson(folder: string, name: string, value: unknown): void {
  writeFileSync(place(folder, "metadata", name), JSON.stringify(value));
}

const STRING = { type: "BYTE_ARRAY", converted_type: "UTF8" } as const;
const as = (raw: Raw) => raw;
const hyparquet = (type: Omit<SchemaElement, "name">): FileType => ({ writer: "hyparquet", type, encode: as });

/** The columns of MEDS and types that hand-made tests often need, for hyparquet-writer. */
export const simple = {
  id: hyparquet({ type: "INT64" }),
  time: hyparquet({ type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "MICROS" } }),
  text: hyparquet(STRING),
  float: hyparquet({ type: "FLOAT" }),
  double: hyparquet({ type: "DOUBLE" }),
  int: hyparquet({ type: "INT32" }),
  bool: hyparquet({ type: "BOOLEAN" }),
};

/** A row of a hand-made table: subject, time in microseconds (null = static), code, value. */
export type SimpleRow = readonly [id: bigint, time: bigint | null, code: string | null, value?: number | null];

/** A file with the four MEDS columns of some rows. */
export function simpleFile(
  name: string,
  rows: readonly SimpleRow[],
  extra: Partial<TableFile> = {},
  more: readonly FileColumn[] = [],
): TableFile {
  return {
    name,
    ...extra,
    columns: [
      { name: "subject_id", type: simple.id, values: rows.map(([id]) => id) },
      { name: "time", type: simple.time, values: rows.map(([, time]) => time) },
      { name: "code", type: simple.text, values: rows.map(([, , code]) => code) },
      { name: "numeric_value", type: simple.float, values: rows.map(([, , , value]) => value ?? null) },
      ...more,
    ],
  };
}

/** Writes `metadata/subject_splits.parquet`. */
export function writeSplits(folder: string, splits: ReadonlyMap<bigint, string>): void {
  const columns = [
    { name: "subject_id", type: simple.id, values: [...splits.keys()] },
    { name: "split", type: simple.text, values: [...splits.values()] },
  ];
  writeFileSync(place(folder, "metadata", "subject_splits.parquet"), hyparquetBytes({ name: "", columns }));
}

/** Writes a dataset of hand-made rows as one file and returns its folder. */
export async function writeSimple(
  folder: string,
  rows: readonly SimpleRow[],
  extra: Partial<TableFile> = {},
  more: readonly FileColumn[] = [],
): Promise<string> {
  await writeFiles(folder, [simpleFile("0.parquet", rows, extra, more)]);
  return folder;
}
