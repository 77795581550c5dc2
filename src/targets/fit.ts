import type { Store } from "../store/store.js";
import { conflict } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { Random } from "../support/random.js";
import type { KnownRows, PatientRows } from "../vocabulary/known-rows.js";
import { quantile } from "../vocabulary/values.js";
import type { Content, TimeToEventTask } from "./content.js";
import { Course, SECOND, TaskTable } from "./course.js";
import type { TaskPlan } from "./options.js";

/**
 * The most uncensored times for the percentiles. If there are more, a part is drawn that depends only on each
 * patient's own rows.
 */
const MOST_TIMES = 4_194_304;
/** Distinguishes this draw from others. */
const DRAW = 4_000_000;

/** Fits tasks in two passes: one counts outcomes, one collects their times for the bins. */
export function fitTasks(known: KnownRows & { readonly split: string }, plan: TaskPlan): Content {
  const { store, split } = known;
  const { vocabulary, bins, censoring, withValues } = plan;
  const codes = vocabulary.entries.slice(0, plan.tasks).map(({ code }) => code);
  const ontology = vocabulary._ontology?.leadingTo(new Set(codes)) ?? null;
  const table = new TaskTable(store, codes, ontology, censoring);
  const courseOf = (rows: PatientRows) => new Course(rows, table, withValues);
  const outcomes = countOutcomes(known, codes.length, courseOf);
  const all = outcomes.uncensored.reduce((sum, count) => sum + count, 0);
  if (all === 0) {
    const found = `${store.path}: no patient of split ${JSON.stringify(split)} has an outcome of any task. Fit on a split with later rows of the vocabulary's codes.`;
    fail("MEDS_NO_DATA", found, store.path);
  }
  const times = timesToOutcomes(known, codes.length, Math.min(1, MOST_TIMES / all), courseOf);
  const starts = Array.from({ length: bins }, (_, bin) => (bin === 0 ? 0 : quantile(times, bin, bins)));
  const tasks = tasksOf(codes, outcomes, plan.minFraction);
  const leading = ontology?.leadingTo(new Set(tasks.map(({ code }) => code))) ?? null;
  return { split, censoring, withValues, tasks, starts, ontology: leading };
}

/** Counts over all predictions. */
interface Outcomes {
  readonly predictions: number;
  /** Seconds from all predictions to the end of follow-up. */
  readonly seconds: number;
  /** By task: predictions with an outcome. */
  readonly uncensored: Float64Array;
  /** By task: seconds from the outcomes of all predictions to the end of follow-up. */
  readonly earlier: Float64Array;
}

function countOutcomes(known: KnownRows, size: number, courseOf: (rows: PatientRows) => Course): Outcomes {
  let predictions = 0;
  let seconds = 0;
  const uncensored = new Float64Array(size);
  const earlier = new Float64Array(size);
  known.forEach((rows) => {
    const course = courseOf(rows);
    const moments = course.moments.filter((time) => course.isPredicted(time));
    predictions += moments.length;
    for (const moment of moments) seconds += (course.end - moment) / SECOND;
    // An outcome is the next one for all predictions since the previous outcome of its task.
    const since = new Map<number, number>();
    for (let i = 0, passed = 0; i < course.times.length; i += 1) {
      const time = course.times[i]!;
      const task = course.tasks[i]!;
      while (passed < moments.length && moments[passed]! < time) passed += 1;
      const count = passed - (since.get(task) ?? 0);
      uncensored[task]! += count;
      earlier[task]! += (count * (course.end - time)) / SECOND;
      since.set(task, passed);
    }
  });
  return { predictions, seconds, uncensored, earlier };
}

/** Ascending seconds from predictions to their outcomes, of a share of the predictions. */
function timesToOutcomes(known: KnownRows, size: number, share: number, courseOf: (rows: PatientRows) => Course): Float64Array {
  const next = new Float64Array(size).fill(Number.NaN);
  const times: number[] = [];
  known.forEach((rows) => {
    const course = courseOf(rows);
    const moments = course.moments.filter((time) => course.isPredicted(time));
    const draw = drawOf(known.store, rows.index);
    course.sweep(moments, next, (i, later) => {
      if (share < 1 && draw.below(4294967296, i) >= share * 4294967296) return;
      for (const task of later) times.push((next[task]! - moments[i]!) / SECOND);
    });
  });
  return Float64Array.from(times).sort();
}

function drawOf(store: Store, index: number): Random {
  const id = store.ids[index]!;
  return new Random(Number(BigInt.asIntN(32, id)), Number(BigInt.asIntN(32, id >> 32n)), DRAW);
}

/** The tasks with enough outcomes. */
function tasksOf(codes: readonly string[], outcomes: Outcomes, minFraction: number): readonly TimeToEventTask[] {
  const { predictions, seconds, uncensored, earlier } = outcomes;
  const all = codes.map((code, task): TimeToEventTask => {
    const meanSeconds = (seconds - earlier[task]!) / predictions;
    const rate = uncensored[task]! / predictions / meanSeconds;
    return { code, uncensored: uncensored[task]!, censored: predictions - uncensored[task]!, meanSeconds, rate };
  });
  const kept = all.filter((task) => task.uncensored > 0 && task.uncensored / predictions >= minFraction);
  if (kept.length === 0) conflict(`No task has an outcome for a share of ${minFraction} of the predictions. Lower \`minFraction\`.`);
  return kept;
}
