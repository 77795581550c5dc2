import { wordsOf } from "../support/time.js";

/** The cut-off of a sample without one: later than every time. */
export const NO_CUTOFF: bigint = 2n ** 63n - 1n;

/** The cut-offs of a list of samples. Only code that compares with a cut-off makes a bigint of it. */
export class Cutoffs {
  private readonly words: Int32Array;

  constructor(private readonly times: BigInt64Array) {
    this.words = wordsOf(times);
  }

  at(i: number): bigint {
    return this.times[i]!;
  }

  /** Whether a sample has a cut-off. */
  has(i: number): boolean {
    return !(this.words[2 * i + 1] === 0x7fffffff && this.words[2 * i] === -1);
  }
}
