import type { Members } from "../cohort/members.js";
import { optionsOf, wholeOf } from "../support/arguments.js";
import { NoteHits } from "./hits.js";
import { type NoteQuery, patternOf } from "./pattern.js";
import { NOTES, type NoteOptions, notePlanOf } from "./rows.js";

/** Options of {@link Cohort.searchNotes}. */
export interface NoteSearchOptions extends NoteOptions {
  /** The largest number of matches that are returned: the first ones. All are counted. Default: all. */
  readonly limit?: number | undefined;
}

const OPTIONS = Object.keys({ ...NOTES, limit: true } satisfies Record<keyof NoteSearchOptions, true>);

/** The places where notes match. */
export async function searchNotes(members: Members, query: NoteQuery, options: NoteSearchOptions | undefined): Promise<NoteHits> {
  const { limit, ...rest } = optionsOf(options) ?? {};
  const most = limit === undefined ? undefined : wholeOf("limit", limit, 0);
  const pattern = patternOf(query);
  const { store, question, notes, column } = notePlanOf(members, "searchNotes", rest, OPTIONS);
  type Found = [Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, BigInt64Array, Float64Array];
  const details = { notes, pattern, ...(most === undefined ? {} : { most }) };
  const [groups, rows, codeIds, starts, ends, subjects, counts] = await store.ask<Found>("searchNotes", question, rest.signal, details);
  return new NoteHits(store, column, { groups, rows, codeIds, starts, ends, subjects, counts });
}
