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
    // The earliest row of a visit is its start: an extract may write its end as another row of it, as the import of OMOP tables does.
    const starts = new Map<string | null, bigint>();
    for (const line of lines) {
      const time = this.isVisit(line) ? line.timeMicros : null;
      const visit = time === null ? null : visitOf(line, this.visit);
      if (time !== null && visit !== null && time < (starts.get(visit) ?? time + 1n)) starts.set(visit, time);
    }
    if (starts.size === 0) return lines;
    const firsts = new Map<string | null, bigint>();
    for (const line of lines) {
      const visit = this.isVisit(line) ? null : visitOf(line, this.visit);
      const start = visit === null ? undefined : starts.get(visit);
      const time = start === undefined ? null : line.timeMicros;
      if (time !== null && time > start! && time < (firsts.get(visit) ?? time + 1n)) firsts.set(visit, time);
    }
    return lines.map((line) => {
      const visit = this.isVisit(line) ? visitOf(line, this.visit) : null;
      const first = firsts.get(visit);
      if (first === undefined || line.timeMicros !== starts.get(visit)) return line;
      counts.add("converted", "visit rows moved to the first event of their visit");
      return this.ends.moved(line, first, first);
    });
  }
}
