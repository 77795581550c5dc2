// Finds the files of each table in an OMOP folder.
import { type Dirent, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, sep } from "node:path";
import { refuseTables } from "../../store/native.js";
import { fail } from "../../support/errors.js";
import { withIo } from "../../support/io.js";
import { EVENT_TABLES, OTHER_TABLES } from "./tables.js";

/** The files of one table, all CSV or all Parquet. */
export interface TableFiles {
  readonly table: string;
  readonly parquet: boolean;
  readonly paths: readonly string[];
  readonly bytes: number;
  /** The folder that contains all of them: the table's own folder, or the folder of all tables. */
  readonly folder: string;
}

/** The contents of a folder. */
export interface FoundTables {
  readonly tables: ReadonlyMap<string, TableFiles>;
  /** Names that do not belong to a table. */
  readonly others: readonly string[];
  /**
   * CSV and Parquet files that are not read because their names, or those of their folders, begin with `_` or
   * a dot.
   */
  readonly hidden: readonly string[];
}

/** How names of the files of tables end. */
export const FORM = /\.(csv|csv\.gz|parquet)$/i;
/**
 * What follows the table's name in one of several files: measurement_0, measurement000000000012,
 * measurement-part-00001-of-00004, measurement_0_1_0 (Snowflake).
 */
const PIECE = /^[-_.]?(?:part[-_.]?)?\d+(?:[-_.](?:of[-_.])?\d+)*$/;
const TABLES: readonly string[] = [...EVENT_TABLES, ...OTHER_TABLES];

interface Place {
  readonly table: string;
  readonly form: string;
  readonly piece: boolean;
}

/** The table that a file's or folder's name belongs to. */
function placeOf({ name, ...entry }: Pick<Dirent, "name"> & { readonly folder: boolean }): Place | undefined {
  const form = FORM.exec(name)?.[0].toLowerCase();
  if (form === undefined && !entry.folder) return undefined;
  const stem = name.slice(0, name.length - (form?.length ?? 0)).toLowerCase();
  if (entry.folder) return TABLES.includes(stem) ? { table: stem, form: `folder ${name}`, piece: true } : undefined;
  const table = TABLES.find((known) => stem === known || (stem.startsWith(known) && PIECE.test(stem.slice(known.length))));
  return table === undefined ? undefined : { table, form: form!, piece: stem !== table };
}

/** The tables of the CDM to which names in a folder belong. */
export function omopTables(entries: readonly Dirent[]): string[] {
  return [...new Set(entries.flatMap((entry) => placeOf({ name: entry.name, folder: isFolder(entry) })?.table ?? []))];
}

/**
 * Whether an entry is a folder, or a link to one. A broken or circular link is not: reading it fails later.
 */
function isFolder(entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  try {
    return statSync(join(entry.parentPath, entry.name)).isDirectory();
  } catch {
    return false;
  }
}

/**
 * Finds the tables of a folder.
 *
 * @throws MedsError `MEDS_SCHEMA_CONFLICT` for a table that is in the folder twice, in two formats or in two
 * spellings; `MEDS_NO_DATA` for a table's folder without .csv, .csv.gz or .parquet files; an error of the
 * system for a file that does not exist or is not a regular file.
 */
export function findTables(root: string): FoundTables {
  const files: string[] = [];
  const forms = new Map<string, Map<string, Pick<TableFiles, "folder" | "paths">>>();
  const others: string[] = [];
  const hidden: string[] = [];
  for (const entry of readdirSync(root, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(root, entry.name);
    const place = placeOf({ name: entry.name, folder: isFolder(entry) });
    if (place === undefined) {
      if (!isHidden(entry.name)) others.push(entry.name);
      else if (!isFolder(entry) && FORM.test(entry.name)) hidden.push(entry.name);
      continue;
    }
    const of = forms.get(place.table) ?? new Map<string, Pick<TableFiles, "folder" | "paths">>();
    forms.set(place.table, of);
    // Two whole files are two forms, even if their names differ only in case.
    const form = place.piece ? `${place.form} in pieces` : entry.name;
    if (isFolder(entry)) {
      const inside = within(path);
      of.set(form, { folder: path, paths: inside.files });
      others.push(...inside.strange.map((file) => relative(root, file)));
      hidden.push(...inside.hidden.map((file) => relative(root, file)));
    } else {
      files.push(path);
      of.set(form, { folder: root, paths: [...(of.get(form)?.paths ?? []), path] });
    }
  }
  refuseTables(root, files);
  const tables = new Map<string, TableFiles>();
  for (const [table, of] of forms) {
    const names = [...of.keys()];
    if (names.length > 1) {
      const message = `${root}: The folder contains the table ${table} more than once (${names.join("; ")}), so its rows would count twice. Keep one of them.`;
      fail("MEDS_SCHEMA_CONFLICT", message, root);
    }
    const { folder, paths } = of.get(names[0]!)!;
    if (paths.length === 0) continue;
    const parquet = paths.filter((path) => !isCsv(path));
    if (parquet.length > 0 && parquet.length < paths.length)
      fail(
        "MEDS_SCHEMA_CONFLICT",
        `${root}: Some files of the table ${table} are CSV and some are Parquet. Keep files of one format.`,
        root,
      );
    const twins = twinsOf(table, folder, paths);
    if (twins !== undefined) failTwins(root, table, ...twins);
    tables.set(table, { table, folder, paths, parquet: parquet.length > 0, bytes: paths.reduce((sum, path) => sum + sizeOf(path), 0) });
  }
  return { tables, others, hidden };
}

/** Fails for two files of a table that have, or may have, the same rows. */
export function failTwins(folder: string, table: string, one: string, other: string): never {
  const message = `${folder}: By their names or contents, ${relative(folder, one)} and ${relative(folder, other)} are the same file of the table ${table}, so its rows would count twice. Remove one of them.`;
  fail("MEDS_SCHEMA_CONFLICT", message, other);
}

/**
 * Two files that are the same by their names: in two formats, in a folder and in another folder above it, or
 * a whole table and one of its parts.
 */
function twinsOf(table: string, root: string, paths: readonly string[]): [string, string] | undefined {
  const stemOf = (path: string) => basename(path).replace(FORM, "").toLowerCase();
  // Folders come before their contents, whole tables before their parts.
  const rank = (path: string) => 2 * path.split(sep).length + (stemOf(path) === table ? 0 : 1);
  const seen = new Map<string, string>();
  for (const path of [...paths].sort((a, b) => rank(a) - rank(b))) {
    for (let folder = dirname(path); folder.length >= root.length; folder = dirname(folder)) {
      const twin = seen.get(join(folder, stemOf(path))) ?? seen.get(join(folder, table));
      if (twin !== undefined) return [twin, path];
    }
    seen.set(join(dirname(path), stemOf(path)), path);
  }
  return undefined;
}

/** The files below a folder, following links. A folder to which a link leads back is read once. */
function filesBelow(folder: string, above: readonly string[] = []): Dirent[] {
  const real = realpathSync(folder);
  if (above.includes(real)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    isFolder(entry) ? filesBelow(join(folder, entry.name), [...above, real]) : [entry],
  );
}

/** The files in a table's folder, at any depth: those of the table, others, and hidden ones. */
function within(folder: string): { readonly files: string[]; readonly strange: string[]; readonly hidden: string[] } {
  const found = { files: [] as string[], strange: [] as string[], hidden: [] as string[] };
  const entries = withIo(folder, () => filesBelow(folder));
  refuseTables(
    folder,
    entries.map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const passed = relative(folder, path).split(sep).some(isHidden);
    if (FORM.test(entry.name)) (passed ? found.hidden : found.files).push(path);
    else if (!passed) found.strange.push(path);
  }
  for (const paths of Object.values(found)) paths.sort();
  const [strange] = found.strange;
  if (found.files.length === 0 && strange !== undefined) {
    const such = basename(strange);
    fail(
      "MEDS_NO_DATA",
      `${folder}: This folder of a table has no file whose name ends in .csv, .csv.gz or .parquet. It contains ${such}. Rename the files of the table.`,
      folder,
    );
  }
  return found;
}

/**
 * Files that other programs leave with tables: .crc, _SUCCESS. Hidden folders (.ipynb_checkpoints,
 * _delta_log) contain copies of rows.
 */
const isHidden = (name: string) => /^[._]/.test(name);

function sizeOf(path: string): number {
  const about = withIo(path, () => statSync(path));
  // Reading a pipe, for example, would wait forever.
  if (!about.isFile()) fail("MEDS_IO", `${path}: This is neither a file nor a folder. Replace it with a file of the table.`, path);
  return about.size;
}

/** Whether it is a CSV file, compressed or not. */
export function isCsv(path: string): boolean {
  return extname(path).toLowerCase() !== ".parquet";
}

/** Fails as a cancelled import does. */
export function failCancelled(): never {
  fail("MEDS_CANCELLED", "The import of the tables was cancelled.");
}
