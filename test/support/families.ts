// The column types of the tests: the values of a column, how each writer writes them, and what the reader
// must return.
import {
  blobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBValue,
  listValue,
  mapValue,
  structValue,
  uuidValue,
} from "@duckdb/node-api";
import fc from "fast-check";
import type { SchemaElement } from "hyparquet";

/** The programs that write Parquet; all are independent of this package. */
export type Writer = "duckdb" | "hyparquet" | "pyarrow";

/** A value before it is written: times are integers in the family's unit, decimals unscaled bigints, maps are Maps. */
// biome-ignore lint/suspicious/noExplicitAny: each family knows its own values
export type Raw = any;

/** One way to write a family. */
export interface FileType {
  readonly writer: Writer;
  /** SQL type, Parquet schema element or pyarrow expression. */
  readonly type: string | Omit<SchemaElement, "name">;
  /** The writer's own form of a value. */
  readonly encode: (raw: Raw) => unknown;
  /** The values come back wider (int64 among int32). */
  readonly wide?: boolean;
  /** The value in the file, if the writer is not exact. */
  readonly holds?: (raw: Raw) => Raw;
}

/** A kind of column. */
export interface Family {
  readonly name: string;
  readonly raw: fc.Arbitrary<Raw>;
  readonly types: readonly FileType[];
  /** How the reader returns a value, which depends on all types and values of the column. */
  reader(types: readonly FileType[], raws: readonly Raw[]): (raw: Raw) => unknown;
}

const as = (raw: Raw) => raw;
const duckdb = (type: string, encode: (raw: Raw) => DuckDBValue = as, wide = false): FileType => ({ writer: "duckdb", type, encode, wide });
const hyparquet = (type: Omit<SchemaElement, "name">, encode: (raw: Raw) => unknown = as, wide = false): FileType => ({
  writer: "hyparquet",
  type,
  encode,
  wide,
});
const pyarrow = (type: string, encode: (raw: Raw) => unknown = as, wide = false): FileType => ({ writer: "pyarrow", type, encode, wide });
const plain = () => as;

/**
 * The dictionaries of DuckDB and hyparquet-writer do not distinguish 0 and -0. Their files contain no -0
 * here; those of pyarrow do.
 */
const unsigned = (raw: number) => (raw === 0 ? 0 : raw);
const signless = (type: FileType): FileType => ({ ...type, encode: unsigned, holds: unsigned });
const singles = [duckdb("FLOAT"), hyparquet({ type: "FLOAT" })].map(signless);
const doubles = [duckdb("DOUBLE"), hyparquet({ type: "DOUBLE" })].map(signless);

const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max });

/**
 * Text with everything that breaks text: "", NUL, emoji, combining marks, long runs. Never a lone surrogate:
 * Parquet cannot store one.
 */
export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      "",
      "a",
      "\0",
      "a\0b",
      "é",
      "e\u0301",
      "👩‍⚕️",
      "\u{10ffff}",
      "\uffff",
      "LAB//1,2",
      "null",
      "NaN",
      '"',
      "\r\n",
    ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1000, max: 9000 }).map((n) => "long ü ".repeat(n / 7)) },
);

const int = (bits: number, signed = true) =>
  fc.integer(signed ? { min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 } : { min: 0, max: 2 ** bits - 1 });
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n, 2n ** 53n + 1n),
);

/** A bigint if a file stores 64 bits, otherwise a number. */
const widest = (types: readonly FileType[]) => (types.some((type) => type.wide) ? (raw: Raw) => BigInt(raw) : as);

const odd = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0);
/** float32 values, including all special ones. */
export const float32: fc.Arbitrary<number> = fc.oneof(
  fc.float(),
  odd,
  fc.constantFrom(2 ** -149, -(2 ** -149), 2 ** -126, 3.4028234663852886e38),
);
const float64 = fc.oneof(fc.double(), odd, fc.constantFrom(5e-324, -5e-324, 2 ** -1022, Number.MAX_VALUE, 0.1));
const half = fc.oneof(fc.constantFrom(0.5, -2, 65504, 2 ** -24, 2 ** -14, 1024.5 - 0.5), odd);

const decimalText = (unscaled: bigint, scale: number): string => {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return (unscaled < 0n ? "-" : "") + (scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`);
};
const decimal = (precision: number, scale: number): Family => ({
  name: `decimal_${precision}_${scale}`,
  raw: fc.oneof(
    fc.bigInt({ min: -(10n ** BigInt(precision)) + 1n, max: 10n ** BigInt(precision) - 1n }),
    fc.constantFrom(0n, 1n, -1n, -10n),
  ),
  types: [
    ...(precision <= 38 ? [duckdb(`DECIMAL(${precision}, ${scale})`, (raw) => new DuckDBDecimalValue(raw, precision, scale))] : []),
    pyarrow(`pa.decimal${precision > 38 ? 256 : 128}(${precision}, ${scale})`, (raw) => decimalText(raw, scale)),
  ],
  reader: () => (raw) => decimalText(raw, scale),
});

/** Microseconds within the years that a number holds exactly, most of them near us. */
export const micros: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 946684800000000n, max: 7258118400000000n }) }, // 2000 to 2200
  { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 53n) + 1n, max: 2n ** 53n - 1n }) },
  { weight: 2, arbitrary: fc.constantFrom(0n, -1n, 1n, -999_999n, -1_000_000n, 86_400_000_000n, 7_637_068_800_000_000n) },
);
/** Nanoseconds: microseconds if no value of the column has a remainder, otherwise nanoseconds. */
const nanos = (_: readonly FileType[], raws: readonly Raw[]) =>
  raws.every((raw) => raw % 1000n === 0n) ? (raw: Raw) => Number(raw / 1000n) : as;

const item = fc.option(int(32), { freq: 4 });

/** Every family that some writer can write. */
export const families: readonly Family[] = [
  { name: "bool", raw: fc.boolean(), types: [duckdb("BOOLEAN"), hyparquet({ type: "BOOLEAN" }), pyarrow("pa.bool_()")], reader: plain },
  {
    name: "int8",
    raw: int(8),
    types: [
      duckdb("TINYINT"),
      duckdb("SMALLINT"),
      duckdb("INTEGER"),
      hyparquet({ type: "INT32" }),
      pyarrow("pa.int8()"),
      pyarrow("pa.int16()"),
      pyarrow("pa.int32()"),
    ],
    reader: plain,
  },
  {
    name: "int32",
    raw: int(32),
    types: [
      duckdb("INTEGER"),
      duckdb("BIGINT", BigInt, true),
      hyparquet({ type: "INT32" }),
      hyparquet({ type: "INT64" }, BigInt, true),
      pyarrow("pa.int32()"),
      pyarrow("pa.int64()", as, true),
    ],
    reader: widest,
  },
  { name: "int64", raw: int64, types: [duckdb("BIGINT"), hyparquet({ type: "INT64" }), pyarrow("pa.int64()")], reader: plain },
  {
    name: "uint8",
    raw: int(8, false),
    types: [duckdb("UTINYINT"), duckdb("USMALLINT"), pyarrow("pa.uint8()"), pyarrow("pa.uint16()")],
    reader: plain,
  },
  {
    name: "uint32",
    raw: int(32, false),
    types: [duckdb("UINTEGER"), pyarrow("pa.uint32()"), duckdb("UBIGINT", BigInt, true)],
    reader: widest,
  },
  { name: "uint64", raw: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), types: [duckdb("UBIGINT"), pyarrow("pa.uint64()")], reader: plain },
  {
    name: "float16",
    raw: half,
    types: [pyarrow("pa.float16()"), hyparquet({ type: "FIXED_LEN_BYTE_ARRAY", type_length: 2, logical_type: { type: "FLOAT16" } })],
    reader: plain,
  },
  {
    name: "float32",
    raw: float32,
    types: [...singles, ...doubles, pyarrow("pa.float32()"), pyarrow("pa.float64()")],
    reader: plain,
  },
  { name: "float64", raw: float64, types: [...doubles, pyarrow("pa.float64()")], reader: plain },
  decimal(4, 2),
  decimal(18, 0),
  decimal(38, 10),
  decimal(60, 5),
  {
    name: "text",
    raw: text,
    types: [
      duckdb("VARCHAR"),
      hyparquet({ type: "BYTE_ARRAY", converted_type: "UTF8" }),
      pyarrow("pa.string()"),
      pyarrow("pa.large_string()"),
      pyarrow("pa.string_view()"),
      pyarrow("pa.dictionary(pa.int32(), pa.string())"),
    ],
    reader: plain,
  },
  {
    name: "binary",
    raw: bytes(0, 9),
    types: [
      duckdb("BLOB", blobValue),
      hyparquet({ type: "BYTE_ARRAY" }),
      pyarrow("pa.binary()"),
      pyarrow("pa.large_binary()"),
      pyarrow("pa.binary_view()"),
    ],
    reader: plain,
  },
  {
    name: "fixed_binary",
    raw: bytes(5, 5),
    types: [pyarrow("pa.binary(5)"), hyparquet({ type: "FIXED_LEN_BYTE_ARRAY", type_length: 5 })],
    reader: plain,
  },
  {
    name: "uuid",
    raw: bytes(16, 16),
    types: [duckdb("UUID", (raw) => uuidValue(BigInt(`0x${Buffer.from(raw).toString("hex")}`)))],
    reader: plain,
  },
  {
    name: "date",
    raw: int(16),
    types: [
      duckdb("DATE", (raw) => new DuckDBDateValue(raw)),
      hyparquet({ type: "INT32", converted_type: "DATE" }),
      pyarrow("pa.date32()"),
    ],
    reader: plain,
  },
  { name: "date64", raw: int(16), types: [pyarrow("pa.date64()", (raw) => raw * 86_400_000), pyarrow("pa.date32()")], reader: plain },
  {
    name: "time_of_day",
    raw: fc.integer({ min: 0, max: 86_399 }),
    types: [
      duckdb("TIME", (raw) => new DuckDBTimeValue(BigInt(raw) * 1_000_000n)),
      pyarrow("pa.time32('s')"),
      pyarrow("pa.time32('ms')", (raw) => raw * 1000),
      pyarrow("pa.time64('us')", (raw) => raw * 1_000_000),
    ],
    reader: () => (raw) => raw * 1_000_000,
  },
  { name: "time_ns", raw: fc.bigInt({ min: 0n, max: 86_399_999_999_999n }), types: [pyarrow("pa.time64('ns')")], reader: nanos },
  {
    name: "timestamp",
    raw: fc.integer({ min: -8_000_000_000, max: 8_000_000_000 }),
    types: [
      duckdb("TIMESTAMP", (raw) => new DuckDBTimestampValue(BigInt(raw) * 1_000_000n)),
      duckdb("TIMESTAMP_MS", (raw) => new DuckDBTimestampMillisecondsValue(BigInt(raw) * 1_000n)),
      pyarrow("pa.timestamp('s')"),
      pyarrow("pa.timestamp('ms')", (raw) => raw * 1000),
      pyarrow("pa.timestamp('us')", (raw) => raw * 1_000_000),
    ],
    reader: () => (raw) => raw * 1_000_000,
  },
  {
    name: "instant",
    raw: micros,
    types: [
      duckdb("TIMESTAMPTZ", (raw) => new DuckDBTimestampTZValue(raw)),
      hyparquet({ type: "INT64", converted_type: "TIMESTAMP_MICROS" }),
      pyarrow("pa.timestamp('us', tz='Europe/Paris')"),
      pyarrow("pa.timestamp('us', tz='+05:30')"),
    ],
    reader: () => Number,
  },
  {
    name: "timestamp_ns",
    raw: fc.oneof(
      fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
      micros.map((t) => (t % 2n ** 52n) * 1000n),
    ),
    types: [duckdb("TIMESTAMP_NS", (raw) => new DuckDBTimestampNanosecondsValue(raw)), pyarrow("pa.timestamp('ns')")],
    reader: nanos,
  },
  {
    name: "duration",
    raw: fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }),
    types: [
      pyarrow("pa.duration('s')"),
      pyarrow("pa.duration('ms')", (raw) => raw * 1000),
      pyarrow("pa.duration('us')", (raw) => raw * 1_000_000),
      pyarrow("pa.duration('ns')", (raw) => BigInt(raw) * 1_000_000_000n),
    ],
    reader: () => (raw) => raw * 1_000_000,
  },
  {
    name: "list",
    raw: fc.array(item, { maxLength: 4 }),
    types: [duckdb("INTEGER[]", listValue), pyarrow("pa.list_(pa.int32())"), pyarrow("pa.large_list(pa.int32())")],
    reader: plain,
  },
  { name: "fixed_list", raw: fc.array(int(8), { minLength: 3, maxLength: 3 }), types: [pyarrow("pa.list_(pa.int8(), 3)")], reader: plain },
  {
    name: "lists_of_text",
    raw: fc.array(fc.option(fc.array(fc.option(text), { maxLength: 3 })), { maxLength: 3 }),
    types: [
      duckdb("VARCHAR[][]", (raw: (string[] | null)[]) => listValue(raw.map((inner) => (inner === null ? null : listValue(inner))))),
      pyarrow("pa.list_(pa.list_(pa.string()))"),
    ],
    reader: plain,
  },
  {
    name: "struct",
    raw: fc.record(
      { a: fc.option(int(32)), "b c": fc.option(text), d: fc.option(fc.array(fc.boolean(), { maxLength: 2 })) },
      { noNullPrototype: true },
    ),
    types: [
      duckdb('STRUCT(a INTEGER, "b c" VARCHAR, d BOOLEAN[])', (raw) =>
        structValue({ ...raw, d: raw.d === null ? null : listValue(raw.d) }),
      ),
      pyarrow("pa.struct([('a', pa.int32()), ('b c', pa.string()), ('d', pa.list_(pa.bool_()))])"),
    ],
    reader: plain,
  },
  {
    name: "map",
    raw: fc.uniqueArray(fc.tuple(text, fc.option(int64)), { maxLength: 3, selector: ([key]) => key }).map((pairs) => new Map(pairs)),
    types: [
      duckdb("MAP(VARCHAR, BIGINT)", (raw: Map<string, bigint | null>) => mapValue([...raw].map(([key, value]) => ({ key, value })))),
      pyarrow("pa.map_(pa.string(), pa.int64())"),
    ],
    reader: () => (raw) => [...raw],
  },
  { name: "nothing", raw: fc.constant(null), types: [pyarrow("pa.null()")], reader: plain },
];
