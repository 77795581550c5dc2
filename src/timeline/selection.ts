import type { Shard } from "../store/shard.js";
import type { Rows } from "./rows.js";

/** Up to this length (two numbers per range), a list of ranges is searched for each row. */
const FEW_RANGES = 8;

/** The rows of a shard that have one of some codes, and how many of them are static. */
export interface Selection {
  readonly rows: Uint32Array;
  readonly staticCount: number;
}

/** Selects rows of a timeline by ranges of code ids: begin, end, begin, end, …. */
export function selectCodes(line: Rows, shard: Shard, ranges: readonly number[]): Selection {
  const { length, staticCount, _begin: begin, _gap: gap, _rows: list } = line;
  const size = shard.codeStrings.length;
  // To clear one byte of the table costs about as much as one comparison. A few ranges are as fast without
  // the table.
  const table = ranges.length > FEW_RANGES && ranges.length * length > size ? memberTable(ranges, size) : null;
  const rows = new Uint32Array(length);
  let found = 0;
  let statics = 0;
  for (let i = 0; i < length; i += 1) {
    const row = list === null ? begin + i + (i < staticCount ? 0 : gap) : list[i]!;
    const id = shard.codeIds[row]!;
    if (table === null ? !within(id, ranges) : table[id] !== 1) continue;
    if (i < staticCount) statics += 1;
    rows[found] = row;
    found += 1;
  }
  return { rows: rows.slice(0, found), staticCount: statics };
}

/** By code id: 1 where the id is in one of the ranges. */
function memberTable(ranges: readonly number[], length: number): Uint8Array {
  const table = new Uint8Array(length);
  for (let at = 0; at < ranges.length; at += 2) table.fill(1, ranges[at], ranges[at + 1]);
  return table;
}

function within(id: number, ranges: readonly number[]): boolean {
  for (let at = 0; at < ranges.length; at += 2) if (id >= ranges[at]! && id < ranges[at + 1]!) return true;
  return false;
}
