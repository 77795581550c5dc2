import { isBirth } from "../store/birth-death.js";
import { DAY, dayOf } from "../support/time.js";
import { type CodePlan, codeTest, Ends, remembered } from "./choice.js";
import type { Line } from "./part.js";
import type { Counts, Step } from "./step.js";

/** All options of {@link midnightToDayEnd}. */
export interface MidnightOptions {
  readonly codes: readonly CodePlan[];
  /** Default: `end`, where the store has this column. */
  readonly end?: string;
}

/** From midnight to 23:59 of the same day. */
const LAST = DAY - 60_000_000n;

/** An event of which only the day is known is dated at midnight, before it happened. */
export class Midnight implements Step {
  private readonly isMeant: (line: Line) => boolean;
  private readonly isBirth = remembered(isBirth);
  private readonly ends: Ends;

  constructor({ codes, end }: MidnightOptions, types: ReadonlyMap<string, string>) {
    this.isMeant = codeTest(codes);
    this.ends = new Ends(end ?? null, types);
  }

  apply(lines: readonly Line[], counts: Counts): readonly Line[] {
    return lines.map((line) => {
      const time = this.isMeant(line) && !this.isBirth(line) ? line.timeMicros : null;
      if (time === null) return line;
      const last = dayOf(time) === time ? time + LAST : time;
      if (last !== time) counts.add("converted", "rows moved from midnight to the end of their day");
      const end = this.ends.of(line);
      const late = end !== null && dayOf(end) === end ? end + LAST : last;
      return this.ends.moved(line, last, late > last ? late : last);
    });
  }
}
