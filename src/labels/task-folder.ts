// Which tasks a folder of labels contains.
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { fail } from "../support/errors.js";
import { withIo } from "../support/io.js";
import { CsvTable } from "../tables/csv.js";
import { FORMATS } from "./formats/formats.js";

/** Names of files that make a folder a task. */
export const FILE_NAMES: readonly string[] = FORMATS.flatMap(({ fileName }) => fileName ?? []);

/** Names of tables in which each column is a task. */
const TABLES = FORMATS.flatMap(({ tables }) => tables ?? []);

const SPLITS = "train|tuning|held_out|val|valid|validation|dev|test";

/** Names of folders that are parts of a task: a split, a number, `shard_3`, `year=2020`. */
const PART_FOLDER = new RegExp(String.raw`^(?:${SPLITS}|(?:(?:part|shard|chunk)[-_.]?)?\d+|[^=]+=.*)$`);

/** Names of files that are parts of a task, as programs that write Parquet choose them: `0`, `labels`, `train-00000-of-00002`, a UUID. */
const PART_FILE = new RegExp(
  String.raw`^(?:(?:${SPLITS}|labels?|data|part|shard|chunk|file)(?:[-_.]?(?:\d+|of))*|\d+(?:[-_.]\d+)*|part-\d+-.*|[\da-f]{8}[\da-f-]{8,}(?:-\d+)?)(?:\.(?:snappy|gz|zstd|lz4))?$`,
);

/** The folders of a MEDS dataset, which contain no labels. */
const DATASET = ["data", "metadata"];

export const isParquet = (name: string): boolean => extname(name) === ".parquet";
const isHidden = (name: string): boolean => /^[._]/.test(name);
const isPartFile = (name: string): boolean => FILE_NAMES.includes(name) || (isParquet(name) && PART_FILE.test(basename(name, ".parquet")));

/** All files below a folder, hidden ones too. */
export const filesBelow = (path: string): string[] =>
  withIo(path, () => readdirSync(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));

/** The Parquet files among those below a folder; names that begin with a dot or `_` are not data. */
export function parquetBelow(path: string, files: readonly string[] = filesBelow(path)): string[] {
  return files.filter((file) => isParquet(file) && !relative(path, file).split(/[\\/]/).some(isHidden));
}

/** The name without an extension of labels. */
export const withoutExtension = (name: string): string => name.replace(/\.(parquet|csv|tsv)$/i, "");

/**
 * The name of the task at a path: that of its folder or file. A part of a task, such as `guo_icu/0.parquet` or
 * `guo_icu/train`, has the name of the task's folder.
 */
export function nameAt(path: string): string {
  const full = resolve(path);
  let found = isPartFile(basename(full)) ? dirname(full) : full;
  while (PART_FOLDER.test(basename(found))) found = dirname(found);
  return withoutExtension(basename(found) || basename(full));
}

/** The tasks below a folder, as `Labels.tasks` returns them. */
export async function tasksBelow(root: string): Promise<string[]> {
  const found = await tasksIn(root);
  const [only, ...others] = withIo(root, () => readdirSync(root)).filter((name) => isParquet(name) && !isHidden(name));
  // A folder with one file that has a name of its own: MIMIC-IV's tasks/ICU_Mortality_first_24h.parquet.
  if (found[0] === "." && only !== undefined && others.length === 0 && !isPartFile(only) && parquetBelow(root).length === 1) return [only];
  return found.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/**
 * The tasks in a folder, as paths relative to it; `.` is the folder itself.
 *
 * MEDS says that a task is a folder with Parquet files at any depth, and that the name of a task may contain
 * `/`. Hence names decide whether files and folders are parts of one task or tasks: a folder is one task if it
 * contains parts (`0.parquet`, `train/`), and at most one other thing beside them, or nothing but one file.
 */
export async function tasksIn(folder: string): Promise<string[]> {
  const entries = withIo(folder, () => readdirSync(folder, { withFileTypes: true })).filter(({ name }) => !isHidden(name));
  const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const labels = files.filter((name) => isParquet(name) || FILE_NAMES.includes(name));
  const parts = labels.filter(isPartFile);
  const others = labels.filter((name) => !isPartFile(name));
  const folders = entries.filter((entry) => entry.isDirectory());
  const isDataset = DATASET.every((wanted) => folders.some(({ name }) => name === wanted));
  for (const { name } of folders) {
    if (isDataset && DATASET.includes(name)) continue;
    const inner = join(folder, name);
    if (!PART_FOLDER.test(name)) others.push(...(await tasksIn(inner)).map((task) => (task === "." ? name : `${name}/${task}`)));
    else if (parquetBelow(inner).length > 0) parts.push(name);
  }
  for (const name of files.filter((file) => TABLES.some((names) => names.test(file))))
    others.push(...(await tasksOfTable(join(folder, name))).map((task) => `${name}/${task}`));
  const isTask = parts.length > 0 ? others.length <= 1 : others.length === 1 && labels.length === 1;
  return isTask ? ["."] : [...parts, ...others];
}

/** The columns of a table that are tasks; none if it is a table of something else. */
async function tasksOfTable(path: string): Promise<string[]> {
  const csv = await CsvTable.open(path);
  return FORMATS.find((format) => format.matches({ path, csv, folders: [] }))?.tasks?.(csv) ?? [];
}

const MOST = 10;

/** The only task in a folder: `.`, or a path below it; undefined if there is none. Throws for several. `what` are the folder's rows. */
export async function onlyTask(folder: string, what = "labels"): Promise<string | undefined> {
  const tasks = await tasksIn(folder);
  if (tasks.length <= 1) return tasks[0];
  const names = tasks
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .slice(0, MOST)
    .map((task) => JSON.stringify(task));
  const rest = tasks.length > MOST ? ` and ${tasks.length - MOST} others` : "";
  const isFile = (task: string) => isParquet(task) && existsSync(join(folder, task));
  const advice = tasks.every(isFile) ? " If these files are parts of one task, name them 0.parquet, 1.parquet and so on." : "";
  fail(
    "MEDS_SEVERAL_TASKS",
    `${folder}: this folder contains the ${what} of ${tasks.length} tasks: ${names.join(", ")}${rest}. Use the path of one of them, such as ${join(folder, tasks[0]!)}.${advice}`,
    folder,
  );
}
