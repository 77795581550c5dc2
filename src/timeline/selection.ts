// Rows by their codes. Most rows have none of the wanted codes, so the loops reject a row with one comparison.
import type { CodeSelection } from "../store/selection.js";
import type { Shard } from "../store/shard.js";
import type { Rows } from "./rows.js";

/** Up to this length (two numbers per range), a list of ranges is searched for each row that is not rejected. */
const FEW_RANGES = 8;

const NO_ROWS = new Uint32Array(0);

/** The rows that a search has found so far. One array for all searches, which never interleave. */
let found = new Uint32Array(1024);

/** The rows of a shard that have one of some codes, and how many of them are static. */
export interface Selection {
  readonly rows: Uint32Array;
  readonly staticCount: number;
}

/** A test of code ids, in the form that loops use. */
class Test {
  /** All chosen ids are in [low, low + width). */
  readonly low: number;
  readonly width: number;
  /** The range is not all that there is to test. */
  readonly isPartial: boolean;
  private readonly ranges: readonly number[];
  private readonly members: Uint8Array | null;

  constructor(selection: CodeSelection, length: number) {
    const { _ranges: ranges } = selection;
    this.low = ranges[0] ?? 0;
    this.width = ranges.length === 0 ? 0 : ranges[ranges.length - 1]! - this.low;
    this.isPartial = ranges.length > 2;
    this.ranges = ranges;
    // To clear one byte of the table costs about as much as one comparison. A few ranges are as fast without
    // the table.
    const pays = ranges.length > FEW_RANGES && ranges.length * length > selection._table.size;
    this.members = this.isPartial && (pays || selection._hasMembers) ? selection._members : null;
  }

  /** Is an id within the bounds chosen. */
  has(id: number): boolean {
    if (this.members !== null) return this.members[id] === 1;
    const { ranges } = this;
    for (let at = 0; at < ranges.length; at += 2) if (id >= ranges[at]! && id < ranges[at + 1]!) return true;
    return false;
  }
}

/** Selects rows of a timeline by their codes. */
export function selectCodes(line: Rows, shard: Shard, selection: CodeSelection): Selection {
  const { length, staticCount, _begin: begin, _gap: gap, _rows: list } = line;
  if (selection.length === 0 || length === 0) return { rows: NO_ROWS, staticCount: 0 };
  const test = new Test(selection, length);
  let count: number;
  let statics: number;
  if (list !== null) {
    statics = listed(shard, list, 0, staticCount, test, 0);
    count = listed(shard, list, staticCount, length, test, statics);
  } else {
    statics = run(shard, begin, begin + staticCount, test, 0);
    count = run(shard, begin + gap + staticCount, begin + gap + length, test, statics);
  }
  return { rows: count === 0 ? NO_ROWS : found.slice(0, count), staticCount: statics };
}

/** Searches the rows [begin, end) of a shard. Returns the number of rows that are found, with those before. */
function run({ codeIds }: Shard, begin: number, end: number, test: Test, before: number): number {
  const { low, width, isPartial } = test;
  let count = before;
  for (let row = begin; row < end; row += 1) {
    const id = codeIds[row]!;
    // One comparison for both bounds: a negative difference becomes a large number.
    if ((id - low) >>> 0 >= width || (isPartial && !test.has(id))) continue;
    if (count === found.length) grow();
    found[count] = row;
    count += 1;
  }
  return count;
}

/** As {@link run}, for the entries [begin, end) of a list of rows. */
function listed({ codeIds }: Shard, list: Uint32Array, begin: number, end: number, test: Test, before: number): number {
  const { low, width, isPartial } = test;
  let count = before;
  for (let i = begin; i < end; i += 1) {
    const row = list[i]!;
    const id = codeIds[row]!;
    if ((id - low) >>> 0 >= width || (isPartial && !test.has(id))) continue;
    if (count === found.length) grow();
    found[count] = row;
    count += 1;
  }
  return count;
}

function grow(): void {
  const larger = new Uint32Array(2 * found.length);
  larger.set(found);
  found = larger;
}

/**
 * The first index of a timeline at or after `start` (`step` 1), or the last at or before it (`step` -1), whose
 * row has one of some codes; -1 where there is none.
 */
export function indexOfCode(line: Rows, shard: Shard, selection: CodeSelection, start: number, step: 1 | -1): number {
  const { length, staticCount, _begin: begin, _gap: gap, _rows: list } = line;
  const { codeIds } = shard;
  if (selection.length === 0) return -1;
  const test = new Test(selection, length);
  const { low, width, isPartial } = test;
  for (let i = start; i >= 0 && i < length; i += step) {
    const id = codeIds[list === null ? begin + i + (i < staticCount ? 0 : gap) : list[i]!]!;
    if ((id - low) >>> 0 < width && (!isPartial || test.has(id))) return i;
  }
  return -1;
}
