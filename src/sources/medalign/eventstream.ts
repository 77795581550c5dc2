// LUMIA XML: `eventstream`, in it encounters, entries and events. Source: docs/markup.md of
// github.com/VISTA-Stanford/meds2text. MedAlign's release 1.3 has it, by the public code that reads its folder `ehrs`.
import type { Descriptions } from "./descriptions.js";
import { Person } from "./person.js";
import { numberOf, rowOf, type XmlRow } from "./row.js";
import { xmlTime } from "./time.js";
import type { Elements } from "./xml.js";

type Attributes = Readonly<Record<string, string>>;

/** Reads `eventstream`. */
export class EventStreamReader implements Elements {
  private readonly person: Person;
  /** Rows whose end was not read yet, by code, type and unit. */
  private readonly pending = new Map<string, { readonly row: XmlRow; readonly isStart: boolean }[]>();
  private time: bigint | null = null;
  private event: Attributes | null = null;

  constructor(
    private readonly descriptions: Descriptions,
    private readonly rows: XmlRow[] | null,
    private readonly damaged: (what: string) => never,
  ) {
    this.person = new Person(rows, descriptions);
  }

  open(name: string, attributes: Attributes): void {
    if (this.event !== null) this.damaged(`the element ${name} is not expected in the element event`);
    if (name === "event") this.event = attributes;
    if (name !== "entry") return;
    const { timestamp } = attributes;
    this.time =
      timestamp === undefined
        ? null
        : (xmlTime(timestamp) ?? this.damaged(`the timestamp ${JSON.stringify(timestamp.slice(0, 40))} is not a time`));
  }

  close(name: string, text: string): void {
    if (name === "event") this.add(this.event!, text.trim());
    else if (name === "birthdate") this.person.birth(xmlTime(text) ?? this.damaged("the birthdate is not a date"));
    else if (name === "gender" || name === "race" || name === "ethnicity") this.fact(name, text.trim());
    else if (name === "eventstream") this.person.end();
  }

  private fact(name: string, value: string): void {
    if (value !== "" && value !== "NULL") this.person.fact(name, value);
  }

  private add(event: Attributes, text: string): void {
    this.event = null;
    const { code, name } = event;
    if (code === undefined || code === "") this.damaged("an event has no code");
    this.descriptions.name(code!, name);
    if (this.rows === null) return;
    const row = this.rowOf(event, text);
    const key = JSON.stringify([code, row.table, row.unit]);
    const pending = this.pending.get(key) ?? [];
    // An interval is two events: where it begins, and where it ends.
    if (text === "end" && pending.length > 0) {
      const start = Math.max(
        0,
        pending.findIndex(({ isStart }) => isStart),
      );
      pending.splice(start, 1)[0]!.row.end = this.time;
      return;
    }
    this.rows.push(row);
    if (text === "end" || row.end !== null) return;
    pending.push({ row, isStart: text === "start" });
    this.pending.set(key, pending);
  }

  private rowOf({ code, type = "", unit, note_id, provider_id, care_site_id, visit_id, text: words }: Attributes, text: string): XmlRow {
    const number = numberOf(text);
    const isPart = text === "start" || text === "start|end" || text === "";
    return rowOf({
      time: this.time,
      code: code!,
      table: type,
      number,
      text: words ?? (number !== null || isPart ? null : text),
      unit: known(unit),
      visit: int64Of(visit_id),
      end: text === "start|end" ? this.time : null,
      note: known(note_id),
      provider: known(provider_id),
      careSite: known(care_site_id),
    });
  }
}

const known = (value: string | undefined): string | null => (value === undefined || value === "" || value === "NULL" ? null : value);

/** Null for what is not an int64. */
function int64Of(value: string | undefined): bigint | null {
  if (value === undefined || !/^-?\d{1,19}$/.test(value)) return null;
  const id = BigInt(value);
  return BigInt.asIntN(64, id) === id ? id : null;
}
