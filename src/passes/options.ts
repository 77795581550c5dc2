import { availableParallelism } from "node:os";
import type { AbortSignalLike } from "../store/native.js";
import { namesIn, optionsOf, signalIn, wholeOf } from "../support/arguments.js";
import { MedsError } from "../support/errors.js";

/** Options of every pass over patients. */
export interface PassOptions<A = unknown> {
  /**
   * Number of worker threads. Default: the number of threads that the machine can run at once. There are
   * never more threads than chunks.
   */
  readonly threads?: number | undefined;
  /** Passed to the function: any value that can be cloned to another thread. */
  readonly args?: A | undefined;
  /** Name of the exported function. Default: `default`. */
  readonly exportName?: string | undefined;
  /** Ends the pass with `MEDS_CANCELLED`. Its workers end at once. */
  readonly signal?: AbortSignalLike | undefined;
}

/** Options of {@link Cohort.map}. */
export interface MapOptions<A = unknown> extends PassOptions<A> {
  /** Whether results come in the order of the patients (true, the default), or as they arrive (false). */
  readonly ordered?: boolean | undefined;
}

/** Options of {@link Cohort.mapWithLabels}. */
export interface MapWithLabelsOptions<A = unknown> extends MapOptions<A> {
  /** Patients without a label: left out (`omit`, the default), or passed with an empty array (`include`). */
  readonly unlabelled?: "omit" | "include" | undefined;
}

/** Options of {@link Cohort.reduce}. */
export interface ReduceOptions<R, P = R, A = unknown> extends PassOptions<A> {
  /**
   * The first chunk's result is merged into this value. If there are no patients, this value is the result.
   */
  readonly initial: R;
  /**
   * Merges a chunk's result into the total of the chunks before it. Called in order of the patients, on the
   * caller's thread.
   */
  readonly merge: (total: R, part: P) => R;
}

const COMMON = ["threads", "args", "exportName", "signal"] as const;

/** Checks the options that all passes have. `more` names the additional options of this pass. */
export function checkedOptions<O extends PassOptions>(
  what: string,
  options: O | undefined,
  more: readonly (keyof O & string)[],
): CheckedOptions {
  const given = optionsOf(options);
  namesIn(what, given ?? {}, [...COMMON, ...more]);
  const threads = wholeOf("threads", given?.threads ?? availableParallelism(), 1);
  const signal = given?.signal;
  signalIn("signal", signal);
  return { threads, signal, args: cloned(given?.args) };
}

/** Checked {@link PassOptions}. */
export interface CheckedOptions {
  readonly threads: number;
  readonly signal: AbortSignalLike | undefined;
  readonly args: unknown;
}

/** Clones at once: the caller may change the value while workers start. */
function cloned(args: unknown): unknown {
  try {
    return structuredClone(args);
  } catch (error) {
    const message = `\`args\` cannot be cloned to another thread (${(error as Error).message}). Pass plain values, arrays and maps. Put functions into the module.`;
    throw new MedsError("MEDS_INVALID_ARGUMENT", message, { cause: error });
  }
}
