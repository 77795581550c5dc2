// XML as in the sample of MedAlign: visits, days, and an element for each OMOP table. Source: data/sample-ehr-clean.xml
// of github.com/som-shahlab/medalign.
import { civilOf, daysOf } from "../../support/calendar.js";
import { OUTSIDE } from "../../support/medalign.js";
import type { Shared } from "../context.js";
import { type Encounter, encountersOf } from "../encounters.js";
import type { Known } from "../known.js";
import { END, Moments } from "../moments.js";
import { ageAt, type Person } from "../person.js";
import type { Sink } from "../sink.js";
import { attribute, content } from "../xml.js";

/** Tables whose short names are usual in MEDS. */
const TABLES: Readonly<Record<string, string>> = {
  condition: "condition_occurrence",
  procedure: "procedure_occurrence",
  visit: "visit_occurrence",
};
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const DAY = 86_400_000_000;

/** Writes patients of one store. */
export class MedalignXml {
  private readonly byCode: string[] = [];

  constructor(private readonly shared: Shared) {}

  /** Writes the element `record` of a patient. */
  write(known: Known, person: Person, sink: Sink): void {
    const { types } = this.shared;
    const moments = new Moments(known, known.staticCount);
    const lasts = (row: number): boolean => types.of(known, row).startsWith("visit");
    sink.add(`<record person_id="${known.subjectId}">\n`);
    this.timeless(known, sink);
    for (const encounter of encountersOf(known, moments, lasts)) this.visit(known, moments, encounter, person, sink);
    sink.add("</record>\n");
  }

  private timeless(known: Known, sink: Sink): void {
    for (let i = 0; i < known.staticCount; i += 1)
      if (this.isEvent(known, i)) sink.add(this.element(this.tag(known, i), null, this.line(known, i)));
  }

  private visit(known: Known, { times, rows, parts }: Moments, { begin, end, from, visit }: Encounter, person: Person, sink: Sink): void {
    const shown: number[] = [];
    // MedAlign's elements have no end: an event is where it begins.
    for (let i = begin; i < end; i += 1) if (parts[i] !== END && this.isEvent(known, rows[i]!)) shown.push(i);
    if (shown.length === 0) return;
    const itself = shown.find((i) => this.tag(known, rows[i]!) === "visit_occurrence");
    const outside = visit < 0 ? OUTSIDE : "Visit";
    const name = itself === undefined ? outside : this.shared.names.shown(known.code(rows[itself]!));
    sink.add(`  <visit type="${attribute(name)}" start="${this.stamp(from)}">\n`);
    let day = Number.NaN;
    for (let k = 0; k < shown.length; k += 1) {
      const i = shown[k]!;
      const time = times[i]!;
      if (Math.floor(time / DAY) !== day) {
        sink.add(
          `${day === day ? "    </day>\n" : ""}    <day start="${this.stamp(time)}">\n${day === day ? "" : this.about(person, from)}`,
        );
        day = Math.floor(time / DAY);
      }
      const row = rows[i]!;
      if (this.shared.types.of(known, row) === "note") {
        sink.add(this.note(known, row, time));
        continue;
      }
      // Events of one table at one time share an element.
      const tag = this.tag(known, row);
      let lines = this.line(known, row);
      while (k + 1 < shown.length && times[shown[k + 1]!] === time && this.tag(known, rows[shown[k + 1]!]!) === tag && tag !== "note") {
        k += 1;
        lines += this.line(known, rows[shown[k]!]!);
      }
      sink.add(this.element(tag, time, lines));
    }
    sink.add("    </day>\n  </visit>\n");
  }

  private about({ birth, gender, race, ethnicity }: Person, from: number): string {
    const lines: string[] = [];
    if (birth !== null) lines.push(`Birth: ${this.date(birth)}`);
    if (race !== null) lines.push(`Race: ${race}`);
    if (gender !== null) lines.push(`Gender: ${gender}`);
    if (ethnicity !== null) lines.push(`Ethnicity: ${ethnicity}`);
    if (birth !== null) {
      const { days, years } = ageAt(birth, BigInt(from));
      lines.push(`Age in Days: ${days}`, `Age in Years: ${years}`);
    }
    return `      <person>\n${lines.map((line) => `        ${content(line)}\n`).join("")}      </person>\n`;
  }

  private element(tag: string, time: number | null, lines: string): string {
    return `      <${tag}${time === null ? "" : ` start="${this.stamp(time)}"`}>\n${lines}      </${tag}>\n`;
  }

  private note(known: Known, i: number, time: number): string {
    const name = this.shared.names.shown(known.code(i));
    return `      <note type="${attribute(name)}" start="${this.stamp(time)}">\n${content(known.text(i) ?? known.number(i) ?? "")}\n      </note>\n`;
  }

  /** `<code>[LOINC/8867-4] Heart rate 85 bpm</code>`. */
  private line(known: Known, i: number): string {
    const [number, words] = [known.number(i), known.text(i)];
    const unit = number === null ? null : known.unit(i);
    const value = [number, number !== null && words === number ? null : words, unit].filter((part) => part !== null).join(" ");
    return `        <code>${this.ofCode(known.code(i))}${value === "" ? "" : ` ${content(value)}`}</code>\n`;
  }

  private ofCode(id: number): string {
    const { names } = this.shared;
    const name = names.of(id);
    this.byCode[id] ??= content(`[${names.code(id)}]${name === null ? "" : ` ${name}`}`);
    return this.byCode[id]!;
  }

  private isEvent(known: Known, i: number): boolean {
    return this.shared.facts.of(known.code(i)) === null;
  }

  private tag(known: Known, i: number): string {
    const type = this.shared.types.of(known, i);
    const table = TABLES[type] ?? type;
    return NAME.test(table) ? table : "observation";
  }

  private date(micros: bigint | number): string {
    const [day] = daysOf(BigInt(micros));
    const { year, month, date } = civilOf(day + this.shared.clock.days);
    return `${two(month)}/${two(date)}/${String(year).padStart(4, "0")}`;
  }

  /** "10/08/2018 08:00 PM". */
  private stamp(micros: number): string {
    const minutes = Math.floor((micros - Math.floor(micros / DAY) * DAY) / 60_000_000);
    const hour = Math.floor(minutes / 60);
    return `${this.date(micros)} ${two(hour % 12 === 0 ? 12 : hour % 12)}:${two(minutes % 60)} ${hour < 12 ? "AM" : "PM"}`;
  }
}

const two = (value: number): string => String(value).padStart(2, "0");
