import type { Store } from "../store/store.js";
import { Labeler, type LabelPlan } from "./labeler.js";
import { type PredictionTimes, timesPlan } from "./times.js";

class TimesLabeler extends Labeler {
  constructor(private readonly at: PredictionTimes) {
    super("prediction_times");
  }

  _plan(store: Store): LabelPlan {
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
