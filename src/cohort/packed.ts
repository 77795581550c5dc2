// Results of queries as JSON, to send them to another machine.
import { conflict } from "../support/arguments.js";
import { type CodeAggregates, codeAggregatesOf } from "./code-aggregates.js";
import { kindOf, type QueryResult, type ResultKind } from "./merge.js";
import { aggregatesOf } from "./query.js";

/** The arrays of a result, by type. */
const TYPES = { float64: Float64Array, uint32: Uint32Array, int32: Int32Array, int64: BigInt64Array, uint8: Uint8Array } as const;

/** A typed array: its bytes, little-endian, as base64. */
export interface PackedArray {
  readonly type: keyof typeof TYPES;
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
  return { kind, members: packed(result) };
}

function packed(result: object): PackedMembers {
  const members: [string, PackedMembers[string]][] = [];
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(result))) {
    // What is computed when it is read is computed again.
    if (value === undefined) continue;
    if (ArrayBuffer.isView(value)) members.push([name, packedArray(value)]);
    else members.push([name, typeof value === "number" ? value : packed(value)]);
  }
  return Object.fromEntries(members);
}

function packedArray(array: ArrayBufferView): PackedArray {
  const types = Object.entries(TYPES) as [PackedArray["type"], new () => object][];
  const [type] = types.find(([, { name }]) => name === array.constructor.name)!;
  return { type, base64: Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64") };
}

/**
 * The result in a {@link PackedResult}: equal to the one that was packed, to the last bit.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for another value.
 */
export function unpackResult<R extends QueryResult = CodeAggregates>(value: PackedResult): R {
  const { kind, members } = (value ?? {}) as Partial<PackedResult>;
  const result = typeof members === "object" && members !== null ? unpacked(members) : {};
  if (kind === undefined || kindOf(result) !== kind) failPacked();
  if (kind === "codeAggregates") return codeAggregatesOf(result as never) as R;
  return (kind === "aggregates" ? aggregatesOf(result as never) : result) as R;
}

function unpacked(members: PackedMembers): object {
  const entries = Object.entries(members).map(([name, member]) => {
    if (typeof member === "number") return [name, member];
    if (typeof member !== "object" || member === null) return failPacked();
    if (!("base64" in member)) return [name, unpacked(member)];
    const { type, base64 } = member as PackedArray;
    const bytes = typeof base64 === "string" ? Buffer.from(base64, "base64") : failPacked();
    const Type = Object.hasOwn(TYPES, type) ? TYPES[type] : failPacked();
    if (bytes.length % Type.BYTES_PER_ELEMENT > 0) failPacked();
    // Copied: a small buffer is a part of a larger one, at any offset.
    return [name, new Type(Uint8Array.from(bytes).buffer)];
  });
  return Object.fromEntries(entries);
}

function failPacked(): never {
  conflict("The value is not a packed result. Pass what packResult returned, after JSON.parse where it was sent as text.");
}
