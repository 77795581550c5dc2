/** The cut-off of a sample that has none: later than every time. */
export const NO_CUTOFF: bigint = 2n ** 63n - 1n;

/** Microseconds of a day. */
export const DAY = 86_400_000_000n;

/** The day (UTC) of a time, as its first microsecond. */
export function dayOf(time: bigint): bigint {
  const day = time / DAY;
  return (day * DAY > time ? day - 1n : day) * DAY;
}
