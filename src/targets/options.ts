import { expected, flagOf, namesIn, optionsOf, wholeOf } from "../support/arguments.js";
import { MOST_BINS } from "../vocabulary/options.js";
import { Vocabulary } from "../vocabulary/vocabulary.js";
import type { Censoring } from "./course.js";

/** Options of {@link TimeToEvent.fit}. */
export interface TimeToEventOptions {
  /** Its codes become the tasks, in its order. If it has ancestors, outcomes include descendants. */
  readonly vocabulary: Vocabulary;
  /** The most codes of the vocabulary to use. Default: 8192. */
  readonly tasks?: number | undefined;
  /** Number of time bins, 1 to 65,536. Default: 8. */
  readonly bins?: number | undefined;
  /**
   * The smallest share of predictions that must have an outcome of the task. Tasks below it are left out.
   * Default: 0.001.
   */
  readonly minFraction?: number | undefined;
  /**
   * The end of follow-up: the patient's last event (the default, as in FEMR), `death`, or the last row with a
   * code, such as one for the end of observation. Without such a row it is the last event. Later rows are not
   * outcomes.
   */
  readonly censoring?: Censoring | undefined;
  /** Rows with a numeric or text value are outcomes too. Default: false, as in FEMR. */
  readonly withValues?: boolean | undefined;
}

const KNOWN = Object.keys({
  vocabulary: true,
  tasks: true,
  bins: true,
  minFraction: true,
  censoring: true,
  withValues: true,
} satisfies Record<keyof TimeToEventOptions, true>);

/** Checked options. */
export class TaskPlan {
  readonly vocabulary: Vocabulary;
  readonly tasks: number;
  readonly bins: number;
  readonly minFraction: number;
  readonly censoring: Censoring;
  readonly withValues: boolean;

  constructor(options: TimeToEventOptions) {
    const all = optionsOf(options as TimeToEventOptions | undefined) ?? expected("options", options, "an object with `vocabulary`");
    namesIn("TimeToEvent.fit", all, KNOWN);
    const { vocabulary, minFraction = 0.001, censoring = "last_event", tasks = 8192, bins = 8 } = all;
    if (!(vocabulary instanceof Vocabulary)) expected("vocabulary", vocabulary, "a Vocabulary");
    if (!(typeof minFraction === "number" && minFraction >= 0 && minFraction <= 1))
      expected("minFraction", minFraction, "a number from 0 to 1");
    const isCode = typeof censoring === "object" && censoring !== null && typeof censoring.code === "string";
    if (censoring !== "last_event" && censoring !== "death" && !isCode)
      expected("censoring", censoring, '"last_event", "death" or { code: "…" }');
    this.vocabulary = vocabulary;
    this.minFraction = minFraction;
    this.censoring = isCode ? { code: (censoring as { code: string }).code } : censoring;
    this.tasks = wholeOf("tasks", tasks, 1);
    this.bins = wholeOf("bins", bins, 1, MOST_BINS);
    this.withValues = flagOf("withValues", all.withValues, false);
  }
}
