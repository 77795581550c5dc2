// A reader takes a chunk's patients one by one. It replaces the caller's function that receives all of them.
// Labelers and transforms register their readers here, so that passes do not import them.

import type { Store } from "../store/store.js";
import type { Patient } from "../timeline/patient.js";

/** Reads the patients of a chunk and returns one result. */
export interface ChunkReader {
  read(patient: Patient): Promise<void>;
  result(): unknown;
}

/** The chunk of a reader. */
export interface ReaderContext {
  readonly store: Store;
  readonly chunk: number;
  /** Calls the caller's function for one patient; null where there is no function. */
  readonly ask: ((patient: Patient) => unknown) | null;
}

/** A reader as plain data for workers: the name of its kind, which error messages show, and its plan. */
export interface ReaderPlan {
  readonly who: string;
  readonly plan: unknown;
}

type Make<P> = (plan: P, context: ReaderContext) => ChunkReader | Promise<ChunkReader>;

const kinds = new Map<string, Make<never>>();

/**
 * Registers a kind of readers, when the library is loaded: in threads too. `make` may load its file then.
 * Returns a function that makes the plan of one reader.
 */
export function readerKind<P>(who: string, make: Make<P>): (plan: P) => ReaderPlan {
  kinds.set(who, make);
  return (plan) => ({ who, plan });
}

/** Makes the reader of a plan. */
export async function readerOf({ who, plan }: ReaderPlan, context: ReaderContext): Promise<ChunkReader> {
  return kinds.get(who)!(plan as never, context);
}
