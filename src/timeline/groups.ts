// The rows of a timeline by the value of a column.
import type { Shard } from "../store/shard.js";
import { type JsonValue, jsonOf } from "../store/values/json.js";
import type { Value } from "../store/values/vector.js";
import { namesIn, optionsOf, textOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import type { Column } from "./column.js";
import type { Event } from "./event.js";
import type { Rows } from "./rows.js";
import type { AnySchema } from "./schema.js";
import type { Timeline } from "./timeline.js";

/** The rows of a timeline that have one value in a column. {@link Timeline.groupBy} returns groups. */
export class Group<K = Value, S extends object = AnySchema> implements Iterable<Event<S>> {
  /** The value of the column, which is not null. */
  readonly key: K;
  /** Number of rows. */
  readonly length: number;
  private readonly line: Timeline<S>;
  private readonly parts: Parts;
  private readonly number: number;
  private window: Timeline<S> | undefined;

  /** @internal */
  constructor(key: K, line: Timeline<S>, parts: Parts, number: number) {
    this.key = key;
    this.length = parts.counts[number]!;
    this.line = line;
    this.parts = parts;
    this.number = number;
  }

  /**
   * Time of the first row that has one, in microseconds since 1970-01-01; null where all rows are static.
   *
   * @throws MedsError `MEDS_TIME_RANGE` as {@link Event.time}.
   */
  get begin(): number | null {
    const first = this.parts.firsts[this.number]!;
    return first >= this.line.staticCount ? this.line.timeAt(first) : this.rows.firstTime;
  }

  /** Time of the last row, as {@link Group.begin}. */
  get end(): number | null {
    const last = this.parts.lasts[this.number]!;
    return last >= this.line.staticCount ? this.line.timeAt(last) : null;
  }

  /**
   * The rows, in order. Where they follow one another, this is a slice of the timeline. Otherwise it is a list
   * of row numbers, which is made when it is first read; no values are copied.
   */
  get rows(): Timeline<S> {
    this.window ??= this.cut();
    return this.window;
  }

  /** The same as iterating over {@link Group.rows}. */
  [Symbol.iterator](): Iterator<Event<S>> {
    return this.rows[Symbol.iterator]();
  }

  /** What `JSON.stringify` writes: the key and the rows, each as {@link Event.toJSON} returns it. */
  toJSON(): { readonly [name: string]: JsonValue } {
    return {
      key: jsonOf(this.key as Value, this.line._shard.fieldOf(this.parts.column).singles),
      events: Array.from(this.rows, (event) => event.toJSON()),
    };
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return { key: this.key, rows: this.rows };
  }

  private cut(): Timeline<S> {
    const { line, parts, number, length } = this;
    const first = parts.firsts[number]!;
    if (parts.lasts[number]! - first + 1 === length) return line._slice(first, first + length);
    parts.lists ??= listsOf(line, parts);
    const begin = parts.begins![number]!;
    return line._listed(parts.lists.subarray(begin, begin + length), parts.statics[number]!);
  }
}

/** The groups of one timeline, by number, and its rows in stretches of one group. */
interface Parts {
  /** The name of the column. */
  readonly column: string;
  readonly firsts: number[];
  readonly lasts: number[];
  readonly counts: number[];
  readonly statics: number[];
  /** Each stretch of rows [begin, end) that belong to one group: group, begin, end, group, begin, end, …. */
  readonly stretches: number[];
  /** The rows of all groups, as rows of the shard, and where those of each group begin. */
  lists: Uint32Array | undefined;
  begins: number[] | undefined;
}

/** Options of {@link Timeline.visits}. */
export interface VisitOptions {
  /**
   * The column with the visit of a row. Default: `visit_id` where the store has this column, else `hadm_id`.
   */
  readonly column?: string | undefined;
}

/**
 * The rows of one visit. All of them have a time. `begin` and `end` are the times of the first and the last
 * row, which need not be admission and discharge: orders come before, bills after.
 */
export interface Visit<K = NonNullable<Value>, S extends object = AnySchema> extends Group<K, S> {
  readonly begin: number;
  readonly end: number;
}

/** The type of a visit's key: that of the column `visit_id` or `hadm_id` in the schema of `open`. */
export type VisitKey<S extends object> = S extends { visit_id: infer V } | { hadm_id: infer V } ? NonNullable<V> : NonNullable<Value>;

const VISIT_COLUMNS = ["visit_id", "hadm_id"];

/** The visits of a timeline: see {@link Timeline.visits}. */
export function visitsOf<K, S extends object>(line: Timeline<S>, options: VisitOptions | undefined): Visit<K, S>[] {
  const given = optionsOf(options) ?? {};
  namesIn("visits", given, ["column"]);
  const { store } = line._shard;
  const column =
    given.column === undefined
      ? VISIT_COLUMNS.find((name) => store.hasColumn(name))
      : textOf("column", given.column, "the name of a column, as a string");
  if (column === undefined)
    fail(
      "MEDS_UNKNOWN_COLUMN",
      `${store.path}: there is no column visit_id or hadm_id. Name the column with the visits: visits({ column }). The columns are ${store.columns.map(({ name }) => name).join(", ")}.`,
      store.path,
    );
  return groupsOf(line, column, line.staticCount) as unknown as Visit<K, S>[];
}

/**
 * The groups of the rows from index `start`, in the order of their first rows. One pass over the column: rows
 * with an equal value next to each other cost one comparison.
 */
export function groupsOf<K, S extends object>(line: Timeline<S>, name: string, start: number): Group<K, S>[] {
  const column = line.column(name as never) as Column<K | null>;
  const { ids, at, keyOf, size } = keysOf(column, name, line._shard.withheld.includes(name));
  const parts: Parts = { column: name, firsts: [], lasts: [], counts: [], statics: [], stretches: [], lists: undefined, begins: undefined };
  const keys: number[] = [];
  const table = tableOf(size);
  try {
    divide(line, parts, { ids, at, start }, table, keys);
  } finally {
    for (const key of keys) table[key] = 0;
  }
  return keys.map((key, number) => new Group(keyOf(key), line, parts, number));
}

/** The values of a column, each once, in the order of their first rows. */
export function distinctOf<K, S extends object>(line: Timeline<S>, name: string): K[] {
  if (name === "code") return distinctCodes(line) as K[];
  const column = line.column(name as never) as Column<K | null>;
  const { ids, keyOf, size } = keysOf(column, name, line._shard.withheld.includes(name));
  const table = tableOf(size);
  const keys: number[] = [];
  for (let k = 0; k < ids.length; k += 1) {
    const key = ids[k]!;
    if (key === 0 || table[key] === 1) continue;
    table[key] = 1;
    keys.push(key);
  }
  for (const key of keys) table[key] = 0;
  return keys.map(keyOf);
}

/** As {@link distinctOf}, without a copy of the codes where the rows are not one run. */
function distinctCodes(line: Rows & { readonly _shard: Shard }): string[] {
  const { length, staticCount, _begin: begin, _gap: gap, _rows: list, _shard: shard } = line;
  const { codeIds, codeStrings } = shard;
  const table = tableOf(codeStrings.length);
  const rows: number[] = [];
  for (let i = 0; i < length; i += 1) {
    const row = list === null ? begin + i + (i < staticCount ? 0 : gap) : list[i]!;
    const id = codeIds[row]!;
    if (table[id] === 1) continue;
    table[id] = 1;
    rows.push(row);
  }
  for (const row of rows) table[codeIds[row]!] = 0;
  return rows.map((row) => codeStrings[codeIds[row]!] ?? shard.loadCode(row));
}

interface Keyed {
  readonly ids: ArrayLike<number>;
  readonly at: ArrayLike<number> | undefined;
  readonly start: number;
}

/** Fills the parts. `table`: by key, the number of its group plus 1. */
function divide({ staticCount }: { readonly staticCount: number }, parts: Parts, keyed: Keyed, table: Int32Array, keys: number[]): void {
  const { ids, at, start } = keyed;
  const { firsts, lasts, counts, statics, stretches } = parts;
  const { length } = ids;
  let k = 0;
  // Without a list of rows, entry k is row k.
  if (at === undefined) k = start;
  else while (k < length && at[k]! < start) k += 1;
  while (k < length) {
    const key = ids[k]!;
    const begin = at === undefined ? k : at[k]!;
    let row = begin;
    k += 1;
    if (key === 0) continue;
    if (at === undefined) {
      while (k < length && ids[k] === key) k += 1;
      row = k - 1;
    } else {
      while (k < length && ids[k] === key && at[k] === row + 1) {
        k += 1;
        row += 1;
      }
    }
    let number = table[key]! - 1;
    // Also for a key outside the table, which is damage: `keyOf` reports it.
    if (!(number >= 0)) {
      number = keys.push(key) - 1;
      table[key] = number + 1;
      firsts.push(begin);
      lasts.push(row);
      counts.push(0);
      statics.push(0);
    }
    lasts[number] = row;
    counts[number]! += row - begin + 1;
    if (begin < staticCount) statics[number]! += Math.min(staticCount, row + 1) - begin;
    stretches.push(number, begin, row + 1);
  }
}

/** The rows of all groups, one group after another. */
function listsOf(line: Rows, parts: Parts): Uint32Array {
  const { counts, stretches } = parts;
  const { _rows: list, _begin: first, _gap: gap, staticCount } = line;
  let total = 0;
  parts.begins = counts.map((count) => {
    total += count;
    return total - count;
  });
  const next = [...parts.begins];
  const lists = new Uint32Array(total);
  for (let at = 0; at < stretches.length; at += 3) {
    const number = stretches[at]!;
    let place = next[number]!;
    const end = stretches[at + 2]!;
    for (let i = stretches[at + 1]!; i < end; i += 1) {
      lists[place] = list === null ? first + i + (i < staticCount ? 0 : gap) : list[i]!;
      place += 1;
    }
    next[number] = place;
  }
  return lists;
}

/** The values of a column as small numbers: 0 for null, equal numbers for equal values. */
interface Keys<K> {
  readonly ids: ArrayLike<number>;
  /** The row of each entry; undefined where entry i is row i. */
  readonly at: ArrayLike<number> | undefined;
  readonly keyOf: (id: number) => K;
  /** More than the largest id. */
  readonly size: number;
}

function keysOf<K>(column: Column<K | null>, name: string, isWithheld: boolean): Keys<K> {
  // Some values of a withheld column are unknown. Row by row, these are null.
  const ids = isWithheld ? undefined : column.indexes;
  if (ids === undefined) return numbered(column, name, isWithheld ? undefined : column.rows);
  const dictionary = column.dictionary!;
  const keyOf = (id: number) => (dictionary._table[id] ?? dictionary._load(id)) as K;
  return { ids, at: column.rows, keyOf, size: dictionary.length };
}

/** Numbers the values of a column that has no dictionary. */
function numbered<K>(column: Column<K | null>, name: string, at: ArrayLike<number> | undefined): Keys<K> {
  const length = at?.length ?? column.length;
  const ids = new Uint32Array(length);
  const known = new Map<K, number>();
  const values: (K | null)[] = [null];
  let last: K | null = null;
  let lastId = 0;
  for (let k = 0; k < length; k += 1) {
    const value = column.at(at === undefined ? k : at[k]!);
    if (value === null) continue;
    if (typeof value === "object")
      fail(
        "MEDS_COLUMN_TYPE",
        `The values of column ${JSON.stringify(name)} are lists or bytes. Group by a column of numbers, texts, times or flags.`,
      );
    // Most rows have the value of the row before.
    if (value === last) {
      ids[k] = lastId;
      continue;
    }
    let id = known.get(value);
    if (id === undefined) {
      id = values.push(value) - 1;
      known.set(value, id);
    }
    ids[k] = id;
    [last, lastId] = [value, id];
  }
  return { ids, at, keyOf: (id) => values[id] as K, size: values.length };
}

/** One table for all timelines, because it is zero between them. */
let shared = new Int32Array(1024);

function tableOf(size: number): Int32Array {
  if (shared.length < size) shared = new Int32Array(Math.max(size, 2 * shared.length));
  return shared;
}
