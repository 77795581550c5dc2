import type { Label } from "../labels/labels.js";
import type { Store } from "../store/store.js";
import { failGiven, namesIn, oneOf, optionsOf, textsIn } from "../support/arguments.js";
import { type Duration, durationOf } from "../support/duration.js";
import type { Patient } from "../timeline/patient.js";
import { type LabelCodes, membersOf } from "./codes.js";
import { type FollowUp, type FollowUpPlan, followedUntil, followUpPlan } from "./follow.js";
import { HORIZON, type Horizon, type HorizonPlan, horizonPlan, isObserved, within } from "./horizon.js";
import { Labeler, type LabelPlan } from "./labeler.js";
import type { Skipped } from "./labeling.js";
import { type PredictionTimes, rowsWith, type TimesPlan, timesOf, timesPlan } from "./times.js";

/** Classes of a numeric value, from the usual one to the gravest. */
export interface Thresholds {
  /** Codes of the measurement. All must be in one unit: values are compared as they stand, rows in other units are left out by `where`. */
  readonly codes: LabelCodes;
  /** From mild to grave: ascending where high values are grave, descending where low ones are. A value's class is the number of them that it passes. */
  readonly thresholds: readonly number[];
  /** When a value passes a threshold. Default: `>=`. */
  readonly passes?: ">" | ">=" | "<" | "<=" | undefined;
  /** Names of the classes, one more than thresholds: labels are then categorical. Else boolean with one threshold, integer with more. */
  readonly classes?: readonly string[] | undefined;
  /** Only rows that have one of some values in a column: `{ unit: ["mmol/L"] }`. Others are counted (`elsewhere`). */
  readonly where?: { readonly [column: string]: readonly (string | number | bigint | boolean | null)[] } | undefined;
}

/** Each measurement is to be predicted, some time before it. */
export interface EachValue extends Thresholds {
  /** How long before. Default: a minute, as in EHRSHOT. */
  readonly before?: Duration | undefined;
}

/** At times of prediction, a measurement in the horizon is to be predicted. */
export interface ValueWithin extends Thresholds, Horizon {
  readonly at: PredictionTimes;
  /** The first of the horizon (the default), or the gravest. */
  readonly pick?: "first" | "gravest" | undefined;
  /** Until when a patient is observed. Default: `last_event`. */
  readonly followUp?: FollowUp | undefined;
}

/** {@link Thresholds} of one store. */
export interface ValuePlan {
  readonly kind: "value";
  readonly codes: Uint8Array;
  readonly thresholds: readonly number[];
  readonly passes: ">" | ">=" | "<" | "<=";
  readonly classes: readonly string[] | null;
  readonly where: readonly (readonly [column: string, values: readonly unknown[]])[];
  readonly before: bigint;
  /** Null where each measurement is to be predicted. */
  readonly within: {
    readonly at: TimesPlan;
    readonly horizon: HorizonPlan;
    readonly followUp: FollowUpPlan;
    readonly gravest: boolean;
  } | null;
}

const THRESHOLDS = ["codes", "thresholds", "passes", "classes", "where"];

class ValueLabeler extends Labeler {
  constructor(private readonly options: EachValue | ValueWithin) {
    super("lab_value");
    if (optionsOf(options) === undefined) failGiven("The value for options", options, "an object with codes and thresholds");
    namesIn("labValue", options, [...THRESHOLDS, "at", ...("at" in options ? ["pick", "followUp", ...HORIZON] : ["before"])]);
    const { thresholds, classes, where } = options;
    const passes = oneOf("passes", options.passes, [">=", ">", "<", "<="]);
    const rising = passes.startsWith(">");
    const isSorted = (value: number, i: number) => i === 0 || (rising ? value > thresholds[i - 1]! : value < thresholds[i - 1]!);
    const isRight =
      Array.isArray(thresholds) && thresholds.length > 0 && thresholds.every((value, i) => Number.isFinite(value) && isSorted(value, i));
    if (!isRight)
      failGiven("thresholds", thresholds, `numbers from mild to grave: ${rising ? "ascending" : "descending"} with passes "${passes}"`);
    textsIn("classes", classes);
    if (classes !== undefined && classes.length !== thresholds.length + 1)
      failGiven("The number of classes", classes.length, `${thresholds.length + 1} names: one more than thresholds`);
    for (const [column, values] of Object.entries(where ?? {}))
      if (!Array.isArray(values)) failGiven(`where.${column}`, values, "an array of the values that rows may have");
    if ("at" in options) horizonPlan(options);
    // What stands at the very time of prediction may be known then.
    else if (durationOf("before", options.before ?? 1) === 0n) failGiven("before", options.before, "more than 0, such as { minutes: 1 }");
  }

  _plan(store: Store): LabelPlan {
    const { options } = this;
    const isWithin = "at" in options;
    const where = Object.entries(options.where ?? {});
    for (const [column] of where) store.columnAt(column);
    return {
      kind: "value",
      codes: membersOf("codes", store.codes, options.codes),
      thresholds: [...options.thresholds],
      passes: options.passes ?? ">=",
      classes: options.classes === undefined ? null : [...options.classes],
      where,
      before: durationOf("before", isWithin ? 0 : (options.before ?? { minutes: 1 })),
      within: isWithin
        ? {
            at: timesPlan(store, options.at),
            horizon: horizonPlan(options),
            followUp: followUpPlan(store, options.followUp),
            gravest: oneOf("pick", options.pick, ["first", "gravest"]) === "gravest",
          }
        : null,
    };
  }
}

/**
 * Labels by the class of a numeric value: how many thresholds it passes, 0 for a usual one. Either each measurement, to be predicted some time before
 * it; or, with `at`, the first or gravest one in the horizon of each time of prediction, in three values: the class; censored where observation ends
 * before the horizon does and what is still to come might change the class (the first is not there yet, or the gravest is not of the gravest class); no
 * label, counted as `unmeasured`, where nothing was measured in a horizon that was observed to its end. Rows without a value are no measurements.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for wrong options; when it is applied, what {@link predictionTimes} throws.
 * @example
 * ```ts
 * import { labValue, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const potassium = labValue({
 *   codes: { prefix: "LAB//" },
 *   thresholds: [5.5, 6, 7],
 *   passes: ">",
 *   classes: ["usual", "mild", "moderate", "severe"],
 * });
 * const labels = await db.label(potassium, { task: "hyperkalemia" });
 * console.log(labels.size, labels.categories);
 * db.close();
 * ```
 */
export function labValue(options: EachValue | ValueWithin): Labeler {
  return new ValueLabeler(options);
}

/** The labels of a patient, by time. */
export function valuesOf(plan: ValuePlan, patient: Patient, skipped: Skipped): Label[] {
  const { subjectId, times, numericValues } = patient;
  const filters = plan.where.map(([column, values]) => ({ column: patient.column(column), values: new Set(values) }));
  const rows = rowsWith(plan.codes, patient).filter((row) => {
    // Not a number is no value.
    if (Number.isNaN(numericValues[row]!)) return false;
    const isRight = filters.every(({ column, values }) => values.has(column.at(row) as unknown));
    if (!isRight) skipped.add("elsewhere");
    return isRight;
  });
  // As the values are stored: 3.3 in 32 bits is less than 3.3 in 64.
  const thresholds = numericValues instanceof Float32Array ? plan.thresholds.map(Math.fround) : plan.thresholds;
  const classOf = (row: number) => thresholds.filter((threshold) => passes(numericValues[row]!, plan.passes, threshold)).length;
  if (plan.within === null) {
    return rows.map((row) => ({ subjectId, predictionTime: times[row]! - plan.before, isCensored: false, ...gradeOf(plan, classOf(row)) }));
  }
  const { at, horizon, followUp, gravest } = plan.within;
  const predictions = timesOf(at, patient, skipped);
  if (predictions.length === 0) return [];
  const measured = rows.map((row) => times[row]!);
  const until = followedUntil(followUp, patient);
  const labels: Label[] = [];
  for (const predictionTime of predictions) {
    const [begin, end] = within(horizon, predictionTime, measured);
    const classes = rows.slice(begin, gravest ? end : Math.min(end, begin + 1)).map(classOf);
    const grade = classes.length === 0 ? null : Math.max(...classes);
    const isFinal = grade !== null && (!gravest || grade === plan.thresholds.length);
    if (!isFinal && !isObserved(horizon, predictionTime, until)) labels.push({ subjectId, predictionTime, isCensored: true });
    else if (grade === null) skipped.add("unmeasured");
    else labels.push({ subjectId, predictionTime, isCensored: false, ...gradeOf(plan, grade) });
  }
  return labels;
}

function passes(value: number, how: ValuePlan["passes"], threshold: number): boolean {
  if (how === ">") return value > threshold;
  if (how === ">=") return value >= threshold;
  return how === "<" ? value < threshold : value <= threshold;
}

function gradeOf({ classes, thresholds }: ValuePlan, grade: number): Pick<Label, "booleanValue" | "integerValue" | "categoricalValue"> {
  if (classes !== null) return { categoricalValue: classes[grade]! };
  return thresholds.length === 1 ? { booleanValue: grade === 1 } : { integerValue: grade };
}
