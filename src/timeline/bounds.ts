import type { Shard } from "../store/shard.js";
import { expected, flagOf, optionsOf } from "../support/arguments.js";
import type { Rows } from "./rows.js";

/** How a window by time is cut. */
export interface WindowOptions {
  /** Rows at exactly the time of the bound belong to the window. Default: true. */
  readonly inclusive?: boolean | undefined;
  /** The patient's static rows (no time) belong to the window. Default: true. */
  readonly static?: boolean | undefined;
}

/** How {@link Timeline.between} cuts. */
export interface BetweenOptions {
  /** Rows at exactly which bound belong to the window: both (true, the default), neither (false), `"start"` or `"end"`. */
  readonly inclusive?: boolean | "start" | "end" | undefined;
  /** The patient's static rows (no time) belong to the window. Default: true. */
  readonly static?: boolean | undefined;
}

/** The first index of a timed row of `line` whose time is after the bound, or at it unless `after`. */
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

/** A separate loop: with bigints and numbers in one loop, every comparison would be a call. */
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

/** Checks `inclusive`: do rows at exactly the bound belong to the window. */
export function inclusiveOf(options: WindowOptions | undefined): boolean {
  return options === undefined || flagOf("inclusive", optionsOf(options)?.inclusive, true);
}

/** As {@link inclusiveOf}, for two bounds. */
export function boundsOf(options: BetweenOptions | undefined): boolean | "start" | "end" {
  const inclusive = optionsOf(options)?.inclusive;
  return inclusive === "start" || inclusive === "end" ? inclusive : flagOf("inclusive", inclusive, true);
}

/** Checks `static`: do static rows belong to the window. */
export function staticOf(options: WindowOptions | BetweenOptions | undefined): boolean {
  return options === undefined || flagOf("static", options.static, true);
}

/** Checks a number of rows. */
export function countOf(count: number): number {
  const whole = Number.isInteger(count) || count === Number.POSITIVE_INFINITY;
  return whole && count >= 0 ? count : expected("The number of rows", count, "a whole number, 0 or more");
}

/** Checks an index as of `Array.prototype.slice`: a negative one counts from the end; others are limited to `length`. */
export function sliceIndex(index: number, length: number): number {
  if (typeof index !== "number" || !(Number.isInteger(index) || Math.abs(index) === Number.POSITIVE_INFINITY)) {
    expected("The index", index, "a whole number");
  }
  return index < 0 ? Math.max(0, index + length) : Math.min(index, length);
}
