import type { Random } from "../support/random.js";

/**
 * Which of the known rows of a sample its window takes. n is the number of known rows (or events), w the length
 * of a window:
 *
 * - `to_end`: the last w.
 * - `from_start`: the first w.
 * - `random`: w rows from a start that is drawn evenly from 0 to n - w. Rows in the middle are in more windows
 *   than rows at the ends.
 * - `balanced_random`: the start is drawn evenly from -(w - 1) to n - 1, and the window is cut to the rows that
 *   exist. Every row is in a window with the same probability. Windows at the ends are shorter.
 * - `step_through`: windows that start at 0, stride, 2 stride and so on; the last one ends at the last row. Each
 *   window is a sample.
 *
 * If n is at most w, every strategy takes all rows. The strategies are those of meds-torch-data
 * (`SubsequenceSamplingStrategy`).
 */
export type Strategy = "to_end" | "from_start" | "random" | "balanced_random" | "step_through";

/** Random numbers for the strategies that draw. */
export interface Draw {
  readonly random: Random;
  /** Number of the sample. A draw depends on it, the seed and the epoch. */
  readonly sample: number;
}

/** Rows (or events) of a window among the known ones: [begin, end). */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** Distance between the starts of two windows, or the rows that they share. At most one is set. */
export interface Stepping {
  readonly stride: number | null;
  readonly overlap: number | null;
}

/** One strategy: it has `choose`, or `spans`. Both are called only if n > w. */
interface WindowStrategy {
  /** Begin and end of the one window of a sample, at most w of n rows. */
  readonly choose?: (n: number, w: number, draw: Draw) => readonly [begin: number, end: number];
  /** All windows of a label or patient, fixed when the list of samples is made. Allows `stride` and `overlap`. */
  readonly spans?: (n: number, w: number, stepping: Stepping) => Span[];
  /** The window always ends at the last known row, so that earlier rows need not be read. */
  readonly endsLast?: true;
}

/** A new strategy is a name in {@link Strategy} and an entry here. The first one is the default. */
export const STRATEGIES: Readonly<Record<Strategy, WindowStrategy>> = {
  to_end: { choose: (n, w) => [n - w, n], endsLast: true },
  from_start: { choose: (_n, w) => [0, w] },
  random: {
    choose(n, w, { random, sample }) {
      const begin = random.below(n - w + 1, sample);
      return [begin, begin + w];
    },
  },
  balanced_random: {
    choose(n, w, { random, sample }) {
      const begin = random.below(n + w - 1, sample) - (w - 1);
      return [Math.max(0, begin), Math.min(n, begin + w)];
    },
  },
  step_through: {
    spans(n, w, { stride, overlap }) {
      // Prepended static rows may leave less room than the stride. A longer step would skip rows.
      const step = Math.min(w, stride ?? Math.max(1, w - (overlap ?? 0)));
      const spans: Span[] = [];
      for (let begin = 0; begin + w < n; begin += step) spans.push({ begin, end: begin + w });
      spans.push({ begin: n - w, end: n });
      return spans;
    },
  },
};

/** All windows of a label or patient with n known rows; null if a sample has one window that is chosen later. */
export function spansOf(strategy: Strategy, n: number, w: number, stepping: Stepping): readonly Span[] | null {
  const { spans } = STRATEGIES[strategy];
  if (spans === undefined) return null;
  if (n === 0) return [];
  return n <= w ? [{ begin: 0, end: n }] : spans(n, w, stepping);
}
