import { types } from "node:util";
import { Labels } from "../labels/labels.js";
import { type OtherSplits, Splits } from "../labels/splits.js";
import { MISSING } from "../labels/table/table.js";
import { exactIds, type SubjectId } from "../store/ids.js";
import { conflict, expected, namesIn, optionsOf, pathOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { shownAs } from "../support/inspect.js";
import { exactTimes, type TimeLike } from "../support/time.js";
import { matched } from "./matches.js";
import { readPredictions, writePredictions } from "./prediction-file.js";
import { checkProbabilities, type PredictionTable, rowsOfPredictions } from "./prediction-table.js";
import { type Comparison, comparisonOf, type Score, type ScoreOptions, scoreOf } from "./score.js";

/**
 * What a model says about one subject at one time: a probability, a value, or both. All predictions of a
 * table must have the same of the two.
 */
export interface Prediction {
  readonly subjectId: SubjectId;
  readonly predictionTime: TimeLike;
  /** The label, where it is known already. It is only compared with that of the labels. */
  readonly booleanValue?: boolean | null | undefined;
  readonly predictedBooleanValue?: boolean | null | undefined;
  /** The probability that the label is true, 0 to 1. It is rounded to float32. */
  readonly predictedBooleanProbability?: number | null | undefined;
}

/** A prediction as {@link Predictions.at} returns it. */
export interface PredictionRow {
  readonly subjectId: bigint;
  /** Microseconds since 1970-01-01. */
  readonly predictionTime: bigint;
  /** The label. */
  readonly booleanValue: boolean;
  readonly predictedBooleanValue: boolean | null;
  readonly predictedBooleanProbability: number | null;
}

/** Options of {@link Predictions.from}. */
export interface PredictionOptions {
  /**
   * For predictions without values: the value is true from this probability on. Default: there are no values,
   * hence no accuracy and no F1.
   */
  readonly threshold?: number | undefined;
}

/** How predictions and labels fit together. */
export interface PredictionReport {
  readonly labels: number;
  /** Labels without a `boolean_value` (censored ones). They are left out. */
  readonly unlabelled: number;
  /** Labels without a prediction. They are left out. */
  readonly missing: number;
  /** Predictions for a subject and time without a label. They are left out. */
  readonly extra: number;
  /** Further predictions for a subject and time. They are left out. */
  readonly duplicates: number;
  /** Predictions that name another label than the labels have. The value of the labels is used. */
  readonly differing: number;
}

/** Options of {@link Predictions.open}. */
export interface OpenPredictionsOptions {
  /** Labels that the predictions are joined to, as {@link Predictions.from} does. The file then needs no `boolean_value`. */
  readonly labels?: Labels | undefined;
}

/** The result of {@link Predictions.inSplit}: the predictions of a split, and how many others there are. */
export interface SplitPredictions extends OtherSplits {
  readonly predictions: Predictions;
}

const OPTIONS = Object.keys({ threshold: true } satisfies Record<keyof PredictionOptions, true>);
const OPEN_OPTIONS = Object.keys({ labels: true } satisfies Record<keyof OpenPredictionsOptions, true>);

/**
 * Labels and what a model predicts for them, in the form that meds-evaluation 0.0.6 reads: each row has a
 * subject, a prediction time, a label (true or false), and a predicted probability, a predicted value, or
 * both.
 *
 * @example
 * ```ts
 * import { Labels, Predictions } from "meds-reader";
 *
 * const predictionTime = new Date("2150-03-01");
 * const labels = Labels.from([1, 2, 3, 4].map((subjectId) => ({ subjectId, predictionTime, booleanValue: subjectId > 2 })));
 * const predictions = Predictions.from(labels, [0.1, 0.4, 0.35, 0.8], { threshold: 0.5 }); // one per label
 * const { auroc, auprc, f1 } = predictions.score({ resamples: 100 }).samplesEquallyWeighted;
 * console.log(auroc, auprc, f1); // 0.75 0.8333333333333333 0.6666666666666666
 * await predictions.write("predictions.parquet");
 * ```
 */
export class Predictions implements Iterable<PredictionRow> {
  /** Number of predictions. */
  readonly size: number;
  /** How the predictions and the labels fit; null for predictions that were opened. */
  readonly report: PredictionReport | null;
  /** @internal */
  readonly _table: PredictionTable;

  /** @internal */
  constructor(table: PredictionTable, report: PredictionReport | null) {
    this.size = table.truths.length;
    this._table = table;
    this.report = report;
  }

  /**
   * Joins predictions to labels. `predicted` has either a probability for each label, in the order of the
   * labels, or rows with a subject and a time in any order (also other predictions, to score them by these
   * labels). If a subject has several labels at one time, the k-th takes the k-th prediction; if there is only
   * one prediction, all of them take it. What does not fit is left out and counted in `report`.
   *
   * @throws MedsError `MEDS_COLUMN_TYPE` for labels without `boolean_value`: {@link Shots.binary} makes one
   * of EHRSHOT's other values; `MEDS_VALUE_RANGE` for a probability that is not 0 to 1; `MEDS_NULL_VALUE` for
   * a row without a prediction; `MEDS_UNSAFE_NUMBER`; `MEDS_INVALID_ARGUMENT`. The messages name the row.
   */
  static from(labels: Labels, predicted: ArrayLike<number> | Iterable<Prediction>, options?: PredictionOptions): Predictions {
    if (!(labels instanceof Labels)) expected("labels", labels, "a Labels object");
    const given = optionsOf(options) ?? {};
    namesIn("Predictions.from", given, OPTIONS);
    const { threshold } = given;
    if (threshold !== undefined && !(threshold >= 0 && threshold <= 1)) expected("threshold", threshold, "a number from 0 to 1");
    const truths = truthsOf(labels);
    const rows = isNumbers(predicted) ? ofLabels(labels, predicted) : outputsOf(predicted);
    const { table, report } = join(labels, truths, rows);
    const values = table.values === null && threshold !== undefined ? table.probabilities!.map((p) => Number(p >= threshold)) : null;
    return new Predictions(values === null ? table : { ...table, values: Uint8Array.from(values) }, report);
  }

  /**
   * Reads predictions: `subject_id`, `prediction_time` and `boolean_value`, and
   * `predicted_boolean_probability` (float32 or float64, rounded to float32 as meds-evaluation does),
   * `predicted_boolean_value`, or both. Other columns are ignored. The path is a Parquet file; a CSV or TSV
   * file with such columns, times in ISO 8601, and True and False; or a folder of Parquet files.
   *
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` for a folder without Parquet files;
   * `MEDS_SEVERAL_TASKS` for one with predictions of several tasks; `MEDS_MISSING_COLUMN`; `MEDS_COLUMN_TYPE`;
   * `MEDS_NULL_VALUE`; `MEDS_VALUE_RANGE` for a probability that is not 0 to 1; `MEDS_SCHEMA_CONFLICT` for
   * files that do not have the same columns; `MEDS_SOURCE_DAMAGED`; with `labels` also those of
   * {@link Predictions.from}. The messages name the row.
   * @example
   * ```ts
   * import { writeFileSync } from "node:fs";
   * import { Labels, Predictions } from "meds-reader";
   *
   * writeFileSync("mine.csv", "subject_id,prediction_time,predicted_boolean_probability\n1,2150-03-01T00:00:00,0.8\n");
   * const labels = Labels.from([{ subjectId: 1, predictionTime: new Date("2150-03-01"), booleanValue: true }]);
   * const predictions = await Predictions.open("mine.csv", { labels });
   * console.log(predictions.size, predictions.report?.missing); // 1 0
   * ```
   */
  static async open(path: string, options?: OpenPredictionsOptions): Promise<Predictions> {
    const given = optionsOf(options) ?? {};
    namesIn("Predictions.open", given, OPEN_OPTIONS);
    const { labels } = given;
    if (labels !== undefined && !(labels instanceof Labels)) expected("labels", labels, "a Labels object");
    const found = new Predictions(await readPredictions(pathOf("path", path), labels === undefined), null);
    return labels === undefined ? found : Predictions.from(labels, found);
  }

  /** The prediction at an index. A negative index counts from the end. Undefined outside the table. */
  at(i: number): PredictionRow | undefined {
    if (!Number.isInteger(i)) expected("The index of a prediction", i, "a whole number");
    const row = i < 0 ? i + this.size : i;
    if (!(row >= 0 && row < this.size)) return undefined;
    const { subjectIds, predictionTimes, truths, values, probabilities } = this._table;
    return {
      subjectId: subjectIds[row]!,
      predictionTime: predictionTimes[row]!,
      booleanValue: truths[row] === 1,
      predictedBooleanValue: values === null ? null : values[row] === 1,
      predictedBooleanProbability: probabilities === null ? null : probabilities[row]!,
    };
  }

  /** The predictions in order. */
  *[Symbol.iterator](): IterableIterator<PredictionRow> {
    for (let i = 0; i < this.size; i += 1) yield this.at(i)!;
  }

  /**
   * The metrics, with 95 % intervals by resampling subjects (each with all of its samples). 1,000 resamples of
   * 10,000 samples take 0.35 s.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT`.
   */
  score(options?: ScoreOptions): Score {
    return scoreOf(this._table, options);
  }

  /**
   * Compares two runs on the samples that both predict, by a paired bootstrap: each resample of subjects
   * measures both runs.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT`, also for runs with different labels for one sample.
   * @example
   * ```ts
   * import { Labels, Predictions } from "meds-reader";
   *
   * const predictionTime = new Date("2150-03-01");
   * const labels = Labels.from([1, 2, 3, 4].map((subjectId) => ({ subjectId, predictionTime, booleanValue: subjectId > 2 })));
   * const [first, second] = [[0.1, 0.2, 0.8, 0.9], [0.1, 0.8, 0.2, 0.9]].map((p) => Predictions.from(labels, p));
   * const { auroc } = first!.compare(second!, { resamples: 100 }).differences;
   * console.log(auroc?.difference, auroc?.interval, auroc?.p);
   * ```
   */
  compare(other: Predictions, options?: ScoreOptions): Comparison {
    if (!(other instanceof Predictions)) expected("other", other, "a Predictions object");
    return comparisonOf(this._table, other._table, options);
  }

  /**
   * The predictions of a split's subjects, in order. Those of subjects without a split are left out and
   * counted. Its `report` is that of all predictions.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT`, `MEDS_INVALID_ARGUMENT`.
   * @example
   * ```ts
   * import { Labels, Predictions, Splits } from "meds-reader";
   *
   * const predictionTime = new Date("2150-03-01");
   * const labels = Labels.from([1, 2, 3].map((subjectId) => ({ subjectId, predictionTime, booleanValue: subjectId > 1 })));
   * const splits = Splits.from({ train: [1], held_out: [2, 3] });
   * const { predictions, otherSplit } = Predictions.from(labels, [0.1, 0.4, 0.8]).inSplit(splits, "held_out");
   * console.log(predictions.size, otherSplit); // 2 1
   * ```
   */
  inSplit(splits: Splits, name: string): SplitPredictions {
    if (!(splits instanceof Splits)) expected("splits", splits, "a Splits object, as Splits.open returns it");
    const { rows, ...others } = splits._rows(this._table.subjectIds, name);
    return { predictions: new Predictions(rowsOfPredictions(this._table, rows), this.report), ...others };
  }

  /**
   * Writes a Parquet file that meds-evaluation 0.0.6 reads: `subject_id` (int64), `prediction_time`
   * (timestamp[us]), `boolean_value` (bool), `predicted_boolean_value` (bool) and
   * `predicted_boolean_probability` (float32). It has all five columns, because that version fails without one
   * of them; a column that the model does not have is null. A file at this path is replaced.
   *
   * @throws MedsError `MEDS_NOT_FOUND` where its folder is missing; `MEDS_PERMISSION`, `MEDS_DISK_FULL`, `MEDS_IO`.
   */
  async write(path: string): Promise<void> {
    await writePredictions(this._table, pathOf("path", path));
  }

  /** The value that `JSON.stringify` writes. */
  toJSON(): { readonly size: number; readonly report: PredictionReport | null } {
    return { size: this.size, report: this.report };
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return shownAs("Predictions", { size: this.size, report: this.report });
  }
}

function truthsOf(labels: Labels): Uint8Array {
  const { boolean } = labels._table;
  if (boolean === null && labels.size > 0)
    fail(
      "MEDS_COLUMN_TYPE",
      `Labels "${labels.task}" have no boolean_value (columns: ${labels.columns.join(", ") || "none"}). Make one with Shots.binary, or select other labels.`,
    );
  return boolean ?? new Uint8Array(0);
}

/** What a model predicts, by column. */
type Outputs = Omit<PredictionTable, "truths"> & {
  /** The labels that the model's rows name, where they do: 0, 1 or {@link MISSING}. */
  readonly named: Uint8Array | null;
};

function isNumbers(predicted: ArrayLike<number> | Iterable<Prediction>): predicted is ArrayLike<number> {
  return types.isTypedArray(predicted) || (Array.isArray(predicted) && typeof predicted[0] !== "object" && predicted.length > 0);
}

/** Probabilities in the order of the labels. */
function ofLabels(labels: Labels, predicted: ArrayLike<number>): ArrayLike<number> {
  if (predicted.length !== labels.size)
    conflict(`There are ${predicted.length} probabilities for ${labels.size} labels. Pass one per label, or rows with subject and time.`);
  const wrong = Array.prototype.findIndex.call(predicted, (value: unknown) => typeof value !== "number");
  if (wrong >= 0) expected(`Prediction ${wrong}`, predicted[wrong], "a number from 0 to 1");
  checkProbabilities("the predictions", predicted);
  return predicted;
}

/** Rows of predictions as columns. */
function outputsOf(predicted: Iterable<Prediction>): Outputs {
  if (typeof predicted !== "object" || predicted === null || !(Symbol.iterator in predicted))
    expected(
      "predicted",
      predicted,
      "an array of probabilities, or an iterable of rows such as { subjectId, predictionTime, predictedBooleanProbability }",
    );
  if (predicted instanceof Predictions) return { ...predicted._table, named: predicted._table.truths };
  const all = [...predicted];
  const wrong = all.findIndex((row) => typeof row !== "object" || row === null);
  if (wrong >= 0)
    expected(`Prediction ${wrong}`, all[wrong], "an object such as { subjectId, predictionTime, predictedBooleanProbability }");
  const probabilities = columnOf(all, "predictedBooleanProbability", "number");
  const values = columnOf(all, "predictedBooleanValue", "boolean");
  if (probabilities === null && values === null && all.length > 0)
    fail("MEDS_NULL_VALUE", "The predictions have neither a probability nor a value. Set one of them in each row.");
  if (probabilities !== null) checkProbabilities("the predictions", probabilities as number[]);
  return {
    subjectIds: exactIds(
      all.map(({ subjectId }) => subjectId),
      "the predictions",
    ),
    predictionTimes: exactTimes(
      all.map(({ predictionTime }) => predictionTime),
      () => {},
    ),
    probabilities: probabilities && Float32Array.from(probabilities as number[]),
    values: values && Uint8Array.from(values, Number),
    named: Uint8Array.from(all, ({ booleanValue }) => (typeof booleanValue === "boolean" ? Number(booleanValue) : MISSING)),
  };
}

/** A member that all rows have, or none. */
function columnOf(rows: readonly Prediction[], name: keyof Prediction, type: "number" | "boolean"): unknown[] | null {
  const values = rows.map((row) => row[name] ?? null);
  const found = values.findIndex((value) => value !== null);
  if (found < 0) return null;
  const missing = values.indexOf(null);
  if (missing >= 0)
    fail("MEDS_NULL_VALUE", `Prediction ${missing} has no ${name}, but prediction ${found} has one. Set it in every row, or in none.`);
  const wrong = values.findIndex((value) => typeof value !== type);
  if (wrong >= 0) expected(`${name} of prediction ${wrong}`, values[wrong], type === "number" ? "a number" : "true or false");
  return values;
}

function join(
  labels: Labels,
  truths: Uint8Array,
  outputs: Outputs | ArrayLike<number>,
): { readonly table: PredictionTable; readonly report: PredictionReport } {
  const { subjectIds, predictionTimes } = labels._table;
  const isJoined = "subjectIds" in outputs;
  const own = Uint32Array.from(truths, (_, row) => row);
  const { rows, extra, duplicates } = isJoined ? matched(labels._table, outputs) : { rows: own, extra: 0, duplicates: 0 };
  const kept = own.filter((row) => truths[row] !== MISSING && rows[row]! >= 0);
  const from = <A extends Uint8Array | Float32Array>(column: A | null): A | null =>
    column &&
    (column.constructor as unknown as { from: (rows: Uint32Array, map: (row: number) => number) => A }).from(
      kept,
      (row) => column[rows[row]!]!,
    );
  const table: PredictionTable = {
    subjectIds: BigInt64Array.from(kept, (row) => subjectIds[row]!),
    predictionTimes: BigInt64Array.from(kept, (row) => predictionTimes[row]!),
    truths: Uint8Array.from(kept, (row) => truths[row]!),
    values: isJoined ? from(outputs.values) : null,
    probabilities: isJoined ? from(outputs.probabilities) : Float32Array.from(kept, (row) => outputs[row]!),
  };
  const differs = (row: number) => {
    const named = isJoined ? (outputs.named?.[rows[row]!] ?? MISSING) : MISSING;
    return named !== MISSING && named !== truths[row];
  };
  const labelled = own.filter((row) => truths[row] !== MISSING);
  const report = {
    labels: labels.size,
    unlabelled: own.length - labelled.length,
    missing: labelled.length - kept.length,
    extra,
    duplicates,
    differing: kept.filter(differs).length,
  };
  return { table, report };
}
