import { namesIn, optionsOf, signalIn, wholeOf } from "../support/arguments.js";
import { MedsError } from "../support/errors.js";
import type { AbortSignalLike } from "../support/signal.js";

/** Options of every pass over patients. */
export interface PassOptions<A = unknown> {
  /**
   * Number of worker threads; 0 for the caller's thread, which then does nothing else until the function
   * yields or returns, and which the function can end. Default: as many as the machine can run at once. A
   * small pass whose function only computes runs in the caller's thread. There are never more threads than
   * chunks.
   */
  readonly threads?: number | undefined;
  /** Passed to the function: any value that can be cloned to another thread. Each worker has its own copy. */
  readonly args?: A | undefined;
  /** Name of the exported function of a module. Default: `default`. */
  readonly exportName?: string | undefined;
  /** Ends the pass with `MEDS_CANCELLED`. Its workers end at once. */
  readonly signal?: AbortSignalLike | undefined;
}

/** Whether the function is called once per worker or once per chunk. */
export interface CallOptions {
  /**
   * How often the function is called: once per worker, over all patients that the worker takes (`worker`, the
   * default), or once per chunk of patients (`chunk`). Which chunks a worker takes depends on time. Chunks
   * depend on the patients only: so with `chunk`, sums of floating-point numbers are equal to the last bit for
   * any number of threads, and results that a function returns at its end are in the order of the patients.
   */
  readonly per?: "worker" | "chunk" | undefined;
}

/** Options of {@link Cohort.map}. */
export interface MapOptions<A = unknown> extends PassOptions<A>, CallOptions {
  /**
   * Whether results come in the order of the patients (true, the default), or as they arrive (false). In
   * order, a result belongs to the chunk that was read when it was yielded. What a function returns at its end
   * comes after the last chunk that it read.
   */
  readonly ordered?: boolean | undefined;
}

/** Options of {@link Cohort.mapWithLabels}. */
export interface MapWithLabelsOptions<A = unknown> extends MapOptions<A> {
  /** Patients without a label: left out (`omit`, the default), or passed with an empty array (`include`). */
  readonly unlabelled?: "omit" | "include" | undefined;
}

/** Options of {@link Cohort.reduce}. */
export interface ReduceOptions<R, P = R, A = unknown> extends PassOptions<A>, CallOptions {
  /** The first part is merged into this value. If there are no patients, this value is the result. */
  readonly initial: R;
  /**
   * Merges a part, the result of a call, into the total of the parts before it. Called on the caller's thread,
   * in order of the workers; with `per: "chunk"` in order of the patients.
   */
  readonly merge: (total: R, part: P) => R;
}

const COMMON = ["threads", "args", "exportName", "signal"] as const;

/**
 * Checks the options that all passes have. `more` names the additional options of this pass, `leastThreads`
 * is 1 where it cannot run in the caller's thread.
 */
export function checkedOptions<O extends PassOptions>(
  what: string,
  options: O | undefined,
  more: readonly (keyof O & string)[],
  leastThreads: 0 | 1 = 0,
): CheckedOptions {
  const given = optionsOf(options);
  namesIn(what, given ?? {}, [...COMMON, ...more]);
  const threads = given?.threads === undefined ? undefined : wholeOf("threads", given.threads, leastThreads);
  const signal = given?.signal;
  signalIn("signal", signal);
  return { threads, signal, args: cloned(given?.args) };
}

/** Checked {@link PassOptions}. */
export interface CheckedOptions {
  /** Undefined where the caller did not choose. */
  readonly threads: number | undefined;
  readonly signal: AbortSignalLike | undefined;
  readonly args: unknown;
}

/** Clones at once: the caller may change the value while workers start. */
function cloned(args: unknown): unknown {
  try {
    return structuredClone(args);
  } catch (error) {
    const message = `\`args\` cannot be cloned to another thread (${(error as Error).message}). Pass plain values, arrays and maps.`;
    throw new MedsError("MEDS_INVALID_ARGUMENT", message, { cause: error });
  }
}
