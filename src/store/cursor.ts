import type { RowArray } from "./mapped-file.js";

/**
 * Beyond every row: a shard has fewer than 2^31 - 1. A small integer, because a field that holds infinity is
 * slower to compare.
 */
export const NO_ROW = 0x7fffffff;

/**
 * Finds a row among the rows where a sparse column has values. It remembers the gap between two values that
 * contained the last row: rows read in order cost two comparisons each, a jump costs a binary search.
 */
export class Cursor {
  /** The row of the value before the gap; -1 where there is none. */
  floor = -1;
  /** The row of the value after the gap; `NO_ROW` where there is none. */
  next = -1;
  /** The entry of the value after the gap. */
  private position = 0;
  private begin = 0;
  private end = 0;

  constructor(
    private readonly rows: RowArray,
    /** Throws that the store is closed, or else damaged. */
    private readonly fault: (found: string) => never,
  ) {}

  /** Moves to the entries [begin, end) of one patient. */
  turn(begin: number, end: number): void {
    this.begin = begin;
    this.end = end;
    this.move(begin);
  }

  /** The entry with the value of a row, or -1 where the row is null. */
  find(row: number): number {
    if (row > this.floor && row < this.next) return -1;
    // A repeated read. Anything else but the next value is a jump.
    if (row === this.floor) return this.position - 1;
    if (row !== this.next) {
      this.move(lowerBound(this.rows, this.begin, this.end, row));
      if (row !== this.next) return -1;
    }
    // A scan continues after the value that it has just read.
    this.move(this.position + 1);
    return this.position - 1;
  }

  private move(position: number): void {
    const floor = position > this.begin ? this.rows[position - 1]! : -1;
    const next = position < this.end ? this.rows[position]! : NO_ROW;
    if (!(floor < next)) this.fault(`the rows of a sparse column do not ascend at entry ${position}`);
    this.position = position;
    this.floor = floor;
    this.next = next;
  }
}

/** The first of the ascending `rows[begin, end)` at or after `row`. */
export function lowerBound(rows: RowArray, begin: number, end: number, row: number): number {
  let low = begin;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return low;
}
