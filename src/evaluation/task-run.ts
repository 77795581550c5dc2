// The runs of one task: a model for each number of labels and each replicate.
import type { Labels } from "../labels/labels.js";
import type { Shots } from "../labels/shots.js";
import type { Splits } from "../labels/splits.js";
import { MISSING } from "../labels/table/table.js";
import { MedsError } from "../support/errors.js";
import { drawn } from "./draw.js";
import type { FeatureMatrix } from "./feature-matrix.js";
import { ALL, type RunResult, type TaskResult, titleOf } from "./leaderboard.js";
import { indexOf } from "./matches.js";
import { aurocOf } from "./metrics.js";
import { Predictions } from "./predictions.js";
import { type LogisticRegression, pathOfFits } from "./regression.js";
import type { Scale } from "./scaled-rows.js";
import type { Members, SubTask } from "./sub-task.js";

/** Features of the labels of a task: row `rows[i]` of the matrix belongs to label i; -1 without features. */
export interface TaskFeatures {
  readonly matrix: FeatureMatrix;
  readonly rows: Int32Array;
  readonly scale: Scale;
}

/** How many runs, and with which random numbers. */
export interface RunPlan {
  readonly shots: readonly number[];
  readonly replicates: number;
  readonly seed: number;
  readonly resamples: number;
  readonly splits: Splits;
  /** Called after each run; throws to stop. */
  readonly onRun: (task: string, run: RunResult) => Promise<void>;
}

/**
 * Inverse strengths of the penalty: those of EHRSHOT without 1e-8 and 1e-6, whose probabilities are so near to
 * one another that many are equal as float32, and without 1e4, which is almost no penalty and would take most
 * of the time.
 */
export const STRENGTHS = [1e-4, 1e-2, 1e-1, 1, 1e2] as const;

/** From this probability on, the predicted value is true. */
const THRESHOLD = 0.5;

/** Labels to train or tune on: rows of the matrix, and their labels. */
interface Chosen {
  readonly rows: readonly number[];
  readonly truths: Uint8Array;
}

/** A selection of few labels. */
interface Selection {
  readonly train: Chosen;
  readonly tuning: Chosen;
  readonly unmatched: number;
  readonly differing: number;
}

/** The runs of a sub-task. */
export class TaskRun {
  /** The predictions of the last k and replicate 0. */
  predictions: Predictions | null = null;
  private readonly runs: RunResult[] = [];
  /** The labels of each split that have a value and features. */
  private readonly members: Members;
  private readonly shots: Shots | null;

  constructor(
    private readonly own: SubTask,
    private readonly features: TaskFeatures,
    private readonly plan: RunPlan,
  ) {
    const { shots } = own.own;
    this.members = own.members((row) => features.rows[row]! >= 0);
    this.shots = shots?.subTasks.includes(own.name) === true ? shots : null;
  }

  /** Fits and scores all models. */
  async run(): Promise<TaskResult> {
    const { plan, members, own } = this;
    if (members.held_out.length === 0) own.leave(null, "no held-out label has a value and features");
    else for (const k of plan.shots) for (const replicate of this.replicates(k)) await this.runOne(k, replicate);
    return this.result();
  }

  /** The replicates of a k; none where the published selections do not have it. */
  private replicates(k: number): readonly number[] {
    const { shots, plan, own } = this;
    const most = k === ALL ? 1 : plan.replicates;
    if (shots === null) return Array.from({ length: most }, (_, i) => i);
    if (shots.sizes(own.name).includes(k)) return shots.replicates(k, own.name).slice(0, most);
    own.leave(k, `${fileOf(shots)} has no selection of this size`);
    return [];
  }

  private async runOne(k: number, replicate: number): Promise<void> {
    const { features, members, own, plan } = this;
    const selection = this.shots === null ? this.drawn(k, replicate) : this.published(this.shots, k, replicate);
    const { train, tuning, unmatched, differing } = selection;
    if (!(train.truths.includes(0) && train.truths.includes(1)))
      return own.leave(k, `replicate ${replicate}: the labels to train on are all of one class`);
    const { model, tuningAuroc } = chosenModel(selection, features);
    const { strength, iterations, converged } = model;
    const rows = members.held_out.map((i) => features.rows[i]!);
    const predictions = Predictions.from(own.labels(members.held_out), model.predict(features.matrix, rows), { threshold: THRESHOLD });
    if (replicate === 0) this.predictions = predictions;
    const sizes = { train: train.rows.length, tuning: tuning.rows.length, unmatched, differing };
    const score = predictions.score({ resamples: plan.resamples, seed: plan.seed });
    const run: RunResult = { k, replicate, ...sizes, strength, tuningAuroc, iterations, converged, score };
    this.runs.push(run);
    await plan.onRun(titleOf({ task: own.task, subTask: own.shown }), run);
  }

  private drawn(k: number, replicate: number): Selection {
    const { members, features, plan } = this;
    const { truths } = this.own;
    const chosen = (part: "train" | "tuning"): Chosen => {
      const own = members[part];
      const known = Uint8Array.from(own, (i) => truths[i]!);
      const picked = drawn(known, k, plan.seed, replicate, part).map((at) => own[at]!);
      return { rows: picked.map((i) => features.rows[i]!), truths: Uint8Array.from(picked, (i) => truths[i]!) };
    };
    return { train: chosen("train"), tuning: chosen("tuning"), unmatched: 0, differing: 0 };
  }

  private published(shots: Shots, k: number, replicate: number): Selection {
    const { features, plan } = this;
    const { own, name: subTask } = this.own;
    const { train, tuning, report } = shots.select(own.labels, plan.splits, { k, replicate, subTask });
    const find = indexOf(own.labels._table);
    const chosen = ({ _table: { subjectIds, predictionTimes, boolean } }: Labels): Chosen => {
      const rows = Array.from(subjectIds, (subject, i) => features.rows[find(subject, predictionTimes[i]!)![0]!]!);
      return { rows: rows.filter((row) => row >= 0), truths: (boolean ?? new Uint8Array(0)).filter((_, i) => rows[i]! >= 0) };
    };
    const { unmatched, differing } = report;
    return {
      train: chosen(train),
      tuning: chosen(tuning),
      unmatched: unmatched.train + unmatched.tuning,
      differing: differing.train + differing.tuning,
    };
  }

  private result(): TaskResult {
    const { own, features, members, shots, runs } = this;
    return own.result({
      members,
      selections: shots === null ? `drawn with seed ${this.plan.seed}` : `published (${fileOf(shots)})`,
      noFeatures: features.rows.filter((row, i) => row < 0 && own.truths[i] !== MISSING).length,
      runs,
      isWritten: this.predictions !== null,
    });
  }
}

const fileOf = ({ path }: Shots): string => path.split(/[\\/]/).at(-1)!;

/**
 * The model whose strength has the highest AUROC on the tuning labels, of equal ones that with the lowest log
 * loss there. EHRSHOT takes the first of equal ones. Strength 1 if the tuning labels are of one class.
 */
function chosenModel(
  { train, tuning }: Selection,
  { matrix, scale }: TaskFeatures,
): { readonly model: LogisticRegression; readonly tuningAuroc: number | null } {
  const tried = pathOfFits(matrix, train.rows, train.truths, STRENGTHS, scale).map((model) => {
    const scores = model.scores(matrix, tuning.rows);
    return { model, tuningAuroc: aurocOf(tuning.truths, scores), loss: lossOf(tuning.truths, scores) };
  });
  if (tried[0]!.tuningAuroc === null) return tried[STRENGTHS.indexOf(1)]!;
  const isBetter = (a: (typeof tried)[0], b: (typeof tried)[0]) =>
    a.tuningAuroc! > b.tuningAuroc! || (a.tuningAuroc === b.tuningAuroc && a.loss < b.loss);
  return tried.reduce((best, one) => (isBetter(one, best) ? one : best));
}

function lossOf(truths: Uint8Array, scores: Float64Array): number {
  return scores.reduce((sum, score, i) => sum + Math.log1p(Math.exp(-Math.abs(score))) + Math.max(score, 0) - truths[i]! * score, 0);
}

/** Why a task cannot be run: an error about its labels. Other errors are thrown. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof MedsError) || error.code === "MEDS_CANCELLED" || error.code === "MEDS_CLOSED") throw error;
  return `${error.code}: ${error.message}`;
}
