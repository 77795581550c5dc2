import { conflict, expected } from "../support/arguments.js";
import { type Duration, durationOf } from "../support/duration.js";
import { firstAfter } from "../timeline/search.js";

/** The period after a prediction time in which an outcome counts. */
export interface Horizon {
  /**
   * The end of the period, as a length of time after the prediction time; `record`: the end of the patient's
   * record. With `record` no label is censored, and false means "not in the record", which says less about
   * patients who left early.
   */
  readonly horizon: Duration | "record";
  /** The start of the period, as a length of time after the prediction time. Default: 0. */
  readonly gap?: Duration | undefined;
  /**
   * Which bounds belong to the period: neither (false), both (true, as in FEMR), or one of them. Default:
   * `end`, so that an event at exactly the prediction time, which may be known then, is not an outcome.
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
    conflict(
      `The horizon ends before it begins: \`horizon\` is ${end} µs and \`gap\` is ${begin} µs after the prediction time. Raise \`horizon\`, or lower \`gap\`.`,
    );
  if (inclusive !== undefined && typeof inclusive !== "boolean" && inclusive !== "start" && inclusive !== "end")
    expected("inclusive", inclusive, 'true, false, "start" or "end"');
  return {
    gap: begin,
    end,
    withStart: inclusive === true || inclusive === "start",
    withEnd: inclusive === undefined || inclusive === true || inclusive === "end",
  };
}

/** The ascending times that are in the horizon of a prediction time, as a range of indexes. */
export function within(
  { gap, end, withStart, withEnd }: HorizonPlan,
  time: bigint,
  times: readonly bigint[],
): [begin: number, end: number] {
  const begin = firstAfter(times, time + gap, !withStart);
  if (end === null) return [begin, times.length];
  return [begin, Math.max(begin, firstAfter(times, time + end, withEnd))];
}

/** Is a patient observed to the end of the horizon? */
export function isObserved({ end }: HorizonPlan, time: bigint, until: bigint): boolean {
  return end === null || until >= time + end;
}
