import { type CodeChoice, memberTable } from "../store/choice.js";
import type { Store } from "../store/store.js";
import { conflict, expected, flagOf, INT32_MAX, namesIn, oneOf, optionsOf, textOf, wholeOf } from "../support/arguments.js";
import { type Duration, durationOf } from "../support/duration.js";
import type { Later } from "./guard.js";
import { STRATEGIES, type Strategy } from "./strategy.js";

/** A length of time, or a number of rows (of events with `unit: "events"`). */
export type Reach = Duration | { readonly count: number };

/** Options of {@link samples}. */
export interface SampleOptions {
  /**
   * The largest number of rows in a window (events with `unit: "events"`), including prepended static rows. 1
   * to 2^31 - 1.
   */
  readonly maxLength: number;
  /** Default: `to_end`. */
  readonly strategy?: Strategy | undefined;
  /**
   * The unit of `maxLength`, `stride`, `overlap` and of every `count`: rows (`measurements`, the default), or
   * `events`. Here an event is all rows of the same time.
   */
  readonly unit?: "measurements" | "events" | undefined;
  /**
   * With `step_through`: the distance from the start of a window to the start of the next, 1 to `maxLength`
   * (a longer step would skip rows). Cannot be combined with `overlap`. Default: `maxLength`, windows side by
   * side. Prepended static rows take positions of each window. If fewer positions than this distance are left,
   * the distance is the number of positions left.
   */
  readonly stride?: number | undefined;
  /**
   * With `step_through`: how many rows two neighbouring windows share, less than `maxLength`. The distance
   * is the length of a window, without prepended static rows, minus this, and at least 1.
   */
  readonly overlap?: number | undefined;
  /**
   * Whether rows at exactly the time of the cut-off are known. Default: true, as MEDS defines a prediction
   * time. With labels only.
   */
  readonly inclusive?: boolean | undefined;
  /**
   * As a length of time: the cut-off is this long before the prediction time (with labels only). As a count:
   * this many of the last known rows are left out. Default: no gap.
   */
  readonly gap?: Reach | undefined;
  /**
   * As a length of time: only rows within this time before the cut-off (with labels only). The interval is
   * (cut-off - lookBack, cut-off], or [cut-off - lookBack, cut-off) if `inclusive` is false. As a count: only
   * this many of the last rows. Default: all rows.
   */
  readonly lookBack?: Reach | undefined;
  /**
   * Static rows beside the sequence (`include`, the default), at its beginning (`prepend`), or not at all
   * (`omit`). If static rows would fill the whole sequence, `prepend` keeps the first `maxLength - 1` of
   * them, and the report counts the sample.
   */
  readonly static?: "include" | "prepend" | "omit" | undefined;
  /**
   * Which rows are static: rows without a time (`null`, the default), or also all rows up to and including
   * the day of birth in UTC (`birth`). The second is FEMR's rule, for data from OMOP, where gender and race
   * have the time of birth.
   */
  readonly staticUntil?: "null" | "birth" | undefined;
  /** Only rows with these codes. Default: all codes. */
  readonly codes?: CodeChoice | undefined;
  /**
   * Only rows for which every function returns true. A function receives the row's value in the column that
   * it is named after, null if the row has none. Functions cannot be sent to worker threads: such samples are
   * for loaders without `workers`.
   */
  readonly where?: { readonly [column: string]: (value: never) => boolean } | undefined;
  /**
   * Codes whose rows have a date and no time of day. Their rows on the day of the cut-off (UTC) are removed,
   * because they may be later than the cut-off. With labels only.
   */
  readonly dateOnly?: CodeChoice | undefined;
  /**
   * Codes whose rows are removed if they have exactly the time of the cut-off (for example billing codes at
   * discharge). With labels only.
   */
  readonly excludeAtCutoff?: CodeChoice | undefined;
  /**
   * Columns whose values become known after the time of their row. The key is such a column; its value is the
   * name of the column with the time at which the key's value becomes known (the same name, if the column is
   * that time itself). A sample reads null if that time is after the cut-off (with `inclusive: false`: or at
   * it) or missing. Not for `time`, `code` and `numeric_value`. With labels only. Default: `{ end: "end" }` if
   * the data has a time column `end` (the end of a visit).
   */
  readonly knownLater?: { readonly [column: string]: string } | undefined;
  /** Only subjects of this split. Default with labels: all subjects. */
  readonly split?: string | undefined;
}

const KNOWN = Object.keys({
  maxLength: true,
  strategy: true,
  unit: true,
  stride: true,
  overlap: true,
  inclusive: true,
  gap: true,
  lookBack: true,
  static: true,
  staticUntil: true,
  codes: true,
  where: true,
  dateOnly: true,
  excludeAtCutoff: true,
  knownLater: true,
  split: true,
} satisfies Record<keyof SampleOptions, true>);

/** Checked options, in the form that loops use. */
export class Plan {
  readonly maxLength: number;
  readonly strategy: Strategy;
  readonly byEvent: boolean;
  /**
   * Distance between the starts of two windows, and number of rows that two windows share. At most one of
   * them is set.
   */
  readonly stride: number | null;
  readonly overlap: number | null;
  readonly inclusive: boolean;
  readonly gap: bigint;
  readonly gapCount: number;
  /** Null: unlimited. */
  readonly lookBack: bigint | null;
  readonly lookBackCount: number;
  readonly statics: "include" | "prepend" | "omit";
  readonly untilBirth: boolean;
  /** By code id: 1 if its rows are kept. Null: all are. */
  readonly codes: Uint8Array | null;
  readonly where: readonly (readonly [column: number, keep: (value: unknown) => boolean])[];
  /** By code id: 1 if its rows on the day of the cut-off are removed. */
  readonly dateOnly: Uint8Array | null;
  readonly atCutoff: Uint8Array | null;
  readonly split: string | null;
  readonly later: Later;
  /** Every row of a timeline is kept, except near the cut-off. */
  readonly keepsAll: boolean;

  /** `hasCutoff`: are there labels, so that their prediction times cut the timelines off? */
  constructor(store: Store, options: SampleOptions, hasCutoff: boolean) {
    const given = optionsOf(options as SampleOptions | undefined) ?? expected("options", options, "an object with `maxLength`");
    namesIn("samples", given, KNOWN);
    if (!hasCutoff) checkUncut(given);
    const table = store.codes;
    this.maxLength = wholeOf("maxLength", given.maxLength, 1, INT32_MAX);
    this.strategy = oneOf("strategy", given.strategy, Object.keys(STRATEGIES) as Strategy[]);
    this.byEvent = oneOf("unit", given.unit, ["measurements", "events"]) === "events";
    for (const name of ["stride", "overlap"] as const)
      if (given[name] !== undefined && STRATEGIES[this.strategy].spans === undefined)
        conflict(`\`${name}\` requires \`strategy: "step_through"\`. Set that strategy, or remove \`${name}\`.`);
    if (given.stride !== undefined && given.overlap !== undefined)
      conflict("`stride` and `overlap` cannot be combined. Remove one of them.");
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
      if (typeof keep !== "function") expected(`where.${name}`, keep, "a function that takes a value of the column");
      return [store.columnAt(name), keep as (value: unknown) => boolean];
    });
    if (given.split !== undefined) store.checkSplit("split", given.split);
    this.split = given.split ?? null;
    this.later = laterOf(store, given.knownLater);
    this.keepsAll = this.codes === null && this.where.length === 0;
  }
}

const AT_CUTOFF: readonly (keyof SampleOptions)[] = ["inclusive", "gap", "lookBack", "dateOnly", "excludeAtCutoff", "knownLater"];

/** Rejects options about a cut-off if the timelines have none: such options would silently do nothing. */
function checkUncut(given: SampleOptions): void {
  const idle = AT_CUTOFF.find((name) => {
    const value: unknown = given[name];
    const isCount = typeof value === "object" && value !== null && "count" in value;
    // A default may be stated.
    return value !== undefined && !isCount && !(name === "inclusive" && value === true);
  });
  if (idle !== undefined)
    conflict(
      `\`${idle}\` requires labels: samples of a split are whole timelines without a cut-off. Make the samples from labels, or remove \`${idle}\`.`,
    );
}

/** Columns that are read without a look at a later time. */
const OF_THE_ROW = ["time", "code", "numeric_value"];

/** By column whose values become known later: the column of the time at which they do. */
function laterOf(store: Store, given: SampleOptions["knownLater"]): Later {
  const end = store.columns.find(({ name }) => name === "end");
  const usual = end?.type.startsWith("timestamp") ? { end: "end" } : {};
  const entries = Object.entries(optionsOf(given) ?? usual).map(([name, time]): [number, number] => {
    if (OF_THE_ROW.includes(name))
      conflict(
        `\`knownLater\` contains ${JSON.stringify(name)}, which batches have at the time of its row. Move such rows to the time at which they are known (transform), or remove it.`,
      );
    const column = store.columns[store.columnAt(textOf(`knownLater.${name}`, time, "the name of a column of times"))]!;
    if (!column.type.startsWith("timestamp"))
      conflict(`\`knownLater.${name}\` names column ${JSON.stringify(time)} of type ${column.type}. It must name a column of times.`);
    return [store.columnAt(name), store.columnAt(time)];
  });
  return new Map(entries);
}

function reachOf<N>(name: string, reach: Reach | undefined, none: N, all: number): [bigint | N, number] {
  if (reach === undefined) return [none, all];
  const counts = typeof reach === "object" && reach !== null && "count" in reach;
  if (counts && Object.keys(reach).length > 1)
    conflict(`\`${name}\` has \`count\` and other members. Set { count }, or a length of time such as { days: 30 }.`);
  if (counts) return [none, wholeOf(`${name}.count`, reach.count, 0)];
  return [durationOf(name, reach), all];
}
