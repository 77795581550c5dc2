// Pseudo-random numbers that depend only on seed, epoch, use and index: the same on every machine, in any
// order, in any worker.

/** A seed as two words, mixed with its use. */
export class Random {
  private readonly low: number;
  private readonly high: number;

  /** `seed` is a safe integer; `use` separates the streams for different purposes. */
  constructor(seed: number, epoch: number, use: number) {
    const word = mixed(mixed(seed | 0) ^ Math.floor(seed / 4294967296));
    this.low = mixed(word ^ mixed(epoch + 0x9e3779b9) ^ Math.imul(use, 0x85ebca6b));
    this.high = mixed(this.low + 0x6a09e667);
  }

  /** The `index`-th whole number, from 0 up to but not including `count`, which is at most 2^32. */
  below(count: number, index: number): number {
    // 53 bits divided among at most 2^32 numbers: no number is more probable than another by more than one
    // part in 2^21.
    const first = mixed(index ^ this.low);
    const second = mixed(first + this.high + Math.floor(index / 4294967296));
    return Math.floor((((first >>> 5) * 67108864 + (second >>> 6)) / 9007199254740992) * count);
  }

  /** The numbers from 0 up to but not including `count`, in a random order (Fisher and Yates). */
  permutation(count: number): Uint32Array {
    const order = new Uint32Array(count);
    for (let i = 0; i < count; i += 1) order[i] = i;
    this.shuffle(order);
    return order;
  }

  /** Shuffles an array in place. */
  shuffle(order: Uint32Array): void {
    for (let i = order.length - 1; i > 0; i -= 1) {
      const j = this.below(i + 1, i);
      const kept = order[i]!;
      order[i] = order[j]!;
      order[j] = kept;
    }
  }
}

/** Every bit of the result depends on every bit of the word: the finalizer of MurmurHash3. */
function mixed(word: number): number {
  let bits = word | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) | 0;
}
