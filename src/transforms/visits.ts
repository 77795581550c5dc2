import { type ChosenRows, chooser, Ends, needColumn, visitOf } from "./choice.js";
import type { Line } from "./part.js";
import type { Counts, Step } from "./step.js";

/** All options of {@link visitStartToFirstEvent}. */
export interface VisitStartOptions {
  readonly visits: ChosenRows;
  readonly visit: string;
  /** Default: `end`, where the store has this column. */
  readonly end?: string;
}

/** Some sources date visits at midnight of their first day, before they were known. */
export class Visits implements Step {
  private readonly isVisit: (line: Line) => boolean;
  private readonly visit: string;
  private readonly ends: Ends;

  constructor({ visits, visit, end }: VisitStartOptions, types: ReadonlyMap<string, string>) {
    this.isVisit = chooser(visits, types);
    this.visit = needColumn(visit, types);
    this.ends = new Ends(end ?? null, types);
  }

  apply(lines: readonly Line[], counts: Counts): readonly Line[] {
    // The earliest row of a visit is its start: another row of it may be its end, as in the import of OMOP
    // tables.
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
