// The label tasks of a folder, for a store.
import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Labels, MedsError, type PatientDatabase } from "../index.js";

/** One task. */
export interface Task {
  readonly task: string;
  readonly labels: number;
  /** Subjects that have a label, and those of them that are in the store. */
  readonly subjects: number;
  readonly subjectsInStore: number;
  readonly columns: readonly string[];
  /** Labels whose `boolean_value` is true or false; null without that column. */
  readonly positive: number | null;
  readonly negative: number | null;
  readonly censored: number;
  /** The first and last prediction time in microseconds since 1970-01-01; null without labels. */
  readonly firstTime: bigint | null;
  readonly lastTime: bigint | null;
}

/** A task that cannot be read, and why. */
export interface BrokenTask {
  readonly task: string;
  readonly problem: string;
  readonly problemCode: string;
}

/** The tasks of a folder (or of one file), in order of their names. */
export async function tasksOf(db: PatientDatabase, path: string): Promise<(Task | BrokenTask)[]> {
  const names = isFile(path) ? [basename(path)] : await Labels.tasks(path);
  const folder = isFile(path) ? dirname(path) : path;
  if (names.length === 0)
    throw new MedsError(
      "MEDS_NO_DATA",
      `${path}: there are no labels in this folder or below it. Use a folder that contains label tasks.`,
      {
        path,
      },
    );
  const found: (Task | BrokenTask)[] = [];
  for (const task of names) found.push(await taskOf(db, folder, task));
  return found;
}

/** False for a path that cannot be looked at: reading it as a folder reports why. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function taskOf(db: PatientDatabase, folder: string, task: string): Promise<Task | BrokenTask> {
  try {
    const labels = await Labels.open(join(folder, task));
    return summary(db, task === "." ? labels.task : task, labels);
  } catch (error) {
    // The other tasks are of use without this one.
    if (!(error instanceof MedsError)) throw error;
    return { task, problem: error.message, problemCode: error.code };
  }
}

function summary(db: PatientDatabase, task: string, labels: Labels): Task {
  const subjects = new Set(labels.subjectIds);
  let subjectsInStore = 0;
  for (const id of subjects) if (db.has(id)) subjectsInStore += 1;
  const isBoolean = labels.columns.includes("boolean_value");
  let [positive, negative, censored] = [0, 0, 0];
  let [firstTime, lastTime]: [bigint | null, bigint | null] = [null, null];
  for (const { booleanValue, isCensored, predictionTime } of labels) {
    if (booleanValue === true) positive += 1;
    else if (booleanValue === false) negative += 1;
    if (isCensored === true) censored += 1;
    if (firstTime === null || predictionTime < firstTime) firstTime = predictionTime;
    if (lastTime === null || predictionTime > lastTime) lastTime = predictionTime;
  }
  return {
    task,
    labels: labels.size,
    subjects: subjects.size,
    subjectsInStore,
    columns: labels.columns,
    positive: isBoolean ? positive : null,
    negative: isBoolean ? negative : null,
    censored,
    firstTime,
    lastTime,
  };
}
