// What is near to the inverse of the second derivatives, and is computed faster.
import type { Rows } from "./scaled-rows.js";

/** More chains are not used: their matrix would take more than 128 MB. */
const MOST_CHAINS = 4096;
/** The least share of a diagonal entry that stays for what differs within chains: the subtraction leaves roundings. */
const LEAST = 1e-6;

/** Sets `quotient` to a vector divided by about the second derivatives. */
export interface Preconditioner {
  divide(vector: Float64Array, quotient: Float64Array): void;
}

/** The diagonal of the second derivatives. */
export class Diagonal implements Preconditioner {
  constructor(private readonly diagonal: Float64Array) {}

  divide(vector: Float64Array, quotient: Float64Array): void {
    for (let j = 0; j < vector.length; j += 1) quotient[j] = vector[j]! / this.diagonal[j]!;
  }
}

/**
 * As if the rows of a chain (of a patient, in most tasks) were their mean, and what differs from it were independent
 * in each column: D + M' W M with the mean rows M and a diagonal D. It is inverted by the formula of Woodbury, with a
 * Cholesky factor that has one row per chain.
 */
export class MeanRows implements Preconditioner {
  private readonly means: Rows;
  private readonly roots: Float64Array;
  private readonly within: Float64Array;
  private readonly factor: Float64Array;
  private readonly byRow: Float64Array;
  private readonly byColumn: Float64Array;

  /** `diagonal`: that of the second derivatives, with the penalty. */
  constructor(rows: Rows, curvature: Float64Array, diagonal: Float64Array) {
    const { means, totals } = rows.means(curvature);
    const { count, columns } = means;
    this.means = means;
    this.roots = totals.map(Math.sqrt);
    this.byRow = new Float64Array(count);
    this.byColumn = new Float64Array(columns + 1);
    const entries = Array.from({ length: columns + 1 }, () => ({ rows: [] as number[], values: [] as number[] }));
    const own = diagonal.slice();
    const add = (row: number, column: number, value: number) => {
      const root = this.roots[row]! * value;
      entries[column]!.rows.push(row);
      entries[column]!.values.push(root);
      own[column]! -= root * root;
    };
    means.forEach(add);
    for (let row = 0; row < count; row += 1) add(row, columns, 1);
    this.within = own.map((value, j) => Math.max(value, LEAST * diagonal[j]!));
    this.factor = new Float64Array(count * count);
    for (const [j, one] of entries.entries()) addSquare(this.factor, count, one, this.within[j]!);
    for (let row = 0; row < count; row += 1) this.factor[row * count + row]! += 1;
    factorise(this.factor, count);
  }

  /**
   * After how many products with the second derivatives making this costs as much as they did: the squares of the mean rows, which
   * have at most as many entries as the rows, and the factor.
   */
  static worthAfter({ chainCount, entries }: Rows): number {
    if (chainCount > MOST_CHAINS) return Number.POSITIVE_INFINITY;
    return Math.ceil(chainCount / 4 + chainCount ** 3 / (12 * Math.max(entries, 1)));
  }

  divide(vector: Float64Array, quotient: Float64Array): void {
    const { means, roots, within, factor, byRow, byColumn } = this;
    for (let j = 0; j < vector.length; j += 1) quotient[j] = vector[j]! / within[j]!;
    means.times(quotient, byRow);
    for (let i = 0; i < roots.length; i += 1) byRow[i]! *= roots[i]!;
    solve(factor, byRow);
    for (let i = 0; i < roots.length; i += 1) byRow[i]! *= roots[i]!;
    means.transposed(byRow, byColumn.fill(0));
    for (let j = 0; j < vector.length; j += 1) quotient[j]! -= byColumn[j]! / within[j]!;
  }
}

/** Adds the lower half of a column times its transpose, divided by a number, to a matrix. */
function addSquare(matrix: Float64Array, size: number, { rows, values }: { rows: number[]; values: number[] }, divisor: number): void {
  for (let a = 0; a < rows.length; a += 1) {
    const begin = rows[a]! * size;
    const value = values[a]! / divisor;
    for (let b = 0; b <= a; b += 1) matrix[begin + rows[b]!]! += value * values[b]!;
  }
}

/** Cholesky: the lower half of a matrix becomes its factor. */
function factorise(matrix: Float64Array, size: number): void {
  for (let i = 0; i < size; i += 1) {
    const own = i * size;
    for (let j = 0; j <= i; j += 1) {
      const other = j * size;
      let left = matrix[own + j]!;
      for (let k = 0; k < j; k += 1) left -= matrix[own + k]! * matrix[other + k]!;
      matrix[own + j] = i === j ? Math.sqrt(left) : left / matrix[other + j]!;
    }
  }
}

/** Solves with a factor, in place. */
function solve(factor: Float64Array, vector: Float64Array): void {
  const size = vector.length;
  for (let i = 0; i < size; i += 1) {
    let left = vector[i]!;
    for (let k = 0; k < i; k += 1) left -= factor[i * size + k]! * vector[k]!;
    vector[i] = left / factor[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i -= 1) {
    const value = vector[i]! / factor[i * size + i]!;
    vector[i] = value;
    for (let k = 0; k < i; k += 1) vector[k]! -= factor[i * size + k]! * value;
  }
}
