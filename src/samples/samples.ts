import type { Cohort } from "../database/cohort.js";
import { type LabelRow, Labels } from "../labels/labels.js";
import type { Store } from "../store/store.js";
import { conflict, expected, namesIn, optionsOf, seedOf } from "../support/arguments.js";
import { shownAs } from "../support/inspect.js";
import { Random } from "../support/random.js";
import { Timeline } from "../timeline/timeline.js";
import { Cutoffs, NO_CUTOFF } from "./cutoff.js";
import { guarded } from "./guard.js";
import { identityOf } from "./identity.js";
import { Plan, type SampleOptions } from "./options.js";
import { storedOrder } from "./parts.js";
import { Residence } from "./residence.js";
import { type SampleParts, type SampleReport, Selection } from "./selection.js";
import { type Span, STRATEGIES } from "./strategy.js";
import { Window } from "./window.js";

/**
 * Samples without labels: whole timelines of the patients of a split. The split must be named, so that
 * training never includes patients without an assignment.
 */
export interface Pretraining {
  readonly split: string;
}

/** One sample, for inspection. Batches are made without these objects. */
export interface Sample {
  readonly subjectId: bigint;
  /** Microseconds since 1970-01-01; null without labels. */
  readonly predictionTime: bigint | null;
  readonly label: LabelRow | null;
  /** The static rows. */
  readonly static: Timeline;
  /** The rows of the window. */
  readonly timeline: Timeline;
}

/**
 * The numbers that a draw depends on. With the same two numbers, the windows of the `random` strategies are
 * the same on every machine.
 */
export interface DrawOptions {
  readonly seed?: number | undefined;
  readonly epoch?: number | undefined;
}

/** Distinguishes the draws of windows from those of the order of samples. */
const WINDOWS = 1;

/**
 * A list of windows of patients' timelines, each as known at a cut-off; {@link samples} makes it. It stores
 * where windows are and copies no rows. A window only ever returns rows at or before the cut-off:
 * {@link loader} proves it for each batch.
 */
export class Samples {
  /** Number of samples. */
  readonly size: number;
  /** The labels; each sample belongs to one of them. Null without labels. */
  readonly labels: Labels | null;
  /** @internal */
  readonly _store: Store;
  /** @internal */
  readonly _plan: Plan;
  /** @internal The named split, which contains all subjects; null if none was named. */
  readonly _split: string | null;
  /** @internal By sample: the row in patients.arrow, the label (-1 without), the cut-off. */
  readonly _index: Uint32Array;
  /** @internal */
  readonly _label: Int32Array;
  /** @internal */
  readonly _cutoff: BigInt64Array;
  /** @internal The same, for windows. */
  readonly _cutoffs: Cutoffs;
  /** @internal By sample: its rows among the patient's known rows. Null except with `step_through`. */
  readonly _spans: readonly Span[] | null;
  /** @internal By sample: the number of samples of the same label or patient. */
  readonly _windows: Uint32Array;
  private readonly reporter: () => SampleReport;
  private counts: SampleReport | null = null;
  private identity: string | null = null;
  private order: Uint32Array | null = null;
  private residence: Residence | null = null;

  /** @internal */
  constructor({ store, plan, split, labels, report, index, label, cutoff, spans, windows }: SampleParts) {
    this._store = store;
    this._plan = plan;
    this._split = split;
    this.labels = labels;
    this.reporter = report;
    this.size = index.length;
    this._index = index;
    this._label = label;
    this._cutoff = cutoff;
    this._cutoffs = new Cutoffs(cutoff);
    this._spans = spans;
    this._windows = windows;
  }

  /**
   * What happened to all labels or patients. Labels are counted when it is first read, which needs the rows near all
   * cut-offs; except with `step_through`, which has read them before.
   *
   * @throws MedsError `MEDS_CLOSED` if it is first read after the database was closed.
   */
  get report(): SampleReport {
    if (this.counts === null) this._store.check();
    this.counts ??= this.reporter();
    return this.counts;
  }

  /** @internal The plain data from which another thread makes the same windows. It has no report. */
  _plain() {
    const { _plan: plan, _split: split, labels, _index: index, _label: label, _cutoff: cutoff, _spans: spans, _windows: windows } = this;
    return { plan, split, labels: labels && { task: labels.task, table: labels._table }, index, label, cutoff, spans, windows };
  }

  /** @internal */
  static _revived(store: Store, { labels, ...parts }: ReturnType<Samples["_plain"]>): Samples {
    const report = () => expected("The report", undefined, "read in the thread that made the samples");
    return new Samples({ ...parts, store, report, labels: labels && new Labels(labels.task, labels.table) });
  }

  /**
   * A sample; a negative index counts from the end; undefined outside of the list. The windows of the
   * `random` strategies depend on seed and epoch.
   *
   * @throws MedsError `MEDS_CLOSED`; `MEDS_INVALID_ARGUMENT`.
   */
  at(i: number, options?: DrawOptions): Sample | undefined {
    this._store.check();
    if (!Number.isInteger(i)) expected("The index of a sample", i, "a whole number");
    const given = optionsOf(options) ?? {};
    namesIn("at", given, ["seed", "epoch"]);
    const sample = i < 0 ? i + this.size : i;
    if (!(sample >= 0 && sample < this.size)) return undefined;
    const { seed = 0, epoch = 0 } = given;
    const window = new Window(this._store, this._plan);
    this._set(window, sample, drawOf(seed, epoch));
    const { patient, index, staticCount } = window;
    const shard = guarded(window.shard, patient, this._plan.later, window.limit);
    const rows = Uint32Array.from({ length: window.length }, (_, row) => window.row(row));
    const statics = window.statics.slice(0, staticCount);
    const timeless = statics.filter((row) => row < window.first + this._store.staticOf[index]!).length;
    const label = this._label[sample]!;
    return {
      subjectId: this._store.ids[index]!,
      predictionTime: label < 0 ? null : this.labels!._table.predictionTimes[label]!,
      label: label < 0 ? null : this.labels!.at(label)!,
      static: new Timeline(shard, patient, index, 0, staticCount, timeless, 0, statics),
      timeline: new Timeline(shard, patient, index, 0, rows.length, 0, 0, rows),
    };
  }

  /** The samples in order, with the windows of seed 0 and epoch 0. */
  *[Symbol.iterator](): IterableIterator<Sample> {
    for (let i = 0; i < this.size; i += 1) yield this.at(i)!;
  }

  /** @internal Equal for equal lists, on every machine. */
  get _identity(): string {
    this.identity ??= identityOf({ store: this._store, index: this._index, cutoff: this._cutoff, plan: this._plan });
    return this.identity;
  }

  /** @internal Samples in storage order. */
  get _stored(): Uint32Array {
    this.order ??= storedOrder(this._store, this._index);
    return this.order;
  }

  /** @internal Where the rows of some samples (null: of all) are. */
  _residence(members: Uint32Array | null): Residence {
    if (members !== null) return new Residence(this, members);
    this.residence ??= new Residence(this, null);
    return this.residence;
  }

  /** @internal Moves a window to a sample. */
  _set(window: Window, sample: number, random: Random, known = -1): void {
    window.set(this._index[sample]!, this._cutoffs, this._spans?.[sample] ?? null, { random, sample }, known);
  }

  /**
   * @internal By sample: the end of the rows that are known at its cut-off. One call searches for all of
   * them, so that waits for memory overlap.
   */
  _knownEnds(members: Uint32Array, cutoffs: BigInt64Array, threads: number): Uint32Array {
    const { _store: store, _index: indexes, _plan: plan } = this;
    const spans = new Uint32Array(3 * members.length);
    for (let b = 0; b < members.length; b += 1) {
      const index = indexes[members[b]!]!;
      const { number, offsets } = store.shard(store.shardOf[index]!);
      const patient = store.rowOf[index]!;
      spans[3 * b] = number;
      spans[3 * b + 1] = offsets[patient]! + store.staticOf[index]!;
      spans[3 * b + 2] = offsets[patient + 1]!;
    }
    const ends = new Uint32Array(members.length);
    store.native.knownEnds(spans, cutoffs, plan.inclusive, threads, ends);
    return ends;
  }

  /**
   * @internal The rows that the samples may have, for the native side: the last known ones where the strategy
   * takes these, else all known ones.
   */
  _wanted(): { spans: Uint32Array; ends: BigInt64Array; atStart: boolean; atEnd: boolean; last?: number } {
    const { _store: store, _index: indexes, _cutoff: cutoffs, _plan: plan, size } = this;
    // Shard, row of the patient in the shard, first row, first row with a time, end.
    const words = 5;
    const spans = new Uint32Array(words * 2 * size);
    const ends = new BigInt64Array(2 * size).fill(NO_CUTOFF);
    ends.set(cutoffs);
    for (let i = 0; i < size; i += 1) {
      const index = indexes[i]!;
      const { number, offsets } = store.shard(store.shardOf[index]!);
      const patient = store.rowOf[index]!;
      const timed = offsets[patient]! + store.staticOf[index]!;
      spans.set([number, patient, timed, timed, offsets[patient + 1]!], words * i);
      // Static rows are in every sample.
      if (plan.statics !== "omit") spans.set([number, patient, offsets[patient]!, timed, timed], words * (size + i));
    }
    const isEnd = STRATEGIES[plan.strategy].endsLast && !plan.byEvent && plan.keepsAll;
    return { spans, ends, atStart: true, atEnd: plan.inclusive, ...(isEnd && { last: plan.maxLength }) };
  }

  /** The object that `JSON.stringify` writes. */
  toJSON(): object {
    return { size: this.size, report: { ...this.report, atCutoff: Object.fromEntries(this.report.atCutoff) } };
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { maxLength, strategy } = this._plan;
    return shownAs("Samples", { size: this.size, maxLength, strategy, split: this._split, labels: this.labels?.task ?? null });
  }
}

/** The random numbers of windows. */
export function drawOf(seed: number, epoch: number): Random {
  return new Random(seedOf("seed", seed), seedOf("epoch", epoch), WINDOWS);
}

/**
 * Windows of patients' timelines for training or evaluation. With labels: one window per label, with rows
 * known at its prediction time. With `{ split }`: one window per patient of the split, for pre-training. `db`
 * may be a cohort: labels of other subjects are then left out, and counted.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for a wrong option, `MEDS_UNKNOWN_SPLIT`, `MEDS_UNKNOWN_COLUMN`,
 * `MEDS_CLOSED`.
 * @example
 * ```ts
 * import { Labels, PatientDatabase, samples } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const labels = Labels.from([{ subjectId: db.at(0)!.subjectId, predictionTime: new Date("2100-01-01"), booleanValue: true }]);
 * const list = samples(db, labels, { maxLength: 512 });
 * console.log(list.size, list.report, list.at(0)?.timeline.length);
 * const pretraining = samples(db, { split: "train" }, { maxLength: 512, strategy: "random" });
 * console.log(pretraining.size);
 * db.close();
 * ```
 */
export function samples<S extends object>(db: Cohort<S>, source: Labels | Pretraining, options: SampleOptions): Samples {
  const isPretraining = typeof source === "object" && source !== null && typeof (source as Pretraining).split === "string";
  if (!(source instanceof Labels) && !isPretraining)
    expected("source", source, 'a Labels object, or an object such as { split: "train" } for pre-training');
  if (typeof db !== "object" || db === null || !("_store" in db)) expected("db", db, "a PatientDatabase or one of its cohorts");
  if (isPretraining && options?.split !== undefined)
    conflict(
      `The samples are made of split ${JSON.stringify((source as Pretraining).split)}. Remove the option \`split\`, which is for labels only.`,
    );
  if (isPretraining) namesIn("the source of samples for pre-training", source, ["split"]);
  const store = db._store;
  store.check();
  const plan = new Plan(store, options, source instanceof Labels);
  if (source instanceof Labels) return new Samples(new Selection(db, plan, plan.split).ofLabels(source));
  store.checkSplit("split", source.split);
  return new Samples(new Selection(db, plan, source.split).ofPatients());
}
