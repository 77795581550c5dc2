// Sums without rounding, as whole numbers: they are the same in whatever order and parts they were added.

/**
 * Exact sums by code id. That of an id is a whole number times 2 to the power of `exponents[id]`. The whole
 * number has the 32-bit words from `offsets[id]` up to, but not including, `offsets[id + 1]`: the lowest first,
 * in two's complement, as few as possible (none for 0).
 */
export interface ExactSums {
  /** One entry more than there are ids. */
  readonly offsets: Uint32Array;
  /** 0 where the sum is 0. */
  readonly exponents: Int32Array;
  readonly words: Uint32Array;
}

/** `whole · 2^exponent`. */
export interface Exact {
  readonly whole: bigint;
  readonly exponent: number;
}

const WORD = 32n;

/** One of the sums. */
export function exactAt({ offsets, exponents, words }: ExactSums, id: number): Exact {
  const [begin, end] = [offsets[id]!, offsets[id + 1]!];
  // The last word has the sign.
  let whole = begin < end ? BigInt(words[end - 1]! | 0) : 0n;
  for (let i = end - 2; i >= begin; i -= 1) whole = (whole << WORD) | BigInt(words[i]!);
  return { whole, exponent: exponents[id]! };
}

/** The sum of two. */
export function plus(a: Exact, b: Exact): Exact {
  if (a.whole === 0n) return b;
  if (b.whole === 0n) return a;
  const exponent = Math.min(a.exponent, b.exponent);
  return { whole: raised(a, exponent) + raised(b, exponent), exponent };
}

/** The whole number of a smaller exponent. */
export function raised({ whole, exponent }: Exact, to: number): bigint {
  return whole << BigInt(exponent - to);
}

/** Sums as arrays. All exponents of one array differ by whole words. */
export function exactSums(sums: readonly Exact[]): ExactSums {
  const offsets = new Uint32Array(sums.length + 1);
  const exponents = new Int32Array(sums.length);
  const words: number[] = [];
  sums.forEach((sum, id) => {
    let { whole, exponent } = sum;
    while (whole !== 0n && BigInt.asUintN(32, whole) === 0n) {
      whole >>= WORD;
      exponent += 32;
    }
    if (whole !== 0n) {
      exponents[id] = exponent;
      for (; BigInt.asIntN(32, whole) !== whole; whole >>= WORD) words.push(Number(BigInt.asUintN(32, whole)));
      words.push(Number(BigInt.asUintN(32, whole)));
    }
    offsets[id + 1] = words.length;
  });
  return { offsets, exponents, words: Uint32Array.from(words) };
}

/** Numbers as float64, with one NaN: that of arithmetic has bits that differ between operations and machines. */
export function floats(numbers: Iterable<number>): Float64Array {
  const array = Float64Array.from(numbers);
  const words = new Uint32Array(array.buffer);
  array.forEach((number, i) => {
    if (Number.isNaN(number)) words.set([0, 0x7ff80000], 2 * i);
  });
  return array;
}

/** Bits of a quotient before it is rounded: more than two beyond those of a float64. */
const QUOTIENT = 64;
const INFINITY_BITS = 0x7ffn << 52n;

/**
 * The float64 nearest to `whole / divisor · 2^exponent`; of two that are equally near the even one. `divisor`
 * is above 0.
 */
export function nearest(whole: bigint, divisor: bigint, exponent: number): number {
  if (whole === 0n) return 0;
  const size = whole < 0n ? -whole : whole;
  const shift = QUOTIENT - (lengthOf(size) - lengthOf(divisor));
  const [top, bottom] = shift > 0 ? [size << BigInt(shift), divisor] : [size, divisor << BigInt(-shift)];
  const quotient = top / bottom;
  // A last bit for whatever remains keeps ties apart.
  const bits = (quotient << 1n) | (quotient * bottom === top ? 0n : 1n);
  const unit = exponent - shift - 1;
  const most = Math.min(53, lengthOf(bits) + unit + 1074);
  if (most < 0) return whole < 0n ? -0 : 0;
  const cut = BigInt(lengthOf(bits) - most);
  const half = 1n << (cut - 1n);
  const rest = BigInt.asUintN(Number(cut), bits);
  let kept = bits >> cut;
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
  // The bits of a float64 of this exponent. A carry moves into its exponent.
  const float = (BigInt(unit + Number(cut) + 1074) << 52n) + kept;
  const found = new Float64Array(BigInt64Array.of(float < INFINITY_BITS ? float : INFINITY_BITS).buffer)[0]!;
  return whole < 0n ? -found : found;
}

/** Number of bits of a number above 0. */
function lengthOf(value: bigint): number {
  const digits = value.toString(16);
  return 4 * digits.length - Math.clz32(Number.parseInt(digits[0]!, 16)) + 28;
}
