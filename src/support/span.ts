import { conflict, expected, wholeOf } from "./arguments.js";
import { type Duration, durationOf, unitsIn } from "./duration.js";
import { fail } from "./errors.js";
import { boundOf, DAY, dayOf, failTimeRange, NO_TIME, narrow, type TimeLike } from "./time.js";

/**
 * A {@link Duration}, or a number of calendar years and months: `"40y"`, `"18mo"`, `"1y6mo"` or `{ years: 40 }`.
 * A year after 29 February is 28 February: a day that the month does not have becomes the month's last day.
 */
export type Span = Duration | { readonly years?: number; readonly months?: number };

/** A checked span. */
export type SpanPlan = { readonly micros: bigint } | { readonly years: number; readonly months: number };

const WANTED = 'microseconds (0 or more), an object such as { days: 30 } or { years: 1 }, or text such as "48h" or "1y"';

/** More years than this lead outside all times. */
const MOST_YEARS = 600_000;

/** Checks a span. */
export function spanOf(name: string, span: Span): SpanPlan {
  let units: ReadonlyMap<string, unknown>;
  if (typeof span === "string") units = unitsIn(name, span, WANTED, "y, mo, w, d, h, m or min, and s");
  else if (typeof span === "object" && span !== null) units = new Map(Object.entries(span));
  else return { micros: durationOf(name, span) };
  const isCalendar = units.has("years") || units.has("months");
  if (!isCalendar)
    return units.size === 0 ? expected(name, span, WANTED) : { micros: durationOf(name, span as Duration, "years, months, ") };
  if ([...units.keys()].some((unit) => unit !== "years" && unit !== "months"))
    conflict(`\`${name}\` combines years or months with other units. Use years and months, or units of fixed length such as days.`);
  const count = (unit: string, most: number) => wholeOf(`${name}.${unit}`, (units.has(unit) ? units.get(unit) : 0) as number, 0, most);
  return { years: count("years", MOST_YEARS), months: count("months", 12 * MOST_YEARS) };
}

/**
 * The time that is a span after a time: microseconds since 1970-01-01, by the UTC calendar.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for what is not a time or span; `MEDS_TIME_RANGE` where the result
 * is outside the years 1684 to 2255.
 * @example
 * ```ts
 * import { PatientDatabase, timeAfter, timeBefore } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * for (const patient of db) {
 *   if (patient.birthTime === null || patient.lastTime === null) continue;
 *   const childhood = patient.until(timeAfter(patient.birthTime, "18y"), { inclusive: false });
 *   const lastDays = patient.from(timeBefore(patient.lastTime, { days: 30 }));
 *   console.log(childhood.length, lastDays.length);
 * }
 * db.close();
 * ```
 */
export function timeAfter(time: TimeLike, span: Span): number {
  return exact(laterBy(BigInt(boundOf(time)), spanOf("span", span)));
}

/** The time that is a span before a time, as {@link timeAfter}. */
export function timeBefore(time: TimeLike, span: Span): number {
  return exact(earlierBy(BigInt(boundOf(time)), spanOf("span", span)));
}

function exact(micros: bigint): number {
  const time = narrow(micros);
  return typeof time === "number" ? time : failTimeRange(micros);
}

/** The time a span after a time, in UTC calendar arithmetic. */
export function laterBy(micros: bigint, span: SpanPlan): bigint {
  return moved(micros, span, 1);
}

/** The time a span before a time, in UTC calendar arithmetic. */
export function earlierBy(micros: bigint, span: SpanPlan): bigint {
  return moved(micros, span, -1);
}

/** As {@link earlierBy}; the earliest of all times where the span leads to before it. */
export function earliestBy(micros: bigint, span: SpanPlan): bigint {
  const time = exactly(micros, span, -1);
  if (time < NO_TIME) return NO_TIME;
  return time;
}

function moved(micros: bigint, span: SpanPlan, sign: 1 | -1): bigint {
  const time = exactly(micros, span, sign);
  // The smallest int64 means "no time".
  if (time <= NO_TIME || time > -NO_TIME - 1n)
    fail("MEDS_TIME_RANGE", `The time ${micros} µs and the span lead outside 64 bits. Use a shorter span.`);
  return time;
}

function exactly(micros: bigint, span: SpanPlan, sign: 1 | -1): bigint {
  return "micros" in span ? micros + BigInt(sign) * span.micros : inMonths(micros, sign * (12 * span.years + span.months));
}

function inMonths(micros: bigint, months: number): bigint {
  const midnight = dayOf(micros);
  const { year, month, day } = civilOf(Number(midnight / DAY));
  const count = 12 * year + month - 1 + months;
  const there = { year: Math.floor(count / 12), month: (((count % 12) + 12) % 12) + 1 };
  const first = daysTo(there.year, there.month);
  const length = daysTo(there.month === 12 ? there.year + 1 : there.year, (there.month % 12) + 1) - first;
  return BigInt(first + Math.min(day, length) - 1) * DAY + (micros - midnight);
}

// Howard Hinnant's algorithms for the proleptic Gregorian calendar. Years begin in March, so that a leap day
// is their last day. Date ends in the year 275760; times do not.

/** The date of a number of days since 1970-01-01. */
function civilOf(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1 };
}

/** Days from 1970-01-01 to the first day of a month. */
function daysTo(year: number, month: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5);
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}
