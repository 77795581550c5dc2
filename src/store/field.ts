import { Cursor, NO_ROW } from "./cursor.js";
import type { Dictionary } from "./dictionary.js";
import type { ManifestColumn } from "./manifest.js";
import type { IndexArray, RowArray } from "./mapped-file.js";
import type { Shard } from "./shard.js";
import { ExactVector, MicrosVector } from "./values/numbers.js";
import type { Singles } from "./values/singles.js";
import type { Value, Vector } from "./values/vector.js";

/**
 * How a field's entries are read. One number, so that one class serves every type and its call sites stay
 * monomorphic.
 */
const CODED8 = 0;
const CODED16 = 1;
const CODED32 = 2;
const FLOAT32 = 3;
const FLOAT64 = 4;
const WORDS = 5;
const OTHER = 6;

const INFINITY = Number.POSITIVE_INFINITY;

// Stand-ins for the arrays of other kinds: never read.
const NO8 = new Uint8Array(0);
const NO16 = new Uint16Array(0);
const NO32 = new Uint32Array(0);
const NO_WORDS = new Int32Array(0);
const NO_FLOAT32 = new Float32Array(0);
const NO_FLOAT64 = new Float64Array(0);

/**
 * The rows of a sparse column that have values: entries [offsets[p], offsets[p + 1]) belong to the patient in
 * row p.
 */
export interface Sparse {
  readonly offsets: Int32Array;
  readonly rows: RowArray;
}

/** The parts of a field. */
export interface FieldParts {
  readonly column: ManifestColumn;
  /** Values by entry; null for a coded field. */
  readonly vector: Vector | null;
  readonly indexes: IndexArray | null;
  readonly dictionary: Dictionary | null;
  readonly sparse: Sparse | null;
  readonly singles: Singles;
}

/** The words of values that are numbers in microseconds or int64 as they are stored. */
function wordsOf(vector: Vector | null): Int32Array {
  if (vector instanceof MicrosVector && vector.micros === 1) return vector.words;
  return vector instanceof ExactVector && vector.array instanceof BigInt64Array ? vector.words : NO_WORDS;
}

/** One column in one shard. An entry is a row of the shard, or a value of a sparse column. */
export class Field {
  readonly column: ManifestColumn;
  readonly name: string;
  /** The field that was read after this one the last time: see {@link Shard.fieldOf}. */
  follower: Field | null = null;
  readonly shard: Shard;
  readonly vector: Vector | null;
  readonly indexes: IndexArray | null;
  readonly dictionary: Dictionary | null;
  readonly sparse: Sparse | null;
  /** Where its values have numbers of 32 bits. */
  readonly singles: Singles;
  /** All its values are numbers or bigints. */
  readonly isNumeric: boolean;
  private readonly kind: number;
  private readonly table: (Value | null | undefined)[];
  private readonly coded8: Uint8Array;
  private readonly coded16: Uint16Array;
  private readonly coded32: Uint32Array;
  private readonly float32: Float32Array;
  private readonly float64: Float64Array;
  private readonly words: Int32Array;
  /** No value is a real NaN: NaN means null. */
  private readonly nanIsNull: boolean;
  /**
   * Shared by events that are read in order: those of the patient in this row of the shard, whose first row
   * is `base`.
   */
  private readonly cursor: Cursor | null;
  private patient = -1;
  private base = 0;
  // The gap of the cursor: the rows of the shard between these two are null. All are of one patient, which
  // therefore need not be compared. Empty for a dense field and once the store is closed.
  private floor = NO_ROW;
  private next = -1;
  /** The integer that was last written as text, and the text. */
  private integer = 0n;
  private digits = "0";

  constructor(shard: Shard, parts: FieldParts) {
    const { column, vector, indexes, dictionary, sparse, singles } = parts;
    const array = vector?.array ?? null;
    this.shard = shard;
    this.column = column;
    this.name = column.name;
    this.vector = vector;
    this.indexes = indexes;
    this.dictionary = dictionary;
    this.sparse = sparse;
    this.singles = singles;
    this.isNumeric = (vector ?? dictionary!._source).array !== null;
    this.table = dictionary?._table ?? [];
    this.coded8 = indexes instanceof Uint8Array ? indexes : NO8;
    this.coded16 = indexes instanceof Uint16Array ? indexes : NO16;
    this.coded32 = indexes instanceof Uint32Array ? indexes : NO32;
    this.float32 = array instanceof Float32Array ? array : NO_FLOAT32;
    this.float64 = array instanceof Float64Array ? array : NO_FLOAT64;
    this.words = wordsOf(vector);
    this.nanIsNull = !column.nan;
    if (indexes !== null) this.kind = indexes instanceof Uint8Array ? CODED8 : indexes instanceof Uint16Array ? CODED16 : CODED32;
    else
      this.kind = array instanceof Float32Array ? FLOAT32 : array instanceof Float64Array ? FLOAT64 : this.words.length > 0 ? WORDS : OTHER;
    this.cursor = sparse === null ? null : new Cursor(sparse.rows, shard.fault);
  }

  /** The value of a row of the shard that belongs to a patient. */
  value(row: number, patient: number): Value | null {
    if (row > this.floor && row < this.next) return null;
    return this.cursor === null ? this.read(row) : this.search(this.cursor, row, patient);
  }

  /** An integer of this field as text. Most rows have the one of the row before: their visit, for example. */
  textOf(integer: bigint): string {
    if (integer !== this.integer) {
      this.digits = String(integer);
      this.integer = integer;
    }
    return this.digits;
  }

  /** Forgets which rows are null: what is read from now on finds out that the store is closed. */
  close(): void {
    this.floor = NO_ROW;
  }

  private search(cursor: Cursor, row: number, patient: number): Value | null {
    if (!this.shard.live || this.patient !== patient) this.turn(cursor, patient);
    const { base } = this;
    const entry = cursor.find(row - base);
    this.floor = base + cursor.floor;
    // The gap after the last value ends with the patient.
    this.next = cursor.next === NO_ROW ? this.shard.offsets[patient + 1]! : base + cursor.next;
    return entry < 0 ? null : this.read(entry);
  }

  private turn(cursor: Cursor, patient: number): void {
    this.shard.check();
    const { offsets } = this.sparse!;
    cursor.turn(offsets[patient]!, offsets[patient + 1]!);
    this.patient = patient;
    this.base = this.shard.offsets[patient]!;
  }

  /**
   * The value of an entry. Kept short: a call that V8 cannot inline would cost more than the whole function.
   */
  read(entry: number): Value | null {
    const kind = this.kind;
    if (kind <= CODED32) {
      const index = kind === CODED8 ? this.coded8[entry]! : kind === CODED16 ? this.coded16[entry]! : this.coded32[entry]!;
      const value = this.table[index];
      return value === undefined ? this.load(index) : value;
    }
    if (kind <= FLOAT64) {
      const value = kind === FLOAT32 ? this.float32[entry]! : this.float64[entry]!;
      if (value <= INFINITY) return value;
      // Null entries contain NaN. The undefined of a closed store is neither.
      if (this.nanIsNull && value !== undefined) return null;
    } else if (kind === WORDS) {
      const high = this.words[2 * entry + 1]!;
      // Not -2097152: -2^53 is not a safe integer.
      if (high > -2097152 && high < 2097152) return high * 4294967296 + (this.words[2 * entry]! >>> 0);
    }
    return this.other(entry);
  }

  private other(entry: number): Value | null {
    this.shard.check();
    return this.vector!.at(entry);
  }

  private load(index: number | undefined): Value {
    if (index === undefined) return this.shard.fault("a row is outside its column");
    return this.dictionary!._load(index);
  }
}
