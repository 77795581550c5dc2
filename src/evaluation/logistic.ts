// L2-regularised logistic regression by a truncated Newton method: conjugate gradients solve for each step.
import { Diagonal, MeanRows, type Preconditioner } from "./preconditioner.js";
import type { Rows } from "./scaled-rows.js";

/** A fitted model of scaled features. */
export interface Fitted {
  readonly weights: Float64Array;
  readonly bias: number;
  /** Newton steps. */
  readonly iterations: number;
  /** The largest component of the gradient at the end. */
  readonly gradient: number;
  readonly converged: boolean;
}

/** A model has converged when no component of the gradient of its mean loss is larger. */
export const TOLERANCE = 1e-8;
/** More steps than any fit of the tests needs by ten times. */
const MOST_STEPS = 200;
/** The share of the decrease that the slope promises, which a step must reach (Armijo). */
const ENOUGH = 1e-4;
/** Halvings of a step before it counts as impossible. */
const MOST_HALVINGS = 40;

/**
 * Minimises mean(log loss) + |weights|^2 / (2 strength n), without a penalty on the bias: the objective of
 * scikit-learn's `LogisticRegression` with C = strength, divided by C n. It is strictly convex in the weights,
 * so the error of the weights is at most |gradient| strength n. `start`: a fit of the same rows, which is near.
 */
export function fitLogistic(rows: Rows, truths: Uint8Array, strength: number, start?: Fitted): Fitted {
  const problem = new Problem(rows, truths, 1 / (strength * rows.count));
  let at = problem.point(start === undefined ? new Float64Array(rows.columns + 1) : joined(start));
  let iterations = 0;
  while (at.largest > TOLERANCE && iterations < MOST_STEPS) {
    const step = problem.direction(at);
    const next = problem.along(at, step);
    iterations += 1;
    if (next === null) break;
    at = next;
  }
  const { columns } = rows;
  const converged = at.largest <= TOLERANCE;
  return { weights: at.place.slice(0, columns), bias: at.place[columns]!, iterations, gradient: at.largest, converged };
}

function joined({ weights, bias }: Fitted): Float64Array {
  const place = new Float64Array(weights.length + 1);
  place.set(weights);
  place[weights.length] = bias;
  return place;
}

/** Weights (the last one is the bias), with the loss and its derivatives there. */
interface Point {
  readonly place: Float64Array;
  readonly loss: number;
  readonly gradient: Float64Array;
  readonly largest: number;
  /** By row: the second derivative of its loss, divided by the number of rows. */
  readonly curvature: Float64Array;
}

class Problem {
  private readonly scores: Float64Array;
  /** Of the last step that was hard. */
  private means: MeanRows | undefined;

  constructor(
    private readonly rows: Rows,
    private readonly truths: Uint8Array,
    private readonly penalty: number,
  ) {
    this.scores = new Float64Array(rows.count);
  }

  point(place: Float64Array): Point {
    const { rows, truths, penalty, scores } = this;
    rows.times(place, scores);
    const curvature = new Float64Array(rows.count);
    const residuals = new Float64Array(rows.count);
    let loss = 0;
    for (let i = 0; i < rows.count; i += 1) {
      const score = scores[i]!;
      const far = Math.exp(-Math.abs(score));
      const probability = score >= 0 ? 1 / (1 + far) : far / (1 + far);
      loss += Math.log1p(far) + Math.max(score, 0) - truths[i]! * score;
      residuals[i] = (probability - truths[i]!) / rows.count;
      curvature[i] = far / ((1 + far) * (1 + far)) / rows.count;
    }
    const gradient = new Float64Array(rows.columns + 1);
    rows.transposed(residuals, gradient);
    loss /= rows.count;
    let largest = 0;
    for (let j = 0; j < place.length; j += 1) {
      if (j < rows.columns) {
        loss += (penalty / 2) * place[j]! * place[j]!;
        gradient[j]! += penalty * place[j]!;
      }
      largest = Math.max(largest, Math.abs(gradient[j]!));
    }
    return { place, loss, gradient, largest, curvature };
  }

  /**
   * The Newton step, by preconditioned conjugate gradients: as exact as the gradient is small, but not more exact than the fit
   * must be, because what is left is the next gradient. They start anew with a better preconditioner where they
   * have taken as long as it takes to make.
   */
  direction({ gradient, curvature }: Point): Float64Array {
    const { rows } = this;
    const size = rows.columns + 1;
    const diagonal = this.diagonal(curvature);
    let preconditioner: Preconditioner = this.means ?? new Diagonal(diagonal);
    const hard = MeanRows.worthAfter(rows);
    const step = new Float64Array(size);
    const residual = gradient.map((value) => -value);
    const [scaled, search, product] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
    const length = Math.sqrt(dot(gradient, gradient));
    const enough = length * Math.min(0.1, Math.sqrt(length));
    let before = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 2 * size + 20; i += 1) {
      if (i === hard) {
        preconditioner = this.means = new MeanRows(rows, curvature, diagonal);
        before = Number.POSITIVE_INFINITY;
      }
      preconditioner.divide(residual, scaled);
      const energy = dot(residual, scaled);
      for (let j = 0; j < size; j += 1) search[j] = scaled[j]! + (energy / before) * search[j]!;
      this.curved(search, curvature, product);
      const bend = dot(search, product);
      if (!(energy > 0 && bend > 0)) break;
      const far = energy / bend;
      let [largest, squares] = [0, 0];
      for (let j = 0; j < size; j += 1) {
        step[j]! += far * search[j]!;
        const left = residual[j]! - far * product[j]!;
        residual[j] = left;
        squares += left * left;
        largest = Math.max(largest, Math.abs(left));
      }
      if (Math.sqrt(squares) <= enough || largest <= TOLERANCE / 4) break;
      before = energy;
    }
    return step;
  }

  /** The diagonal of the second derivatives. */
  private diagonal(curvature: Float64Array): Float64Array {
    const { rows, penalty } = this;
    return rows.diagonal(curvature).map((value, j) => value + (j < rows.columns ? penalty : 1e-12));
  }

  /** The product of the second derivatives and a vector. */
  private curved(vector: Float64Array, curvature: Float64Array, product: Float64Array): void {
    const { rows, penalty } = this;
    for (let j = 0; j < rows.columns; j += 1) product[j] = penalty * vector[j]!;
    product[rows.columns] = 0;
    rows.curved(vector, curvature, product);
  }

  /** The point after the longest halving of a step that lowers the loss enough; null where none does. */
  along(at: Point, step: Float64Array): Point | null {
    const slope = dot(at.gradient, step);
    let far = 1;
    for (let i = 0; i < MOST_HALVINGS; i += 1) {
      const next = this.point(at.place.map((value, j) => value + far * step[j]!));
      if (next.loss <= at.loss + ENOUGH * far * slope) return next;
      // Near the optimum the loss differs in its last bits only. The slope still shows where it is: the
      // approximate Wolfe condition of Hager and Zhang 2005.
      const isLevel = next.loss <= at.loss + 1e-12 * Math.abs(at.loss);
      if (isLevel && dot(next.gradient, step) <= (2 * ENOUGH - 1) * slope) return next;
      far /= 2;
    }
    return null;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}
