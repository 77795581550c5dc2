import type { TypedArray } from "../store/mapped-file.js";

/**
 * Which rows of a shard a timeline holds, in order. Mostly a run of rows; a window cut by time has the patient's static rows before it, with a gap
 * between; rows chosen by code are a list. Index i means the same row in every accessor.
 */
export interface Rows {
  readonly length: number;
  /** The first row. */
  readonly _begin: number;
  /** Static rows, which stand before the gap, and how many rows the gap leaves out. */
  readonly staticCount: number;
  readonly _gap: number;
  /** The rows themselves, where they are no run. */
  readonly _rows: Uint32Array | null;
}

/** The values of the rows, `width` elements a row: a view of the mapping where the rows are one run, else a copy. */
export function gather<A extends TypedArray>(rows: Rows, array: A, width: number): A {
  const { length, _begin: begin, staticCount: head, _gap: gap, _rows: list } = rows;
  if (list === null && gap === 0) return array.subarray(begin * width, (begin + length) * width) as A;
  const copy = new (array.constructor as new (length: number) => A)(length * width);
  if (list === null) {
    copy.set(array.subarray(begin * width, (begin + head) * width) as never, 0);
    copy.set(array.subarray((begin + gap + head) * width, (begin + gap + length) * width) as never, head * width);
    return copy;
  }
  for (let i = 0; i < length; i += 1) {
    for (let part = 0; part < width; part += 1) copy[i * width + part] = array[list[i]! * width + part]!;
  }
  return copy;
}
