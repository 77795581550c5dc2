// Counts rows by how they got their codes. Notes, losses and the check for a missing vocabulary come from
// these counts.
import type { Note } from "../../store/manifest.js";
import { type CodeOptions, HOW } from "./events.js";
import type { Losses } from "./losses.js";
import { EVENTS, type EventOf, nameOf } from "./tables.js";

/** Rows of one kind of event that got their codes in one way. */
export interface Counted {
  /** See {@link nameOf}. */
  readonly event: string;
  readonly how: number;
  readonly rows: bigint;
  /** Rows with a concept that is not in the vocabulary. */
  readonly absent: bigint;
  readonly untimed: bigint;
  /** One of these concepts. */
  readonly example: bigint | null;
}

/** SQL of the columns of {@link Counted} except the first two. */
export const COUNTED = `count(*) AS rows, count(missing) AS absent, count(*) FILTER (WHERE time IS NULL AND code IS NOT NULL) AS untimed, min(missing) AS example`;

/** Sums counts of the same event and way. */
export function summed(parts: readonly Counted[]): Counted {
  const { event, how } = parts[0]!;
  const sum = (member: "rows" | "absent" | "untimed") => parts.reduce((total, part) => total + part[member], 0n);
  const examples = parts.flatMap(({ example }) => example ?? []);
  const example = examples.reduce<bigint | null>((least, one) => (least === null || one < least ? one : least), null);
  return { event, how, rows: sum("rows"), absent: sum("absent"), untimed: sum("untimed"), example };
}

/**
 * The number of rows that need a vocabulary for their code, and how many of them have a concept that is in
 * it. Persons do not count: gender, race and ethnicity are known without a vocabulary.
 */
export function covered(counted: readonly Counted[]): { readonly rows: bigint; readonly covered: bigint; readonly example: bigint | null } {
  const known = new Set(EVENTS.filter(({ table, code }) => table === "person" || code !== undefined).map(nameOf));
  const of = counted.filter(({ event }) => !known.has(event));
  const having = of.filter(({ how }) => how === HOW.mapped || how === HOW.standard).reduce((sum, { rows }) => sum + rows, 0n);
  const lacking = of.filter(({ how }) => how === HOW.unmapped);
  const absent = lacking.reduce((sum, part) => sum + part.absent, 0n);
  return { rows: having + absent, covered: having, example: lacking.find(({ example }) => example !== null)?.example ?? null };
}

/**
 * The name by which losses of a kind of event are counted: a detail is only a part of a row, so its column
 * counts.
 */
const lossName = (event: EventOf): string => (event.detail ? nameOf(event) : event.table);

/**
 * Notes about rows that were dropped or changed. `reported` are the tables whose losses have a note of kind
 * `dropped`.
 */
export function notesOf(counted: readonly Counted[], { keepUnmapped }: CodeOptions, reported: ReadonlySet<string>): Note[] {
  const notes: Note[] = [];
  const note = (kind: string, message: string, count: bigint) => {
    if (count > 0n) notes.push({ kind, message, count: Number(count) });
  };
  for (const { event, how, rows, untimed, example } of counted) {
    const of = EVENTS.find((one) => nameOf(one) === event)!;
    // A row that loses a detail still becomes another event.
    const what = `${of.detail ? "values" : "rows"} of ${event}`;
    const known = reported.has(lossName(of));
    const missing = `missing from the concept table${example === null ? "" : ` (for example ${example})`}`;
    if (how === HOW.standard)
      note("converted", `${what} whose source concept is ${missing}: their code comes from the standard concept`, rows);
    if (how === HOW.unmapped && keepUnmapped) note("converted", `${what} whose concept is 0 or ${missing}: their code is UNMAPPED/…`, rows);
    if (how === HOW.unmapped && !keepUnmapped && !known)
      note("skipped", `${what} dropped: their concept is 0 or ${missing}. Keep them with \`keepUnmapped\` (--keep-unmapped)`, rows);
    // A detail without a value is not a loss, so a note of kind `dropped` does not count it.
    if (how === HOW.nothing && !(known && !of.detail))
      note("skipped", `${what} dropped: they have neither a concept nor a source value`, rows);
    note("warning", `${what} without a time: they become static rows`, untimed);
  }
  return notes;
}

const ADD = "Add the missing vocabulary with `vocabulary` (--vocabulary PATH)";
const KEEP = "To keep rows that have a source value or a concept other than 0, set `keepUnmapped` (--keep-unmapped)";

/**
 * Counts the rows that did not become events. A detail (such as a person's race) without a value is not a
 * loss.
 */
export function countLosses(counted: readonly Counted[], { keepUnmapped, conceptIds }: CodeOptions, losses: Losses): void {
  for (const event of EVENTS) {
    if (event.code !== undefined) continue;
    const of = counted.filter((part) => part.event === nameOf(event) && !(event.detail && part.how === HOW.nothing));
    const rows = Number(of.reduce((sum, part) => sum + part.rows, 0n));
    const name = lossName(event);
    for (const part of of) {
      if (part.how === HOW.nothing) losses.dropped(name, rows, Number(part.rows), "with neither a concept nor a source value");
      if (part.how !== HOW.unmapped || keepUnmapped) continue;
      const absent = Number(part.absent);
      const missing = `with a ${event.concept} that is missing from the concept table (for example ${part.example})`;
      losses.dropped(name, rows, absent, missing, ADD, KEEP);
      const zero = `with ${event.concept} 0${conceptIds ? ", which cannot be a code" : ""}`;
      losses.dropped(name, rows, Number(part.rows) - absent, zero, KEEP);
    }
  }
}
