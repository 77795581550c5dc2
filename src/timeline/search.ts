// Binary search by time. One loop for numbers and one for bigints: with both in one loop, every comparison
// would be a call.
import type { Shard } from "../store/shard.js";
import { HIGH, narrow } from "../support/time.js";
import type { Rows } from "./rows.js";

/** The first index of a timed row of `line` whose time is after the bound, or at it unless `after`. */
export function searchTime(line: Rows, shard: Shard, bound: number | bigint, after: boolean): number {
  const { staticCount, length, _rows: list } = line;
  const begin = line._begin + line._gap;
  return typeof bound === "number"
    ? searchNumber(shard.timeWords, list, begin, staticCount, length, bound, after)
    : searchExact(shard.times, list, begin, staticCount, length, bound, after);
}

/**
 * The first of the timed rows [low, high) of a shard whose time is after the bound, or at it unless `after`.
 */
export function searchRow(shard: Shard, low: number, high: number, bound: bigint, after: boolean): number {
  const narrowed = narrow(bound);
  return typeof narrowed === "number"
    ? searchNumber(shard.timeWords, null, 0, low, high, narrowed, after)
    : searchExact(shard.times, null, 0, low, high, narrowed, after);
}

/** The first of some ascending times that is after a bound, or at it unless `after`. */
export function firstAfter(times: readonly bigint[], bound: bigint, after: boolean): number {
  return searchExact(times, null, 0, 0, times.length, bound, after);
}

/** Searches the indexes [low, high). Index i is row `rows[i]`, or row `begin + i` without a list. */
function searchNumber(
  words: Int32Array,
  rows: Uint32Array | null,
  begin: number,
  low: number,
  high: number,
  bound: number,
  after: boolean,
): number {
  let first = low;
  let end = high;
  while (first < end) {
    const middle = (first + end) >>> 1;
    const row = rows === null ? begin + middle : rows[middle]!;
    const time = words[2 * row + 1]! * HIGH + (words[2 * row]! >>> 0);
    if (time > bound || (!after && time === bound)) end = middle;
    else first = middle + 1;
  }
  return first;
}

/** As {@link searchNumber}, for bounds that a number cannot express. */
function searchExact(
  times: ArrayLike<bigint>,
  rows: Uint32Array | null,
  begin: number,
  low: number,
  high: number,
  bound: bigint,
  after: boolean,
): number {
  let first = low;
  let end = high;
  while (first < end) {
    const middle = (first + end) >>> 1;
    const time = times[rows === null ? begin + middle : rows[middle]!]!;
    if (time > bound || (!after && time === bound)) end = middle;
    else first = middle + 1;
  }
  return first;
}
