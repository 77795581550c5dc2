// Small sources have no metadata, and every conversion reports that. Tests of other notes ignore it.
import type { Note } from "meds-reader";

/** The notes, except those about missing files of the source. */
export const said = (notes: readonly Note[]): Note[] => notes.filter(({ kind }) => kind !== "missing");
