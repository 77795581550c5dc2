import type { Cohort } from "../database/cohort.js";
import type { Samples } from "../samples/samples.js";
import type { Window } from "../samples/window.js";
import type { Store } from "../store/store.js";
import { arrayOf, failGiven, flagOf, namesIn, optionsOf, wholeOf as wholeNumber } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import type { Memory } from "../support/memory.js";
import { Random } from "../support/random.js";
import { idOfFitted, type Members, membersOf, type Provenance, provenanceOf, readFitted, writeFitted } from "../vocabulary/file.js";
import { fittedRows, wholeOf } from "../vocabulary/known.js";
import type { Ontology } from "../vocabulary/ontology.js";
import { MOST_BINS } from "../vocabulary/options.js";
import { quantile } from "../vocabulary/values.js";
import { ontologyOf, Vocabulary } from "../vocabulary/vocabulary.js";
import { type Censoring, Course, TaskTable, timeOf } from "./course.js";

const FORMAT = "meds-reader time-to-event tasks";
const VERSION = 1;
/** Microseconds of a second. */
const SECOND = 1e6;
/** So many uncensored times make the percentiles; of more, a part is drawn that depends on each patient's own rows only. */
const MOST_TIMES = 4_194_304;
/** Keeps the draw apart from others. */
const DRAW = 4_000_000;

/** How {@link TimeToEvent.fit} chooses tasks. */
export interface TimeToEventOptions {
  /** Its codes are the tasks, in its order; with its ancestors, where it has them. */
  readonly vocabulary: Vocabulary;
  /** At most so many of its codes. Default: 8192. */
  readonly tasks?: number | undefined;
  /** Number of time bins, 1 to 65,536. Default: 8. */
  readonly bins?: number | undefined;
  /** Tasks of which a smaller share of the predictions has an outcome are left out. Default: 0.001. */
  readonly minFraction?: number | undefined;
  /**
   * Where follow-up ends: at the patient's last event (the default, as in FEMR), at `death` (the last event where there is none), or at the last row with a
   * code, such as one for the end of observation (the last event where there is none). What comes after it is no outcome.
   */
  readonly censoring?: Censoring | undefined;
  /** Rows with a numeric or text value are outcomes too. Default: false, as in FEMR. */
  readonly withValues?: boolean | undefined;
}

/** One task: the first row of a code, or of its descendants, strictly after the time of prediction. */
export interface TimeToEventTask {
  readonly code: string;
  /** Predictions with an outcome, and without. */
  readonly uncensored: number;
  readonly censored: number;
  /** Mean seconds to the outcome or the end of follow-up, and outcomes a second: `uncensored / (uncensored + censored) / meanSeconds`. */
  readonly meanSeconds: number;
  readonly rate: number;
}

/**
 * Targets of a batch for P predictions, sparse: the tasks of prediction p that have an outcome are `task[offsets[p]]` up to, but not including,
 * `task[offsets[p + 1]]`; all others are censored at `censor_time[p]`. Times are seconds from the prediction.
 */
export interface TimeToEventTargets {
  /** `[P]`, ascending: the place of each prediction in the batch's `code`, taken as flat. */
  readonly index: Int32Array;
  /** `[P]`. */
  readonly censor_time: Float32Array;
  /** `[P + 1]`. */
  readonly offsets: Int32Array;
  /** Numbers of tasks, ascending for each prediction, and seconds to their outcomes. */
  readonly task: Int32Array;
  readonly time: Float32Array;
}

/** What {@link TimeToEvent.dense} gives, row-major `[P, bins, tasks]`. */
export interface DenseTargets {
  readonly shape: readonly [predictions: number, bins: number, tasks: number];
  /** 1 where the outcome lies in the bin. */
  readonly is_event: Uint8Array;
  /** log2 of the seconds in the bin before outcome or censoring; minus infinity where there are none. */
  readonly log_time: Float32Array;
}

interface Content {
  readonly split: string;
  readonly censoring: Censoring;
  readonly withValues: boolean;
  readonly tasks: readonly TimeToEventTask[];
  /** Seconds; without the infinite last one. */
  readonly starts: readonly number[];
  /** Null where the codes' ancestors are no matter. */
  readonly ontology: Ontology | null;
}

/**
 * Tasks for time-to-event pre-training (MOTOR): when does each of many codes come next? Fitted on the patients of a split, saved with its time bins.
 *
 * Predictions stand at the last row of each distinct time after birth that has an outcome of some task later; outcomes are strictly later, anywhere in
 * the patient and not only in the window, even past a cut-off: these are labels. As FEMR's `MOTORTask`, but for its fitting, which takes the last row of
 * a day, and draws 100,000 times for the percentiles: here both obey the one rule, and up to four million times are all taken.
 *
 * @example
 * ```ts
 * import { loader, PatientDatabase, samples, TimeToEvent, Vocabulary } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const train = db.split("train");
 * const vocabulary = await Vocabulary.fit(train, { ancestors: true });
 * const timeToEvent = await TimeToEvent.fit(train, { vocabulary, tasks: 100, bins: 4 });
 * const list = samples(db, { split: "train" }, { maxLength: 64 });
 * for (const batch of loader(list, { tokens: 256, vocabulary, timeToEvent, fields: ["code", "age_days", "time_to_event"] })) {
 *   const { shape, is_event } = timeToEvent.dense(batch.time_to_event);
 *   console.log(shape, is_event.length, batch.time_to_event.index);
 * }
 * db.close();
 * ```
 */
export class TimeToEvent {
  /** 32 hexadecimal digits, equal for equal tasks. */
  readonly id: string;
  readonly tasks: readonly TimeToEventTask[];
  /** Bounds of the bins in seconds, one more than there are bins: from 0 to infinity. */
  readonly timeBins: readonly number[];
  /** The split it was fitted on. */
  readonly split: string;
  readonly censoring: Censoring;
  readonly withValues: boolean;
  /** The store that it was fitted on; null where its file has no provenance beside it. */
  readonly provenance: Provenance | null;
  private readonly content: Content;
  private readonly tables = new WeakMap<Store, TaskTable>();
  private readonly next: Float64Array;

  /** @internal */
  constructor(content: Content, provenance: ((id: string) => Provenance) | null) {
    this.content = content;
    this.tasks = content.tasks;
    this.timeBins = [...content.starts, Number.POSITIVE_INFINITY];
    this.split = content.split;
    this.censoring = content.censoring;
    this.withValues = content.withValues;
    this.next = new Float64Array(content.tasks.length).fill(Number.NaN);
    this.id = idOfFitted(this.toJSON());
    this.provenance = provenance?.(this.id) ?? null;
  }

  /**
   * Counts outcomes of the patients of a split, or of samples of a split (of these, only what is known at the last cut-off of each subject).
   *
   * @throws MedsError as a rejection: `MEDS_NO_SPLIT`, `MEDS_INVALID_ARGUMENT`, `MEDS_NO_DATA` where no task has an outcome, `MEDS_CLOSED`.
   */
  static async fit<S extends object>(source: Cohort<S> | Samples, options: TimeToEventOptions): Promise<TimeToEvent> {
    const { vocabulary, tasks, bins, minFraction, censoring, withValues } = given(options);
    const known = fittedRows(source, "A list of tasks");
    const { store, split } = known;
    const codes = vocabulary.entries.slice(0, tasks).map(({ code }) => code);
    const ontology = vocabulary._ontology?.leadingTo(new Set(codes)) ?? null;
    const table = new TaskTable(store, codes, ontology, censoring);

    // Of all predictions seconds to the end; by task how many have an outcome, and by how much that comes before the end.
    let predictions = 0;
    let seconds = 0;
    const uncensored = new Float64Array(codes.length);
    const earlier = new Float64Array(codes.length);
    known.forEach((rows) => {
      const course = new Course(rows, table, withValues);
      const moments = course.moments.filter((time) => course.isPredicted(time));
      predictions += moments.length;
      for (const moment of moments) seconds += (course.end - moment) / SECOND;
      // Every outcome is the next one of the predictions since the outcome of its task before it.
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
    const all = uncensored.reduce((sum, count) => sum + count, 0);
    if (all === 0) fail("MEDS_NO_DATA", `${store.path}: no patient of split "${split}" has an outcome of any task.`, store.path);

    const share = Math.min(1, MOST_TIMES / all);
    const next = new Float64Array(codes.length).fill(Number.NaN);
    const times: number[] = [];
    known.forEach((rows) => {
      const course = new Course(rows, table, withValues);
      const moments = course.moments.filter((time) => course.isPredicted(time));
      const id = store.ids[rows.index]!;
      const draw = new Random(Number(BigInt.asIntN(32, id)), Number(BigInt.asIntN(32, id >> 32n)), DRAW);
      course.sweep(moments, next, (i, later) => {
        if (share < 1 && draw.below(4294967296, i) >= share * 4294967296) return;
        for (const task of later) times.push((next[task]! - moments[i]!) / SECOND);
      });
    });
    const sorted = Float64Array.from(times).sort();
    const starts = Array.from({ length: bins }, (_, bin) => (bin === 0 ? 0 : quantile(sorted, bin, bins)));
    const found = codes.map((code, task): TimeToEventTask => {
      const meanSeconds = (seconds - earlier[task]!) / predictions;
      const rate = uncensored[task]! / predictions / meanSeconds;
      return { code, uncensored: uncensored[task]!, censored: predictions - uncensored[task]!, meanSeconds, rate };
    });
    const kept = found.filter((task) => task.uncensored > 0 && task.uncensored / predictions >= minFraction);
    if (kept.length === 0) failGiven("minFraction", minFraction, "less: no task has so many outcomes");
    const leading = ontology?.leadingTo(new Set(kept.map(({ code }) => code))) ?? null;
    return new TimeToEvent({ split, censoring, withValues, tasks: kept, starts, ontology: leading }, (id) => provenanceOf(id, store));
  }

  /** Reads what {@link TimeToEvent.write} wrote. @throws MedsError as a rejection: `MEDS_NOT_FOUND`, `MEDS_IO`, `MEDS_FITTED_FILE`. */
  static async open(path: string): Promise<TimeToEvent> {
    const { fitted, provenance } = await readFitted(path, (members) => new TimeToEvent(contentOf(members), null));
    return provenance === null ? fitted : new TimeToEvent(fitted.content, () => provenance);
  }

  /** Out of what {@link TimeToEvent.toJSON} gave: to hand one to a worker. @throws MedsError `MEDS_FITTED_FILE`. */
  static from(json: unknown): TimeToEvent {
    return new TimeToEvent(contentOf(membersOf(json, undefined)), null);
  }

  /** Writes it as JSON, and the store that it was fitted on beside it, as `NAME.provenance.json`. @throws MedsError `MEDS_IO` as a rejection. */
  async write(path: string): Promise<void> {
    await writeFitted(path, this.toJSON(), this.provenance);
  }

  /** What the file holds, and `JSON.stringify` writes. */
  toJSON(): { readonly [name: string]: unknown } {
    const { split, censoring, withValues, tasks, starts, ontology } = this.content;
    return { format: FORMAT, version: VERSION, split, censoring, withValues, timeBins: starts, tasks, parents: ontology?.toJSON() ?? null };
  }

  /**
   * A batch's targets for each time bin and task, as FEMR's models take them: in a bin [start, end), whether the outcome lies in it, and the log2 of the
   * seconds that pass in it before outcome or censoring.
   */
  dense(targets: TimeToEventTargets): DenseTargets {
    const bins = this.timeBins.length - 1;
    const count = this.tasks.length;
    const isTargets =
      typeof targets === "object" && targets !== null && targets.offsets instanceof Int32Array && targets.offsets.length > 0;
    if (!isTargets) failGiven("targets", targets, 'time_to_event of a batch; ask for it: fields: ["time_to_event", …]');
    const predictions = targets.index.length;
    const is_event = arrayOf("The dense targets", Uint8Array, predictions * bins * count);
    const log_time = arrayOf("The dense targets", Float32Array, is_event.length);
    const row = new Float64Array(count);
    for (let p = 0; p < predictions; p += 1) {
      row.fill(0);
      for (let at = targets.offsets[p]!; at < targets.offsets[p + 1]!; at += 1) row[targets.task[at]!] = targets.time[at]!;
      for (let bin = 0; bin < bins; bin += 1) {
        const start = this.timeBins[bin]!;
        const end = this.timeBins[bin + 1]!;
        for (let task = 0; task < count; task += 1) {
          const at = (p * bins + bin) * count + task;
          const time = row[task]!;
          const passed = time === 0 ? targets.censor_time[p]! : time;
          log_time[at] = Math.log2(Math.max(0, Math.min(end - start, passed - start)));
          if (time !== 0 && start <= time && time < end) is_event[at] = 1;
        }
      }
    }
    return { shape: [predictions, bins, count], is_event, log_time };
  }

  /** @internal Targets of some windows, each with the place of its first row. */
  _targets(windows: readonly Window[], starts: Int32Array, memory: Memory): TimeToEventTargets {
    const places: number[] = [];
    const censors: number[] = [];
    const counts: number[] = [];
    const tasks: number[] = [];
    const times: number[] = [];
    for (let b = 0; b < starts.length; b += 1) {
      const window = windows[b]!;
      const course = new Course(wholeOf(window.shard.store, window.index), this.tableOf(window.shard.store), this.withValues);
      const own: number[] = [];
      const moments: number[] = [];
      for (let i = 0; i < window.length; i += 1) {
        const row = window.row(i);
        const next = i + 1 < window.length ? window.row(i + 1) : window.nextKnown(row);
        const time = timeOf(window.shard.timeWords, row);
        if ((next >= 0 && window.shard.isSameTime(row, next)) || !course.isPredicted(time)) continue;
        own.push(starts[b]! + i);
        moments.push(time);
      }
      const found: { readonly later: readonly number[]; readonly seconds: readonly number[] }[] = [];
      course.sweep(moments, this.next, (i, later) => {
        const ascending = [...later].sort((x, y) => x - y);
        found.push({ later: ascending, seconds: ascending.map((task) => (this.next[task]! - moments[i]!) / SECOND) });
      });
      found.reverse();
      for (const [i, { later, seconds }] of found.entries()) {
        places.push(own[i]!);
        censors.push((course.end - moments[i]!) / SECOND);
        counts.push(later.length);
        for (const task of later) tasks.push(task);
        for (const time of seconds) times.push(time);
      }
    }
    const index = memory.array("time_to_event.index", Int32Array, places.length);
    const censor_time = memory.array("time_to_event.censor_time", Float32Array, places.length);
    const offsets = memory.array("time_to_event.offsets", Int32Array, places.length + 1);
    const task = memory.array("time_to_event.task", Int32Array, tasks.length);
    const time = memory.array("time_to_event.time", Float32Array, times.length);
    index.set(places);
    censor_time.set(censors);
    task.set(tasks);
    time.set(times);
    for (const [p, count] of counts.entries()) offsets[p + 1] = offsets[p]! + count;
    return { index, censor_time, offsets, task, time };
  }

  private tableOf(store: Store): TaskTable {
    let table = this.tables.get(store);
    if (table === undefined) {
      const codes = this.tasks.map(({ code }) => code);
      table = new TaskTable(store, codes, this.content.ontology, this.censoring);
      this.tables.set(store, table);
    }
    return table;
  }
}

const KNOWN: readonly (keyof TimeToEventOptions)[] = ["vocabulary", "tasks", "bins", "minFraction", "censoring", "withValues"];

/** Options, checked. */
function given(options: TimeToEventOptions): Required<{ [K in keyof TimeToEventOptions]: NonNullable<TimeToEventOptions[K]> }> {
  const all =
    optionsOf(options as TimeToEventOptions | undefined) ?? failGiven("The value for options", options, "an object with vocabulary");
  namesIn("TimeToEvent.fit", all, KNOWN);
  const { vocabulary, minFraction = 0.001, censoring = "last_event", tasks = 8192, bins = 8 } = all;
  if (!(vocabulary instanceof Vocabulary)) failGiven("vocabulary", vocabulary, "a Vocabulary");
  if (!(typeof minFraction === "number" && minFraction >= 0 && minFraction <= 1))
    failGiven("minFraction", minFraction, "a share, from 0 to 1");
  const isCode = typeof censoring === "object" && censoring !== null && typeof censoring.code === "string";
  if (censoring !== "last_event" && censoring !== "death" && !isCode)
    failGiven("censoring", censoring, '"last_event", "death" or { code: "…" }');
  return {
    vocabulary,
    minFraction,
    censoring: isCode ? { code: (censoring as { code: string }).code } : censoring,
    tasks: wholeNumber("tasks", tasks, 1),
    bins: wholeNumber("bins", bins, 1, MOST_BINS),
    withValues: flagOf("withValues", all.withValues, false),
  };
}

function censoringOf(members: Members): Censoring {
  if (members.isObject("censoring")) return { code: members.inner("censoring").text("code") };
  return members.one<"last_event" | "death">("censoring", ["last_event", "death"]);
}

function contentOf(members: Members): Content {
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
  if (starts[0] !== 0) members.broken("timeBins", "a list of numbers from 0 on");
  return {
    split: members.text("split"),
    censoring: censoringOf(members),
    withValues: members.flag("withValues"),
    tasks,
    starts,
    ontology: members.isNull("parents") ? null : ontologyOf(members),
  };
}
