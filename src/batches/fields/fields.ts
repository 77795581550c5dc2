import { expected, oneOf } from "../../support/arguments.js";
import type { ArrayClass } from "../../support/memory.js";
import type { TimeToEventTargets } from "../../targets/time-to-event.js";

/**
 * What a batch can contain for each row, event or sample. Only the requested fields are filled. Shapes: see
 * {@link BatchBase}.
 */
export interface FieldArrays {
  /**
   * Code of each row: the id of the store or the token of the vocabulary; 0 = PAD. BigInt64Array where
   * `codeType` is `int64`.
   */
  readonly code: Int32Array;
  /**
   * Numeric value of each row, as float32; 0 where the row has no value. With a vocabulary that was fitted
   * with `values: "z-score"`: (x - mean) / std of the row's token; 0 where all values of the token were equal
   * (std 0). Codes without fitted values, UNK (codes that are not in the vocabulary) and infinite values count
   * as rows without a value.
   */
  readonly numeric_value: Float32Array;
  /** 1 where the row has a numeric value, else 0. A real NaN counts as no value. */
  readonly numeric_value_mask: Uint8Array;
  /**
   * Days since the previous kept row, also where that row is before the window; 0 for a patient's first row
   * and for static rows. Computed from differences in float64: exact where times are within 2^53 µs of each
   * other.
   */
  readonly time_delta_days: Float32Array;
  /** Microseconds since 1970-01-01; the int64 minimum for static rows without a time, 0 for PAD. */
  readonly time: BigInt64Array;
  /** Days since birth, as known at the cut-off; 0 where no birth is known, and for static rows. */
  readonly age_days: Float32Array;
  /** 1 where `age_days` is known. */
  readonly age_days_mask: Uint8Array;
  /** 1 for static rows that are prepended. */
  readonly static_mask: Uint8Array;
  /**
   * With a vocabulary that has bins: the bin of each row's value, from 1; 0 where the row has no value or its
   * code has no bins.
   */
  readonly value_bin: Int32Array;
  /** With a vocabulary that has ancestors: the tokens of each position. Not in nested batches. */
  readonly bag: BagArrays;
  /**
   * The target of each position, as in CLMBR: the code of the patient's next row that the samples keep and
   * know, also where that row is just after the window. 0 means no target: at PAD, static rows and UNK, and
   * where the next row is UNK or does not exist. Not in nested batches.
   */
  readonly next_code: Int32Array;
  /**
   * All codes of the next distinct time, because the order within one time has no meaning. They are at the
   * last position of each time (of the rows that are not UNK). Empty where the window ends between rows of
   * one time. Not in nested batches.
   */
  readonly next_codes: CodeSets;
  /** With `timeToEvent`: which events follow, and when. Not in nested batches. */
  readonly time_to_event: TimeToEventTargets;
}

/**
 * Tokens of each position, for an embedding bag (sum): those of position i are `tokens` from `offsets[i]` up
 * to, but not including, `offsets[i + 1]`; PAD has none. A code and its ancestors each have weight 1 / (their
 * number). The bin of the value has weight 1 (where bins are tokens). FEMR's hierarchical tokenizer does the
 * same.
 */
export interface BagArrays {
  readonly offsets: Int32Array;
  readonly tokens: Int32Array;
  readonly weights: Float32Array;
}

/**
 * Codes of each position: those of position i are `codes` from `offsets[i]` up to, but not including,
 * `offsets[i + 1]`, ascending.
 */
export interface CodeSets {
  readonly offsets: Int32Array;
  readonly codes: Int32Array;
}

/** Name of a field of {@link Batch} that can be requested. */
export type BatchField = keyof FieldArrays;

/** Fields of a batch where `fields` is not set. */
export type DefaultField = "code" | "numeric_value" | "numeric_value_mask" | "time_delta_days" | "time";

/** The declaration of a field. */
interface FieldShape<F extends BatchField> {
  /** Class of the field's array; null for lists. */
  readonly array: FieldArrays[F] extends ArrayBufferView ? ArrayClass<FieldArrays[F]> : null;
  /**
   * The field has one value per
   *
   * - `position`: in all layouts, filled by {@link Filler};
   * - `time`: the same, but in nested batches one value per event;
   * - `target`: position of flat batches (padded or packed), filled by {@link targetsOf};
   * - `list`: the field has a list per position of flat batches, filled by {@link bagOf} or {@link
   *   targetsOf}.
   */
  readonly per: FieldArrays[F] extends ArrayBufferView ? "position" | "time" | "target" : "list";
  /** Whether a batch has the field where `fields` is not set. */
  readonly isDefault: F extends DefaultField ? true : false;
}

/**
 * All fields, in the order of streams. Names, checks, arrays and stream types derive from this table. To add
 * a field: declare its array in {@link FieldArrays}, add a line here, and fill it.
 */
export const FIELDS = {
  code: { array: Int32Array, per: "position", isDefault: true },
  numeric_value: { array: Float32Array, per: "position", isDefault: true },
  numeric_value_mask: { array: Uint8Array, per: "position", isDefault: true },
  time_delta_days: { array: Float32Array, per: "time", isDefault: true },
  time: { array: BigInt64Array, per: "time", isDefault: true },
  age_days: { array: Float32Array, per: "time", isDefault: false },
  age_days_mask: { array: Uint8Array, per: "time", isDefault: false },
  static_mask: { array: Uint8Array, per: "position", isDefault: false },
  value_bin: { array: Int32Array, per: "position", isDefault: false },
  bag: { array: null, per: "list", isDefault: false },
  next_code: { array: Int32Array, per: "target", isDefault: false },
  next_codes: { array: null, per: "list", isDefault: false },
  time_to_event: { array: null, per: "list", isDefault: false },
} as const satisfies { readonly [F in BatchField]: FieldShape<F> };

type FieldsPer<P extends string> = {
  [F in BatchField]: (typeof FIELDS)[F]["per"] extends P ? F : never;
}[BatchField];

/** Fields that {@link Filler} fills, in all layouts. */
export type RowField = FieldsPer<"position" | "time">;

/** Fields of flat batches only, where a position is a row. */
export type FlatField = FieldsPer<"target" | "list">;

/** The names of all fields, in the order of the table. */
export const FIELD_NAMES = Object.keys(FIELDS) as readonly BatchField[];

export const ROW_FIELDS = FIELD_NAMES.filter(isRowField);

/** Whether a field is available in all layouts. */
export function isRowField(field: BatchField): field is RowField {
  const { per } = FIELDS[field];
  return per === "position" || per === "time";
}

/** The requested fields. */
export function fieldsOf(fields: readonly BatchField[] | undefined): ReadonlySet<BatchField> {
  if (fields === undefined) return new Set(FIELD_NAMES.filter((field) => FIELDS[field].isDefault));
  if (!Array.isArray(fields)) expected("fields", fields, "an array of field names");
  return new Set(fields.map((field) => oneOf("A field", field, FIELD_NAMES)));
}
