import { conflict, expected, namesIn, oneOf, optionsOf } from "../support/arguments.js";
import { shownAs } from "../support/inspect.js";
import { FeatureMatrix } from "./feature-matrix.js";
import { type Fitted, fitLogistic } from "./logistic.js";
import { type Scale, type Scaling, scaledRows, scalingOf } from "./scaled-rows.js";

/** Options of {@link LogisticRegression.fit}. */
export interface RegressionOptions {
  /** The rows to train on. A row may occur several times. Default: all rows. */
  readonly rows?: ArrayLike<number> | undefined;
  /** The inverse strength of the L2 penalty, as C of scikit-learn. Default: 1. */
  readonly strength?: number | undefined;
  /**
   * How columns are scaled, fitted on the training rows: `max-abs` (divided by the largest absolute value; as
   * EHRSHOT), `standard` (mean 0, deviation 1) or `none`. Default: `max-abs`.
   */
  readonly scale?: Scale | undefined;
}

const OPTIONS = Object.keys({ rows: true, strength: true, scale: true } satisfies Record<keyof RegressionOptions, true>);

/**
 * L2-regularised logistic regression. It minimises sum(log loss) + |weights|^2 / (2 strength) over scaled
 * columns, without a penalty on the bias: the objective of scikit-learn's `LogisticRegression`. The fit is by
 * a truncated Newton method, until no component of the gradient of the mean loss is above 1e-8. The same input
 * gives the same bits.
 *
 * @example
 * ```ts
 * import { countFeatures, LogisticRegression, outcomeWithin, PatientDatabase, Predictions } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const task = outcomeWithin({ outcome: "HOSPITAL_ADMISSION//*", horizon: { days: 30 }, at: { codes: "HOSPITAL_DISCHARGE//*" } });
 * const labels = async (split: string) => (await db.split(split).label(task)).select(({ booleanValue }) => booleanValue !== null);
 * const [train, test] = [await labels("train"), await labels("held_out")];
 * const truths = Array.from(train, ({ booleanValue }) => booleanValue === true);
 * const model = LogisticRegression.fit(await countFeatures(db, train), truths, { strength: 0.01 });
 * const predictions = Predictions.from(test, model.predict(await countFeatures(db, test)));
 * console.log(model.converged, predictions.score().samplesEquallyWeighted.auroc);
 * db.close();
 * ```
 */
export class LogisticRegression {
  readonly strength: number;
  readonly scale: Scale;
  /** By column of the matrix, for values that are not scaled; 0 for columns without an effect. */
  readonly weights: Float64Array;
  readonly bias: number;
  /** Newton steps. */
  readonly iterations: number;
  /** The largest component of the gradient of the mean loss at the end. */
  readonly gradient: number;
  /** Whether `gradient` is at most 1e-8. */
  readonly converged: boolean;

  /** @internal */
  constructor(fitted: Fitted, scaling: Scaling, columns: number, strength: number, scale: Scale) {
    this.strength = strength;
    this.scale = scale;
    this.weights = new Float64Array(columns);
    let { bias } = fitted;
    for (let j = 0; j < scaling.columns.length; j += 1) {
      const weight = fitted.weights[j]! * scaling.factor[j]!;
      this.weights[scaling.columns[j]!] = weight;
      bias -= weight * scaling.shift[j]!;
    }
    this.bias = bias;
    this.iterations = fitted.iterations;
    this.gradient = fitted.gradient;
    this.converged = fitted.converged;
  }

  /**
   * Fits a model. `truths` has the label of each training row: true or false, or 1 or 0.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT`, also for labels of one class only: they have no optimum.
   */
  static fit(matrix: FeatureMatrix, truths: ArrayLike<boolean | number>, options?: RegressionOptions): LogisticRegression {
    if (!(matrix instanceof FeatureMatrix)) expected("matrix", matrix, "a FeatureMatrix, as countFeatures returns it");
    const given = optionsOf(options) ?? {};
    namesIn("LogisticRegression.fit", given, OPTIONS);
    const { rows = Uint32Array.from(matrix.offsets.subarray(1).keys()), strength = 1 } = given;
    if (!(strength > 0 && Number.isFinite(strength))) expected("strength", strength, "a number above 0");
    const scale = oneOf("scale", given.scale, ["max-abs", "standard", "none"]);
    const wrong = Array.from(rows).find((row) => !(Number.isInteger(row) && row >= 0 && row < matrix.rows));
    if (wrong !== undefined) expected("A row", wrong, `a whole number from 0 to ${matrix.rows - 1}`);
    if (truths.length !== rows.length) conflict(`There are ${truths.length} labels for ${rows.length} rows. Pass one label per row.`);
    const known = Uint8Array.from(truths as ArrayLike<number>, Number);
    if (!(known.includes(0) && known.includes(1)))
      conflict("The labels to train on are all of one class, so no model can be fitted. Choose labels of both classes.");
    return pathOfFits(matrix, rows, known, [strength], scale)[0]!;
  }

  /** The probability of "true" for each row. */
  predict(matrix: FeatureMatrix, rows?: ArrayLike<number>): Float64Array {
    return this.scores(matrix, rows).map((score) => 1 / (1 + Math.exp(-score)));
  }

  /** The logit of the probability of each row: weighted sum plus bias. */
  scores(matrix: FeatureMatrix, rows: ArrayLike<number> = Uint32Array.from(matrix.offsets.subarray(1).keys())): Float64Array {
    const { weights, bias } = this;
    if (!(matrix instanceof FeatureMatrix) || matrix.names.length !== weights.length)
      expected("matrix", matrix, `a FeatureMatrix of ${weights.length} columns, as the model was fitted on`);
    const { offsets, indexes, values } = matrix;
    return Float64Array.from(rows, (row) => {
      let score = bias;
      for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) score += values[at]! * weights[indexes[at]!]!;
      return score;
    });
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { strength, scale, weights, bias, iterations, converged } = this;
    return shownAs("LogisticRegression", { strength, scale, weights: weights.length, bias, iterations, converged });
  }
}

/** A model for each strength. Strengths ascend: each fit starts from the one before, which is near. */
export function pathOfFits(
  matrix: FeatureMatrix,
  rows: ArrayLike<number>,
  truths: Uint8Array,
  strengths: readonly number[],
  scale: Scale,
): LogisticRegression[] {
  const scaling = scalingOf(matrix, rows, scale);
  const scaled = scaledRows(matrix, rows, scaling);
  let before: Fitted | undefined;
  return strengths.map((strength) => {
    before = fitLogistic(scaled, truths, strength, before);
    return new LogisticRegression(before, scaling, matrix.names.length, strength, scale);
  });
}
