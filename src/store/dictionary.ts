import { failGiven } from "../support/arguments.js";
import { failCorrupt } from "../support/errors.js";
import { type JsonValue, jsonOf } from "./values/json.js";
import type { Value, Vector } from "./values/vector.js";

/**
 * The values that a coded column's indexes stand for: one for the whole store, the same in every shard. Entry 0 is unused (it stands for null).
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const unit = db.at(0)?.column("unit");
 * console.log(unit?.dictionary?.length, unit?.dictionary?.at(1));
 * db.close();
 * ```
 */
export class Dictionary<T = Value> {
  /** Number of entries, the unused entry 0 included. */
  readonly length: number;
  /** @internal Decoded entries; a hole is one not yet decoded. Entry 0 is null, so that the look-up of a null needs no test. */
  readonly _table: (T | null | undefined)[];
  /** @internal The entries as they are stored. */
  readonly _source: Vector;
  private readonly path: string;
  private readonly check: () => void;

  /** @internal `zero`: what entry 0 reads as; undefined where no row may hold it. `check` throws once the store is closed. */
  constructor(values: Vector, path: string, zero: null | undefined, check: () => void) {
    this.length = values.length;
    this._source = values;
    this.path = path;
    this.check = check;
    this._table = new Array(values.length);
    if (zero === null && values.length > 0) this._table[0] = null;
  }

  /** The value of an index; null for 0 and for an index outside the dictionary. */
  at(index: number): T | null {
    this.check();
    if (!Number.isInteger(index)) failGiven("index", index, "a whole number");
    if (!(index > 0 && index < this.length)) return null;
    return this._table[index] ?? this._load(index);
  }

  /** Every entry in order of index; entry 0 is null. */
  toArray(): (T | null)[] {
    return Array.from({ length: this.length }, (_, index) => this.at(index));
  }

  /** The entries in order of index; entry 0 is null. */
  [Symbol.iterator](): Iterator<T | null> {
    return this.toArray()[Symbol.iterator]();
  }

  /** What `JSON.stringify` writes: the entries in order of index, each as in {@link Event.toJSON}. */
  toJSON(): readonly JsonValue[] {
    return this.toArray().map((value) => jsonOf(value as Value | null));
  }

  /** @internal Decodes an entry on its first use. An index outside the dictionary is damage, never a value. */
  _load(index: number): T {
    this.check();
    if (!(index > 0 && index < this.length))
      failCorrupt(this.path, `an index is ${index}, but the dictionary has the entries 1 to ${this.length - 1}`);
    const value = this._source.at(index) as T;
    this._table[index] = value;
    return value;
  }
}
