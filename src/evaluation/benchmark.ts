import type { Cohort } from "../database/cohort.js";
import type { PatientDatabase } from "../database/database.js";
import { conflict, expected, functionIn, namesIn, optionsOf, pathOf, seedOf, signalIn, textsIn, wholeOf } from "../support/arguments.js";
import { lazy } from "../support/lazy.js";
import type { AbortSignalLike } from "../support/signal.js";
import type { Leaderboard, RunResult } from "./leaderboard.js";

/** Options of {@link benchmark}. */
export interface BenchmarkOptions {
  /** The folder of the tasks' labels, as {@link Labels.tasks} reads it. */
  readonly labels: string;
  /** The folder of the results. It must not exist, or be empty. */
  readonly out: string;
  /** Names of the tasks to run. Default: all of the folder. */
  readonly tasks?: readonly string[] | undefined;
  /**
   * Numbers of labels per class to train on, and to tune on; -1 means all labels. Default: 1, 2, 4, 8, 16, 32,
   * 64, 128 and -1.
   */
  readonly shots?: readonly number[] | undefined;
  /** Selections per number of labels; all labels are one selection. Default: 5. */
  readonly replicates?: number | undefined;
  /**
   * A Parquet file with `subject_id`, `prediction_time`, and `embedding` (a list of numbers) or a column for
   * each number, which is read much faster: features instead of counts. Default: counts of codes ({@link countFeatures}).
   */
  readonly embeddings?: string | undefined;
  /**
   * Predictions that were made already, to score instead of fitting models: a folder with, for each task,
   * `TASK.parquet`, `TASK.csv`, or a folder `TASK` of Parquet files, as {@link Predictions.open} reads them (they
   * need no `boolean_value`). Sub-tasks: `chexpert/Edema.parquet`. It may also be the file of the only task.
   * Predictions for other splits are not used. `shots`, `replicates`, `embeddings` and `threads` are for models
   * that are fitted. Default: models are fitted.
   */
  readonly predictions?: string | undefined;
  /** A file of splits, as {@link Splits.open} reads it. Default: the splits of the store. */
  readonly splits?: string | undefined;
  /** The seed of selections and resamples. Default: 0. */
  readonly seed?: number | undefined;
  /** Resamples of each interval. Default: 1000. */
  readonly resamples?: number | undefined;
  /** Number of threads for features; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** Called after each run. */
  readonly onRun?: ((task: string, run: RunResult) => void) | undefined;
  /** Stops the benchmark: the promise rejects with `MEDS_CANCELLED`, and no results are written. */
  readonly signal?: AbortSignalLike | undefined;
}

/** The options, with their defaults. */
export interface BenchmarkPlan {
  readonly labels: string;
  readonly out: string;
  readonly tasks: readonly string[] | undefined;
  readonly shots: readonly number[];
  readonly replicates: number;
  readonly embeddings: string | undefined;
  readonly predictions: string | undefined;
  readonly splits: string | undefined;
  readonly seed: number;
  readonly resamples: number;
  readonly threads: number;
  readonly onRun: (task: string, run: RunResult) => void;
  readonly signal: AbortSignalLike | undefined;
}

const OPTIONS = Object.keys({
  labels: true,
  out: true,
  tasks: true,
  shots: true,
  replicates: true,
  embeddings: true,
  predictions: true,
  splits: true,
  seed: true,
  resamples: true,
  threads: true,
  onRun: true,
  signal: true,
} satisfies Record<keyof BenchmarkOptions, true>);

const SHOTS = [1, 2, 4, 8, 16, 32, 64, 128, -1];

const runs = lazy(() => import("./benchmark-run.js"));

/**
 * Scores a representation of patients on all tasks of a folder: for each task and number k of labels per class,
 * it fits a logistic regression on k training labels of each class, chooses the strength of the penalty on k
 * tuning labels of each class, and scores all held-out labels. Features are counts of codes that were known at
 * the prediction time, or embeddings of another model from a file, scaled on the training labels only.
 *
 * This is the protocol of EHRSHOT (Wornow et al. 2023). Its published selections (`all_shots_data.json`,
 * `few_shots_data.json` in the folder of a task) are used where they exist, else selections are drawn in the
 * same way with `seed`. Multi-class tasks are scored as EHRSHOT scores them, see {@link Shots.binary}: the five
 * `lab_…` tasks as "class 1 or higher", `chexpert` as 14 tasks.
 *
 * It writes `leaderboard.json` (what it returns), `leaderboard.md` with a model card, `leaderboard.svg`, and
 * `predictions/TASK.parquet` ({@link Predictions}): the predictions of the largest k, replicate 0. The same
 * store, labels and options give the same bytes on one version of Node.js. What is left out is reported.
 *
 * With `predictions`, it scores those of another model on the held-out labels, and writes the same files:
 * tasks without predictions, labels without one, and files of no task are reported.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT`, also for an unknown task and for a folder `out` that is not empty;
 * `MEDS_NO_DATA` for a folder without labels; `MEDS_UNKNOWN_SPLIT` without the splits train, tuning and
 * held_out; `MEDS_SPLIT_CONFLICT`; for embeddings `MEDS_MISSING_COLUMN`, `MEDS_NULL_VALUE`,
 * `MEDS_VALUE_RANGE`, `MEDS_SCHEMA_CONFLICT`; `MEDS_NOT_FOUND`; `MEDS_CANCELLED`; `MEDS_CLOSED`; `MEDS_PERMISSION`,
 * `MEDS_DISK_FULL`, `MEDS_IO`. A task whose labels or predictions cannot be read is left out, with the reason.
 * @example
 * ```ts
 * import { benchmark, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const board = await benchmark(db, { labels: "demo/labels", out: "results", shots: [4, -1], replicates: 2, resamples: 100 });
 * for (const { task, runs } of board.tasks) console.log(task, runs.at(-1)?.score.samplesEquallyWeighted.auroc);
 * for (const { task, reason } of board.leftOut) console.log(task, reason);
 * db.close();
 * ```
 */
export async function benchmark<S extends object>(db: PatientDatabase<S>, options: BenchmarkOptions): Promise<Leaderboard> {
  if (typeof db !== "object" || db === null || !("_store" in db && "metadata" in db)) expected("db", db, "a PatientDatabase");
  const plan = planOf(options);
  db._store.check();
  const { runBenchmark } = await runs();
  return runBenchmark(db as unknown as PatientDatabase & Cohort, plan);
}

function planOf(options: BenchmarkOptions): BenchmarkPlan {
  const given = optionsOf(options as BenchmarkOptions | undefined) ?? expected("The options", options, "an object such as { labels, out }");
  namesIn("benchmark", given, OPTIONS);
  const { tasks, shots = SHOTS, replicates = 5, seed = 0, resamples = 1000, threads = 0, onRun, signal } = given;
  textsIn("tasks", tasks);
  const isSize = (k: unknown) => k === -1 || (Number.isSafeInteger(k) && (k as number) >= 1 && (k as number) <= 1_000_000);
  if (!Array.isArray(shots) || shots.length === 0 || !shots.every(isSize))
    expected("shots", shots, "an array of numbers of labels, 1 to 1000000, or -1 for all");
  functionIn("onRun", onRun);
  signalIn("signal", signal);
  const path = (name: "embeddings" | "predictions" | "splits") => (given[name] === undefined ? undefined : pathOf(name, given[name]));
  const predictions = path("predictions");
  const fits = (["shots", "replicates", "embeddings", "threads"] as const).find((name) => given[name] !== undefined);
  if (predictions !== undefined && fits !== undefined)
    conflict(`\`predictions\` and \`${fits}\` cannot be combined: predictions are scored as they are, and no model is fitted. Remove one.`);
  const known = predictions === undefined ? [...new Set(shots)].sort((a, b) => a - b) : [];
  return {
    labels: pathOf("labels", given.labels),
    out: pathOf("out", given.out),
    tasks,
    // All labels come last, so that the predictions of the largest selection are written.
    shots: [...known.filter((k) => k > 0), ...known.filter((k) => k < 0)],
    replicates: predictions === undefined ? wholeOf("replicates", replicates, 1, 1000) : 1,
    embeddings: path("embeddings"),
    predictions,
    splits: path("splits"),
    seed: seedOf("seed", seed),
    resamples: wholeOf("resamples", resamples, 0, 1_000_000),
    threads: wholeOf("threads", threads, 0, 1024),
    onRun: onRun ?? (() => {}),
    signal,
  };
}
