// Which rows a ready transform means, and the columns that it reads.

import { failGiven, textOf, textsIn } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { Row } from "../timeline/row.js";
import type { Line } from "./part.js";

/** Rows, by their codes (a text that ends in `*` stands for all codes that begin so), or by the values of a column. */
export type RowChoice =
  | { readonly codes: string | readonly string[] }
  | { readonly column: string; readonly values: string | readonly string[] };

/** A choice of rows in full. */
export type ChosenRows = { readonly codes: readonly string[] } | { readonly column: string; readonly values: readonly string[] };

/** Checks a choice. */
export function choiceOf(name: string, choice: RowChoice): ChosenRows {
  const wanted = '{ codes: ["LAB//*"] } or { column: "table", values: ["visit"] }';
  if (typeof choice !== "object" || choice === null) failGiven(name, choice, wanted);
  if ("codes" in choice) return { codes: listOf(`${name}.codes`, choice.codes) };
  if (!("column" in choice)) failGiven(name, choice, wanted);
  return { column: textOf(`${name}.column`, choice.column, "the name of a column"), values: listOf(`${name}.values`, choice.values) };
}

/** One text or several, at least one. */
export function listOf(name: string, given: string | readonly string[]): readonly string[] {
  const list = typeof given === "string" ? [given] : given;
  if (list === undefined || list.length === 0) failGiven(name, given, "one text, or several");
  textsIn(name, list);
  return [...list];
}

/** Tells whether a row is among those that are meant. */
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

/** Tells of rows whether their code is one of some, or begins as one that ends in `*`. */
export function codeTest(codes: readonly string[]): (line: Line) => boolean {
  const prefixes = codes.filter((code) => code.endsWith("*")).map((code) => code.slice(0, -1));
  const whole = new Set(codes);
  return remembered((code) => whole.has(code) || prefixes.some((prefix) => code.startsWith(prefix)));
}

/** A test of rows' codes that is made once a code of the store: it has few of them beside its rows. */
export function remembered(test: (code: string) => boolean): (line: Line) => boolean {
  /** By code id: 1 for no, 2 for yes. */
  let known = new Uint8Array(0);
  return (line) => {
    if (line instanceof Row) return test(line.code);
    const { codeId } = line;
    if (codeId >= known.length) known = new Uint8Array(line._shard.store.codes.size + 1);
    if (known[codeId] === 0) known[codeId] = test(line.code) ? 2 : 1;
    return known[codeId] === 2;
  };
}

/** Throws where rows have no such column. */
export function needColumn(name: string, types: ReadonlyMap<string, string>): string {
  if (types.has(name)) return name;
  fail(
    "MEDS_UNKNOWN_COLUMN",
    `The transform needs a column ${JSON.stringify(name)}; there are ${[...types.keys()].join(", ")}. Name another in its options.`,
  );
}

/** The value of a column; null in rows that were not given one that the transform adds. */
function cellOf(line: Line, column: string): unknown {
  if (line instanceof Row && (line._event === null || line._changes.has(column))) return line.get(column);
  const event = line instanceof Row ? line._event! : line;
  return event._shard.store.hasColumn(column) ? event.get(column) : null;
}

/** What tells the visits of a patient apart: bytes are another object in every row, and a function may give 5 where a row of the store has 5n. */
export function visitOf(line: Line, column: string): string | null {
  const visit = cellOf(line, column);
  return visit === null ? null : String(visit);
}

/** The column of the times at which rows end. */
export class Ends {
  readonly column: string | null;

  /** `column` is null where rows may have none: those of the store count where there is one of the usual name. */
  constructor(column: string | null, types: ReadonlyMap<string, string>) {
    this.column = column === null ? (types.get(END)?.startsWith("timestamp[") ? END : null) : needColumn(column, types);
    const type = this.column === null ? undefined : types.get(this.column)!;
    // Rows may move to any microsecond, and their ends with them.
    if (type !== undefined && !/^timestamp\[us\b/.test(type))
      fail(
        "MEDS_COLUMN_TYPE",
        `The column ${JSON.stringify(this.column)} is ${type}: the times at which rows end are timestamp[us]. Name another column (end), or declare it so.`,
      );
  }

  /** Microseconds since 1970-01-01; null where the row says nothing of its end. */
  of(line: Line): bigint | null {
    const value = this.column === null ? null : cellOf(line, this.column);
    if (value === null) return null;
    if (typeof value === "bigint" || Number.isSafeInteger(value)) return BigInt(value as number | bigint);
    failGiven(`The value for the column ${JSON.stringify(this.column)}`, value, "microseconds since 1970-01-01, or null");
  }

  /** The row at another time, its end at or after `least`. */
  moved(line: Line, time: bigint | null, least: bigint): Line {
    const end = this.of(line);
    const changes: Record<string, bigint> = {};
    if (time !== null && time !== line.timeMicros) changes.time = time;
    if (end !== null && end < least) changes[this.column!] = least;
    return Object.keys(changes).length === 0 ? line : line.with(changes);
  }
}

/** What meds_etl calls the column of ends. */
export const END = "end";

/** What meds_etl calls the column of visits. */
export const VISIT = "visit_id";
