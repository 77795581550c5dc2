// Converts command-line arguments to values. A wrong one is wrong usage (exit code 2), reported before any
// work starts.
import { InvalidArgumentError } from "commander";
import { microsOf } from "../index.js";
import { number } from "./format.js";

/** A whole number, 0 or more. */
export function count(text: string): number {
  const value = Number(text.replaceAll("_", ""));
  if (!/^\d[\d_]*$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError("It must be a whole number, 0 or more.");
  return value;
}

/** A whole number within bounds. */
export function countWithin(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = count(text);
    if (value < least || value > most) throw new InvalidArgumentError(`It must be ${number(least)} to ${number(most)}.`);
    return value;
  };
}

/** A regular expression, from what is between slashes. */
export function expression(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    const why = (error as Error).message.replace(/^.*: /, "");
    throw new InvalidArgumentError(`Between slashes it must be a regular expression such as /creatinine|urea/ (${why}).`);
  }
}

/** Whole numbers, separated by commas. */
export function counts(text: string): readonly number[] {
  return text.split(",").map((part) => count(part.trim()));
}

/** Steps that some processes took together. */
export interface Stretch {
  readonly ranks: number;
  readonly steps: number;
}

/** Numbers of processes and of their steps, such as 4x100,2x30. */
export function stretches(text: string): readonly Stretch[] {
  return text.split(",").map((part) => {
    const [, ranks, steps] = /^(\d{1,9})x(\d{1,9})$/.exec(part.trim()) ?? [];
    if (!(Number(ranks) > 0)) throw new InvalidArgumentError("It must be processes and their steps, such as 4x100 or 4x100,2x30.");
    return { ranks: Number(ranks), steps: Number(steps) };
  });
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
  if (!Number.isSafeInteger(bytes) || bytes < 1)
    throw new InvalidArgumentError("It must be a size such as 512MiB or 2GB, or a number of bytes.");
  return bytes;
}

/** A size within bounds. The error shows the bounds as they are written here. */
export function sizeWithin(least: string, most: string): (text: string) => number {
  return (text) => {
    const bytes = size(text);
    if (bytes < size(least) || bytes > size(most)) throw new InvalidArgumentError(`It must be ${least} to ${most}.`);
    return bytes;
  };
}

/** A subject id: any int64. */
export function subjectId(text: string): bigint {
  if (!/^-?\d+$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text))
    throw new InvalidArgumentError("It must be a 64-bit whole number.");
  return BigInt(text);
}

/**
 * Microseconds since 1970-01-01, from ISO 8601 (UTC unless there is an offset; a year, month or day means its
 * first moment) or from the microseconds themselves. Microseconds need more than ten digits: shorter numbers
 * would be times within three hours of 1970, but 2012 and 20120517 are meant as dates.
 */
export function time(text: string): bigint {
  if (/^-?\d{11,}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)) return BigInt(text);
  try {
    return microsOf(text);
  } catch {
    throw new InvalidArgumentError(
      "It must be a date or time such as 2012, 2012-05, 2012-05-17 or 2012-05-17T13:30 (UTC), or microseconds since 1970-01-01 (more than 10 digits).",
    );
  }
}

/** Names, separated by commas. The option can be repeated. */
export function names(text: string, before: readonly string[] = []): readonly string[] {
  const added = text.split(",").map((name) => name.trim());
  if (added.includes("")) throw new InvalidArgumentError("It must be names separated by commas, such as unit,text_value.");
  return [...before, ...added];
}

/** Numbers of shards: "0-3" or "0,2,5-7". The option can be repeated. */
export function shards(text: string, before: readonly number[] = []): readonly number[] {
  const runs = text.split(",").map((run) => {
    const [, from, to = from] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(run.trim()) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (from === undefined || first > last) throw new InvalidArgumentError("It must be numbers of shards, such as 0-3 or 0,2,5-7.");
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return [...before, ...runs.flat()];
}

/** A text. The option can be repeated. */
export function texts(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
