// OMOP's columns as SQL: numbers, times and texts, whether a CSV holds them as text or a Parquet file in one of many types.
import { fail } from "../../support/errors.js";
import { literal, raise } from "./duck.js";

/** A column of a {@link Reading}. */
export interface SqlColumn {
  readonly sql: string;
  /** DuckDB's type. */
  readonly type: string;
  /** Several columns of the files have its name, so that none can be taken. */
  readonly ambiguous?: boolean;
}

/** Files with the same columns, and how to read them. */
export class Reading {
  readonly paths: readonly string[];
  /** SQL of the rows. */
  readonly from: string;
  /** Of each column, by its name in lower case. */
  private readonly columns: ReadonlyMap<string, SqlColumn>;

  constructor(paths: readonly string[], from: string, columns: ReadonlyMap<string, SqlColumn>) {
    this.paths = paths;
    this.from = from;
    this.columns = columns;
  }

  /** Is there a column; throws where there are two of its name. */
  has(name: string): boolean {
    return this.column(name) !== undefined;
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

  private column(name: string | undefined): SqlColumn | undefined {
    const column = name === undefined ? undefined : this.columns.get(name);
    const [path] = this.paths;
    if (column?.ambiguous === true)
      fail("MEDS_SCHEMA_CONFLICT", `${path}: two columns are called ${name} (capitals do not matter). Rename or remove one of them.`, path);
    return column;
  }

  /** A column for its values. */
  private values(name: string | undefined): SqlColumn | undefined {
    const column = this.column(name);
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
    const column = this.values(name);
    if (column === undefined) return "NULL::VARCHAR";
    return column.type === "VARCHAR" ? column.sql : `CAST(${column.sql} AS VARCHAR)`;
  }

  /** A whole number; null where there is no such column. Exports write 123 as 123.0 where a column has nulls: that is one too. */
  integer(name: string | undefined): string {
    const column = this.values(name);
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
    const column = this.values(name);
    if (column === undefined) return "NULL::TIMESTAMP";
    const { sql, type } = column;
    const end = "INTERVAL 86399 SECOND";
    const text = `CAST(${sql} AS VARCHAR)`;
    if (type === "DATE" || type.startsWith("TIMESTAMP")) {
      // By the clock of UTC where there is a zone.
      const micros = type.includes("TIME ZONE") ? sql : `TRY_CAST(${sql} AS TIMESTAMP)`;
      const value = type === "DATE" ? `${micros}${lastSecond ? ` + ${end}` : ""}` : `make_timestamp(epoch_us(${sql}))`;
      const wrong = this.wrong(name, text, "a time between the years -290307 and 294246");
      return `CASE WHEN ${sql} IS NULL THEN NULL WHEN ${micros} IS NULL OR NOT isfinite(${micros}) THEN ${wrong} ELSE ${value} END`;
    }
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
export const WIDE = "DECIMAL";
const WHOLE = "^\\s*([+-]?\\d+(?:[eE]\\+?\\d+)?)(?:\\.0*)?\\s*$";
const TIME = "\\d{4}-\\d{1,2}-\\d{1,2}([ T]\\d{1,2}:\\d{2}(:\\d{2}(\\.\\d+)?)?( ?(Z|UTC|\\+00(:?00)?))?)?";
/** The column of the file's name. Those of the tables are called c0, c1 and so on. */
export const FILE = '"meds reader file"';
