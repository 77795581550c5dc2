import type { Label } from "../labels/labels.js";
import type { Store } from "../store/store.js";
import { expected, namesIn, oneOf, optionsOf } from "../support/arguments.js";
import type { Patient } from "../timeline/patient.js";
import { firstAfter } from "../timeline/search.js";
import { type LabelCodes, membersOf } from "./codes.js";
import { type FollowUp, type FollowUpPlan, followedUntil, followUpPlan } from "./follow.js";
import { HORIZON, type Horizon, type HorizonPlan, horizonPlan, isObserved, within } from "./horizon.js";
import { Labeler, type Skipped } from "./labeler.js";
import { type PredictionTimes, rowsWith, type TimesPlan, timesOf, timesPlan } from "./times.js";

/** Options of {@link outcomeWithin}. */
export interface OutcomeOptions extends Horizon {
  /** The codes of the outcome. */
  readonly outcome: LabelCodes;
  /** The prediction times. Default: `events`, every distinct time of the record. */
  readonly at?: PredictionTimes | undefined;
  /** The end of observation. Default: `last_event`. */
  readonly followUp?: FollowUp | undefined;
  /**
   * Prediction times at which an outcome happens: a label like any other (`keep`, the default), or no label
   * (`skip`, counted as `atOutcome`: FEMR's `CodeLabeler`). With a gap they are always kept, because the
   * horizon does not include them.
   */
  readonly atOutcome?: "keep" | "skip" | undefined;
}

/** {@link OutcomeOptions} of one store. */
export interface OutcomePlan {
  readonly kind: "outcome";
  readonly at: TimesPlan;
  readonly outcome: Uint8Array;
  readonly horizon: HorizonPlan;
  readonly followUp: FollowUpPlan;
  readonly skipsOutcomes: boolean;
}

const KNOWN: readonly string[] = ["outcome", "at", "followUp", "atOutcome", ...HORIZON];

class OutcomeLabeler extends Labeler {
  constructor(private readonly options: OutcomeOptions) {
    super("outcome");
    if (optionsOf(options) === undefined) expected("options", options, "an object with `outcome` and `horizon`");
    namesIn("outcomeWithin", options, KNOWN);
    horizonPlan(options);
  }

  _plan(store: Store): OutcomePlan {
    const { outcome, at, followUp, atOutcome } = this.options;
    const horizon = horizonPlan(this.options);
    return {
      kind: "outcome",
      at: timesPlan(store, at ?? "events"),
      outcome: membersOf("outcome", store.codes, outcome),
      horizon,
      followUp: followUpPlan(store, followUp),
      skipsOutcomes: oneOf("atOutcome", atOutcome, ["keep", "skip"]) === "skip" && horizon.gap === 0n,
    };
  }
}

/**
 * Labels prediction times by whether an outcome follows within a horizon. A label is true if an outcome
 * follows, even if the patient is not observed to the end of the horizon. Otherwise it is censored
 * (`isCensored`, no value) if observation ends before the horizon, and false if not. A horizon that is not
 * observed to its end is never false.
 *
 * With `inclusive: true`, the labels that are not censored are those of FEMR's `TimeHorizonEventLabeler`
 * (`horizon: "record"` for its infinite horizon; `atOutcome: "skip"` where it does not allow labels at the
 * time of an outcome).
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for a horizon that ends before it begins and for wrong options;
 * when it is applied, the errors of {@link predictionTimes}.
 * @example
 * ```ts
 * import { outcomeWithin, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const death = outcomeWithin({ outcome: { prefix: "MEDS_DEATH" }, horizon: { days: 30 }, at: { codes: { prefix: "HOSPITAL_ADMISSION" } } });
 * const labels = await db.label(death, { task: "death_in_30_days" });
 * const known = labels.select(({ isCensored }) => isCensored !== true);
 * console.log(labels.size, known.size);
 * db.close();
 * ```
 */
export function outcomeWithin(options: OutcomeOptions): Labeler {
  return new OutcomeLabeler(options);
}

/** The labels of a patient, in order of time. */
export function outcomesOf(plan: OutcomePlan, patient: Patient, skipped: Skipped): Label[] {
  const { subjectId, times } = patient;
  const at = timesOf(plan.at, patient, skipped);
  if (at.length === 0) return [];
  const outcomes = rowsWith(plan.outcome, patient).map((row) => times[row]!);
  const until = followedUntil(plan.followUp, patient);
  const labels: Label[] = [];
  for (const time of at) {
    if (plan.skipsOutcomes && outcomes[firstAfter(outcomes, time, false)] === time) {
      skipped.add("atOutcome");
      continue;
    }
    const [begin, end] = within(plan.horizon, time, outcomes);
    const happened = end > begin;
    const isCensored = !happened && !isObserved(plan.horizon, time, until);
    labels.push({ subjectId, predictionTime: time, booleanValue: isCensored ? null : happened, isCensored });
  }
  return labels;
}
