// A run: rows of one sample that go to consecutive positions of a batch, as the native side reads them
// (`run_words!` in crates/query/src/batch.rs). test/samples/fill.test.ts compares both.

/** Index of each word of a run. */
export const WORD = {
  /** Index of the sample in the batch. */
  sample: 0,
  shard: 1,
  /** Row of the patient in the shard. */
  patient: 2,
  /** The first row in the shard, or the index of its number in the list. */
  begin: 3,
  count: 4,
  /** Position of the first row. */
  position: 5,
  /**
   * Position of the first time, and the number of times: they differ from those of rows in nested batches.
   */
  time_position: 6,
  time_count: 7,
  /** {@link LIST}, {@link STATICS}, or the row from which the first row's days are counted. */
  kind: 8,
} as const;

/** Number of words of a run. */
export const RUN_WORDS: number = Object.keys(WORD).length;

/** The `kind` of a run whose rows are in the list, after the row before them. */
export const LIST = -1;

/** The `kind` of a run of static rows, which are in the list. */
export const STATICS = -2;
