// Labels as a file in MEDS's label schema.
import { randomUUID } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, realpathSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { SchemaElement } from "hyparquet";
import { fail } from "../support/errors.js";
import { failIo, withIo } from "../support/io.js";
import { type LabelTable, MISSING } from "./table.js";

/** What the one file of a written task is called. */
const FILE = "labels.parquet";

/** Writes labels into a folder, which has them all or is as it was. */
export async function writeLabels(labels: LabelTable, path: string, force: boolean): Promise<void> {
  const target = targetOf(path);
  const bytes = await bytesOf(labels, path);
  const name = `.${basename(target)}.${randomUUID().slice(0, 8)}`;
  // Beside the folder: a rename does not go from one file system to another. Readers pass over names with a dot.
  const [made, old] = [join(dirname(target), `${name}.tmp`), join(dirname(target), `${name}.old`)];
  withIo(path, () => mkdirSync(dirname(target), { recursive: true }));
  try {
    mkdirSync(made);
    writeFileSync(join(made, FILE), bytes, { flush: true });
    if (clear(target, path, force)) replace(made, target, old);
    else renameSync(made, target);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST") failExists(path, "it was written by another program meanwhile");
    failIo(path, error);
  }
  rmSync(old, { recursive: true, force: true });
}

/** Where a link to a folder leads: the link stays. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** Is there a folder whose files are to be replaced; an empty one is taken away. */
function clear(target: string, path: string, force: boolean): boolean {
  const stat = lstatSync(target, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (!stat.isDirectory()) failExists(path, "it is a file. Labels are written into a folder");
  const entries = readdirSync(target, { recursive: true, withFileTypes: true });
  if (entries.length === 0) {
    rmdirSync(target);
    return false;
  }
  if (!force) failExists(path, "the folder is not empty. Choose another, or replace its labels with { force: true }");
  // What is replaced is gone: it must be labels, and nothing that only happens to be there.
  const other = entries.find((entry) => !entry.isDirectory() && !entry.name.endsWith(".parquet"));
  if (other !== undefined) failExists(path, `it also holds ${join(other.parentPath, other.name)}, which no labels replace. Move it away`);
  return true;
}

function replace(made: string, target: string, old: string): void {
  renameSync(target, old);
  try {
    renameSync(made, target);
  } catch (error) {
    renameSync(old, target);
    throw error;
  }
}

function failExists(path: string, found: string): never {
  fail("MEDS_LABELS_EXIST", `${path}: ${found}.`, path);
}

type Column = { readonly element: Omit<SchemaElement, "name">; readonly data: readonly unknown[] };

const INT64 = { type: "INT64" } as const;
const MICROS = { type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "MICROS" } } as const;
const TEXT = { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } } as const;

async function bytesOf(labels: LabelTable, path: string): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const columns = Object.entries(columnsOf(labels, path));
  const schema: SchemaElement[] = [
    { name: "schema", num_children: columns.length },
    ...columns.map(([name, { element }]) => ({ ...element, name, repetition_type: "OPTIONAL" as const })),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData: columns.map(([name, { data }]) => ({ name, data: [...data] })), schema }));
}

/** The columns that have a value; is_censored only where some label is censored, because MEDS's schema knows no such column. */
function columnsOf(labels: LabelTable, path: string): Record<string, Column> {
  const { subjectIds, predictionTimes, boolean, integer, float, categorical, censored } = labels;
  const columns: Record<string, Column> = {
    subject_id: { element: INT64, data: Array.from(subjectIds) },
    prediction_time: { element: MICROS, data: Array.from(predictionTimes) },
  };
  const add = (name: string, element: Column["element"], data: readonly unknown[] | null): void => {
    if (data?.some((value) => value !== null)) columns[name] = { element, data };
  };
  const truths = (from: Uint8Array) => Array.from(from, (value) => (value === MISSING ? null : value === 1));
  add("boolean_value", { type: "BOOLEAN" }, boolean && truths(boolean));
  add("integer_value", INT64, integer && Array.from(integer.values, (value, row) => (integer.valid[row] === 1 ? value : null)));
  add(
    "float_value",
    { type: "FLOAT" },
    float && Array.from(float.values, (value, row) => (float.valid[row] === 1 ? single(value, row, path) : null)),
  );
  add("categorical_value", TEXT, categorical && Array.from(categorical.indexes, (index) => categorical.categories[index] ?? null));
  if (censored?.includes(1)) add("is_censored", { type: "BOOLEAN" }, truths(censored));
  return columns;
}

/** The nearest float32. */
function single(value: number, row: number, path: string): number {
  const near = Math.fround(value);
  if (Number.isFinite(near) || !Number.isFinite(value)) return near;
  fail(
    "MEDS_VALUE_RANGE",
    `${path}: label ${row}: ${value} is too large for float32, which MEDS's float_value is. Scale the values.`,
    path,
  );
}
