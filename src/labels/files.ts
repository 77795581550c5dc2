// Where labels are: which files a task has.
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { refuseTables } from "../store/native.js";
import { conflict } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { withIo } from "../support/io.js";
import { CsvTable } from "../tables/csv.js";
import { isCsv } from "../tables/csv-columns.js";
import type { FormatOptions, LabelFile, LabelFormat, LabelsLeftOut } from "./formats/format.js";
import { FORMATS } from "./formats/formats.js";
import { concatenated } from "./table/rows.js";
import type { LabelTable } from "./table/table.js";
import { FILE_NAMES, filesBelow, nameAt, onlyTask, parquetBelow } from "./task-folder.js";

/** The labels of a task, and its name. */
interface ReadLabels {
  readonly name: string;
  readonly table: LabelTable;
  readonly leftOut: LabelsLeftOut;
}

/** Reads a task: of a file, a folder, or a column of a table as `Labels.tasks` names it (`TABLE.tsv/COLUMN`). */
export async function readLabelFiles(path: string, options: FormatOptions): Promise<ReadLabels> {
  const parent = dirname(path);
  if (options.column === undefined && isCsv(parent) && !existsSync(path) && existsSync(parent))
    return readLabelFiles(parent, { ...options, column: basename(path) });
  const files = isFolder(path) ? filesIn(path) : [path];
  if (files[0] !== path) {
    const only = await onlyTask(path);
    if (only !== undefined && only !== ".") return readLabelFiles(join(path, only), options);
    if (files.length === 0) failNone(path);
  }
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
  return { name: column ?? nameAt(path), table: concatenated(tables), leftOut };
}

function isFolder(path: string): boolean {
  if (!existsSync(path)) fail("MEDS_NOT_FOUND", `${path}: there is no such file or folder of labels. Check the path.`, path);
  return withIo(path, () => statSync(path)).isDirectory();
}

/** A folder's Parquet files in order of their paths' bytes, or the file in it that makes it a task. */
function filesIn(path: string): string[] {
  const all = filesBelow(path);
  refuseTables(path, all);
  const files = parquetBelow(path, all);
  if (files.length > 0) return files.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return FILE_NAMES.map((name) => join(path, name)).filter((file) => existsSync(file));
}

function failNone(path: string): never {
  const names = FILE_NAMES.map((name) => ` and no ${name}`).join("");
  fail(
    "MEDS_NO_DATA",
    `${path}: there is no .parquet file${names} in this folder or below it. Use the folder of a task, or one of its files.`,
    path,
  );
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
