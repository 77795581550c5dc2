import type { Window } from "../../samples/window.js";
import type { Memory } from "../../support/memory.js";
import type { Filler, FillPlan } from "../fields/filler.js";

/** How samples are arranged in a batch. */
export interface LayoutPlan extends FillPlan {
  readonly layout: "padded" | "nested" | "packed";
  /** Whether PAD is on the left. */
  readonly left: boolean;
  /** Fixed number of positions per sample, or per packed batch; null: as many as the longest sample needs. */
  readonly width: number | null;
  /** Whether static rows are prepended to each sample. */
  readonly prepends: boolean;
}

/** The arrays that depend on the layout. */
export interface LayoutArrays {
  readonly shape: readonly number[];
  readonly length: Int32Array;
  readonly event_mask: Uint8Array | null;
  readonly segment_ids: Int32Array | null;
  readonly cu_seqlens: Int32Array | null;
  readonly positions: Int32Array | null;
}

/** {@link LayoutArrays} that most layouts do not have. */
export const NO_ARRAYS = { event_mask: null, segment_ids: null, cu_seqlens: null, positions: null };

/** The result of a layout. */
export interface Placed {
  readonly filler: Filler;
  /** For each sample, the position of its first row that is not prepended; empty in nested batches. */
  readonly starts: Int32Array;
  /** Number of positions of a flat batch; 0 for a nested one. */
  readonly positions: number;
  readonly arrays: LayoutArrays;
}

/** Assigns positions to the rows of the first `size` windows. */
export type Layout = (windows: readonly Window[], size: number, plan: LayoutPlan, memory: Memory) => Placed;

/** Number of prepended static rows of a window. */
export function prependedOf(window: Window, { prepends }: LayoutPlan): number {
  return prepends ? window.staticCount : 0;
}

/** Places the rows of a window from a position on: first the prepended static rows, then its own rows. */
export function placeFlat(filler: Filler, window: Window, sample: number, prepended: number, position: number): void {
  const { length } = window;
  filler.statics(window, sample, prepended, position, position, prepended);
  filler.rows(window, sample, 0, length, position + prepended, position + prepended, length);
}
