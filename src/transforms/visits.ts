import { type ChosenRows, chooser, Ends, needColumn, visitOf } from "./choice.js";
import type { Line } from "./part.js";
import type { Counts, Step } from "./step.js";

/** {@link visitStartToFirstEvent} in full. */
export interface VisitOptions {
  readonly visits: ChosenRows;
  readonly visit: string;
  /** Absent: `end`, where the store has it. */
  readonly end?: string;
}

/** Visits are dated at midnight of their first day, before anybody could know of them. */
export class Visits implements Step {
  private readonly isVisit: (line: Line) => boolean;
  private readonly visit: string;
  private readonly ends: Ends;

  constructor({ visits, visit, end }: VisitOptions, types: ReadonlyMap<string, string>) {
    this.isVisit = chooser(visits, types);
    this.visit = needColumn(visit, types);
    this.ends = new Ends(end ?? null, types);
  }

  apply(lines: readonly Line[], counts: Counts): readonly Line[] {
    const starts = new Map<string | null, bigint>();
    const several = new Set<string>();
    for (const line of lines) {
      const time = this.isVisit(line) ? line.timeMicros : null;
      const visit = time === null ? null : visitOf(line, this.visit);
      if (time === null || visit === null) continue;
      if ((starts.get(visit) ?? time) !== time) several.add(visit);
      starts.set(visit, time);
    }
    counts.add("warning", "visits that start at several times: they stay where they are", several.size);
    const firsts = new Map<string | null, bigint>();
    if (starts.size > several.size) {
      for (const line of lines) {
        const visit = visitOf(line, this.visit);
        const start = visit === null || several.has(visit) ? undefined : starts.get(visit);
        const time = start === undefined ? null : line.timeMicros;
        if (time !== null && time > start! && time < (firsts.get(visit) ?? time + 1n)) firsts.set(visit, time);
      }
    }
    return lines.map((line) => {
      const first = this.isVisit(line) ? firsts.get(visitOf(line, this.visit)) : undefined;
      if (first === undefined || line.timeMicros === null) return line;
      counts.add("converted", "visit rows moved to the first event of their visit");
      return this.ends.moved(line, first, first);
    });
  }
}
