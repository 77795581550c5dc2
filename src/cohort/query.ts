import { type CodeChoice, codeRanges } from "../store/codes.js";
import { exactIds, type SubjectId } from "../store/ids.js";
import type { AbortSignalLike, QueryKind, Question } from "../store/native.js";
import type { Store } from "../store/store.js";
import { expected, namesIn, optionsOf } from "../support/arguments.js";
import { exactTimes, type TimeLike } from "../support/time.js";
import { countOf, sidesOf, staticOf } from "../timeline/bounds.js";

/**
 * Windows of many patients at once: every array has one entry per window. The bounds work as in {@link
 * Timeline.between}, {@link Timeline.from} and {@link Timeline.until}. A subject may have any number of
 * windows, in any order.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const train = db.split("train");
 * const end = BigInt64Array.from(train, (patient) => BigInt(patient.lastTime ?? 0)); // prediction times, for example
 * const { offsets, codeIds, counts } = await train.countCodesEach({ windows: { subjectIds: train.subjectIds, end, inclusive: false, last: 512 } });
 * console.log("codes of the first window:", codeIds.subarray(0, offsets[1]), counts.subarray(0, offsets[1]));
 * db.close();
 * ```
 */
export interface Windows {
  /** The subject of each window. */
  readonly subjectIds: BigInt64Array | ArrayLike<SubjectId>;
  /**
   * Rows at or after these times, one per window. A number or bigint is microseconds since 1970-01-01.
   * Default: from the beginning.
   */
  readonly start?: BigInt64Array | ArrayLike<TimeLike> | undefined;
  /** Rows at or before these times, one per window. Default: to the end. */
  readonly end?: BigInt64Array | ArrayLike<TimeLike> | undefined;
  /**
   * Whether rows exactly at the bounds belong to the window: at both (true, the default), at neither (false),
   * or at one of them.
   */
  readonly inclusive?: boolean | "start" | "end" | undefined;
  /** Whether the patient's static rows (without a time) belong to each window. Default: true. */
  readonly static?: boolean | undefined;
  /**
   * The largest number of rows in a window. If there are more, the last ones are kept. Static rows come
   * first, so they are left out first. Default: all rows.
   */
  readonly last?: number | undefined;
}

/** Options of a query over many patients. */
export interface QueryOptions {
  /**
   * The result has one group per window, in the order of the windows. Default: one group per patient of the
   * cohort, in storage order.
   */
  readonly windows?: Windows | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** Stops the query: the promise rejects with `MEDS_CANCELLED`. */
  readonly signal?: AbortSignalLike | undefined;
}

/** Options of a query about some codes. */
export interface CodeQueryOptions extends QueryOptions {
  /** Only these codes. Default: all. */
  readonly codes?: CodeChoice | undefined;
}

const QUERY = { windows: true, threads: true, signal: true } as const satisfies Record<keyof QueryOptions, true>;
const OPTIONS = Object.keys(QUERY);
const CODE_OPTIONS = Object.keys({ codes: true, ...QUERY } satisfies Record<keyof CodeQueryOptions, true>);
const WINDOWS = Object.keys({
  subjectIds: true,
  start: true,
  end: true,
  inclusive: true,
  static: true,
  last: true,
} satisfies Record<keyof Windows, true>);

/** The result of {@link Cohort.countCodes}: one entry per code id, as in `db.codes.strings`; entry 0 is 0. */
export interface CodeCounts {
  /** Rows that have the code. A row counts once for every window that contains it. */
  readonly events: Float64Array;
  /** Patients that have the code; with windows, windows that contain it. */
  readonly patients: Uint32Array;
}

/**
 * The result of {@link Cohort.countCodesEach}: group g has the entries `offsets[g]` up to, but not including,
 * `offsets[g + 1]`.
 */
export interface CodeCountsEach {
  /** One entry more than there are groups. */
  readonly offsets: Float64Array;
  /** Ascending within a group. */
  readonly codeIds: Uint32Array;
  /** Rows that have the code, 1 or more. */
  readonly counts: Uint32Array;
}

/** The result of {@link Cohort.firstOf} and {@link Cohort.lastOf}: one entry per group. */
export interface Occurrences {
  /** Index of the row in the patient's whole timeline; -1 where there is no row. */
  readonly rows: Int32Array;
  /**
   * Its time, in microseconds since 1970-01-01; the int64 minimum for a static row, and where there is no
   * row.
   */
  readonly times: BigInt64Array;
  /** Its code id; 0 where there is no row. */
  readonly codeIds: Uint32Array;
}

/**
 * The result of {@link Cohort.aggregate}: one entry for each code of a group that has at least one row. Group
 * g has the entries `offsets[g]` up to, but not including, `offsets[g + 1]`. Figures of values are NaN where
 * the rows have no value. A value that is itself NaN counts, and makes sum, mean, min and max NaN.
 */
export interface Aggregates {
  /** One entry more than there are groups. */
  readonly offsets: Float64Array;
  /** Ascending within a group. */
  readonly codeIds: Uint32Array;
  /** Rows, 1 or more. */
  readonly count: Uint32Array;
  /** Rows with a numeric value. */
  readonly valueCount: Uint32Array;
  /** Sum of the values: float64, added in the order of the rows. */
  readonly sum: Float64Array;
  /** `sum / valueCount`. */
  readonly mean: Float64Array;
  /** The smallest value. */
  readonly min: Float64Array;
  /** The largest value. */
  readonly max: Float64Array;
  /** The value of the last row that has one. */
  readonly last: Float64Array;
}

/**
 * The result of {@link Cohort.rowsWithCode}: group g has the entries `offsets[g]` up to, but not including,
 * `offsets[g + 1]` of `rows`.
 */
export interface CodeRows {
  /**
   * The patient of each group: `db.at(slot)`. Without windows, only patients that have one of the codes have
   * a group.
   */
  readonly slots: Uint32Array;
  /** One entry more than there are groups. */
  readonly offsets: Float64Array;
  /** Indexes of rows in the patient's whole timeline, ascending within a group. */
  readonly rows: Uint32Array;
}

/** A query over some patients. {@link Cohort} has a method for each kind. */
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
    const given = optionsOf(options) ?? {};
    namesIn(kind, given, kind === "countCodesEach" || kind === "aggregate" ? CODE_OPTIONS : OPTIONS);
    const { windows, threads = 0, signal } = given;
    if (!(Number.isInteger(threads) && threads >= 0 && threads <= 1024))
      expected("threads", threads, "a whole number from 0 to 1024 (0 uses all cores)");
    const cut = windows === undefined ? EVERYTHING : windowsOf(store, windows);
    return store.ask<T>(kind, { slots, codes, threads, ...cut }, signal);
  }
}

type Cut = Pick<Question, "subjects" | "start" | "end" | "afterStart" | "beforeEnd" | "timedOnly" | "last">;

const EVERYTHING: Cut = { subjects: null, start: null, end: null, afterStart: false, beforeEnd: false, timedOnly: false, last: null };

/**
 * The windows as exact arrays. The native side checks that these have one length, and that the subjects are
 * in the cohort.
 */
export function windowsOf(store: Store, windows: Windows): Cut {
  if (typeof windows !== "object" || windows === null) expected("windows", windows, "an object such as { subjectIds, end }");
  namesIn("windows", windows, WINDOWS);
  const { subjectIds, start, end, last } = windows;
  const bounds = sidesOf(windows.inclusive);
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
