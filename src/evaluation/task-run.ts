// The runs of one task: a model for each number of labels and each replicate.
import { Labels } from "../labels/labels.js";
import { Shots } from "../labels/shots.js";
import type { Splits } from "../labels/splits.js";
import { MISSING } from "../labels/table/table.js";
import { MedsError } from "../support/errors.js";
import { drawn } from "./draw.js";
import type { FeatureMatrix } from "./feature-matrix.js";
import { ALL, type LeftOut, type RunResult, type TaskResult, titleOf } from "./leaderboard.js";
import { indexOf } from "./matches.js";
import { aurocOf } from "./metrics.js";
import { Predictions } from "./predictions.js";
import { type LogisticRegression, pathOfFits } from "./regression.js";
import type { Scale } from "./scaled-rows.js";
import { PARTS, type Part, type TaskLabels } from "./task-labels.js";

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

/** A sub-task of a task: for most tasks the task itself. */
export class TaskRun {
  readonly leftOut: LeftOut[] = [];
  /** The predictions of the last k and replicate 0. */
  predictions: Predictions | null = null;
  private readonly runs: RunResult[] = [];
  /** Labels as true, false or missing. */
  private readonly truths: Uint8Array;
  /** The labels of each split that have a value and features. */
  private readonly members: Readonly<Record<Part, readonly number[]>>;
  private readonly shots: Shots | null;
  /** The name of the sub-task in reports. */
  private readonly shown: string;

  constructor(
    private readonly task: string,
    private readonly subTask: string,
    private readonly own: TaskLabels,
    private readonly features: TaskFeatures,
    private readonly plan: RunPlan,
  ) {
    const { labels, parts, shots, subTasks } = own;
    this.truths = Shots.binary(labels, subTask)._table.boolean ?? new Uint8Array(0);
    const usable = Array.from(this.truths.keys()).filter((i) => this.truths[i] !== MISSING && features.rows[i]! >= 0);
    this.members = Object.fromEntries(PARTS.map((part) => [part, usable.filter((i) => parts[i] === part)])) as Record<Part, number[]>;
    this.shots = shots?.subTasks.includes(subTask) === true ? shots : null;
    this.shown = subTasks.length === 1 ? task : subTask;
  }

  /** Fits and scores all models. */
  async run(): Promise<TaskResult> {
    const { plan, members } = this;
    if (members.held_out.length === 0) this.leave(null, "no held-out label has a value and features");
    else for (const k of plan.shots) for (const replicate of this.replicates(k)) await this.runOne(k, replicate);
    return this.result();
  }

  /** The replicates of a k; none where the published selections do not have it. */
  private replicates(k: number): readonly number[] {
    const { shots, subTask, plan } = this;
    const most = k === ALL ? 1 : plan.replicates;
    if (shots === null) return Array.from({ length: most }, (_, i) => i);
    if (shots.sizes(subTask).includes(k)) return shots.replicates(k, subTask).slice(0, most);
    this.leave(k, `${fileOf(shots)} has no selection of this size`);
    return [];
  }

  private async runOne(k: number, replicate: number): Promise<void> {
    const { features, members, truths, plan } = this;
    const selection = this.shots === null ? this.drawn(k, replicate) : this.published(this.shots, k, replicate);
    const { train, tuning, unmatched, differing } = selection;
    if (!(train.truths.includes(0) && train.truths.includes(1)))
      return this.leave(k, `replicate ${replicate}: the labels to train on are all of one class`);
    const { model, tuningAuroc } = chosenModel(selection, features);
    const { strength, iterations, converged } = model;
    const heldOut = labelsOf(
      this.own.labels,
      members.held_out,
      Uint8Array.from(members.held_out, (i) => truths[i]!),
    );
    const rows = members.held_out.map((i) => features.rows[i]!);
    const predictions = Predictions.from(heldOut, model.predict(features.matrix, rows), { threshold: THRESHOLD });
    if (replicate === 0) this.predictions = predictions;
    const sizes = { train: train.rows.length, tuning: tuning.rows.length, unmatched, differing };
    const score = predictions.score({ resamples: plan.resamples, seed: plan.seed });
    const run: RunResult = { k, replicate, ...sizes, strength, tuningAuroc, iterations, converged, score };
    this.runs.push(run);
    await plan.onRun(titleOf({ task: this.task, subTask: this.shown }), run);
  }

  private leave(k: number | null, reason: string): void {
    this.leftOut.push({ task: this.task, subTask: this.shown, k, reason });
  }

  private drawn(k: number, replicate: number): Selection {
    const { members, truths, features, plan } = this;
    const chosen = (part: "train" | "tuning"): Chosen => {
      const own = members[part];
      const known = Uint8Array.from(own, (i) => truths[i]!);
      const picked = drawn(known, k, plan.seed, replicate, part).map((at) => own[at]!);
      return { rows: picked.map((i) => features.rows[i]!), truths: Uint8Array.from(picked, (i) => truths[i]!) };
    };
    return { train: chosen("train"), tuning: chosen("tuning"), unmatched: 0, differing: 0 };
  }

  private published(shots: Shots, k: number, replicate: number): Selection {
    const { own, features, plan, subTask } = this;
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
    const { own, features, members, truths, shots, task, subTask } = this;
    const count = (part: Part) => ({
      labels: members[part].length,
      positive: members[part].filter((i) => truths[i] === 1).length,
      subjects: new Set(members[part].map((i) => own.labels._table.subjectIds[i])).size,
    });
    const ofClasses = subTask.startsWith("lab_") ? "class 1 or higher, as EHRSHOT scores" : "one bit of 14, as EHRSHOT scores";
    return {
      task,
      subTask: this.shown,
      truth: own.labels.columns.includes("boolean_value") ? "boolean_value" : ofClasses,
      selections: shots === null ? `drawn with seed ${this.plan.seed}` : `published (${fileOf(shots)})`,
      labels: { train: count("train"), tuning: count("tuning"), held_out: count("held_out") },
      leftOut: {
        ...own.leftOut,
        unlabelled: truths.filter((truth) => truth === MISSING).length,
        noFeatures: features.rows.filter((row, i) => row < 0 && truths[i] !== MISSING).length,
      },
      predictions: this.predictions === null ? null : `predictions/${task === this.shown ? task : `${task}/${subTask}`}.parquet`,
      runs: this.runs,
    };
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

/** Some labels, with these truth values only. */
function labelsOf(labels: Labels, rows: readonly number[], truths: Uint8Array): Labels {
  const { subjectIds, predictionTimes } = labels._table;
  return new Labels(labels.task, {
    subjectIds: BigInt64Array.from(rows, (row) => subjectIds[row]!),
    predictionTimes: BigInt64Array.from(rows, (row) => predictionTimes[row]!),
    boolean: truths,
    ...{ integer: null, float: null, categorical: null, censored: null },
  });
}

/** Why a task cannot be run: an error about its labels. Other errors are thrown. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof MedsError) || error.code === "MEDS_CANCELLED" || error.code === "MEDS_CLOSED") throw error;
  return `${error.code}: ${error.message}`;
}
