// New values of rows for the native side: checked against the type of the column, and packed into typed
// arrays.

import { types } from "node:util";
import { expected, INT32_MAX } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { isDate } from "../support/realm.js";
import { DAY } from "../support/time.js";

/** New values of a column, in the form of the native side. */
export interface ChangedColumn {
  readonly column: string;
  readonly rows: Uint32Array;
  readonly valid: Uint8Array;
  readonly numbers: Float64Array;
  readonly words: BigInt64Array;
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
}

/** The forms in which values are passed to the native side. */
type Form = "numbers" | "words" | "bytes";
type Carried = number | bigint | Uint8Array;

/** How values of one type are converted. */
interface Kind {
  readonly form: Form;
  /** A description of valid values, for messages. */
  readonly wanted: string;
  /** The value in its native form; undefined for a value that the type cannot express. */
  readonly take: (value: unknown) => Carried | undefined;
}

/** The new values of one column, by row. */
export class Cells {
  private readonly column: string;
  private readonly kind: Kind;
  private readonly rows: number[] = [];
  private readonly values: (Carried | null)[] = [];
  private bytes = 0;

  constructor(column: string, type: string) {
    this.column = column;
    this.kind = kindOf(type) ?? { form: "bytes", wanted: "", take: () => failKept(column, type) };
  }

  /** Adds a value. Returns its approximate size in bytes. */
  add(row: number, value: unknown): number {
    const carried = value === null ? null : this.kind.take(value);
    if (carried === undefined) expected(`The value for the column ${JSON.stringify(this.column)}`, value, `${this.kind.wanted}, or null`);
    this.rows.push(row);
    this.values.push(carried);
    const taken = types.isUint8Array(carried) ? carried.length : 8;
    this.bytes += taken;
    // New files begin only between patients, so one patient must not exceed this.
    if (this.bytes > INT32_MAX)
      fail(
        "MEDS_PATIENT_TOO_LARGE",
        `The new values for the column ${JSON.stringify(this.column)} of this patient, and of a few patients before it, take more than 2^31-1 bytes, the limit for a file. Use shorter values.`,
      );
    return taken;
  }

  /** All values added so far. */
  take(): ChangedColumn {
    const { form } = this.kind;
    const values = this.values;
    const plain = {
      column: this.column,
      rows: Uint32Array.from(this.rows),
      valid: Uint8Array.from(values, (value) => (value === null ? 0 : 1)),
      numbers: new Float64Array(0),
      words: new BigInt64Array(0),
      offsets: new Int32Array(1),
      bytes: new Uint8Array(0),
    };
    if (form === "numbers") return { ...plain, numbers: Float64Array.from(values as (number | null)[], (value) => value ?? 0) };
    if (form === "words") return { ...plain, words: BigInt64Array.from(values as (bigint | null)[], (value) => value ?? 0n) };
    const texts = values.map((value) => (value as Uint8Array | null) ?? plain.bytes);
    const offsets = new Int32Array(texts.length + 1);
    for (const [i, { length }] of texts.entries()) offsets[i + 1] = offsets[i]! + length;
    return { ...plain, offsets, bytes: Buffer.concat(texts) };
  }
}

function failKept(column: string, type: string): never {
  fail(
    "MEDS_COLUMN_TYPE",
    `The column ${JSON.stringify(column)} is ${type}: its values can be kept or set to null, but not replaced. Return the event, or event.with(…) without this column.`,
  );
}

const INTEGERS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  int8: [-128, 127],
  int16: [-32_768, 32_767],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint8: [0, 255],
  uint16: [0, 65_535],
  uint32: [0, 2 ** 32 - 1],
  date32: [-(2 ** 31), 2 ** 31 - 1],
};

/** Microseconds per unit. Nanoseconds are handled separately. */
const MICROS: Readonly<Record<string, bigint>> = { s: 1_000_000n, ms: 1_000n, us: 1n };
const INT64 = [-(2n ** 63n), 2n ** 63n - 1n] as const;
const UINT64 = [0n, 2n ** 64n - 1n] as const;
const MILLIS_OF_DAY = 86_400_000;
const encoder = new TextEncoder();

/**
 * Can a new column have this type: can its values be set, and can a file contain it. The native side reports
 * other errors in the name.
 */
export function isGivable(type: string): boolean {
  const [, id = "", about = ""] = /^(\w+)(?:[[(](.*)[\])])?$/.exec(type) ?? [];
  const [first, scale] = about.split(", ").map(Number) as [number, number];
  if (id === "fixed_size_binary") return first >= 1;
  if (id === "time32") return about === "s" || about === "ms";
  if (id === "decimal128" || id === "decimal256")
    return scale >= 0 && scale <= first && first >= 1 && first <= (id === "decimal128" ? 38 : 76);
  return kindOf(type) !== null;
}

/** The kind of a type, by its name in the manifest; null for types whose values cannot be set. */
function kindOf(type: string): Kind | null {
  const [, id = "", about = ""] = /^(\w+)(?:[[(](.*)[\])])?$/.exec(type) ?? [];
  return numberKind(id) ?? timeKind(id, about.split(",")[0]!) ?? bytesKind(id, about);
}

function numberKind(id: string): Kind | null {
  const range = INTEGERS[id];
  if (range !== undefined) {
    const [least, most] = range;
    const take = (value: unknown) =>
      Number.isInteger(value) && (value as number) >= least && (value as number) <= most ? (value as number) : undefined;
    return { form: "numbers", wanted: `a whole number, ${least} to ${most}${id === "date32" ? " (days since 1970-01-01)" : ""}`, take };
  }
  switch (id) {
    case "bool":
      return { form: "numbers", wanted: "true or false", take: (value) => (typeof value === "boolean" ? Number(value) : undefined) };
    case "float64":
      return { form: "numbers", wanted: "a number", take: (value) => (typeof value === "number" ? value : undefined) };
    case "float32":
      return { form: "numbers", wanted: "a number within the range of float32", take: single };
    case "int64":
      return { form: "words", wanted: "a bigint or a whole number, within 64 bits", take: (value) => whole(value, INT64) };
    case "uint64":
      return { form: "words", wanted: "a bigint or a whole number, 0 to 2^64 - 1", take: (value) => signed(whole(value, UINT64)) };
    default:
      return null;
  }
}

function timeKind(id: string, unit: string): Kind | null {
  switch (id) {
    case "date64":
      return { form: "words", wanted: "days since 1970-01-01, with a fraction for the time of day", take: millisOf };
    case "timestamp":
    case "duration":
      return { form: "words", wanted: unitOf(unit), take: (value) => counted(value, unit) };
    case "time64":
      return { form: "words", wanted: `${unitOf(unit)}, within a day`, take: (value) => ofDay(value, unit) };
    case "time32": {
      const take = (value: unknown) => {
        const time = ofDay(value, unit);
        return time === undefined ? undefined : Number(time);
      };
      return { form: "numbers", wanted: `${unitOf(unit)}, within a day`, take };
    }
    default:
      return null;
  }
}

function bytesKind(id: string, about: string): Kind | null {
  switch (id) {
    case "decimal128":
    case "decimal256": {
      const [digits, scale] = about.split(", ").map(Number) as [number, number];
      return {
        form: "bytes",
        wanted: `a decimal as a string, with ${digits} digits at most, ${Math.max(scale, 0)} of them after the point`,
        take: (value) => decimal(value, digits, scale),
      };
    }
    case "utf8":
    case "large_utf8":
    case "utf8_view":
      return { form: "bytes", wanted: "a string without lone surrogates", take: text };
    case "binary":
    case "large_binary":
    case "binary_view":
      return { form: "bytes", wanted: "a Uint8Array", take: (value) => (types.isUint8Array(value) ? value : undefined) };
    case "fixed_size_binary":
      return {
        form: "bytes",
        wanted: `a Uint8Array of ${about} bytes`,
        take: (value) => (types.isUint8Array(value) && value.length === Number(about) ? value : undefined),
      };
    default:
      return null;
  }
}

function single(value: unknown): number | undefined {
  if (typeof value !== "number") return undefined;
  return Number.isFinite(value) && !Number.isFinite(Math.fround(value)) ? undefined : value;
}

function whole(value: unknown, [least, most]: readonly [bigint, bigint]): bigint | undefined {
  if (typeof value !== "bigint" && !Number.isSafeInteger(value)) return undefined;
  const exact = BigInt(value as bigint | number);
  return exact >= least && exact <= most ? exact : undefined;
}

function signed(value: bigint | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt.asIntN(64, value);
}

/** The values that {@link counted} accepts, for messages. */
function unitOf(unit: string): string {
  return unit === "ns" ? "nanoseconds, as a bigint" : `microseconds that are a whole number of ${unit}`;
}

/**
 * Microseconds, or a Date, in another unit; undefined where the result is not whole. Nanoseconds are
 * unchanged.
 */
function counted(value: unknown, unit: string): bigint | undefined {
  if (unit === "ns") return typeof value === "bigint" ? whole(value, INT64) : undefined;
  const micros = MICROS[unit]!;
  const exact = isDate(value) ? whole(value.getTime(), INT64) : whole(value, INT64);
  if (exact === undefined) return undefined;
  const time = isDate(value) ? exact * 1000n : exact;
  return time % micros === 0n && time / micros === BigInt.asIntN(64, time / micros) ? time / micros : undefined;
}

/** As {@link counted}, for a time of day. */
function ofDay(value: unknown, unit: string): bigint | undefined {
  const time = counted(value, unit);
  return time !== undefined && time >= 0n && time < (unit === "ns" ? DAY * 1000n : DAY / MICROS[unit]!) ? time : undefined;
}

/** Milliseconds from days, whose fraction is the time of day: the inverse of reading. */
function millisOf(days: unknown): bigint | undefined {
  const millis = typeof days === "number" ? Math.round(days * MILLIS_OF_DAY) : Number.NaN;
  return Number.isSafeInteger(millis) && millis / MILLIS_OF_DAY === days ? BigInt(millis) : undefined;
}

/**
 * The digits without the decimal point, for `scale`; undefined where `digits` and `scale` cannot express the
 * value exactly.
 */
function decimal(value: unknown, digits: number, scale: number): Uint8Array | undefined {
  const [all, sign = "", whole = "", fraction = ""] = (typeof value === "string" ? /^([+-]?)(\d+)(?:\.(\d*))?$/.exec(value) : null) ?? [];
  if (all === undefined || fraction.length > Math.max(scale, 0)) return undefined;
  const unscaled = BigInt(whole + fraction.padEnd(Math.max(scale, 0), "0"));
  const unit = 10n ** BigInt(Math.max(-scale, 0));
  if (unscaled % unit !== 0n || unscaled / unit >= 10n ** BigInt(digits)) return undefined;
  return encoder.encode(`${sign === "-" ? "-" : ""}${unscaled / unit}`);
}

function text(value: unknown): Uint8Array | undefined {
  // UTF-8 cannot express a lone surrogate: it would become another character.
  return typeof value === "string" && !/\p{Surrogate}/u.test(value) ? encoder.encode(value) : undefined;
}
