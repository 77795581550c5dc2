import type { Store } from "../store/store.js";
import type { JsonValue } from "../store/values/json.js";
import type { Event } from "../timeline/event.js";
import { patientOf } from "../timeline/patient.js";

/** Characters before and after a match in {@link NoteHit.snippet}. */
const AROUND = 80;

/** A place where a note matches. */
export class NoteHit {
  /** @internal */
  constructor(
    private readonly store: Store,
    private readonly column: number,
    readonly subjectId: bigint,
    /** Index of the row in the patient's whole timeline: `db.get(subjectId).at(row)`. */
    readonly row: number,
    /** Where the match begins and ends in the text, in units of UTF-16. */
    readonly start: number,
    readonly end: number,
  ) {}

  /** The row: its time, code and other columns. */
  get event(): Event {
    this.store.check();
    return patientOf(this.store, this.store.find(this.subjectId)).at(this.row)!;
  }

  /** The whole note. */
  get text(): string {
    return this.event.get(this.store.columns[this.column]!.name) as string;
  }

  /** The characters that match. */
  get match(): string {
    return this.text.slice(this.start, this.end);
  }

  /** The match with up to 80 characters before and after it, in one line; `…` stands for the rest of the note. */
  get snippet(): string {
    const { text, start, end } = this;
    // Not half of a character.
    const from = start - AROUND + (isLow(text, start - AROUND) ? 1 : 0);
    const to = end + AROUND - (isLow(text, end + AROUND) ? 1 : 0);
    const part = text.slice(Math.max(0, from), to).replace(/\s+/g, " ").trim();
    return `${from > 0 ? "…" : ""}${part}${to < text.length ? "…" : ""}`;
  }

  /** What `JSON.stringify` writes. */
  toJSON(): { readonly [name: string]: JsonValue } {
    const { subjectId, row, start, end, snippet, event } = this;
    const { time, code } = event.toJSON();
    return { subjectId: String(subjectId), time: time!, code: code!, row, start, end, snippet };
  }
}

/** Whether the second half of a surrogate pair is at an index. */
function isLow(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit < 0xe000;
}
