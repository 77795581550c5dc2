// Archives of OMOP tables and of vocabularies are unpacked into a temporary folder.
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { kindOfFile, runJob, sourcesIn, type WorkOptions } from "../../store/native.js";
import { fail, MedsError } from "../../support/errors.js";
import { withIo } from "../../support/io.js";
import { FORM, omopTables } from "./files.js";
import { VOCABULARY_TABLES } from "./tables.js";

/**
 * Calls `use` with the folder or database that contains the tables, and with that of each vocabulary.
 * Archives are unpacked into `folder`, which does not exist any more when a message is read. So `renamed`
 * puts the archive's path into a text, as errors do.
 */
export async function withTables<T>(
  source: string,
  form: "folder" | "archive" | "database",
  vocabulary: readonly string[],
  folder: string,
  work: WorkOptions,
  use: (root: string, vocabulary: readonly string[], renamed: (text: string) => string) => Promise<T>,
): Promise<T> {
  const unpacked = new Map<string, string>();
  const renamed = (text: string) => [...unpacked].reduce((all, [into, archive]) => all.replaceAll(into, () => archive), text);
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
      const isPacked = withIo(path, () => statSync(path)).isFile() && !FORM.test(path) && kindOfFile(path) === "archive";
      vocabularies.push(...(isPacked ? vocabulariesIn(await unpack(path, `vocabulary-${i}`)) : [resolve(path)]));
    }
    return await use(root, vocabularies, renamed);
  } catch (error) {
    if (!(error instanceof MedsError)) throw error;
    const path = error.path === undefined ? undefined : renamed(error.path);
    throw new MedsError(error.code, renamed(error.message), { path, cause: error.cause });
  }
}

function makeFolder(path: string): string {
  return withIo(path, () => mkdirSync(path, { recursive: true }) ?? path);
}

/** The only source of OMOP tables in an unpacked archive. */
function onlyRoot(archive: string, folder: string): string {
  const found = sourcesIn(folder);
  // A folder of tables without the table person may be a part of another source.
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

const hasPerson = (folder: string) => omopTables(readdirSync(folder, { withFileTypes: true })).includes("person");

/**
 * The folders of an unpacked archive that contain tables of a vocabulary; the whole folder where none does,
 * for the message.
 */
function vocabulariesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const folders = new Set(entries.map(({ parentPath }) => parentPath));
  const having = [...folders].filter((path) => {
    const tables = omopTables(readdirSync(path, { withFileTypes: true }));
    return VOCABULARY_TABLES.some((table) => tables.includes(table));
  });
  return having.length > 0 ? having.sort() : [folder];
}
