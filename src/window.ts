import { fail } from "./errors.js";
import type { Rows } from "./rows.js";
import type { Shard } from "./shard.js";

/** How a window by time is cut. */
export interface WindowOptions {
  /** Rows at the very time of the bound belong to the window. Default: true. */
  readonly inclusive?: boolean | undefined;
  /** The patient's static rows (no time) belong to the window. Default: true. */
  readonly static?: boolean | undefined;
}

/** How {@link Timeline.between} cuts. */
export interface BetweenOptions {
  /** Which bounds' own rows belong to the window: both (true, the default), neither (false), or one of them. */
  readonly inclusive?: boolean | "start" | "end" | undefined;
  /** The patient's static rows (no time) belong to the window. Default: true. */
  readonly static?: boolean | undefined;
}

/** The first timed index of `line` whose time is after the bound, or at it unless `after`. */
export function searchTime(line: Rows, shard: Shard, bound: number | bigint, after: boolean): number {
  return typeof bound === "number" ? searchNumber(line, shard.timeWords, bound, after) : searchExact(line, shard.times, bound, after);
}

function searchNumber(line: Rows, words: Int32Array, bound: number, after: boolean): number {
  const rows = line._rows;
  const begin = line._begin + line._gap;
  let low = line.staticCount;
  let high = line.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows === null ? begin + middle : rows[middle]!;
    const time = words[2 * row + 1]! * 4294967296 + (words[2 * row]! >>> 0);
    if (time > bound || (!after && time === bound)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A loop of its own: bigints and numbers in one would make every comparison a call. */
function searchExact(line: Rows, times: BigInt64Array, bound: bigint, after: boolean): number {
  const rows = line._rows;
  const begin = line._begin + line._gap;
  let low = line.staticCount;
  let high = line.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const time = times[rows === null ? begin + middle : rows[middle]!]!;
    if (time > bound || (!after && time === bound)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Whether a bound's own rows belong to the window, as callers give it. */
export function flagOf(inclusive: boolean | undefined): boolean {
  if (inclusive === undefined || typeof inclusive === "boolean") return inclusive ?? true;
  fail("MEDS_INVALID_ARGUMENT", `inclusive is ${inclusive}. Give true or false.`);
}

/** The same for two bounds. */
export function boundsOf(inclusive: BetweenOptions["inclusive"]): boolean | "start" | "end" {
  return inclusive === "start" || inclusive === "end" ? inclusive : flagOf(inclusive);
}

/** The length of what should be an array. */
export function lengthOf(array: ArrayLike<unknown>, name: string): number {
  const length = (array as ArrayLike<unknown> | null | undefined)?.length;
  if (typeof array === "string" || !Number.isInteger(length))
    fail("MEDS_INVALID_ARGUMENT", `${name} is no array. Give one entry a window.`);
  return length as number;
}

/** A number of rows, as callers give it. */
export function countOf(count: number): number {
  if (!(count >= 0 && (Number.isInteger(count) || count === Number.POSITIVE_INFINITY))) {
    fail("MEDS_INVALID_ARGUMENT", `${count} is no number of rows. Give a whole number, 0 or more.`);
  }
  return count;
}

/** A place in a timeline, counted from the end where negative, cut to what is there. */
export function placeOf(place: number, length: number): number {
  if (!Number.isInteger(place) && Math.abs(place) !== Number.POSITIVE_INFINITY) {
    fail("MEDS_INVALID_ARGUMENT", `${place} is no index. Give a whole number.`);
  }
  return place < 0 ? Math.max(0, place + length) : Math.min(place, length);
}
