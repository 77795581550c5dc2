// JSON Lines: a patient or an event per line, with the names of MEDS.

import type { Value } from "../../store/values/vector.js";
import type { Shared } from "../context.js";
import type { Known } from "../known.js";
import type { Sink } from "../sink.js";

/** Writes patients of one store. */
export class JsonLines {
  private readonly byCode: string[] = [];

  constructor(private readonly shared: Shared) {}

  /** One line with all rows. Ids are JSON numbers with all digits. */
  write(known: Known, sink: Sink): void {
    const time = known.cutoff === null ? "" : `,"prediction_time":"${this.shared.clock.iso(known.cutoff)}"`;
    sink.add(`{"subject_id":${known.subjectId}${time},"events":[`);
    for (let i = 0; i < known.length; i += 1) sink.add(`${i === 0 ? "" : ","}{${this.event(known, i)}}`);
    sink.add("]}\n");
  }

  /** One line per row. */
  writeEvents(known: Known, sink: Sink): void {
    for (let i = 0; i < known.length; i += 1) sink.add(`{"subject_id":${known.subjectId},${this.event(known, i)}}\n`);
  }

  private event(known: Known, i: number): string {
    const { clock, types } = this.shared;
    const time = known.time(i);
    let text = time === null ? "" : `"time":"${clock.iso(time)}",`;
    text += `${this.ofCode(known.code(i))},"type":${JSON.stringify(types.of(known, i))}`;
    const number = known.number(i);
    // JSON has no NaN.
    if (number !== null) text += `,"numeric_value":${/^-?\d/.test(number) ? number : `"${number}"`}`;
    const [unit, words, end, visit] = [known.unit(i), known.text(i), known.end(i), known.visit(i)];
    if (unit !== null) text += `,"unit":${JSON.stringify(unit)}`;
    if (words !== null) text += `,"text_value":${JSON.stringify(words)}`;
    if (end !== null) text += `,"end":"${clock.iso(end)}"`;
    if (visit !== null) text += `,"visit":${isBare(visit) ? String(visit) : JSON.stringify(String(visit))}`;
    return text;
  }

  private ofCode(id: number): string {
    const { names } = this.shared;
    const name = names.of(id);
    this.byCode[id] ??= `"code":${JSON.stringify(names.code(id))}${name === null ? "" : `,"name":${JSON.stringify(name)}`}`;
    return this.byCode[id]!;
  }
}

/** Whether JSON has a value as it is, with all digits. */
function isBare(value: Value): boolean {
  return typeof value === "bigint" || typeof value === "boolean" || Number.isFinite(value);
}
