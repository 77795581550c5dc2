// What a function of the caller may read of an event: what is known of it, and its times as the text may show them.
import { shownAs } from "../support/inspect.js";
import { dateOf, failTimeRange } from "../support/time.js";
import type { Context } from "./context.js";

/** What a text is about, and the length by which its times are moved. */
export interface Setting {
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

/** A time moved as those of the text are. */
export function movedBy({ moved }: Setting, time: number | bigint | null): bigint | null {
  return time === null ? null : BigInt(time) + moved;
}
