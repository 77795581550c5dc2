// The visits of a patient, as headings of a timeline show them.
import type { Event, PatientDatabase, Timeline, Value } from "../index.js";
import { dateAndTime, number, plural } from "./format.js";
import { visible } from "./report.js";

/** Names of the column that says to which visit a row belongs. */
const COLUMNS = ["visit_id", "hadm_id"];

/** The name of a visit in the data. */
export type Key = string | number | bigint;

/** The key in a value; null where it names no visit. */
function keyOf(value: Value | null): Key | null {
  return typeof value === "bigint" || typeof value === "number" || (typeof value === "string" && value !== "") ? value : null;
}

interface Visit {
  /** Index of its first and last row in the timeline. */
  readonly first: number;
  last: number;
  rows: number;
  /** How many of its rows are shown. */
  shown: number;
}

/** The visits in a timeline: their begin, end and number of rows. */
export class Visits {
  /** The column that names the visits; undefined where the store has none. */
  readonly column: string | undefined;
  private readonly visits = new Map<Key, Visit>();

  /** `known` has all rows that may count; `shown` those that are shown. */
  constructor(
    db: PatientDatabase,
    private readonly known: Timeline,
    shown: Iterable<Event>,
  ) {
    const names = new Set(db.columns.map(({ name }) => name));
    this.column = COLUMNS.find((name) => names.has(name));
    if (this.column === undefined) return;
    const column = known.column(this.column);
    // A row without a time belongs to the patient, not to a visit.
    for (let row = known.staticCount; row < known.length; row += 1) {
      const key = keyOf(column.at(row));
      if (key === null) continue;
      const visit = this.visits.get(key);
      if (visit === undefined) this.visits.set(key, { first: row, last: row, rows: 1, shown: 0 });
      else {
        visit.last = row;
        visit.rows += 1;
      }
    }
    for (const event of shown) {
      const key = this.of(event);
      if (key !== null) this.visits.get(key)!.shown += 1;
    }
  }

  /** Number of visits. */
  get size(): number {
    return this.visits.size;
  }

  /** The visit of a row; null where it has none. */
  of(event: Event): Key | null {
    return this.column === undefined || event.timeMicros === null ? null : keyOf(event.get(this.column));
  }

  /** Whether the visit ends before a row, by its time. */
  isOver(key: Key, event: Event): boolean {
    const end = this.known.at(this.visits.get(key)?.last ?? -1)?.timeMicros ?? null;
    const time = event.timeMicros;
    return end !== null && time !== null && time > end;
  }

  /** "Visit 22595853, 2180-05-06 22:23 to 2180-05-07 17:15, 120 rows, 8 of them shown". */
  heading(key: Key): string {
    const { first, last, rows, shown } = this.visits.get(key)!;
    const begin = dateAndTime(this.known.at(first)?.timeMicros ?? 0n);
    const end = dateAndTime(this.known.at(last)?.timeMicros ?? 0n);
    const isShort = end.date === begin.date;
    const until = isShort && end.time === begin.time ? "" : ` to ${isShort ? "" : `${end.date} `}${end.time}`;
    const part = shown < rows ? `, ${number(shown)} of them shown` : "";
    return `${this.name(key)}, ${begin.date} ${begin.time}${until}, ${plural(rows, "row")}${part}`;
  }

  /** "Visit 22595853". */
  name(key: Key): string {
    return `Visit ${visible(String(key))}`;
  }
}
