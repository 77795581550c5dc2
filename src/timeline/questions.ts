// Questions about the rows of a timeline: which is the first, the last, and which pass a test.
import type { CodeChoice } from "../store/choice.js";
import { expected, namesIn, oneOf, optionsOf } from "../support/arguments.js";
import { Event } from "./event.js";
import type { AnySchema } from "./schema.js";
import { indexOfCode } from "./selection.js";
import type { Timeline } from "./timeline.js";

/** A function of an event that returns true or false. */
export type EventTest<S extends object = AnySchema> = (event: Event<S>) => boolean;

/** Codes as in {@link CodeChoice}, but no number and no single function, which mean other things here. */
export type CodesOfRow = Exclude<CodeChoice, number | ((...code: never) => unknown)>;

/** Options of {@link Timeline.first} and {@link Timeline.last}. */
export interface HitOptions {
  /** `"value"`: only rows with a numeric value. */
  readonly with?: "value" | undefined;
}

/** The first row (`step` 1) or the last row (`step` -1) that has one of some codes, or passes a test. */
export function hitOf<S extends object>(
  line: Timeline<S>,
  what: string,
  wanted: number | CodesOfRow | EventTest<S>,
  options: HitOptions | undefined,
  step: 1 | -1,
): Event<S> | undefined {
  const isValued = options !== undefined && valuedOf(what, options);
  const shard = line._shard;
  shard.check();
  if (typeof wanted === "function") {
    for (let i = step === 1 ? 0 : line.length - 1; i >= 0 && i < line.length; i += step) {
      const event = new Event<S>(shard, line._row(i), line._patient);
      if ((!isValued || event.numericValue !== null) && passes(what, wanted, event)) return event;
    }
    return undefined;
  }
  if (wanted === undefined || wanted === null || typeof wanted === "boolean")
    expected(`The argument of ${what}`, wanted, "a number of rows, codes, or a function of an event");
  const selection = shard.store.codes._choices.of(wanted);
  let i = step === 1 ? 0 : line.length - 1;
  for (;;) {
    i = indexOfCode(line, shard, selection, i, step);
    if (i < 0) return undefined;
    const event = new Event<S>(shard, line._row(i), line._patient);
    if (!isValued || event.numericValue !== null) return event;
    i += step;
  }
}

/** The rows that pass a test. */
export function filterOf<S extends object>(line: Timeline<S>, test: EventTest<S>): Timeline<S> {
  const rows = new Uint32Array(line.length);
  let count = 0;
  let statics = 0;
  let i = 0;
  for (const event of line) {
    if (passes("filter", test, event)) {
      if (i < line.staticCount) statics += 1;
      rows[count] = event._row;
      count += 1;
    }
    i += 1;
  }
  return line._listed(rows.slice(0, count), statics);
}

/** The rows of each time, one time after another, from the first timed row. */
export function* byTimeOf<S extends object>(line: Timeline<S>): Generator<Timeline<S>, undefined> {
  const shard = line._shard;
  let begin = line.staticCount;
  while (begin < line.length) {
    shard.check();
    const row = line._row(begin);
    let end = begin + 1;
    while (end < line.length && shard.isSameTime(row, line._row(end))) end += 1;
    yield line._slice(begin, end);
    begin = end;
  }
}

function passes<S extends object>(what: string, test: EventTest<S>, event: Event<S>): boolean {
  const result: unknown = test(event);
  return typeof result === "boolean" ? result : expected(`The result of the function of ${what}`, result, "true or false");
}

function valuedOf(what: string, options: HitOptions): boolean {
  optionsOf(options, 'an object such as { with: "value" }. Several codes are one argument: an array');
  namesIn(what, options, ["with"]);
  return options.with !== undefined && oneOf("with", options.with, ["value"]) === "value";
}
