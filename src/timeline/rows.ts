import type { TypedArray } from "../store/mapped-file.js";
import type { Shard } from "../store/shard.js";

/**
 * The rows of a shard that a timeline contains, in order. Mostly one run of rows; a window by time has the
 * patient's static rows before it, with a gap between; rows selected by code are a list. Index i means the
 * same row in every accessor.
 */
export interface Rows {
  readonly length: number;
  /** The first row. */
  readonly _begin: number;
  /** Number of static rows, which come before the gap, and number of rows in the gap. */
  readonly staticCount: number;
  readonly _gap: number;
  /** The list of rows, where they are not runs; else null. */
  readonly _rows: Uint32Array | null;
  /** The shard; absent where the rows are entries of a sparse column. */
  readonly _shard?: Shard;
}

/**
 * The values of the rows, `width` elements per row: a view of the mapping where the rows are one run, else a
 * copy.
 */
export function gather<A extends TypedArray>(rows: Rows, array: A, width: number): A {
  const { length, _begin: begin, staticCount: head, _gap: gap, _rows: list } = rows;
  const cold = rows._shard?.cold;
  if (cold) cold.read(rows, array, width);
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
