import type { Shard } from "../store/shard.js";
import type { Store } from "../store/store.js";
import { HIGH } from "../support/time.js";
import type { PatientRows } from "../vocabulary/known-rows.js";
import type { Ontology } from "../vocabulary/ontology.js";
import { type Lists, listsOf } from "../vocabulary/translation.js";

/** Microseconds per second. */
export const SECOND = 1e6;

/** The end of a patient's follow-up: the last event, death, or the last event with a code. */
export type Censoring = "last_event" | "death" | { readonly code: string };

/** The codes of a store, as some tasks need them. */
export class TaskTable {
  /** By code id: the tasks that a row of the code is an outcome of, its own and those of its ancestors. */
  readonly tasks: Lists;
  readonly isBirth: Uint8Array;
  /** Codes of the end of follow-up; null if follow-up ends at the last event. */
  readonly isEnd: Uint8Array | null;
  /**
   * Does death end follow-up? Then the first row of the code is the end; for any other code it is the last
   * row.
   */
  readonly endsFirst: boolean;
  /** Index of the column `text_value`; -1 if there is none. */
  readonly textColumn: number;

  constructor(store: Store, codes: readonly string[], ontology: Ontology | null, censoring: Censoring) {
    const numbers = new Map(codes.map((code, task) => [code, task]));
    const marked = (ranges: readonly number[]) => {
      const marks = new Uint8Array(store.codes.size + 1);
      for (let at = 0; at < ranges.length; at += 2) marks.fill(1, ranges[at], ranges[at + 1]);
      return marks;
    };
    this.tasks = listsOf(store, ontology, (code) => numbers.get(code) ?? -1);
    this.isBirth = marked(store.birthCodes);
    this.endsFirst = censoring === "death";
    if (censoring === "last_event") this.isEnd = null;
    else if (censoring === "death") this.isEnd = marked(store.deathCodes);
    else {
      const id = store.codes.id(censoring.code);
      this.isEnd = marked(id === undefined ? [] : [id, id + 1]);
    }
    this.textColumn = store.column("text_value") === undefined ? -1 : store.columnAt("text_value");
  }
}

/** The outcomes of one patient, in order of time. Times are microseconds since 1970-01-01. */
export class Course {
  /** Time of birth; minus infinity if unknown, so that every row is after it. */
  birth = Number.NEGATIVE_INFINITY;
  /** The end of follow-up. */
  end = Number.NEGATIVE_INFINITY;
  /** Time and task, by outcome. */
  readonly times: number[] = [];
  readonly tasks: number[] = [];
  /** Distinct times of rows, ascending. */
  readonly moments: number[] = [];

  /**
   * `withValues`: rows with a numeric or text value are outcomes too. In FEMR they are not: the measurement
   * of a laboratory value is not a diagnosis.
   */
  constructor(rows: PatientRows, table: TaskTable, withValues: boolean) {
    const { shard, index, patient, begin, count, list } = rows;
    const { codeIds, timeWords } = shard;
    const { offsets, items } = table.tasks;
    const timed = shard.offsets[patient]! + shard.store.staticOf[index]!;
    let last = Number.NEGATIVE_INFINITY;
    let end = Number.NaN;
    for (let i = 0; i < count; i += 1) {
      const row = list === null ? begin + i : list[i]!;
      if (row < timed) continue;
      const id = codeIds[row]!;
      const time = timeOf(timeWords, row);
      if (time !== last) this.moments.push(time);
      last = time;
      if (table.isBirth[id] === 1 && this.birth === Number.NEGATIVE_INFINITY) this.birth = time;
      if (table.isEnd?.[id] === 1 && !(table.endsFirst && end === end)) end = time;
      const from = offsets[id]!;
      const to = offsets[id + 1]!;
      if (from === to || (!withValues && hasValue(shard, row, patient, table.textColumn))) continue;
      for (let at = from; at < to; at += 1) {
        this.times.push(time);
        this.tasks.push(items[at]!);
      }
    }
    this.end = end === end ? end : last;
    while (this.times.length > 0 && this.times.at(-1)! > this.end) {
      this.times.pop();
      this.tasks.pop();
    }
  }

  /** Is there a prediction at a time, so is it after birth and before an outcome? */
  isPredicted(time: number): boolean {
    return time > this.birth && this.times.length > 0 && time < this.times.at(-1)!;
  }

  /**
   * Calls `visit` for each of some ascending times, from the last to the first, with the tasks that have an
   * outcome strictly later. `next` contains the time of the first such outcome by task. It is full of NaN
   * before and after the call.
   */
  sweep(moments: readonly number[], next: Float64Array, visit: (i: number, tasks: readonly number[]) => void): void {
    const later: number[] = [];
    let at = this.times.length - 1;
    for (let i = moments.length - 1; i >= 0; i -= 1) {
      for (; at >= 0 && this.times[at]! > moments[i]!; at -= 1) {
        const task = this.tasks[at]!;
        if (next[task] !== next[task]) later.push(task);
        next[task] = this.times[at]!;
      }
      visit(i, later);
    }
    for (const task of later) next[task] = Number.NaN;
  }
}

function hasValue(shard: Shard, row: number, patient: number, textColumn: number): boolean {
  if (shard.hasValues) {
    const value = shard.numericValues[row]!;
    if (value === value || (!shard.nanIsNull && shard.oddValue(row) !== null)) return true;
  }
  return textColumn >= 0 && shard.field(textColumn).value(row, patient) !== null;
}

/** Time of a row in microseconds. */
export function timeOf(words: Int32Array, row: number): number {
  return words[2 * row + 1]! * HIGH + (words[2 * row]! >>> 0);
}
