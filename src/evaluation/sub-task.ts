// A sub-task of a task: its labels as true or false, and what is left out of them.
import { Labels } from "../labels/labels.js";
import { Shots } from "../labels/shots.js";
import { MISSING } from "../labels/table/table.js";
import type { LeftOut, RunResult, TaskResult } from "./leaderboard.js";
import { PARTS, type Part, type TaskLabels } from "./task-labels.js";

/** The labels of each split, as rows. */
export type Members = Readonly<Record<Part, readonly number[]>>;

/** What the runs of a sub-task found. */
interface Found {
  readonly members: Members;
  readonly selections: string;
  /** Labels without features or predictions. */
  readonly noFeatures: number;
  readonly runs: readonly RunResult[];
  /** Are there predictions to write? */
  readonly isWritten: boolean;
}

/** A sub-task; for most tasks the task itself. */
export class SubTask {
  readonly leftOut: LeftOut[] = [];
  /** Labels as true, false or missing. */
  readonly truths: Uint8Array;
  /** Its name in reports. */
  readonly shown: string;
  /** The name of its file of predictions, without an extension. */
  readonly file: string;

  constructor(
    readonly task: string,
    readonly name: string,
    readonly own: TaskLabels,
  ) {
    this.truths = Shots.binary(own.labels, name)._table.boolean ?? new Uint8Array(0);
    this.shown = own.subTasks.length === 1 ? task : name;
    this.file = task === this.shown ? task : `${task}/${name}`;
  }

  /** Reports what has no result; `k` is null where it is about all k. */
  leave(k: number | null, reason: string): void {
    this.leftOut.push({ task: this.task, subTask: this.shown, k, reason });
  }

  /** The usable labels of each split that have a value. */
  members(isUsable: (row: number) => boolean): Members {
    const usable = Array.from(this.truths.keys()).filter((row) => this.truths[row] !== MISSING && isUsable(row));
    const { parts } = this.own;
    return Object.fromEntries(PARTS.map((part) => [part, usable.filter((row) => parts[row] === part)])) as Record<Part, number[]>;
  }

  /** Some labels, with true and false only. */
  labels(rows: readonly number[]): Labels {
    const { task, _table: table } = this.own.labels;
    return new Labels(task, {
      subjectIds: BigInt64Array.from(rows, (row) => table.subjectIds[row]!),
      predictionTimes: BigInt64Array.from(rows, (row) => table.predictionTimes[row]!),
      boolean: Uint8Array.from(rows, (row) => this.truths[row]!),
      ...{ integer: null, float: null, categorical: null, censored: null },
    });
  }

  result({ members, selections, noFeatures, runs, isWritten }: Found): TaskResult {
    const { own, truths, task, name } = this;
    const count = (part: Part) => ({
      labels: members[part].length,
      positive: members[part].filter((row) => truths[row] === 1).length,
      subjects: new Set(members[part].map((row) => own.labels._table.subjectIds[row])).size,
    });
    const ofClasses = name.startsWith("lab_") ? "class 1 or higher, as EHRSHOT scores" : "one bit of 14, as EHRSHOT scores";
    return {
      task,
      subTask: this.shown,
      truth: own.labels.columns.includes("boolean_value") ? "boolean_value" : ofClasses,
      selections,
      labels: { train: count("train"), tuning: count("tuning"), held_out: count("held_out") },
      leftOut: { ...own.leftOut, unlabelled: truths.filter((truth) => truth === MISSING).length, noFeatures },
      predictions: isWritten ? `predictions/${this.file}.parquet` : null,
      runs,
    };
  }
}
