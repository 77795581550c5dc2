// Numbers of 32 bits as text. A float32 that becomes a float64 has more digits than the source:
// 1.100000023841858 for 1.1.

/** Scales up to this one: float32 times a power of ten is then exact in 53 bits. */
const SCALES = [1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const;
const WHOLE = 2 ** 24;

/**
 * The number with the fewest digits that is this float32 when it is rounded to 32 bits: 1.1 for
 * 1.100000023841858. NaN and infinities stay as they are.
 */
export function shortest(value: number): number {
  const size = Math.abs(value);
  // Whole numbers below 2^24 differ by at least one step of a float32: no shorter text means the same.
  if (size < WHOLE && Math.floor(size) === size) return value;
  if (size >= 1e-3 && size < WHOLE) {
    for (let i = 0; i < SCALES.length; i += 1) {
      const scale = SCALES[i]!;
      const found = Math.round(size * scale) / scale;
      if (Math.fround(found) === size) return value < 0 ? -found : found;
    }
  }
  for (let digits = 1; digits < 9; digits += 1) {
    const found = Number(value.toPrecision(digits));
    if (Math.fround(found) === value) return found;
  }
  return Number.isFinite(value) ? Number(value.toPrecision(9)) : value;
}
