import { failGiven } from "../support/arguments.js";
import { type Duration, durationOf } from "../support/duration.js";
import { fail } from "../support/errors.js";
import { firstAfter } from "../timeline/search.js";

/** The time after a time of prediction in which something may happen. */
export interface Horizon {
  /**
   * How long after the time of prediction it ends; `record`: with the patient's record, whenever that is. Nothing is censored then, and false means
   * "not as long as anybody looked", which says less of patients who left early.
   */
  readonly horizon: Duration | "record";
  /** How long after the time of prediction it begins. Default: at once. */
  readonly gap?: Duration | undefined;
  /**
   * Which bounds belong to it: neither (false), both (true, as in FEMR), or one of them. Default: `end`, so that what stands at the very time of
   * prediction, and may be known then, is no outcome.
   */
  readonly inclusive?: boolean | "start" | "end" | undefined;
}

/** {@link Horizon} in microseconds. */
export interface HorizonPlan {
  readonly gap: bigint;
  /** Null: the end of the record. */
  readonly end: bigint | null;
  readonly withStart: boolean;
  readonly withEnd: boolean;
}

export const HORIZON = ["horizon", "gap", "inclusive"] as const;

export function horizonPlan({ horizon, gap, inclusive }: Horizon): HorizonPlan {
  const begin = durationOf("gap", gap ?? 0);
  const end = horizon === "record" ? null : durationOf("horizon", horizon);
  if (end !== null && end < begin)
    fail(
      "MEDS_INVALID_ARGUMENT",
      `The horizon ends (${end} µs) before it begins (gap: ${begin} µs). Both count from the time of prediction.`,
    );
  if (inclusive !== undefined && typeof inclusive !== "boolean" && inclusive !== "start" && inclusive !== "end")
    failGiven("inclusive", inclusive, 'true, false, "start" or "end"');
  return {
    gap: begin,
    end,
    withStart: inclusive === true || inclusive === "start",
    withEnd: inclusive === undefined || inclusive === true || inclusive === "end",
  };
}

/** Which of some ascending times lie in the horizon of a time of prediction: a range of indexes. */
export function within(
  { gap, end, withStart, withEnd }: HorizonPlan,
  time: bigint,
  times: readonly bigint[],
): [begin: number, end: number] {
  const begin = firstAfter(times, time + gap, !withStart);
  if (end === null) return [begin, times.length];
  return [begin, Math.max(begin, firstAfter(times, time + end, withEnd))];
}

/** Is a patient observed to the end of the horizon. */
export function isObserved({ end }: HorizonPlan, time: bigint, until: bigint): boolean {
  return end === null || until >= time + end;
}
