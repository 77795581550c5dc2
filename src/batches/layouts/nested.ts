import type { Window } from "../../samples/window.js";
import { Filler } from "../fields/filler.js";
import { type Layout, NO_ARRAYS } from "./layout.js";

/** One row of the batch per sample, one column per event, and the rows of each event: `[B, E, M]`. */
export const nested: Layout = (windows, size, plan, memory) => {
  const lengths = memory.array("length", Int32Array, size);
  const events: Uint32Array[] = []; // for each window, the begin of each event and the end of the last one
  let longest = 0;
  let widest = 0;
  for (let b = 0; b < size; b += 1) {
    const window = windows[b]!;
    const starts = eventStarts(window);
    events.push(starts);
    const prepended = plan.prepends && window.staticCount > 0 ? 1 : 0;
    if (prepended > 0) widest = Math.max(widest, window.staticCount);
    for (let e = 0; e + 1 < starts.length; e += 1) widest = Math.max(widest, starts[e + 1]! - starts[e]!);
    lengths[b] = starts.length - 1 + prepended;
    longest = Math.max(longest, lengths[b]!);
  }
  const width = Math.max(longest, plan.width ?? 0);
  const filler = new Filler(plan, { positions: size * width * widest, timePositions: size * width }, memory);
  const mask = memory.array("event_mask", Uint8Array, size * width);
  for (let b = 0; b < size; b += 1) {
    const window = windows[b]!;
    let event = b * width + (plan.left ? width - lengths[b]! : 0);
    mask.fill(1, event, event + lengths[b]!);
    if (plan.prepends && window.staticCount > 0) {
      filler.statics(window, b, window.staticCount, event * widest, event, 1);
      event += 1;
    }
    const starts = events[b]!;
    for (let e = 0; e + 1 < starts.length; e += 1) {
      filler.rows(window, b, starts[e]!, starts[e + 1]!, (event + e) * widest, event + e, 1);
    }
  }
  return {
    filler,
    starts: new Int32Array(0),
    positions: 0,
    arrays: { ...NO_ARRAYS, shape: [size, width, widest], length: lengths, event_mask: mask },
  };
};

/** Index of the first row of each distinct time in a window, followed by the window's length. */
function eventStarts(window: Window): Uint32Array {
  const starts: number[] = [];
  for (let i = 0; i < window.length; i += 1) {
    const row = window.row(i);
    const before = i === 0 ? -1 : window.row(i - 1);
    if (before < 0 || !window.shard.isSameTime(row, before)) starts.push(i);
  }
  starts.push(window.length);
  return Uint32Array.from(starts);
}
