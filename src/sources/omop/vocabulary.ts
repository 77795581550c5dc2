// Added vocabularies: folders of Athena downloads, single files of concepts, databases. If several have a
// concept, the first one counts.
import { readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { kindOfFile, type WorkOptions } from "../../store/native.js";
import { fail } from "../../support/errors.js";
import { withIo } from "../../support/io.js";
import type { Duck } from "./duck.js";
import { FORM, findTables, type TableFiles } from "./files.js";
import { readings } from "./readings.js";
import { openTables, readingsOf, type TableSet } from "./source.js";
import type { Reading } from "./sql.js";
import { VOCABULARY_TABLES } from "./tables.js";

type VocabularyTable = (typeof VOCABULARY_TABLES)[number];

/** The tables of one vocabulary. */
export type Layer = { readonly [T in VocabularyTable]: readonly Reading[] } & { readonly bytes: number };

/** The vocabulary in a set of tables. */
export async function layerOf(duck: Duck, set: TableSet, signal: WorkOptions["signal"]): Promise<Layer> {
  const tables = VOCABULARY_TABLES.flatMap((table) => set.tables.get(table) ?? []);
  const read = (table: VocabularyTable) => readingsOf(duck, set, table, signal);
  // One after the other: if one fails, DuckDB's connection is closed, and no query may still run on it.
  return {
    concept: await read("concept"),
    concept_relationship: await read("concept_relationship"),
    concept_ancestor: await read("concept_ancestor"),
    bytes: tables.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Looks at a path of a vocabulary. A pipe or a device is refused: reading one may never end. */
function lookAt(path: string): Stats {
  const about = withIo(path, () => statSync(path));
  if (!about.isFile() && !about.isDirectory())
    fail("MEDS_NO_DATA", `${path}: This is not a file or a folder. Use a file or a folder with the tables of a vocabulary.`, path);
  return about;
}

/**
 * The vocabularies at a path: a folder, a DuckDB database, or a file.
 *
 * @throws MedsError `MEDS_NO_DATA` if there is no table of a vocabulary.
 */
export async function layersAt(duck: Duck, path: string, signal: WorkOptions["signal"]): Promise<Layer[]> {
  const about = lookAt(path);
  if (about.isFile() && FORM.test(path)) return [await fileLayer(duck, path, signal)];
  if (about.isFile() && kindOfFile(path) !== "duckdb")
    fail(
      "MEDS_NO_DATA",
      `${path}: This is not a vocabulary. Use the folder of an Athena download, its .zip, a .csv, .csv.gz or .parquet file of concepts, or a DuckDB database.`,
      path,
    );
  const set = await openTables(duck, path);
  const extra = about.isDirectory() ? extraFiles(path) : [];
  const layers = VOCABULARY_TABLES.some((table) => set.tables.has(table)) ? [await layerOf(duck, set, signal)] : [];
  for (const file of extra) layers.push(await fileLayer(duck, file, signal));
  if (layers.length > 0) return layers;
  const found = set.others.length === 0 ? "nothing" : set.others.slice(0, 5).join(", ");
  return fail(
    "MEDS_NO_DATA",
    `${path}: This contains no vocabulary (CONCEPT.csv, CONCEPT_RELATIONSHIP.csv or CONCEPT_ANCESTOR.csv, also as .csv.gz or .parquet). It contains ${found}. Use the folder of an Athena download, or a file of concepts.`,
    path,
  );
}

/** The files of the vocabularies at a path that is a folder or a file, as {@link layersAt} reads them. */
export function vocabularyFiles(path: string): TableFiles[] {
  if (!lookAt(path).isDirectory()) return [filesOf(path)];
  const { tables } = withIo(path, () => findTables(path));
  return [...VOCABULARY_TABLES.flatMap((table) => tables.get(table) ?? []), ...extraFiles(path).map(filesOf)];
}

/**
 * A file with a source's own concepts. The MIMIC-IV demo has 2b_concept.csv; "2b" means ids above two
 * billion.
 */
const EXTRA = /^\d\w*?[-_.](concept|concept_relationship|concept_ancestor)\.(csv|csv\.gz|parquet)$/i;

/** The files with further concepts in a folder. */
function extraFiles(folder: string): string[] {
  return withIo(folder, () => readdirSync(folder))
    .filter((name) => EXTRA.test(name))
    .sort()
    .map((name) => join(folder, name));
}

function filesOf(path: string): TableFiles {
  return { table: basename(path), folder: dirname(path), parquet: /\.parquet$/i.test(path), paths: [path], bytes: statSync(path).size };
}

/** A single file with any name: its columns show which table it is. */
async function fileLayer(duck: Duck, path: string, signal: WorkOptions["signal"]): Promise<Layer> {
  const files = filesOf(path);
  const of = await readings(duck, files, signal);
  const has = (...names: readonly string[]) => of.every((reading) => names.every((name) => reading.has(name)));
  const [concept, relationship, ancestor] = [
    has("concept_id", "concept_code", "vocabulary_id"),
    has("concept_id_1", "concept_id_2", "relationship_id"),
    has("ancestor_concept_id", "descendant_concept_id"),
  ];
  if (!concept && !relationship && !ancestor)
    fail(
      "MEDS_NO_DATA",
      `${path}: This is not a table of a vocabulary: it does not have the columns of concept (concept_id, vocabulary_id, concept_code), concept_relationship or concept_ancestor. Use one of these tables.`,
      path,
    );
  const when = (which: boolean) => (which ? of : []);
  return { concept: when(concept), concept_relationship: when(relationship), concept_ancestor: when(ancestor), bytes: files.bytes };
}
