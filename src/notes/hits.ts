import type { Store } from "../store/store.js";
import { shownAs } from "../support/inspect.js";
import { NoteHit } from "./hit.js";

/** The arrays of a native search. */
interface Found {
  /** By match, the number of its patient or window. */
  readonly groups: Uint32Array;
  readonly rows: Uint32Array;
  readonly codeIds: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** By patient or window. */
  readonly subjects: BigInt64Array;
  readonly counts: Float64Array;
}

/**
 * The places where notes match: {@link Cohort.searchNotes} returns them, in the order of patients or windows, rows and
 * places. The arrays have one entry per match. Texts are read from the store when they are asked for.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const hits = await db.searchNotes("chest pain", { until: "2015-01-01", inclusive: false });
 * console.log(hits.matches, "matches of", hits.patientsFound, "patients");
 * console.log(hits.at(0)?.snippet);
 * db.close();
 * ```
 */
export class NoteHits implements Iterable<NoteHit> {
  /** Number of matches in the arrays. */
  readonly length: number;
  /** Numbers of notes that were searched, of notes that match, and of matches, those beyond `limit` included. */
  readonly notesSearched: number;
  readonly notesFound: number;
  readonly matches: number;
  /** Number of patients, or windows, with a match, also beyond `limit`. */
  readonly patientsFound: number;
  /** The number of the window, or the index of the patient in its cohort. */
  readonly groups: Uint32Array;
  /** Indexes of rows in the patient's whole timeline. */
  readonly rows: Uint32Array;
  readonly codeIds: Uint32Array;
  /** Where the match begins and ends in the text of its row, in units of UTF-16: `text.slice(start, end)`. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  private ids: BigInt64Array | undefined;

  /** @internal */
  constructor(
    private readonly store: Store,
    private readonly column: number,
    private readonly found: Found,
  ) {
    ({ groups: this.groups, rows: this.rows, codeIds: this.codeIds, starts: this.starts, ends: this.ends } = found);
    this.length = this.rows.length;
    [this.notesSearched, this.notesFound, this.matches, this.patientsFound] = found.counts as unknown as [number, number, number, number];
  }

  /** The subject of each match. */
  get subjectIds(): BigInt64Array {
    this.ids ??= BigInt64Array.from(this.groups, (group) => this.found.subjects[group]!);
    return this.ids;
  }

  /** A match; a negative index counts from the end. Undefined where there is none. */
  at(index: number): NoteHit | undefined {
    const i = index < 0 ? index + this.length : index;
    if (!(i in this.rows)) return undefined;
    const subjectId = this.found.subjects[this.groups[i]!]!;
    return new NoteHit(this.store, this.column, subjectId, this.rows[i]!, this.starts[i]!, this.ends[i]!);
  }

  *[Symbol.iterator](): IterableIterator<NoteHit> {
    for (let i = 0; i < this.length; i += 1) yield this.at(i)!;
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { length, notesSearched, notesFound, matches, patientsFound } = this;
    return shownAs("NoteHits", { length, notesSearched, notesFound, matches, patientsFound });
  }
}
