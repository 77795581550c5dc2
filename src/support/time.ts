import { expected, lengthOf } from "./arguments.js";
import { fail } from "./errors.js";

/** A point in time: microseconds since 1970-01-01 UTC as a safe integer or bigint, or a `Date`. */
export type TimeLike = number | bigint | Date;

/** 2^32: the unit of the high word of an int64. */
export const HIGH = 4294967296;
/** The int64 minimum: the time of a static row in {@link Timeline.times}. */
export const NO_TIME: bigint = -(2n ** 63n);

/** Microseconds in a day. */
export const DAY = 86_400_000_000n;

/** The day (UTC) of a time, as its first microsecond. */
export function dayOf(time: bigint): bigint {
  const day = time / DAY;
  return (day * DAY > time ? day - 1n : day) * DAY;
}

/** The high words of times within 208 days of 1970 are smaller than this. */
const NEAR_1970 = 4194;

const INT64_MAX = 2n ** 63n - 1n;

/**
 * A bound of a window: a number where that is exact, else a bigint. Times are then compared as doubles, which
 * is exact against a safe bound: rounding never moves a time beyond 2^53 to below 2^53.
 */
export function boundOf(time: TimeLike): number | bigint {
  if (typeof time === "number") {
    if (!Number.isSafeInteger(time)) {
      fail(
        "MEDS_UNSAFE_NUMBER",
        `${time} is not an exact number of microseconds. Use a whole number within 2^53 (microseconds since 1970-01-01), a bigint, or a Date.`,
      );
    }
    return time;
  }
  if (typeof time === "bigint") {
    if (time < NO_TIME || time > INT64_MAX)
      fail("MEDS_INVALID_ARGUMENT", `${time} does not fit in 64 bits. Times are microseconds since 1970-01-01.`);
    return narrow(time);
  }
  if (time instanceof Date) {
    const millis = time.getTime();
    if (Number.isNaN(millis)) fail("MEDS_INVALID_ARGUMENT", "The Date is invalid. Use a valid Date, or microseconds since 1970-01-01.");
    return narrow(BigInt(millis) * 1000n);
  }
  expected("The time", time, "microseconds since 1970-01-01 (number or bigint) or a Date");
}

/** A time as a number where that is exact, else unchanged. */
export function narrow(time: bigint): number | bigint {
  const number = Number(time);
  return Number.isSafeInteger(number) ? number : time;
}

/**
 * The 32-bit words of some int64, [low, high] for each: copying and comparing them makes no bigints. A view.
 */
export function wordsOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
}

/** An int64 as a float64: the same as `Number(values[i])`. */
export function numberAt(words: Int32Array, i: number): number {
  return words[2 * i + 1]! * HIGH + (words[2 * i]! >>> 0);
}

/** The exact bounds of many windows; `suspect` is called with those within some months of 1970. */
export function exactTimes(times: BigInt64Array | ArrayLike<TimeLike>, suspect: (bound: bigint) => void): BigInt64Array {
  let exact: BigInt64Array;
  if (times instanceof BigInt64Array) exact = times;
  else {
    exact = new BigInt64Array(lengthOf("The list of bounds", times));
    for (let i = 0; i < exact.length; i += 1) exact[i] = BigInt(boundOf(times[i] as TimeLike));
  }
  // Compares high words: one bigint per entry would cost more than the query.
  const words = wordsOf(exact);
  for (let i = 0; i < exact.length; i += 1) {
    const high = words[2 * i + 1]!;
    if (high > -NEAR_1970 && high < NEAR_1970) suspect(exact[i]!);
  }
  return exact;
}

/** Throws `MEDS_TIME_RANGE`: a number cannot express this time to the microsecond. */
export function failTimeRange(micros: bigint): never {
  fail(
    "MEDS_TIME_RANGE",
    `The time ${micros} µs is outside the years 1684 to 2255, where a number is exact to the microsecond. Read event.timeMicros (bigint) or timeline.times.`,
  );
}

/** The last `Date` at or before a time. A Date counts milliseconds and ends in the year 275760. */
export function dateOf(micros: bigint): Date {
  let millis = micros / 1000n;
  if (micros < 0n && millis * 1000n !== micros) millis -= 1n;
  const date = new Date(Number(millis));
  if (Number.isNaN(date.getTime()))
    fail("MEDS_TIME_RANGE", `The time ${micros} µs is outside the range of a Date. Read event.timeMicros (bigint).`);
  return date;
}

/** A time as `console.log` shows it: a Date where it is in range, else a bigint. */
export function shownTime(micros: bigint | null): Date | bigint | null {
  if (micros === null) return null;
  const date = new Date(Number(micros / 1000n));
  return Number.isNaN(date.getTime()) ? micros : date;
}
