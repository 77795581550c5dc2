import { types } from "node:util";
import { conflict, expected, lengthOf, shown } from "./arguments.js";
import { fail } from "./errors.js";
import { isDate } from "./realm.js";

/**
 * A point in time: microseconds since 1970-01-01 UTC as a safe integer or bigint, a `Date`, or ISO 8601 text:
 * `"2012-05-17T13:30"`, with or without seconds, a fraction (to the microsecond) and a zone (`Z`, `+02:00`).
 * Text without a zone is UTC. A year, month or day (`"2012"`, `"2012-05"`, `"2012-05-17"`) means its first
 * moment. Years beyond 9999 are as in `Date.toISOString`: `"+012345-06-07"`.
 */
export type TimeLike = number | bigint | Date | string;

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
  if (isDate(time)) {
    const millis = time.getTime();
    if (Number.isNaN(millis)) fail("MEDS_INVALID_ARGUMENT", "The Date is invalid. Use a valid Date, or microseconds since 1970-01-01.");
    return narrow(BigInt(millis) * 1000n);
  }
  if (typeof time === "string") return narrow(isoTime(time) ?? failText(time));
  expected("The time", time, TIMES);
}

/** What a time can be, for messages. */
export const TIMES = 'microseconds since 1970-01-01 (number or bigint), a Date, or text such as "2012-05-17T13:30"';

const ISO = /^(\d{4}|[+-]?\d{4,6}(?=-))(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?(Z|[+-]\d\d:\d\d)?)?)?$/;

/** 400 years of the calendar, after which it repeats. */
const CYCLE = 400;
const CYCLE_MICROS = 146_097n * DAY;

/** Microseconds since 1970-01-01 of ISO 8601 text as in {@link TimeLike}; null for other text. */
export function isoTime(text: string): bigint | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, year, month = "01", day = "01", hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] = match;
  // Date ends in the year 275760, before the times of 64 bits. It counts from a year of 2000 to 2399.
  const cycles = Math.floor(Number(year) / CYCLE) - 5;
  const date = new Date(0);
  date.setUTCFullYear(Number(year) - CYCLE * cycles, Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  // Date would turn 31 February into a day of March.
  const same = date.getUTCMonth() + 1 === Number(month) && date.getUTCDate() === Number(day) && date.getUTCHours() === Number(hour);
  if (!same || date.getUTCMinutes() !== Number(minute) || date.getUTCSeconds() !== Number(second)) return null;
  const [zoneHours, zoneMinutes] = zone === "Z" ? [0, 0] : [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  if (zoneHours > 23 || zoneMinutes > 59) return null;
  const offset = (zone.startsWith("-") ? -1 : 1) * (zoneHours * 60 + zoneMinutes);
  const micros = (BigInt(date.getTime()) - BigInt(offset) * 60_000n) * 1000n + BigInt(fraction.padEnd(6, "0"));
  const time = micros + BigInt(cycles) * CYCLE_MICROS;
  // The int64 minimum means "no time".
  return time > NO_TIME && time <= INT64_MAX ? time : null;
}

function failText(text: string): never {
  if (/^-?\d+$/.test(text))
    conflict(
      `The time is the text ${shown(text)}. Pass microseconds since 1970-01-01 as a number or bigint, and dates with hyphens, such as "2012-05-17".`,
    );
  expected("The time", text, TIMES);
}

/**
 * A time as microseconds since 1970-01-01 UTC: the same clock as in {@link Timeline.times}, for any form of a
 * time.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for text that is not ISO 8601, an invalid Date and a bigint outside
 * 64 bits; `MEDS_UNSAFE_NUMBER` for a number that is not a safe integer.
 * @example
 * ```ts
 * import { microsOf } from "meds-reader";
 *
 * const admitted = microsOf("2012-05-17T13:30");
 * console.log(microsOf("2012-05-18") - admitted, "microseconds to midnight");
 * ```
 */
export function microsOf(time: TimeLike): bigint {
  return BigInt(boundOf(time));
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
  if (types.isBigInt64Array(times)) exact = times;
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
  const date = new Date(millisOf(micros));
  if (Number.isNaN(date.getTime()))
    fail("MEDS_TIME_RANGE", `The time ${micros} µs is outside the range of a Date. Read event.timeMicros (bigint).`);
  return date;
}

/** The last millisecond at or before a time. */
function millisOf(micros: bigint): number {
  const millis = micros / 1000n;
  return Number(millis * 1000n > micros ? millis - 1n : millis);
}

/** A time in a message: ISO 8601 where a Date has it, else microseconds. */
export function textOfTime(micros: bigint): string {
  const time = shownTime(micros);
  return typeof time === "bigint" ? `${time} µs` : time!.toISOString();
}

/** A time as `console.log` shows it: a Date where it is in range, else a bigint. */
export function shownTime(micros: bigint | null): Date | bigint | null {
  if (micros === null) return null;
  const date = new Date(millisOf(micros));
  return Number.isNaN(date.getTime()) ? micros : date;
}
