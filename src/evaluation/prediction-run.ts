// A benchmark of predictions that are made already: which file belongs to which task, and its score.
import { existsSync, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { filesBelow, withoutExtension } from "../labels/task-folder.js";
import { conflict } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { withIo } from "../support/io.js";
import { ALL, type LeftOut, type RunResult, type TaskResult, titleOf } from "./leaderboard.js";
import { indexOf } from "./matches.js";
import { Predictions } from "./predictions.js";
import type { SubTask } from "./sub-task.js";
import type { RunPlan } from "./task-run.js";

const EXTENSIONS = [".parquet", ".csv", ".tsv"] as const;

/** A folder of predictions: `TASK.parquet`, `TASK.csv` or a folder `TASK` with Parquet files for each task. Or the file of the only task. */
export class PredictionFolder {
  /** The name of the model in reports. */
  readonly name: string;
  private readonly isFile: boolean;
  /** Files that no task has taken. */
  private readonly unused: Set<string>;

  constructor(
    private readonly root: string,
    tasks: readonly string[],
  ) {
    if (!existsSync(root)) fail("MEDS_NOT_FOUND", `${root}: there is no such file or folder of predictions. Check the path.`, root);
    this.name = withoutExtension(basename(resolve(root)));
    this.isFile = withIo(root, () => statSync(root)).isFile();
    if (this.isFile && tasks.length > 1)
      conflict(
        `${root}: this is a file, and there are ${tasks.length} tasks. Use a folder with a file for each task, such as ${tasks[0]}.parquet, or choose one task.`,
      );
    const isTable = (file: string) => EXTENSIONS.some((extension) => file.endsWith(extension));
    const isHidden = (file: string) => /(^|\/)[._]/.test(file);
    const files = this.isFile ? [] : filesBelow(root).map((file) => relative(root, file).replaceAll("\\", "/"));
    this.unused = new Set(files.filter((file) => isTable(file) && !isHidden(file)));
  }

  /** The path of a sub-task's predictions; undefined if there is none. */
  take(file: string): string | undefined {
    if (this.isFile) return this.root;
    const found = EXTENSIONS.map((extension) => file + extension).find((name) => this.unused.has(name));
    if (found !== undefined) this.unused.delete(found);
    else {
      const inside = [...this.unused].filter((name) => name.startsWith(`${file}/`));
      if (inside.length === 0) return undefined;
      for (const name of inside) this.unused.delete(name);
    }
    return join(this.root, found ?? file);
  }

  /** The files that no task has taken. Those of tasks in `others`, which were not to be run, do not count. */
  leftOut(others: readonly string[]): LeftOut[] {
    return [...this.unused]
      .map((file) => ({ file, name: withoutExtension(file) }))
      .filter(({ name }) => !others.some((task) => name === task || name.startsWith(`${task}/`)))
      .sort((a, b) => Buffer.compare(Buffer.from(a.file), Buffer.from(b.file)))
      .map(({ file, name }) => ({
        task: name,
        subTask: name,
        k: null,
        reason: `${file} of the predictions was not used: no task has this name`,
      }));
  }
}

/** The score of one sub-task's predictions. */
export class PredictionRun {
  predictions: Predictions | null = null;

  constructor(
    private readonly own: SubTask,
    private readonly folder: PredictionFolder,
    private readonly plan: Pick<RunPlan, "seed" | "resamples" | "onRun">,
  ) {}

  async run(): Promise<TaskResult> {
    const { own, folder } = this;
    const path = folder.take(own.file);
    const { held_out: rows } = own.members(() => true);
    if (path === undefined) {
      own.leave(null, `there are no predictions: neither ${own.file}.parquet nor ${own.file}.csv nor a folder ${own.file}`);
      return this.result("no predictions", [], rows.length);
    }
    const predictions = await Predictions.open(path, { labels: own.labels(rows) });
    const { missing, extra, duplicates, differing } = predictions.report!;
    this.leaveRows(extra, "predictions are of other splits, or have no label");
    this.leaveRows(duplicates, "further predictions of a subject and time were not used");
    this.leaveRows(differing, "predictions name another label: that of the labels is used");
    const selections = `predictions of ${basename(path)}`;
    if (predictions.size === 0) {
      own.leave(null, "no held-out label has a value and a prediction");
      return this.result(selections, [], missing);
    }
    this.predictions = predictions;
    const score = predictions.score({ resamples: this.plan.resamples, seed: this.plan.seed });
    const unknown = { train: null, tuning: null, strength: null, tuningAuroc: null, iterations: null, converged: null };
    const run: RunResult = { k: ALL, replicate: 0, ...unknown, unmatched: extra, differing, score };
    await this.plan.onRun(titleOf({ task: own.task, subTask: own.shown }), run);
    return this.result(selections, [run], missing);
  }

  private leaveRows(count: number, what: string): void {
    if (count > 0) this.own.leave(null, `${count} ${what}`);
  }

  /** The labels that were scored, and what was not. */
  private result(selections: string, runs: readonly RunResult[], noFeatures: number): TaskResult {
    const { own, predictions } = this;
    const find = predictions === null ? null : indexOf(predictions._table);
    const { subjectIds, predictionTimes } = own.own.labels._table;
    const isScored = (row: number) => own.own.parts[row] !== "held_out" || find?.(subjectIds[row]!, predictionTimes[row]!) !== undefined;
    return own.result({ members: own.members(isScored), selections, noFeatures, runs, isWritten: predictions !== null });
  }
}
