import type { Members } from "../cohort/members.js";
import { NOTES, type NoteOptions, notePlanOf } from "./rows.js";

/** The notes of one type (code): {@link Cohort.notes} returns these. */
export interface NoteType {
  readonly code: string;
  /** The description of the code in codes.parquet, otherwise the code. */
  readonly name: string;
  /** Number of notes. A note counts once for every window that contains it. */
  readonly notes: number;
  /** Number of patients, or windows, with such a note. */
  readonly patients: number;
  /** Length of all their texts together, and of the longest, in units of UTF-16, as `length` of a string. */
  readonly length: number;
  readonly longest: number;
}

const OPTIONS = Object.keys(NOTES);

/** The types of notes, those with the most notes first. */
export async function noteTypes(members: Members, options: NoteOptions | undefined): Promise<NoteType[]> {
  const { store, question, notes: rows, names } = notePlanOf(members, "notes", options, OPTIONS);
  type Found = [Uint32Array, Uint32Array, Uint32Array, Float64Array, Uint32Array];
  const [codes, notes, patients, length, longest] = await store.ask<Found>("countNotes", question, options?.signal, { notes: rows });
  const types = Array.from(codes, (id, i) => ({
    code: names.code(id),
    name: names.shown(id),
    notes: notes[i]!,
    patients: patients[i]!,
    length: length[i]!,
    longest: longest[i]!,
  }));
  return types.sort((a, b) => b.notes - a.notes);
}
