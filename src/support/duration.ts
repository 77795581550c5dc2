import { conflict, expected, shown } from "./arguments.js";

/**
 * A length of time: microseconds as a safe integer or bigint, or a sum of units, such as `{ days: 30 }` or
 * `{ hours: 36, minutes: 30 }`.
 */
export type Duration =
  | number
  | bigint
  | {
      readonly weeks?: number;
      readonly days?: number;
      readonly hours?: number;
      readonly minutes?: number;
      readonly seconds?: number;
      readonly microseconds?: number;
    };

/** Microseconds of each unit. A day has 24 hours: times have no zone. */
const UNITS: Readonly<Record<string, number>> = {
  weeks: 604_800_000_000,
  days: 86_400_000_000,
  hours: 3_600_000_000,
  minutes: 60_000_000,
  seconds: 1_000_000,
  microseconds: 1,
};

/** Microseconds, 0 or more. */
export function durationOf(name: string, duration: Duration): bigint {
  const wanted = "microseconds (0 or more) or an object such as { days: 30 }";
  if (typeof duration === "bigint") return duration >= 0n ? duration : expected(name, duration, wanted);
  if (typeof duration === "number") {
    return Number.isSafeInteger(duration) && duration >= 0 ? BigInt(duration) : expected(name, duration, wanted);
  }
  const entries = typeof duration === "object" && duration !== null ? Object.entries(duration) : [];
  if (entries.length === 0) expected(name, duration, wanted);
  let sum = 0n;
  for (const [unit, count] of entries) {
    if (!Object.hasOwn(UNITS, unit)) conflict(`${shown(unit)} is not a unit of ${name}. The units are ${Object.keys(UNITS).join(", ")}.`);
    const micros = typeof count === "number" ? Math.round(count * UNITS[unit]!) : Number.NaN;
    if (!(Number.isSafeInteger(micros) && micros >= 0)) expected(`${name}.${unit}`, count, "a number, 0 or more");
    sum += BigInt(micros);
  }
  return sum;
}
