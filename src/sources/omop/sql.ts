// SQL that reads numbers, times and texts from columns of OMOP tables, from text in CSV or from any type in
// Parquet.
import { fail } from "../../support/errors.js";
import { literal, raise } from "./duck.js";

/** A column of a {@link Reading}. */
export interface SqlColumn {
  readonly sql: string;
  /** DuckDB's type. */
  readonly type: string;
  /** Several columns have this name, so it cannot be used. */
  readonly ambiguous?: boolean;
}

/** Files with the same columns, and the SQL that reads them. */
export class Reading {
  readonly paths: readonly string[];
  /** SQL of the rows. */
  readonly from: string;
  /** Columns by their names in lower case. */
  private readonly columns: ReadonlyMap<string, SqlColumn>;

  constructor(paths: readonly string[], from: string, columns: ReadonlyMap<string, SqlColumn>) {
    this.paths = paths;
    this.from = from;
    this.columns = columns;
  }

  /** Whether there is a column; fails if two columns have the name. */
  has(name: string): boolean {
    return this.column(name) !== undefined;
  }

  /** The columns and their types. */
  get list(): { readonly name: string; readonly type: string }[] {
    return [...this.columns].map(([name, { type }]) => ({ name, type: type.toLowerCase() }));
  }

  /** The first of these columns that exists. */
  first(...names: readonly (string | undefined)[]): string | undefined {
    return names.find((name) => name !== undefined && this.has(name));
  }

  /** The first of these columns that exists; fails if there is none. */
  need(...names: readonly (string | undefined)[]): string {
    const found = this.first(...names);
    if (found !== undefined) return found;
    const [path] = this.paths;
    const wanted = names.filter((name) => name !== undefined).join(" or ");
    fail(
      "MEDS_MISSING_COLUMN",
      `${path}: There is no column ${wanted}. The columns are ${[...this.columns.keys()].join(", ")}. Add or rename the column.`,
      path,
    );
  }

  private column(name: string | undefined): SqlColumn | undefined {
    const column = name === undefined ? undefined : this.columns.get(name);
    const [path] = this.paths;
    if (column?.ambiguous === true)
      fail(
        "MEDS_SCHEMA_CONFLICT",
        `${path}: Two columns have the name ${name} (upper and lower case count as equal). Rename or remove one of them.`,
        path,
      );
    return column;
  }

  /** A column whose values are read. */
  private values(name: string | undefined): SqlColumn | undefined {
    const column = this.column(name);
    const [path] = this.paths;
    if (column?.type === WIDE)
      fail(
        "MEDS_COLUMN_TYPE",
        `${path}: Column ${name} has decimals with more than 38 digits, which cannot be read. Write the column as float64.`,
        path,
      );
    return column;
  }

  /** Text; null if there is no such column. */
  text(name: string | undefined): string {
    const column = this.values(name);
    if (column === undefined) return "NULL::VARCHAR";
    return textOf(column);
  }

  /**
   * A whole number; null if there is no such column. 123.0 is a whole number too: some exports write it if a
   * column has nulls.
   */
  integer(name: string | undefined): string {
    const column = this.values(name);
    if (column === undefined) return "NULL::BIGINT";
    const { sql, type } = column;
    if (/^U?(TINY|SMALL|)INT(EGER)?$/.test(type) || type === "BIGINT") return `CAST(${sql} AS BIGINT)`;
    const text = textOf(column);
    const wrong = this.wrong(name!, text, "a whole number");
    if (type === "DOUBLE" || type === "FLOAT")
      return `CASE WHEN ${sql} IS NOT NULL THEN coalesce(CASE WHEN trunc(${sql}) = ${sql} THEN TRY_CAST(${sql} AS BIGINT) END, ${wrong}) END`;
    // DuckDB also accepts 15e-1, 0x10 and 1_000: a text that differs from its own notation is checked with a
    // pattern.
    const own = `CAST(TRY_CAST(${text} AS BIGINT) AS VARCHAR) = ${text}`;
    const whole = `TRY_CAST(CASE WHEN ${own} THEN ${text} ELSE regexp_extract(${text}, ${literal(WHOLE)}, 1) END AS BIGINT)`;
    return `CASE WHEN ${text} <> '' THEN coalesce(${whole}, ${wrong}) END`;
  }

  /** A time in microseconds. A date becomes its first moment or, as in meds_etl, its last second. */
  time(name: string, lastSecond: boolean): string {
    const column = this.values(name);
    if (column === undefined) return "NULL::TIMESTAMP";
    const { sql, type } = column;
    const end = "INTERVAL 86399 SECOND";
    const text = textOf(column);
    if (type === "DATE" || type.startsWith("TIMESTAMP")) {
      // In UTC if there is a time zone.
      const micros = type.includes("TIME ZONE") ? sql : `TRY_CAST(${sql} AS TIMESTAMP)`;
      const value = type === "DATE" ? `${micros}${lastSecond ? ` + ${end}` : ""}` : `make_timestamp(epoch_us(${sql}))`;
      const wrong = this.wrong(name, text, "a time between the years -290307 and 294246");
      return `CASE WHEN ${sql} IS NOT NULL THEN CASE WHEN isfinite(${micros}) THEN ${value} ELSE ${wrong} END END`;
    }
    const time = `TRY_CAST(${text} AS TIMESTAMP)`;
    const value = lastSecond ? `CASE WHEN contains(${text}, ':') THEN ${time} ELSE ${time} + ${end} END` : time;
    const wrong = this.wrong(name, text, "a date, or a time such as 2020-01-31 23:59:59 without a time zone or in UTC");
    return `CASE WHEN ${text} <> '' THEN coalesce(CASE WHEN regexp_full_match(${text}, ${literal(TIME)}) THEN ${value} END, ${wrong}) END`;
  }

  /** The first of some values that is not null. */
  static coalesce(values: readonly string[]): string {
    return values.length === 1 ? values[0]! : `coalesce(${values.join(", ")})`;
  }

  /** SQL of the words " of person ID" for messages; null if the id is not a number. */
  get whose(): string {
    return `' of person ' || TRY_CAST(${this.text("person_id")} AS BIGINT)`;
  }

  /** SQL that fails for a wrong value. */
  private wrong(name: string, text: string, wanted: string): string {
    const of = name === "person_id" ? [] : [this.whose];
    const before = [literal(`Column ${name}`), ...of, literal(" contains ")];
    return raise("MEDS_COLUMN_TYPE", FILE, before, text, `, which is not ${wanted}. Correct the value.`);
  }
}

const textOf = ({ sql, type }: SqlColumn) => (type === "VARCHAR" ? sql : `CAST(${sql} AS VARCHAR)`);

/** Decimals with more than 38 digits, which DuckDB 1.5 reads wrongly: 1.5 as 25165824. */
export const WIDE = "DECIMAL";
const WHOLE = "^\\s*([+-]?\\d+(?:[eE]\\+?\\d+)?)(?:\\.0*)?\\s*$";
const TIME = "\\d{4}-\\d{1,2}-\\d{1,2}([ T]\\d{1,2}:\\d{2}(:\\d{2}(\\.\\d+)?)?( ?(Z|UTC|\\+00(:?00)?))?)?";
/** The column with the file's name. The columns of the tables are named c0, c1 and so on. */
export const FILE = '"meds reader file"';
