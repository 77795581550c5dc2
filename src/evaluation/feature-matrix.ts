import { shownAs } from "../support/inspect.js";

/**
 * Features of samples: row i belongs to label i. Only entries that are not 0 are stored (compressed sparse
 * rows): those of row i are `indexes` and `values` from `offsets[i]` up to, but not including,
 * `offsets[i + 1]`.
 */
export class FeatureMatrix {
  /** Number of rows. */
  readonly rows: number;
  /** The name of each column. */
  readonly names: readonly string[];
  /** One entry more than there are rows. */
  readonly offsets: Float64Array;
  /** The column of each entry, ascending within a row. */
  readonly indexes: Int32Array;
  readonly values: Float64Array;

  /** @internal */
  constructor(names: readonly string[], offsets: Float64Array, indexes: Int32Array, values: Float64Array) {
    this.rows = offsets.length - 1;
    this.names = names;
    this.offsets = offsets;
    this.indexes = indexes;
    this.values = values;
  }

  /** A row with all its zeros. */
  row(i: number): Float64Array {
    const row = new Float64Array(this.names.length);
    for (let at = this.offsets[i]!; at < this.offsets[i + 1]!; at += 1) row[this.indexes[at]!] = this.values[at]!;
    return row;
  }

  /** The value that `JSON.stringify` writes. */
  toJSON(): { readonly rows: number; readonly columns: number } {
    return { rows: this.rows, columns: this.names.length };
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return shownAs("FeatureMatrix", { rows: this.rows, columns: this.names.length, entries: this.values.length });
  }
}

/** Builds a matrix, row by row. Its arrays grow by half. */
export class MatrixBuilder {
  private indexes = new Int32Array(1024);
  private values = new Float64Array(1024);
  private readonly offsets = [0];
  private size = 0;

  /** Adds an entry to the current row. */
  add(column: number, value: number): void {
    if (value === 0) return;
    if (this.size === this.indexes.length) this.grow();
    this.indexes[this.size] = column;
    this.values[this.size] = value;
    this.size += 1;
  }

  /** Ends the current row. */
  end(): void {
    this.offsets.push(this.size);
  }

  finish(names: readonly string[]): FeatureMatrix {
    return new FeatureMatrix(names, Float64Array.from(this.offsets), this.indexes.slice(0, this.size), this.values.slice(0, this.size));
  }

  private grow(): void {
    const { indexes, values } = this;
    const length = Math.ceil(1.5 * indexes.length);
    this.indexes = new Int32Array(length);
    this.values = new Float64Array(length);
    this.indexes.set(indexes);
    this.values.set(values);
  }
}
