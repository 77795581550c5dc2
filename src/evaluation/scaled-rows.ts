// Rows of a matrix as a solver reads them: scaled, and with the columns only that have something to learn from.
import type { FeatureMatrix } from "./feature-matrix.js";

/**
 * How columns are scaled. `max-abs`: divided by the largest absolute value, so that zeros stay zeros (as
 * `MaxAbsScaler` of scikit-learn, which EHRSHOT uses). `standard`: minus the mean, divided by the standard
 * deviation (as `StandardScaler`). `none`.
 */
export type Scale = "none" | "max-abs" | "standard";

/** Fitted on the rows of training: column j becomes (value - shift[j]) * factor[j]. */
export interface Scaling {
  /** The kept columns of the matrix, ascending: those that are not equal in all rows of training. */
  readonly columns: Int32Array;
  readonly shift: Float64Array;
  readonly factor: Float64Array;
}

/** Rows in order. A row may occur several times. */
export class Rows {
  readonly count: number;
  readonly columns: number;

  constructor(
    private readonly offsets: Float64Array,
    private readonly indexes: Int32Array,
    private readonly values: Float64Array,
    columns: number,
  ) {
    this.count = offsets.length - 1;
    this.columns = columns;
  }

  /** Sets `scores` to rows times weights, plus the bias, which is the last of the weights. */
  times(weights: Float64Array, scores: Float64Array): void {
    const { offsets, indexes, values } = this;
    const bias = weights[this.columns]!;
    for (let i = 0; i < this.count; i += 1) {
      let score = bias;
      const end = offsets[i + 1]!;
      for (let at = offsets[i]!; at < end; at += 1) score += values[at]! * weights[indexes[at]!]!;
      scores[i] = score;
    }
  }

  /** Adds the transposed rows times a vector to `sums`, whose last entry is that of the bias. */
  transposed(vector: Float64Array, sums: Float64Array): void {
    const { offsets, indexes, values } = this;
    let bias = 0;
    for (let i = 0; i < this.count; i += 1) {
      const factor = vector[i]!;
      bias += factor;
      const end = offsets[i + 1]!;
      for (let at = offsets[i]!; at < end; at += 1) sums[indexes[at]!]! += factor * values[at]!;
    }
    sums[this.columns]! += bias;
  }

  /** By column, the sum of the weighted squares of its values; last that of the bias. */
  diagonal(weights: Float64Array): Float64Array {
    const { offsets, indexes, values } = this;
    const sums = new Float64Array(this.columns + 1);
    for (let i = 0; i < this.count; i += 1) {
      const weight = weights[i]!;
      sums[this.columns]! += weight;
      for (let at = offsets[i]!; at < offsets[i + 1]!; at += 1) sums[indexes[at]!]! += weight * values[at]! * values[at]!;
    }
    return sums;
  }
}

/** Fits the scaling on some rows of a matrix. */
export function scalingOf(matrix: FeatureMatrix, rows: ArrayLike<number>, scale: Scale): Scaling {
  const { offsets, indexes, values, names } = matrix;
  const count = rows.length;
  const [seen, sum, squares, largest] = [0, 1, 2, 3].map(() => new Float64Array(names.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const each = (visit: (column: number, value: number) => void) => {
    for (let i = 0; i < count; i += 1)
      for (let at = offsets[rows[i]!]!; at < offsets[rows[i]! + 1]!; at += 1) visit(indexes[at]!, values[at]!);
  };
  each((column, value) => {
    seen[column]! += 1;
    sum[column]! += value;
    largest[column] = Math.max(largest[column]!, Math.abs(value));
  });
  const mean = sum.map((total) => total / count);
  // Around the mean, not around 0: the difference of two large squares would lose digits.
  each((column, value) => (squares[column]! += (value - mean[column]!) ** 2));
  const deviation = squares.map((total, j) => Math.sqrt((total + (count - seen[j]!) * mean[j]! ** 2) / count));
  const isKept = (j: number) => (scale === "standard" ? deviation[j]! > 1e-12 * largest[j]! : seen[j]! > 0);
  const columns = Int32Array.from(names.keys()).filter(isKept);
  return {
    columns,
    shift: Float64Array.from(columns, (j) => (scale === "standard" ? mean[j]! : 0)),
    factor: Float64Array.from(columns, (j) => (scale === "none" ? 1 : 1 / (scale === "standard" ? deviation[j]! : largest[j]!))),
  };
}

/** Some rows of a matrix, scaled. */
export function scaledRows(matrix: FeatureMatrix, rows: ArrayLike<number>, { columns, shift, factor }: Scaling): Rows {
  const place = new Int32Array(matrix.names.length).fill(-1);
  for (let j = 0; j < columns.length; j += 1) place[columns[j]!] = j;
  const isDense = shift.some((value) => value !== 0);
  const offsets = new Float64Array(rows.length + 1);
  const most = isDense
    ? rows.length * columns.length
    : Array.from(rows).reduce((sum, row) => sum + matrix.offsets[row + 1]! - matrix.offsets[row]!, 0);
  const indexes = new Int32Array(most);
  const values = new Float64Array(most);
  let size = 0;
  for (let i = 0; i < rows.length; i += 1) {
    const begin = size;
    if (isDense)
      for (let j = 0; j < columns.length; j += 1) {
        indexes[size] = j;
        values[size] = -shift[j]! * factor[j]!;
        size += 1;
      }
    for (let at = matrix.offsets[rows[i]!]!; at < matrix.offsets[rows[i]! + 1]!; at += 1) {
      const j = place[matrix.indexes[at]!]!;
      if (j < 0) continue;
      const value = (matrix.values[at]! - shift[j]!) * factor[j]!;
      if (isDense) values[begin + j] = value;
      else {
        indexes[size] = j;
        values[size] = value;
        size += 1;
      }
    }
    offsets[i + 1] = size;
  }
  return new Rows(offsets, indexes.subarray(0, size), values.subarray(0, size), columns.length);
}
