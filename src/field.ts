import { Cursor } from "./cursor.js";
import type { Dictionary } from "./dictionary.js";
import type { ManifestColumn } from "./manifest.js";
import type { IndexArray } from "./mapped.js";
import type { Shard } from "./shard.js";
import type { Value, Vector } from "./values/vector.js";

/** How a field's slots are read; one number, so that one class serves every type and its call sites stay monomorphic. */
const CODED8 = 0;
const CODED16 = 1;
const CODED32 = 2;
const FLOAT32 = 3;
const FLOAT64 = 4;
const OTHER = 5;

const INFINITY = Number.POSITIVE_INFINITY;

// What the arrays of the other kinds are: never read.
const NO8 = new Uint8Array(0);
const NO16 = new Uint16Array(0);
const NO32 = new Uint32Array(0);
const NO_FLOAT32 = new Float32Array(0);
const NO_FLOAT64 = new Float64Array(0);

/** The rows of a sparse column that have values: entries [offsets[p], offsets[p + 1]) belong to the patient of row p. */
export interface Sparse {
  readonly offsets: Int32Array;
  readonly rows: Uint32Array;
}

/** What a field is made of. */
export interface FieldParts {
  readonly column: ManifestColumn;
  /** Values of the slots; of a coded field none. */
  readonly vector: Vector | null;
  readonly indexes: IndexArray | null;
  readonly dictionary: Dictionary | null;
  readonly sparse: Sparse | null;
}

/** One column in one shard. A slot is a row of the shard, or an entry of a sparse column. */
export class Field {
  readonly column: ManifestColumn;
  readonly shard: Shard;
  readonly vector: Vector | null;
  readonly indexes: IndexArray | null;
  readonly dictionary: Dictionary | null;
  readonly sparse: Sparse | null;
  private readonly kind: number;
  private readonly table: (Value | null | undefined)[];
  private readonly coded8: Uint8Array;
  private readonly coded16: Uint16Array;
  private readonly coded32: Uint32Array;
  private readonly float32: Float32Array;
  private readonly float64: Float64Array;
  /** Shared by the events that are read one after another. */
  private readonly cursor: Cursor | null;
  private cursorPatient = -1;

  constructor(shard: Shard, parts: FieldParts) {
    const { column, vector, indexes, dictionary, sparse } = parts;
    const array = vector?.array ?? null;
    this.shard = shard;
    this.column = column;
    this.vector = vector;
    this.indexes = indexes;
    this.dictionary = dictionary;
    this.sparse = sparse;
    this.table = dictionary?._table ?? [];
    this.coded8 = indexes instanceof Uint8Array ? indexes : NO8;
    this.coded16 = indexes instanceof Uint16Array ? indexes : NO16;
    this.coded32 = indexes instanceof Uint32Array ? indexes : NO32;
    this.float32 = array instanceof Float32Array ? array : NO_FLOAT32;
    this.float64 = array instanceof Float64Array ? array : NO_FLOAT64;
    if (indexes !== null) this.kind = indexes instanceof Uint8Array ? CODED8 : indexes instanceof Uint16Array ? CODED16 : CODED32;
    else this.kind = array instanceof Float32Array ? FLOAT32 : array instanceof Float64Array ? FLOAT64 : OTHER;
    this.cursor = sparse === null ? null : this.newCursor(0);
    if (sparse !== null) this.cursorPatient = 0;
  }

  /** A cursor over a patient's entries; `patient` is the row in the shard. */
  newCursor(patient: number): Cursor | null {
    if (this.sparse === null) return null;
    const cursor = new Cursor(this.sparse.rows, this.shard.fault);
    if (patient < this.shard.patients) cursor.turn(this.sparse.offsets[patient]!, this.sparse.offsets[patient + 1]!);
    return cursor;
  }

  /** The value of a row of the shard that belongs to a patient. */
  value(row: number, patient: number): Value | null {
    if (this.cursor === null) return this.read(row);
    this.shard.check();
    if (this.cursorPatient !== patient) {
      this.cursor.turn(this.sparse!.offsets[patient]!, this.sparse!.offsets[patient + 1]!);
      this.cursorPatient = patient;
    }
    const entry = this.cursor.find(row - this.shard.offsets[patient]!);
    return entry < 0 ? null : this.read(entry);
  }

  /** The value of a slot. Kept short: what V8 cannot inline costs more than all of it. */
  read(slot: number): Value | null {
    const kind = this.kind;
    if (kind <= CODED32) {
      const index = kind === CODED8 ? this.coded8[slot]! : kind === CODED16 ? this.coded16[slot]! : this.coded32[slot]!;
      const value = this.table[index];
      return value === undefined ? this.load(index) : value;
    }
    if (kind !== OTHER) {
      // Null slots hold NaN: only a NaN (or the undefined of a closed store) is worth a second look.
      const value = kind === FLOAT32 ? this.float32[slot]! : this.float64[slot]!;
      if (value <= INFINITY) return value;
    }
    return this.other(slot);
  }

  private other(slot: number): Value | null {
    this.shard.check();
    return this.vector!.at(slot);
  }

  private load(index: number | undefined): Value {
    if (index === undefined) return this.shard.fault("a row lies outside its column");
    return this.dictionary!._load(index);
  }
}
