import { availableParallelism } from "node:os";
import type { AbortSignalLike } from "../store/native.js";
import { failGiven, namesIn, optionsOf, wholeOf } from "../support/arguments.js";
import { MedsError } from "../support/errors.js";

/** How a pass over patients is run. */
export interface PassOptions<A = unknown> {
  /** Worker threads. Default: as many as the machine runs at once; never more than there are chunks of work. */
  readonly threads?: number | undefined;
  /** Handed to the function: anything that can be cloned to another thread. */
  readonly args?: A | undefined;
  /** The function's name among the module's exports. Default: `default`. */
  readonly exportName?: string | undefined;
  /** Ends the pass with `MEDS_CANCELLED`, and its workers, in whatever they do. */
  readonly signal?: AbortSignalLike | undefined;
}

/** How {@link Cohort.map} runs and gives results. */
export interface MapOptions<A = unknown> extends PassOptions<A> {
  /** Results in order of the patients (true, the default), or as they come. */
  readonly ordered?: boolean | undefined;
}

/** How {@link Cohort.mapWithLabels} runs. */
export interface MapWithLabelsOptions<A = unknown> extends MapOptions<A> {
  /** Patients without a label: left out (`omit`, the default), or given with an empty array (`include`). */
  readonly unlabelled?: "omit" | "include" | undefined;
}

/** How {@link Cohort.reduce} runs, and how the chunks' results become one. */
export interface ReduceOptions<R, P = R, A = unknown> extends PassOptions<A> {
  /** What the first chunk's result is merged into, and the result where there are no patients. */
  readonly initial: R;
  /** Merges a chunk's result into the total of those before it; called in order of the patients, on the caller's thread. */
  readonly merge: (total: R, part: P) => R;
}

const COMMON = ["threads", "args", "exportName", "signal"] as const;

/** The options that all passes have, checked. `more` names the others that this one has. */
export function checkedOptions<O extends PassOptions>(
  what: string,
  options: O | undefined,
  more: readonly (keyof O & string)[],
): CheckedOptions {
  const given = optionsOf(options);
  namesIn(what, given ?? {}, [...COMMON, ...more]);
  const threads = wholeOf("threads", given?.threads ?? availableParallelism(), 1);
  const signal = given?.signal;
  if (signal !== undefined && typeof signal?.addEventListener !== "function") failGiven("signal", signal, "an AbortSignal");
  return { threads, signal, args: cloned(given?.args) };
}

/** {@link PassOptions} as a pass takes them. */
export interface CheckedOptions {
  readonly threads: number;
  readonly signal: AbortSignalLike | undefined;
  readonly args: unknown;
}

/** The caller's own copy may change while workers begin. */
function cloned(args: unknown): unknown {
  try {
    return structuredClone(args);
  } catch (error) {
    const message = `args cannot be cloned to another thread (${(error as Error).message}). Give plain values, arrays and maps; functions belong into the module.`;
    throw new MedsError("MEDS_INVALID_ARGUMENT", message, { cause: error });
  }
}
