import { isoMicros } from "../../tables/csv.js";

const AMERICAN = /^(\d{1,2})\/(\d{1,2})\/(\d{4}|\d\d)(?: +(\d{1,2}):(\d\d)(?::(\d\d))?(?: *([AP])M)?)?$/i;

/**
 * Microseconds since 1970-01-01 of `10/08/2018 08:00 PM`, `10/08/2018 20:00`, `7/19/1966` or ISO 8601;
 * undefined for any other text. A year of two digits is 1969 to 2068, as Python's strptime has it.
 */
export function xmlTime(given: string): bigint | undefined {
  const text = given.trim();
  const found = AMERICAN.exec(text);
  if (found === null) return isoMicros(text);
  const [, month, date, digits, hour = "0", minute = "0", second = "0", half] = found;
  const year = digits!.length === 4 ? Number(digits) : Number(digits) + (Number(digits) < 69 ? 2000 : 1900);
  let hours = Number(hour);
  if (half !== undefined) {
    if (hours < 1 || hours > 12) return undefined;
    hours = (hours % 12) + (half.toUpperCase() === "P" ? 12 : 0);
  }
  if (hours > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const at = new Date(0);
  at.setUTCFullYear(year, Number(month) - 1, Number(date));
  // Date makes the 31st of February a day in March.
  if (at.getUTCMonth() + 1 !== Number(month) || at.getUTCDate() !== Number(date)) return undefined;
  return BigInt(at.setUTCHours(hours, Number(minute), Number(second))) * 1000n;
}
