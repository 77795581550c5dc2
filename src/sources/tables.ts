// The ways in which a source has OMOP tables: in a folder, in an archive of one, in a DuckDB database.
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { runJob, type WorkOptions } from "../store/native.js";
import { fail, MedsError } from "../support/errors.js";
import { withIo } from "../support/io.js";
import { folderKind, isArchive, isDuckDb, type Kind } from "./kind.js";
import { FORM, findTables, omopTables } from "./omop/files.js";
import type { OriginFiles } from "./omop/origin.js";
import { VOCABULARY_TABLES } from "./omop/tables.js";
import { vocabularyFiles } from "./omop/vocabulary.js";

/** Where the tables of a source are. */
export type Form = "folder" | "archive" | "database";

/** In which way a source has OMOP tables; undefined where it is of another kind. */
export async function formOf(source: string, kind: Kind, { signal }: WorkOptions): Promise<Form | undefined> {
  if (kind === "omop") return "folder";
  if (kind === "duckdb") return "database";
  return kind === "archive" && (await runJob<boolean>("holdsTables", { source }, { signal })) ? "archive" : undefined;
}

/** Bytes of the source. */
export function bytesOf(source: string, form: Form): number {
  if (form !== "folder") return withIo(source, () => statSync(source)).size;
  return [...withIo(source, () => findTables(source)).tables.values()].reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The files that decide what a store of the source contains. */
export function originFiles(source: string, form: Form): OriginFiles {
  if (form !== "folder") return fileAlone(source);
  const paths = [...withIo(source, () => findTables(source)).tables.values()].flatMap((table) => table.paths);
  return { root: source, files: named(source, paths) };
}

/** The files of a vocabulary beside the tables. */
export function vocabularyOriginFiles(path: string): OriginFiles {
  if (withIo(path, () => statSync(path)).isFile()) return fileAlone(path);
  const paths = vocabularyFiles(path).flatMap((table) => table.paths);
  // Its folder may be that of the tables.
  return { root: join(path, "vocabulary"), files: named(path, paths) };
}

/** A file, which may have any name; a database that was not closed has its last rows beside it. */
function fileAlone(path: string): OriginFiles {
  const log = `${path}.wal`;
  return { root: path, files: [["", path], ...(existsSync(log) ? [[".wal", log] as const] : [])] };
}

const named = (root: string, paths: readonly string[]) => [...paths].sort().map((path) => [relative(root, path), path] as const);

/**
 * Hands over a folder or a database with the tables, and the same of each vocabulary: archives are unpacked into `folder`. Where that was is gone when a message is read: `said` makes a
 * text name the archive instead, as errors do.
 */
export async function withTables<T>(
  source: string,
  form: Form,
  vocabulary: readonly string[],
  folder: string,
  work: WorkOptions,
  use: (root: string, vocabulary: readonly string[], said: (text: string) => string) => Promise<T>,
): Promise<T> {
  const unpacked = new Map<string, string>();
  const said = (text: string) => [...unpacked].reduce((all, [into, archive]) => all.replaceAll(into, () => archive), text);
  const unpack = async (archive: string, name: string) => {
    const into = join(folder, name);
    unpacked.set(into, archive);
    await runJob("unpack", { source: archive, into: makeFolder(into), tables: true }, work);
    return into;
  };
  try {
    const root = form === "archive" ? onlyRoot(source, await unpack(source, "tables")) : resolve(source);
    const vocabularies: string[] = [];
    for (const [i, path] of vocabulary.entries()) {
      const packed = withIo(path, () => statSync(path)).isFile() && !FORM.test(path) && isArchive(path);
      vocabularies.push(...(packed ? vocabulariesIn(await unpack(path, `vocabulary-${i}`)) : [resolve(path)]));
    }
    return await use(root, vocabularies, said);
  } catch (error) {
    if (!(error instanceof MedsError)) throw error;
    const path = error.path === undefined ? undefined : said(error.path);
    throw new MedsError(error.code, said(error.message), { path, cause: error.cause });
  }
}

function makeFolder(path: string): string {
  return withIo(path, () => mkdirSync(path, { recursive: true }) ?? path);
}

/** The only source of OMOP tables in an unpacked archive. */
function onlyRoot(archive: string, folder: string): string {
  const found = sourcesIn(folder);
  const whole = found.filter(({ kind, path }) => kind !== "omop" || hasPerson(path));
  const candidates = whole.length > 0 ? whole : found;
  const [one] = candidates;
  if (candidates.length === 1 && (one!.kind === "omop" || one!.kind === "duckdb")) return one!.path;
  const names = candidates.map(({ path }) => relative(folder, path) || ".").sort();
  const what =
    names.length === 0
      ? "it does not contain a folder of OMOP tables, nor a DuckDB database"
      : `it contains ${names.length} datasets (${names.slice(0, 5).join(", ")})`;
  return fail("MEDS_NO_DATA", `${archive}: ${what}. Unpack it, and use the folder.`, archive);
}

interface Found {
  readonly path: string;
  readonly kind: Kind;
}

/** The sources in a folder; what is in one is part of it. */
function sourcesIn(folder: string): Found[] {
  const entries = withIo(folder, () => readdirSync(folder, { withFileTypes: true }));
  const kind = folderKind(folder, entries);
  if (kind !== undefined && !(kind === "meds" && hasTables(join(folder, "data")))) return [{ path: folder, kind }];
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourcesIn(path);
    return entry.isFile() && isDuckDb(path) ? [{ path, kind: "duckdb" as const }] : [];
  });
}

/** Tables may be in a folder that is called "data". */
function hasTables(path: string): boolean {
  return withIo(path, () => statSync(path).isDirectory() && folderKind(path, readdirSync(path, { withFileTypes: true })) === "omop");
}

const hasPerson = (folder: string) => omopTables(readdirSync(folder, { withFileTypes: true })).includes("person");

/** The folders of an unpacked archive that have tables of a vocabulary; all of it where none has, for the message. */
function vocabulariesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const folders = new Set(entries.map(({ parentPath }) => parentPath));
  const having = [...folders].filter((path) => {
    const tables = omopTables(readdirSync(path, { withFileTypes: true }));
    return VOCABULARY_TABLES.some((table) => tables.includes(table));
  });
  return having.length > 0 ? having.sort() : [folder];
}
