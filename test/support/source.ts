// Reads a MEDS source with DuckDB, whose Parquet reader is independent of ours: the expected content of a
// store.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from "@duckdb/node-api";
import { duck } from "./dataset.js";

/** A patient of a source: columns of values, in the file's order of rows. */
export interface SourcePatient {
  readonly id: bigint;
  readonly columns: ReadonlyMap<string, unknown[]>;
}

/** The Parquet files below a folder's `data` in order of path, or the one file. */
export function parquetFiles(source: string): string[] {
  if (statSync(source).isFile()) return [source];
  const data = join(source, "data");
  const names = readdirSync(data, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".parquet"));
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).map((name) => join(data, name));
}

/**
 * Every patient of a source, in the order of files and rows. Times are bigint microseconds; other values are
 * as a reader returns them.
 */
export async function* sourcePatients(source: string): AsyncGenerator<SourcePatient> {
  const sql = await duck();
  for (const file of parquetFiles(source)) {
    const result = await sql.stream(`SELECT * FROM read_parquet('${file.replaceAll("'", "''")}')`);
    const names = result.columnNames();
    const place = names.indexOf("subject_id");
    let patient: SourcePatient | undefined;
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      const columns = names.map((_, i) => chunk.getColumnValues(i));
      for (let row = 0; row < chunk.rowCount; row += 1) {
        const id = columns[place]![row] as bigint;
        if (patient === undefined || patient.id !== id) {
          if (patient !== undefined) yield patient;
          patient = { id, columns: new Map(names.filter((name) => name !== "subject_id").map((name) => [name, []])) };
        }
        for (let c = 0; c < names.length; c += 1) {
          if (c !== place) patient.columns.get(names[c]!)!.push(plain(columns[c]![row]!, names[c] === "time"));
        }
      }
    }
    if (patient !== undefined) yield patient;
  }
}

/** DuckDB's value as ours. */
function plain(value: DuckDBValue, exact = false): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof DuckDBTimestampValue) return exact ? value.micros : Number(value.micros);
  if (value instanceof DuckDBDateValue) return value.days;
  if (value instanceof DuckDBDecimalValue) return value.toString();
  if (value instanceof DuckDBBlobValue) return value.bytes;
  if (value instanceof DuckDBListValue) return value.items.map((item) => plain(item));
  if (value instanceof DuckDBStructValue)
    return Object.fromEntries(Object.entries(value.entries).map(([key, inner]) => [key, plain(inner)]));
  if (value instanceof DuckDBMapValue) return value.entries.map(({ key, value: inner }) => [plain(key), plain(inner)]);
  throw new Error(`no rule for DuckDB's ${value.constructor.name}`);
}

/** The single row of a query, as an object of plain values. */
export async function one(query: string): Promise<Record<string, unknown>> {
  const reader = await (await duck()).runAndReadAll(query);
  return Object.fromEntries(Object.entries(reader.getRowObjects()[0]!).map(([name, value]) => [name, plain(value as DuckDBValue, true)]));
}

/** The splits of a source's subject_splits.parquet. */
export async function sourceSplits(source: string): Promise<Map<bigint, string>> {
  const reader = await (await duck()).runAndReadAll(
    `SELECT subject_id, split FROM read_parquet('${source}/metadata/subject_splits.parquet')`,
  );
  return new Map(reader.getRows().map(([id, split]) => [id as bigint, split as string]));
}
