// Rows of a matrix as a solver reads them: scaled, and with the columns only that have something to learn from.
import { type FeatureMatrix, MatrixBuilder } from "./feature-matrix.js";

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

/**
 * Rows in order. A row may occur several times. In a chain, each row after the first is stored as its difference from
 * the row before: labels of one patient count mostly the same events.
 */
export class Rows {
  readonly count: number;
  private readonly scores: Float64Array;

  constructor(
    /** The first row of each chain, then the number of rows. */
    private readonly chains: Int32Array,
    private readonly offsets: Float64Array,
    private readonly indexes: Int32Array,
    private readonly values: Float64Array,
    readonly columns: number,
  ) {
    this.count = offsets.length - 1;
    this.scores = new Float64Array(this.count);
  }

  /** Number of chains. */
  get chainCount(): number {
    return this.chains.length - 1;
  }

  /** Number of stored entries. */
  get entries(): number {
    return this.values.length;
  }

  /** Sets `scores` to rows times weights, plus the bias, which is the last of the weights. */
  times(weights: Float64Array, scores: Float64Array): void {
    for (let c = 0; c + 1 < this.chains.length; c += 1) this.scoresOf(c, weights, scores);
  }

  /** Adds the transposed rows times a vector to `sums`, whose last entry is that of the bias. */
  transposed(vector: Float64Array, sums: Float64Array): void {
    for (let c = 0; c + 1 < this.chains.length; c += 1) this.sumsOf(c, vector, sums);
  }

  /** Adds to `sums`: the transposed rows times `weights` times (rows times vector). Entries are read while they are cached. */
  curved(vector: Float64Array, weights: Float64Array, sums: Float64Array): void {
    const { chains, scores } = this;
    for (let c = 0; c + 1 < chains.length; c += 1) {
      this.scoresOf(c, vector, scores);
      for (let i = chains[c]!; i < chains[c + 1]!; i += 1) scores[i]! *= weights[i]!;
      this.sumsOf(c, scores, sums);
    }
  }

  /** By column, the sum of the weighted squares of its values; last that of the bias. */
  diagonal(weights: Float64Array): Float64Array {
    const { chains, offsets, indexes, values, columns } = this;
    const sums = new Float64Array(columns + 1);
    const current = new Float64Array(columns);
    for (let c = 0; c + 1 < chains.length; c += 1) {
      const [begin, end] = [chains[c]!, chains[c + 1]!];
      // A value counts for all rows from the one in which it changes to the end of the chain.
      let rest = 0;
      for (let i = begin; i < end; i += 1) rest += weights[i]!;
      sums[columns]! += rest;
      for (let i = begin; i < end; i += 1) {
        for (let at = offsets[i]!; at < offsets[i + 1]!; at += 1) {
          const j = indexes[at]!;
          const before = current[j]!;
          const after = before + values[at]!;
          sums[j]! += rest * (after * after - before * before);
          current[j] = after;
        }
        rest -= weights[i]!;
      }
      for (let at = offsets[begin]!; at < offsets[end]!; at += 1) current[indexes[at]!] = 0;
    }
    // The differences leave roundings, also below 0.
    return sums.map((sum) => Math.max(sum, 0));
  }

  /** The weighted mean of the rows of each chain, and the sum of its weights. */
  means(weights: Float64Array): { readonly means: Rows; readonly totals: Float64Array } {
    const { chainCount, columns } = this;
    const builder = new MatrixBuilder();
    const totals = new Float64Array(chainCount);
    const sums = new Float64Array(columns + 1);
    for (let c = 0; c < chainCount; c += 1) {
      this.sumsOf(c, weights, sums.fill(0));
      const total = sums[columns]!;
      totals[c] = total;
      if (total > 0) for (let j = 0; j < columns; j += 1) builder.add(j, sums[j]! / total);
      builder.end();
    }
    const { offsets, indexes, values } = builder.finish([]);
    return { means: new Rows(Int32Array.from(offsets.keys()), offsets, indexes, values, columns), totals };
  }

  /** Calls a function with each entry, by rows. Chains must have one row each. */
  forEach(visit: (row: number, column: number, value: number) => void): void {
    const { offsets, indexes, values } = this;
    for (let i = 0; i < this.count; i += 1) for (let at = offsets[i]!; at < offsets[i + 1]!; at += 1) visit(i, indexes[at]!, values[at]!);
  }

  // In both loops, four sums or stores at a time do not wait for one another.

  private scoresOf(chain: number, weights: Float64Array, scores: Float64Array): void {
    const { chains, offsets, indexes, values } = this;
    let score = weights[this.columns]!;
    const last = chains[chain + 1]!;
    for (let i = chains[chain]!; i < last; i += 1) {
      const end = offsets[i + 1]!;
      let at = offsets[i]!;
      let [a, b, c] = [0, 0, 0];
      for (; at + 4 <= end; at += 4) {
        score += values[at]! * weights[indexes[at]!]!;
        a += values[at + 1]! * weights[indexes[at + 1]!]!;
        b += values[at + 2]! * weights[indexes[at + 2]!]!;
        c += values[at + 3]! * weights[indexes[at + 3]!]!;
      }
      for (; at < end; at += 1) score += values[at]! * weights[indexes[at]!]!;
      score += a + (b + c);
      scores[i] = score;
    }
  }

  private sumsOf(chain: number, vector: Float64Array, sums: Float64Array): void {
    const { chains, offsets, indexes, values } = this;
    let factor = 0;
    for (let i = chains[chain + 1]! - 1; i >= chains[chain]!; i -= 1) {
      // A difference belongs to its row and to all that follow.
      factor += vector[i]!;
      sums[this.columns]! += vector[i]!;
      const end = offsets[i + 1]!;
      let at = offsets[i]!;
      for (; at + 4 <= end; at += 4) {
        sums[indexes[at]!]! += factor * values[at]!;
        sums[indexes[at + 1]!]! += factor * values[at + 1]!;
        sums[indexes[at + 2]!]! += factor * values[at + 2]!;
        sums[indexes[at + 3]!]! += factor * values[at + 3]!;
      }
      for (; at < end; at += 1) sums[indexes[at]!]! += factor * values[at]!;
    }
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
export function scaledRows(matrix: FeatureMatrix, rows: ArrayLike<number>, scaling: Scaling): Rows {
  const rowAt = reader(matrix, scaling);
  const builder = new MatrixBuilder();
  const chains: number[] = [];
  let before: Row = { columns: [], values: [] };
  for (let i = 0; i < rows.length; i += 1) {
    const own = rowAt(rows[i]!);
    const change = difference(own, before);
    const follows = i > 0 && change.columns.length < own.columns.length;
    if (!follows) chains.push(i);
    const { columns, values } = follows ? change : own;
    for (let at = 0; at < columns.length; at += 1) builder.add(columns[at]!, values[at]!);
    builder.end();
    before = own;
  }
  const { offsets, indexes, values } = builder.finish([]);
  return new Rows(Int32Array.from([...chains, rows.length]), offsets, indexes, values, scaling.columns.length);
}

/** Entries of a row, in order of their columns. */
interface Row {
  readonly columns: readonly number[];
  readonly values: readonly number[];
}

/** Reads a row of a matrix, scaled; with all of its zeros where a zero does not stay zero. */
function reader({ names, offsets, indexes, values }: FeatureMatrix, { columns, shift, factor }: Scaling): (row: number) => Row {
  const place = new Int32Array(names.length).fill(-1);
  for (let j = 0; j < columns.length; j += 1) place[columns[j]!] = j;
  const isDense = shift.some((value) => value !== 0);
  const all = Array.from(columns.keys());
  return (row) => {
    const found = { columns: isDense ? all : ([] as number[]), values: isDense ? all.map((j) => -shift[j]! * factor[j]!) : [] };
    for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) {
      const j = place[indexes[at]!]!;
      if (j < 0) continue;
      const value = (values[at]! - shift[j]!) * factor[j]!;
      if (isDense) found.values[j] = value;
      else {
        found.columns.push(j);
        found.values.push(value);
      }
    }
    return found;
  };
}

/** A row minus another one: only what differs. */
function difference(row: Row, other: Row): Row {
  const columns: number[] = [];
  const values: number[] = [];
  for (let [a, b] = [0, 0]; a < row.columns.length || b < other.columns.length; ) {
    const [own, its] = [row.columns[a] ?? Number.POSITIVE_INFINITY, other.columns[b] ?? Number.POSITIVE_INFINITY];
    const value = (own <= its ? row.values[a]! : 0) - (its <= own ? other.values[b]! : 0);
    if (value !== 0) {
      columns.push(Math.min(own, its));
      values.push(value);
    }
    if (own <= its) a += 1;
    if (its <= own) b += 1;
  }
  return { columns, values };
}
