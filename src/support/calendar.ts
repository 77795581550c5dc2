// Years of the calendar (UTC) from times in microseconds since 1970-01-01.
import { DAY, dayOf } from "./time.js";

const DAY_MICROS = 86_400_000_000;

/** Where the year of the last time begins and ends, and that year. Rows of a patient are in order of time. */
const span = new Float64Array(2);
const last = new Int32Array(1);

/** The year of a time that is a number, within 2^53: of the years 1684 to 2255. */
export function yearOf(micros: number): number {
  return micros >= span[0]! && micros < span[1]! ? last[0]! : otherYear(micros);
}

/** The division is exact enough: a quotient below a whole number never rounds up to it. */
function otherYear(micros: number): number {
  const year = yearOfDay(Math.floor(micros / DAY_MICROS));
  span[0] = Date.UTC(year, 0) * 1000;
  span[1] = Date.UTC(year + 1, 0) * 1000;
  last[0] = year;
  return year;
}

/** The year of any int64. */
export function exactYear(micros: bigint): number {
  return yearOfDay(Number(dayOf(micros) / DAY));
}

/** A day of the calendar. `month` is 1 to 12, `date` 1 to 31. */
export interface Civil {
  readonly year: number;
  readonly month: number;
  readonly date: number;
}

/** Whole days since 1970-01-01, and the microseconds of the last day. */
export function daysOf(micros: bigint): [days: number, rest: number] {
  const day = dayOf(micros);
  return [Number(day / DAY), Number(micros - day)];
}

/** The year of a day, counted from 1970-01-01. */
function yearOfDay(day: number): number {
  return civilOf(day).year;
}

/** The date of a day, counted from 1970-01-01. */
export function civilOf(day: number): Civil {
  // Years that begin on 1 March have their leap day at the end. 400 of them have 146,097 days; the first such
  // era that counts begins on 0000-03-01, 719,468 days before 1970.
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const year = ((ofEra - ((ofEra / 1460) | 0) + ((ofEra / 36_524) | 0) - ((ofEra / 146_096) | 0)) / 365) | 0;
  const ofYear = ofEra - (365 * year + (year >> 2) - ((year / 100) | 0));
  // Five months from March on have 153 days.
  const month = ((5 * ofYear + 2) / 153) | 0;
  const date = ofYear - (((153 * month + 2) / 5) | 0) + 1;
  // Day 306 is 1 January.
  return { year: era * 400 + year + (ofYear >= 306 ? 1 : 0), month: month < 10 ? month + 3 : month - 9, date };
}
