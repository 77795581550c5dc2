// What callers give: JavaScript knows no types, and a slip must be told as what it is, not as a TypeError from inside.
import { fail, MedsError } from "./errors.js";

/** A value as a message shows it: short, and safe for symbols and for objects that cannot become text. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}

/** Throws `MEDS_INVALID_ARGUMENT`: "`seed` is "x". It must be a whole number." `name` is an option or argument, or words such as "The time". */
export function expected(name: string, value: unknown, what: string): never {
  const subject = /^[a-z][\w.[\]]*$/.test(name) ? `\`${name}\`` : name;
  fail("MEDS_INVALID_ARGUMENT", `${subject} is ${shown(value)}. It must be ${what}.`);
}

/** Throws `MEDS_INVALID_ARGUMENT` for values that are right one by one and wrong together. The sentences say what, and what to do. */
export function conflict(sentences: string): never {
  fail("MEDS_INVALID_ARGUMENT", sentences);
}

/** Throws `MEDS_INVALID_ARGUMENT`; `wanted` says what to give. */
export function failGiven(name: string, value: unknown, wanted: string): never {
  fail("MEDS_INVALID_ARGUMENT", `${name} is ${shown(value)}. Give ${wanted}.`);
}

/** A text. */
export function textOf(name: string, value: string, wanted = "a string"): string {
  return typeof value === "string" ? value : failGiven(name, value, wanted);
}

/** The path of a file or folder. */
export function pathOf(name: string, value: string): string {
  // Systems end a path at a NUL; what they would find is another file.
  if (typeof value !== "string" || value === "" || value.includes("\0")) failGiven(name, value, "the path of a folder as a string");
  return value;
}

/** Options: an object, or nothing. Arrays, maps and sets have entries, but no named members: what they say would not be heard. */
export function optionsOf<O extends object>(value: O | undefined): O | undefined {
  if (value !== undefined && (typeof value !== "object" || value === null || Symbol.iterator in value || value instanceof Date))
    failGiven("The value for options", value, "an object such as { name: value }, or nothing");
  return value;
}

/** Refuses options that nobody knows: a slip of the pen would change what is done, and nobody would be told. `what` has the options. */
export function namesIn(what: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) if (!known.includes(name)) failGiven(`An option of ${what}`, name, `one of ${known.join(", ")}`);
}

/** A flag, or what it is where it is not given. */
export function flagOf(name: string, value: boolean | undefined, usual: boolean): boolean {
  if (value !== undefined && typeof value !== "boolean") failGiven(name, value, "true or false");
  return value ?? usual;
}

/** One of some words; the first where none is given. */
export function oneOf<W extends string>(name: string, value: W | undefined, words: readonly W[]): W {
  if (value === undefined) return words[0]!;
  return words.includes(value) ? value : failGiven(name, value, `one of ${words.map((word) => JSON.stringify(word)).join(", ")}`);
}

/** What 32 bits count: rows, places and samples. */
export const INT32_MAX: number = 2 ** 31 - 1;

/** A whole number from `least` to `most`. */
export function wholeOf(name: string, value: number, least: number, most: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  return failGiven(name, value, `a whole number, ${least} ${most === Number.MAX_SAFE_INTEGER ? "or more" : `to ${most}`}`);
}

/** An array of so many zeros; one too large for the machine is told as that. */
export function arrayOf<A>(name: string, type: new (length: number) => A, length: number): A {
  try {
    return new type(length);
  } catch (cause) {
    const found = `${name} would have ${length} entries, and there is no memory for so many. Ask for less at once: a smaller batchSize, tokens, maxLength or number of bins.`;
    throw new MedsError("MEDS_INVALID_ARGUMENT", found, { cause });
  }
}

/** A whole number of something, 0 or more, where it is given. */
export function countIn(name: string, value: number | undefined): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0)) failGiven(name, value, "a whole number, 0 or more");
}

/** Texts, where they are given. A string is a list of its letters to JavaScript: never what is meant. */
export function textsIn(name: string, value: readonly string[] | undefined): void {
  if (value === undefined) return;
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) failGiven(name, value, "an array of strings");
}

/** The length of what should be an array with an entry a window. */
export function lengthOf(name: string, value: ArrayLike<unknown>): number {
  // Functions and strings have a length too.
  const length = typeof value === "object" ? (value as ArrayLike<unknown> | null)?.length : undefined;
  if (!Number.isInteger(length)) failGiven(name, value, "an array with one entry a window");
  return length as number;
}
