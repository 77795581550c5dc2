// The visits of a patient, as headings of a timeline show them.
import type { Event, Group, PatientDatabase, Timeline, Value } from "../index.js";
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
  readonly group: Group<NonNullable<Value>>;
  /** How many of its rows are shown. */
  shown: number;
}

/** Types whose values name no visits: {@link Timeline.visits} refuses most of them. */
const NO_NAMES = new Set(["bool", "binary", "fixed_size_binary", "list", "struct", "map"]);

/** The visits in a timeline: their begin, end and number of rows. */
export class Visits {
  /** The column that names the visits; undefined where the store has none. */
  readonly column: string | undefined;
  private readonly visits = new Map<Key, Visit>();

  /** `known` has all rows that may count; `shown` those that are shown. */
  constructor(db: PatientDatabase, known: Timeline, shown: Iterable<Event>) {
    const stored = new Map(db.columns.map((column) => [column.name, column.stored]));
    this.column = COLUMNS.find((name) => stored.has(name));
    if (this.column === undefined || NO_NAMES.has(stored.get(this.column)!)) return;
    for (const group of known.visits({ column: this.column })) {
      const key = keyOf(group.key);
      if (key !== null) this.visits.set(key, { group, shown: 0 });
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
    const end = this.visits.get(key)?.group.rows.at(-1)?.timeMicros ?? null;
    const time = event.timeMicros;
    return end !== null && time !== null && time > end;
  }

  /** "Visit 22595853, 2180-05-06 22:23 to 2180-05-07 17:15, 120 rows, 8 of them shown". */
  heading(key: Key): string {
    const { group, shown } = this.visits.get(key)!;
    const { length } = group;
    // Not `begin` and `end` of the group: a time may be beyond the numbers.
    const begin = dateAndTime(group.rows.at(0)?.timeMicros ?? 0n);
    const end = dateAndTime(group.rows.at(-1)?.timeMicros ?? 0n);
    const isShort = end.date === begin.date;
    const until = isShort && end.time === begin.time ? "" : ` to ${isShort ? "" : `${end.date} `}${end.time}`;
    const part = shown < length ? `, ${number(shown)} of them shown` : "";
    return `${this.name(key)}, ${begin.date} ${begin.time}${until}, ${plural(length, "row")}${part}`;
  }

  /** "Visit 22595853". */
  name(key: Key): string {
    return `Visit ${visible(String(key))}`;
  }
}
