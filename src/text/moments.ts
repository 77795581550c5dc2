import type { Known } from "./known.js";

/** What happens at a moment: all of an event, or the beginning or the end of one that lasts. */
export const WHOLE = 0;
export const START = 1;
export const END = 2;
/** Beginning and end within a minute. */
export const BOTH = 3;

const MINUTE = 60_000_000;
const SECOND = 1_000_000n;

/**
 * The moments of the rows that have a time, in the order of time. A row with a known end has two moments, unless
 * both are within a minute. Times are float64: whole seconds where microseconds are not exact.
 */
export class Moments {
  readonly length: number;
  readonly times: Float64Array;
  /** By moment, the row. */
  readonly rows: Uint32Array;
  /** By moment: {@link WHOLE} and so on. */
  readonly parts: Uint8Array;

  constructor(known: Known, first: number) {
    const count = known.length - first;
    const times = new Float64Array(count);
    const parts = new Uint8Array(count);
    const ends: { readonly time: number; readonly row: number }[] = [];
    for (let i = 0; i < count; i += 1) {
      const time = floatOf(known.time(first + i)!);
      times[i] = time;
      const end = known.hasEnds ? known.end(first + i) : null;
      if (end === null) continue;
      const until = floatOf(end);
      // An end before its beginning is an error of the source: the beginning stays.
      if (until < time) continue;
      parts[i] = until - time <= MINUTE ? BOTH : START;
      if (parts[i] === START) ends.push({ time: until, row: first + i });
    }
    this.length = count + ends.length;
    if (ends.length === 0) {
      this.times = times;
      this.rows = new Uint32Array(count);
      for (let i = 0; i < count; i += 1) this.rows[i] = first + i;
      this.parts = parts;
      return;
    }
    ends.sort((a, b) => a.time - b.time || a.row - b.row);
    this.times = new Float64Array(this.length);
    this.rows = new Uint32Array(this.length);
    this.parts = new Uint8Array(this.length);
    let [row, end] = [0, 0];
    for (let i = 0; i < this.length; i += 1) {
      // What ends at a time comes before what begins then.
      const isEnd = end < ends.length && (row === count || ends[end]!.time <= times[row]!);
      if (isEnd) {
        this.times[i] = ends[end]!.time;
        this.rows[i] = ends[end]!.row;
        this.parts[i] = END;
        end += 1;
      } else {
        this.times[i] = times[row]!;
        this.rows[i] = first + row;
        this.parts[i] = parts[row]!;
        row += 1;
      }
    }
  }
}

/** Rounded down, so that the last second of 9999 does not become the first of 10000. */
function floatOf(time: number | bigint): number {
  return typeof time === "number" ? time : Number(time - BigInt.asUintN(64, ((time % SECOND) + SECOND) % SECOND));
}
