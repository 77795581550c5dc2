import type { SampleOptions } from "../samples/options.js";
import { namesIn, optionsOf, signalIn, wholeOf } from "../support/arguments.js";
import type { AbortSignalLike } from "../support/signal.js";
import type { TimeLike } from "../support/time.js";
import { TEXT_OPTIONS, type TextOptions } from "../text/options.js";

/** Options of {@link SampleOptions} that say what is known. */
const KNOWLEDGE = ["inclusive", "gap", "lookBack", "codes", "dateOnly", "excludeAtCutoff", "knownLater", "split"] as const;
type Knowledge = Pick<SampleOptions, (typeof KNOWLEDGE)[number]>;

/** Options of {@link texts}. */
export interface TextsOptions extends TextOptions, Knowledge {
  /** One prediction time for all patients, where the source is a list of subject ids, or all patients. */
  readonly at?: TimeLike | undefined;
  /**
   * Number of worker threads; 0 for the caller's thread, which is the only one for functions: as `tokenizer`, as
   * `format`, or of sections. Default: one per processor.
   */
  readonly threads?: number | undefined;
  /** Ends the loop over the texts with `MEDS_CANCELLED`. */
  readonly signal?: AbortSignalLike | undefined;
}

/** {@link TextsOptions}, by what they are for. */
export interface TextsParts {
  readonly text: TextOptions;
  readonly knowledge: Knowledge;
  readonly at: TimeLike | undefined;
  readonly threads: number | undefined;
  readonly signal: AbortSignalLike | undefined;
}

export function partsOf(options: TextsOptions | undefined): TextsParts {
  const given = optionsOf(options) ?? {};
  namesIn("texts", given, [...TEXT_OPTIONS, ...KNOWLEDGE, "at", "threads", "signal"]);
  const { at, threads, signal } = given;
  if (threads !== undefined) wholeOf("threads", threads, 0, 1024);
  signalIn("signal", signal);
  const pick = <T>(names: readonly string[]): T =>
    Object.fromEntries(Object.entries(given).filter(([name, value]) => names.includes(name) && value !== undefined)) as T;
  return { text: pick(TEXT_OPTIONS), knowledge: pick(KNOWLEDGE), at, threads, signal };
}
