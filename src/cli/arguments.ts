// What people type, as values; anything else is wrong usage (exit code 2), told before any work is done.
import { InvalidArgumentError, Option } from "commander";
import { number } from "./format.js";

/** A whole number, 0 or more. */
export function count(text: string): number {
  const value = Number(text.replaceAll("_", ""));
  if (!/^\d[\d_]*$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError("Give a whole number, 0 or more.");
  return value;
}

/** A whole number within bounds. */
export function countWithin(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = count(text);
    if (value < least || value > most) throw new InvalidArgumentError(`Give ${number(least)} to ${number(most)}.`);
    return value;
  };
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
};

/** A size: bytes, or a number with a unit (512MiB, 1.5GB). */
export function size(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?$/i.exec(text);
  const unit = UNITS[match?.[2]?.toLowerCase() ?? "?"];
  const bytes = Math.round(Number(match?.[1]) * (unit ?? Number.NaN));
  if (!Number.isSafeInteger(bytes) || bytes < 1) throw new InvalidArgumentError("Give a size such as 512MiB, 2GB or a number of bytes.");
  return bytes;
}

/** A size within bounds, which are told as they are written. */
export function sizeWithin(least: string, most: string): (text: string) => number {
  return (text) => {
    const bytes = size(text);
    if (bytes < size(least) || bytes > size(most)) throw new InvalidArgumentError(`Give ${least} to ${most}.`);
    return bytes;
  };
}

/** A subject id: any int64. */
export function subjectId(text: string): bigint {
  if (!/^-?\d+$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text))
    throw new InvalidArgumentError("A subject id is a whole number of 64 bits.");
  return BigInt(text);
}

const ISO = /^(\d{4}|-?\d{4,6}(?=-))(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?(Z|[+-]\d\d:\d\d)?)?)?$/;

/**
 * A time as microseconds since 1970-01-01: ISO 8601 (UTC unless it has an offset; a year, month or day stands for its first moment), or the
 * microseconds themselves. These have more than ten digits, or they would lie within three hours of 1970: 2012 and 20120517 are meant as dates.
 */
export function time(text: string): bigint {
  if (/^-?\d{11,}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)) return BigInt(text);
  const wrong = () =>
    new InvalidArgumentError(
      "Give a date or time such as 2012, 2012-05, 2012-05-17 or 2012-05-17T13:30 (UTC), or microseconds since 1970-01-01 (more than 10 digits).",
    );
  const match = ISO.exec(text);
  if (match === null) throw wrong();
  const [, year, month = "01", day = "01", hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  // Date would carry 31 February over into March.
  const same = date.getUTCMonth() + 1 === Number(month) && date.getUTCDate() === Number(day) && date.getUTCHours() === Number(hour);
  if (!same || date.getUTCMinutes() !== Number(minute) || date.getUTCSeconds() !== Number(second)) throw wrong();
  const offset = zone === "Z" ? 0 : (zone.startsWith("-") ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6)));
  return (BigInt(date.getTime()) - BigInt(offset) * 60_000n) * 1000n + BigInt(fraction.padEnd(6, "0"));
}

/** Names, separated by commas; the option may be given several times. */
export function names(text: string, before: readonly string[] = []): readonly string[] {
  const added = text.split(",").map((name) => name.trim());
  if (added.includes("")) throw new InvalidArgumentError("Give names separated by commas, such as unit,text_value.");
  return [...before, ...added];
}

/** A text; the option may be given several times. */
export function texts(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

export const jsonOption = () => new Option("--json", "print JSON on stdout, and nothing else");
export const threadsOption = () =>
  new Option("--threads <n>", "threads, at most 1024; 0 = all processors").argParser(countWithin(0, 1024)).default(0, "all");
export const progressOption = () =>
  new Option("--progress <how>", "bar (only on a terminal), json (a line of JSON a moment, on stderr), none")
    .choices(["bar", "json", "none"])
    .default("bar");

export const vocabularyOption = () =>
  new Option(
    "--vocabulary <paths...>",
    "OMOP: where the vocabulary is, if the tables do not have all of it (put it last): folders of Athena downloads, files of concepts; the first that has a concept counts",
  );
export const keepUnmappedOption = () =>
  new Option("--keep-unmapped", "OMOP: keep rows without a concept of the vocabulary, with codes UNMAPPED/TABLE/SOURCE_VALUE");
export const conceptIdsOption = () =>
  new Option("--concept-ids", "OMOP: concept ids as codes, such as OMOP/320128, without a vocabulary; keeps source values in a column");
export const skipBadRowsOption = () =>
  new Option(
    "--skip-bad-rows",
    "OMOP in CSV: leave out and count rows with more or fewer fields than the header, instead of refusing them",
  );
