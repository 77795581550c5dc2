import { arrayOf, conflict, expected, oneOf, shown } from "../support/arguments.js";
import type { TimeToEventTargets } from "../targets/time-to-event.js";

/**
 * What a batch can contain for each row, event or sample. Only the requested fields are filled. Shapes: see
 * {@link BatchBase.shape}.
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
   * (std 0); masked for a code without fitted values (UNK) and for infinite values.
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

export const FIELDS: readonly BatchField[] = [
  "code",
  "numeric_value",
  "numeric_value_mask",
  "time_delta_days",
  "time",
  "age_days",
  "age_days_mask",
  "static_mask",
  "value_bin",
  "bag",
  "next_code",
  "next_codes",
  "time_to_event",
];
const DEFAULT: readonly DefaultField[] = ["code", "numeric_value", "numeric_value_mask", "time_delta_days", "time"];

/** The requested fields. */
export function fieldsOf(fields: readonly BatchField[] | undefined): ReadonlySet<BatchField> {
  if (fields === undefined) return new Set(DEFAULT);
  if (!Array.isArray(fields)) expected("fields", fields, "an array of field names");
  return new Set(fields.map((field) => oneOf("A field", field, FIELDS)));
}

/**
 * Returns memory for a batch's arrays: for the array `name`, a buffer of at least `bytes` bytes. The loader
 * sets them to zero.
 */
export type Allocate = (name: string, bytes: number) => ArrayBufferLike;

type Constructor<A> = {
  new (length: number): A;
  new (buffer: ArrayBufferLike, offset: number, length: number): A;
  BYTES_PER_ELEMENT: number;
};

/** Makes the arrays of a batch, filled with zeros. */
export class Memory {
  constructor(private readonly allocate: Allocate | undefined) {}

  array<A extends { fill(value: never): A }>(name: string, type: Constructor<A>, length: number): A {
    if (this.allocate === undefined) return arrayOf(`The array ${name} of a batch`, type, length);
    const bytes = length * type.BYTES_PER_ELEMENT;
    const buffer: unknown = this.allocate(name, bytes);
    const fits = (buffer instanceof ArrayBuffer || buffer instanceof SharedArrayBuffer) && buffer.byteLength >= bytes;
    if (!fits)
      conflict(
        `\`allocate\` returned ${shown(buffer)} for "${name}". It must return an ArrayBuffer or SharedArrayBuffer of at least ${bytes} bytes.`,
      );
    new Uint8Array(buffer as ArrayBuffer, 0, bytes).fill(0);
    return new type(buffer as ArrayBuffer, 0, length);
  }
}
