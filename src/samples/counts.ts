// How many rows (or events) windows are taken from.
import type { Plan } from "./options.js";

/** What {@link Window.measure} finds out about a label or patient. */
export interface Measure {
  /** Number of rows (or events) that windows are taken from. */
  readonly count: number;
  /** The most that a window may have. */
  readonly room: number;
  /** Static rows that have no room before the other rows of a window. */
  readonly staticsCut: number;
}

/** Of n rows (or events), those that a gap and a look-back by count leave: [from, to). */
export function counted(plan: Plan, n: number): [from: number, to: number] {
  const to = Math.max(0, n - plan.gapCount);
  return [Math.max(0, to - plan.lookBackCount), to];
}

/** Of `found` static rows, the number of those that a sample has, and the room that they leave in its window. */
export function prepended({ statics, byEvent, maxLength }: Plan, found: number): { readonly kept: number; readonly room: number } {
  if (statics !== "prepend" || found === 0) return { kept: found, room: maxLength };
  // At least one row of the sequence is not static.
  const most = maxLength - 1;
  const kept = byEvent ? (most === 0 ? 0 : found) : Math.min(found, most);
  return { kept, room: maxLength - (byEvent ? Math.min(1, kept) : kept) };
}

/** Without a cut-off, do the numbers of a patient's rows decide which windows it has? */
export function isPlain(plan: Plan): boolean {
  return plan.keepsAll && !plan.byEvent && !plan.untilBirth;
}

/** The measure of a patient without a cut-off, if {@link isPlain}: no row is read. */
export function measured(plan: Plan, rows: number, staticRows: number): Measure {
  const found = plan.statics === "omit" ? 0 : staticRows;
  const { kept, room } = prepended(plan, found);
  const [from, to] = counted(plan, rows - staticRows);
  return { count: to - from, room, staticsCut: found - kept };
}
