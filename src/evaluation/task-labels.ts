// The labels of a task that a benchmark can use: those of subjects of the store and of the three splits.
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Cohort } from "../database/cohort.js";
import { Labels, type LabelsLeftOut } from "../labels/labels.js";
import { FINDINGS, Shots } from "../labels/shots.js";
import type { Splits } from "../labels/splits.js";
import { nameAt, withoutExtension } from "../labels/task-folder.js";
import { withIo } from "../support/io.js";

/** The splits that a benchmark uses. */
export const PARTS = ["train", "tuning", "held_out"] as const;
export type Part = (typeof PARTS)[number];

/** A task's labels. */
export interface TaskLabels {
  readonly labels: Labels;
  /** Labels of the file that are not in `labels`, because their study has no time. */
  readonly unused: LabelsLeftOut;
  /** The split of each label. */
  readonly parts: readonly Part[];
  readonly leftOut: { readonly unknownSubjects: number; readonly noSplit: number; readonly otherSplit: number };
  /** EHRSHOT's published selections, if they are beside the labels. */
  readonly shots: Shots | null;
  readonly subTasks: readonly string[];
}

/** The name of a task as {@link Labels.tasks} returns it: that of its folder or file, below the folder of labels. */
export const taskName = (root: string, path: string): string => (path === "." ? nameAt(root) : withoutExtension(path));

/** Reads a task. */
export async function taskLabels(db: Cohort, root: string, path: string, splits: Splits): Promise<TaskLabels> {
  const file = path === "." ? root : join(root, path);
  const name = basename(taskName(root, path));
  const all = await Labels.open(file, { task: name });
  const parts: Part[] = [];
  const leftOut = { unknownSubjects: 0, noSplit: 0, otherSplit: 0 };
  const labels = all.select(({ subjectId }) => {
    const part = splits.of(subjectId);
    if (!db.has(subjectId)) leftOut.unknownSubjects += 1;
    else if (part === null) leftOut.noSplit += 1;
    else if (!PARTS.includes(part as Part)) leftOut.otherSplit += 1;
    else {
      parts.push(part as Part);
      return true;
    }
    return false;
  });
  const shots = await shotsBeside(file);
  const isFindings = name === "chexpert" && labels.columns.includes("integer_value") && !labels.columns.includes("boolean_value");
  return { labels, unused: all.leftOut, parts, leftOut, shots, subTasks: shots?.subTasks ?? (isFindings ? FINDINGS : [name]) };
}

/** The file of selections with the most values of k. */
async function shotsBeside(path: string): Promise<Shots | null> {
  const folder = existsSync(path) && withIo(path, () => statSync(path)).isDirectory() ? path : dirname(path);
  // A file in the folder of all tasks belongs to none of them.
  const names = folder === path || existsSync(join(folder, "labeled_patients.csv")) ? withIo(folder, () => readdirSync(folder)) : [];
  const found = ["all_shots_data.json", "few_shots_data.json"].find((name) => names.includes(name));
  return found === undefined ? null : Shots.open(join(folder, found));
}
