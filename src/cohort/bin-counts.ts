import type { CodeChoice } from "../store/choice.js";
import { expected, namesIn, oneOf, optionsOf, wholeOf } from "../support/arguments.js";
import type { Members } from "./members.js";
import { COUNT, type QueryOptions, questionOf, rangesOf } from "./query.js";

/**
 * Bins of time, in UTC: calendar years, calendar months, days, or runs of n days of which one begins on
 * 1970-01-01.
 */
export type TimeBin = "year" | "month" | "day" | { readonly days: number };

/** Options of {@link Cohort.countCodes} by time. */
export interface BinCountOptions<B extends TimeBin = TimeBin> extends QueryOptions {
  /** The bins. */
  readonly by: B;
  /** Only these codes. Default: all. */
  readonly codes?: CodeChoice | undefined;
}

/**
 * The result of {@link Cohort.countCodes} by time: one entry for each code and bin with at least one row,
 * sorted by code id, then by bin.
 */
export interface BinCounts<B extends TimeBin = TimeBin> {
  /** Code ids. */
  readonly codeIds: Uint32Array;
  /**
   * With `by: "year"` the year, 1 BC is 0. Otherwise the start of the bin, in microseconds since 1970-01-01
   * (the int64 minimum for the bin in which int64 begins).
   */
  readonly bins: B extends "year" ? Int32Array : BigInt64Array;
  /** Rows that have the code in the bin, 1 or more. A row counts once for every window that contains it. */
  readonly counts: Float64Array;
  /** Static rows of the codes. They have no time, so they are in no bin. */
  readonly withoutTime: number;
}

const OPTIONS = Object.keys(COUNT satisfies Record<keyof BinCountOptions, true>);

const KINDS = { year: "years", month: "months", day: "days" } as const;
const NAMES = ["year", "month", "day"] as const;

/** More days than int64 has microseconds for. */
const MOST_DAYS = 213_503_983;

/** Counts rows by code and time. */
export async function countBins<B extends TimeBin>(cohort: Members, options: BinCountOptions<B>): Promise<BinCounts<B>> {
  const store = cohort._store;
  store.check();
  const { by, codes, signal, ...rest } = optionsOf(options) as BinCountOptions;
  namesIn("countCodes", options, OPTIONS);
  const question = questionOf(cohort, rest, codes === undefined ? null : rangesOf(store, codes));
  const [kind, days] = typeof by === "object" && by !== null ? (["days", daysOf(by)] as const) : [KINDS[nameOf(by)], 1];
  const [codeIds, bins, counts, rest_] = await store.ask<[Uint32Array, BinCounts<B>["bins"], Float64Array, Float64Array]>(
    kind,
    question,
    signal,
    { days },
  );
  return { codeIds, bins, counts, withoutTime: rest_[0]! };
}

function nameOf(by: unknown): (typeof NAMES)[number] {
  return by === undefined || !NAMES.includes(by as "year")
    ? expected("by", by, '"year", "month", "day" or { days: n }')
    : oneOf("by", by as "year", NAMES);
}

function daysOf(by: { readonly days: number }): number {
  namesIn("by", by, ["days"]);
  return wholeOf("by.days", by.days, 1, MOST_DAYS);
}
