import type { Label } from "../labels/labels.js";
import type { Store } from "../store/store.js";
import { conflict, expected, namesIn, oneOf, optionsOf, textsIn } from "../support/arguments.js";
import { type Duration, durationOf } from "../support/duration.js";
import type { Patient } from "../timeline/patient.js";
import { type LabelCodes, membersOf } from "./codes.js";
import { type FollowUp, type FollowUpPlan, followedUntil, followUpPlan } from "./follow.js";
import { HORIZON, type Horizon, type HorizonPlan, horizonPlan, isObserved, within } from "./horizon.js";
import { Labeler, type Skipped } from "./labeler.js";
import { type PredictionTimes, rowsWith, type TimesPlan, timesOf, timesPlan } from "./times.js";

/** Classes of a numeric value, from normal to the most severe. */
export interface Thresholds {
  /**
   * Codes of the measurement, all in one unit: values are compared without conversion. `where` leaves out
   * rows in other units.
   */
  readonly codes: LabelCodes;
  /**
   * From mild to severe: ascending if high values are severe, descending if low values are. The class of a
   * value is the number of thresholds that it passes.
   */
  readonly thresholds: readonly number[];
  /** How a value passes a threshold. Default: `>=`. */
  readonly passes?: ">" | ">=" | "<" | "<=" | undefined;
  /**
   * Names of the classes, one more than thresholds: labels are then categorical. Without names, labels are
   * boolean for one threshold, and integers for more.
   */
  readonly classes?: readonly string[] | undefined;
  /**
   * Only rows with one of these values in a column: `{ unit: ["mmol/L"] }`. Other rows are counted
   * (`elsewhere`).
   */
  readonly where?: { readonly [column: string]: readonly (string | number | bigint | boolean | null)[] } | undefined;
}

/** Predict each measurement, some time before it. */
export interface EachValue extends Thresholds {
  /** How long before the measurement. Default: one minute, as in EHRSHOT. */
  readonly before?: Duration | undefined;
}

/** Predict, at each prediction time, a measurement in the horizon. */
export interface ValueWithin extends Thresholds, Horizon {
  readonly at: PredictionTimes;
  /** The first measurement in the horizon (the default), or the most severe one. */
  readonly pick?: "first" | "gravest" | undefined;
  /** The end of observation. Default: `last_event`. */
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
  /** Null: predict each measurement. */
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
    if (optionsOf(options) === undefined) expected("options", options, "an object with `codes` and `thresholds`");
    namesIn("labValue", options, [...THRESHOLDS, "at", ...("at" in options ? ["pick", "followUp", ...HORIZON] : ["before"])]);
    const { thresholds, classes, where } = options;
    const passes = oneOf("passes", options.passes, [">=", ">", "<", "<="]);
    const rising = passes.startsWith(">");
    const isSorted = (value: number, i: number) => i === 0 || (rising ? value > thresholds[i - 1]! : value < thresholds[i - 1]!);
    const isRight =
      Array.isArray(thresholds) && thresholds.length > 0 && thresholds.every((value, i) => Number.isFinite(value) && isSorted(value, i));
    if (!isRight)
      conflict(
        `\`thresholds\` is not an array of numbers in ${rising ? "ascending" : "descending"} order, which \`passes: "${passes}"\` requires. List them from mild to severe.`,
      );
    textsIn("classes", classes);
    if (classes !== undefined && classes.length !== thresholds.length + 1)
      conflict(
        `\`classes\` has ${classes.length} names for ${thresholds.length} thresholds. List ${thresholds.length + 1} names, one more than \`thresholds\`.`,
      );
    for (const [column, values] of Object.entries(where ?? {}))
      if (!Array.isArray(values)) expected(`where.${column}`, values, "an array of the values that rows may have");
    if ("at" in options) horizonPlan(options);
    // A value at exactly the prediction time may be known then.
    else if (durationOf("before", options.before ?? 1) === 0n)
      conflict("`before` is 0, so the value itself may be known at the prediction time. Set a longer time, such as { minutes: 1 }.");
  }

  _plan(store: Store): ValuePlan {
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
 * Labels by the class of a numeric value: the number of thresholds that it passes, 0 for a normal value.
 * Without `at`, each measurement is predicted some time before it. With `at`, the first (or most severe)
 * measurement in the horizon of each prediction time is predicted. The result is then one of three:
 *
 * - a label with the class;
 * - a censored label, if observation ends before the horizon and the rest of the horizon could change the
 *   class (there is no first measurement yet, or the most severe one is not of the most severe class);
 * - no label, counted as `unmeasured`, if the horizon was observed to its end and contains no measurement.
 *
 * Rows without a value are not measurements.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for wrong options; when it is applied, the errors of
 * {@link predictionTimes}.
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

/** The labels of a patient, in order of time. */
export function valuesOf(plan: ValuePlan, patient: Patient, skipped: Skipped): Label[] {
  const { subjectId, times, numericValues } = patient;
  const filters = plan.where.map(([column, values]) => ({ column: patient.column(column), values: new Set(values) }));
  const rows = rowsWith(plan.codes, patient).filter((row) => {
    // NaN is not a value.
    if (Number.isNaN(numericValues[row]!)) return false;
    const isRight = filters.every(({ column, values }) => values.has(column.at(row) as unknown));
    if (!isRight) skipped.add("elsewhere");
    return isRight;
  });
  // Thresholds in the type of the stored values: 3.3 in 32 bits is less than 3.3 in 64.
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
