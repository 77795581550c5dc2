import type { BatchField, DefaultField, FieldArrays } from "./fields/fields.js";

/** Contents of every batch, independent of the requested fields. B is the number of samples. */
export interface BatchBase {
  /**
   * Shape of `code` and the other fields, row-major: `[B, S]` padded, `[B, E, M]` nested (E events per
   * sample, M rows per event; the fields of time are `[B, E]`), `[T]` packed.
   */
  readonly shape: readonly number[];
  /**
   * Which ids `code` contains: `store` or `vocabulary`, and the id of that store or vocabulary. {@link
   * Vocabulary.check} compares it.
   */
  readonly code_ids: string;
  /** Subject of each sample. */
  readonly subject_id: BigInt64Array;
  /** Prediction time of each sample, in microseconds since 1970-01-01; the int64 minimum without labels. */
  readonly prediction_time: BigInt64Array;
  /**
   * Days from birth to the cut-off; 0 where `prediction_age_days_mask` is 0: the birth is not known, or there
   * is no cut-off.
   */
  readonly prediction_age_days: Float32Array;
  readonly prediction_age_days_mask: Uint8Array;
  /** Index of each sample in {@link Samples}. */
  readonly sample: Uint32Array;
  /**
   * 1, or 0 for a sample that only fills up a batch (`remainder: "pad"`). A loss or metric must not count
   * such a sample.
   */
  readonly weight: Float32Array;
  /** Number of samples of the same label or patient: more than 1 with `step_through`. */
  readonly n_windows: Uint32Array;
  /**
   * Number of positions that each sample fills: rows (events in nested batches), including prepended static
   * rows.
   */
  readonly length: Int32Array;
  /** Rows of each sample as [begin, end) of the patient's timeline; both 0 where the sample has no rows. */
  readonly row_begin: Int32Array;
  readonly row_end: Int32Array;
  /** `[B, N]` with `static: "include"`, else `[B, 0]`: the static rows of each sample, 0 = PAD. */
  readonly static_shape: readonly [number, number];
  readonly static_code: Int32Array | BigInt64Array;
  readonly static_numeric_value: Float32Array;
  readonly static_numeric_value_mask: Uint8Array;
  /**
   * Labels, `[B]`; null where the labels do not have the column. The masks are 1 where a label has a value.
   */
  readonly boolean_value: Uint8Array | null;
  readonly boolean_value_mask: Uint8Array | null;
  readonly integer_value: BigInt64Array | null;
  readonly integer_value_mask: Uint8Array | null;
  readonly float_value: Float32Array | null;
  readonly float_value_mask: Uint8Array | null;
  /** Index into `labels.categories`; -1 where missing. */
  readonly categorical_value: Int32Array | null;
  readonly is_censored: Uint8Array | null;
  /** Nested only, `[B, E]`: 1 for events, 0 for padding. */
  readonly event_mask: Uint8Array | null;
  /** Packed only, `[T]`: for each position, the number of its sample in the batch, from 1; 0 = PAD. */
  readonly segment_ids: Int32Array | null;
  /** Packed only, `[B + 1]`: the first position of each sample, and the end of the last sample. */
  readonly cu_seqlens: Int32Array | null;
  /** Packed only, `[T]`: the index of each position within its sample, from 0. */
  readonly positions: Int32Array | null;
  /** Pass this as `resume`: the loader continues after this batch. Plain data that JSON can store. */
  readonly resume: LoaderState;
}

/**
 * Samples as arrays, ready for tensors: see {@link BatchBase} and {@link FieldArrays}. Fields that are not
 * requested have length 0. The arrays are copies: a tensor over one of them keeps its values after
 * `close()`, unlike one over a view of the store (`timeline.numericValues`, `column.values`).
 */
export type Batch<F extends BatchField = DefaultField> = BatchBase & { readonly [K in F]: FieldArrays[K] };

/** The progress of a loader within an epoch. */
export interface LoaderState {
  readonly version: 1;
  readonly seed: number;
  readonly epoch: number;
  /** Number of batches taken so far, over all ranks. */
  readonly batches: number;
  /** Number of samples of the order that are in those batches. */
  readonly position: number;
  /** With `order: "local"`: the stretches of the epoch so far. Each has another number of ranks than the one before. */
  readonly legs?: readonly Leg[] | undefined;
  /**
   * A hash of everything else that the order depends on: the samples, and how they are combined into batches.
   */
  readonly order: string;
  /** A checksum: the loader refuses a token that was changed. */
  readonly check: string;
}

/** A stretch of an epoch with `order: "local"`: how many ranks there were, and how many batches each of them took. */
export interface Leg {
  readonly worldSize: number;
  readonly steps: number;
}
