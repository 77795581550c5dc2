import { Filler } from "../fields/filler.js";
import { type Layout, NO_ARRAYS, placeFlat, prependedOf } from "./layout.js";

/** All samples one after another, `[T]`, with PAD at the end only. */
export const packed: Layout = (windows, size, plan, memory) => {
  const lengths = memory.array("length", Int32Array, size);
  const bounds = memory.array("cu_seqlens", Int32Array, size + 1);
  for (let b = 0; b < size; b += 1) {
    lengths[b] = windows[b]!.length + prependedOf(windows[b]!, plan);
    bounds[b + 1] = bounds[b]! + lengths[b]!;
  }
  const width = Math.max(bounds[size]!, plan.width ?? 0);
  const filler = new Filler(plan, { positions: width, timePositions: width }, memory);
  const segments = memory.array("segment_ids", Int32Array, width);
  const positions = memory.array("positions", Int32Array, width);
  const starts = new Int32Array(size);
  for (let b = 0; b < size; b += 1) {
    const window = windows[b]!;
    const prepended = prependedOf(window, plan);
    starts[b] = bounds[b]! + prepended;
    placeFlat(filler, window, b, prepended, bounds[b]!);
    segments.fill(b + 1, bounds[b], bounds[b + 1]);
    for (let i = 0, at = bounds[b]!; at < bounds[b + 1]!; i += 1, at += 1) positions[at] = i;
  }
  return {
    filler,
    starts,
    positions: width,
    arrays: { ...NO_ARRAYS, shape: [width], length: lengths, segment_ids: segments, cu_seqlens: bounds, positions },
  };
};
