import { type ChosenRows, chooser, Ends, needColumn, visitOf } from "./choice.js";
import type { Line } from "./part.js";
import type { Counts, Step } from "./step.js";

/** All options of {@link billingToVisitEnd}. */
export interface BillingOptions {
  readonly billing: ChosenRows;
  readonly visits: ChosenRows;
  readonly visit: string;
  readonly end: string;
}

/** Bills are written after a visit, but some sources date them at its start. */
export class Billing implements Step {
  private readonly isBill: (line: Line) => boolean;
  private readonly isVisit: (line: Line) => boolean;
  private readonly visit: string;
  private readonly ends: Ends;

  constructor({ billing, visits, visit, end }: BillingOptions, types: ReadonlyMap<string, string>) {
    this.isBill = chooser(billing, types);
    this.isVisit = chooser(visits, types);
    this.visit = needColumn(visit, types);
    this.ends = new Ends(end, types);
  }

  apply(lines: readonly Line[], counts: Counts): readonly Line[] {
    const ends = new Map<string | null, bigint>();
    const unsure = new Set<string>();
    for (const line of lines) {
      const end = this.isVisit(line) ? this.ends.of(line) : null;
      const visit = end === null ? null : visitOf(line, this.visit);
      if (end === null || visit === null) continue;
      const known = ends.get(visit);
      if (known !== undefined && known !== end) unsure.add(visit);
      if (known === undefined || end > known) ends.set(visit, end);
    }
    counts.add("warning", "visits whose rows have different end times: the latest one counts", unsure.size);
    return lines.map((line) => {
      const time = this.isBill(line) ? line.timeMicros : null;
      if (time === null) return line;
      const end = ends.get(visitOf(line, this.visit));
      if (end === undefined) {
        counts.add("warning", "billing rows that were not moved: they have no visit, or their visit has no end");
        return line;
      }
      const early = time < end;
      if (early) counts.add("converted", "billing rows moved to the end of their visit");
      return this.ends.moved(line, early ? end : time, end);
    });
  }
}
