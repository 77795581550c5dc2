import { arrayOf, failGiven, oneOf } from "../support/arguments.js";
import type { TimeToEventTargets } from "../targets/time-to-event.js";

/** What a batch can hold of each row, event or sample; only what is asked for is filled. Shapes: see {@link Batch}. */
export interface FieldArrays {
  /** Code of each row: the store's id, or the vocabulary's; 0 = PAD. BigInt64Array where `codeType` is `int64`. */
  readonly code: Int32Array;
  /**
   * Numeric value of each row, as float32; 0 where it has none. With a vocabulary that was fitted with `values: "z-score"`: (x - mean) / std of the row's
   * token; 0 where its values were all the same (std 0); masked for a code without fitted values (UNK) and for infinite values.
   */
  readonly numeric_value: Float32Array;
  /** 1 where the row has a numeric value (a real NaN is none here), else 0. */
  readonly numeric_value_mask: Uint8Array;
  /** Days (from differences in float64: exact where times lie within 2^53 µs) since the kept row before it, also where that lies before the window; 0 for a patient's first row and for static rows. */
  readonly time_delta_days: Float32Array;
  /** Microseconds since 1970-01-01; the int64 minimum for static rows without a time, 0 for PAD. */
  readonly time: BigInt64Array;
  /** Days since birth, as known at the cut-off; 0 where there is none, or for static rows. */
  readonly age_days: Float32Array;
  /** 1 where `age_days` is known. */
  readonly age_days_mask: Uint8Array;
  /** 1 for static rows that are prepended. */
  readonly static_mask: Uint8Array;
  /** With a vocabulary that has bins: the bin of each row's value, from 1; 0 where it has no value, or its code no bins. */
  readonly value_bin: Int32Array;
  /** With a vocabulary that has ancestors: the tokens of each place. Not in nested batches. */
  readonly bag: BagArrays;
  /**
   * The target of each place, as in CLMBR: the code of the patient's next row that the samples keep and know, also where that lies just past the window;
   * 0 for none: at PAD, static rows and UNK, and where the next row is UNK or there is none. Not in nested batches.
   */
  readonly next_code: Int32Array;
  /**
   * The same for all codes of the next distinct time, since the order within a time means nothing: at the last place of each time (of those that are not
   * UNK); none where the window ends amid a time's rows. Not in nested batches.
   */
  readonly next_codes: CodeSets;
  /** With `timeToEvent`: what comes when. Not in nested batches. */
  readonly time_to_event: TimeToEventTargets;
}

/**
 * Tokens of places, for an embedding bag (sum): those of place i are `tokens` from `offsets[i]` up to, but not including, `offsets[i + 1]`; none for PAD.
 * A code and its ancestors weigh one divided by their number, the bin of its value 1 (where bins are tokens): as in FEMR's hierarchical tokenizer.
 */
export interface BagArrays {
  readonly offsets: Int32Array;
  readonly tokens: Int32Array;
  readonly weights: Float32Array;
}

/** Codes of places: those of place i are `codes` from `offsets[i]` up to, but not including, `offsets[i + 1]`, ascending. */
export interface CodeSets {
  readonly offsets: Int32Array;
  readonly codes: Int32Array;
}

/** Name of a field of {@link Batch} that can be asked for. */
export type BatchField = keyof FieldArrays;

/** What a batch holds where nothing else is asked for. */
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

/** The fields that are asked for. */
export function fieldsOf(fields: readonly BatchField[] | undefined): ReadonlySet<BatchField> {
  if (fields === undefined) return new Set(DEFAULT);
  if (!Array.isArray(fields)) failGiven("fields", fields, "an array of names of fields");
  return new Set(fields.map((field) => oneOf("A field", field, FIELDS)));
}

/** Where the arrays of a batch come from: memory of the caller's own, at least so many bytes, for each array by its name. It is cleared. */
export type Allocate = (name: string, bytes: number) => ArrayBufferLike;

type Constructor<A> = {
  new (length: number): A;
  new (buffer: ArrayBufferLike, offset: number, length: number): A;
  BYTES_PER_ELEMENT: number;
};

/** Makes a batch's arrays, zeros all. */
export class Memory {
  constructor(private readonly allocate: Allocate | undefined) {}

  array<A extends { fill(value: never): A }>(name: string, type: Constructor<A>, length: number): A {
    if (this.allocate === undefined) return arrayOf(`A batch's ${name}`, type, length);
    const bytes = length * type.BYTES_PER_ELEMENT;
    const buffer: unknown = this.allocate(name, bytes);
    const fits = (buffer instanceof ArrayBuffer || buffer instanceof SharedArrayBuffer) && buffer.byteLength >= bytes;
    if (!fits) failGiven(`What allocate gives for ${name}`, buffer, `an ArrayBuffer or SharedArrayBuffer of ${bytes} bytes or more`);
    new Uint8Array(buffer as ArrayBuffer, 0, bytes).fill(0);
    return new type(buffer as ArrayBuffer, 0, length);
  }
}
