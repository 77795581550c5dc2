import { isBirth } from "../store/birth-death.js";
import { Ends, remembered } from "./choice.js";
import type { Line } from "./part.js";
import type { Counts, Step } from "./step.js";

/** {@link beforeBirthToBirth} in full. */
export interface BirthOptions {
  /** Microseconds, as decimal text; absent: nothing is left out. */
  readonly drop?: string;
  /** Absent: `end`, where the store has it. */
  readonly end?: string;
}

/** Nobody has a history before birth; what is dated so belongs to the mother, or is a day off. */
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
      counts.add("warning", "patients without a time of birth: their rows stay where they are");
      return lines;
    }
    const at = birth;
    const kept: Line[] = [];
    for (const line of lines) {
      const time = line.timeMicros;
      if (time === null || time >= at) kept.push(line);
      else if (this.drop !== null && at - time > this.drop) counts.add("skipped", "rows left out: they are too long before birth");
      else {
        counts.add("converted", "rows before birth moved to birth");
        kept.push(this.ends.moved(line, at, at));
      }
    }
    return kept;
  }
}
