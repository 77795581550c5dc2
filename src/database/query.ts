import { type CodeChoice, codeRanges } from "../store/codes.js";
import { exactIds, type SubjectId } from "../store/ids.js";
import type { AbortSignalLike, QueryKind, Question } from "../store/native.js";
import type { Store } from "../store/store.js";
import { failGiven, optionsOf } from "../support/arguments.js";
import { exactTimes, type TimeLike } from "../support/time.js";
import { boundsOf, countOf, staticOf } from "../timeline/bounds.js";

/**
 * Windows of many patients at once, one entry a window in every array. Each is cut as {@link Timeline.between}, {@link Timeline.from} or
 * {@link Timeline.until} would cut it, whichever bounds are given. A subject may have any number of windows, in any order.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const train = db.split("train");
 * const end = BigInt64Array.from(train, (patient) => BigInt(patient.lastTime ?? 0)); // times of prediction, say
 * const { offsets, codeIds, counts } = await train.countCodesEach({ windows: { subjectIds: train.subjectIds, end, inclusive: false, last: 512 } });
 * console.log("codes of the first window:", codeIds.subarray(0, offsets[1]), counts.subarray(0, offsets[1]));
 * db.close();
 * ```
 */
export interface Windows {
  /** Whose rows. */
  readonly subjectIds: BigInt64Array | ArrayLike<SubjectId>;
  /** Rows at or after these times (an array of bigints: microseconds since 1970-01-01). Default: from the beginning. */
  readonly start?: BigInt64Array | ArrayLike<TimeLike> | undefined;
  /** Rows at or before these times. Default: to the end. */
  readonly end?: BigInt64Array | ArrayLike<TimeLike> | undefined;
  /** Which bounds' own rows belong to the window: both (true, the default), neither (false), or one of them. */
  readonly inclusive?: boolean | "start" | "end" | undefined;
  /** The patient's static rows (no time) belong to each window. Default: true. */
  readonly static?: boolean | undefined;
  /** Only so many of the last rows of each window; static rows are the first rows and fall away first. Default: all. */
  readonly last?: number | undefined;
}

/** How to ask many patients at once. */
export interface QueryOptions {
  /** One group of the result a window, in their order. Default: a group a patient of the cohort, in storage order. */
  readonly windows?: Windows | undefined;
  /** Threads; 0, the default, for all cores. */
  readonly threads?: number | undefined;
  /** Stops the query: the promise rejects with `MEDS_CANCELLED`. */
  readonly signal?: AbortSignalLike | undefined;
}

/** How to ask about some codes. */
export interface CodeQueryOptions extends QueryOptions {
  /** Only these codes. Default: all. */
  readonly codes?: CodeChoice | undefined;
}

/** What {@link Cohort.countCodes} gives: by code id, as many entries as `db.codes.strings`; entry 0 is 0. */
export interface CodeCounts {
  /** Rows that have the code; a row counts once for every window that holds it. */
  readonly events: Float64Array;
  /** Patients (windows, where there are windows) that have the code. */
  readonly patients: Uint32Array;
}

/** What {@link Cohort.countCodesEach} gives: group g has the entries `offsets[g]` up to, but not including, `offsets[g + 1]`. */
export interface CodeCountsEach {
  /** One more than there are groups. */
  readonly offsets: Float64Array;
  /** Ascending within a group. */
  readonly codeIds: Uint32Array;
  /** Rows that have the code, 1 or more. */
  readonly counts: Uint32Array;
}

/** What {@link Cohort.firstOf} and {@link Cohort.lastOf} give: an entry a group. */
export interface Occurrences {
  /** Index of the row in the patient's whole timeline; -1 where there is none. */
  readonly rows: Int32Array;
  /** Its time, in microseconds since 1970-01-01; the int64 minimum for a static row, and where there is none. */
  readonly times: BigInt64Array;
  /** Its code; 0 where there is none. */
  readonly codeIds: Uint32Array;
}

/**
 * What {@link Cohort.aggregate} gives: an entry for each code of a group that has at least one row. Group g has the entries `offsets[g]` up to, but
 * not including, `offsets[g + 1]`. What is made of values is NaN where there is none; a value that is a real NaN counts, and makes sum, mean, min
 * and max NaN.
 */
export interface Aggregates {
  /** One more than there are groups. */
  readonly offsets: Float64Array;
  /** Ascending within a group. */
  readonly codeIds: Uint32Array;
  /** Rows, 1 or more. */
  readonly count: Uint32Array;
  /** Rows with a numeric value. */
  readonly valueCount: Uint32Array;
  /** Sum of the values, added in order of the rows in float64. */
  readonly sum: Float64Array;
  /** `sum / valueCount`. */
  readonly mean: Float64Array;
  /** The least value. */
  readonly min: Float64Array;
  /** The greatest value. */
  readonly max: Float64Array;
  /** The value of the last row that has one. */
  readonly last: Float64Array;
}

/** What {@link Cohort.rowsWithCode} gives: group g has the entries `offsets[g]` up to, but not including, `offsets[g + 1]` of `rows`. */
export interface CodeRows {
  /** The patient of each group: `db.at(slot)`. Without windows, only patients that have one of the codes. */
  readonly slots: Uint32Array;
  /** One more than there are groups. */
  readonly offsets: Float64Array;
  /** Indexes of rows in the patient's whole timeline, ascending within a group. */
  readonly rows: Uint32Array;
}

/** A question about some patients: what {@link Cohort} has methods for. */
export class Query {
  /** `slots` ascend; null for all patients. */
  constructor(
    private readonly store: Store,
    private readonly slots: Uint32Array | null,
    private readonly options: QueryOptions | undefined,
  ) {}

  async countCodes(): Promise<CodeCounts> {
    const [events, patients] = await this.ask<[Float64Array, Uint32Array]>("countCodes", null);
    return { events, patients };
  }

  async countCodesEach(codes: CodeChoice | undefined): Promise<CodeCountsEach> {
    const [offsets, codeIds, counts] = await this.ask<[Float64Array, Uint32Array, Uint32Array]>("countCodesEach", this.someOrAll(codes));
    return { offsets, codeIds, counts };
  }

  async occurrences(kind: "firstOf" | "lastOf", codes: CodeChoice): Promise<Occurrences> {
    const [rows, times, codeIds] = await this.ask<[Int32Array, BigInt64Array, Uint32Array]>(kind, this.some(codes));
    return { rows, times, codeIds };
  }

  async aggregate(codes: CodeChoice | undefined): Promise<Aggregates> {
    type Numbers = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
    const found = await this.ask<[Float64Array, Uint32Array, Uint32Array, Uint32Array, ...Numbers]>("aggregate", this.someOrAll(codes));
    const [offsets, codeIds, count, valueCount, sum, mean, min, max, last] = found;
    return { offsets, codeIds, count, valueCount, sum, mean, min, max, last };
  }

  async rowsWithCode(codes: CodeChoice): Promise<CodeRows> {
    const [slots, offsets, rows] = await this.ask<[Uint32Array, Float64Array, Uint32Array]>("rowsWithCode", this.some(codes));
    return { slots, offsets, rows };
  }

  private some(codes: CodeChoice): Uint32Array {
    this.store.check();
    return Uint32Array.from(codeRanges(this.store.codes, codes));
  }

  private someOrAll(codes: CodeChoice | undefined): Uint32Array | null {
    return codes === undefined ? null : this.some(codes);
  }

  /** `codes` as ranges of ids; null for all. */
  private ask<T extends readonly unknown[]>(kind: QueryKind, codes: Uint32Array | null): Promise<T> {
    const { store, slots, options } = this;
    store.check();
    const { windows, threads = 0, signal } = optionsOf(options) ?? {};
    if (!(Number.isInteger(threads) && threads >= 0 && threads <= 1024))
      failGiven("threads", threads, "a whole number to 1024; 0 for all cores");
    const cut = windows === undefined ? EVERYTHING : windowsOf(store, windows);
    return store.ask<T>(kind, { slots, codes, threads, ...cut }, signal);
  }
}

type Cut = Pick<Question, "subjects" | "start" | "end" | "afterStart" | "beforeEnd" | "timedOnly" | "last">;

const EVERYTHING: Cut = { subjects: null, start: null, end: null, afterStart: false, beforeEnd: false, timedOnly: false, last: null };

/** The windows as exact arrays; that they have the same length, and are of patients of the cohort, the native side checks. */
function windowsOf(store: Store, windows: Windows): Cut {
  if (typeof windows !== "object" || windows === null) failGiven("windows", windows, "an object such as { subjectIds, end }");
  const { subjectIds, start, end, last } = windows;
  const bounds = boundsOf(windows);
  const rows = last === undefined ? Number.POSITIVE_INFINITY : countOf(last);
  return {
    subjects: exactIds(subjectIds, store.path),
    start: start === undefined ? null : exactTimes(start, (bound) => store.suspect(bound)),
    end: end === undefined ? null : exactTimes(end, (bound) => store.suspect(bound)),
    afterStart: !(bounds === true || bounds === "start"),
    beforeEnd: !(bounds === true || bounds === "end"),
    timedOnly: !staticOf(windows),
    last: rows === Number.POSITIVE_INFINITY ? null : rows,
  };
}
