import { conflict } from "../support/arguments.js";
import type { KnownRows } from "./known-rows.js";

/** The most bounds of all bins together: as JSON they take half of the longest string. */
const MOST_EDGES = 1 << 23;

/**
 * Number, mean and standard deviation of values, added one by one. Welford's sums stay exact if the mean is
 * large and the spread small.
 */
export class Moments {
  readonly count: Float64Array;
  readonly mean: Float64Array;
  private readonly squares: Float64Array;

  constructor(size: number) {
    this.count = new Float64Array(size);
    this.mean = new Float64Array(size);
    this.squares = new Float64Array(size);
  }

  add(at: number, value: number): void {
    const count = this.count[at]! + 1;
    const delta = value - this.mean[at]!;
    const mean = this.mean[at]! + delta / count;
    this.count[at] = count;
    this.mean[at] = mean;
    this.squares[at]! += delta * (value - mean);
  }

  /** The deviation of a population: divided by the number of values. */
  std(at: number): number {
    return Math.sqrt(this.squares[at]! / this.count[at]!);
  }
}

/** The k-th of n-1 quantiles of ascending values, interpolated linearly (numpy's `linear`). */
export function quantile(sorted: ArrayLike<number>, k: number, n: number): number {
  // Multiply first: k / n is inexact, and a bound would be slightly off the value that it equals.
  const position = ((sorted.length - 1) * k) / n;
  const low = Math.floor(position);
  const below = sorted[low]!;
  return low + 1 < sorted.length ? below + (sorted[low + 1]! - below) * (position - low) : below;
}

/**
 * By token: ascending bounds that divide its values into `bins` parts of equal size. The bin of x is the
 * number of bounds that are at most x. Bounds that equal the one before, or are not greater than the least
 * value, are left out because their bins would be empty. `tokenByCode`: the index of the token by code id (-1:
 * none). `counts`: the number of finite values by token.
 */
export function binEdges(known: KnownRows, tokenByCode: Int32Array, counts: readonly number[], bins: number): number[][] {
  const begins = [0];
  for (const count of counts) begins.push(begins.at(-1)! + count);
  const values = new Float64Array(begins.at(-1)!);
  const next = begins.slice();
  known.forEach(({ shard, begin, count, list }) => {
    if (!shard.hasValues) return;
    const { codeIds, numericValues } = shard;
    for (let i = 0; i < count; i += 1) {
      const row = list === null ? begin + i : list[i]!;
      const token = tokenByCode[codeIds[row]!]!;
      const value = numericValues[row]!;
      if (token < 0 || !Number.isFinite(value)) continue;
      values[next[token]!] = value;
      next[token]! += 1;
    }
  });
  let found = 0;
  return counts.map((_, token) => {
    const own = values.subarray(begins[token], begins[token + 1]).sort();
    const edges: number[] = [];
    for (let bin = 1; bin < bins && own.length > 0; bin += 1) {
      const edge = quantile(own, bin, bins);
      if (edge > (edges.at(-1) ?? own[0]!)) edges.push(edge);
    }
    found += edges.length;
    if (found > MOST_EDGES)
      conflict(`The bins of all codes together have more than ${MOST_EDGES} bounds. Use fewer \`bins\`, or fewer codes (\`top\`).`);
    return edges;
  });
}

/** The bin of a value: how many of the ascending bounds [from, to) are at most the value. */
export function binOf(edges: Float64Array, from: number, to: number, value: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - from;
}
