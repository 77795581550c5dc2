// Small sources have no metadata, and every conversion says so: what tests of other notes leave out.
import type { Note } from "meds-reader";

/** The notes but those of files that the source does not have. */
export const said = (notes: readonly Note[]): Note[] => notes.filter(({ kind }) => kind !== "missing");
