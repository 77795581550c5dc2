// What a benchmark found, as data: `leaderboard.json`.
import type { Metric, Metrics } from "./metrics.js";
import type { Score } from "./score.js";

/** All labels: the value of k that is not a number of labels. */
export const ALL = -1;

/** The result of {@link benchmark}: the content of `leaderboard.json`. */
export interface Leaderboard {
  readonly format: "meds-reader-leaderboard";
  readonly version: 1;
  readonly model: ModelCard;
  readonly dataset: {
    /** Content id of the store. */
    readonly id: string;
    readonly name: string | null;
    readonly version: string | null;
    readonly patients: number;
    readonly events: number;
    /** Subjects per split. */
    readonly splits: Readonly<Record<string, number>>;
  };
  readonly seed: number;
  /** Resamples of each interval. */
  readonly resamples: number;
  /** Replicates of each k, at most. */
  readonly replicates: number;
  /** The requested values of k; -1 means all labels. Empty for predictions that were made already: nothing was fitted. */
  readonly shots: readonly number[];
  readonly versions: Readonly<Record<string, string>>;
  readonly tasks: readonly TaskResult[];
  /** Tasks, and parts of tasks, without a result, and why. */
  readonly leftOut: readonly LeftOut[];
}

/** A task, a sub-task, or one k of it, that has no result. */
export interface LeftOut {
  readonly task: string;
  readonly subTask: string;
  /** Null where it is about all k. */
  readonly k: number | null;
  readonly reason: string;
}

/** What a model is. */
export interface ModelCard {
  readonly name: string;
  /** What a sample's features are, and what is fitted on which data. */
  readonly features: string;
  readonly head: string;
  readonly selection: string;
  readonly training: string;
  readonly limits: readonly string[];
}

/** Labels of a task that no run uses, by reason. */
export interface LeftOutLabels {
  readonly unknownSubjects: number;
  readonly noSplit: number;
  readonly otherSplit: number;
  /** Labels without a true or false value, such as censored ones. */
  readonly unlabelled: number;
  /** Labels without an embedding. For predictions that were made already: held-out labels without one. */
  readonly noFeatures: number;
}

/** A task, or a sub-task of one. */
export interface TaskResult {
  readonly task: string;
  /** The task itself, or a finding of `chexpert`. */
  readonly subTask: string;
  /** How labels became true or false. */
  readonly truth: string;
  /** Where the selections of labels come from, or the predictions that were made already. */
  readonly selections: string;
  /** Labels of each split, and those of them that are true. */
  readonly labels: Readonly<
    Record<"train" | "tuning" | "held_out", { readonly labels: number; readonly positive: number; readonly subjects: number }>
  >;
  readonly leftOut: LeftOutLabels;
  /** The file of predictions, below the folder of the leaderboard: those of the last k and replicate 0. */
  readonly predictions: string | null;
  readonly runs: readonly RunResult[];
}

/**
 * One model and its score on the held-out labels. What is only known of a fitted model is null for predictions
 * that were made already.
 */
export interface RunResult {
  /** Labels per class to train on, and to tune on; -1 for all, and for predictions that were made already. */
  readonly k: number;
  readonly replicate: number;
  readonly train: number | null;
  readonly tuning: number | null;
  /** Entries of EHRSHOT's file, or predictions, without a label, or with another one. */
  readonly unmatched: number;
  readonly differing: number;
  /** The chosen inverse strength of the penalty. */
  readonly strength: number | null;
  readonly tuningAuroc: number | null;
  readonly iterations: number | null;
  readonly converged: boolean | null;
  readonly score: Score;
}

/** Mean and sample standard deviation of a metric over the replicates of one k. */
export interface Summary {
  readonly mean: number;
  /** Null for one replicate. */
  readonly deviation: number | null;
  readonly values: readonly number[];
}

/** A metric of a task at one k; null where no replicate has it. */
export function summaryOf({ runs }: TaskResult, k: number, metric: Metric): Summary | null {
  const all: readonly Metrics[] = runs.filter((run) => run.k === k).map(({ score }) => score.samplesEquallyWeighted);
  const values = all.map((metrics) => metrics[metric]).filter((value) => value !== null);
  if (values.length === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length === 1 ? null : Math.sqrt(squares / (values.length - 1)), values };
}

/** The values of k that have a run, ascending, all labels last. */
export function sizesOf(tasks: readonly TaskResult[]): number[] {
  const sizes = [...new Set(tasks.flatMap(({ runs }) => runs.map(({ k }) => k)))].sort((a, b) => a - b);
  return [...sizes.filter((k) => k !== ALL), ...sizes.filter((k) => k === ALL)];
}

/** A value of k as text. */
export const shownSize = (k: number): string => (k === ALL ? "all" : String(k));

/** Were models fitted, or are the predictions made already? */
export const isFitted = ({ shots }: Pick<Leaderboard, "shots">): boolean => shots.length > 0;

/** The name of a task, with that of its sub-task. */
export const titleOf = ({ task, subTask }: { readonly task: string; readonly subTask: string }): string =>
  task === subTask ? task : `${task}: ${subTask}`;

/** The mean of a metric at one k over tasks, where the sub-tasks of a task count as one task. */
export function meanOver(tasks: readonly TaskResult[], k: number, metric: Metric): number | null {
  const byTask = new Map<string, number[]>();
  for (const task of tasks) {
    const own = summaryOf(task, k, metric);
    if (own !== null) byTask.set(task.task, [...(byTask.get(task.task) ?? []), own.mean]);
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return byTask.size === 0 ? null : mean([...byTask.values()].map(mean));
}
