// What callers may say of OMOP tables, in one place for every call that reads them.

import { failGiven, flagOf, pathOf } from "../../support/arguments.js";
import { fail } from "../../support/errors.js";

/** How the rows of OMOP tables get their codes. For OMOP tables only. */
export interface OmopOptions {
  /**
   * Where the vocabulary is, where the tables do not have it, or not all of it: the folder of an Athena download (CONCEPT.csv, CONCEPT_RELATIONSHIP.csv, CONCEPT_ANCESTOR.csv), its
   * `.zip`, a single file of concepts such as `2b_concept.csv`, or a DuckDB database; CSV or Parquet. Of a concept that several have, the table `concept` of the tables counts first, then
   * the vocabularies in order; a note counts concepts that differ. Default: none.
   */
  readonly vocabulary?: string | readonly string[] | undefined;
  /**
   * Rows whose concept is 0 or not in the vocabulary become events with the code `UNMAPPED/<table>/<source value>`, where `<table>` is
   * what their column "table" says. Default: false, they are dropped and counted in the notes.
   */
  readonly keepUnmapped?: boolean | undefined;
  /**
   * Codes are concept ids, `OMOP/320128` (of the source concept where that is not 0, else of the standard concept), so that no vocabulary is needed; so are units and values that are
   * concepts. The column `source_value` (text, null where the source has none) keeps what the source calls the code. Rows of concept 0 need `keepUnmapped` too. Default: false.
   */
  readonly conceptIds?: boolean | undefined;
  /**
   * Tables in CSV only: leave out rows whose number of fields is not that of the header, and count them in the notes. Default: false, they are refused with
   * `MEDS_SOURCE_DAMAGED`.
   */
  readonly skipBadRows?: boolean | undefined;
}

/** The same, checked and complete. */
export interface GivenOmop {
  readonly vocabulary: readonly string[];
  readonly keepUnmapped: boolean;
  readonly conceptIds: boolean;
  readonly skipBadRows: boolean;
}

/** Checks what is asked for. */
export function omopOptions({ vocabulary = [], keepUnmapped, conceptIds, skipBadRows }: OmopOptions): GivenOmop {
  const paths: unknown = typeof vocabulary === "string" ? [vocabulary] : vocabulary;
  if (!Array.isArray(paths)) failGiven("vocabulary", paths, "a path, or an array of paths");
  return {
    vocabulary: paths.map((path: string) => pathOf("vocabulary", path)),
    keepUnmapped: flagOf("keepUnmapped", keepUnmapped, false),
    conceptIds: flagOf("conceptIds", conceptIds, false),
    skipBadRows: flagOf("skipBadRows", skipBadRows, false),
  };
}

/** Throws where an option for OMOP tables is given for another source. */
export function refuseOmop({ vocabulary, ...flags }: GivenOmop): void {
  const given = Object.entries({ ...flags, vocabulary: vocabulary.length > 0 }).find(([, value]) => value);
  if (given !== undefined)
    fail("MEDS_INVALID_ARGUMENT", `${given[0]} is for OMOP tables, and the source is of another kind. Leave it out.`);
}
