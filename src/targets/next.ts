// Targets of CLMBR: what follows in a patient's timeline. FEMR computes them on the whole patient and cuts
// the sequence afterwards, so the target of the last row of a window is the row after the window. The same
// holds here, if that row is known at the cut-off of the sample.

import type { Window } from "../samples/window.js";
import type { Shard } from "../store/shard.js";
import type { ListBuilder } from "./lists.js";

/** The token of a row; 0 if it has none (UNK). */
export type KnownToken = (shard: Shard, row: number) => number;

/**
 * Writes, for each position of a window from `start` on, the token of the patient's next row, which may have
 * the same time. 0 if there is no next row, or if one of the two rows is UNK: FEMR leaves out such rows.
 */
export function fillNext(out: Int32Array, window: Window, start: number, token: KnownToken): void {
  const { shard, length } = window;
  if (length === 0) return;
  let own = token(shard, window.row(0));
  for (let i = 0; i < length; i += 1) {
    const row = i + 1 < length ? window.row(i + 1) : window.nextKnown(window.row(i));
    const next = row < 0 ? 0 : token(shard, row);
    if (own !== 0) out[start + i] = next;
    own = next;
  }
}

/**
 * Adds, at the last position of each distinct time that is not UNK, the tokens of the next distinct time:
 * ascending, each once, without UNK. There are none if the window ends between rows of one time: the model
 * would already know a part of that time.
 */
export function putNextSets(sets: ListBuilder, window: Window, start: number, token: KnownToken): void {
  const { shard, length } = window;
  let position = -1;
  for (let i = 0; i < length; i += 1) {
    const row = window.row(i);
    if (token(shard, row) !== 0) position = start + i;
    const next = i + 1 < length ? window.row(i + 1) : window.nextKnown(row);
    if (next < 0 || shard.isSameTime(row, next)) continue;
    if (position >= 0) sets.put(position, tokensAt(window, next, token));
    position = -1;
  }
}

/** The tokens of a time, from its first row on. */
function tokensAt(window: Window, first: number, token: KnownToken): number[] {
  const { shard } = window;
  const found = new Set<number>();
  for (let row = first; row >= 0 && shard.isSameTime(first, row); row = window.nextKnown(row)) {
    const own = token(shard, row);
    if (own !== 0) found.add(own);
  }
  return [...found].sort((a, b) => a - b);
}
