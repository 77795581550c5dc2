import type { CodeChoice } from "../store/choice.js";
import type { IndexArray } from "../store/mapped-file.js";
import type { Shard } from "../store/shard.js";
import type { JsonValue } from "../store/values/json.js";
import { conflict, expected, flagOf, namesIn, optionsOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { boundOf, microsOf, shownTime, type TimeLike } from "../support/time.js";
import { TEXT_OPTIONS, type ToTextOptions } from "../text/options.js";
import type { TimelineText } from "../text/text.js";
import { textOf } from "../text/writer.js";
import { type ArrowTable, timelineTable } from "./arrow.js";
import { type BetweenOptions, boundsOf, countOf, inclusiveOf, sliceIndex, staticOf, type WindowOptions } from "./bounds.js";
import { Column } from "./column.js";
import { copyOf, type TimelineCopy } from "./copy.js";
import { Event } from "./event.js";
import { distinctOf, type Group, groupsOf, type Visit, type VisitKey, type VisitOptions, visitsOf } from "./groups.js";
import { ListIterator, RunIterator, StepIterator } from "./iterators.js";
import { byTimeOf, type CodesOfRow, type EventTest, filterOf, type HitOptions, hitOf } from "./questions.js";
import { gather, type Rows } from "./rows.js";
import type { AnySchema, ColumnName, ColumnValue } from "./schema.js";
import { searchTime } from "./search.js";
import { selectCodes } from "./selection.js";

/**
 * Called for each row: time in microseconds since 1970-01-01 (NaN for a static row), code, numeric value (NaN
 * for null), index.
 */
export type Visitor = (time: number, code: string, value: number, index: number) => void;

/**
 * Rows of one patient in order: static rows (no time) first, then by time. A whole patient, or a window of
 * one. A window costs one binary search per bound and copies nothing. Index i means the same row in every
 * accessor. `times`, `codeIds` and the other arrays are views of the mapped file if the rows are one run, that
 * is, if they follow one another in the file. They are copies if rows are missing between the static rows and
 * the rest (`from`, `between`), or if the rows were selected by code.
 *
 * Do not post views to a worker, because the whole shard would be cloned. Post {@link Timeline.copy} instead.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const patient = db.at(0)!;
 * const history = patient.until(new Date("2100-01-01")).last(512);
 * const { codeIds, numericValues } = history; // typed arrays, one entry per row
 * for (let i = 0; i < history.length; i += 1) {
 *   if (history.timeAt(i) > 0 && numericValues[i]! > 100) console.log(db.codes.strings[codeIds[i]!]);
 * }
 * db.close();
 * ```
 */
export class Timeline<S extends object = AnySchema> implements Iterable<Event<S>> {
  /** Number of rows. */
  readonly length: number;
  /** Number of static rows: those at indexes 0 to staticCount - 1. */
  readonly staticCount: number;
  /** @internal */
  readonly _shard: Shard;
  /** @internal The patient's row in the shard. */
  readonly _patient: number;
  /** @internal The patient's row in patients.arrow. */
  readonly _index: number;
  /** @internal See {@link Rows}. */
  readonly _begin: number;
  /** @internal */
  readonly _gap: number;
  /** @internal */
  readonly _rows: Uint32Array | null;
  private readonly _isRun: boolean;
  private _times: BigInt64Array | null = null;
  private _timeWords: Int32Array | null = null;
  private _codeIds: IndexArray | null = null;
  private _values: Float32Array | Float64Array | null = null;

  /** @internal */
  constructor(
    shard: Shard,
    patient: number,
    index: number,
    begin: number,
    length: number,
    staticCount: number,
    gap: number,
    rows: Uint32Array | null,
  ) {
    this._shard = shard;
    this._patient = patient;
    this._index = index;
    this.length = length;
    this.staticCount = staticCount;
    this._begin = begin;
    this._gap = gap;
    this._rows = rows;
    this._isRun = gap === 0 && rows === null;
  }

  /** The subject's id, any int64. */
  get subjectId(): bigint {
    return this._shard.store.ids[this._index] ?? this._shard.fault("a patient is outside the index");
  }

  /** The patient's index in storage order: `db.at(slot)`. */
  get slot(): number {
    this._shard.check();
    return this._shard.store.slotOf(this._index);
  }

  /** Time of the first timed row, in microseconds since 1970-01-01; null where all rows are static. */
  get firstTime(): number | null {
    this._shard.check();
    return this.staticCount < this.length ? this.timeAt(this.staticCount) : null;
  }

  /** Time of the last row, in microseconds since 1970-01-01; null where all rows are static. */
  get lastTime(): number | null {
    this._shard.check();
    return this.staticCount < this.length ? this.timeAt(this.length - 1) : null;
  }

  /**
   * int64 microseconds since 1970-01-01, one entry per row; static rows contain the int64 minimum. Slow in
   * loops (bigints): see {@link Timeline.timeAt}.
   */
  get times(): BigInt64Array {
    this._shard.check();
    this._times ??= gather(this, this._shard.times, 1);
    return this._times;
  }

  /**
   * Times as 32-bit words, [low, high] per row: `words[2 * i + 1] * 2 ** 32 + (words[2 * i] >>> 0)`
   * microseconds. For hot loops.
   */
  get timeWords(): Int32Array {
    this._shard.check();
    this._timeWords ??= gather(this, this._shard.timeWords, 2);
    return this._timeWords;
  }

  /** Code ids, one entry per row: indexes into `db.codes.strings`. */
  get codeIds(): Uint8Array | Uint16Array | Uint32Array {
    this._shard.check();
    this._codeIds ??= gather(this, this._shard.codeIds, 1);
    return this._codeIds;
  }

  /**
   * Numeric values, one entry per row; NaN for null (all NaN where the source has no such column). Often a
   * view of the store: a tensor that is made over it, without a copy, is empty after `close()`.
   */
  get numericValues(): Float32Array | Float64Array {
    this._shard.check();
    this._values ??= this._shard.hasValues ? gather(this, this._shard.numericValues, 1) : new Float32Array(this.length).fill(Number.NaN);
    return this._values;
  }

  /**
   * Time of a row in microseconds since 1970-01-01; NaN for a static row.
   *
   * @throws MedsError `MEDS_TIME_RANGE` outside 1684 to 2255; `MEDS_OUT_OF_RANGE` outside the timeline.
   */
  timeAt(i: number): number {
    const row = this._row(i);
    const words = this._shard.timeWords;
    const high = words[2 * row + 1]!;
    return high >= -2097152 && high < 2097152 ? high * 4294967296 + (words[2 * row]! >>> 0) : this._shard.nanTime(row);
  }

  /** Code of a row. Throws `MEDS_OUT_OF_RANGE` outside the timeline. */
  codeAt(i: number): string {
    const row = this._row(i);
    const shard = this._shard;
    return shard.codeStrings[shard.codeIds[row]!] ?? shard.loadCode(row);
  }

  /** The row at an index; a negative index counts from the end. Undefined outside the timeline. */
  at(i: number): Event<S> | undefined {
    if (typeof i !== "number") failIndex(i, this.length);
    const index = i < 0 ? i + this.length : i;
    if (!(index >= 0 && index < this.length)) return i === i ? undefined : failIndex(i, this.length);
    return new Event<S>(this._shard, this._row(index), this._patient);
  }

  /**
   * The rows in order, each a new {@link Event}. If you call `next()` yourself, read `value` before the next
   * call.
   */
  [Symbol.iterator](): IterableIterator<Event<S>> {
    const { _shard: shard, _patient: patient } = this;
    if (this._isRun) return new RunIterator<S>(shard, patient, this._begin, this._begin + this.length);
    return this._rows === null ? new StepIterator<S>(shard, patient, this, 1) : new ListIterator<S>(shard, patient, this._rows);
  }

  /** The rows from the last to the first, static rows last: `for (const event of patient.reversed())`. */
  reversed(): IterableIterator<Event<S>> {
    return new StepIterator<S>(this._shard, this._patient, this, -1);
  }

  /**
   * Calls `visit` for each row with the values that most loops need. It is faster than iteration over events,
   * because it allocates nothing. The time of a static row and a null value are NaN.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * let tall = 0;
   * db.at(0)!.forEach((time, code, value) => {
   *   if (code.startsWith("LAB//") && value > 100) tall += 1;
   * });
   * db.close();
   * ```
   */
  forEach(visit: Visitor): void {
    if (typeof visit !== "function") expected("visit", visit, "a function (time, code, value, index) => …");
    const shard = this._shard;
    shard.check();
    // Static rows, and rows in a list, one by one. The rest in a loop without a test for either.
    const start = this._rows === null ? this.staticCount : this.length;
    for (let i = 0; i < start; i += 1) this._visit(visit, i);
    const { timeWords, codeIds, codeStrings, numericValues, hasValues } = shard;
    const begin = this._begin + this._gap;
    const length = this.length;
    for (let i = start; i < length; i += 1) {
      const row = begin + i;
      const high = timeWords[2 * row + 1]!;
      if (!(high >= -2097152 && high < 2097152)) shard.failTime(row);
      const code = codeStrings[codeIds[row]!] ?? shard.loadCode(row);
      visit(high * 4294967296 + (timeWords[2 * row]! >>> 0), code, hasValues ? numericValues[row]! : Number.NaN, i);
    }
  }

  /**
   * The rows at or before a time, with the static rows: the history that is known then. Rows at exactly the
   * time all belong to it; of these, the last is the one that the source has last.
   */
  until(time: TimeLike, options?: WindowOptions): Timeline<S> {
    const end = searchTime(this, this._shard, this._bound(time), inclusiveOf(options));
    return this._cut(this.staticCount, end, staticOf(options));
  }

  /** The rows at or after a time, with the static rows. */
  from(time: TimeLike, options?: WindowOptions): Timeline<S> {
    const begin = searchTime(this, this._shard, this._bound(time), !inclusiveOf(options));
    return this._cut(begin, this.length, staticOf(options));
  }

  /**
   * The rows between two times, both included by default, with the static rows.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` where `end` is before `start`.
   */
  between(start: TimeLike, end: TimeLike, options?: BetweenOptions): Timeline<S> {
    const inclusive = boundsOf(options);
    const low = this._bound(start);
    const high = this._bound(end);
    if (low > high) conflict(`The window ends (${high}) before it starts (${low}). Pass the earlier time first.`);
    const begin = searchTime(this, this._shard, low, !(inclusive === true || inclusive === "start"));
    const stop = searchTime(this, this._shard, high, inclusive === true || inclusive === "end");
    return this._cut(begin, Math.max(begin, stop), staticOf(options));
  }

  /** The first `count` rows, static rows first; all rows if there are fewer. */
  first(count: number): Timeline<S>;
  /**
   * The first row that has one of some codes ({@link CodeChoice}), or for which a function of the event returns
   * true; undefined where there is none. The search stops at the first hit; by codes, it costs about 1 ns per
   * row. Rows are in the order of the store: static rows first, then by time. Of several rows at one time, the
   * first is the one that the source has first. A number is a count of rows: for a code id, use
   * `db.codes.select(id)`.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a value that cannot be a choice of codes.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const patient of db) {
   *   const admission = patient.first("HOSPITAL_ADMISSION*"); // the star: codes with this prefix
   *   const lab = patient.last("LAB//*", { with: "value" });
   *   const high = patient.first((event) => (event.numericValue ?? 0) > 1000);
   *   console.log(admission?.date, lab?.numericValue, high?.code);
   * }
   * db.close();
   * ```
   */
  first(wanted: CodesOfRow | EventTest<S>, options?: HitOptions): Event<S> | undefined;
  first(wanted: number | CodesOfRow | EventTest<S>, options?: HitOptions): Timeline<S> | Event<S> | undefined {
    if (typeof wanted !== "number") return hitOf(this, "first", wanted, options, 1);
    return this._slice(0, Math.min(rowsOf("first", wanted, options), this.length));
  }

  /**
   * The last `count` rows; all rows if there are fewer. Static rows are the first rows, so they are left out
   * first.
   */
  last(count: number): Timeline<S>;
  /**
   * The last row that has one of some codes, or passes a test, as {@link Timeline.first}. Of several rows at one
   * time, the last is the one that the source has last. `{ with: "value" }`: the last row that also has a
   * numeric value.
   *
   * @throws MedsError as {@link Timeline.first}.
   */
  last(wanted: CodesOfRow | EventTest<S>, options?: HitOptions): Event<S> | undefined;
  last(wanted: number | CodesOfRow | EventTest<S>, options?: HitOptions): Timeline<S> | Event<S> | undefined {
    if (typeof wanted !== "number") return hitOf(this, "last", wanted, options, -1);
    return this._slice(Math.max(0, this.length - rowsOf("last", wanted, options)), this.length);
  }

  /** The first row for which a function of the event returns true; undefined where there is none. */
  find(test: EventTest<S>): Event<S> | undefined {
    return hitOf(this, "find", functionOf("find", test), undefined, 1);
  }

  /** Whether a row has one of some codes, or passes a test, as {@link Timeline.first}. A number is a code id. */
  some(wanted: number | CodesOfRow | EventTest<S>): boolean {
    return hitOf(this, "some", wanted, undefined, 1) !== undefined;
  }

  /**
   * The rows for which a function of the event returns true, in order. To select rows by their codes, {@link
   * Timeline.withCode} is faster.
   */
  filter(test: EventTest<S>): Timeline<S> {
    return filterOf(this, functionOf("filter", test));
  }

  /**
   * The rows from `begin` up to but not including `end`. Negative indexes count from the end, as in
   * `Array.prototype.slice`.
   */
  slice(begin = 0, end: number = this.length): Timeline<S> {
    const low = sliceIndex(begin, this.length);
    return this._slice(low, Math.max(low, sliceIndex(end, this.length)));
  }

  /**
   * The rows that have one of the codes: see {@link CodeChoice} for how codes are chosen. A part of the choice
   * that no code of the store matches selects nothing and causes one warning.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a value that cannot be a choice of codes.
   */
  withCode(...codes: readonly CodeChoice[]): Timeline<S> {
    const shard = this._shard;
    shard.check();
    const { rows, staticCount } = selectCodes(this, shard, shard.store.codes._choices.ofAll(codes));
    return this._listed(rows, staticCount);
  }

  /**
   * The rows in groups: one group for each value of a column, in the order of the groups' first rows. Rows
   * without a value are in no group. It costs one pass over the column, and copies nothing.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN`; `MEDS_COLUMN_TYPE` for a column of lists or bytes.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const { key, rows } of db.at(0)!.groupBy("code")) console.log(key, rows.length, rows.lastTime);
   * db.close();
   * ```
   */
  groupBy<N extends ColumnName<S>>(column: N): Group<NonNullable<ColumnValue<S, N>>, S>[] {
    this._shard.check();
    return groupsOf(this, column, 0);
  }

  /**
   * The values of a column, each once, in the order of their first rows; null is left out. For codes it costs 1
   * to 3 ns per row, far less than a `Set` of the events' codes.
   *
   * @throws MedsError as {@link Timeline.groupBy}.
   */
  distinct<N extends ColumnName<S>>(column: N): NonNullable<ColumnValue<S, N>>[] {
    this._shard.check();
    return distinctOf(this, column);
  }

  /**
   * The visits: the rows with a time, in one group for each value of `visit_id` or `hadm_id`, whichever the
   * store has, or of the column that you name. Static rows, and rows without a visit, are in no group. The order
   * is that of the first rows. For a length of stay, search for admission and discharge: the first and the last
   * row of a visit, at `begin` and `end`, are often an earlier order and a later bill.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` where the store has no such column.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const { key, rows } of db.at(0)!.visits()) {
   *   const admission = rows.first("HOSPITAL_ADMISSION//*");
   *   const discharge = rows.last("HOSPITAL_DISCHARGE//*");
   *   if (admission && discharge) console.log(key, (discharge.time! - admission.time!) / 86_400e6, rows.distinct("code"));
   * }
   * db.close();
   * ```
   */
  visits<K = VisitKey<S>>(options?: VisitOptions): Visit<K, S>[] {
    this._shard.check();
    return visitsOf(this, options);
  }

  /**
   * The rows of one time after another, as slices: `for (const moment of patient.byTime())`. Static rows are in
   * none.
   */
  byTime(): IterableIterator<Timeline<S>> {
    return byTimeOf(this);
  }

  /**
   * One column of these rows, for loops: `column.at(i)` and arrays.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` for a name that is not a column.
   */
  column<N extends ColumnName<S>>(name: N): Column<ColumnValue<S, N>> {
    const shard = this._shard;
    shard.check();
    return new Column<ColumnValue<S, N>>(this, this._patient, shard.fieldOf(name));
  }

  /**
   * A copy of the rows, with the named further columns. It stays valid after `close()` and may be posted to a
   * worker.
   */
  copy(columns: readonly ColumnName<S>[] = []): TimelineCopy {
    return copyOf(this, columns);
  }

  /**
   * What `JSON.stringify` writes: the subject's id as text (ids may be beyond 2^53), and the rows as
   * {@link Event.toJSON} returns them.
   */
  toJSON(): { readonly [name: string]: JsonValue } {
    return { subjectId: String(this.subjectId), events: Array.from(this, (event) => event.toJSON()) };
  }

  /**
   * The rows as a Table of the package `apache-arrow`, which must be installed: `time`, `code` and the other
   * columns of `db.columns`. Dense columns are views of the mapped file (one record batch per run of rows:
   * two if rows are missing between the static rows and the rest), and copies if the rows were selected by
   * code. Sparse columns are dense copies, null where a row has no value. After `close()` the views are empty.
   *
   * @throws MedsError `MEDS_MISSING_PACKAGE` where apache-arrow is not installed; `MEDS_CORRUPT` where the
   * store is damaged.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const table = await db.at(0)!.last(10).toArrow();
   * console.log(table.numRows, table.getChild("code")?.get(0));
   * db.close();
   * ```
   */
  async toArrow<T = ArrowTable>(): Promise<T> {
    return (await timelineTable(this)) as T;
  }

  /**
   * The rows as text, for a prompt or a viewer: Markdown with sections (demographics, latest values, visits, …), XML or
   * JSON. With `at`, it is the text as of a prediction time: no row after it, and no value that became known later (such
   * as the end of a visit), has an influence on any character.
   *
   * @throws MedsError `MEDS_BUDGET` where the required sections have no room; `MEDS_MISSING_PACKAGE` for a tokenizer
   * whose package is not installed; `MEDS_PASS_FAILED` where a section or format of the caller's own fails;
   * `MEDS_INVALID_ARGUMENT`; `MEDS_UNKNOWN_COLUMN`; `MEDS_CLOSED`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const patient = db.at(0)!;
   * const { text, rowsKept, rowsLeftOut } = patient.toText({ at: "2020-01-01", budget: 500, tokenizer: "approximate" });
   * console.log(text, rowsKept, rowsLeftOut);
   * db.close();
   * ```
   */
  toText(options?: ToTextOptions): TimelineText {
    this._shard.check();
    const { at, inclusive, ...rest } = optionsOf(options) ?? {};
    namesIn("toText", rest, TEXT_OPTIONS);
    const isInclusive = flagOf("inclusive", inclusive, true);
    if (at === undefined) {
      if (inclusive !== undefined) conflict("`inclusive` requires `at`, the prediction time. Set it, or remove `inclusive`.");
      return textOf(this, { time: this._asOf(), inclusive: true }, rest);
    }
    const time = microsOf(at);
    return textOf(this.until(time, { inclusive: isInclusive }), { time, inclusive: isInclusive }, rest);
  }

  /** @internal Until when the patient is known to someone who has these rows only. */
  _asOf(): bigint | null {
    return this.staticCount < this.length ? this._shard.micros(this._row(this.length - 1)) : null;
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    if (!this._shard.live) return { closed: this._shard.store.path };
    const { subjectId, length, staticCount } = this;
    const time = (i: number) => shownTime(this.at(i)?.timeMicros ?? null);
    return { subjectId, length, staticCount, first: time(staticCount), last: time(-1) };
  }

  /** @internal The row in the shard of an index. */
  _row(i: number): number {
    // Tests for whole and not negative at once. A fraction would read the word of another row.
    if (typeof i !== "number" || i >>> 0 !== i || i >= this.length) failIndex(i, this.length);
    return this._rows === null ? this._begin + i + (i < this.staticCount ? 0 : this._gap) : this._rows[i]!;
  }

  private _visit(visit: Visitor, i: number): void {
    const row = this._row(i);
    visit(this.timeAt(i), this.codeAt(i), this._shard.hasValues ? this._shard.numericValues[row]! : Number.NaN, i);
  }

  private _bound(time: TimeLike): number | bigint {
    this._shard.check();
    const bound = boundOf(time);
    this._shard.store.suspect(bound);
    return bound;
  }

  /** Timed rows [begin, end), with or without the static rows before them. */
  private _cut(begin: number, end: number, statics: boolean): Timeline<S> {
    const count = this.staticCount;
    if (!statics || count === 0) return this._slice(begin, end);
    if (begin === count || begin === end) return this._slice(0, begin === end ? count : end);
    const length = count + end - begin;
    if (this._rows !== null) {
      const rows = new Uint32Array(length);
      rows.set(this._rows.subarray(0, count));
      rows.set(this._rows.subarray(begin, end), count);
      return this._listed(rows, count);
    }
    // Static rows are one run, and so are timed rows: the gap can only be between them.
    const gap = this._gap + begin - count;
    return new Timeline<S>(this._shard, this._patient, this._index, this._begin, length, count, gap, null);
  }

  /** @internal Some rows of these, as a list of rows of the shard. */
  _listed(rows: Uint32Array, staticCount: number): Timeline<S> {
    return new Timeline<S>(this._shard, this._patient, this._index, 0, rows.length, staticCount, 0, rows);
  }

  /** @internal Rows [begin, end) of all rows. */
  _slice(begin: number, end: number): Timeline<S> {
    const { _shard, _patient, _index, _begin, _gap, _rows } = this;
    const length = end - begin;
    const statics = Math.min(Math.max(this.staticCount - begin, 0), length);
    if (_rows !== null) return new Timeline<S>(_shard, _patient, _index, 0, length, statics, 0, _rows.subarray(begin, end));
    // The gap stays where rows on both sides of it stay.
    const gap = statics > 0 && statics < length ? _gap : 0;
    const first = statics > 0 ? _begin + begin : _begin + _gap + begin;
    return new Timeline<S>(_shard, _patient, _index, first, length, statics, gap, null);
  }
}

/** Checks a number of rows, which has no options. */
function rowsOf(what: string, count: number, options: HitOptions | undefined): number {
  if (options !== undefined)
    conflict(`${what}(${count}) is a number of rows and takes no options. For a code id, pass db.codes.select(${count}).`);
  return countOf(count);
}

function functionOf<S extends object>(what: string, test: EventTest<S>): EventTest<S> {
  return typeof test === "function" ? test : expected(`The argument of ${what}`, test, "a function of an event that returns true or false");
}

/** Throws `MEDS_OUT_OF_RANGE`. */
function failIndex(i: number, length: number): never {
  if (typeof i !== "number") expected("The index of a row", i, "a whole number");
  fail("MEDS_OUT_OF_RANGE", `There is no row ${i}. The timeline has ${length} rows, counted from 0.`);
}
