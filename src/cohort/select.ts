import type { Table } from "apache-arrow";
import type { CodeChoice } from "../store/choice.js";
import { MappedFile, type Node, type TypedArray } from "../store/mapped-file.js";
import type { RowForm } from "../store/native.js";
import type { Store } from "../store/store.js";
import { decode } from "../store/values/decode.js";
import { BoolVector } from "../store/values/numbers.js";
import type { Value, Vector } from "../store/values/vector.js";
import { conflict, expected, namesIn, oneOf, optionsOf, textOf, wholeOf } from "../support/arguments.js";
import { apache } from "../timeline/arrow.js";
import type { Members } from "./members.js";
import { type QueryOptions, questionOf, rangesOf } from "./query.js";

/** The columns of rows that {@link Cohort.select} returns where none are named. */
export type UsualColumn = "subject_id" | "time" | "code" | "numeric_value";

/** Options of {@link Cohort.select} and {@link Cohort.writeRows}: which rows and columns. */
export interface RowOptions<N extends string = string> extends QueryOptions {
  /** Only rows with these codes. Default: all. */
  readonly codes?: CodeChoice | undefined;
  /**
   * The columns, in this order: columns of the store, `subject_id`, and with windows `window`, the number of
   * the window from 0; or `"all"`. Default: `subject_id`, `time`, `code` and `numeric_value`, with windows
   * also `window`, which is then the first.
   */
  readonly columns?: readonly N[] | "all" | undefined;
  /** The largest number of rows: the first ones. Default: all. */
  readonly limit?: number | undefined;
}

/** Options of {@link Cohort.select}. */
export interface SelectOptions<N extends string = string, F extends "arrays" | "objects" | "arrow" = "arrays"> extends RowOptions<N> {
  /** The form of the result. Default: `"arrays"`. */
  readonly as?: F | undefined;
}

/** The array of a column. */
export type RowArray<N extends string = string> = N extends "subject_id" | "time"
  ? BigInt64Array
  : N extends "code"
    ? readonly string[]
    : N extends "numeric_value"
      ? Float32Array | Float64Array
      : N extends "window"
        ? Uint32Array
        : TypedArray | readonly (Value | null)[];

/** Rows as one array per column: the result of {@link Cohort.select} as `"arrays"`. */
export interface RowArrays<N extends string = string> {
  /** Number of rows. */
  readonly length: number;
  /**
   * The columns by name. Numbers, times and bool have a typed array: `time` in microseconds since 1970-01-01,
   * bool as 0 and 1. A null contains NaN (floats), the int64 minimum (64-bit integers and times) or 0: see
   * `valid`. Other columns have an array of values, in which null is null.
   */
  readonly columns: { readonly [C in N]: RowArray<C> };
  /** For each typed array: 1 where the row has a value, 0 where it is null. */
  readonly valid: { readonly [name: string]: Uint8Array };
}

/** A row: the result of {@link Cohort.select} as `"objects"`. Values are as {@link Event.get} returns them. */
export type RowObject<N extends string = string> = {
  readonly [C in N]: C extends "subject_id"
    ? bigint
    : C extends "code"
      ? string
      : C extends "window"
        ? number
        : C extends "numeric_value"
          ? number | null
          : C extends "time"
            ? number | bigint | null
            : Value | null;
};

const ROWS = { codes: true, windows: true, columns: true, limit: true, threads: true, signal: true } as const satisfies Record<
  keyof RowOptions,
  true
>;
export const ROW_OPTIONS: readonly string[] = Object.keys(ROWS);
const OPTIONS = Object.keys({ ...ROWS, as: true } satisfies Record<keyof SelectOptions, true>);

/** What to read, after its check. */
export interface RowPlan {
  readonly columns: readonly string[];
  readonly codes: Uint32Array | null;
  readonly limit: number;
}

/** Checks the options about rows and columns. */
export function rowPlan(store: Store, options: RowOptions): RowPlan {
  const { codes, limit } = options;
  if (limit !== undefined) wholeOf("limit", limit, 0);
  return {
    columns: columnsOf(store, options),
    codes: codes === undefined ? null : rangesOf(store, codes),
    limit: limit ?? Number.MAX_SAFE_INTEGER,
  };
}

function columnsOf(store: Store, { columns, windows }: RowOptions): readonly string[] {
  const own = windows === undefined ? ["subject_id"] : ["window", "subject_id"];
  if (columns === undefined) return [...own, ...["time", "code", "numeric_value"].filter((name) => store.hasColumn(name))];
  if (columns === "all") return [...own, ...store.columns.map(({ name }) => name).filter((name) => !own.includes(name))];
  if (!Array.isArray(columns)) expected("columns", columns, 'an array of names, or "all"');
  for (const [i, name] of columns.entries()) {
    textOf("A column", name, "a name, as a string");
    if (columns.indexOf(name) !== i) conflict(`The column ${JSON.stringify(name)} is in \`columns\` twice. Remove one of them.`);
    if (!own.includes(name)) store.columnAt(name);
  }
  if (columns.length === 0) conflict("`columns` is empty. Name at least one column.");
  return columns;
}

/** A table of rows in memory. */
interface RowBytes {
  readonly bytes: Uint8Array;
  readonly file: MappedFile;
  readonly length: number;
}

async function rowBytes(cohort: Members, options: RowOptions): Promise<RowBytes> {
  const store = cohort._store;
  store.check();
  const { columns, codes, limit } = rowPlan(store, options);
  const question = questionOf(cohort, options, codes);
  const form: RowForm = "memory";
  const { bytes, rows, layout } = await store.native.rowTable(form).add(question, columns, 0, limit, options.signal);
  // Its offsets were written just now.
  return { bytes, file: new MappedFile("The rows", bytes.buffer as ArrayBuffer, layout!, () => undefined), length: rows };
}

/** The rows in the form that the options name. */
export async function selectRows(
  cohort: Members,
  options: SelectOptions<string, "arrays" | "objects" | "arrow"> | undefined,
): Promise<RowArrays | RowObject[] | Table> {
  const given = optionsOf(options) ?? {};
  namesIn("select", given, OPTIONS);
  const form = oneOf("as", given.as, ["arrays", "objects", "arrow"]);
  // A missing package is reported before the query.
  const arrow = form === "arrow" ? await apache('select({ as: "arrow" })') : undefined;
  const rows = await rowBytes(cohort, given);
  if (arrow !== undefined) return arrow.tableFromIPC(rows.bytes);
  return form === "objects" ? objectsOf(rows) : arraysOf(rows);
}

function arraysOf({ file, length }: RowBytes): RowArrays {
  const columns: [string, RowArray][] = [];
  const valid: [string, Uint8Array][] = [];
  for (const node of file.fields) {
    const vector = decode(file, node, false);
    const array = vector.array ?? (vector instanceof BoolVector ? truths(vector) : null);
    columns.push([node.name, array ?? values(file, node, vector)]);
    if (array !== null) valid.push([node.name, validOf(file, node)]);
  }
  return { length, columns: Object.fromEntries(columns), valid: Object.fromEntries(valid) };
}

function truths(vector: Vector): Uint8Array {
  return Uint8Array.from({ length: vector.length }, (_, i) => (vector.at(i) === true ? 1 : 0));
}

/** 1 where an entry has a value. */
function validOf(file: MappedFile, node: Node): Uint8Array {
  const bitmap = file.validity(node);
  const valid = new Uint8Array(node.length).fill(1);
  if (bitmap !== null) for (let i = 0; i < valid.length; i += 1) valid[i] = bitmap.has(i) ? 1 : 0;
  return valid;
}

/** Values one by one. Each text of a dictionary is decoded once. */
function values(file: MappedFile, node: Node, vector: Vector): (Value | null)[] {
  const all = new Array<Value | null>(vector.length);
  if (node.dictionary === null) {
    for (let i = 0; i < all.length; i += 1) all[i] = vector.at(i);
    return all;
  }
  const texts = decode(file, node.dictionary.values, false, true);
  const table = new Array<Value | null | undefined>(texts.length);
  const keys = file.indexes(node);
  const valid = file.validity(node);
  for (let i = 0; i < all.length; i += 1) {
    if (valid !== null && !valid.has(i)) {
      all[i] = null;
      continue;
    }
    const key = keys[i]!;
    const text = table[key] ?? texts.at(key);
    table[key] = text;
    all[i] = text;
  }
  return all;
}

function objectsOf({ file, length }: RowBytes): RowObject[] {
  const columns = file.fields.map((node) => {
    const vector = decode(file, node, false);
    return [node.name, node.dictionary === null ? vector : { at: at(values(file, node, vector)) }] as const;
  });
  return Array.from({ length }, (_, i) => {
    const row: { [name: string]: Value | null } = {};
    for (const [name, vector] of columns) row[name] = vector.at(i);
    return row as RowObject;
  });
}

const at =
  (all: readonly (Value | null)[]) =>
  (i: number): Value | null =>
    all[i]!;
