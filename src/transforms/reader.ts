// What a worker does with a patient of a transform: it calls the function, applies the steps and writes the
// rows.

import type { ChunkReader, ReaderContext } from "../passes/reader.js";
import { conflict, expected, shown } from "../support/arguments.js";
import { isPlain } from "../support/realm.js";
import { Event } from "../timeline/event.js";
import type { Patient } from "../timeline/patient.js";
import { Row } from "../timeline/row.js";
import { type AddedColumn, type Line, Parts, typesOf } from "./part.js";
import { Counts, type Step, type StepPlan, stepOf } from "./step.js";

/** How to transform patients: plain data for workers. */
export interface TransformTask {
  /** The folder for files. */
  readonly folder: string;
  readonly added: readonly AddedColumn[];
  readonly steps: readonly StepPlan[];
}

/** The result of a chunk of patients. */
export interface Transformed {
  /** Number of rows that were read. */
  readonly rows: number;
  readonly counts: ReadonlyMap<string, number>;
}

/** Messages for the counts of a function. Ready transforms have their own messages. */
export const CHANGED = "rows that the function changed";
const ADDED = "rows that the function added";
const REMOVED = "rows that the function left out";
export const DROPPED = "patients that the function left out";
const EMPTY = "patients who had no rows left";

/** Transforms patients one by one. */
export class Transforming implements ChunkReader {
  private readonly parts: Parts;
  private readonly steps: readonly Step[];
  private readonly ask: ReaderContext["ask"];
  private readonly counts = new Counts();
  private rows = 0;

  constructor(task: TransformTask, { store, chunk, ask }: ReaderContext) {
    this.ask = ask;
    this.parts = new Parts(store, task.added, task.folder, chunk);
    const types = typesOf(store, task.added);
    this.steps = task.steps.map((plan) => stepOf(plan, types));
  }

  async read(patient: Patient): Promise<void> {
    this.rows += patient.length;
    let lines: readonly Line[] | null = this.ask === null ? [...patient] : await this.asked(patient, this.ask);
    if (lines === null) {
      this.counts.add("skipped", DROPPED);
      return;
    }
    for (const step of this.steps) lines = step.apply(lines, this.counts);
    if (lines.length > 0) this.parts.add(patient, lines);
    else this.counts.add("skipped", EMPTY);
  }

  /** Writes the remaining rows. */
  result(): Transformed {
    this.parts.flush();
    return { rows: this.rows, counts: this.counts.all };
  }

  private async asked(patient: Patient, ask: (patient: Patient) => unknown): Promise<Line[] | null> {
    const given: unknown = await ask(patient);
    if (given === null) return null;
    const lines: Line[] = [];
    if (typeof given === "object" && given !== null && Symbol.iterator in given) {
      for (const row of given as Iterable<unknown>) lines.push(lineOf(row, patient));
    } else if (typeof given === "object" && given !== null && Symbol.asyncIterator in given) {
      for await (const row of given as AsyncIterable<unknown>) lines.push(lineOf(row, patient));
    } else expected("The result of the function", given, "the patient's rows (an array or a generator), or null to leave the patient out");
    this.count(patient, lines);
    return lines;
  }

  private count(patient: Patient, lines: readonly Line[]): void {
    const kept = new Uint8Array(patient.length);
    let [once, changed] = [0, 0];
    for (const line of lines) {
      const event = line instanceof Row ? line._event : line;
      if (event === null) continue;
      if (event !== line) changed += 1;
      const row = event._row - patient._begin;
      if (kept[row] === 0) once += 1;
      kept[row] = 1;
    }
    this.counts.add("converted", CHANGED, changed);
    this.counts.add("converted", ADDED, lines.length - once);
    this.counts.add("skipped", REMOVED, patient.length - once);
  }
}

/** Checks a row of a function: an event of the patient, an event with changes, or a new row. */
function lineOf(row: unknown, patient: Patient): Line {
  const event = row instanceof Row ? row._event : row;
  if (event instanceof Event) {
    // A row of another patient would put that patient's data under this patient's id.
    if (event._shard !== patient._shard || event._patient !== patient._patient)
      conflict("The function returned an event of another patient. If this is intended, return new rows: { time, code, … }.");
    return row as Line;
  }
  if (row instanceof Row) return whole(row, row);
  if (typeof row !== "object" || row === null || !isPlain(row)) expected("A row", row, "an event, event.with({ … }), or { time, code, … }");
  return whole(new Row(null, null, row), row);
}

/**
 * Checks that a new row has a time and a code. It checks the row, not the given object, whose names may not
 * be enumerable.
 */
function whole(line: Row, given: object): Row {
  for (const name of ["time", "code"])
    if (!line._changes.has(name))
      conflict(`A new row (${shown(given)}) has no ${name}. It must have a time (null for a static row) and a code.`);
  return line;
}
