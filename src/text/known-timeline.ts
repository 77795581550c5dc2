// What a function of the caller may read of a patient: the known rows, and times as the text may show them.
import type { CodeChoice } from "../store/choice.js";
import { daysOf } from "../support/calendar.js";
import { shownAs } from "../support/inspect.js";
import { DAY, microsOf, type TimeLike } from "../support/time.js";
import { type Context, oneLine } from "./context.js";
import { KnownEvent, movedBy, type Setting } from "./known-event.js";

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
