import { isBirth } from "../store/birth-death.js";
import { Ends, remembered } from "./choice.js";
import type { Line } from "./part.js";
import type { Counts, Step } from "./step.js";

/** All options of {@link beforeBirthToBirth}. */
export interface BirthOptions {
  /** Microseconds, as decimal text. Default: no row is left out. */
  readonly drop?: string;
  /** Default: `end`, where the store has this column. */
  readonly end?: string;
}

/** A row that is dated before birth belongs to the mother's record, or its date is off by a day. */
export class BeforeBirth implements Step {
  private readonly drop: bigint | null;
  private readonly ends: Ends;
  private readonly isBirth = remembered(isBirth);

  constructor({ drop, end }: BirthOptions, types: ReadonlyMap<string, string>) {
    this.drop = drop === undefined ? null : BigInt(drop);
    this.ends = new Ends(end ?? null, types);
  }

  apply(lines: readonly Line[], counts: Counts): readonly Line[] {
    let birth: bigint | null = null;
    for (const line of lines) {
      const time = this.isBirth(line) ? line.timeMicros : null;
      if (time !== null && (birth === null || time < birth)) birth = time;
    }
    if (birth === null) {
      counts.add("warning", "patients without a time of birth: their rows were not moved");
      return lines;
    }
    const at = birth;
    const kept: Line[] = [];
    for (const line of lines) {
      const time = line.timeMicros;
      if (time === null || time >= at) kept.push(line);
      else if (this.drop !== null && at - time > this.drop) counts.add("skipped", "rows left out: they are too many days before birth");
      else {
        counts.add("converted", "rows before birth moved to birth");
        kept.push(this.ends.moved(line, at, at));
      }
    }
    return kept;
  }
}
