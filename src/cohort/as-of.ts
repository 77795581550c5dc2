import { Labels } from "../labels/labels.js";
import type { CodeChoice } from "../store/choice.js";
import type { Question } from "../store/native.js";
import type { Store } from "../store/store.js";
import type { Value } from "../store/values/vector.js";
import { conflict, expected, flagOf, namesIn, oneOf, optionsOf } from "../support/arguments.js";
import type { AbortSignalLike } from "../support/signal.js";
import { earliestBy, type Span } from "../support/span.js";
import type { Members } from "./members.js";
import { foundIn, type Occurrences, questionOf, rangesOf } from "./query.js";
import { EVERYTHING, type Moments, type MomentWindows, momentsOf, moved, type Windows, windowsOf } from "./windows.js";

/** Options of {@link Cohort.asof}. */
export interface AsOfOptions {
  /**
   * Which rows can be the last one: those with a numeric value (`"value"`, the default), or all (`"row"`, for
   * codes without values such as diagnoses).
   */
  readonly with?: "value" | "row" | undefined;
  /**
   * With labels or moments: how old a row may be. A row exactly that old is not too old. Default: any age. An
   * age that leads to before all times is no limit.
   */
  readonly maxAge?: Span | undefined;
  /** With labels or moments: whether a row at exactly the time is known. Default: true. */
  readonly inclusive?: boolean | undefined;
  /**
   * Whether static rows (without a time) can be the last one, where no other row is. Default: false, also for
   * windows.
   */
  readonly static?: boolean | undefined;
  /** Further columns of the rows that are found: {@link AsOf.columns}. Default: none. */
  readonly columns?: readonly string[] | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** Stops the query: the promise rejects with `MEDS_CANCELLED`. */
  readonly signal?: AbortSignalLike | undefined;
}

/**
 * The result of {@link Cohort.asof}: one entry per label, moment or window, in their order. It is an {@link
 * Occurrences} too, so its moments can bound the windows of another query.
 */
export interface AsOf extends Occurrences {
  /** The numeric value of the row; NaN where there is no row, and where the row has no value. */
  readonly values: Float64Array;
  /** The columns of the options: for each entry the value as {@link Event.get} returns it, or null. */
  readonly columns: { readonly [name: string]: readonly (Value | null)[] };
}

const OPTIONS = Object.keys({
  with: true,
  maxAge: true,
  inclusive: true,
  static: true,
  columns: true,
  threads: true,
  signal: true,
} satisfies Record<keyof AsOfOptions, true>);

/** When an as-of join asks: at labels, at moments, or in windows. */
export type AsOfPoints = Labels | Moments | Windows | MomentWindows;

/** The last row of each of some sets of codes, by the name of the set. */
export async function asOf(
  cohort: Members,
  what: string,
  points: AsOfPoints,
  sets: { readonly [name: string]: CodeChoice },
  options: AsOfOptions | undefined,
): Promise<{ readonly [name: string]: AsOf }> {
  const store = cohort._store;
  store.check();
  const given = optionsOf(options) ?? {};
  namesIn(what, given, OPTIONS);
  const withValue = oneOf("with", given.with, ["value", "row"]) === "value";
  const columns = given.columns ?? [];
  if (!Array.isArray(columns)) expected("columns", columns, "an array of names of columns");
  for (const name of columns) store.columnAt(name);
  const names = Object.keys(sets);
  const ranges = names.map((name) => rangesOf(store, sets[name]!));
  const triples = ranges.flatMap((own, set) => Array.from({ length: own.length / 2 }, (_, i) => [own[2 * i]!, own[2 * i + 1]!, set]));
  const question = questionAt(cohort, points, given, Uint32Array.from(ranges.flatMap((own) => [...own])));
  type Found = [BigInt64Array, ...(Int32Array | BigInt64Array | Uint32Array | Float64Array)[]];
  const [subjectIds, ...arrays] = await store.ask<Found>("asOf", question, given.signal, {
    sets: Uint32Array.from(triples.flat()),
    setCount: names.length,
    withValue,
  });
  if (columns.length > 0) store.check();
  const result = names.map((name, set) => {
    const [rows, times, codeIds, values] = arrays.slice(4 * set, 4 * set + 4) as [Int32Array, BigInt64Array, Uint32Array, Float64Array];
    const found = { subjectIds, ...foundIn(rows), rows, times, codeIds };
    return [name, { ...found, values, columns: columnsOf(store, found, columns) }] as const;
  });
  return Object.fromEntries(result);
}

/** The rows that are known: for labels and moments up to their time, for windows those of the window. */
function questionAt(cohort: Members, points: AsOfPoints, options: AsOfOptions, codes: Uint32Array): Question {
  if (typeof points !== "object" || points === null || ArrayBuffer.isView(points) || Array.isArray(points))
    expected("points", points, "labels, the result of firstOf, lastOf or asof, or windows such as { subjectIds, end }");
  const { threads, maxAge } = options;
  const timedOnly = !flagOf("static", options.static, false);
  const isMoments = points instanceof Labels || "times" in points;
  if (!isMoments) {
    if (maxAge !== undefined || options.inclusive !== undefined)
      conflict(
        "`maxAge` and `inclusive` can be combined only with labels or moments. A window has bounds of its own: set `start`, `end` and `inclusive` there.",
      );
    const windows = windowsOf(cohort._store, points as Windows | MomentWindows);
    return { ...questionOf(cohort, { threads }, codes), ...windows, timedOnly: timedOnly || windows.timedOnly };
  }
  const { subjectIds, times, has } = momentsOf("points", points as Labels | Moments)!;
  const absent = has.map((one) => 1 - one);
  return {
    ...questionOf(cohort, { threads }, codes),
    ...EVERYTHING,
    subjects: subjectIds,
    start: maxAge === undefined ? null : moved(times, absent, "maxAge", maxAge, earliestBy),
    end: times,
    absent,
    beforeEnd: !flagOf("inclusive", options.inclusive, true),
    timedOnly,
  };
}

function columnsOf(
  store: Store,
  { subjectIds, rows }: Pick<Occurrences, "subjectIds" | "rows">,
  names: readonly string[],
): AsOf["columns"] {
  const value = (name: string) =>
    Array.from(rows, (row, i) => {
      if (row < 0) return null;
      const index = store.find(subjectIds[i]!);
      const shard = store.shard(store.shardOf[index]!);
      const patient = store.rowOf[index]!;
      return shard.fieldOf(name).value(shard.offsets[patient]! + row, patient);
    });
  return Object.fromEntries(names.map((name) => [name, value(name)]));
}
