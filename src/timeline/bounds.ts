import { expected, flagOf, namesIn, optionsOf } from "../support/arguments.js";

/** How a window by time is cut. */
export interface WindowOptions {
  /** Rows at exactly the time of the bound belong to the window. Default: true. */
  readonly inclusive?: boolean | undefined;
  /** The patient's static rows (no time) belong to the window. Default: true. */
  readonly static?: boolean | undefined;
}

/** Options of {@link Timeline.between}. */
export interface BetweenOptions {
  /**
   * Whether rows at exactly the time of a bound belong to the window: at both bounds (true, the default), at
   * neither (false), or only at `"start"` or `"end"`.
   */
  readonly inclusive?: boolean | "start" | "end" | undefined;
  /** The patient's static rows (no time) belong to the window. Default: true. */
  readonly static?: boolean | undefined;
}

const OPTIONS = Object.keys({ inclusive: true, static: true } satisfies Record<keyof BetweenOptions, true>);

/** Checks the names of options. Millions of windows are cut: the loop makes no list of the names. */
function named<O extends WindowOptions | BetweenOptions>(options: O): O {
  optionsOf(options);
  for (const name in options) if (name !== "inclusive" && name !== "static") namesIn("a window by time", options, OPTIONS);
  return options;
}

/** Checks `inclusive`: do rows at exactly the bound belong to the window. */
export function inclusiveOf(options: WindowOptions | undefined): boolean {
  return options === undefined || flagOf("inclusive", named(options).inclusive, true);
}

/** As {@link inclusiveOf}, for two bounds. */
export function boundsOf(options: BetweenOptions | undefined): boolean | "start" | "end" {
  return options === undefined || sidesOf(named(options).inclusive);
}

/** Checks the `inclusive` of two bounds. */
export function sidesOf(inclusive: BetweenOptions["inclusive"]): boolean | "start" | "end" {
  if (inclusive === undefined) return true;
  if (typeof inclusive === "boolean" || inclusive === "start" || inclusive === "end") return inclusive;
  return expected("inclusive", inclusive, 'true, false, "start" or "end"');
}

/** Checks `static`: do static rows belong to the window. */
export function staticOf(options: WindowOptions | BetweenOptions | undefined): boolean {
  return options === undefined || flagOf("static", options.static, true);
}

/** Checks a number of rows. */
export function countOf(count: number): number {
  const whole = Number.isInteger(count) || count === Number.POSITIVE_INFINITY;
  return whole && count >= 0 ? count : expected("The number of rows", count, "a whole number, 0 or more");
}

/**
 * Checks an index as of `Array.prototype.slice`: a negative one counts from the end; others are limited to
 * `length`.
 */
export function sliceIndex(index: number, length: number): number {
  if (typeof index !== "number" || !(Number.isInteger(index) || Math.abs(index) === Number.POSITIVE_INFINITY)) {
    expected("The index", index, "a whole number");
  }
  return index < 0 ? Math.max(0, index + length) : Math.min(index, length);
}
