// Writing labels as a file in MEDS's label schema.
import { lstatSync, readdirSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { type WrittenColumn, writeTable } from "../store/native.js";
import { fail, MedsError } from "../support/errors.js";
import { FolderAside } from "../support/folder-aside.js";
import { failIo, withIo } from "../support/io.js";
import { type LabelTable, MISSING } from "./table/table.js";

/** The name of the only file of a written task. */
const FILE = "labels.parquet";

/** Writes labels into a folder. The folder contains all of them or is unchanged. */
export function writeLabels(labels: LabelTable, path: string, force: boolean): void {
  const target = targetOf(path);
  const columns = columnsOf(labels, path);
  const folder = withIo(path, () => new FolderAside(target));
  const made = join(folder.made, FILE);
  try {
    writeTable(made, columns);
    if (isTaken(target, path, force)) folder.replace();
    else folder.move();
  } catch (error) {
    folder.remove();
    // The caller does not know the path of the temporary folder.
    if (error instanceof MedsError) fail(error.code, error.message.replaceAll(made, path), path);
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST")
      failExists(path, "another program wrote this folder at the same time. Choose another folder, or try again");
    failIo(path, error);
  }
}

/** The folder that a link leads to: the link itself is kept. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** Are there files to replace? */
function isTaken(target: string, path: string, force: boolean): boolean {
  const stat = lstatSync(target, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (!stat.isDirectory()) failExists(path, "this is a file, and labels are written into a folder. Choose another path");
  const entries = readdirSync(target, { recursive: true, withFileTypes: true });
  if (entries.length === 0) return false;
  if (!force) failExists(path, "this folder is not empty. Choose another folder, or replace its labels with { force: true }");
  // Replaced files are deleted, so all of them must be labels.
  const other = entries.find((entry) => !entry.isDirectory() && !entry.name.endsWith(".parquet"));
  if (other !== undefined)
    failExists(
      path,
      `this folder also contains ${join(other.parentPath, other.name)}, which is not a file of labels. Move that file to another folder`,
    );
  return true;
}

function failExists(path: string, found: string): never {
  fail("MEDS_LABELS_EXIST", `${path}: ${found}.`, path);
}

/**
 * The columns that have a value; is_censored only where some label is censored, because MEDS's schema does
 * not have that column.
 */
function columnsOf(labels: LabelTable, path: string): WrittenColumn[] {
  const { subjectIds, predictionTimes, boolean, integer, float, categorical, censored } = labels;
  const plain = { isTime: false, valid: null, texts: [] };
  const columns: WrittenColumn[] = [
    { ...plain, name: "subject_id", values: subjectIds },
    { ...plain, name: "prediction_time", isTime: true, values: predictionTimes },
  ];
  const add = (name: string, has: boolean | undefined, column: () => Omit<WrittenColumn, "name" | "isTime">): void => {
    if (has) columns.push({ ...plain, ...column(), name });
  };
  const isTruth = (value: number) => value !== MISSING;
  add("boolean_value", boolean?.some(isTruth), () => ({ ...plain, values: boolean! }));
  add("integer_value", integer?.valid.includes(1), () => ({ ...plain, ...integer! }));
  add("float_value", float?.valid.includes(1), () => ({
    ...plain,
    valid: float!.valid,
    values: Float32Array.from(float!.values, (value, row) => (float!.valid[row] === 1 ? single(value, row, path) : 0)),
  }));
  add(
    "categorical_value",
    categorical?.indexes.some((index) => index >= 0),
    () => ({
      ...plain,
      values: categorical!.indexes,
      texts: [...categorical!.categories],
    }),
  );
  add("is_censored", censored?.includes(1), () => ({ ...plain, values: censored! }));
  return columns;
}

/** The nearest float32. */
function single(value: number, row: number, path: string): number {
  const near = Math.fround(value);
  if (Number.isFinite(near) || !Number.isFinite(value)) return near;
  fail(
    "MEDS_VALUE_RANGE",
    `${path}: label ${row}: ${value} is too large for float32, the type of float_value in MEDS. Scale the values.`,
    path,
  );
}
