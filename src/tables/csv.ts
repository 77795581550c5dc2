// Small tables in CSV: what EHRSHOT, INSPECT and FEMR publish.
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { fail, MedsError, type MedsErrorCode } from "../support/errors.js";
import { withIo } from "../support/io.js";

/** A table with a header, cell by cell. An empty cell is null. Row 0 is the first one below the header. */
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

  /** Reads a file whole; `.tsv` is separated by tabs. */
  static async open(path: string): Promise<CsvTable> {
    const bytes = withIo(path, () => readFileSync(path));
    // Here and not above: who reads no CSV does not wait for it.
    const { parse } = await import("csv-parse/sync");
    try {
      const delimiter = extname(path).toLowerCase() === ".tsv" ? "\t" : ",";
      return new CsvTable(path, parse(bytes, { bom: true, delimiter, skip_empty_lines: true }) as string[][]);
    } catch (error) {
      const found = `${path}: this is no sound CSV file (${(error as Error).message}). Correct it, or write it again.`;
      throw new MedsError("MEDS_SOURCE_DAMAGED", found, { path, cause: error });
    }
  }

  has(...columns: readonly string[]): boolean {
    return columns.every((column) => this.header.includes(column));
  }

  text(row: number, column: string): string | null {
    return this.rows[row]![this.at(column)] || null;
  }

  /** int64; also as pandas writes whole numbers beside missing ones (`3.0`). */
  integer(row: number, column: string): bigint | null {
    const text = this.text(row, column);
    if (text === null) return null;
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

  /** True or False, as Python writes them, in any case. */
  truth(row: number, column: string): boolean | null {
    const text = this.text(row, column)?.trim().toLowerCase();
    if (text === undefined) return null;
    return text === "true" || text === "false" ? text === "true" : this.failCell("MEDS_COLUMN_TYPE", row, column, "True or False");
  }

  /** Microseconds since 1970-01-01: {@link isoMicros}. */
  time(row: number, column: string): bigint | null {
    const text = this.text(row, column);
    if (text === null) return null;
    return isoMicros(text) ?? this.failCell("MEDS_COLUMN_TYPE", row, column, "a time such as 2020-01-31T12:00:00");
  }

  failCell(code: MedsErrorCode, row: number, column: string, wanted: string): never {
    const found = JSON.stringify(this.text(row, column) ?? "");
    fail(code, `${this.path}: row ${row}, column "${column}": ${found} is not ${wanted}. Correct the file.`, this.path);
  }

  private at(column: string): number {
    const at = this.header.indexOf(column);
    if (at !== this.header.lastIndexOf(column))
      fail("MEDS_SCHEMA_CONFLICT", `${this.path}: two columns are called "${column}". Rename or remove one of them.`, this.path);
    if (at >= 0) return at;
    const has = this.header.map((name) => JSON.stringify(name)).join(", ");
    fail("MEDS_MISSING_COLUMN", `${this.path}: there is no column "${column}"; the file has ${has || "none"}.`, this.path);
  }
}

const ISO = /^\s*(\d{4}-\d\d-(\d\d))(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(?:(Z)|([+-])(\d\d):?(\d\d)?)?\s*$/;

/**
 * A time in ISO 8601 (`2020-01-31`, `2020-01-31 12:00`, `2020-01-31T12:00:00.123456+01:00`) as microseconds since 1970-01-01, nanoseconds rounded down;
 * UTC where it names no zone. Undefined for anything else: `Date.parse` would take the machine's zone, and cut microseconds.
 */
export function isoMicros(text: string): bigint | undefined {
  const found = ISO.exec(text);
  if (found === null) return undefined;
  const [, date, day, hour = "00", minute = "00", second = "00", fraction = "", , sign, zoneHours = "0", zoneMinutes = "0"] = found;
  const millis = Date.parse(`${date}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(millis) || hour === "24") return undefined;
  // The 30th of February would be some day of March.
  if (Number(day) > 28 && !new Date(millis).toISOString().startsWith(date!)) return undefined;
  const offset = (60 * Number(zoneHours) + Number(zoneMinutes)) * 60_000;
  const utc = sign === "+" ? millis - offset : millis + offset;
  return BigInt(utc) * 1000n + BigInt(fraction.padEnd(9, "0")) / 1000n;
}
