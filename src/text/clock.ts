// Times as texts write them: as they are, or so that nobody can tell the year.
import { conflict, expected, oneOf } from "../support/arguments.js";
import { civilOf, daysOf } from "../support/calendar.js";
import { microsOf, type TimeLike } from "../support/time.js";

const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;

/**
 * How times are written:
 *
 * * `"absolute"` (the default): as they are, in UTC;
 * * `{ shiftTo: "2024-01-01" }`: moved by the same length, so that the prediction time (without one: the last row)
 *   falls on this day. Its time of day stays;
 * * `"relative"`: as days before the prediction time;
 * * `"age"`: as the age of the patient;
 * * `"none"`: not at all.
 */
export type TextTimes = "absolute" | "relative" | "age" | "none" | { readonly shiftTo: TimeLike };

/** {@link TextTimes}, checked, as plain data. */
export interface TimesPlan {
  readonly kind: "absolute" | "relative" | "age" | "none" | "shift";
  /** With `shift`: the day that the prediction time falls on, counted from 1970-01-01. */
  readonly day: number;
}

export function timesOf(given: TextTimes | undefined): TimesPlan {
  if (typeof given === "object" && given !== null) {
    const names = Object.keys(given);
    if (names.length !== 1 || names[0] !== "shiftTo") expected("times", given, 'an object such as { shiftTo: "2024-01-01" }');
    const [day, rest] = daysOf(microsOf(given.shiftTo));
    if (rest !== 0) conflict('`times.shiftTo` has a time of day. It must be a day, such as "2024-01-01".');
    return { kind: "shift", day };
  }
  return { kind: oneOf("times", given, ["absolute", "relative", "age", "none"]), day: 0 };
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** "2012-05-17" of a day that is counted from 1970-01-01. */
export function dayText(day: number): string {
  const { year, month, date } = civilOf(day);
  const years =
    year >= 0 && year <= 9999 ? String(year).padStart(4, "0") : `${year < 0 ? "-" : "+"}${String(Math.abs(year)).padStart(6, "0")}`;
  return `${years}-${two(month)}-${two(date)}`;
}

/** Writes times. Rows of a patient are in order, so the text of the last day and second is kept. */
export class Clock {
  /** Days that are added to each time. */
  private shift = 0;
  private day = Number.NaN;
  private ofDay = "";
  private second = Number.NaN;
  private ofSecond = "";

  /** Sets the days that are added to each time. */
  move(days: number): void {
    if (days === this.shift) return;
    this.shift = days;
    this.day = Number.NaN;
    this.second = Number.NaN;
  }

  /** Days that are added to each time. */
  get days(): number {
    return this.shift;
  }

  /** "2012-05-17T13:30:00", with a fraction of the second where there is one. */
  iso(micros: number | bigint): string {
    const rest = Number(BigInt.asUintN(64, (BigInt(micros) % 1_000_000n) + 1_000_000n) % 1_000_000n);
    const fraction = rest === 0 ? "" : `.${String(rest).padStart(6, "0")}`;
    return `${this.stamp(micros).replace(" ", "T")}${fraction}`;
  }

  /** "2012-05-17". */
  date(micros: number | bigint): string {
    return this.dateOf(typeof micros === "number" ? Math.floor(micros / DAY) : daysOf(micros)[0]);
  }

  /** "2012-05-17 13:30:00". Fractions of a second are cut off. */
  stamp(micros: number | bigint): string {
    let day: number;
    let second: number;
    if (typeof micros === "number") {
      day = Math.floor(micros / DAY);
      second = Math.floor((micros - day * DAY) / SECOND);
    } else {
      const [days, rest] = daysOf(micros);
      [day, second] = [days, Math.floor(rest / SECOND)];
    }
    const date = this.dateOf(day);
    if (second !== this.second) {
      this.second = second;
      this.ofSecond = ` ${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`;
    }
    return date + this.ofSecond;
  }

  private dateOf(day: number): string {
    if (day !== this.day) {
      this.day = day;
      this.ofDay = dayText(day + this.shift);
    }
    return this.ofDay;
  }
}
