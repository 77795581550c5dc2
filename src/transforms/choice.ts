// The rows that a ready transform selects, and the columns that it reads.

import { types as kinds } from "node:util";
import { type CodePart, type CodeTest, partsOf } from "../store/choice.js";
import { CodeRange, CodeSelection, codesIn } from "../store/selection.js";
import { expected, namesIn, textOf, textsIn } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { Row } from "../timeline/row.js";
import type { Line } from "./part.js";

/**
 * Codes of rows, which may be new in this transform: as in {@link CodeChoice}, but no ids and no functions. A
 * string that ends in `*` means all codes with this prefix, a selection of `db.codes` the codes that it has.
 */
export type RowCodes = RowCodePart | Iterable<RowCodePart>;

/** One part of {@link RowCodes}. */
export type RowCodePart = Exclude<CodePart, number | CodeTest>;

/** Rows, by their codes, or by the values of a column. */
export type RowChoice = { readonly codes: RowCodes } | { readonly column: string; readonly values: string | readonly string[] };

/** A checked choice of rows. */
export type ChosenRows = { readonly codes: readonly CodePlan[] } | { readonly column: string; readonly values: readonly string[] };

/**
 * A checked part of a choice of codes, as the manifest contains it: a code, or a prefix with a star; exactly a
 * code; an expression.
 */
export type CodePlan = string | { readonly is: string } | { readonly matches: string; readonly flags: string };

/** Checks a choice. */
export function choiceOf(name: string, choice: RowChoice): ChosenRows {
  const wanted = 'an object such as { codes: ["LAB//*"] } or { column: "table", values: ["visit"] }';
  if (typeof choice !== "object" || choice === null) expected(name, choice, wanted);
  namesIn(`\`${name}\``, choice, "codes" in choice ? ["codes"] : ["column", "values"]);
  if ("codes" in choice) return { codes: codesOf(`${name}.codes`, choice.codes) };
  if (!("column" in choice)) expected(name, choice, wanted);
  return { column: textOf(`${name}.column`, choice.column, "the name of a column"), values: listOf(`${name}.values`, choice.values) };
}

/** Checks a choice of codes, of at least one part. */
export function codesOf(name: string, given: RowCodes): readonly CodePlan[] {
  const parts = partsOf(given);
  if (parts.length === 0) expected(name, given, CODES);
  return parts.flatMap((part) => planOf(name, part));
}

const CODES = 'a string ("LAB//*" is a prefix), { prefix }, a RegExp, a selection of db.codes, or an array of at least one of these';

function planOf(name: string, part: CodePart): readonly CodePlan[] {
  if (typeof part === "string") return [part];
  if (part instanceof CodeRange || part instanceof CodeSelection)
    return codesIn(part).map((code) => (code.endsWith("*") ? { is: code } : code));
  if (kinds.isRegExp(part)) return [{ matches: part.source, flags: part.flags }];
  if (typeof part !== "object" || part === null || !("prefix" in part)) expected(`A code of \`${name}\``, part, CODES);
  namesIn(`\`${name}\``, part, ["prefix"]);
  return listOf(`${name}.prefix`, part.prefix).map((prefix) => `${prefix}*`);
}

/** One string or several, at least one. */
function listOf(name: string, given: string | readonly string[]): readonly string[] {
  const list = typeof given === "string" ? [given] : given;
  if (list === undefined || list.length === 0) expected(name, given, "a string, or an array of at least one string");
  textsIn(name, list);
  return [...list];
}

/** A test: is a row in the choice. */
export function chooser(choice: ChosenRows, types: ReadonlyMap<string, string>): (line: Line) => boolean {
  if ("codes" in choice) return codeTest(choice.codes);
  const { column } = choice;
  needColumn(column, types);
  const values = new Set(choice.values);
  return (line) => {
    const value = cellOf(line, column);
    return value !== null && values.has(String(value));
  };
}

/** A test: is the code of a row chosen. A text that ends in `*` is a prefix. */
export function codeTest(codes: readonly CodePlan[]): (line: Line) => boolean {
  const whole = new Set<string>();
  const prefixes: string[] = [];
  const expressions: RegExp[] = [];
  for (const code of codes) {
    if (typeof code === "object" && "matches" in code) expressions.push(new RegExp(code.matches, code.flags.replace("g", "")));
    else whole.add(typeof code === "string" ? code : code.is);
    if (typeof code === "string" && code.endsWith("*")) prefixes.push(code.slice(0, -1));
  }
  const matches = (expression: RegExp, code: string) => {
    // An expression with the flag y would go on where it stopped.
    expression.lastIndex = 0;
    return expression.test(code);
  };
  return remembered(
    (code) =>
      whole.has(code) || prefixes.some((prefix) => code.startsWith(prefix)) || expressions.some((expression) => matches(expression, code)),
  );
}

/**
 * A test of rows by their codes. It runs once per code of the store, because a store has far fewer codes than
 * rows.
 */
export function remembered(test: (code: string) => boolean): (line: Line) => boolean {
  /** By code id: 0 for unknown, 1 for no, 2 for yes. */
  let known = new Uint8Array(0);
  return (line) => {
    if (line instanceof Row) return test(line.code);
    const { codeId } = line;
    if (codeId >= known.length) known = new Uint8Array(line._shard.store.codes.size + 1);
    if (known[codeId] === 0) known[codeId] = test(line.code) ? 2 : 1;
    return known[codeId] === 2;
  };
}

/** Throws where rows do not have this column. */
export function needColumn(name: string, types: ReadonlyMap<string, string>): string {
  if (types.has(name)) return name;
  fail(
    "MEDS_UNKNOWN_COLUMN",
    `The transform needs the column ${JSON.stringify(name)}, which does not exist. The columns are ${[...types.keys()].join(", ")}. Choose one of them in its options.`,
  );
}

/** The value of a column; null in rows without a value for a column that the transform adds. */
function cellOf(line: Line, column: string): unknown {
  if (line instanceof Row && (line._event === null || line._changes.has(column))) return line.get(column);
  const event = line instanceof Row ? line._event! : line;
  return event._shard.store.hasColumn(column) ? event.get(column) : null;
}

/**
 * The visit of a row, as text: bytes are a different object in every row, and a function may return 5 where
 * the store has 5n.
 */
export function visitOf(line: Line, column: string): string | null {
  const visit = cellOf(line, column);
  return visit === null ? null : String(visit);
}

/** The column with the end times of rows. */
export class Ends {
  readonly column: string | null;

  /**
   * `column` is null where rows need no end: then the column `end` is used, if the store has it as a
   * timestamp.
   */
  constructor(column: string | null, types: ReadonlyMap<string, string>) {
    this.column = column === null ? (types.get(END)?.startsWith("timestamp[") ? END : null) : needColumn(column, types);
    const type = this.column === null ? undefined : types.get(this.column)!;
    // Rows may move to any microsecond, and so may their ends.
    if (type !== undefined && !/^timestamp\[us\b/.test(type))
      fail(
        "MEDS_COLUMN_TYPE",
        `The column ${JSON.stringify(this.column)} is ${type}, but end times must be timestamp[us]. Choose another column with the option end, or declare the column as timestamp[us].`,
      );
  }

  /** Microseconds since 1970-01-01; null where the row has no end. */
  of(line: Line): bigint | null {
    const value = this.column === null ? null : cellOf(line, this.column);
    if (value === null) return null;
    if (typeof value === "bigint" || Number.isSafeInteger(value)) return BigInt(value as number | bigint);
    expected(`The value for the column ${JSON.stringify(this.column)}`, value, "microseconds since 1970-01-01, or null");
  }

  /** The row at another time, with its end at or after `least`. */
  moved(line: Line, time: bigint | null, least: bigint): Line {
    const end = this.of(line);
    const changes: Record<string, bigint> = {};
    if (time !== null && time !== line.timeMicros) changes.time = time;
    if (end !== null && end < least) changes[this.column!] = least;
    return Object.keys(changes).length === 0 ? line : line.with(changes);
  }
}

/** The name of the column of ends in meds_etl. */
export const END = "end";

/** The name of the column of visits in meds_etl. */
export const VISIT = "visit_id";
