import { types } from "node:util";
import { Labels } from "../labels/labels.js";
import { exactIds, type SubjectId } from "../store/ids.js";
import type { Question } from "../store/native.js";
import type { Store } from "../store/store.js";
import { conflict, expected, namesIn } from "../support/arguments.js";
import { earlierBy, laterBy, type Span, spanOf } from "../support/span.js";
import { exactTimes, NO_TIME, type TimeLike } from "../support/time.js";
import { countOf, sidesOf, staticOf } from "../timeline/bounds.js";

/** What belongs to a window besides its bounds. */
export interface WindowContents {
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

/**
 * Windows of many patients at once: every array has one entry per window. The bounds work as in {@link
 * Timeline.between}, {@link Timeline.from} and {@link Timeline.until}. A subject may have any number of
 * windows, in any order. {@link MomentWindows} makes windows from the results of other queries and from
 * labels.
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
export interface Windows extends WindowContents {
  /** The subject of each window. */
  readonly subjectIds: BigInt64Array | ArrayLike<SubjectId>;
  /**
   * Rows at or after these times, one per window. A number or bigint is microseconds since 1970-01-01.
   * Default: from the beginning.
   */
  readonly start?: BigInt64Array | ArrayLike<TimeLike> | undefined;
  /** Rows at or before these times, one per window. Default: to the end. */
  readonly end?: BigInt64Array | ArrayLike<TimeLike> | undefined;
}

/**
 * Moments of patients: what {@link Cohort.firstOf}, {@link Cohort.lastOf} and {@link Cohort.asof} return has
 * this form.
 */
export interface Moments {
  /** The subject of each moment. */
  readonly subjectIds: BigInt64Array;
  /** Microseconds since 1970-01-01. The int64 minimum means that there is no moment. */
  readonly times: BigInt64Array;
  /** 1 where there is a moment. */
  readonly has: Uint8Array;
}

/**
 * Windows that begin or end at moments: one window per moment, in the same order. So the results of all
 * queries with the same moments are aligned, entry by entry.
 *
 * A window is empty, without static rows too, if there is no moment (`has` is 0, or the row that was found is
 * static), or if it would end before it begins.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const births = await db.firstOf("MEDS_BIRTH");
 * const admissions = await db.firstOf("HOSPITAL_ADMISSION*");
 * // Rows of the first two days after the first admission.
 * const first = await db.countCodesEach({ windows: { from: admissions, for: { hours: 48 } } });
 * // Rows from the 40th birthday until the day before the first admission.
 * const adult = await db.aggregate({ windows: { from: births, after: "40y", until: admissions, before: "1d" } });
 * console.log(first.offsets.length === adult.offsets.length, admissions.found);
 * db.close();
 * ```
 */
export interface MomentWindows extends WindowContents {
  /** Windows begin at these moments. Default: at the beginning of the timeline. */
  readonly from?: Moments | Labels | undefined;
  /** Windows end at these moments. Default: at the end of the timeline. */
  readonly until?: Moments | Labels | undefined;
  /** With `from`: the window begins this long after the moment. */
  readonly after?: Span | undefined;
  /** With `until`: the window ends this long before the moment. */
  readonly before?: Span | undefined;
  /** Length of the window, from its beginning (with `from`) or back from its end (with `until`). */
  readonly for?: Span | undefined;
}

export const CONTENTS = { inclusive: true, static: true, last: true } as const satisfies Record<keyof WindowContents, true>;
const ARRAYS = Object.keys({ subjectIds: true, start: true, end: true, ...CONTENTS } satisfies Record<keyof Windows, true>);
const MOMENTS = Object.keys({
  from: true,
  until: true,
  after: true,
  before: true,
  for: true,
  ...CONTENTS,
} satisfies Record<keyof MomentWindows, true>);

/** The part of a native query that says which rows each group has. */
export type Cut = Pick<Question, "subjects" | "start" | "end" | "absent" | "afterStart" | "beforeEnd" | "timedOnly" | "last">;

export const EVERYTHING: Cut = {
  subjects: null,
  start: null,
  end: null,
  absent: null,
  afterStart: false,
  beforeEnd: false,
  timedOnly: false,
  last: null,
};

/**
 * Windows as exact arrays. The native side checks that these have one length, and that the subjects are in
 * the cohort.
 */
export function windowsOf(store: Store, windows: Windows | MomentWindows): Cut {
  if (typeof windows !== "object" || windows === null)
    expected("windows", windows, "an object such as { subjectIds, end } or { until: occurrences }");
  const bounds = sidesOf(windows.inclusive);
  const rows = windows.last === undefined ? Number.POSITIVE_INFINITY : countOf(windows.last);
  return {
    ...("from" in windows || "until" in windows ? momentBounds(windows as MomentWindows) : arrayBounds(store, windows as Windows)),
    afterStart: !(bounds === true || bounds === "start"),
    beforeEnd: !(bounds === true || bounds === "end"),
    timedOnly: !staticOf(windows),
    last: rows === Number.POSITIVE_INFINITY ? null : rows,
  };
}

type Bounds = Pick<Cut, "subjects" | "start" | "end" | "absent">;

function arrayBounds(store: Store, windows: Windows): Bounds {
  namesIn("windows", windows, ARRAYS);
  const { subjectIds, start, end } = windows;
  return {
    subjects: exactIds(subjectIds, store.path),
    start: start === undefined ? null : exactTimes(start, (bound) => store.suspect(bound)),
    end: end === undefined ? null : exactTimes(end, (bound) => store.suspect(bound)),
    absent: null,
  };
}

function momentBounds(windows: MomentWindows): Bounds {
  namesIn("windows", windows, MOMENTS);
  const from = momentsOf("from", windows.from);
  const until = momentsOf("until", windows.until);
  if (from === undefined && until === undefined) conflict("The windows have neither `from` nor `until`. Set one of them.");
  if (windows.after !== undefined && from === undefined) conflict("`after` requires `from`: the moments after which the windows begin.");
  if (windows.before !== undefined && until === undefined) conflict("`before` requires `until`: the moments before which the windows end.");
  if (windows.for !== undefined && from !== undefined && until !== undefined)
    conflict("The windows have `from`, `until` and `for`. Remove one of them: two say where a window begins and ends.");
  if (from !== undefined && until !== undefined && !same(from.subjectIds, until.subjectIds))
    conflict(
      `The moments of \`from\` (${from.subjectIds.length}) and \`until\` (${until.subjectIds.length}) are not of the same subjects in the same order. Make both with the same cohort and windows.`,
    );
  const absent = Uint8Array.from((from ?? until)!.has, (has, i) => (has === 1 && (until ?? from)!.has[i] === 1 ? 0 : 1));
  let start = from && moved(from.times, absent, "after", windows.after, laterBy);
  let end = until && moved(until.times, absent, "before", windows.before, earlierBy);
  if (windows.for !== undefined) {
    if (start !== undefined) end = moved(start, absent, "for", windows.for, laterBy);
    else start = moved(end!, absent, "for", windows.for, earlierBy);
  }
  if (start !== undefined && end !== undefined)
    for (let i = 0; i < absent.length; i += 1) if (absent[i] === 0 && start[i]! > end[i]!) absent[i] = 1;
  return { subjects: (from ?? until)!.subjectIds, start: start ?? null, end: end ?? null, absent };
}

/** Moments with `has`, which is 0 for the time of a static row too. */
export function momentsOf(name: string, given: Moments | Labels | undefined): Moments | undefined {
  if (given === undefined) return undefined;
  if (given instanceof Labels) {
    const { subjectIds, predictionTimes } = given._table;
    return { subjectIds, times: predictionTimes, has: new Uint8Array(subjectIds.length).fill(1) };
  }
  const { subjectIds, times, has } = (typeof given === "object" && given !== null ? given : {}) as Partial<Moments>;
  if (!(types.isBigInt64Array(subjectIds) && types.isBigInt64Array(times) && types.isUint8Array(has)))
    expected(name, given, "the result of firstOf, lastOf or asof, or Labels: an object with subjectIds, times and has");
  if (times.length !== subjectIds.length || has.length !== subjectIds.length)
    conflict(
      `\`${name}\` has ${subjectIds.length} subjectIds, ${times.length} times and ${has.length} entries in has. Each must have one entry per moment.`,
    );
  return { subjectIds, times, has: has.map((one, i) => (one === 1 && times[i] !== NO_TIME ? 1 : 0)) };
}

function same(a: BigInt64Array, b: BigInt64Array): boolean {
  return a.length === b.length && (a === b || a.every((id, i) => id === b[i]));
}

/** Times that are a span later or earlier. */
export function moved(times: BigInt64Array, absent: Uint8Array, name: string, span: Span | undefined, by: typeof laterBy): BigInt64Array {
  if (span === undefined) return times;
  const plan = spanOf(name, span);
  return times.map((time, i) => (absent[i] === 1 ? time : by(time, plan)));
}
