import type { Label } from "../labels/labels.js";
import type { Store } from "../store/store.js";
import type { Patient } from "../timeline/patient.js";
import type { Labeler, Skipped } from "./labeler.js";
import { outcomesOf } from "./outcome.js";
import { predictionsOf } from "./prediction.js";
import { valuesOf } from "./value.js";

/** By kind of plan: the function that labels a patient. A new labeler is a file, and a line here. */
const RULES = {
  outcome: outcomesOf,
  value: valuesOf,
  times: predictionsOf,
};

/** The work of a labeler on one store: plain data for workers. */
export type LabelPlan = Parameters<(typeof RULES)[keyof typeof RULES]>[0];

export function planOf(labeler: Labeler, store: Store): LabelPlan {
  return labeler._plan(store) as LabelPlan;
}

/** The labels of a patient, in order of time. */
export function labelsOf(plan: LabelPlan, patient: Patient, skipped: Skipped): Label[] {
  const rule = RULES[plan.kind] as (plan: LabelPlan, patient: Patient, skipped: Skipped) => Label[];
  return rule(plan, patient, skipped);
}
