/** The cut-off of a sample without one: later than every time. */
export const NO_CUTOFF: bigint = 2n ** 63n - 1n;
