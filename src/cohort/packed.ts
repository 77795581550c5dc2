// Results of queries as JSON, to send them to another machine.
import { conflict } from "../support/arguments.js";
import { type CodeAggregates, codeAggregatesOf } from "./code-aggregates.js";
import { kindOf, type QueryResult, type ResultKind } from "./merge.js";
import { aggregatesOf } from "./query.js";

/** The arrays of a result, by type. */
const TYPES = { float64: Float64Array, uint32: Uint32Array, int32: Int32Array, int64: BigInt64Array, uint8: Uint8Array } as const;

type Type = keyof typeof TYPES;

const EXACT = { offsets: "uint32", exponents: "int32", words: "uint32" } as const;
const COUNTS = { events: "float64", patients: "uint32" } as const;
const FOUND = { subjectIds: "int64", has: "uint8", found: "number", rows: "int32", times: "int64", codeIds: "uint32" } as const;
const VALUES = { count: "uint32", valueCount: "uint32", sum: "float64", min: "float64", max: "float64", last: "float64" } as const;

/** The types of a result's members. */
interface Members {
  readonly [name: string]: Type | "number" | readonly Type[] | Members;
}

const MEMBERS: Record<ResultKind, Members> = {
  codeCounts: COUNTS,
  codeAggregates: { ...COUNTS, valueCount: "float64", min: "float64", max: "float64", sums: EXACT, squares: EXACT },
  binCounts: { codeIds: "uint32", bins: ["int32", "int64"], counts: "float64", withoutTime: "number" },
  codeCountsEach: { offsets: "float64", codeIds: "uint32", counts: "uint32", subjectIds: "int64" },
  aggregates: { offsets: "float64", codeIds: "uint32", ...VALUES, subjectIds: "int64" },
  occurrences: FOUND,
  asof: { ...FOUND, values: "float64" },
};

/** A typed array: its bytes, little-endian, as base64. */
export interface PackedArray {
  readonly type: Type;
  readonly base64: string;
}

/** The members of a packed result, by name. */
export interface PackedMembers {
  readonly [name: string]: PackedArray | number | PackedMembers;
}

/** A result of a query as {@link packResult} makes it. */
export interface PackedResult {
  readonly kind: ResultKind;
  readonly members: PackedMembers;
}

/**
 * A result of a query as a value for `JSON.stringify`, so that it can be sent to another machine: every number
 * is kept to the last bit, 64-bit integers and NaN too. {@link unpackResult} reads it. In Python an array is
 * `numpy.frombuffer(base64.b64decode(array["base64"]), array["type"])`.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for another value, and for results of `asof` with `columns`.
 * @example
 * ```ts
 * import { mergeResults, packResult, PatientDatabase, unpackResult } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const sent = JSON.stringify(packResult(await db.shards([0]).aggregateCodes()));
 * const found = unpackResult(JSON.parse(sent));
 * console.log(mergeResults([found]).events[0]);
 * db.close();
 * ```
 */
export function packResult(result: QueryResult): PackedResult {
  const kind = kindOf(result) ?? conflict("The value is not a result of a query that can be merged.");
  if ("columns" in result && Object.keys(result.columns).length > 0)
    conflict("Results of asof with `columns` cannot be packed. Ask without `columns`, and read those of the rows that were found.");
  return { kind, members: packed(result, MEMBERS[kind]) };
}

function packed(result: object, members: Members): PackedMembers {
  const entries = Object.entries(members).map(([name, type]) => {
    const value = (result as Record<string, unknown>)[name];
    if (typeof value === "number") return [name, value];
    return [name, ArrayBuffer.isView(value) ? packedArray(value) : packed(value as object, type as Members)];
  });
  return Object.fromEntries(entries);
}

function packedArray(array: ArrayBufferView): PackedArray {
  const type = (Object.keys(TYPES) as Type[]).find((name) => TYPES[name].name === array.constructor.name)!;
  return { type, base64: Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64") };
}

/**
 * The result in a {@link PackedResult}: equal to the one that was packed, to the last bit.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for another value.
 */
export function unpackResult<R extends QueryResult = CodeAggregates>(value: PackedResult): R {
  const { kind, members } = (value ?? {}) as Partial<PackedResult>;
  if (kind === undefined || !Object.hasOwn(MEMBERS, kind)) failPacked();
  const result = unpacked(members, MEMBERS[kind]) as Unpacked;
  if (!isSound(result)) failPacked();
  if (kind === "codeAggregates") return codeAggregatesOf(result as never) as R;
  if (kind === "aggregates") return aggregatesOf(result as never) as R;
  return (kind === "asof" ? { ...result, columns: {} } : result) as unknown as R;
}

interface Unpacked {
  readonly [name: string]: ArrayLike<number | bigint> | number | Unpacked;
}

function unpacked(packed: unknown, members: Members): object {
  const given = typeof packed === "object" && packed !== null ? (packed as Record<string, unknown>) : failPacked();
  const entries = Object.entries(members).map(([name, type]) => {
    const value = given[name];
    if (type === "number") return [name, typeof value === "number" ? value : failPacked()];
    if (typeof type === "object" && !Array.isArray(type)) return [name, unpacked(value, type as Members)];
    return [name, unpackedArray(value, type as Type | readonly Type[])];
  });
  return Object.fromEntries(entries);
}

function unpackedArray(packed: unknown, types: Type | readonly Type[]): object {
  const { type, base64 } = (packed ?? {}) as Partial<PackedArray>;
  if (type === undefined || ![types].flat().includes(type) || typeof base64 !== "string") failPacked();
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length % TYPES[type].BYTES_PER_ELEMENT > 0) failPacked();
  // Copied: a small buffer is a part of a larger one, at any offset.
  return new TYPES[type](Uint8Array.from(bytes).buffer);
}

/** The columns of entries, whose number the offsets say. All other columns have one entry per group, or code. */
const ENTRIES = ["codeIds", "counts", "words", ...Object.keys(VALUES)];

/** Do the columns have the same length, and offsets ascend to that of the entries. */
function isSound(result: Unpacked, groups?: number): boolean {
  const offsets = result.offsets as ArrayLike<number> | undefined;
  if (offsets !== undefined && !(offsets[0] === 0 && Array.from(offsets).every((offset, i) => i === 0 || offset >= offsets[i - 1]!)))
    return false;
  const sizes = { groups: new Set(groups === undefined ? [] : [groups]), entries: new Set<number>() };
  if (offsets !== undefined) {
    sizes.groups.add(offsets.length - 1);
    sizes.entries.add(offsets[offsets.length - 1]!);
  }
  const columns = Object.entries(result).filter(([name, column]) => name !== "offsets" && ArrayBuffer.isView(column));
  for (const [name, column] of columns) {
    const isEntry = offsets !== undefined && ENTRIES.includes(name);
    (isEntry ? sizes.entries : sizes.groups).add((column as ArrayLike<number>).length);
  }
  const [size = 0] = sizes.groups;
  const inner = [result.sums, result.squares].every((sums) => sums === undefined || isSound(sums as Unpacked, size));
  return sizes.groups.size <= 1 && sizes.entries.size <= 1 && inner;
}

function failPacked(): never {
  conflict("The value is not a packed result. Pass what packResult returned, after JSON.parse where it was sent as text.");
}
