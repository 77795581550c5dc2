import { Cursor, lowerBound, NO_ROW } from "../store/cursor.js";
import type { Dictionary } from "../store/dictionary.js";
import type { Field } from "../store/field.js";
import type { ColumnInfo } from "../store/manifest.js";
import type { IndexArray, RowArray, TypedArray } from "../store/mapped-file.js";
import type { Shard } from "../store/shard.js";
import { type JsonValue, jsonOf } from "../store/values/json.js";
import type { Value } from "../store/values/vector.js";
import { failGiven } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { NO_TIME } from "../support/time.js";
import { gather, type Rows } from "./rows.js";

/** Entries of a sparse column: which of them belong to a timeline, and at which of its rows they stand. */
interface Entries extends Rows {
  readonly at: RowArray;
}

/**
 * One column of a timeline: `at(i)` for any column, arrays for the ones that have them.
 *
 * | column | `values` | `indexes`, `dictionary` | `rows` |
 * | --- | --- | --- | --- |
 * | dense, numbers | view, a slot a row | - | - |
 * | dense, coded | decoded copy, a slot a row | view of ids, 0 = null | - |
 * | sparse, numbers | view, a slot a value | - | which row each value is of |
 * | sparse, coded | decoded copy, a slot a value | view of ids | which row each value is of |
 * | text, bool, nested | decoded copy | - | where sparse |
 *
 * Views become copies where the timeline's rows are not one run (see {@link Timeline}). Null slots of a dense view hold NaN (floats), the int64
 * minimum (64-bit integers and times; the same bits, 2^63, for uint64) or 0: `isNull(i)` tells.
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
  /** Number of rows: the timeline's. */
  readonly length: number;
  private readonly shard: Shard;
  private readonly field: Field;
  private readonly source: Rows;
  /** Row in the shard of the patient, and first row of the patient. */
  private readonly patient: number;
  private readonly base: number;
  // The timeline's rows, see `Rows`.
  private readonly begin: number;
  private readonly head: number;
  private readonly gap: number;
  private readonly list: Uint32Array | null;
  // The gap between two values of a sparse column where the last read stood, in rows of the timeline; of a dense one there is none.
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
  }

  /** Name, types and storage. */
  get info(): ColumnInfo {
    return this.shard.store.columns.find((column) => column.name === this.field.column.name)!;
  }

  /**
   * The value of a row, counted from the end where negative; null where the row has none.
   *
   * @throws MedsError `MEDS_OUT_OF_RANGE` outside the timeline; `MEDS_CORRUPT` where the store is damaged.
   */
  at(i: number): T {
    // Most reads of a sparse column end here: two comparisons, for the type of a loop's counter is known and the other two are compiled to nothing.
    if (typeof i === "number" && i > this.floor && i < this.next && (i | 0) === i) {
      if (!this.shard.live) this.shard.check();
      return null as T;
    }
    if (typeof i !== "number") failPlace(i, this.length);
    const index = i < 0 ? i + this.length : i;
    if (index >>> 0 !== index || index >= this.length) failPlace(i, this.length);
    return (this.field.sparse === null ? this.field.read(this.rowOf(index)) : this.sparseAt(index)) as T;
  }

  /** Is the row without a value. */
  isNull(i: number): boolean {
    return this.at(i) === null;
  }

  /** The values: a slot a row where dense, a slot for each of {@link Column.rows} where sparse. See the table above. */
  get values(): TypedArray | readonly T[] {
    const { vector, sparse } = this.live();
    const rows = sparse === null ? this.source : this.found();
    if (vector?.array) return gather(rows, vector.array, 1);
    if (sparse === null) return [...this];
    return Array.from(this.found().at, (i) => this.at(i));
  }

  /** Ids of a coded column's values in {@link Column.dictionary}, 0 = null; undefined where it is not coded. Slots as in `values`. */
  get indexes(): Uint8Array | Uint16Array | Uint32Array | undefined {
    const { indexes, sparse } = this.live();
    if (indexes === null) return undefined;
    return gather(sparse === null ? this.source : this.found(), indexes as IndexArray, 1);
  }

  /** What the ids of a coded column stand for; undefined where it is not coded. */
  get dictionary(): Dictionary<NonNullable<T>> | undefined {
    return (this.live().dictionary ?? undefined) as Dictionary<NonNullable<T>> | undefined;
  }

  /** The rows of the timeline where a sparse column has a value, ascending; undefined where it is dense. */
  get rows(): Uint16Array | Uint32Array | undefined {
    return this.live().sparse === null ? undefined : this.found().at;
  }

  /**
   * A dense copy, a slot a row: a typed array for numbers of fixed width (null = NaN for floats, the filler of 64-bit integers
   * and times as above, 0 for the rest), a Uint8Array of 0 and 1 for bool (null = 0), else an array of values.
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
    const put = (i: number, slot: number) => {
      const entry = indexes === null ? slot : indexes[slot]!;
      // Entry 0 of a dictionary is null; one beyond its end is damage, which `at` reports.
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

  /** The values in order, null included. */
  [Symbol.iterator](): Iterator<T> {
    return Array.from({ length: this.length }, (_, i) => this.at(i))[Symbol.iterator]();
  }

  /** What `JSON.stringify` writes: the values in order, each as in {@link Event.toJSON}. */
  toJSON(): readonly JsonValue[] {
    return Array.from(this, (value) => jsonOf(value as Value | null));
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
    // Past the end is no null: `at` says so.
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

  /** The entries of a sparse column that lie in the timeline. */
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
      // Counted from the patient's first row: in a window that begins there, they are the window's rows.
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
}

/** An array of `length` slots of the same type, all null. */
function filled(like: TypedArray, length: number): TypedArray {
  const copy = new (like.constructor as new (length: number) => TypedArray)(length);
  if (copy instanceof Float32Array || copy instanceof Float64Array) copy.fill(Number.NaN);
  else if (copy instanceof BigInt64Array) copy.fill(NO_TIME);
  else if (copy instanceof BigUint64Array) copy.fill(-NO_TIME); // the same bits
  return copy;
}

function failPlace(i: number, length: number): never {
  if (typeof i !== "number") failGiven("The index of a row", i, "a whole number");
  fail("MEDS_OUT_OF_RANGE", `There is no row ${i}: the column has ${length} rows, from 0.`);
}
