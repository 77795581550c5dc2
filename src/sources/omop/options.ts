// The options for OMOP tables, for every function that reads them.
import { conflict, expected, flagOf, pathOf } from "../../support/arguments.js";

/** How OMOP tables are read, and how their rows get codes. Only for OMOP tables. */
export interface OmopOptions {
  /**
   * Vocabularies to read besides the source's own, which may be missing or incomplete. Each path is the
   * folder of an Athena download (CONCEPT.csv, CONCEPT_RELATIONSHIP.csv, CONCEPT_ANCESTOR.csv), its `.zip`, a
   * single file of concepts such as `2b_concept.csv`, or a DuckDB database. Files are CSV or Parquet. If
   * several contain a concept, the source's own table `concept` counts, then the first path. A note counts
   * the concepts that differ. Default: none.
   */
  readonly vocabulary?: string | readonly string[] | undefined;
  /**
   * Rows whose concept is 0 or not in the vocabulary become events with the code `UNMAPPED/<table>/<source
   * value>`, where `<table>` is the value of their column "table". Default: false, these rows are dropped and
   * the notes count them.
   */
  readonly keepUnmapped?: boolean | undefined;
  /**
   * Codes are concept ids such as `OMOP/320128`, of the source concept if that is not 0, otherwise of the
   * standard concept. So no vocabulary is needed. Units and values that are concepts are written in the same
   * way. The column `source_value` (text, null if the source has none) contains the source's own name of the
   * code. To keep rows with concept 0, set `keepUnmapped` as well. Default: false.
   */
  readonly conceptIds?: boolean | undefined;
  /**
   * For CSV only: leave out rows with more or fewer fields than the header, and count them in the notes.
   * Default: false, such a row is an error (`MEDS_SOURCE_DAMAGED`).
   */
  readonly skipBadRows?: boolean | undefined;
}

/** The checked options, with defaults. */
export interface GivenOmop {
  readonly vocabulary: readonly string[];
  readonly keepUnmapped: boolean;
  readonly conceptIds: boolean;
  readonly skipBadRows: boolean;
}

/** Checks the options and adds defaults. */
export function omopOptions({ vocabulary = [], keepUnmapped, conceptIds, skipBadRows }: OmopOptions): GivenOmop {
  const paths: unknown = typeof vocabulary === "string" ? [vocabulary] : vocabulary;
  if (!Array.isArray(paths)) expected("vocabulary", paths, "a path or an array of paths");
  return {
    vocabulary: paths.map((path: string) => pathOf("vocabulary", path)),
    keepUnmapped: flagOf("keepUnmapped", keepUnmapped, false),
    conceptIds: flagOf("conceptIds", conceptIds, false),
    skipBadRows: flagOf("skipBadRows", skipBadRows, false),
  };
}

/** Fails if an option for OMOP tables is set for another source. */
export function refuseOmop({ vocabulary, ...flags }: GivenOmop): void {
  const given = Object.entries({ ...flags, vocabulary: vocabulary.length > 0 }).find(([, value]) => value);
  if (given !== undefined) conflict(`\`${given[0]}\` is only for OMOP tables, but the source is of another kind. Remove the option.`);
}
