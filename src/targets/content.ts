import { ontologyOf } from "../vocabulary/content.js";
import type { Members } from "../vocabulary/file.js";
import type { Ontology } from "../vocabulary/ontology.js";
import type { Censoring } from "./course.js";

export const FORMAT = "meds-reader time-to-event tasks";
export const VERSION = 1;

/** One task: the first row of a code, or of its descendants, strictly after the prediction time. */
export interface TimeToEventTask {
  readonly code: string;
  /** Number of predictions with an outcome, and without. */
  readonly uncensored: number;
  readonly censored: number;
  /**
   * Mean seconds to the outcome or the end of follow-up, and outcomes per second: `uncensored / (uncensored +
   * censored) / meanSeconds`.
   */
  readonly meanSeconds: number;
  readonly rate: number;
}

/** The content of fitted tasks, as it is saved. */
export interface Content {
  readonly split: string;
  readonly censoring: Censoring;
  readonly withValues: boolean;
  readonly tasks: readonly TimeToEventTask[];
  /** Seconds, without the last bound, infinity. */
  readonly starts: readonly number[];
  /** Null if ancestors are not used. */
  readonly ontology: Ontology | null;
}

function censoringOf(members: Members): Censoring {
  if (members.isObject("censoring")) return { code: members.inner("censoring").text("code") };
  return members.one<"last_event" | "death">("censoring", ["last_event", "death"]);
}

/** Reads and checks the content of a file. */
export function contentOf(members: Members): Content {
  members.format(FORMAT, VERSION);
  const tasks = members.each(
    "tasks",
    (task): TimeToEventTask => ({
      code: task.text("code"),
      uncensored: task.count("uncensored"),
      censored: task.count("censored"),
      meanSeconds: task.number("meanSeconds"),
      rate: task.number("rate"),
    }),
  );
  if (tasks.length === 0 || new Set(tasks.map(({ code }) => code)).size !== tasks.length)
    members.broken("tasks", "a list of different codes");
  const starts = members.numbers("timeBins");
  if (starts[0] !== 0) members.broken("timeBins", "a list of numbers that begins with 0");
  return {
    split: members.text("split"),
    censoring: censoringOf(members),
    withValues: members.flag("withValues"),
    tasks,
    starts,
    ontology: members.isNull("parents") ? null : ontologyOf(members),
  };
}
