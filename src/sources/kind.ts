// What a source is, told from the names in its folder, or a file's first bytes: the one place that knows how formats look from outside.
import { closeSync, type Dirent, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { refuseTables } from "../store/native.js";
import { fail } from "../support/errors.js";
import { withIo } from "../support/io.js";
import { isFolder, omopTables } from "./omop/files.js";

/** Of files `parquet` and `archive`, which the native side opens or refuses, and `duckdb`; of folders the others. */
export type Kind = "parquet" | "archive" | "duckdb" | FolderKind;
type FolderKind = "store" | "meds" | "meds_reader" | "omop";

/** What a source may be, for messages. */
const LOOKED_FOR =
  'MEDS (a folder "data" with Parquet files), OMOP CDM (tables such as person.csv, .csv.gz or .parquet), a DuckDB database of these, a meds_reader database (meds_reader.version)';

/**
 * Looks at a source.
 *
 * @throws MedsError `MEDS_NOT_FOUND`; in one sentence `MEDS_NO_DATA` for what is none of them, `MEDS_SCHEMA_CONFLICT` for a folder that is two; what the
 * system says.
 */
export function kindOf(source: string): Kind {
  const about = withIo(source, () => statSync(source, { throwIfNoEntry: false })) ?? failAbsent(source);
  if (!about.isDirectory()) return fileKind(source, about);
  const entries = withIo(source, () => readdirSync(source, { withFileTypes: true }));
  const kind = folderKind(source, entries);
  if (kind !== undefined && !(kind === "meds" && isInput(source))) return kind;
  refuseTables(source);
  const names = entries.map(({ name }) => name).sort();
  const found = names.length === 0 ? "an empty folder" : listed(names);
  return fail("MEDS_NO_DATA", `${source}: looked for ${LOOKED_FOR}; found ${found}${nearby(source)}.`, source);
}

function failAbsent(source: string): never {
  const link = lstatSync(source, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(source) : undefined;
  const what =
    link === undefined
      ? "there is no such file or folder. Check the path"
      : `this link leads to ${link}, which does not exist. Fix the link`;
  fail("MEDS_NOT_FOUND", `${source}: ${what}.`, source);
}

/** What a folder is, by the names in it; undefined where it is none of what can be read. */
export function folderKind(source: string, entries: readonly Dirent[]): FolderKind | undefined {
  const names = new Set(entries.map(({ name }) => name));
  if (names.has("manifest.json") && names.has("patients.arrow")) return "store";
  // Its first versions had no file of that name, and are refused as such. It comes before MEDS: a column of it may be called "data".
  const first = ["properties", "length", "patient_id"];
  if (names.has("meds_reader.version") || names.has("meds_reader.properties") || first.every((name) => names.has(name)))
    return "meds_reader";
  const tables = omopTables(entries);
  if (names.has("data") && tables.includes("person") && tables.length > 1)
    fail(
      "MEDS_SCHEMA_CONFLICT",
      `${source}: it is MEDS (the folder data) and OMOP CDM (${tables.length} tables) at once. Leave one of them.`,
      source,
    );
  if (names.has("data")) return "meds";
  // One table alone may be anything: a folder of notes has a note.csv.
  return tables.includes("person") || tables.length > 1 ? "omop" : undefined;
}

/** A folder "data" that is not MEDS: an ETL's input, whose output is beside it. */
function isInput(source: string): boolean {
  const data = join(source, "data");
  try {
    return !holdsParquet(data, Number.POSITIVE_INFINITY) && sourcesBelow(source).length > 0;
  } catch {
    return false; // The native side says what is wrong with it.
  }
}

const SHOWN = 5;

function listed(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Most folders that are looked into for what may have been meant, and how deep. */
const LOOKED_INTO = 200;
const DEPTH = 2;

/** Where what was meant may be: a folder too high, as the output folder of an ETL beside its input and its stages, or too deep. */
function nearby(source: string): string {
  const below = sourcesBelow(source);
  if (below.length === 1) return `; its folder ${below[0]} is a dataset: use ${join(source, below[0]!)}`;
  if (below.length > 1) return `; these of its folders are datasets, use one of them: ${listed(below)}`;
  const path = resolve(source);
  for (let above = dirname(path); above !== dirname(above); above = dirname(above))
    if (sourceAt(above) === true) return `; it lies in ${above}: give that folder`;
  return "";
}

/** Sources below a folder, the nearest first. Where some have metadata, the others are stages of their making. */
function sourcesBelow(root: string): readonly string[] {
  const found: { readonly name: string; readonly whole: boolean }[] = [];
  let [level, looked]: [readonly string[], number] = [[""], 0];
  for (let depth = 0; depth < DEPTH && !found.some((one) => one.whole); depth += 1) {
    const next: string[] = [];
    for (const name of level.flatMap((above) => foldersIn(join(root, above)).map((name) => join(above, name)))) {
      if (looked++ === LOOKED_INTO) break;
      const whole = sourceAt(join(root, name));
      if (whole === undefined) next.push(name);
      else found.push({ name, whole });
    }
    level = next;
  }
  const whole = found.filter((one) => one.whole);
  return (whole.length > 0 ? whole : found).map(({ name }) => name);
}

/** Whether a folder is a source, and then whether it has all that such a one has; undefined for what is none, or cannot be looked into. */
function sourceAt(folder: string): boolean | undefined {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    const kind = folderKind(folder, entries);
    if (kind !== "meds") return kind === undefined ? undefined : true;
    if (entries.some(({ name }) => name === "metadata")) return true;
    // Many a folder has one that is called "data".
    return holdsParquet(join(folder, "data"), DEPTH) ? false : undefined;
  } catch {
    return undefined;
  }
}

/** The folders in a folder that are not hidden, in order. */
function foldersIn(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.flatMap((entry) => (!/^[._]/.test(entry.name) && isFolder(entry) ? [entry.name] : [])).sort();
  } catch {
    return []; // What cannot be looked into is no help.
  }
}

/** Whether a folder, or one that is at most so deep in it, has a Parquet file. */
function holdsParquet(folder: string, depth: number): boolean {
  const entries = readdirSync(folder, { withFileTypes: true });
  if (entries.some(({ name }) => name.endsWith(".parquet"))) return true;
  return depth > 0 && foldersIn(folder).some((name) => holdsParquet(join(folder, name), depth - 1));
}

/** What a file's name promises: one that has lost its first bytes is damaged, not another file; and tars were older than the word by which they are told. */
const BY_NAME = /\.(?:(parquet)|zip|tar|tar\.gz|tgz)$/i;
const HEAD = 512;

function fileKind(source: string, about: Stats): Kind {
  const failFile = (found: string): never => {
    refuseTables(source);
    return fail(
      "MEDS_NO_DATA",
      `${source}: looked for ${LOOKED_FOR}, a Parquet file, or an archive (.zip, .tar.gz, .tar) of a dataset or database; found ${found}.`,
      source,
    );
  };
  // To open a pipe would be to wait for whoever writes into it.
  if (!about.isFile()) return failFile(about.isFIFO() ? "a pipe" : about.isSocket() ? "a socket" : "a device");
  const head = headOf(source);
  const magic = head.toString("latin1", 0, 4);
  // An encrypted file begins with PARE, and is refused as what it is.
  if (magic === "PAR1" || magic === "PARE") return "parquet";
  if (isDuckDbHead(head)) return "duckdb";
  if (isArchiveHead(head)) return "archive";
  const named = BY_NAME.exec(source);
  if (named !== null) return named[1] === undefined ? "archive" : "parquet";
  const names = columnNames(head);
  if (names !== undefined) return failFile(`a text file with the columns ${listed(names)}. Write a MEDS table as Parquet first`);
  return failFile(head.length === 0 ? "an empty file" : "a file that is none of these");
}

function isArchiveHead(head: Buffer): boolean {
  const magic = head.toString("latin1", 0, 4);
  return magic === "PK\x03\x04" || magic === "PK\x05\x06" || magic.startsWith("\x1f\x8b") || head.toString("latin1", 257, 262) === "ustar";
}

/** Is a file a `.zip`, `.tar.gz` or `.tar`, whatever it is called. */
export function isArchive(path: string): boolean {
  return isArchiveHead(headOf(path));
}

const isDuckDbHead = (head: Buffer) => head.toString("latin1", 8, 12) === "DUCK";

/** Is a file a database of DuckDB's own. */
export function isDuckDb(path: string): boolean {
  return isDuckDbHead(headOf(path));
}

function headOf(source: string): Buffer {
  const head = Buffer.alloc(HEAD);
  const file = withIo(source, () => openSync(source, "r"));
  try {
    return head.subarray(
      0,
      withIo(source, () => readSync(file, head)),
    );
  } finally {
    closeSync(file);
  }
}

/** The first line, where it can only be names of columns; other lines may be data, and are not for messages. */
function columnNames(head: Buffer): readonly string[] | undefined {
  const line = /^\ufeff?(.*?)\r?\n/.exec(head.toString("utf8"))?.[1] ?? "";
  const names = line.split(/[,;\t]/).map((name) => name.trim().replace(/^"(.*)"$/, "$1"));
  return names.length > 1 && names.every((name) => /^[a-z_]\w*$/i.test(name)) ? names : undefined;
}
