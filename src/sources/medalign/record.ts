// The XML of MedAlign's public sample: `record`, in it visits, days and an element per table. Source:
// data/sample-ehr-clean.xml of github.com/som-shahlab/medalign.
import { OUTSIDE } from "../../support/medalign.js";
import type { Descriptions } from "./descriptions.js";
import { Person } from "./person.js";
import { rowOf, type XmlRow } from "./row.js";
import { xmlTime } from "./time.js";
import type { Elements } from "./xml.js";

/** Elements that contain others, and what may be in them. */
const INSIDE: Readonly<Record<string, RegExp>> = {
  record: /^(?!record$|code$)/,
  visit: /^(?!record$|visit$|code$)/,
  day: /^(?!record$|visit$|day$|code$)/,
};
const VISITS = "visit_occurrence";
/** `[LOINC/8867-4] Heart rate 85`. */
const CODE = /^\[((?:[^[\]]|\[[^[\]]*\])+)\]\s*/;

/** Reads `record`. Rows are added to `rows`, or, while descriptions are learned, not at all. */
export class RecordReader implements Elements {
  private readonly path: string[] = [];
  private readonly person: Person;
  private visits = 0n;
  private visit: { readonly number: bigint | null; readonly type: string; readonly time: bigint | null; readonly row: number } | null =
    null;
  private hasRow = false;
  private time: bigint | null = null;
  private noteType = "";

  constructor(
    private readonly descriptions: Descriptions,
    /** Null: only descriptions are learned. */
    private readonly rows: XmlRow[] | null,
    private readonly damaged: (what: string) => never,
  ) {
    this.person = new Person(rows, descriptions);
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    const above = this.path.at(-1);
    if (above !== undefined) {
      const isInside =
        above in INSIDE ? INSIDE[above]!.test(name) : name === "code" && above !== "note" && above !== "person" && above !== "code";
      if (!isInside) this.damaged(`the element ${name} is not expected in the element ${above}`);
    }
    this.path.push(name);
    if (name === "record" || name === "person" || name === "code") return;
    const { start } = attributes;
    if (start === undefined && (name === "visit" || name === "day")) this.damaged(`the element ${name} has no attribute start`);
    this.time =
      start === undefined ? null : (xmlTime(start) ?? this.damaged(`the start ${JSON.stringify(start.slice(0, 40))} is not a time`));
    if (name === "visit") this.enter(attributes.type ?? "Visit");
    else if (name === "note") this.noteType = attributes.type ?? "NULL";
    else if (name === VISITS) this.hasRow = true;
  }

  close(name: string, text: string): void {
    this.path.pop();
    if (name === "code") this.code(text.trim(), this.path.at(-1)!);
    else if (name === "note") this.note(text.trim());
    else if (name === "person") this.about(text);
    else if (name === "visit") this.leave();
    else if (name === "record") this.person.end();
    else if (text.trim() !== "") this.damaged(`the element ${name} has text, where elements code are expected`);
  }

  private enter(type: string): void {
    const isVisit = type !== OUTSIDE;
    if (isVisit) this.visits += 1n;
    this.visit = { number: isVisit ? this.visits : null, type, time: this.time, row: this.rows?.length ?? 0 };
    this.hasRow = !isVisit;
  }

  /** A visit that no row describes becomes one. */
  private leave(): void {
    const { number, type, time, row } = this.visit!;
    this.visit = null;
    if (this.hasRow) return;
    const code = `Visit/${type}`;
    this.descriptions.name(code, type);
    this.rows?.splice(row, 0, rowOf({ time, code, table: VISITS, visit: number }));
  }

  private code(text: string, table: string): void {
    const [whole, code] = CODE.exec(text) ?? [];
    if (whole === undefined) this.damaged("an element code does not begin with a code such as [LOINC/8867-4]");
    const line = text.slice(whole!.length);
    if (this.rows === null) this.descriptions.add(code!, line, table);
    else
      this.rows.push(
        rowOf({ time: this.time, code: code!, table, visit: this.visit?.number ?? null, ...this.descriptions.valueOf(code!, line) }),
      );
  }

  private note(text: string): void {
    const code = noteCode(this.noteType);
    this.descriptions.name(code, code === `Note/${this.noteType}` ? this.noteType : "");
    this.rows?.push(rowOf({ time: this.time, code, table: "note", text, visit: this.visit?.number ?? null }));
  }

  /** `Birth: 7/19/1966`, `Race: White` and so on, a line each. */
  private about(text: string): void {
    for (const line of text.split("\n")) {
      const [, name, value] = /^\s*(Birth|Race|Gender|Ethnicity)\s*:\s*(.*\S)\s*$/i.exec(line) ?? [];
      if (value === undefined) continue;
      if (/^birth$/i.test(name!)) this.person.birth(xmlTime(value) ?? this.damaged("the date of birth is not a date"));
      else this.person.fact(name!, value);
    }
  }
}

/** `NULL` says no type. A type that is itself the code of a note is kept. */
function noteCode(type: string): string {
  if (type === "NULL" || type === "") return "Note";
  return /^note\//i.test(type) ? type : `Note/${type}`;
}
