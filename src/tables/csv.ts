// Small tables in CSV, as EHRSHOT, INSPECT and FEMR publish them.
import { type Buffer, isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { fail, MedsError, type MedsErrorCode } from "../support/errors.js";
import { withIo } from "../support/io.js";

/** What pandas and R write where a value is missing. */
const MISSING = /^\s*(nat|nan|none|null|na|n\/a|<na>)?\s*$/i;

/**
 * A table with a header, read cell by cell. An empty cell is null. Row 0 is the first row below the header.
 */
export class CsvTable {
  readonly header: readonly string[];
  readonly size: number;
  private readonly rows: readonly (readonly string[])[];

  private constructor(
    readonly path: string,
    lines: readonly (readonly string[])[],
  ) {
    this.header = (lines[0] ?? []).map((name) => name.trim());
    this.rows = lines.slice(1);
    this.size = this.rows.length;
  }

  /** Reads a whole file. Cells of `.tsv` are separated by tabs. */
  static async open(path: string): Promise<CsvTable> {
    const bytes = withIo(path, () => readFileSync(path));
    if (!isUtf8(bytes) && !isUtf16(bytes))
      fail("MEDS_SOURCE_DAMAGED", `${path}: this file is not UTF-8. Convert it, for example with: iconv -f LATIN1 -t UTF-8`, path);
    // Imported here, because most programs do not read CSV and must not wait for it.
    const { parse } = await import("csv-parse/sync");
    try {
      const delimiter = extname(path).toLowerCase() === ".tsv" ? "\t" : ",";
      return new CsvTable(path, parse(bytes, { bom: true, delimiter, skip_empty_lines: true }) as string[][]);
    } catch (error) {
      const found = `${path}: this file cannot be read as CSV (${(error as Error).message}). Correct the file, or write it again.`;
      throw new MedsError("MEDS_SOURCE_DAMAGED", found, { path, cause: error });
    }
  }

  has(...columns: readonly string[]): boolean {
    return columns.every((column) => this.header.includes(column));
  }

  text(row: number, column: string): string | null {
    return this.rows[row]![this.at(column)] || null;
  }

  /**
   * int64; also in the form in which pandas writes whole numbers in a column with missing values (`3.0`). Null for a cell
   * that says that it is missing.
   */
  integer(row: number, column: string): bigint | null {
    const text = this.text(row, column);
    if (text === null || MISSING.test(text)) return null;
    const digits = /^\s*([+-]?\d+)(?:\.0*)?\s*$/.exec(text)?.[1];
    if (digits === undefined) this.failCell("MEDS_COLUMN_TYPE", row, column, "a whole number");
    const exact = BigInt(digits.replace("+", ""));
    return BigInt.asIntN(64, exact) === exact ? exact : this.failCell("MEDS_VALUE_RANGE", row, column, "a number that fits int64");
  }

  number(row: number, column: string): number | null {
    const text = this.text(row, column);
    if (text === null) return null;
    if (/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)) return Number(text);
    if (/^\s*nan\s*$/i.test(text)) return Number.NaN;
    const infinite = /^\s*([+-]?)inf(?:inity)?\s*$/i.exec(text);
    if (infinite === null) this.failCell("MEDS_COLUMN_TYPE", row, column, "a number");
    return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  /** True or False as Python writes them, in upper or lower case. */
  truth(row: number, column: string): boolean | null {
    const text = this.text(row, column)?.trim().toLowerCase();
    if (text === undefined) return null;
    return text === "true" || text === "false" ? text === "true" : this.failCell("MEDS_COLUMN_TYPE", row, column, "True or False");
  }

  /** Microseconds since 1970-01-01: {@link isoMicros}. Null for a cell that says that it is missing, such as `NaT`. */
  time(row: number, column: string): bigint | null {
    const text = this.text(row, column);
    if (text === null || MISSING.test(text)) return null;
    return isoMicros(text) ?? this.failCell("MEDS_COLUMN_TYPE", row, column, "a time such as 2020-01-31T12:00:00");
  }

  failCell(code: MedsErrorCode, row: number, column: string, wanted: string): never {
    const found = JSON.stringify(this.text(row, column) ?? "");
    fail(code, `${this.path}: row ${row}, column "${column}": ${found} is not ${wanted}. Correct the file.`, this.path);
  }

  private at(column: string): number {
    const at = this.header.indexOf(column);
    if (at !== this.header.lastIndexOf(column))
      fail("MEDS_SCHEMA_CONFLICT", `${this.path}: two columns have the name "${column}". Rename or remove one of them.`, this.path);
    if (at >= 0) return at;
    const has = this.header.map((name) => JSON.stringify(name)).join(", ");
    fail("MEDS_MISSING_COLUMN", `${this.path}: there is no column "${column}". The columns of this file: ${has || "none"}.`, this.path);
  }
}

/** Whether a text begins with the byte order mark of UTF-16 (little-endian), by which the parser knows it. */
const isUtf16 = (bytes: Buffer): boolean => bytes[0] === 0xff && bytes[1] === 0xfe;

const ISO = /^\s*(\d{4}-\d\d-(\d\d))(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(?:(Z)|([+-])(\d\d):?(\d\d)?)?\s*$/;

/**
 * A time in ISO 8601 (`2020-01-31`, `2020-01-31 12:00`, `2020-01-31T12:00:00.123456+01:00`) as microseconds
 * since 1970-01-01. Nanoseconds are rounded down. A time without a zone is UTC. Undefined for any other text.
 * `Date.parse` would use the machine's zone and cut microseconds.
 */
export function isoMicros(text: string): bigint | undefined {
  const found = ISO.exec(text);
  if (found === null) return undefined;
  const [, date, day, hour = "00", minute = "00", second = "00", fraction = "", , sign, zoneHours = "0", zoneMinutes = "0"] = found;
  const millis = Date.parse(`${date}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(millis) || hour === "24") return undefined;
  // Date.parse makes the 30th of February a day in March.
  if (Number(day) > 28 && !new Date(millis).toISOString().startsWith(date!)) return undefined;
  const offset = (60 * Number(zoneHours) + Number(zoneMinutes)) * 60_000;
  const utc = sign === "+" ? millis - offset : millis + offset;
  return BigInt(utc) * 1000n + BigInt(fraction.padEnd(9, "0")) / 1000n;
}
