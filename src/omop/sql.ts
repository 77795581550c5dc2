// OMOP's columns as SQL: numbers, times and texts, whether a CSV holds them as text or a Parquet file in one of many types.
import { fail } from "../errors.js";
import type { WorkOptions } from "../native.js";
import { type Duck, literal, raise } from "./duck.js";
import { readHeader, type TableFiles } from "./files.js";

/** Files with the same columns, and how to read them. */
export class Reading {
  readonly paths: readonly string[];
  /** SQL of the rows. */
  readonly from: string;
  /** Of each column, by its name in lower case: SQL, and DuckDB's type. */
  private readonly columns: ReadonlyMap<string, { readonly sql: string; readonly type: string }>;

  constructor(paths: readonly string[], from: string, columns: ReadonlyMap<string, { readonly sql: string; readonly type: string }>) {
    this.paths = paths;
    this.from = from;
    this.columns = columns;
  }

  has(name: string): boolean {
    return this.columns.has(name);
  }

  /** The columns and their types. */
  get list(): { readonly name: string; readonly type: string }[] {
    return [...this.columns].map(([name, { type }]) => ({ name, type: type.toLowerCase() }));
  }

  /** The first of these columns that is there. */
  first(...names: readonly (string | undefined)[]): string | undefined {
    return names.find((name) => name !== undefined && this.has(name));
  }

  /** The first of these columns that is there; throws where none is. */
  need(...names: readonly (string | undefined)[]): string {
    const found = this.first(...names);
    if (found !== undefined) return found;
    const [path] = this.paths;
    const wanted = names.filter((name) => name !== undefined).join(" or ");
    fail("MEDS_MISSING_COLUMN", `${path}: there is no column ${wanted}. The columns are ${[...this.columns.keys()].join(", ")}.`, path);
  }

  private column(name: string | undefined): { readonly sql: string; readonly type: string } | undefined {
    const column = this.columns.get(name ?? "");
    const [path] = this.paths;
    if (column?.type === WIDE)
      fail(
        "MEDS_COLUMN_TYPE",
        `${path}: column ${name} has decimals of more than 38 digits, which cannot be read. Write it as doubles.`,
        path,
      );
    return column;
  }

  /** Text; null where there is no such column. */
  text(name: string | undefined): string {
    const column = this.column(name);
    if (column === undefined) return "NULL::VARCHAR";
    return column.type === "VARCHAR" ? column.sql : `CAST(${column.sql} AS VARCHAR)`;
  }

  /** A whole number; null where there is no such column. Exports write 123 as 123.0 where a column has nulls: that is one too. */
  integer(name: string | undefined): string {
    const column = this.column(name);
    if (column === undefined) return "NULL::BIGINT";
    const { sql, type } = column;
    if (/^U?(TINY|SMALL|)INT(EGER)?$/.test(type) || type === "BIGINT") return `CAST(${sql} AS BIGINT)`;
    const text = `CAST(${sql} AS VARCHAR)`;
    const wrong = this.wrong(name!, text, "a whole number");
    if (type === "DOUBLE" || type === "FLOAT")
      return `CASE WHEN ${sql} IS NULL THEN NULL WHEN trunc(${sql}) = ${sql} AND TRY_CAST(${sql} AS BIGINT) IS NOT NULL THEN TRY_CAST(${sql} AS BIGINT) ELSE ${wrong} END`;
    const cast = `TRY_CAST(${text} AS BIGINT)`;
    // DuckDB takes 15e-1, 0x10 and 1_000 for whole numbers too: what is not written as it writes them itself is looked at.
    const whole = `CASE WHEN CAST(${cast} AS VARCHAR) = ${text} THEN ${cast} ELSE TRY_CAST(regexp_extract(${text}, ${literal(WHOLE)}, 1) AS BIGINT) END`;
    return `CASE WHEN ${sql} IS NULL OR ${text} = '' THEN NULL WHEN ${whole} IS NULL THEN ${wrong} ELSE ${whole} END`;
  }

  /** A time in microseconds; of a date its first moment, or, as meds_etl has it, its last second. */
  time(name: string, lastSecond: boolean): string {
    const column = this.column(name);
    if (column === undefined) return "NULL::TIMESTAMP";
    const { sql, type } = column;
    const end = "INTERVAL 86399 SECOND";
    if (type === "DATE") return lastSecond ? `(CAST(${sql} AS TIMESTAMP) + ${end})` : `CAST(${sql} AS TIMESTAMP)`;
    // By the clock of UTC where there is a zone.
    if (type.startsWith("TIMESTAMP")) return `make_timestamp(epoch_us(${sql}))`;
    const text = `CAST(${sql} AS VARCHAR)`;
    const time = `TRY_CAST(${text} AS TIMESTAMP)`;
    const known = `regexp_full_match(${text}, ${literal(TIME)}) AND ${time} IS NOT NULL`;
    const value = lastSecond ? `CASE WHEN contains(${text}, ':') THEN ${time} ELSE ${time} + ${end} END` : time;
    const wanted = "a time such as 2020-01-31 23:59:59, of no zone or of UTC, or a date";
    return `CASE WHEN ${sql} IS NULL OR ${text} = '' THEN NULL WHEN ${known} THEN ${value} ELSE ${this.wrong(name, text, wanted)} END`;
  }

  /** The first of some values that is not null. */
  static coalesce(values: readonly string[]): string {
    return values.length === 1 ? values[0]! : `coalesce(${values.join(", ")})`;
  }

  /** Of which person a row is, as SQL of words for messages. */
  get whose(): string {
    return `coalesce(' of person ' || TRY_CAST(${this.text("person_id")} AS BIGINT), '')`;
  }

  /** Of a value only what looks like a number or a time is shown: a text may be a patient's that stands in the wrong column. */
  private wrong(name: string, text: string, wanted: string): string {
    const held = `CASE WHEN regexp_full_match(${text}, '[-+.,:/0-9TZeE ]{1,40}') THEN '"' || ${text} || '"' ELSE 'a text' END`;
    const message = `${literal(`column ${name}`)} || ${name === "person_id" ? "''" : this.whose} || ' holds ' || ${held} || ${literal(`, which is not ${wanted}. Correct it.`)}`;
    return raise("MEDS_COLUMN_TYPE", FILE, message);
  }
}

/** Decimals of more than 38 digits, which DuckDB 1.5 reads wrong: 1.5 as 25165824. */
const WIDE = "DECIMAL";
const WHOLE = "^\\s*([+-]?\\d+(?:[eE]\\+?\\d+)?)(?:\\.0*)?\\s*$";
const TIME = "\\d{4}-\\d{1,2}-\\d{1,2}([ T]\\d{1,2}:\\d{2}(:\\d{2}(\\.\\d+)?)?( ?(Z|UTC|\\+00(:?00)?))?)?";
/** The column of the file's name, which no table has. */
export const FILE = '"meds reader file"';

/** The files of a table, those with the same columns together. */
export async function readings(duck: Duck, { paths, parquet }: TableFiles, signal: WorkOptions["signal"]): Promise<Reading[]> {
  const groups = new Map<string, { paths: string[]; names: readonly string[]; make: (paths: readonly string[]) => Reading }>();
  for (const path of paths) {
    const { key, names, make } = parquet ? await ofParquet(duck, path) : await ofCsv(path, signal);
    const lower = names.map((name) => name.toLowerCase());
    // Columns without a name, which nobody asks for, may be many.
    const twice = lower.find((name, i) => name !== "" && lower.indexOf(name) !== i);
    if (twice !== undefined) fail("MEDS_SCHEMA_CONFLICT", `${path}: two columns are called ${twice}. Rename one.`, path);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { paths: [path], names, make });
    else group.paths.push(path);
  }
  return [...groups.values()].map((group) => group.make(group.paths));
}

const list = (paths: readonly string[]) => `[${paths.map(literal).join(", ")}]`;

/** Bytes that DuckDB reads of a CSV at once, on each thread; 32 MB of its own accord. A row must fit. */
const BUFFER = 8_000_000;

async function ofCsv(path: string, signal: WorkOptions["signal"]) {
  const { delimiter, names } = await readHeader(path, signal);
  // By position, and all as text: DuckDB guesses nothing.
  const types = names.map((_, i) => `'c${i}': 'VARCHAR'`).join(", ");
  const quote = delimiter === "," ? '"' : "";
  const options = `auto_detect=false, header=true, delim=${literal(delimiter)}, quote='${quote}', escape='${quote}', columns={${types}}, buffer_size=${BUFFER}`;
  const make = (paths: readonly string[]) =>
    new Reading(
      paths,
      `(SELECT *, filename AS ${FILE} FROM read_csv(${list(paths)}, ${options}, strict_mode=true, filename=true))`,
      new Map(names.map((name, i) => [name.toLowerCase(), { sql: `c${i}`, type: "VARCHAR" }])),
    );
  return { key: JSON.stringify([delimiter, names.map((name) => name.toLowerCase())]), names, make };
}

async function ofParquet(duck: Duck, path: string) {
  const columns = await duck.rows<{ column_name: string; column_type: string }>(
    `DESCRIBE SELECT * FROM read_parquet(${literal(path)}, binary_as_string=true)`,
    [path],
  );
  const wide = await duck.rows<{ name: string }>(`SELECT name FROM parquet_schema(${literal(path)}) WHERE precision > 38`, [path]);
  for (const column of columns) if (wide.some(({ name }) => name === column.column_name)) column.column_type = WIDE;
  const names = columns.map(({ column_name }) => column_name);
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
  const make = (paths: readonly string[]) =>
    new Reading(
      paths,
      `(SELECT * EXCLUDE (filename), filename AS ${FILE} FROM read_parquet(${list(paths)}, binary_as_string=true, filename=true))`,
      new Map(columns.map(({ column_name: name, column_type: type }) => [name.toLowerCase(), { sql: quoted(name), type }])),
    );
  return { key: JSON.stringify(columns), names, make };
}
