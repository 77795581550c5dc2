// What comes next in a patient's timeline: the targets of CLMBR. FEMR takes them from the whole patient and cuts the sequence after that, so the last
// place of a window has the row that follows it as its target; and so it is here, where that row is known at the sample's cut-off.

import type { Window } from "../samples/window.js";
import type { Shard } from "../store/shard.js";
import type { ListBuilder } from "./lists.js";

/** The token of a row; 0 where it has none (UNK). */
export type KnownToken = (shard: Shard, row: number) => number;

/**
 * At each of a window's places, from `start` on, the token of the patient's next row, whether or not that has the same time; 0 where there is none, and
 * where either of both rows is UNK: FEMR leaves such rows out.
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
 * At the last place of each distinct time that is not UNK the tokens of the next distinct time, ascending, each once and without UNK. None where the
 * window ends amid the rows of a time: what is missing of them would be known before it.
 */
export function putNextSets(sets: ListBuilder, window: Window, start: number, token: KnownToken): void {
  const { shard, length } = window;
  let place = -1;
  for (let i = 0; i < length; i += 1) {
    const row = window.row(i);
    if (token(shard, row) !== 0) place = start + i;
    const next = i + 1 < length ? window.row(i + 1) : window.nextKnown(row);
    if (next < 0 || shard.isSameTime(row, next)) continue;
    if (place >= 0) sets.put(place, tokensAt(window, next, token));
    place = -1;
  }
}

/** The tokens of the time at which a row is the first. */
function tokensAt(window: Window, first: number, token: KnownToken): number[] {
  const { shard } = window;
  const found = new Set<number>();
  for (let row = first; row >= 0 && shard.isSameTime(first, row); row = window.nextKnown(row)) {
    const own = token(shard, row);
    if (own !== 0) found.add(own);
  }
  return [...found].sort((a, b) => a - b);
}
