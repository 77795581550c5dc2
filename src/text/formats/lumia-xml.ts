// LUMIA XML: an element per patient, encounter, time and event. Source: docs/markup.md of
// github.com/VISTA-Stanford/meds2text.
import { Buffer } from "node:buffer";
import type { Shared } from "../context.js";
import { type Encounter, encountersOf } from "../encounters.js";
import type { Known } from "../known.js";
import { BOTH, END, Moments, START, WHOLE } from "../moments.js";
import { ageAt, type Person } from "../person.js";
import type { Sink } from "../sink.js";
import { attribute, content } from "../xml.js";

/** What is written of a code. Most of its events have the type and unit of the event before. */
interface CodeText {
  readonly attributes: string;
  readonly isPerson: boolean;
  type: string | null;
  unit: string | null;
  /** The tag of an event of this type and unit, without its end. UTF-8. */
  tag: Uint8Array;
}

const NOTHING = new Uint8Array();

/** Writes patients of one store. */
export class LumiaXml {
  private readonly byCode: (CodeText | undefined)[] = [];
  private readonly escaped = new Map<string, string>();

  constructor(private readonly shared: Shared) {}

  /** Writes the element `eventstream` of a patient. */
  write(known: Known, person: Person, sink: Sink): void {
    const { types } = this.shared;
    const moments = new Moments(known, known.staticCount);
    const lasts = (row: number): boolean => types.of(known, row).startsWith("visit");
    sink.add(`<eventstream person_id="${known.subjectId}">\n`);
    this.timeless(known, person, sink);
    for (const encounter of encountersOf(known, moments, lasts)) this.encounter(known, moments, encounter, person, sink);
    sink.add("</eventstream>\n");
  }

  /** The static rows that do not describe the person. They have no time, so neither has their encounter. */
  private timeless(known: Known, person: Person, sink: Sink): void {
    const rows = Array.from({ length: known.staticCount }, (_, i) => i).filter((i) => !this.isPerson(known.code(i)));
    if (rows.length === 0) return;
    sink.add(`  <encounter>\n${this.about(person, null)}    <events>\n      <entry>\n`);
    for (const i of rows) this.event(known, i, WHOLE, sink);
    sink.add("      </entry>\n    </events>\n  </encounter>\n");
  }

  private encounter(known: Known, moments: Moments, { begin, end, from, to }: Encounter, person: Person, sink: Sink): void {
    const { clock } = this.shared;
    const { times, rows, parts } = moments;
    let i = begin;
    // Only the birth, for example: it is in every element `person`.
    while (i < end && this.isPerson(known.code(rows[i]!))) i += 1;
    if (i === end) return;
    sink.add(`  <encounter start_timestamp="${clock.stamp(from)}" end_timestamp="${clock.stamp(to)}">\n`);
    sink.add(`${this.about(person, from)}${this.places(known, moments, begin, end)}    <events>\n`);
    let last = Number.NaN;
    for (; i < end; i += 1) {
      if (this.isPerson(known.code(rows[i]!))) continue;
      const time = times[i]!;
      if (time !== last) {
        if (last === last) sink.add("      </entry>\n");
        sink.add('      <entry timestamp="');
        sink.add(clock.stamp(time));
        sink.add('">\n');
        last = time;
      }
      this.event(known, rows[i]!, parts[i]!, sink);
    }
    sink.add("      </entry>\n    </events>\n  </encounter>\n");
  }

  private isPerson(id: number): boolean {
    return (this.byCode[id] ?? this.ofCode(id)).isPerson;
  }

  private about({ birth, gender, race, ethnicity }: Person, from: number | null): string {
    const { clock } = this.shared;
    let text = "    <person>\n";
    if (birth !== null) {
      text += `      <birthdate>${clock.date(birth)}</birthdate>\n`;
      if (from !== null) {
        const { days, years } = ageAt(birth, BigInt(from));
        text += `      <age>\n        <days>${days}</days>\n        <years>${years}</years>\n      </age>\n`;
      }
    }
    text += "      <demographics>\n";
    for (const [name, value] of [
      ["ethnicity", ethnicity],
      ["gender", gender],
      ["race", race],
    ] as const)
      if (value !== null) text += `        <${name}>${content(value)}</${name}>\n`;
    return `${text}      </demographics>\n      <payerplan></payerplan>\n    </person>\n`;
  }

  /** The places and people of an encounter. Only their ids are known. */
  private places(known: Known, { rows }: Moments, begin: number, end: number): string {
    if (!known.hasPlaces) return "    <caresites/>\n    <providers/>\n";
    const [sites, providers] = [new Set<string>(), new Set<string>()];
    for (let i = begin; i < end; i += 1) {
      const [site, provider] = [known.careSite(rows[i]!), known.provider(rows[i]!)];
      if (site !== null) sites.add(site);
      if (provider !== null) providers.add(provider);
    }
    const list = (name: string, texts: string[]): string =>
      texts.length === 0 ? `    <${name}/>\n` : `    <${name}>\n${texts.join("")}    </${name}>\n`;
    const site = (id: string): string => `      <caresite care_site_id="${attribute(id)}" care_site_name="NULL"/>\n`;
    const provider = (id: string): string =>
      `      <provider provider_id="${attribute(id)}" gender="NULL" speciality="NULL" year_of_birth="NULL" care_site_name="NULL"/>\n`;
    return list("caresites", [...sites].map(site)) + list("providers", [...providers].map(provider));
  }

  /** The element of a moment. */
  private event(known: Known, i: number, part: number, sink: Sink): void {
    const code = this.byCode[known.code(i)] ?? this.ofCode(known.code(i));
    const [type, unit] = [this.shared.types.of(known, i), known.unit(i)];
    if (type !== code.type || unit !== code.unit) this.tag(code, type, unit);
    sink.addBytes(code.tag);
    if (known.hasPlaces) sink.add(this.ids(known, i));
    const [number, words] = [known.number(i), known.text(i)];
    // A number and other words: the words are not lost.
    if (number !== null && words !== null && words !== number) sink.add(` text="${this.kept(words)}"`);
    const value = part === END ? "end" : (number ?? (words === null ? partText(part) : content(words)));
    if (value === "") {
      sink.add("/>\n");
      return;
    }
    sink.add(">");
    sink.add(value);
    sink.add("</event>\n");
  }

  private tag(code: CodeText, type: string, unit: string | null): void {
    code.type = type;
    code.unit = unit;
    const ofUnit = unit === null ? "" : ` unit="${attribute(unit)}"`;
    code.tag = Buffer.from(`        <event type="${attribute(type)}"${code.attributes}${ofUnit}`);
  }

  private ids(known: Known, i: number): string {
    let text = "";
    const [note, provider, site] = [known.note(i), known.provider(i), known.careSite(i)];
    if (note !== null) text += ` note_id="${attribute(note)}"`;
    if (provider !== null) text += ` provider_id="${attribute(provider)}"`;
    if (site !== null) text += ` care_site_id="${attribute(site)}"`;
    return text;
  }

  private ofCode(id: number): CodeText {
    const { names, facts } = this.shared;
    const attributes = ` code="${attribute(names.code(id))}" name="${attribute(names.of(id) ?? "")}"`;
    const made = { attributes, isPerson: facts.of(id) !== null, type: null, unit: null, tag: NOTHING };
    this.byCode[id] = made;
    return made;
  }

  /** The value of an attribute, of which there are few. */
  private kept(text: string): string {
    const known = this.escaped.get(text);
    if (known !== undefined) return known;
    const made = attribute(text);
    if (this.escaped.size < 1 << 14) this.escaped.set(text, made);
    return made;
  }
}

function partText(part: number): string {
  if (part === START) return "start";
  return part === BOTH ? "start|end" : "";
}
