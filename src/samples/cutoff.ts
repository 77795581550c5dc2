/** The cut-off of a sample that has none: later than every time. */
export const NO_CUTOFF: bigint = 2n ** 63n - 1n;
