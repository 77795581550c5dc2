// Checks of arguments. JavaScript does not check types, so a mistake of the caller must be reported as such,
// not as a TypeError from inside.

import { fail, MedsError } from "./errors.js";
import { isDate } from "./realm.js";

/** A value as a message shows it: short, and safe for symbols and for objects that cannot become text. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}

/**
 * Throws `MEDS_INVALID_ARGUMENT`: "`seed` is "x". It must be a whole number." `name` is an option or
 * argument, or words such as "The time".
 */
export function expected(name: string, value: unknown, what: string): never {
  const subject = /^[a-z][\w.[\]]*$/.test(name) ? `\`${name}\`` : name;
  fail("MEDS_INVALID_ARGUMENT", `${subject} is ${shown(value)}. It must be ${what}.`);
}

/**
 * Throws `MEDS_INVALID_ARGUMENT` for values that are right one by one and wrong together. The sentences say
 * what, and what to do.
 */
export function conflict(sentences: string): never {
  fail("MEDS_INVALID_ARGUMENT", sentences);
}

/** A string. */
export function textOf(name: string, value: string, wanted = "a string"): string {
  return typeof value === "string" ? value : expected(name, value, wanted);
}

/** The path of a file or folder. */
export function pathOf(name: string, value: string): string {
  // The system ends a path at a NUL and would find another file.
  if (typeof value !== "string" || value === "" || value.includes("\0")) expected(name, value, "the path of a file or folder, as a string");
  return value;
}

/**
 * Options: an object, or nothing. Arrays, maps and sets have entries but no named members: they would be
 * ignored without a word. `wanted` says what they are, in the error.
 */
export function optionsOf<O extends object>(
  value: O | undefined,
  wanted = "an object such as { name: value }, or undefined",
): O | undefined {
  if (value !== undefined && (typeof value !== "object" || value === null || Symbol.iterator in value || isDate(value)))
    expected("The value for options", value, wanted);
  return value;
}

/**
 * Refuses unknown options: a misspelt name would silently change the result. `what` is the function that has
 * the options.
 */
export function namesIn(what: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given))
    if (!known.includes(name)) conflict(`${shown(name)} is not an option of ${what}. The options are ${known.join(", ")}.`);
}

/** A flag; `usual` where it is undefined. */
export function flagOf(name: string, value: boolean | undefined, usual: boolean): boolean {
  if (value !== undefined && typeof value !== "boolean") expected(name, value, "true or false");
  return value ?? usual;
}

/** One of some words; the first where it is undefined. */
export function oneOf<W extends string>(name: string, value: W | undefined, words: readonly W[]): W {
  if (value === undefined) return words[0]!;
  return words.includes(value) ? value : expected(name, value, `one of ${words.map((word) => JSON.stringify(word)).join(", ")}`);
}

/** The largest int32: the limit for numbers of rows, positions and samples. */
export const INT32_MAX: number = 2 ** 31 - 1;

/** A whole number from `least` to `most`. */
export function wholeOf(name: string, value: number, least: number, most: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  return expected(name, value, `a whole number, ${least} ${most === Number.MAX_SAFE_INTEGER ? "or more" : `to ${most}`}`);
}

/** A seed: any safe integer. */
export function seedOf(name: string, seed: number): number {
  return Number.isSafeInteger(seed) ? seed : expected(name, seed, "a whole number from -(2^53 - 1) to 2^53 - 1");
}

/** An array of `length` zeros. Throws `MEDS_INVALID_ARGUMENT` where memory is too small for it. */
export function arrayOf<A>(name: string, type: new (length: number) => A, length: number): A {
  try {
    return new type(length);
  } catch (cause) {
    const found = `${name} would have ${length} entries, which do not fit in memory. Use a smaller batchSize, tokens, maxLength or number of bins.`;
    throw new MedsError("MEDS_INVALID_ARGUMENT", found, { cause });
  }
}

/** A whole number, 0 or more, or undefined. */
export function countIn(name: string, value: number | undefined): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0)) expected(name, value, "a whole number, 0 or more");
}

/**
 * An array of strings, or undefined. A string is refused: JavaScript would read it as a list of its letters.
 */
export function textsIn(name: string, value: readonly string[] | undefined): void {
  if (value === undefined) return;
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) expected(name, value, "an array of strings");
}

/** A function, or undefined; `wanted` says which function. */
export function functionIn(name: string, value: unknown, wanted = "a function"): void {
  if (value !== undefined && typeof value !== "function") expected(name, value, wanted);
}

/** An `AbortSignal`, or undefined. */
export function signalIn(name: string, value: unknown): void {
  const signal = value as { readonly addEventListener?: unknown } | null | undefined;
  if (signal !== undefined && typeof signal?.addEventListener !== "function") expected(name, value, "an AbortSignal");
}

/** The length of what should be an array with one entry per window. */
export function lengthOf(name: string, value: ArrayLike<unknown>): number {
  // Functions and strings have a length too.
  const length = typeof value === "object" ? (value as ArrayLike<unknown> | null)?.length : undefined;
  if (!Number.isInteger(length)) expected(name, value, "an array with one entry per window");
  return length as number;
}
