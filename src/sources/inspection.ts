import type { Note } from "../store/manifest.js";
import type { MedsErrorCode } from "../support/errors.js";

/** A column of a source. */
export interface InspectedColumn {
  readonly name: string;
  /** Its type in the source; null where the source does not have types (CSV). */
  readonly type: string | null;
}

/** A table of OMOP CDM. */
export interface InspectedTable {
  /** Its name in lower case. */
  readonly name: string;
  readonly files: number;
  readonly rows: number;
  readonly columns: readonly InspectedColumn[];
}

/** All codes with the same text before their first `/`, and how many rows have them. */
export interface CodePrefix {
  readonly prefix: string;
  /** Rows with such a code. */
  readonly rows: number;
  /** How many of these rows have a time. */
  readonly timed: number;
  /**
   * How many of these rows have exactly midnight as their time: most likely dates of events whose hour is not
   * known.
   */
  readonly midnight: number;
}

/** What a folder or file is. */
export interface Inspection {
  readonly path: string;
  /**
   * `meds`: a dataset; `parquet`: a single Parquet file; `store`: a store of this package; `meds_reader`: a
   * database of that program; `omop`: OMOP CDM; `medalign`: a folder of MedAlign's XML files.
   */
  readonly format: "meds" | "parquet" | "store" | "meds_reader" | "omop" | "medalign";
  /** The version of the format, from the source or from its columns; null where neither shows it. */
  readonly version: string | null;
  /** Files that contain rows. */
  readonly files: number;
  /** Bytes of these files. */
  readonly bytes: number;
  /** Rows of events (for OMOP: of all tables); null where they could not be read. */
  readonly rows: number | null;
  /** Subjects; null where they could not be counted. */
  readonly subjects: number | null;
  /** Columns of the events; empty for OMOP, where each table has its own. */
  readonly columns: readonly InspectedColumn[];
  /** The tables of OMOP CDM, by name; empty for every other format. */
  readonly tables: readonly InspectedTable[];
  /**
   * What a conversion would drop, skip or change, and why; for a store, what its conversion did. Notes of
   * kind `dropped` come first, as in {@link Summary.notes}.
   */
  readonly notes: readonly Note[];
  /**
   * Why the source cannot be converted as it is: the message of the error that `convert` would throw; null if
   * it can be converted.
   */
  readonly problem: string | null;
  /** The code of that error. */
  readonly problemCode: MedsErrorCode | null;
  /**
   * Codes by prefix, the most frequent first; null where a problem prevents it. For OMOP tables these are the
   * codes that `convert` would make with the same options. There a date becomes the last second of its day,
   * which does not count as midnight.
   */
  readonly prefixes: readonly CodePrefix[] | null;
}
