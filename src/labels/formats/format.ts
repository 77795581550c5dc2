// What a format of labels is. To add one: a file beside this one, and a line in formats.ts.
import type { CsvTable } from "../../tables/csv.js";
import { failNull } from "../../tables/parquet.js";
import type { LabelTable } from "../table/table.js";

/** Options of `Labels.open` that only some formats take. */
export interface FormatOptions {
  /** The column that contains the task. */
  readonly column: string | undefined;
  /** The prediction is made this many microseconds before the time in the file. */
  readonly shift: bigint | undefined;
}

/** A file of labels. */
export interface LabelFile {
  readonly path: string;
  /** Its cells where it is CSV or TSV; null where it is Parquet. */
  readonly csv: CsvTable | null;
  /** Names of the folders between the task and the file. */
  readonly folders: readonly string[];
}

/** Labels of a file that have no subject or time, and why. */
export interface LabelsLeftOut {
  /** INSPECT: labels of studies that the table of studies does not have. */
  readonly withoutStudy: number;
  /** INSPECT: labels of studies without a time. */
  readonly withoutTime: number;
}

/** The labels of a file. */
export interface FoundLabels {
  readonly table: LabelTable;
  /** The column that contains the task, where it names the task. */
  readonly column?: string;
  /** Labels of the file that are not in the table. */
  readonly leftOut?: LabelsLeftOut;
}

/** A format of label files. */
export interface LabelFormat {
  /** Its files, and the columns by which they are recognized: part of a message. */
  readonly about: string;
  /** The name of its files, where they all have one. A folder with such a file is a task. */
  readonly fileName?: string;
  /** The names of its files, where each column is a task. Each is a task of the folder that contains the file. */
  readonly tables?: RegExp;
  /** The columns that are tasks. */
  tasks?(table: CsvTable): string[];
  /** The options that it takes. */
  readonly options: readonly (keyof FormatOptions)[];
  /** Does a file have this format? */
  matches(file: LabelFile): boolean;
  read(file: LabelFile, options: FormatOptions): Promise<FoundLabels>;
}

/** What to do about a label without a subject or time. */
export const REMEDY = "Each label must have a subject and a prediction time. Remove such rows.";

/** Subject and time of a row of CSV, which each label must have. */
export function subjectAndTime(table: CsvTable, row: number, id: string, time: string): [bigint, bigint] {
  const subject = table.integer(row, id) ?? failNull(table.path, row, id, REMEDY);
  return [subject, table.time(row, time) ?? failNull(table.path, row, time, REMEDY)];
}
