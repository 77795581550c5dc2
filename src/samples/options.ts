import { type CodePredicate, memberTable } from "../store/predicate.js";
import type { Store } from "../store/store.js";
import { failGiven, flagOf, INT32_MAX, namesIn, oneOf, optionsOf, textOf, wholeOf } from "../support/arguments.js";
import { type Duration, durationOf } from "../support/duration.js";
import type { Later } from "./guard.js";

/**
 * Which part of a patient's known rows a window takes. With n rows (or events) and windows of w:
 *
 * - `to_end`: the last w.
 * - `from_start`: the first w.
 * - `random`: w of them, the start drawn evenly from 0 to n - w; rows in the middle stand in more windows than those at the ends.
 * - `balanced_random`: the start drawn evenly from -(w - 1) to n - 1 and the window cut to what is there, so that each row stands in a window with
 *   the same probability; windows at the ends are shorter.
 * - `step_through`: windows at 0, stride, 2 stride, …, the last one anchored at the end: a sample each.
 *
 * Where n is at most w, all take everything. As in meds-torch-data (`SubsequenceSamplingStrategy`).
 */
export type Strategy = "to_end" | "from_start" | "random" | "balanced_random" | "step_through";

/** A length of time, or a number of rows (events, where `unit` says so) that are kept. */
export type Reach = Duration | { readonly count: number };

/** How {@link samples} cuts windows. */
export interface SampleOptions {
  /** Rows (events, where `unit` says so) of a window at most, static ones included where they are prepended. 1 to 2^31 - 1. */
  readonly maxLength: number;
  /** Default: `to_end`. */
  readonly strategy?: Strategy | undefined;
  /** What `maxLength`, `stride`, `overlap` and counts count: rows (the default), or events, all rows of a distinct time. */
  readonly unit?: "measurements" | "events" | undefined;
  /**
   * With `step_through`: from one window's start to the next's, 1 to `maxLength`: a longer step would leave rows out. Either this or `overlap`; default:
   * `maxLength`, windows side by side. Where prepended static rows leave a window less room than this, the step is that room.
   */
  readonly stride?: number | undefined;
  /** With `step_through`: how much two windows share, less than `maxLength`; the step is what is left of a window's room then, at least 1. */
  readonly overlap?: number | undefined;
  /** Rows at the very time of the cut-off are known (true, the default, as MEDS defines a prediction time) or not. With labels only. */
  readonly inclusive?: boolean | undefined;
  /** The cut-off lies so much before the prediction time (with labels only); as a count, so many of the last known rows are left out. Default: none. */
  readonly gap?: Reach | undefined;
  /**
   * Only rows this much before the cut-off (with labels only): (cut-off - lookBack, cut-off], or [cut-off - lookBack, cut-off) where it is exclusive; as a
   * count, only so many of the last. Default: all.
   */
  readonly lookBack?: Reach | undefined;
  /**
   * Static rows beside the sequence (`include`, the default), at its beginning (`prepend`; where they would fill it, the first `maxLength - 1`, which
   * the report counts), or not at all (`omit`).
   */
  readonly static?: "include" | "prepend" | "omit" | undefined;
  /**
   * What is static: rows without a time (`null`, the default), or also all rows up to and including the date of birth, UTC (`birth`: FEMR's rule, for
   * data from OMOP, where gender and race have the time of birth).
   */
  readonly staticUntil?: "null" | "birth" | undefined;
  /** Only rows with these codes. Default: all. */
  readonly codes?: CodePredicate | undefined;
  /**
   * Only rows of which each function here says yes to the value of the column it is named after (null where the row has none). A function goes to no
   * other thread: such samples are for loaders without `workers`.
   */
  readonly where?: { readonly [column: string]: (value: never) => boolean } | undefined;
  /** Codes whose rows have a date and no time of day. On the cut-off's own day (UTC) nobody knows whether they lie before it: they are dropped. With labels only. */
  readonly dateOnly?: CodePredicate | undefined;
  /** Codes whose rows are dropped where they stand at the very time of the cut-off (billing codes at the time of discharge, say). With labels only. */
  readonly excludeAtCutoff?: CodePredicate | undefined;
  /**
   * Columns that were known later than their row, each with the column that has the time when it was (itself, where it is that time): a sample reads
   * null where that time is after the cut-off, or missing. With labels only. Default: `{ end: "end" }` where the data has a time `end` (the end of a
   * visit).
   */
  readonly knownLater?: { readonly [column: string]: string } | undefined;
  /** Only subjects of this split. Default for labels: all subjects. */
  readonly split?: string | undefined;
}

const STRATEGIES: readonly Strategy[] = ["to_end", "from_start", "random", "balanced_random", "step_through"];
const KNOWN: readonly (keyof SampleOptions)[] = [
  "maxLength",
  "strategy",
  "unit",
  "stride",
  "overlap",
  "inclusive",
  "gap",
  "lookBack",
  "static",
  "staticUntil",
  "codes",
  "where",
  "dateOnly",
  "excludeAtCutoff",
  "knownLater",
  "split",
];

/** Options, checked once, as loops use them. */
export class Plan {
  readonly maxLength: number;
  readonly strategy: Strategy;
  readonly byEvent: boolean;
  /** From one start to the next, or what two windows share. */
  readonly stride: number | null;
  readonly overlap: number | null;
  readonly inclusive: boolean;
  readonly gap: bigint;
  readonly gapCount: number;
  /** Null without a bound. */
  readonly lookBack: bigint | null;
  readonly lookBackCount: number;
  readonly statics: "include" | "prepend" | "omit";
  readonly untilBirth: boolean;
  /** By code id, 1 where rows are kept; null where all are. */
  readonly codes: Uint8Array | null;
  readonly where: readonly (readonly [column: number, keep: (value: unknown) => boolean])[];
  /** By code id, 1 where rows are dropped on the cut-off's own day. */
  readonly dateOnly: Uint8Array | null;
  readonly atCutoff: Uint8Array | null;
  readonly split: string | null;
  readonly later: Later;
  /** Every row of a timeline is kept, but for those near the cut-off. */
  readonly keepsAll: boolean;

  /** `hasCutoff`: are there labels, whose prediction times cut the timelines off. */
  constructor(store: Store, options: SampleOptions, hasCutoff: boolean) {
    const given =
      optionsOf(options as SampleOptions | undefined) ?? failGiven("The value for options", options, "an object with maxLength");
    namesIn("samples", given, KNOWN);
    if (!hasCutoff) checkUncut(given);
    const table = store.codes;
    this.maxLength = wholeOf("maxLength", given.maxLength, 1, INT32_MAX);
    this.strategy = oneOf("strategy", given.strategy, STRATEGIES);
    this.byEvent = oneOf("unit", given.unit, ["measurements", "events"]) === "events";
    const steps = this.strategy === "step_through";
    for (const name of ["stride", "overlap"] as const)
      if (given[name] !== undefined && !steps) failGiven(name, given[name], 'it with strategy "step_through" only');
    if (given.stride !== undefined && given.overlap !== undefined) failGiven("overlap", given.overlap, "either stride or overlap");
    this.stride = given.stride === undefined ? null : wholeOf("stride", given.stride, 1, this.maxLength);
    this.overlap = given.overlap === undefined ? null : wholeOf("overlap", given.overlap, 0, this.maxLength - 1);
    this.inclusive = flagOf("inclusive", given.inclusive, true);
    [this.gap, this.gapCount] = reachOf("gap", given.gap, 0n, 0) as [bigint, number];
    [this.lookBack, this.lookBackCount] = reachOf("lookBack", given.lookBack, null, Number.POSITIVE_INFINITY);
    this.statics = oneOf("static", given.static, ["include", "prepend", "omit"]);
    this.untilBirth = oneOf("staticUntil", given.staticUntil, ["null", "birth"]) === "birth";
    this.codes = memberTable("codes", table, given.codes);
    this.dateOnly = memberTable("dateOnly", table, given.dateOnly);
    this.atCutoff = memberTable("excludeAtCutoff", table, given.excludeAtCutoff);
    this.where = Object.entries(optionsOf(given.where) ?? {}).map(([name, keep]) => {
      if (typeof keep !== "function") failGiven(`where.${name}`, keep, "a function of the column's value");
      return [store.columnAt(name), keep as (value: unknown) => boolean];
    });
    this.split = given.split === undefined ? null : splitOf(store, given.split);
    this.later = laterOf(store, given.knownLater);
    this.keepsAll = this.codes === null && this.where.length === 0;
  }
}

const AT_CUTOFF: readonly (keyof SampleOptions)[] = ["inclusive", "gap", "lookBack", "dateOnly", "excludeAtCutoff", "knownLater"];

/** Refuses what says how timelines are cut off, where they are not: it would do nothing, and look as if it did. */
function checkUncut(given: SampleOptions): void {
  const idle = AT_CUTOFF.find((name) => {
    const value: unknown = given[name];
    const isCount = typeof value === "object" && value !== null && "count" in value;
    // What is so anyway may be said.
    return value !== undefined && !isCount && !(name === "inclusive" && value === true);
  });
  if (idle !== undefined)
    failGiven(idle, given[idle], "it with labels only: samples of a split have whole timelines, and no cut-off that it could be about");
}

/** Columns that were known later than their row, and the columns that say when. */
function laterOf(store: Store, given: SampleOptions["knownLater"]): Later {
  const end = store.columns.find(({ name }) => name === "end");
  const usual = end?.type.startsWith("timestamp") ? { end: "end" } : {};
  const entries = Object.entries(optionsOf(given) ?? usual).map(([name, time]): [number, number] => {
    const column = store.columns[store.columnAt(textOf(`knownLater.${name}`, time, "the name of a column of times"))]!;
    if (!column.type.startsWith("timestamp"))
      failGiven(`knownLater.${name}`, time, `the name of a column of times: its type is ${column.type}`);
    return [store.columnAt(name), store.columnAt(time)];
  });
  return new Map(entries);
}

/** The name of a split that the store has. */
export function splitOf(store: Store, name: string): string {
  store.checkSplit("split", name);
  return name;
}

function reachOf<N>(name: string, reach: Reach | undefined, none: N, all: number): [bigint | N, number] {
  if (reach === undefined) return [none, all];
  const counts = typeof reach === "object" && reach !== null && "count" in reach;
  if (counts && Object.keys(reach).length > 1) failGiven(name, reach, "either { count } or a length of time");
  if (counts) return [none, wholeOf(`${name}.count`, reach.count, 0)];
  return [durationOf(name, reach), all];
}
