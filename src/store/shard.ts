import { exactYear } from "../support/calendar.js";
import { failClosed, failCorrupt } from "../support/errors.js";
import { dateOf, failTimeRange, NO_TIME } from "../support/time.js";
import { ColdReads } from "./cold.js";
import type { Dictionary } from "./dictionary.js";
import { Field } from "./field.js";
import type { Bitmap, IndexArray, MappedFile, Node } from "./mapped-file.js";
import type { Store } from "./store.js";
import { child, decode } from "./values/decode.js";
import { failUnsafe, NumberVector } from "./values/numbers.js";
import { singlesOf } from "./values/singles.js";
import type { Vector } from "./values/vector.js";

/**
 * One shard: the arrays that all its timelines and events read. The patient in row p of the shard has the
 * rows [offsets[p], offsets[p + 1]), static rows first.
 */
export class Shard {
  readonly store: Store;
  /** Its index in the manifest. */
  readonly number: number;
  readonly file: MappedFile;
  /** False once the store is closed. */
  live = true;
  /** What timelines read while the file is not in memory; null where it is, or where the system does not say. */
  cold: ColdReads | null = null;
  /**
   * Columns that may be read in part only: in a sample, those whose values became known later than their rows
   * (`samples/guard.ts`).
   */
  readonly withheld: readonly string[] = [];
  readonly patients: number;
  readonly offsets: Int32Array;
  readonly times: BigInt64Array;
  /** Low and high word of each time: hot loops read these instead of bigints. */
  readonly timeWords: Int32Array;
  readonly codeIds: IndexArray;
  /** Strings by code id, decoded on first use and shared by all shards; the entry at 0 is empty. */
  readonly codeStrings: readonly (string | null | undefined)[];
  /** Null rows contain NaN. The array is empty where the source has no numeric_value. */
  readonly numericValues: Float32Array | Float64Array;
  /** The bits of float32 values: with these, a copy distinguishes NaN from numbers without a branch. */
  readonly valueBits: Int32Array | null;
  /** The store has numeric_value. */
  readonly hasValues: boolean;
  /** No numeric_value is a real NaN: NaN means null. */
  readonly nanIsNull: boolean;
  /** No time is really the int64 minimum: the minimum means that the row is static. */
  readonly minimumIsNull: boolean;
  private readonly timeValid: Bitmap | null;
  private readonly valueVector: Vector | null;
  private readonly dense: readonly Node[];
  private readonly sparse: readonly Node[];
  private readonly fields: (Field | undefined)[];
  private readonly named = new Map<string, Field>();
  /** The last field that was read by name. */
  private asked: Field | null = null;

  constructor(store: Store, number: number, file: MappedFile) {
    const events = file.need("events");
    const item = child(file, events, 0);
    this.store = store;
    this.number = number;
    if (store.native.isCold(number)) {
      this.cold = new ColdReads(store.native, number, store.fits, () => {
        this.cold = null;
      });
    }
    this.file = file;
    this.patients = events.length;
    this.dense = item.children;
    this.sparse = file.find("sparse")?.children ?? [];
    this.offsets = file.provedOffsets(events);
    const time = member(file, this.dense, "time");
    const code = member(file, this.dense, "code");
    const value = this.dense.find((node) => node.name === "numeric_value");
    this.times = file.array(BigInt64Array, time.data, time.length);
    this.timeWords = new Int32Array(this.times.buffer, this.times.byteOffset, 2 * this.times.length);
    this.timeValid = file.validity(time);
    this.codeIds = file.indexes(code);
    this.codeStrings = store.codes._dictionary._table;
    const vector = value === undefined ? null : decode(file, value, false);
    if (vector instanceof NumberVector && (vector.array instanceof Float32Array || vector.array instanceof Float64Array)) {
      this.numericValues = vector.array;
    } else {
      if (vector !== null) failCorrupt(file.path, "numeric_value is not a float");
      this.numericValues = new Float32Array(0);
    }
    const { buffer, byteOffset, length } = this.numericValues;
    this.valueBits = this.numericValues instanceof Float32Array ? new Int32Array(buffer, byteOffset, length) : null;
    this.valueVector = vector;
    this.hasValues = vector !== null;
    this.nanIsNull = store.column("numeric_value")?.nan === false;
    this.minimumIsNull = store.column("time")?.sentinel === false;
    this.fields = new Array(store.manifest.columns.length);
  }

  /** Do two rows have the same time. */
  isSameTime(a: number, b: number): boolean {
    const { timeWords } = this;
    return timeWords[2 * a] === timeWords[2 * b] && timeWords[2 * a + 1] === timeWords[2 * b + 1];
  }

  /** Ends all reads: later ones throw `MEDS_CLOSED`. */
  close(): void {
    this.live = false;
    for (const field of this.fields) field?.close();
  }

  /** Throws where the store is closed. */
  check(): void {
    if (!this.live) failClosed(this.store.path);
  }

  /** Throws for a value that an intact, open store does not return. */
  readonly fault = (found: string): never => {
    this.check();
    return failCorrupt(this.file.path, found);
  };

  /**
   * A column of this shard, by its index in the manifest. On first use it is created and its offsets are
   * checked.
   */
  field(column: number): Field {
    return this.fields[column] ?? this.bind(column);
  }

  /**
   * As {@link Shard.field}, by name. Loops read the same names in turn, so the field that followed the last
   * one is tried before the map.
   */
  fieldOf(name: string): Field {
    const last = this.asked;
    const guess = last?.follower ?? null;
    if (guess !== null && guess.name === name) {
      this.asked = guess;
      return guess;
    }
    const field = this.named.get(name) ?? this.field(this.store.columnAt(name));
    if (last !== null) last.follower = field;
    this.asked = field;
    return field;
  }

  private bind(index: number): Field {
    this.check();
    const { file, store } = this;
    const column = store.manifest.columns[index]!;
    let node = member(file, column.storage === "sparse" ? this.sparse : this.dense, column.name);
    let sparse: Field["sparse"] = null;
    if (column.storage === "sparse") {
      const entry = child(file, node, 0);
      const rows = child(file, entry, 0);
      sparse = { offsets: file.provedOffsets(node), rows: file.rows(rows) };
      node = child(file, entry, 1);
    }
    const coded = node.dictionary;
    const exact = store.int64 === "number" ? (value: bigint) => failUnsafe(store.path, column.name, value) : null;
    const dictionary: Dictionary | null =
      coded === null
        ? null
        : store.dictionary(index, () => decode(file, coded.values, column.ascii, true, exact), coded.values.length, file.path);
    const field = new Field(this, {
      column,
      vector: coded === null ? decode(file, node, column.ascii, false, exact) : null,
      indexes: coded === null ? null : file.indexes(node),
      dictionary,
      sparse,
      singles: singlesOf(node),
    });
    this.fields[index] = field;
    this.named.set(column.name, field);
    return field;
  }

  // The reads below are the rare ends of hot paths. They distinguish null, closed and damaged.

  /** The code of a row whose string is not decoded yet. */
  loadCode(row: number): string {
    const id = this.codeIds[row];
    if (id === undefined) return this.fault(`row ${row} is outside the shard`);
    return this.store.codes._dictionary._load(id);
  }

  /** The time of a row whose words are not a number of microseconds within 2^53: null for a static row. */
  oddTime(row: number): null {
    const time = this.times[row];
    if (time === undefined) return this.fault(`row ${row} is outside the shard`);
    return this.isStatic(row, time) ? null : failTimeRange(time);
  }

  /** The year of a row whose time is not a number within 2^53: null for a static row. */
  oddYear(row: number): number | null {
    const time = this.micros(row);
    return time === null ? null : exactYear(time);
  }

  /** As {@link Shard.oddYear}, the date. */
  oddDate(row: number): Date | null {
    const time = this.micros(row);
    return time === null ? null : dateOf(time);
  }

  /** As {@link Shard.oddTime}, with NaN for a static row. */
  nanTime(row: number): number {
    return this.oddTime(row) ?? Number.NaN;
  }

  /** Throws for a timed row whose time is not a number of microseconds within 2^53. */
  failTime(row: number): never {
    this.oddTime(row);
    return this.fault(`row ${row} has no time, but comes after the static rows`);
  }

  /** The numeric value of a row whose entry is not a number: null or a real NaN. */
  oddValue(row: number): number | null {
    if (this.hasValues && this.numericValues[row] === undefined) this.fault(`row ${row} is outside the shard`);
    if (!this.hasValues) this.check();
    return this.nanIsNull || !this.hasValues ? null : (this.valueVector!.at(row) as number | null);
  }

  /** The exact time of a row; null for a static row. */
  micros(row: number): bigint | null {
    const time = this.times[row];
    if (time === undefined) return this.fault(`row ${row} is outside the shard`);
    return this.isStatic(row, time) ? null : time;
  }

  /**
   * Static rows contain the int64 minimum. Where that is also a real time, only the bitmap distinguishes
   * them.
   */
  private isStatic(row: number, time: bigint): boolean {
    return time === NO_TIME && this.timeValid !== null && !this.timeValid.has(row);
  }
}

/** The node of a column. */
function member(file: MappedFile, nodes: readonly Node[], name: string): Node {
  return nodes.find((node) => node.name === name) ?? failCorrupt(file.path, `the column ${JSON.stringify(name)} is missing`);
}
