import { Cursor, lowerBound, NO_ROW } from "../store/cursor.js";
import type { Dictionary } from "../store/dictionary.js";
import type { Field } from "../store/field.js";
import type { ColumnInfo } from "../store/manifest.js";
import type { IndexArray, RowArray, TypedArray } from "../store/mapped-file.js";
import type { Shard } from "../store/shard.js";
import { type JsonValue, jsonOf } from "../store/values/json.js";
import { failUnsafe } from "../store/values/numbers.js";
import type { Value } from "../store/values/vector.js";
import { expected } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { shownAs } from "../support/inspect.js";
import { NO_TIME, narrow } from "../support/time.js";
import { gather, type Rows } from "./rows.js";

/** The entries of a sparse column that belong to a timeline, and the row of the timeline for each. */
interface Entries extends Rows {
  readonly at: RowArray;
}

/**
 * One column of a timeline: `at(i)` for every column, and arrays as in this table.
 *
 * | column | `values` | `indexes`, `dictionary` | `rows` |
 * | --- | --- | --- | --- |
 * | dense, numbers | view, one entry per row | - | - |
 * | dense, coded | decoded copy, one entry per row | view of ids, 0 = null | - |
 * | sparse, numbers | view, one entry per value | - | the row of each value |
 * | sparse, coded | decoded copy, one entry per value | view of ids | the row of each value |
 * | text, bool, nested | decoded copy | - | where sparse |
 *
 * Views become copies where the timeline's rows are not one run (see {@link Timeline}). Null entries of a
 * dense view contain NaN (floats), the int64 minimum (64-bit integers and times; the same bits, 2^63, for
 * uint64) or 0: use `isNull(i)`.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open<{ unit: string }>("demo.medsdb");
 * const patient = db.at(0)!;
 * const unit = patient.column("unit");
 * for (let i = 0; i < patient.length; i += 1) {
 *   const value = unit.at(i); // string | null
 *   if (value !== null) console.log(patient.codeAt(i), value);
 * }
 * db.close();
 * ```
 */
export class Column<T = Value | null> implements Iterable<T> {
  /** Number of rows of the timeline. */
  readonly length: number;
  private readonly shard: Shard;
  private readonly field: Field;
  private readonly source: Rows;
  /** The patient's row in the shard, and the patient's first row. */
  private readonly patient: number;
  private readonly base: number;
  // The rows of the timeline: see `Rows`.
  private readonly begin: number;
  private readonly head: number;
  private readonly gap: number;
  private readonly list: Uint32Array | null;
  /** The column is dense, and its rows are one run. */
  private readonly isPlain: boolean;
  // The indexes between these two are all rows of a plain column, or rows of a sparse column that are null: the
  // gap between two values that contained the last row. None for other columns.
  private floor = NO_ROW;
  private next = -1;
  private cursor: Cursor | null = null;
  private entries: Entries | undefined;

  /** @internal */
  constructor(source: Rows, patient: number, field: Field) {
    this.length = source.length;
    this.shard = field.shard;
    this.field = field;
    this.source = source;
    this.patient = patient;
    this.base = field.shard.offsets[patient]!;
    this.begin = source._begin;
    this.head = source.staticCount;
    this.gap = source._gap;
    this.list = source._rows;
    this.isPlain = field.sparse === null && source._gap === 0 && source._rows === null;
    if (this.isPlain) {
      this.floor = -1;
      this.next = source.length;
    }
  }

  /** Name, types and storage. */
  get info(): ColumnInfo {
    return this.shard.store.columns.find((column) => column.name === this.field.column.name)!;
  }

  /**
   * The value of a row, or null. A negative index counts from the end.
   *
   * @throws MedsError `MEDS_OUT_OF_RANGE` outside the timeline; `MEDS_CORRUPT` where the store is damaged.
   */
  at(i: number): T {
    // Most reads end here after two comparisons: the type of a loop counter is known, so the other two compile
    // to nothing. Short, because a function that V8 cannot inline at each of some calls takes twice the time.
    if (typeof i === "number" && i > this.floor && i < this.next && (i | 0) === i) {
      if (this.isPlain) return this.field.read(this.begin + i) as T;
      if (this.shard.live) return null as T;
    }
    return this.search(i);
  }

  /** As {@link Column.at}, for every column and index. */
  private search(i: number): T {
    if (typeof i !== "number") failIndex(i, this.length);
    const index = i < 0 ? i + this.length : i;
    if (index >>> 0 !== index || index >= this.length) failIndex(i, this.length);
    return (this.field.sparse === null ? this.field.read(this.rowOf(index)) : this.sparseAt(index)) as T;
  }

  /**
   * The value of a row as a number, or null: also int64 and uint64, which are bigints in `at(i)`. NaN, which
   * a few sources have as a value, is null here too.
   *
   * @throws MedsError `MEDS_UNSAFE_NUMBER` for a value beyond 2^53 (it is never rounded); `MEDS_COLUMN_TYPE` for
   * a column of other values; and the errors of {@link Column.at}.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const visit = db.at(0)!.column("visit_id");
   * console.log(visit.at(-1), visit.numberAt(-1)); // 17n 17
   * db.close();
   * ```
   */
  numberAt(i: number): number | null {
    const value: unknown = this.at(i);
    // NaN is not equal to itself.
    if (typeof value === "number") return value === value ? value : null;
    return value === null && this.field.isNumeric ? null : this.narrowed(value);
  }

  private narrowed(value: unknown): number | null {
    const { field, shard } = this;
    if (!field.isNumeric)
      fail(
        "MEDS_COLUMN_TYPE",
        `${shard.store.path}: the column ${JSON.stringify(field.name)} has values of type ${field.column.stored}, which are not numbers. Read them with column.at(i).`,
        shard.store.path,
      );
    const number = narrow(value as bigint);
    return typeof number === "number" ? number : failUnsafe(shard.store.path, field.name, number);
  }

  /** Whether the row has no value. */
  isNull(i: number): boolean {
    return this.at(i) === null;
  }

  /**
   * The values: one entry per row where dense, one per entry of {@link Column.rows} where sparse. See the
   * table above. A tensor over a view is empty after `close()`: make it over `values.slice()`.
   */
  get values(): TypedArray | readonly T[] {
    const { vector, sparse } = this.live();
    const rows = sparse === null ? this.source : this.found();
    if (vector?.array) return gather(rows, vector.array, 1);
    if (sparse === null) return [...this];
    return Array.from(this.found().at, (i) => this.at(i));
  }

  /**
   * Ids of a coded column's values in {@link Column.dictionary}, 0 = null; undefined where it is not coded.
   * Entries as in `values`.
   */
  get indexes(): Uint8Array | Uint16Array | Uint32Array | undefined {
    const { indexes, sparse } = this.live();
    if (indexes === null) return undefined;
    return gather(sparse === null ? this.source : this.found(), indexes as IndexArray, 1);
  }

  /** The values of a coded column by id; undefined where it is not coded. */
  get dictionary(): Dictionary<NonNullable<T>> | undefined {
    return (this.live().dictionary ?? undefined) as Dictionary<NonNullable<T>> | undefined;
  }

  /** The rows of the timeline where a sparse column has a value, ascending; undefined where it is dense. */
  get rows(): Uint16Array | Uint32Array | undefined {
    return this.live().sparse === null ? undefined : this.found().at;
  }

  /**
   * A dense copy, one entry per row: a typed array for numbers of fixed width (null = NaN for floats, the
   * int64 minimum for 64-bit integers and times as above, 0 for the rest), a Uint8Array of 0 and 1 for bool
   * (null = 0), else an array of values.
   */
  toArray(): TypedArray | T[] {
    const { vector, dictionary, sparse, column } = this.live();
    if (column.stored === "bool") return Uint8Array.from(this, (value) => (value === true ? 1 : 0));
    if (sparse === null && vector?.array) {
      const values = gather(this.source, vector.array, 1);
      return values.buffer === this.shard.file.buffer ? values.slice() : values;
    }
    const from = vector?.array ?? dictionary?._source.array;
    if (!from) return [...this];
    const copy = filled(from, this.length);
    const indexes = this.field.indexes;
    const put = (i: number, at: number) => {
      const entry = indexes === null ? at : indexes[at]!;
      // Entry 0 of a dictionary is null. An entry beyond its end is damage, which `at` reports.
      if (indexes === null || (entry > 0 && entry < from.length)) copy[i] = from[entry]!;
      else this.at(i);
    };
    if (sparse === null) for (let i = 0; i < this.length; i += 1) put(i, this.rowOf(i));
    else {
      const { at, _begin, _rows } = this.found();
      at.forEach((i, k) => {
        put(i, _rows === null ? _begin + k : _rows[k]!);
      });
    }
    return copy;
  }

  /** The values in order, including null. */
  [Symbol.iterator](): IterableIterator<T> {
    return new ColumnIterator<T>(this);
  }

  /** What `JSON.stringify` writes: the values in order, each as in {@link Event.toJSON}. */
  toJSON(): readonly JsonValue[] {
    return Array.from(this, (value) => jsonOf(value as Value | null, this.field.singles));
  }

  private rowOf(i: number): number {
    return this.list === null ? this.begin + i + (i < this.head ? 0 : this.gap) : this.list[i]!;
  }

  private live(): Field {
    this.shard.check();
    return this.field;
  }

  private sparseAt(i: number): Value | null {
    this.shard.check();
    const cursor = this.cursor ?? this.newCursor();
    const found = cursor.find(i);
    this.floor = cursor.floor;
    // An index past the end is not null: `at` throws for it.
    this.next = Math.min(cursor.next, this.length);
    if (found < 0) return null;
    const { _begin, _rows } = this.entries!;
    return this.field.read(_rows === null ? _begin + found : _rows[found]!);
  }

  private newCursor(): Cursor {
    const { at } = this.found();
    const cursor = new Cursor(at, this.shard.fault);
    cursor.turn(0, at.length);
    this.cursor = cursor;
    return cursor;
  }

  /** The entries of a sparse column that belong to the timeline. */
  private found(): Entries {
    this.entries ??= this.find();
    return this.entries;
  }

  private find(): Entries {
    const { offsets, rows } = this.field.sparse!;
    const begin = offsets[this.patient]!;
    const end = offsets[this.patient + 1]!;
    const first = this.begin - this.base;
    const parts = { staticCount: 0, _gap: 0 };
    if (this.list === null && this.gap === 0) {
      const low = lowerBound(rows, begin, end, first);
      const high = lowerBound(rows, low, end, first + this.length);
      const run = rows.subarray(low, high);
      // Entries count from the patient's first row, so in a window that begins there they need no change.
      return { ...parts, at: first === 0 ? run : run.map((row) => row - first), length: high - low, _begin: low, _rows: null };
    }
    const cursor = new Cursor(rows, this.shard.fault);
    cursor.turn(begin, end);
    const at: number[] = [];
    const list: number[] = [];
    for (let i = 0; i < this.length; i += 1) {
      const entry = cursor.find(this.rowOf(i) - this.base);
      if (entry < 0) continue;
      at.push(i);
      list.push(entry);
    }
    return { ...parts, at: Uint32Array.from(at), length: at.length, _begin: 0, _rows: Uint32Array.from(list) };
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { name, type, storage } = this.info;
    return shownAs("Column", { name, type, storage, length: this.length });
  }
}

/** Reads the values one by one, without an array of them. */
class ColumnIterator<T> implements IterableIterator<T> {
  private index = 0;

  constructor(private readonly column: Column<T>) {}

  next(): IteratorResult<T> {
    const { index, column } = this;
    if (index >= column.length) return { done: true, value: undefined };
    this.index = index + 1;
    return { done: false, value: column.at(index) };
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/** An array of the same type with `length` entries, all null. */
function filled(like: TypedArray, length: number): TypedArray {
  const copy = new (like.constructor as new (length: number) => TypedArray)(length);
  if (copy instanceof Float32Array || copy instanceof Float64Array) copy.fill(Number.NaN);
  else if (copy instanceof BigInt64Array) copy.fill(NO_TIME);
  else if (copy instanceof BigUint64Array) copy.fill(-NO_TIME); // the same bits
  return copy;
}

function failIndex(i: number, length: number): never {
  if (typeof i !== "number") expected("The index of a row", i, "a whole number");
  fail("MEDS_OUT_OF_RANGE", `There is no row ${i}. The column has ${length} rows, counted from 0.`);
}
