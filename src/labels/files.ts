// Where labels are: which tasks a folder contains, and which files a task has.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative } from "node:path";
import { refuseTables } from "../store/native.js";
import { conflict } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { withIo } from "../support/io.js";
import { CsvTable } from "../tables/csv.js";
import type { FormatOptions, LabelFile, LabelFormat, LabelsLeftOut } from "./formats/format.js";
import { FORMATS } from "./formats/formats.js";
import { concatenated } from "./table/rows.js";
import type { LabelTable } from "./table/table.js";

/** Names of files that make a folder a task. */
const FILE_NAMES = FORMATS.flatMap(({ fileName }) => fileName ?? []);

/** Names of tables in which each column is a task. */
const TABLES = FORMATS.flatMap(({ tables }) => tables ?? []);

/** Names that mark a folder as a part of a task and not a task of its own. */
const SHARD = /^(train|tuning|held_out|val|valid|validation|dev|test|\d+)$/;

/** The labels of a task, and its name. */
interface ReadLabels {
  readonly name: string;
  readonly table: LabelTable;
  readonly leftOut: LabelsLeftOut;
}

/** Reads a task: of a file, a folder, or a column of a table as {@link tasksBelow} names it (`TABLE.tsv/COLUMN`). */
export async function readLabelFiles(path: string, options: FormatOptions): Promise<ReadLabels> {
  const parent = dirname(path);
  if (options.column === undefined && isCsv(parent) && !existsSync(path) && existsSync(parent))
    return readLabelFiles(parent, { ...options, column: basename(path) });
  const files = filesOf(path);
  const twins = new Twins();
  const tables: LabelTable[] = [];
  let column: string | undefined;
  const leftOut = { withoutStudy: 0, withoutTime: 0 };
  for (const file of files) {
    const folders = relative(path, file).split(/[\\/]/).slice(0, -1);
    const opened = { path: file, csv: isCsv(file) ? await CsvTable.open(file) : null, folders };
    const format = formatOf(opened);
    refuseOptions(file, format, options);
    const found = await format.read(opened, options);
    column = found.column;
    tables.push(found.table);
    leftOut.withoutStudy += found.leftOut?.withoutStudy ?? 0;
    leftOut.withoutTime += found.leftOut?.withoutTime ?? 0;
    if (found.table.subjectIds.length > 0) twins.add(file);
  }
  const first = basename(files[0]!);
  // A file that has the same name for every task does not name it: its folder does.
  const named = FILE_NAMES.includes(first) && files[0] === path ? basename(join(path, "..")) : basename(path);
  return { name: column ?? named.replace(/\.(parquet|csv|tsv)$/i, ""), table: concatenated(tables), leftOut };
}

/**
 * The tasks below a folder as paths relative to it, in order: each folder that contains labels at once or in
 * shards (`train`, `0`), each file of labels in the folder itself, and each task of a table (`TABLE.tsv/COLUMN`).
 */
export async function tasksBelow(root: string): Promise<string[]> {
  const found: string[] = [];
  const tables: string[] = [];
  const visit = (folder: string): void => {
    const entries = withIo(folder, () => readdirSync(folder, { withFileTypes: true })).filter(({ name }) => !/^[._]/.test(name));
    const labels = entries.filter((entry) => !entry.isDirectory() && (isParquet(entry.name) || FILE_NAMES.includes(entry.name)));
    const shards = entries.filter((entry) => entry.isDirectory() && SHARD.test(entry.name) && hasParquet(join(folder, entry.name)));
    const name = relative(root, folder).replaceAll("\\", "/");
    if (shards.length > 0 || (labels.length > 0 && folder !== root)) {
      // Deeper files belong to this task too: opening it reads all of them.
      found.push(name || ".");
      return;
    }
    found.push(...labels.map((entry) => entry.name));
    tables.push(
      ...entries
        .filter((entry) => entry.isFile() && TABLES.some((names) => names.test(entry.name)))
        .map((entry) => join(folder, entry.name)),
    );
    for (const entry of entries) if (entry.isDirectory()) visit(join(folder, entry.name));
  };
  visit(root);
  for (const path of tables)
    found.push(...(await tasksOfTable(path)).map((task) => `${relative(root, path).replaceAll("\\", "/")}/${task}`));
  return found.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** The columns of a table that are tasks; none if it is a table of something else. */
async function tasksOfTable(path: string): Promise<string[]> {
  const csv = await CsvTable.open(path);
  return FORMATS.find((format) => format.matches({ path, csv, folders: [] }))?.tasks?.(csv) ?? [];
}

const isParquet = (name: string) => extname(name) === ".parquet";
const isCsv = (name: string) => /^\.[ct]sv$/i.test(extname(name));
const hasParquet = (folder: string) => parquetBelow(folder).length > 0;

/** All files below a folder, hidden ones too. */
const filesBelow = (path: string) =>
  withIo(path, () => readdirSync(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));

/** The Parquet files among those below a folder; names that begin with a dot or `_` are not data. */
function parquetBelow(path: string, files: readonly string[] = filesBelow(path)): string[] {
  const isHidden = (file: string) =>
    relative(path, file)
      .split(/[\\/]/)
      .some((part) => /^[._]/.test(part));
  return files.filter((file) => isParquet(file) && !isHidden(file));
}

/**
 * A file; or a folder's Parquet files in order of their paths' bytes; or the file in it that makes it a task.
 */
function filesOf(path: string): string[] {
  if (!existsSync(path)) fail("MEDS_NOT_FOUND", `${path}: there is no such file or folder of labels. Check the path.`, path);
  if (!withIo(path, () => statSync(path)).isDirectory()) return [path];
  const all = filesBelow(path);
  refuseTables(path, all);
  const files = parquetBelow(path, all);
  const named = FILE_NAMES.map((name) => join(path, name)).find((file) => existsSync(file));
  if (files.length === 0 && named !== undefined) return [named];
  if (files.length === 0)
    fail(
      "MEDS_NO_DATA",
      `${path}: there is no .parquet file in this folder or below it. Use the folder of a task, or one of its files.`,
      path,
    );
  return files.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function formatOf(file: LabelFile): LabelFormat {
  const found = FORMATS.find((format) => format.matches(file));
  if (found !== undefined) return found;
  const { path, csv } = file;
  const known = FORMATS.map(({ about }) => about).join("; ");
  const has = csv!.header.map((name) => JSON.stringify(name)).join(", ");
  fail(
    "MEDS_MISSING_COLUMN",
    `${path}: the columns of this file are not those of a known format of labels. ${known}. ${`The columns of this file are ${has || "none"}`}. Rename them to those of one of these formats.`,
    path,
  );
}

/** Throws for options that the format does not take: they would change nothing. */
function refuseOptions(file: string, format: LabelFormat, options: FormatOptions): void {
  for (const name of ["column", "shift"] as const)
    if (options[name] !== undefined && !format.options.includes(name))
      conflict(`\`${name}\` is an option for INSPECT's tables (CSV, TSV) only, and ${file} is not one. Remove the option.`);
}

/** The files of labels that were read: the same labels in two files would count twice. */
class Twins {
  private readonly bySize = new Map<number, string[]>();

  /**
   * Throws where a file that has labels has the same bytes as one before it. Only files of one size are read
   * for it.
   */
  add(file: string): void {
    const { size } = withIo(file, () => statSync(file));
    const others = this.bySize.get(size) ?? [];
    const bytes = others.length === 0 ? undefined : withIo(file, () => readFileSync(file));
    const twin = bytes && others.find((other) => withIo(other, () => readFileSync(other)).equals(bytes));
    if (twin !== undefined)
      fail(
        "MEDS_DUPLICATE_FILE",
        `${file}: this file contains the same labels as ${twin}, which would count twice. Remove one of these files.`,
        file,
      );
    this.bySize.set(size, [...others, file]);
  }
}
