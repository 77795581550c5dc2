import type { Shard } from "../store/shard.js";
import { failGiven, flagOf, optionsOf } from "../support/arguments.js";
import type { Rows } from "./rows.js";

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
export function inclusiveOf(options: WindowOptions | undefined): boolean {
  return options === undefined || flagOf("inclusive", optionsOf(options)?.inclusive, true);
}

/** The same for two bounds. */
export function boundsOf(options: BetweenOptions | undefined): boolean | "start" | "end" {
  const inclusive = optionsOf(options)?.inclusive;
  return inclusive === "start" || inclusive === "end" ? inclusive : flagOf("inclusive", inclusive, true);
}

/** Whether static rows belong to the window. */
export function staticOf(options: WindowOptions | BetweenOptions | undefined): boolean {
  return options === undefined || flagOf("static", options.static, true);
}

/** A number of rows, as callers give it. */
export function countOf(count: number): number {
  const whole = Number.isInteger(count) || count === Number.POSITIVE_INFINITY;
  return whole && count >= 0 ? count : failGiven("The number of rows", count, "a whole number, 0 or more");
}

/** A place in a timeline, counted from the end where negative, cut to what is there. */
export function placeOf(place: number, length: number): number {
  if (typeof place !== "number" || !(Number.isInteger(place) || Math.abs(place) === Number.POSITIVE_INFINITY)) {
    failGiven("The index", place, "a whole number");
  }
  return place < 0 ? Math.max(0, place + length) : Math.min(place, length);
}
