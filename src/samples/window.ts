import type { Shard } from "../store/shard.js";
import type { Store } from "../store/store.js";
import type { Value } from "../store/values/vector.js";
import { DAY, dayOf } from "../support/time.js";
import { searchRow } from "../timeline/search.js";
import { counted, type Measure, prepended } from "./counts.js";
import { Cutoffs, NO_CUTOFF } from "./cutoff.js";
import { isKnown } from "./guard.js";
import type { Plan } from "./options.js";
import { type Draw, type Span, STRATEGIES } from "./strategy.js";

const NO_ROWS = new Uint32Array(0);

/**
 * The window of one sample, as rows of a shard: static rows, then a run or a list of rows. One object serves
 * one sample after another. It copies no values; if some rows are left out, it has a list of the row numbers
 * that are kept.
 */
export class Window {
  /** Row of the patient in patients.arrow. */
  index = -1;
  shard!: Shard;
  /** Row of the patient in the shard, and the first row of the patient. */
  patient = 0;
  first = 0;
  /** One more than the last row that counts as static. */
  staticEnd = 0;
  /** Static rows that are kept. */
  statics: Uint32Array = NO_ROWS;
  staticCount = 0;
  /** Static rows that are left out because the window has no room for them before its own rows. */
  staticsCut = 0;
  /**
   * The rows: [begin, begin + length), or `rows[begin]` to `rows[begin + length - 1]` if some are left out.
   */
  begin = 0;
  length = 0;
  rows: Uint32Array | null = null;
  /** The kept row before the first one; -1 if none. */
  previous = -1;
  /** One more than the last row that is known at the cut-off. */
  known = 0;
  /** The cut-off is one of these. */
  private cutoffs: Cutoffs;
  private sample = 0;

  private readonly store: Store;
  private readonly plan: Plan;
  /** The cut-off of a window that is not one of a list of samples. */
  private readonly own = new BigInt64Array([NO_CUTOFF]);
  private readonly ownCutoffs = new Cutoffs(this.own);
  private list: Uint32Array = new Uint32Array(1024);
  private listBegin = 0;
  /** By event in the list: the index of its first row in the list. */
  private events: Uint32Array = new Uint32Array(256);
  /** Rows before these cannot be removed because of the cut-off. */
  private dayRow = 0;
  private tieRow = 0;

  constructor(store: Store, plan: Plan) {
    this.store = store;
    this.plan = plan;
    this.cutoffs = this.ownCutoffs;
  }

  get cutoff(): bigint {
    return this.cutoffs.at(this.sample);
  }

  /** The last time at which something is known: the cut-off, or just before it. */
  get limit(): bigint {
    return this.plan.inclusive || !this.hasCutoff ? this.cutoff : this.cutoff - 1n;
  }

  get hasCutoff(): boolean {
    return this.cutoffs.has(this.sample);
  }

  /** Row of the shard at a position of the window. */
  row(i: number): number {
    return this.rows === null ? this.begin + i : this.rows[this.begin + i]!;
  }

  /** Time of birth in microseconds, as known at the cut-off; null if it is not known. */
  birth(): bigint | null {
    return this.store.births.known(this.index, this.known);
  }

  /** Time of birth as a float64 of microseconds, as known at the cut-off; NaN if it is not known. */
  birthNumber(): number {
    return this.store.births.knownNumber(this.index, this.known);
  }

  /**
   * Selects the patient and the rows known at the cut-off. Returns the end of the known rows, which it
   * searches for if `known` is -1.
   */
  private bind(index: number, cutoffs: Cutoffs, sample: number, known: number): number {
    const { store, plan } = this;
    this.cutoffs = cutoffs;
    this.sample = sample;
    const near = this.hasCutoff;
    const shard = store.shard(store.shardOf[index]!);
    const patient = store.rowOf[index]!;
    const first = shard.offsets[patient]!;
    const last = shard.offsets[patient + 1]!;
    const timed = first + store.staticOf[index]!;
    this.index = index;
    this.shard = shard;
    this.patient = patient;
    this.first = first;
    const end = known >= 0 ? known : near ? searchRow(shard, timed, last, this.cutoff, plan.inclusive) : last;
    this.known = end;
    let staticEnd = timed;
    if (plan.untilBirth) {
      // Known rows only: a birth after the cut-off would reveal the future.
      const birth = this.birth();
      if (birth !== null) staticEnd = searchRow(shard, timed, end, dayOf(birth) + DAY, false);
    }
    this.staticEnd = staticEnd;
    this.dayRow = near && plan.dateOnly !== null ? searchRow(shard, staticEnd, end, dayOf(this.cutoff), false) : end;
    this.tieRow = near && plan.atCutoff !== null ? searchRow(shard, staticEnd, end, this.cutoff, false) : end;
    return end;
  }

  /** As {@link Window.bind}, for a cut-off that is not one of a list. */
  private bindTo(index: number, cutoff: bigint): number {
    this.own[0] = cutoff;
    return this.bind(index, this.ownCutoffs, 0, -1);
  }

  /**
   * Moves the window to the sample of `draw`. `span`: its rows, if the strategy fixed them. `known`: the end
   * of the known rows, -1 to search for it.
   */
  set(index: number, cutoffs: Cutoffs, span: Span | null, draw: Draw, known: number): void {
    const { plan } = this;
    const end = this.bind(index, cutoffs, draw.sample, known);
    const room = this.takeStatics();
    const low = this.lowRow(end);
    if (this.isRun(end) && !plan.byEvent) {
      const [from, to] = counted(plan, end - low);
      const [begin, stop] = span === null ? this.choose(to - from, room, draw) : [span.begin, span.end];
      this.rows = null;
      this.begin = low + from + begin;
      this.length = stop - begin;
      this.previous = this.begin > this.staticEnd && this.length > 0 ? this.begin - 1 : -1;
      return;
    }
    // Nothing before a window at the end is read.
    const enough =
      STRATEGIES[plan.strategy].endsLast && plan.gapCount === 0 ? Math.min(room, plan.lookBackCount) : Number.POSITIVE_INFINITY;
    const count = this.gather(low, end, enough);
    const units = plan.byEvent ? this.eventStarts(count) : count;
    const [from, to] = counted(plan, units);
    const [begin, stop] = span === null ? this.choose(to - from, room, draw) : [span.begin, span.end];
    const at = (unit: number) => (plan.byEvent ? (unit < units ? this.events[unit]! : count) : unit);
    this.rows = this.list;
    this.begin = this.listBegin + at(from + begin);
    this.length = this.listBegin + at(from + stop) - this.begin;
    this.previous = this.length === 0 ? -1 : this.keptBefore(this.row(0));
  }

  /** Begin and end of a window of at most w of n rows. */
  private choose(n: number, w: number, draw: Draw): readonly [number, number] {
    return n <= w ? [0, n] : STRATEGIES[this.plan.strategy].choose!(n, w, draw);
  }

  /**
   * The number of rows (or events) that the windows of a sample are taken from, and the most that a window
   * may have.
   */
  measure(index: number, cutoff: bigint): Measure {
    const { plan } = this;
    const end = this.bindTo(index, cutoff);
    const room = this.takeStatics();
    const low = this.lowRow(end);
    let units = end - low;
    if (!this.isRun(end) || plan.byEvent) {
      const count = this.gather(low, end, Number.POSITIVE_INFINITY);
      units = plan.byEvent ? this.eventStarts(count) : count;
    }
    const [from, to] = counted(plan, units);
    return { count: to - from, room, staticsCut: this.staticsCut };
  }

  /** Calls `visit` with each row that the windows of a sample are taken from, static rows first. */
  forKnown(index: number, cutoff: bigint, visit: (row: number) => void): void {
    const { plan } = this;
    const end = this.bindTo(index, cutoff);
    this.takeStatics();
    for (let i = 0; i < this.staticCount; i += 1) visit(this.statics[i]!);
    const count = this.gather(this.lowRow(end), end, Number.POSITIVE_INFINITY);
    const units = plan.byEvent ? this.eventStarts(count) : count;
    const [from, to] = counted(plan, units);
    const at = (unit: number) => (plan.byEvent ? (unit < units ? this.events[unit]! : count) : unit);
    for (let i = at(from); i < at(to); i += 1) visit(this.list[this.listBegin + i]!);
  }

  /** The kept row after a row; -1 if none is known at the cut-off. */
  nextKnown(row: number): number {
    for (let next = row + 1; next < this.known; next += 1) if (this.keeps(next)) return next;
    return -1;
  }

  /**
   * Calls `visit` with the code id of each kept row at exactly the time of the cut-off, for the sample that
   * was set or measured last.
   */
  forTies(visit: (codeId: number) => void): void {
    const { shard, staticEnd } = this;
    if (!this.hasCutoff || !this.plan.inclusive) return;
    const { known: end, cutoff } = this;
    // Mostly few rows. A search would read further pages of times.
    let row = end;
    while (row > staticEnd && shard.times[row - 1] === cutoff) row -= 1;
    for (; row < end; row += 1) if (this.keeps(row)) visit(shard.codeIds[row]!);
  }

  /** The first row within the look-back. */
  private lowRow(end: number): number {
    const { plan, staticEnd } = this;
    if (plan.lookBack === null || !this.hasCutoff) return staticEnd;
    return Math.min(end, searchRow(this.shard, staticEnd, end, this.cutoff - plan.lookBack, plan.inclusive));
  }

  /** Are all known rows kept? */
  private isRun(end: number): boolean {
    const { plan, dayRow, tieRow } = this;
    if (!plan.keepsAll) return false;
    for (let row = Math.min(dayRow, tieRow); row < end; row += 1) if (!this.keeps(row)) return false;
    return true;
  }

  private keeps(row: number): boolean {
    const { plan, shard } = this;
    const id = shard.codeIds[row]!;
    if (plan.codes !== null && plan.codes[id] !== 1) return false;
    if (row >= this.dayRow && plan.dateOnly![id] === 1) return false;
    if (row >= this.tieRow && plan.atCutoff![id] === 1) return false;
    for (const [column, keep] of plan.where) if (!keep(this.valueOf(column, row))) return false;
    return true;
  }

  /** The value of a column, as known at the cut-off. */
  private valueOf(column: number, row: number): Value | null {
    const { shard, patient, plan } = this;
    const time = plan.later.get(column);
    if (time !== undefined && this.hasCutoff && !isKnown(shard, row, patient, time, this.limit)) return null;
    return shard.field(column).value(row, patient);
  }

  private keptBefore(from: number): number {
    for (let row = from - 1; row >= this.staticEnd; row -= 1) if (this.keeps(row)) return row;
    return -1;
  }

  /** Finds the static rows. Returns the room that they leave in a window. */
  private takeStatics(): number {
    const { first, staticEnd, plan } = this;
    this.staticCount = 0;
    this.staticsCut = 0;
    if (plan.statics === "omit" || staticEnd === first) return plan.maxLength;
    if (this.statics.length < staticEnd - first) this.statics = new Uint32Array(Math.max(16, staticEnd - first));
    const { dayRow, tieRow } = this;
    // The cut-off removes no static rows.
    this.dayRow = this.tieRow = Number.POSITIVE_INFINITY;
    for (let row = first; row < staticEnd; row += 1) {
      if (!plan.keepsAll && !this.keeps(row)) continue;
      this.statics[this.staticCount] = row;
      this.staticCount += 1;
    }
    this.dayRow = dayRow;
    this.tieRow = tieRow;
    const { kept, room } = prepended(plan, this.staticCount);
    this.staticsCut = this.staticCount - kept;
    this.staticCount = kept;
    return room;
  }

  /**
   * Lists the kept rows of [low, end) from `listBegin` on, at most `enough` units from the end. Returns their
   * number.
   */
  private gather(low: number, end: number, enough: number): number {
    const most = end - low;
    if (this.list.length < most) this.list = new Uint32Array(2 * most);
    const { list, plan, shard } = this;
    let at = most;
    let units = 0;
    for (let row = end - 1; row >= low; row -= 1) {
      if (!this.keeps(row)) continue;
      const isNew = !plan.byEvent || at === most || !shard.isSameTime(row, list[at]!);
      if (isNew && units === enough) break;
      if (isNew) units += 1;
      at -= 1;
      list[at] = row;
    }
    this.listBegin = at;
    return most - at;
  }

  /** Finds where each distinct time begins in the list. Returns the number of events. */
  private eventStarts(count: number): number {
    if (this.events.length < count) this.events = new Uint32Array(2 * count);
    const { list, listBegin, events, shard } = this;
    let found = 0;
    for (let i = 0; i < count; i += 1) {
      const row = list[listBegin + i]!;
      const before = i === 0 ? -1 : list[listBegin + i - 1]!;
      if (before >= 0 && shard.isSameTime(row, before)) continue;
      events[found] = i;
      found += 1;
    }
    return found;
  }
}
