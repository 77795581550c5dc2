import type { Label } from "../labels/labels.js";
import type { Store } from "../store/store.js";
import type { Patient } from "../timeline/patient.js";
import { Labeler, type Skipped } from "./labeler.js";
import { type PredictionTimes, type TimesPlan, timesOf, timesPlan } from "./times.js";

/** The plan of {@link predictionTimes} on one store. */
export interface PredictionPlan {
  readonly kind: "times";
  readonly at: TimesPlan;
}

class TimesLabeler extends Labeler {
  constructor(private readonly at: PredictionTimes) {
    super("prediction_times");
  }

  _plan(store: Store): PredictionPlan {
    return { kind: "times", at: timesPlan(store, this.at) };
  }
}

/**
 * A table of prediction times without a value to predict, such as admissions or their ends.
 *
 * @throws MedsError when it is applied: `MEDS_INVALID_ARGUMENT` for a wrong choice of times,
 * `MEDS_UNKNOWN_COLUMN`, `MEDS_COLUMN_TYPE`.
 * @example
 * ```ts
 * import { PatientDatabase, predictionTimes } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const discharges = await db.label(
 *   predictionTimes({ start: { prefix: "HOSPITAL_ADMISSION" }, end: { prefix: "HOSPITAL_DISCHARGE" }, at: "end" }),
 * );
 * console.log(discharges.size, discharges.columns);
 * db.close();
 * ```
 */
export function predictionTimes(at: PredictionTimes): Labeler {
  return new TimesLabeler(at);
}

/** Labels without values, in order of time. */
export function predictionsOf({ at }: PredictionPlan, patient: Patient, skipped: Skipped): Label[] {
  const { subjectId } = patient;
  return timesOf(at, patient, skipped).map((predictionTime) => ({ subjectId, predictionTime }));
}
