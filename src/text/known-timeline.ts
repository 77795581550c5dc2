// What a function of the caller may read of a patient: the known rows, and times as the text may show them.
import type { CodeChoice } from "../store/choice.js";
import { daysOf } from "../support/calendar.js";
import { shownAs } from "../support/inspect.js";
import { DAY, dateOf, failTimeRange, microsOf, type TimeLike } from "../support/time.js";
import { type Context, oneLine } from "./context.js";

/** What a text is about, and the length by which its times are moved. */
interface Setting {
  readonly context: Context;
  readonly moved: bigint;
}

/**
 * An event that is known at the prediction time. Its times are those of the text: with `times: { shiftTo }` they are
 * moved; with `relative`, `age` and `none`, the day of the prediction time is 1970-01-01.
 */
export class KnownEvent {
  readonly #setting: Setting;
  readonly #row: number;

  /** @internal */
  constructor(setting: Setting, row: number) {
    this.#setting = setting;
    this.#row = row;
  }

  /** The code. */
  get code(): string {
    const { known, shared } = this.#setting.context;
    return shared.names.code(known.code(this.#row));
  }

  /** The name of the code: from the option `names`, else its description, else the code. */
  get name(): string {
    return this.#setting.context.name(this.#row);
  }

  /** The kind of event: its OMOP table, or a guess from its code, such as `measurement`. */
  get type(): string {
    const { known, shared } = this.#setting.context;
    return shared.types.of(known, this.#row);
  }

  /** The event has no time: it describes the patient as a whole. */
  get isStatic(): boolean {
    return this.timeMicros === null;
  }

  /**
   * Microseconds since 1970-01-01; null for a static event.
   *
   * @throws MedsError `MEDS_TIME_RANGE` outside 1684 to 2255: read {@link KnownEvent.timeMicros}.
   */
  get time(): number | null {
    const micros = this.timeMicros;
    if (micros === null) return null;
    const time = Number(micros);
    return Number.isSafeInteger(time) ? time : failTimeRange(micros);
  }

  /** Microseconds since 1970-01-01, exact for any time; null for a static event. */
  get timeMicros(): bigint | null {
    return movedBy(this.#setting, this.#setting.context.known.time(this.#row));
  }

  /** The time as a `Date`, rounded down to the millisecond; null for a static event. */
  get date(): Date | null {
    const micros = this.timeMicros;
    return micros === null ? null : dateOf(micros);
  }

  /** When what begins at this event ends, in microseconds since 1970-01-01; null where it is not known. */
  get endMicros(): bigint | null {
    return movedBy(this.#setting, this.#setting.context.known.end(this.#row));
  }

  /** The value as texts write it: the number with the digits of the source, else the text; null where there is neither. */
  get value(): string | null {
    return this.#setting.context.known.number(this.#row) ?? this.text;
  }

  /** The numeric value, or null. */
  get numericValue(): number | null {
    return this.#setting.context.known.value(this.#row);
  }

  /** The text: a value in words, or a note; null where there is none. */
  get text(): string | null {
    return this.#setting.context.known.text(this.#row);
  }

  /** The unit of the numeric value; null where the data have none. */
  get unit(): string | null {
    return this.#setting.context.known.unit(this.#row);
  }

  /** The id of the visit; null outside of visits. */
  get visit(): string | null {
    const visit = this.#setting.context.known.visit(this.#row);
    return visit === null ? null : String(visit);
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { code, date, value, unit } = this;
    return shownAs("KnownEvent", { code, date, value, unit });
  }
}

/**
 * What is known of a patient at the prediction time: all that the function of {@link custom} receives. It contains no
 * later row, and no value that became known later.
 */
export class KnownTimeline implements Iterable<KnownEvent> {
  /** Known rows in order of time, static ones first. */
  readonly events: readonly KnownEvent[];
  readonly subjectId: bigint;
  readonly #setting: Setting;

  /** @internal */
  constructor(context: Context) {
    const { known, now, shared } = context;
    const { kind } = shared.times;
    const day = now === null ? 0 : daysOf(now)[0];
    const days = kind === "absolute" ? 0 : kind === "shift" ? shared.clock.days : -day;
    const setting = { context, moved: BigInt(days) * DAY };
    this.events = Array.from({ length: known.length }, (_, row) => new KnownEvent(setting, row));
    this.subjectId = known.subjectId;
    this.#setting = setting;
  }

  /** Number of events. */
  get length(): number {
    return this.events.length;
  }

  /** The prediction time, moved as the times of events are; null for a whole patient. */
  get predictionTime(): bigint | null {
    return movedBy(this.#setting, this.#setting.context.known.cutoff);
  }

  /** The known events with some codes, in order of time. */
  withCode(codes: CodeChoice): KnownEvent[] {
    const { known, shared } = this.#setting.context;
    const selection = shared.selectionOf(codes);
    return this.events.filter((_, row) => selection.has(known.code(row)));
  }

  /** The name of a code: from the option `names`, else its description, else the code. */
  name(code: string): string {
    return oneLine(this.#setting.context.shared.names.named(code));
  }

  /**
   * A time of an event in the words of the text: "on 2012-05-17", "at age 62", "12 days before prediction time", or ""
   * where the text shows no times.
   */
  when(time: TimeLike | null): string {
    if (time === null) return "";
    const { context, moved } = this.#setting;
    const own = microsOf(time) - moved;
    return context.when(own).trim() || context.before(own);
  }

  /** The events in order. */
  [Symbol.iterator](): IterableIterator<KnownEvent> {
    return this.events[Symbol.iterator]();
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { subjectId, length, predictionTime } = this;
    return shownAs("KnownTimeline", { subjectId, length, predictionTime });
  }
}

function movedBy({ moved }: Setting, time: number | bigint | null): bigint | null {
  return time === null ? null : BigInt(time) + moved;
}
