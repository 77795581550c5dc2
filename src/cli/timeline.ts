// A timeline for people: grouped by visit and day, equal times printed once, descriptions before codes,
// values with units.
import wrapAnsi from "wrap-ansi";
import type { Event, Patient, PatientDatabase, Timeline, Value } from "../index.js";
import { colour, cut, dateAndTime, json, number, plural, width } from "./format.js";
import { visible } from "./report.js";
import { line, type Search } from "./search.js";
import { type Key, Visits } from "./visits.js";

/** Columns whose unit is shown beside the value: see {@link Event.unit}. */
const UNITS = ["unit", "units", "valueuom", "unit_of_measure"];
/** The columns that every row shows, besides those that the user names. */
const SHOWN = ["time", "code", "numeric_value", "text_value", ...UNITS];
/** The widest that the columns of names and of values are padded to. Longer ones push the rest aside. */
const NAME_WIDTH = 56;
const VALUE_WIDTH = 18;
/** The start of a text is shown: as much as there is room for, and at least this. */
const TEXT_WIDTH = 72;
/** "   13:30  ", and " │ " instead of the two spaces where there are visits. */
const CLOCK_WIDTH = 8;

/** What is shown instead of the day and time of a static row. */
const NO_TIME = { date: "Without a time", time: "" };

/** Rows of a patient, and how to show them. */
export interface View {
  readonly db: PatientDatabase;
  readonly patient: Patient;
  /** The rows to show. */
  readonly rows: Iterable<Event> & { readonly length: number };
  /** The rows that are known at the time of `--until`: visits are counted in them. */
  readonly known: Timeline;
  /** Further columns to show. */
  readonly columns: readonly string[];
  readonly search: Search | undefined;
  /** Columns of the terminal; null to print one line per row, however long it is. */
  readonly width: number | null;
}

/** A part of a row, and how it is shown: `plain` has the width of `text`, without colours. */
interface Cell {
  readonly plain: string;
  readonly paint: (text: string) => string;
  /** Columns that it is padded to if another cell follows. */
  readonly column: number;
}

/** The lines that show rows of a patient. They are made one after another, as they are read. */
export function* timelineLines(view: View): Generator<string> {
  const visits = new Visits(view.db, view.known, view.rows);
  yield* heading(view, visits);
  const cells = cellsOf(view);
  const bar = visits.size === 0 ? "  " : " │ ";
  const roomAfter = (clock: string) =>
    view.width === null ? Number.POSITIVE_INFINITY : Math.max(20, view.width - Math.max(CLOCK_WIDTH, clock.length) - bar.length);
  let [day, clock] = ["", ""];
  let [now, before]: [typeof NO_TIME, bigint | null] = [NO_TIME, null];
  let open: Key | null = null;
  const begun = new Set<Key>();
  for (const event of view.rows) {
    const key = visits.of(event);
    if (key !== null && key !== open) {
      if (day !== "") yield "";
      yield* wrapped(colour.bold(begun.has(key) ? `${visits.name(key)}, continued` : visits.heading(key)), view.width);
      begun.add(key);
      [open, day] = [key, ""];
    } else if (key === null && open !== null && visits.isOver(open, event)) {
      yield "";
      [open, day] = [null, ""];
    }
    const micros = event.timeMicros;
    // Many rows have the time of the row before them.
    if (micros !== before) now = micros === null ? NO_TIME : dateAndTime(micros);
    before = micros;
    if (now.date !== day) {
      yield colour.bold(now.date);
      [day, clock] = [now.date, ""];
    }
    const between = key === null ? " ".repeat(bar.length) : colour.dim(bar);
    const room = roomAfter(now.time === clock ? "" : now.time);
    const [first = "", ...rest] = flow(cells(event, room), room);
    yield `${(now.time === clock ? "" : now.time).padStart(CLOCK_WIDTH)}${between}${first}`.trimEnd();
    for (const next of rest) yield `${" ".repeat(CLOCK_WIDTH)}${between}${next}`.trimEnd();
    clock = now.time;
  }
}

function* heading({ patient, rows, width: columns }: View, visits: Visits): Generator<string> {
  const facts = [colour.bold(`Patient ${patient.subjectId}`)];
  if (patient.split !== null) facts.push(`split ${visible(patient.split)}`);
  facts.push(plural(patient.length, "event"));
  const first = patient.at(patient.staticCount)?.timeMicros ?? null;
  const last = patient.at(-1)?.timeMicros ?? null;
  if (first !== null && last !== null) facts.push(`${dateAndTime(first).date} to ${dateAndTime(last).date}`);
  if (rows.length !== patient.length) facts.push(`showing ${number(rows.length)}`);
  const text = facts.join(", ");
  yield* wrapped(text, columns);
  if (rows.length > 0 && visits.size > 0)
    yield* wrapped(colour.dim(`│ marks the rows of a visit (${visible(visits.column ?? "")})`), columns);
  yield "";
  if (rows.length === 0) yield "There are no such rows.";
}

/** A text on as many lines as it needs. */
function wrapped(text: string, columns: number | null): string[] {
  return columns === null ? [text] : wrapAnsi(text, columns, { hard: true }).split("\n");
}

/** A function that returns the cells of a row, those that have something. */
function cellsOf({ db, rows, columns, search, width: terminal }: View): (event: Event, room: number) => Cell[] {
  const known = new Set(db.columns.map(({ name }) => name));
  const text = known.has("text_value") ? "text_value" : undefined;
  const further = columns.filter((name) => !SHOWN.includes(name));
  const mark = (shown: string) => search?.marked(shown) ?? shown;
  const [dim, marked] = [(shown: string) => colour.dim(mark(shown)), mark];
  const named = namesOf(db);
  const layout = columnsOf(rows, (event) => named(event).name, measured, terminal);
  return (event, room) => {
    const { name, code } = named(event);
    // A description is followed by its code. So codes are below one another where some rows have no value.
    const aligned = code !== "" && width(name) <= layout.name;
    const all: Cell[] = [
      { plain: name, paint: marked, column: layout.name },
      { plain: measured(event), paint: colour.cyan, column: aligned ? layout.value : 0 },
      { plain: code, paint: marked, column: 0 },
    ];
    const cells = all.filter(({ plain, column }) => plain !== "" || column > 0);
    const used = cells.reduce((sum, { plain, column }) => sum + Math.max(width(plain), column) + 2, 0);
    const left = terminal === null ? TEXT_WIDTH : Math.max(TEXT_WIDTH, room - used - 2);
    const value = text === undefined ? null : event.get(text);
    if (typeof value === "string" && value !== "") cells.push({ plain: `"${shortened(value, left, search)}"`, paint: dim, column: 0 });
    for (const name of further) {
      const shown = labelled(name, event.get(name));
      if (shown !== "") cells.push({ plain: shown, paint: colour.dim, column: 0 });
    }
    return cells;
  };
}

/**
 * The name of what an event is about, and its code: a description and the code, or the code and "". They are
 * made once per code.
 */
function namesOf(db: PatientDatabase): (event: Event) => { readonly name: string; readonly code: string } {
  const known = new Map<number, { readonly name: string; readonly code: string }>();
  return (event) => {
    const id = event.codeId;
    let found = known.get(id);
    if (found === undefined) {
      const [description, code] = [visible(line(String(db.codes.value("description", id) ?? ""))), visible(event.code)];
      found = description.trim() === "" ? { name: code, code: "" } : { name: description, code };
      known.set(id, found);
    }
    return found;
  };
}

/** How wide the columns of names and of values are: as the widest in them, up to a limit. */
function columnsOf(rows: Iterable<Event>, nameOf: (event: Event) => string, measure: (event: Event) => string, terminal: number | null) {
  const seen = new Set<number>();
  let [name, value, rest] = [0, 0, 1000];
  const most = terminal === null ? NAME_WIDTH : Math.min(NAME_WIDTH, Math.max(16, Math.floor(0.45 * terminal)));
  for (const event of rows) {
    const id = event.codeId;
    if (!seen.has(id)) {
      seen.add(id);
      name = Math.max(name, Math.min(most, width(nameOf(event))));
    }
    // The first values show how wide values are.
    if (rest > 0) value = Math.max(value, Math.min(VALUE_WIDTH, width(measure(event))));
    rest -= 1;
  }
  return { name, value };
}

/** Columns by which the second and further lines of a row are indented. */
const INDENT = 4;

/** Puts cells on lines of at most `room` columns. Only a cell that is longer than a line is broken. */
function flow(cells: readonly Cell[], room: number): string[] {
  const lines: string[] = [];
  let [text, used, isEmpty] = ["", 0, true];
  const next = () => {
    lines.push(text);
    [text, used, isEmpty] = [" ".repeat(INDENT), INDENT, true];
  };
  for (const { plain, paint, column } of cells) {
    const own = width(plain);
    if (!isEmpty && used + 2 + own > room) next();
    // Cells are below those of other rows on the first line only.
    const space = lines.length === 0 ? Math.max(0, column - own) : 0;
    if (own + space === 0) continue;
    const gap = isEmpty ? 0 : 2;
    const painted = own === 0 ? "" : paint(plain);
    const parts = used + gap + own > room ? wrapAnsi(painted, room - INDENT, { hard: true }).split("\n") : [painted];
    text += " ".repeat(gap);
    for (const [index, part] of parts.entries()) {
      if (index > 0) next();
      text += part;
    }
    text += " ".repeat(space);
    used += parts.length === 1 ? gap + own + space : width(parts.at(-1)!);
    isEmpty = false;
  }
  return [...lines, text];
}

/** "1.1 mg/dL". As JSON, because a float32 has its own digits there, not those of a float64. */
function measured(event: Event): string {
  return event.numericValue === null ? "" : `${event.toJSON().numeric_value} ${visible(event.unit ?? "")}`.trimEnd();
}

/** The start of a text, or its part around what is searched. */
function shortened(text: string, columns: number, search: Search | undefined): string {
  // Texts may be long: only what can be shown is escaped.
  const part = search === undefined ? text.slice(0, 20 * columns) : search.around(line(text), columns);
  return cut(visible(line(part).slice(0, 8 * columns)), columns);
}

/** "priority=STAT"; "" for null. */
function labelled(name: string, value: Value | null): string {
  if (value === null) return "";
  const text = typeof value === "string" ? value : json(value).replace(/^"|"$/g, "");
  return `${visible(name)}=${shortened(text, TEXT_WIDTH, undefined)}`;
}
