// Where labels stand: MEDS's Parquet files, EHRSHOT's and INSPECT's tables in CSV, and which tasks a folder holds.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, relative } from "node:path";
import { refuseTables } from "../store/native.js";
import { failGiven } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { withIo } from "../support/io.js";
import { DAY } from "../support/time.js";
import { CsvTable } from "../tables/csv.js";
import { failNull, readParquet, type Wanted } from "../tables/parquet.js";
import { LabelBuilder, type LabelTable, type LabelValues, NO_VALUES } from "./table.js";

/** What only INSPECT's tables need to be told. */
export interface CohortChoice {
  readonly column: string | undefined;
  /** Microseconds before StudyTime. */
  readonly shift: bigint | undefined;
}

const EHRSHOT = "labeled_patients.csv";

/** Names that mark a folder as a part of a task and not a task of its own. */
const SHARD = /^(train|tuning|held_out|val|valid|validation|dev|test|\d+)$/;

/** The labels of a task, and its name. */
export async function readLabelFiles(path: string, choice: CohortChoice): Promise<{ name: string; table: LabelTable }> {
  const files = filesOf(path);
  const tables = files.filter(isCsv);
  if (tables.length === 0) {
    if (choice.column !== undefined) failGiven("column", choice.column, "it for INSPECT's cohort tables (CSV) only");
    if (choice.shift !== undefined) failGiven("shift", choice.shift, "it for INSPECT's cohort tables (CSV) only");
  }
  const builder = new LabelBuilder();
  const twins = new Twins();
  let column: string | undefined;
  for (const file of files) {
    const before = builder.size;
    if (isCsv(file)) column = readCsvLabels(await CsvTable.open(file), choice, builder);
    else await readParquetLabels(file, foldersOf(path, file), builder);
    if (builder.size > before) twins.add(file);
  }
  const [first] = files;
  // EHRSHOT's file is called the same for every task: the folder has the name.
  const named = basename(first!) === EHRSHOT && first === path ? basename(join(path, "..")) : basename(path);
  return { name: column ?? named.replace(/\.(parquet|csv|tsv)$/i, ""), table: builder.finish() };
}

/**
 * The tasks below a folder as paths relative to it, in order: each folder that holds labels at once or in shards (`train`, `0`), and each file of
 * labels in the folder itself.
 */
export function tasksBelow(root: string): string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    const entries = withIo(folder, () => readdirSync(folder, { withFileTypes: true })).filter(({ name }) => !/^[._]/.test(name));
    const labels = entries.filter((entry) => !entry.isDirectory() && (isParquet(entry.name) || entry.name === EHRSHOT));
    const shards = entries.filter((entry) => entry.isDirectory() && SHARD.test(entry.name) && holdsParquet(join(folder, entry.name)));
    const name = relative(root, folder).replaceAll("\\", "/");
    if (shards.length > 0 || (labels.length > 0 && folder !== root)) {
      // What lies deeper belongs to this task too: opening it reads all of it.
      found.push(name || ".");
      return;
    }
    found.push(...labels.map((entry) => entry.name));
    for (const entry of entries) if (entry.isDirectory()) visit(join(folder, entry.name));
  };
  visit(root);
  return found.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

const isParquet = (name: string) => extname(name) === ".parquet";
const isCsv = (name: string) => /^\.[ct]sv$/i.test(extname(name));
const holdsParquet = (folder: string) => parquetBelow(folder).length > 0;

/** All files below a folder, hidden ones too. */
const filesBelow = (path: string) =>
  withIo(path, () => readdirSync(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));

/** The Parquet files among those below a folder; names that begin with a dot or `_` are no data. */
export function parquetBelow(path: string, files: readonly string[] = filesBelow(path)): string[] {
  const isHidden = (file: string) =>
    relative(path, file)
      .split(/[\\/]/)
      .some((part) => /^[._]/.test(part));
  return files.filter((file) => isParquet(file) && !isHidden(file));
}

/** A file, or a folder's Parquet files in order of their paths' bytes, or EHRSHOT's file in it. */
function filesOf(path: string): string[] {
  if (!existsSync(path)) fail("MEDS_NOT_FOUND", `${path}: there is no such file or folder of labels.`, path);
  if (!withIo(path, () => statSync(path)).isDirectory()) return [path];
  const all = filesBelow(path);
  refuseTables(path, all);
  const files = parquetBelow(path, all);
  const ehrshot = join(path, EHRSHOT);
  if (files.length === 0 && existsSync(ehrshot)) return [ehrshot];
  if (files.length === 0)
    fail(
      "MEDS_NO_DATA",
      `${path}: there is no .parquet file in this folder or below it. Give the folder of a task, or one of its files.`,
      path,
    );
  return files.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** The files of labels that were read: the same labels in two files would count twice. */
class Twins {
  private readonly bySize = new Map<number, string[]>();

  /** Throws where a file that has labels has the same bytes as one before it. Only files of one size are read for it. */
  add(file: string): void {
    const { size } = withIo(file, () => statSync(file));
    const alike = this.bySize.get(size) ?? [];
    const bytes = alike.length === 0 ? undefined : withIo(file, () => readFileSync(file));
    const twin = bytes && alike.find((other) => withIo(other, () => readFileSync(other)).equals(bytes));
    if (twin !== undefined)
      fail(
        "MEDS_DUPLICATE_FILE",
        `${file}: contains the same labels as ${twin}, which would count twice. Remove one of these files.`,
        file,
      );
    this.bySize.set(size, [...alike, file]);
  }
}

const LABELS = {
  subject_id: { kind: "integer", type: "int64", required: true, older: "patient_id" },
  prediction_time: { kind: "time", type: "timestamp[us]", required: true },
  boolean_value: { kind: "boolean", type: "bool" },
  integer_value: { kind: "integer", type: "int64" },
  float_value: { kind: "float", type: "float32" },
  categorical_value: { kind: "text", type: "string" },
  is_censored: { kind: "boolean", type: "bool" },
} as const satisfies Record<string, Wanted>;

const REMEDY = "Each label needs a subject and a time of prediction; leave such rows out.";

async function readParquetLabels(path: string, folders: ReadonlyMap<string, string>, builder: LabelBuilder): Promise<void> {
  const lacking = new Map(folders);
  const before = builder.size;
  await readParquet(path, "labels", LABELS, (row, { subject_id, prediction_time, ...values }) => {
    if (subject_id === null) failNull(path, row, "subject_id", REMEDY);
    if (prediction_time === null) failNull(path, row, "prediction_time", REMEDY);
    for (const name of lacking.keys()) if (values[name as keyof typeof values] !== null) lacking.delete(name);
    builder.add(subject_id, prediction_time, values);
  });
  const [first] = lacking;
  if (first === undefined || builder.size === before) return;
  const [name, folder] = first;
  fail(
    "MEDS_MISSING_COLUMN",
    `${path}: column "${name}" is only in the name of a folder (${folder}). Write the column into the file.`,
    path,
  );
}

/** The folders between a task and a file that are called COLUMN=VALUE, by the columns of labels that they name. */
function foldersOf(task: string, file: string): Map<string, string> {
  const names = relative(task, file).split(/[\\/]/).slice(0, -1);
  const named = names.map((name) => [name.split("=")[0]!, name] as const);
  return new Map(named.filter(([column, name]) => name.includes("=") && column in LABELS));
}

/** Reads a table by whose header it has; returns the chosen column of INSPECT's. */
function readCsvLabels(table: CsvTable, choice: CohortChoice, builder: LabelBuilder): string | undefined {
  if (table.has("patient_id", "prediction_time", "label_type", "value")) {
    if (choice.column !== undefined) failGiven("column", choice.column, "it for INSPECT's cohort tables only; EHRSHOT's have one task");
    if (choice.shift !== undefined) failGiven("shift", choice.shift, "it for INSPECT's cohort tables only");
    readEhrshot(table, builder);
    return undefined;
  }
  const [patient, time] = table.has("PatientID", "StudyTime") ? ["PatientID", "StudyTime"] : ["patient_id", "procedure_time"];
  if (!table.has(patient!, time!)) {
    const known =
      "EHRSHOT's labeled_patients.csv has patient_id, prediction_time, label_type and value, INSPECT's cohort PatientID, StudyTime and tasks";
    const has = table.header.map((name) => JSON.stringify(name)).join(", ");
    fail(
      "MEDS_MISSING_COLUMN",
      `${table.path}: this is no table of labels that is known. ${known}; the file has ${has || "none"}.`,
      table.path,
    );
  }
  const column = taskColumn(table, choice.column);
  readInspect(table, patient!, time!, column, choice.shift ?? (/^pe(_|$)/i.test(column) ? DAY : 0n), builder);
  return column;
}

function subjectAndTime(table: CsvTable, row: number, id: string, time: string): [bigint, bigint] {
  const subject = table.integer(row, id) ?? failNull(table.path, row, id, REMEDY);
  return [subject, table.time(row, time) ?? failNull(table.path, row, time, REMEDY)];
}

function readEhrshot(table: CsvTable, builder: LabelBuilder): void {
  for (let row = 0; row < table.size; row += 1) {
    const [subject, time] = subjectAndTime(table, row, "patient_id", "prediction_time");
    builder.add(subject, time, ehrshotValues(table, row));
  }
}

/** A value by its type, as EHRSHOT's own loader and its conversion to MEDS take it: classes are whole numbers, survival is minutes. */
function ehrshotValues(table: CsvTable, row: number): LabelValues {
  switch (table.text(row, "label_type")) {
    case "boolean":
      return { ...NO_VALUES, boolean_value: table.truth(row, "value") };
    case "categorical":
      return { ...NO_VALUES, integer_value: table.integer(row, "value") };
    case "numerical":
    case "numeric":
      return { ...NO_VALUES, float_value: table.number(row, "value") };
    case "survival":
      return { ...NO_VALUES, float_value: table.number(row, "value"), is_censored: table.truth(row, "is_censored") };
    default:
      return table.failCell("MEDS_COLUMN_TYPE", row, "label_type", "boolean, categorical, numerical or survival");
  }
}

/** True, False, Censored, or nothing. */
const OUTCOME = /^\s*(true|false|censored)?\s*$/i;

/** The column that holds the task: the one named, or the only one that can. */
function taskColumn(table: CsvTable, named: string | undefined): string {
  const can = table.header.filter((column) => {
    let some = false;
    for (let row = 0; row < table.size; row += 1) {
      const text = table.text(row, column);
      if (text !== null && !OUTCOME.test(text)) return false;
      some ||= text !== null;
    }
    return some;
  });
  const tasks =
    can.length > 0 ? `Its tasks: ${can.map((column) => JSON.stringify(column)).join(", ")}.` : "No column holds True, False or Censored.";
  if (named !== undefined) {
    if (!table.has(named)) fail("MEDS_MISSING_COLUMN", `${table.path}: there is no column "${named}". ${tasks}`, table.path);
    return named;
  }
  if (can.length !== 1) fail("MEDS_INVALID_ARGUMENT", `${table.path}: which task? Give { column: "…" }. ${tasks}`, table.path);
  return can[0]!;
}

/** Censored is neither true nor false: the value is missing, and `is_censored` says why. Where nothing is censored there is no such column. */
function readInspect(table: CsvTable, patient: string, time: string, column: string, shift: bigint, builder: LabelBuilder): void {
  const censored = (row: number) => /^\s*censored\s*$/i.test(table.text(row, column) ?? "");
  const some = Array.from({ length: table.size }, (_, row) => row).some(censored);
  for (let row = 0; row < table.size; row += 1) {
    const [subject, study] = subjectAndTime(table, row, patient, time);
    const is = censored(row);
    const value = is ? null : table.truth(row, column);
    builder.add(subject, study - shift, { ...NO_VALUES, boolean_value: value, is_censored: some && (is || value !== null) ? is : null });
  }
}
