// What reads a chunk's patients one after another, instead of a function of the caller's that gets all of them: labelers and transforms say here how theirs
// are made, so that passes need not know them.

import type { Store } from "../store/store.js";
import type { Patient } from "../timeline/patient.js";

/** Reads the patients of a chunk; gives one result of them. */
export interface ChunkReader {
  read(patient: Patient): Promise<void>;
  result(): unknown;
}

/** The chunk that a reader is made for. */
export interface ReaderContext {
  readonly store: Store;
  readonly chunk: number;
  /** The caller's function, asked of one patient; null where there is none. */
  readonly ask: ((patient: Patient) => unknown) | null;
}

/** A reader as plain data for workers: who reads, as messages say it, and how. */
export interface ReaderPlan {
  readonly who: string;
  readonly plan: unknown;
}

const kinds = new Map<string, (plan: never, context: ReaderContext) => ChunkReader>();

/** Tells how a kind of readers is made; gives what makes a plan of one. */
export function readerKind<P>(who: string, make: (plan: P, context: ReaderContext) => ChunkReader): (plan: P) => ReaderPlan {
  kinds.set(who, make);
  return (plan) => ({ who, plan });
}

/** The reader of a plan. */
export function readerOf({ who, plan }: ReaderPlan, context: ReaderContext): ChunkReader {
  return kinds.get(who)!(plan as never, context);
}
