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
import { modelCard } from "./model-card.js";
import type { Predictions } from "./predictions.js";
import { PARTS, taskLabels, taskName } from "./task-labels.js";
import { type RunPlan, reasonOf, type TaskFeatures, TaskRun } from "./task-run.js";

/** Runs all tasks, then writes all results at once. */
export async function runBenchmark(db: PatientDatabase & Cohort, plan: BenchmarkPlan): Promise<Leaderboard> {
  refuseTaken(plan.out, db.path);
  const [paths, splits] = [await pathsOf(plan), await splitsOf(db, plan.splits)];
  const embeddings = plan.embeddings === undefined ? null : await Embeddings.open(plan.embeddings);
  const features = featuresOf(db, plan, embeddings);
  const tasks: TaskResult[] = [];
  const leftOut: LeftOut[] = [];
  const files = new Map<string, Predictions>();
  const onRun: RunPlan["onRun"] = async (task, run) => {
    plan.onRun(task, run);
    await turn(plan);
  };
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
      const found = await features(own.labels);
      for (const subTask of own.subTasks)
        await attempt(own.subTasks.length === 1 ? task : subTask, async () => {
          const run = new TaskRun(task, subTask, own, found, { ...plan, splits, onRun });
          const result = await run.run();
          tasks.push(result);
          leftOut.push(...run.leftOut);
          if (result.predictions !== null) files.set(result.predictions, run.predictions!);
        });
    });
  }
  const board: Leaderboard = { ...about(db, plan, splits, modelCard(embeddings, db, splits)), tasks, leftOut };
  await writeResults(plan.out, board, files);
  return board;
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

/** The tasks to run. */
async function pathsOf({ labels, tasks }: BenchmarkPlan): Promise<string[]> {
  const all = await Labels.tasks(labels);
  if (all.length === 0)
    fail("MEDS_NO_DATA", `${labels}: there are no labels in this folder or below it. Use a folder that contains label tasks.`, labels);
  if (tasks === undefined) return all;
  const unknown = tasks.find((name) => !all.some((path) => path === name || taskName(labels, path) === name));
  if (unknown !== undefined) expected("A task", unknown, `one of ${all.map((path) => JSON.stringify(taskName(labels, path))).join(", ")}`);
  return all.filter((path) => tasks.includes(path) || tasks.includes(taskName(labels, path)));
}

async function splitsOf(db: PatientDatabase, path: string | undefined): Promise<Splits> {
  const splits =
    path === undefined
      ? Splits.from(Object.fromEntries([...db.splits.keys()].map((name) => [name, db.split(name).subjectIds])))
      : await Splits.open(path);
  for (const part of PARTS) splits._known(part);
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
