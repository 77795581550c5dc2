import type { Store } from "../store/store.js";
import type { OutcomePlan } from "./outcome.js";
import type { TimesPlan } from "./times.js";
import type { ValuePlan } from "./value.js";

/** What a labeler does on one store: plain data for workers. */
export type LabelPlan = OutcomePlan | ValuePlan | { readonly kind: "times"; readonly at: TimesPlan };

/**
 * A labeler of this package: {@link outcomeWithin}, {@link labValue} or {@link predictionTimes} make it, {@link Cohort.label} applies it. It belongs to no
 * store, where it holds no code ids.
 */
export abstract class Labeler {
  /** @internal */
  constructor(
    /** The name of the task, where none is given to {@link Cohort.label}. */
    readonly task: string,
  ) {}

  /** @internal Checks what it was made of against a store. */
  abstract _plan(store: Store): LabelPlan;
}
