import { types } from "node:util";
import type { Cohort } from "../database/cohort.js";
import type { Samples } from "../samples/samples.js";
import type { Window } from "../samples/window.js";
import type { Store } from "../store/store.js";
import { arrayOf, expected } from "../support/arguments.js";
import { shownAs } from "../support/inspect.js";
import type { Memory } from "../support/memory.js";
import { idOfFitted, membersOf, type Provenance, provenanceOf, readFitted, writeFitted } from "../vocabulary/file.js";
import { fittedRows, wholeOf } from "../vocabulary/known-rows.js";
import { type Content, contentOf, FORMAT, type TimeToEventTask, VERSION } from "./content.js";
import { type Censoring, Course, SECOND, TaskTable, timeOf } from "./course.js";
import { fitTasks } from "./fit.js";
import { TaskPlan, type TimeToEventOptions } from "./options.js";

/**
 * Sparse targets of a batch for P predictions. The tasks of prediction p that have an outcome are
 * `task[offsets[p]]` up to, but not including, `task[offsets[p + 1]]`. All others are censored at
 * `censor_time[p]`. Times are seconds from the prediction.
 */
export interface TimeToEventTargets {
  /** `[P]`, ascending: the position of each prediction in the batch's flattened `code`. */
  readonly index: Int32Array;
  /** `[P]`. */
  readonly censor_time: Float32Array;
  /** `[P + 1]`. */
  readonly offsets: Int32Array;
  /** Numbers of tasks, ascending for each prediction, and seconds to their outcomes. */
  readonly task: Int32Array;
  readonly time: Float32Array;
}

/** The result of {@link TimeToEvent.dense}, row-major `[P, bins, tasks]`. */
export interface DenseTargets {
  readonly shape: readonly [predictions: number, bins: number, tasks: number];
  /** 1 if the outcome is in the bin. */
  readonly is_event: Uint8Array;
  /** log2 of the seconds in the bin before outcome or censoring; minus infinity if there are none. */
  readonly log_time: Float32Array;
}

/**
 * Tasks for time-to-event pre-training (MOTOR): when does each of many codes come next? They are fitted on
 * the patients of a split, and saved with their time bins.
 *
 * Predictions are at the last row of each distinct time after birth that has a later outcome of some task.
 * Outcomes are strictly later, anywhere in the patient's timeline: they may be after the window and after a
 * cut-off, because they are labels. The rules are those of FEMR's `MOTORTask`, except for fitting: FEMR takes
 * the last row of a day, and draws 100,000 times for the percentiles. Here fitting and batches follow the
 * same rule, and all times are used up to four million.
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
  /** Bounds of the bins in seconds, one more than bins: from 0 to infinity. */
  readonly timeBins: readonly number[];
  /** Name of the split that it was fitted on. */
  readonly split: string;
  readonly censoring: Censoring;
  readonly withValues: boolean;
  /** The store that it was fitted on; null if no provenance file is beside its file. */
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
   * Counts outcomes of the patients of a split, or of samples of a split (only rows that are known at the
   * last cut-off of each subject).
   *
   * @throws MedsError as a rejection: `MEDS_NO_SPLIT`, `MEDS_INVALID_ARGUMENT`, `MEDS_NO_DATA` if no task has
   * an outcome, `MEDS_CLOSED`.
   */
  static async fit<S extends object>(source: Cohort<S> | Samples, options: TimeToEventOptions): Promise<TimeToEvent> {
    const plan = new TaskPlan(options);
    const known = fittedRows(source, "A list of tasks");
    return new TimeToEvent(fitTasks(known, plan), (id) => provenanceOf(id, known.store));
  }

  /**
   * Reads a file of {@link TimeToEvent.write}.
   *
   * @throws MedsError as a rejection: `MEDS_NOT_FOUND`, `MEDS_IO`, `MEDS_FITTED_FILE`.
   */
  static async open(path: string): Promise<TimeToEvent> {
    const { fitted, provenance } = await readFitted(path, (members) => new TimeToEvent(contentOf(members), null));
    return provenance === null ? fitted : new TimeToEvent(fitted.content, () => provenance);
  }

  /**
   * Tasks from the object of {@link TimeToEvent.toJSON}, for example inside a worker.
   *
   * @throws MedsError `MEDS_FITTED_FILE`.
   */
  static from(json: unknown): TimeToEvent {
    return new TimeToEvent(contentOf(membersOf(json, undefined)), null);
  }

  /**
   * Writes the tasks as JSON, and the store that they were fitted on beside them as `NAME.provenance.json`.
   *
   * @throws MedsError as a rejection: `MEDS_NOT_FOUND` where the folder is missing; `MEDS_IO`.
   */
  async write(path: string): Promise<void> {
    await writeFitted(path, this.toJSON(), this.provenance);
  }

  /** The content of the file, which `JSON.stringify` writes. */
  toJSON(): { readonly [name: string]: unknown } {
    const { split, censoring, withValues, tasks, starts, ontology } = this.content;
    return { format: FORMAT, version: VERSION, split, censoring, withValues, timeBins: starts, tasks, parents: ontology?.toJSON() ?? null };
  }

  /**
   * The targets of a batch for each time bin and task, as FEMR's models take them. For a bin [start, end):
   * whether the outcome is in it, and the log2 of its seconds before outcome or censoring.
   */
  dense(targets: TimeToEventTargets): DenseTargets {
    const bins = this.timeBins.length - 1;
    const count = this.tasks.length;
    const isTargets = typeof targets === "object" && targets !== null && types.isInt32Array(targets.offsets) && targets.offsets.length > 0;
    if (!isTargets) expected("targets", targets, 'the `time_to_event` of a batch. Load batches with fields: ["time_to_event", …]');
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

  /** @internal Targets of some windows, each with the position of its first row. */
  _targets(windows: readonly Window[], starts: Int32Array, memory: Memory): TimeToEventTargets {
    const positions: number[] = [];
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
        positions.push(own[i]!);
        censors.push((course.end - moments[i]!) / SECOND);
        counts.push(later.length);
        for (const task of later) tasks.push(task);
        for (const time of seconds) times.push(time);
      }
    }
    const index = memory.array("time_to_event.index", Int32Array, positions.length);
    const censor_time = memory.array("time_to_event.censor_time", Float32Array, positions.length);
    const offsets = memory.array("time_to_event.offsets", Int32Array, positions.length + 1);
    const task = memory.array("time_to_event.task", Int32Array, tasks.length);
    const time = memory.array("time_to_event.time", Float32Array, times.length);
    index.set(positions);
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

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { id, tasks, timeBins, split } = this;
    return shownAs("TimeToEvent", { id, tasks: tasks.length, bins: timeBins.length - 1, split });
  }
}
