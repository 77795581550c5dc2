// A benchmark: all tasks of a folder, and the folder of their results.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Cohort } from "../database/cohort.js";
import type { PatientDatabase } from "../database/database.js";
import { Labels } from "../labels/labels.js";
import { Splits } from "../labels/splits.js";
import { inPackage } from "../store/package-files.js";
import { conflict, expected } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { FolderAside } from "../support/folder-aside.js";
import { isWithin, withIo } from "../support/io.js";
import type { BenchmarkPlan } from "./benchmark.js";
import { CountFeatures } from "./count-features.js";
import { Embeddings } from "./embeddings.js";
import type { Leaderboard, LeftOut, ModelCard, TaskResult } from "./leaderboard.js";
import { leaderboardChart } from "./leaderboard-chart.js";
import { leaderboardText } from "./leaderboard-text.js";
import { givenCard, modelCard } from "./model-card.js";
import { PredictionFolder, PredictionRun } from "./prediction-run.js";
import type { Predictions } from "./predictions.js";
import { SubTask } from "./sub-task.js";
import { PARTS, type TaskLabels, taskLabels, taskName } from "./task-labels.js";
import { type RunPlan, reasonOf, type TaskFeatures, TaskRun } from "./task-run.js";

/** The runs of a sub-task. */
interface Runs {
  /** What the last of them predicts for the held-out labels. */
  readonly predictions: Predictions | null;
  run(): Promise<TaskResult>;
}

/** How the sub-tasks of a task are run. */
type Runner = (own: TaskLabels) => Promise<(subTask: SubTask) => Runs>;

/** Runs all tasks, then writes all results at once. */
export async function runBenchmark(db: PatientDatabase & Cohort, plan: BenchmarkPlan): Promise<Leaderboard> {
  refuseTaken(plan.out, db.path);
  const { paths, others } = await pathsOf(plan);
  const splits = await splitsOf(db, plan);
  const onRun: RunPlan["onRun"] = async (task, run) => {
    plan.onRun(task, run);
    await turn(plan);
  };
  const given =
    plan.predictions === undefined
      ? null
      : new PredictionFolder(
          plan.predictions,
          paths.map((path) => taskName(plan.labels, path)),
        );
  const embeddings = plan.embeddings === undefined ? null : await Embeddings.open(plan.embeddings);
  const runner = given === null ? fitting(db, plan, { ...plan, splits, onRun }, embeddings) : scoring(given, { ...plan, onRun });
  const tasks: TaskResult[] = [];
  const leftOut: LeftOut[] = [];
  const files = new Map<string, Predictions>();
  for (const path of paths) {
    await turn(plan);
    const task = taskName(plan.labels, path);
    /** Work on labels that may be unusable: the other tasks are of use without them. */
    const attempt = async (subTask: string, work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        leftOut.push({ task, subTask, k: null, reason: reasonOf(error) });
      }
    };
    await attempt(task, async () => {
      const own = await taskLabels(db, plan.labels, path, splits);
      const unused = own.unused.withoutStudy + own.unused.withoutTime;
      if (unused > 0) leftOut.push({ task, subTask: task, k: null, reason: `${unused} labels are of studies without a patient or time` });
      const runsOf = await runner(own);
      for (const name of own.subTasks)
        await attempt(own.subTasks.length === 1 ? task : name, async () => {
          const subTask = new SubTask(task, name, own);
          const runs = runsOf(subTask);
          const result = await runs.run();
          tasks.push(result);
          leftOut.push(...subTask.leftOut);
          if (result.predictions !== null) files.set(result.predictions, runs.predictions!);
        });
    });
  }
  leftOut.push(...(given?.leftOut(others) ?? []));
  const card = given === null ? modelCard(embeddings, db, splits) : givenCard(given.name);
  const board: Leaderboard = { ...about(db, plan, splits, card), tasks, leftOut };
  await writeResults(plan.out, board, files);
  return board;
}

/** Fits models on features, which are computed once per task. */
function fitting(db: Cohort, plan: BenchmarkPlan, runs: RunPlan, embeddings: Embeddings | null): Runner {
  const features = featuresOf(db, plan, embeddings);
  return async ({ labels }) => {
    const found = await features(labels);
    return (subTask) => new TaskRun(subTask, found, runs);
  };
}

/** Scores predictions that were made already. */
function scoring(folder: PredictionFolder, plan: Pick<RunPlan, "seed" | "resamples" | "onRun">): Runner {
  return async () => (subTask) => new PredictionRun(subTask, folder, plan);
}

/** What a sample's features are. */
function featuresOf(db: Cohort, { threads, signal }: BenchmarkPlan, embeddings: Embeddings | null) {
  const counts = new CountFeatures(db, threads, signal);
  return async (labels: Labels): Promise<TaskFeatures> => {
    if (embeddings !== null) return { ...embeddings.of(labels), scale: "standard" };
    return { matrix: await counts.of(labels), rows: Int32Array.from({ length: labels.size }, (_, i) => i), scale: "max-abs" };
  };
}

/** What does not depend on the results. */
function about(db: PatientDatabase, plan: BenchmarkPlan, splits: Splits, model: ModelCard): Omit<Leaderboard, "tasks" | "leftOut"> {
  const { id, dataset } = db.metadata;
  const text = (name: string) => (typeof dataset?.[name] === "string" ? (dataset[name] as string) : null);
  const own = inPackage("../package.json");
  const version = own === undefined ? "unknown" : (JSON.parse(readFileSync(own, "utf8")) as { version: string }).version;
  return {
    format: "meds-reader-leaderboard",
    version: 1,
    model,
    dataset: {
      id,
      name: text("dataset_name"),
      version: text("dataset_version"),
      patients: db.size,
      events: db.eventCount,
      splits: Object.fromEntries(splits.names.map((name) => [name, splits.ids(name).length])),
    },
    seed: plan.seed,
    resamples: plan.resamples,
    replicates: plan.replicates,
    shots: plan.shots,
    versions: { "meds-reader": version, node: process.versions.node },
  };
}

/** Lets signals and timers be heard between two runs. */
async function turn({ signal }: BenchmarkPlan): Promise<void> {
  await new Promise<void>((next) => setImmediate(next));
  if (signal?.aborted === true) fail("MEDS_CANCELLED", "The benchmark was cancelled.");
}

/** The tasks to run, and the names of the others. */
async function pathsOf({ labels, tasks }: BenchmarkPlan): Promise<{ readonly paths: string[]; readonly others: string[] }> {
  const all = await Labels.tasks(labels);
  if (all.length === 0)
    fail("MEDS_NO_DATA", `${labels}: there are no labels in this folder or below it. Use a folder that contains label tasks.`, labels);
  if (tasks === undefined) return { paths: all, others: [] };
  const nameOf = (path: string) => taskName(labels, path);
  const unknown = tasks.find((name) => !all.some((path) => path === name || nameOf(path) === name));
  if (unknown !== undefined) expected("A task", unknown, `one of ${all.map((path) => JSON.stringify(nameOf(path))).join(", ")}`);
  const isWanted = (path: string) => tasks.includes(path) || tasks.includes(nameOf(path));
  return { paths: all.filter(isWanted), others: all.filter((path) => !isWanted(path)).map(nameOf) };
}

async function splitsOf(db: PatientDatabase, { splits: path, predictions }: BenchmarkPlan): Promise<Splits> {
  const splits =
    path === undefined
      ? Splits.from(Object.fromEntries([...db.splits.keys()].map((name) => [name, db.split(name).subjectIds])))
      : await Splits.open(path);
  for (const part of predictions === undefined ? PARTS : (["held_out"] as const)) splits._known(part);
  return splits;
}

/** Fails before any work where the results cannot be written. */
function refuseTaken(out: string, store: string): void {
  if (isWithin(out, store)) conflict(`${out}: this path is in the store, which is never modified. Choose another path.`);
  if (!existsSync(out)) return;
  if (!withIo(out, () => statSync(out)).isDirectory() || withIo(out, () => readdirSync(out)).length > 0)
    conflict(`${out}: this is a file, or a folder that is not empty. Choose another path for the results.`);
}

/** Writes the folder of results: complete or not at all. */
async function writeResults(out: string, board: Leaderboard, files: ReadonlyMap<string, Predictions>): Promise<void> {
  const folder = withIo(out, () => new FolderAside(resolve(out)));
  const { made } = folder;
  try {
    for (const [name, predictions] of files) {
      withIo(out, () => mkdirSync(dirname(join(made, name)), { recursive: true }));
      await predictions.write(join(made, name));
    }
    const texts = {
      "leaderboard.json": `${JSON.stringify(board, null, 2)}\n`,
      "leaderboard.md": leaderboardText(board),
      "leaderboard.svg": leaderboardChart(board),
    };
    withIo(out, () => {
      for (const [name, text] of Object.entries(texts)) writeFileSync(join(made, name), text);
      folder.move();
    });
  } catch (error) {
    folder.remove();
    throw error;
  }
}
