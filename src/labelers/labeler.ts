import type { Store } from "../store/store.js";
import type { OutcomePlan } from "./outcome.js";
import type { TimesPlan } from "./times.js";
import type { ValuePlan } from "./value.js";

/** The work of a labeler on one store: plain data for workers. */
export type LabelPlan = OutcomePlan | ValuePlan | { readonly kind: "times"; readonly at: TimesPlan };

/**
 * A labeler of this package: {@link outcomeWithin}, {@link labValue} or {@link predictionTimes} make it,
 * {@link Cohort.label} applies it. It is independent of a store, unless it contains code ids.
 */
export abstract class Labeler {
  /** @internal */
  constructor(
    /** The name of the task, if {@link Cohort.label} has no option `task`. */
    readonly task: string,
  ) {}

  /** @internal Checks its options against a store. */
  abstract _plan(store: Store): LabelPlan;
}
