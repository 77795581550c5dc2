import { BeforeBirth, type BirthOptions } from "./before-birth.js";
import { Billing, type BillingOptions } from "./billing.js";
import { Icd10 } from "./icd10.js";
import { Midnight, type MidnightOptions } from "./midnight.js";
import type { Line } from "./part.js";
import { type VisitStartOptions, Visits } from "./visits.js";

/** The work of a ready transform on a patient's rows. */
export interface Step {
  /** Returns the new rows, in any order. Unchanged rows are the same objects. */
  apply(lines: readonly Line[], counts: Counts): readonly Line[];
}

/** Counts of what transforms did, by kind and message, for the store's notes. */
export class Counts {
  readonly all = new Map<string, number>();

  add(kind: "converted" | "skipped" | "warning", message: string, count = 1): void {
    const key = `${kind}: ${message}`;
    if (count > 0) this.all.set(key, (this.all.get(key) ?? 0) + count);
  }
}

/** Ready transforms by name, with all their options, as in the manifest. */
export type StepPlan =
  | { readonly name: "billing_to_visit_end"; readonly options: BillingOptions }
  | { readonly name: "visit_start_to_first_event"; readonly options: VisitStartOptions }
  | { readonly name: "midnight_to_day_end"; readonly options: MidnightOptions }
  | { readonly name: "before_birth_to_birth"; readonly options: BirthOptions }
  | { readonly name: "icd10_to_icd10cm"; readonly options: object };

/** The step of a plan, for rows with these columns (names and types). Throws where it needs other columns. */
export function stepOf(plan: StepPlan, types: ReadonlyMap<string, string>): Step {
  switch (plan.name) {
    case "billing_to_visit_end":
      return new Billing(plan.options, types);
    case "visit_start_to_first_event":
      return new Visits(plan.options, types);
    case "midnight_to_day_end":
      return new Midnight(plan.options, types);
    case "before_birth_to_birth":
      return new BeforeBirth(plan.options, types);
    case "icd10_to_icd10cm":
      return new Icd10();
  }
}
