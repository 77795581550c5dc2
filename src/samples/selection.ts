import type { Labels } from "../labels/labels.js";
import type { Store } from "../store/store.js";
import { isPlain, measured } from "./counts.js";
import { NO_CUTOFF } from "./cutoff.js";
import type { Plan } from "./options.js";
import { type Span, STRATEGIES, spansOf } from "./strategy.js";
import { Window } from "./window.js";

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

/** The parts of {@link Samples}. */
export interface SampleParts {
  readonly store: Store;
  readonly plan: Plan;
  readonly split: string | null;
  readonly labels: Labels | null;
  /** Reads the rows that it counts, and is called once. */
  readonly report: () => SampleReport;
  readonly index: Uint32Array;
  readonly label: Int32Array;
  readonly cutoff: BigInt64Array;
  readonly spans: readonly Span[] | null;
  readonly windows: Uint32Array;
}

/** The members of a cohort that samples need, for any types of columns. */
interface Members {
  /** In storage order. */
  readonly subjectIds: BigInt64Array;
  readonly _store: Store;
  readonly _slots: Uint32Array | null;
  readonly _split: string | null;
  has(id: bigint): boolean;
}

/** Labels whose cut-offs are searched at a time. */
const AT_ONCE = 1 << 10;

/** Chooses the samples of labels or patients, and counts what is left out. */
export class Selection {
  private readonly store: Store;
  private readonly subjects: Subjects;
  private readonly window: Window;
  private readonly index: number[] = [];
  private readonly label: number[] = [];
  private readonly cutoffs: bigint[] = [];
  private readonly windows: number[] = [];
  private readonly spans: Span[] = [];
  /** Rows at exactly a cut-off, by code id. */
  private readonly ties = new Map<number, number>();
  private readonly countTie = (id: number): void => {
    this.ties.set(id, (this.ties.get(id) ?? 0) + 1);
  };
  private empty = 0;
  private staticCut = 0;

  constructor(
    private readonly cohort: Members,
    private readonly plan: Plan,
    private readonly split: string | null,
  ) {
    this.store = cohort._store;
    this.subjects = new Subjects(cohort, split);
    this.window = new Window(this.store, plan);
  }

  /**
   * The samples of labels. Where each label is one sample, no row is read until the report is requested: a machine
   * that has only the shards of its rank can make the whole list.
   */
  ofLabels(labels: Labels): SampleParts {
    if (STRATEGIES[this.plan.strategy].spans !== undefined) {
      this.measureLabels(labels);
      return this.parts(labels, labels.size);
    }
    const { subjects, plan } = this;
    const { subjectIds, predictionTimes } = labels._table;
    for (let row = 0; row < labels.size; row += 1) {
      const index = subjects.find(subjectIds[row]!);
      if (index >= 0) this.push(index, row, earlier(predictionTimes[row]!, plan.gap), 1);
    }
    const later = new Selection(this.cohort, plan, this.split);
    return { ...this.parts(labels, labels.size), report: () => later.measureLabels(labels).report(labels.size) };
  }

  /** Adds the samples of labels, and counts their rows. */
  private measureLabels(labels: Labels): this {
    const { store, subjects, plan } = this;
    const { subjectIds, predictionTimes } = labels._table;
    const isCold = store.isCold;
    // With a label for every eighth patient, most pages of times are read.
    const scan = !isCold && store.fits && 8 * labels.size >= store.size ? store.scan(null) : null;
    try {
      for (let row = 0; row < labels.size; row += 1) {
        if (isCold && row % AT_ONCE === 0) this.fetch(labels, row);
        const index = subjects.find(subjectIds[row]!);
        if (index >= 0) this.add(index, row, earlier(predictionTimes[row]!, plan.gap));
      }
    } finally {
      scan?.end();
    }
    return this;
  }

  /** Reads the pages that the search for the next cut-offs needs, many at a time. */
  private fetch({ _table: { subjectIds, predictionTimes } }: Labels, from: number): void {
    const { store, subjects, plan } = this;
    const spans: number[] = [];
    const ends: bigint[] = [];
    for (let row = from; row < Math.min(from + AT_ONCE, subjectIds.length); row += 1) {
      const index = subjects.find(subjectIds[row]!);
      if (index < 0) continue;
      const { number, offsets } = store.shard(store.shardOf[index]!);
      const patient = store.rowOf[index]!;
      const timed = offsets[patient]! + store.staticOf[index]!;
      spans.push(number, patient, timed, timed, offsets[patient + 1]!);
      ends.push(earlier(predictionTimes[row]!, plan.gap));
    }
    const bounds = { ends: BigInt64Array.from(ends), atStart: true, atEnd: plan.inclusive, last: 1 };
    store.native.fetch({ spans: Uint32Array.from(spans), ...bounds, columns: ["time", "code"], most: store.room });
  }

  ofPatients(): SampleParts {
    const { subjectIds } = this.cohort;
    const scan = isPlain(this.plan) ? null : this.store.scan(this.cohort._slots);
    try {
      for (const subjectId of subjectIds) {
        const index = this.subjects.find(subjectId);
        if (index >= 0) this.add(index, -1, NO_CUTOFF);
      }
    } finally {
      scan?.end();
    }
    return this.parts(null, subjectIds.length);
  }

  /** Adds the samples of a label, or of a patient (`label` is -1). */
  private add(index: number, label: number, cutoff: bigint): void {
    const { plan, window, store } = this;
    const isWhole = label < 0 && isPlain(plan);
    const { count, room, staticsCut } = isWhole
      ? measured(plan, store.eventsOf[index]!, store.staticOf[index]!)
      : window.measure(index, cutoff);
    if (!isWhole) window.forTies(this.countTie);
    if (staticsCut > 0) this.staticCut += 1;
    if (count === 0) this.empty += 1;
    if (count === 0 && label < 0) return;
    const spans = spansOf(plan.strategy, count, room, plan);
    // A label without a known row is also a sample.
    const samples = Math.max(1, spans?.length ?? 1);
    for (let i = 0; i < samples; i += 1) {
      if (spans !== null) this.spans.push(spans[i] ?? { begin: 0, end: 0 });
      this.push(index, label, cutoff, samples);
    }
  }

  private push(index: number, label: number, cutoff: bigint, windows: number): void {
    this.index.push(index);
    this.label.push(label);
    this.cutoffs.push(cutoff);
    this.windows.push(windows);
  }

  private parts(labels: Labels | null, given: number): SampleParts {
    const { store, plan, index } = this;
    const report = this.report(given);
    return {
      store,
      plan,
      split: this.split ?? this.cohort._split,
      labels,
      index: Uint32Array.from(index),
      label: Int32Array.from(this.label),
      cutoff: BigInt64Array.from(this.cutoffs),
      spans: STRATEGIES[plan.strategy].spans === undefined ? null : this.spans,
      windows: Uint32Array.from(this.windows),
      report: () => report,
    };
  }

  private report(given: number): SampleReport {
    const { store, subjects, index } = this;
    return {
      given,
      samples: index.length,
      unknownLabels: subjects.unknown,
      unknownSubjects: subjects.unknownSubjects.size,
      otherSplit: subjects.other,
      noSplit: subjects.none,
      empty: this.empty,
      staticCut: this.staticCut,
      atCutoff: byPrefix(this.ties, store),
    };
  }
}

/** Finds subjects, and counts those that are left out. */
class Subjects {
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
