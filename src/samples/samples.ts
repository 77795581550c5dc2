import type { Cohort } from "../database/cohort.js";
import { type LabelRow, Labels } from "../labels/labels.js";
import type { Store } from "../store/store.js";
import { conflict, expected, namesIn, optionsOf } from "../support/arguments.js";
import { Random } from "../support/random.js";
import { Timeline } from "../timeline/timeline.js";
import { NO_CUTOFF } from "./cutoff.js";
import { guarded } from "./guard.js";
import { identityOf } from "./identity.js";
import { Plan, type SampleOptions, splitOf } from "./options.js";
import { type Place, placesOf, Window } from "./window.js";

/**
 * Samples without labels: whole timelines of the patients of a split. The split must be named, so that
 * training never includes patients without an assignment.
 */
export interface Pretraining {
  readonly split: string;
}

/** What happened to the labels (or patients). Everything that is left out is counted here. */
export interface SampleReport {
  /** Labels, or patients where there are no labels. */
  readonly given: number;
  /** Samples made from them; more with `step_through`. */
  readonly samples: number;
  /** Labels of subjects that are not in the database, and the number of those subjects. */
  readonly unknownLabels: number;
  readonly unknownSubjects: number;
  /** Labels of subjects outside of the cohort or of the requested split. */
  readonly otherSplit: number;
  /** Labels of subjects without a split, if a split is requested. */
  readonly noSplit: number;
  /**
   * With labels: samples whose only known rows are static. Without labels: patients left out for this reason.
   */
  readonly empty: number;
  /**
   * With `static: "prepend"`: labels (or patients) with more static rows than fit before the other rows of a
   * window. The first static rows are kept.
   */
  readonly staticCut: number;
  /**
   * Rows at exactly the time of the cut-off that windows are taken from, by the first part of their code.
   * Check whether they were really known at that time; `excludeAtCutoff` removes rows by code.
   */
  readonly atCutoff: ReadonlyMap<string, number>;
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
 * where windows are and copies no rows. A window only ever returns rows at or before the cut-off: {@link
 * loader} proves it for each batch.
 */
export class Samples {
  /** Number of samples. */
  readonly size: number;
  /** The labels; each sample belongs to one of them. Null without labels. */
  readonly labels: Labels | null;
  /** What happened to all labels or patients. */
  readonly report: SampleReport;
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
  /** @internal By sample: its rows among the patient's known rows. Null except with `step_through`. */
  readonly _places: readonly Place[] | null;
  /** @internal By sample: the number of samples of the same label or patient. */
  readonly _windows: Uint32Array;
  private identity: string | null = null;
  private dense: readonly number[] | null = null;

  /** @internal */
  constructor({ store, plan, split, labels, report, index, label, cutoff, places, windows }: SampleParts) {
    this._store = store;
    this._plan = plan;
    this._split = split;
    this.labels = labels;
    this.report = report;
    this.size = index.length;
    this._index = index;
    this._label = label;
    this._cutoff = cutoff;
    this._places = places;
    this._windows = windows;
  }

  /** @internal */
  static _of(cohort: Members, source: Labels | Pretraining, options: SampleOptions): Samples {
    const store = cohort._store;
    store.check();
    const plan = new Plan(store, options, source instanceof Labels);
    const split = source instanceof Labels ? plan.split : splitOf(store, source.split);
    const chosen = new Chosen(cohort, split);
    const window = new Window(store, plan);
    const index: number[] = [];
    const label: number[] = [];
    const cutoffs: bigint[] = [];
    const windows: number[] = [];
    const places: Place[] = [];
    const ties = new Map<number, number>();
    const count = (id: number) => ties.set(id, (ties.get(id) ?? 0) + 1);
    let empty = 0;
    let staticCut = 0;
    let given = 0;
    const add = (at: number, row: number, cutoff: bigint): void => {
      const { count: rows, room } = window.measure(at, cutoff);
      window.forTies(count);
      if (window.staticsCut > 0) staticCut += 1;
      if (rows === 0) empty += 1;
      if (rows === 0 && row < 0) return;
      const own = plan.strategy === "step_through" ? placesOf(plan, rows, room) : [];
      // A label without a known row is also a sample.
      const times = plan.strategy === "step_through" ? Math.max(1, own.length) : 1;
      for (let i = 0; i < times; i += 1) {
        if (plan.strategy === "step_through") places.push(own[i] ?? { begin: 0, end: 0 });
        index.push(at);
        label.push(row);
        cutoffs.push(cutoff);
        windows.push(times);
      }
    };
    if (source instanceof Labels) {
      const { subjectIds, predictionTimes } = source._table;
      given = source.size;
      // With a label for every eighth patient, most pages of times are read.
      const scan = 8 * given >= store.size ? store.scan(null) : null;
      try {
        for (let row = 0; row < given; row += 1) {
          const at = chosen.find(subjectIds[row]!);
          if (at >= 0) add(at, row, earlier(predictionTimes[row]!, plan.gap));
        }
      } finally {
        scan?.end();
      }
    } else {
      for (const patient of cohort) {
        given += 1;
        const at = chosen.find(patient.subjectId);
        if (at >= 0) add(at, -1, NO_CUTOFF);
      }
    }
    return new Samples({
      store,
      plan,
      split: split ?? cohort._split,
      labels: source instanceof Labels ? source : null,
      index: Uint32Array.from(index),
      label: Int32Array.from(label),
      cutoff: BigInt64Array.from(cutoffs),
      places: plan.strategy === "step_through" ? places : null,
      windows: Uint32Array.from(windows),
      report: {
        given,
        samples: index.length,
        unknownLabels: chosen.unknown,
        unknownSubjects: chosen.unknownSubjects.size,
        otherSplit: chosen.other,
        noSplit: chosen.none,
        empty,
        staticCut,
        atCutoff: byPrefix(ties, store),
      },
    });
  }

  /** @internal The plain data from which another thread makes the same windows. */
  _plain() {
    const {
      _plan: plan,
      _split: split,
      labels,
      report,
      _index: index,
      _label: label,
      _cutoff: cutoff,
      _places: places,
      _windows: windows,
    } = this;
    return { plan, split, labels: labels && { task: labels.task, table: labels._table }, report, index, label, cutoff, places, windows };
  }

  /** @internal */
  static _revived(store: Store, { labels, ...parts }: ReturnType<Samples["_plain"]>): Samples {
    return new Samples({ ...parts, store, labels: labels && new Labels(labels.task, labels.table) });
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
    const sample = i < 0 ? i + this.size : i;
    if (!(sample >= 0 && sample < this.size)) return undefined;
    const given = optionsOf(options) ?? {};
    namesIn("at", given, ["seed", "epoch"]);
    const { seed = 0, epoch = 0 } = given;
    const window = new Window(this._store, this._plan);
    this._set(window, sample, drawOf(seed, epoch));
    const { patient, index, staticCount } = window;
    const shard = guarded(window.shard, patient, this._plan.later, window.cutoff);
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
    this.identity ??= identityOf(this);
    return this.identity;
  }

  /** @internal The shards that are worth a scan when windows of all samples are read. */
  get _dense(): readonly number[] {
    this.dense ??= this._store.dense(this._index);
    return this.dense;
  }

  /** @internal Moves a window to a sample. */
  _set(window: Window, sample: number, random: Random, known = -1): void {
    window.set(this._index[sample]!, this._cutoff[sample]!, this._places?.[sample] ?? null, { random, sample }, known);
  }

  /**
   * @internal By sample: the end of the rows that are known at its cut-off. One call searches for all of
   * them, so that waits for memory overlap.
   */
  _knownEnds(members: Uint32Array, cutoffs: BigInt64Array): Uint32Array {
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
    store.native.knownEnds(spans, cutoffs, plan.inclusive, plan.strategy === "to_end" && !plan.byEvent ? plan.maxLength : 0, ends);
    return ends;
  }

  /** The object that `JSON.stringify` writes. */
  toJSON(): object {
    return { size: this.size, report: { ...this.report, atCutoff: Object.fromEntries(this.report.atCutoff) } };
  }
}

/** The random numbers of windows. */
export function drawOf(seed: number, epoch: number): Random {
  return new Random(seedOf("seed", seed), seedOf("epoch", epoch), WINDOWS);
}

/** A seed: any safe integer. */
export function seedOf(name: string, seed: number): number {
  return Number.isSafeInteger(seed) ? seed : expected(name, seed, "a whole number from -(2^53 - 1) to 2^53 - 1");
}

/** The parts of {@link Samples}. */
interface SampleParts {
  readonly store: Store;
  readonly plan: Plan;
  readonly split: string | null;
  readonly labels: Labels | null;
  readonly report: SampleReport;
  readonly index: Uint32Array;
  readonly label: Int32Array;
  readonly cutoff: BigInt64Array;
  readonly places: readonly Place[] | null;
  readonly windows: Uint32Array;
}

/** The members of a cohort that samples need, for any types of columns. */
type Members = Pick<Cohort, "_store" | "_slots" | "_split" | "has"> & Iterable<{ readonly subjectId: bigint }>;

/** Finds subjects, and counts those that are left out. */
class Chosen {
  unknown = 0;
  other = 0;
  none = 0;
  readonly unknownSubjects = new Set<bigint>();

  constructor(
    private readonly cohort: Members,
    private readonly split: string | null,
  ) {}

  /** Row in patients.arrow; -1 if the subject is left out. */
  find(id: bigint): number {
    const { cohort, split } = this;
    const index = cohort._store.find(id);
    if (index < 0) {
      this.unknown += 1;
      this.unknownSubjects.add(id);
      return -1;
    }
    const own = cohort._store.split(index);
    const excluded = split !== null && own !== split;
    if (excluded && own === null) this.none += 1;
    else if (excluded || (cohort._slots !== null && !cohort.has(id))) this.other += 1;
    else return index;
    return -1;
  }
}

/** The time minus the gap, or the earliest time of int64. */
function earlier(time: bigint, gap: bigint): bigint {
  const cutoff = time - gap;
  if (cutoff < -(2n ** 63n)) return -(2n ** 63n);
  // The last microsecond of int64 means "no cut-off". A prediction time at that microsecond still gets one.
  return cutoff === NO_CUTOFF ? NO_CUTOFF - 1n : cutoff;
}

/**
 * Counts by the part of a code before its first `//` (or before its first `/` if it has no `//`): `LAB`,
 * `SNOMED`.
 */
function byPrefix(ties: ReadonlyMap<number, number>, store: Store): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [id, count] of ties) {
    const code = store.codes.strings[id]!;
    const prefix = code.split(code.includes("//") ? "//" : "/")[0]!;
    found.set(prefix, (found.get(prefix) ?? 0) + count);
  }
  return new Map([...found].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
}

/**
 * Windows of patients' timelines for training or evaluation. With labels: one window per label, of the rows
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
  return Samples._of(db, source, options);
}
