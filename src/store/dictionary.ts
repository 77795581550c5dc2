import { expected } from "../support/arguments.js";
import { failCorrupt } from "../support/errors.js";
import { shownAs } from "../support/inspect.js";
import { type JsonValue, jsonOf } from "./values/json.js";
import type { Value, Vector } from "./values/vector.js";

/**
 * The values of a dictionary-coded column, by index. The whole store has one dictionary per column, the same
 * in every shard. Entry 0 means null.
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
  /** Number of entries, including entry 0. */
  readonly length: number;
  /**
   * @internal Decoded entries; a hole is not decoded yet. Entry 0 is null, so that the look-up of a null
   * needs no test.
   */
  readonly _table: (T | null | undefined)[];
  /** @internal The entries as they are stored. */
  readonly _source: Vector;
  private readonly path: string;
  private readonly check: () => void;

  /**
   * @internal `zero`: the value of entry 0; undefined where no row may have it. `check` throws once the store
   * is closed.
   */
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
    if (!Number.isInteger(index)) expected("index", index, "a whole number");
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
    const singles = this._source.array instanceof Float32Array ? true : null;
    return this.toArray().map((value) => jsonOf(value as Value | null, singles));
  }

  /**
   * @internal Decodes an entry on first use. An index outside the dictionary means that the store is damaged.
   */
  _load(index: number): T {
    this.check();
    if (!(index > 0 && index < this.length))
      failCorrupt(this.path, `an index is ${index}, but the dictionary has entries 1 to ${this.length - 1}`);
    const value = this._source.at(index) as T;
    this._table[index] = value;
    return value;
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return shownAs("Dictionary", { length: this.length });
  }
}
