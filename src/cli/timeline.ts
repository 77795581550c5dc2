// A timeline for people: grouped by day, equal times printed once, codes with descriptions, values with
// units.
import type { Event, Patient, PatientDatabase, Timeline, Value } from "../index.js";
import { colour, cut, dateAndTime, json, number, plural } from "./format.js";
import { visible } from "./report.js";

/** Columns whose unit is shown beside the value: see {@link Event.unit}. */
const UNITS = ["unit", "units", "valueuom", "unit_of_measure"];
const CODE_WIDTH = 46;
const TEXT_WIDTH = 72;

/** The lines that show a window of a patient. */
export function describeTimeline(db: PatientDatabase, patient: Patient, window: Timeline, columns: readonly string[]): string[] {
  const known = new Set(db.columns.map(({ name }) => name));
  const text = known.has("text_value") ? "text_value" : undefined;
  const further = columns.filter((name) => !["time", "code", "numeric_value", "text_value", ...UNITS].includes(name));
  const lines = [heading(patient, window), ""];
  let [day, clock] = ["", ""];
  // As wide as the longest code that is shown.
  let width = 0;
  for (const event of window) width = Math.max(width, Math.min(event.code.length, CODE_WIDTH));
  for (const event of window) {
    const micros = event.timeMicros;
    const now = micros === null ? { date: "Without a time", time: "" } : dateAndTime(micros);
    if (now.date !== day) {
      lines.push(colour.bold(now.date));
      [day, clock] = [now.date, ""];
    }
    const code = cut(visible(event.code), CODE_WIDTH);
    const cells = [
      (now.time === clock ? "" : now.time).padStart(8),
      code + " ".repeat(Math.max(0, width - [...code].length)),
      colour.cyan(measured(event)),
      visible(event.description ?? ""),
      text === undefined ? "" : quoted(event.get(text)),
      ...further.map((name) => labelled(name, event.get(name))),
    ];
    clock = now.time;
    lines.push(
      `${cells[0]}  ${cells[1]}  ${cells
        .slice(2)
        .filter((cell) => cell !== "")
        .join("  ")}`.trimEnd(),
    );
  }
  return lines;
}

function heading(patient: Patient, window: Timeline): string {
  const facts = [colour.bold(`Patient ${patient.subjectId}`)];
  if (patient.split !== null) facts.push(`split ${visible(patient.split)}`);
  facts.push(plural(patient.length, "event"));
  const first = patient.at(patient.staticCount)?.timeMicros ?? null;
  const last = patient.at(-1)?.timeMicros ?? null;
  if (first !== null && last !== null) facts.push(`${dateAndTime(first).date} to ${dateAndTime(last).date}`);
  if (window.length !== patient.length) facts.push(`showing ${number(window.length)}`);
  return facts.join(", ");
}

/** "1.1 mg/dL". As JSON, because a float32 has its own digits there, not those of a float64. */
function measured(event: Event): string {
  return event.numericValue === null ? "" : `${event.toJSON().numeric_value} ${visible(event.unit ?? "")}`.trimEnd();
}

function quoted(value: Value | null): string {
  return typeof value === "string" && value !== "" ? colour.dim(`"${visible(cut(value.replace(/\s+/g, " "), TEXT_WIDTH))}"`) : "";
}

function labelled(name: string, value: Value | null): string {
  if (value === null) return "";
  return colour.dim(
    `${visible(name)}=${visible(cut(typeof value === "string" ? value.replace(/\s+/g, " ") : json(value).replace(/^"|"$/g, ""), TEXT_WIDTH))}`,
  );
}
