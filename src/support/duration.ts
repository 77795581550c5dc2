import { conflict, expected, shown } from "./arguments.js";

/**
 * A length of time: microseconds as a safe integer or bigint; a sum of units, such as `{ days: 30 }` or
 * `{ hours: 36, minutes: 30 }`; or text, such as `"48h"`, `"30d"` or `"1d12h"`, with the units `w`, `d`, `h`,
 * `m` or `min`, and `s`. A day has 24 hours: times have no zone.
 */
export type Duration =
  | number
  | bigint
  | string
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

/** The units of text. */
const SHORT: Readonly<Record<string, string>> = {
  w: "weeks",
  d: "days",
  h: "hours",
  m: "minutes",
  min: "minutes",
  s: "seconds",
  y: "years",
  mo: "months",
};

const PARTS = /(\d+(?:\.\d+)?)\s*([a-z]+)\s*/gy;

const WANTED = 'microseconds (0 or more), an object such as { days: 30 }, or text such as "48h"';

/** Microseconds, 0 or more. `more`: units that the caller knows besides, for messages. */
export function durationOf(name: string, duration: Duration, more = ""): bigint {
  if (typeof duration === "bigint") return duration >= 0n ? duration : expected(name, duration, WANTED);
  if (typeof duration === "number") {
    return Number.isSafeInteger(duration) && duration >= 0 ? BigInt(duration) : expected(name, duration, WANTED);
  }
  if (typeof duration === "string") {
    const units = unitsIn(name, duration, WANTED);
    if (units.has("years") || units.has("months"))
      conflict(
        `\`${name}\` is ${shown(duration)}. Years and months have no fixed length. Use days, such as "365d" for a year or "30d" for a month.`,
      );
    return sumOf(name, units);
  }
  const entries = typeof duration === "object" && duration !== null ? Object.entries(duration) : [];
  if (entries.length === 0) expected(name, duration, WANTED);
  return sumOf(name, entries, more);
}

/** The units in a text, each once. */
export function unitsIn(name: string, text: string, wanted: string, known = "w, d, h, m or min, and s"): ReadonlyMap<string, number> {
  const units = new Map<string, number>();
  const parts = [...text.trim().matchAll(PARTS)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text.trim()) expected(name, text, wanted);
  for (const [, count, short] of parts) {
    const unit = SHORT[short!];
    if (unit === undefined) conflict(`${shown(short)} is not a unit of \`${name}\`. The units are ${known}.`);
    if (units.has(unit)) expected(name, text, `${wanted}, with each unit once`);
    units.set(unit, Number(count));
  }
  return units;
}

function sumOf(name: string, entries: Iterable<readonly [unit: string, count: unknown]>, more = ""): bigint {
  let sum = 0n;
  for (const [unit, count] of entries) {
    if (!Object.hasOwn(UNITS, unit))
      conflict(`${shown(unit)} is not a unit of ${name}. The units are ${more}${Object.keys(UNITS).join(", ")}.`);
    const micros = typeof count === "number" ? Math.round(count * UNITS[unit]!) : Number.NaN;
    if (!(Number.isSafeInteger(micros) && micros >= 0)) expected(`${name}.${unit}`, count, "a number, 0 or more");
    sum += BigInt(micros);
  }
  return sum;
}
