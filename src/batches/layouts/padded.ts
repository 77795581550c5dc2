import { Filler } from "../fields/filler.js";
import { type Layout, NO_ARRAYS, placeFlat, prependedOf } from "./layout.js";

/** One row of the batch per sample, `[B, S]`, with PAD on one side. */
export const padded: Layout = (windows, size, plan, memory) => {
  const lengths = memory.array("length", Int32Array, size);
  let longest = 0;
  for (let b = 0; b < size; b += 1) {
    lengths[b] = windows[b]!.length + prependedOf(windows[b]!, plan);
    longest = Math.max(longest, lengths[b]!);
  }
  const width = Math.max(longest, plan.width ?? 0);
  const positions = size * width;
  const filler = new Filler(plan, { positions, timePositions: positions }, memory);
  const starts = new Int32Array(size);
  for (let b = 0; b < size; b += 1) {
    const window = windows[b]!;
    const prepended = prependedOf(window, plan);
    const position = b * width + (plan.left ? width - lengths[b]! : 0);
    starts[b] = position + prepended;
    placeFlat(filler, window, b, prepended, position);
  }
  return { filler, starts, positions, arrays: { ...NO_ARRAYS, shape: [size, width], length: lengths } };
};
