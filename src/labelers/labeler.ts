import type { Store } from "../store/store.js";

/** Counts what labelers leave out, by reason. */
export class Skipped {
  readonly counts = new Map<string, number>();

  add(reason: string, count = 1): void {
    if (count > 0) this.counts.set(reason, (this.counts.get(reason) ?? 0) + count);
  }
}

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

  /** @internal Checks its options against a store. Returns plain data for workers: one of the plans in rules.ts. */
  abstract _plan(store: Store): { readonly kind: string };
}
