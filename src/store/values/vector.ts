/** Values of one Arrow field, decoded one by one into JavaScript values. */
export interface Vector {
  /** Number of entries. */
  readonly length: number;
  /**
   * The raw typed array where the values are plain numbers of fixed width, else null. Null entries contain a
   * filler.
   */
  readonly array: import("../mapped-file.js").TypedArray | null;
  /** The value of an entry, or null. */
  at(index: number): Value | null;
}

/** What (u)int64 values become in JavaScript. */
export type Int64 = "bigint" | "number";

/**
 * A value in JavaScript: bool is boolean; integers of up to 32 bits and floats are number; (u)int64 is
 * bigint (number if the store was opened with `int64: "number"`); decimal is string; timestamp, duration and time are microseconds as number (nanoseconds, and times
 * beyond 2^53 µs, as bigint); date is days since 1970-01-01 as number; utf8 is string; binary is a copied
 * Uint8Array; a list is an array; a struct is an object; a map is an array of [key, value].
 */
export type Value = boolean | number | bigint | string | Uint8Array | readonly (Value | null)[] | { readonly [name: string]: Value | null };
