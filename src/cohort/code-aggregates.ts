import { namesIn, optionsOf } from "../support/arguments.js";
import { type Exact, type ExactSums, exactAt, floats, nearest, raised } from "../support/exact.js";
import type { Members } from "./members.js";
import { CODE_OPTIONS, type CodeCounts, type CodeQueryOptions, questionOf, rangesOf } from "./query.js";

/**
 * The result of {@link Cohort.aggregateCodes}: one entry per code id, as in `db.codes.strings`; entry 0 is
 * unused. Figures of values are NaN where the code has no value. A value that is itself NaN counts, and makes
 * the figures of its code NaN.
 *
 * `sum`, `mean` and `std` are computed when they are first read, from the exact sums: each is the float64 that
 * is nearest to the true figure (of `std`, the root of the nearest variance).
 */
export interface CodeAggregates extends CodeCounts {
  /** Rows with a numeric value. */
  readonly valueCount: Float64Array;
  /** Sum of the values. */
  readonly sum: Float64Array;
  /** Mean of the values. */
  readonly mean: Float64Array;
  /** Standard deviation of a population: with the number of values as the divisor. */
  readonly std: Float64Array;
  /** The smallest value. -0 is smaller than 0. */
  readonly min: Float64Array;
  /** The largest value. */
  readonly max: Float64Array;
  /** Exact sums of the finite values, which {@link mergeResults} adds. */
  readonly sums: ExactSums;
  /** Exact sums of their squares. */
  readonly squares: ExactSums;
}

type Columns = Omit<CodeAggregates, "sum" | "mean" | "std">;

/** Statistics of each code over all patients or windows. */
export async function aggregateCodes(cohort: Members, options: CodeQueryOptions | undefined): Promise<CodeAggregates> {
  type Sums = [Uint32Array, Int32Array, Uint32Array];
  type Found = [Float64Array, Uint32Array, Float64Array, Float64Array, Float64Array, ...Sums, ...Sums];
  const store = cohort._store;
  store.check();
  const given = optionsOf(options) ?? {};
  namesIn("aggregateCodes", given, CODE_OPTIONS);
  const { codes, signal } = given;
  const question = questionOf(cohort, given, codes === undefined ? null : rangesOf(store, codes));
  const [events, patients, valueCount, min, max, ...exact] = await store.ask<Found>("aggregateCodes", question, signal);
  const [offsets, exponents, words, offsets2, exponents2, words2] = exact;
  const sums = { offsets, exponents, words };
  const squares = { offsets: offsets2, exponents: exponents2, words: words2 };
  return codeAggregatesOf({ events, patients, valueCount, min, max, sums, squares });
}

/** Adds what is computed from the columns. */
export function codeAggregatesOf({ events, patients, valueCount, min, max, sums, squares }: Columns): CodeAggregates {
  const figures = (figure: (id: number, count: bigint) => number, ofInfinite: (id: number) => number) =>
    floats(
      Array.from(valueCount, (count, id) => {
        if (count === 0) return Number.NaN;
        return Number.isFinite(min[id]) && Number.isFinite(max[id]) ? figure(id, BigInt(count)) : ofInfinite(id);
      }),
    );
  // Finite values do not change an infinity.
  const infinite = (id: number) => infiniteOr0(min[id]!) + infiniteOr0(max[id]!);
  let [sum, mean, std]: (Float64Array | undefined)[] = [];
  return {
    events,
    patients,
    valueCount,
    get sum() {
      sum ??= figures((id) => quotient(exactAt(sums, id), 1n), infinite);
      return sum;
    },
    get mean() {
      mean ??= figures((id, count) => quotient(exactAt(sums, id), count), infinite);
      return mean;
    },
    get std() {
      std ??= figures(
        (id, count) => deviation(exactAt(sums, id), exactAt(squares, id), count),
        () => Number.NaN,
      );
      return std;
    },
    min,
    max,
    sums,
    squares,
  };
}

function infiniteOr0(value: number): number {
  return Number.isFinite(value) ? 0 : value;
}

function quotient({ whole, exponent }: Exact, divisor: bigint): number {
  return nearest(whole, divisor, exponent);
}

/** The variance is (n Q - S²) / n². */
function deviation(sum: Exact, squares: Exact, count: bigint): number {
  const exponent = Math.min(2 * sum.exponent, squares.exponent);
  const square = raised({ whole: sum.whole ** 2n, exponent: 2 * sum.exponent }, exponent);
  return Math.sqrt(nearest(count * raised(squares, exponent) - square, count ** 2n, exponent));
}
