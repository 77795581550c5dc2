import { type CodeChoice, codeRanges } from "../store/choice.js";
import type { QueryKind, Question } from "../store/native.js";
import type { Store } from "../store/store.js";
import { conflict, expected, namesIn, optionsOf } from "../support/arguments.js";
import type { AbortSignalLike } from "../support/signal.js";
import type { Members } from "./members.js";
import { EVERYTHING, type MomentWindows, type Windows, windowsOf } from "./windows.js";

/** Options of a query over many patients. */
export interface QueryOptions {
  /**
   * The result has one group per window, in the order of the windows: {@link Windows} by arrays of times, or
   * {@link MomentWindows} by the results of other queries, or labels. Default: one group per patient of the
   * cohort, in storage order.
   */
  readonly windows?: Windows | MomentWindows | undefined;
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
/** Options of a query about some codes. */
export const CODE_OPTIONS: readonly string[] = Object.keys({ codes: true, ...QUERY } satisfies Record<keyof CodeQueryOptions, true>);
/** Options of {@link Cohort.countCodes}, with `by` and without. */
export const COUNT = { by: true, codes: true, ...QUERY } as const;
const OPTIONS_OF: Partial<Record<QueryKind, readonly string[]>> = {
  countCodes: Object.keys(COUNT),
  countCodesEach: CODE_OPTIONS,
  aggregate: CODE_OPTIONS,
};

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
  /** The subject of each group. */
  readonly subjectIds: BigInt64Array;
}

/**
 * The result of {@link Cohort.firstOf} and {@link Cohort.lastOf}: one entry per group. Its moments can bound
 * the windows of another query: see {@link MomentWindows}.
 */
export interface Occurrences {
  /** The subject of each group. */
  readonly subjectIds: BigInt64Array;
  /** 1 where there is a row, 0 where there is none. */
  readonly has: Uint8Array;
  /** Number of groups that have a row. */
  readonly found: number;
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
  /** `sum / valueCount`, computed when it is first read. */
  readonly mean: Float64Array;
  /** The smallest value. */
  readonly min: Float64Array;
  /** The largest value. */
  readonly max: Float64Array;
  /** The value of the last row that has one; of several rows at one time, of the one that the source has last. */
  readonly last: Float64Array;
  /** The subject of each group. */
  readonly subjectIds: BigInt64Array;
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
    if ((optionsOf(this.options) as CodeQueryOptions | undefined)?.codes !== undefined)
      conflict("`codes` requires `by`. Without `by` every code is counted: read `events` at the ids of your codes, or use countCodesEach.");
    const [events, patients] = await this.ask<[Float64Array, Uint32Array]>("countCodes", null);
    return { events, patients };
  }

  async countCodesEach(codes: CodeChoice | undefined): Promise<CodeCountsEach> {
    type Found = [BigInt64Array, ArrayBuffer, ArrayBuffer, ArrayBuffer];
    const [subjectIds, offsets, codeIds, counts] = await this.ask<Found>("countCodesEach", this.someOrAll(codes));
    return { offsets: new Float64Array(offsets), codeIds: new Uint32Array(codeIds), counts: new Uint32Array(counts), subjectIds };
  }

  async occurrences(kind: "firstOf" | "lastOf", codes: CodeChoice): Promise<Occurrences> {
    type Found = [Int32Array, BigInt64Array, Uint32Array, BigInt64Array];
    const [rows, times, codeIds, subjectIds] = await this.ask<Found>(kind, this.some(codes));
    return { subjectIds, ...foundIn(rows), rows, times, codeIds };
  }

  async aggregate(codes: CodeChoice | undefined): Promise<Aggregates> {
    type Found = [BigInt64Array, ArrayBuffer, ArrayBuffer, ArrayBuffer, ArrayBuffer, ArrayBuffer, ArrayBuffer, ArrayBuffer, ArrayBuffer];
    const found = await this.ask<Found>("aggregate", this.someOrAll(codes));
    const [subjectIds, offsets, codeIds, count, values, sums, min, max, last] = found;
    return aggregatesOf({
      offsets: new Float64Array(offsets),
      codeIds: new Uint32Array(codeIds),
      count: new Uint32Array(count),
      valueCount: new Uint32Array(values),
      sum: new Float64Array(sums),
      min: new Float64Array(min),
      max: new Float64Array(max),
      last: new Float64Array(last),
      subjectIds,
    });
  }

  async rowsWithCode(codes: CodeChoice): Promise<CodeRows> {
    const [slots, offsets, rows] = await this.ask<[Uint32Array, Float64Array, Uint32Array]>("rowsWithCode", this.some(codes));
    return { slots, offsets, rows };
  }

  private some(codes: CodeChoice): Uint32Array {
    return rangesOf(this.store, codes);
  }

  private someOrAll(codes: CodeChoice | undefined): Uint32Array | null {
    return codes === undefined ? null : this.some(codes);
  }

  /** `codes` as ranges of ids; null for all. */
  private ask<T extends readonly unknown[]>(kind: QueryKind, codes: Uint32Array | null): Promise<T> {
    const { store, slots, options } = this;
    store.check();
    const given = optionsOf(options) ?? {};
    namesIn(kind, given, OPTIONS_OF[kind] ?? OPTIONS);
    return store.ask<T>(kind, questionOf({ _store: store, _slots: slots }, given, codes), given.signal);
  }
}

/** Adds what is computed from the columns. */
export function aggregatesOf({ offsets, codeIds, count, valueCount, sum, ...rest }: Omit<Aggregates, "mean">): Aggregates {
  let mean: Float64Array | undefined;
  return {
    offsets,
    codeIds,
    count,
    valueCount,
    sum,
    get mean() {
      mean ??= sum.map((total, i) => total / valueCount[i]!);
      return mean;
    },
    ...rest,
  };
}

/** The native form of a query. `codes`: ranges of ids; null for all. */
export function questionOf(
  { _store: store, _slots: slots }: Pick<Members, "_store" | "_slots">,
  { windows, threads }: QueryOptions,
  codes: Uint32Array | null,
): Question {
  return { slots, codes, threads: threadsOf(threads), ...(windows === undefined ? EVERYTHING : windowsOf(store, windows)) };
}

/** A choice of codes as ranges of ids. */
export function rangesOf(store: Store, codes: CodeChoice): Uint32Array {
  store.check();
  return Uint32Array.from(codeRanges(store.codes, codes));
}

/** Checks a number of threads. */
function threadsOf(threads = 0): number {
  if (Number.isInteger(threads) && threads >= 0 && threads <= 1024) return threads;
  return expected("threads", threads, "a whole number from 0 to 1024 (0 uses all cores)");
}

/** Which groups have a row. */
export function foundIn(rows: Int32Array): { readonly has: Uint8Array; readonly found: number } {
  const has = new Uint8Array(rows.length);
  let found = 0;
  for (let i = 0; i < rows.length; i += 1) {
    const one = rows[i]! >= 0 ? 1 : 0;
    has[i] = one;
    found += one;
  }
  return { has, found };
}
