// How the rows of each kind of event came by their codes, and what follows of it: notes, losses, and whether there is a vocabulary at all.
import type { Note } from "../../store/manifest.js";
import { type CodeOptions, HOW } from "./events.js";
import type { Losses } from "./losses.js";
import { EVENTS, type EventOf } from "./tables.js";

/** Rows of one kind of event that came by their codes in one way. */
export interface Counted {
  /** See {@link nameOf}. */
  readonly event: string;
  readonly how: number;
  readonly rows: bigint;
  /** Those that name a concept which the vocabulary does not have. */
  readonly absent: bigint;
  readonly untimed: bigint;
  /** One of these concepts. */
  readonly example: bigint | null;
}

/** What a kind of event is called in notes: its table and the column of its concept. */
export const nameOf = ({ table, concept }: EventOf): string => (concept === undefined ? table : `${table}.${concept}`);

/** SQL of the columns of {@link Counted} but the first two. */
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
 * Rows whose code is a concept's, and those of them whose concept the vocabulary has. Persons do not count: gender, race and ethnicity are known without a
 * vocabulary.
 */
export function covered(counted: readonly Counted[]): { readonly rows: bigint; readonly covered: bigint; readonly example: bigint | null } {
  const known = new Set(EVENTS.filter(({ table, code }) => table === "person" || code !== undefined).map(nameOf));
  const of = counted.filter(({ event }) => !known.has(event));
  const having = of.filter(({ how }) => how === HOW.mapped || how === HOW.standard).reduce((sum, { rows }) => sum + rows, 0n);
  const lacking = of.filter(({ how }) => how === HOW.unmapped);
  const absent = lacking.reduce((sum, part) => sum + part.absent, 0n);
  return { rows: having + absent, covered: having, example: lacking.find(({ example }) => example !== null)?.example ?? null };
}

/** What was dropped and what was changed, as notes. */
export function notesOf(counted: readonly Counted[], { keepUnmapped }: CodeOptions): Note[] {
  const notes: Note[] = [];
  const note = (kind: string, message: string, count: bigint) => {
    if (count > 0n) notes.push({ kind, message, count: Number(count) });
  };
  for (const { event, how, rows, untimed, example } of counted) {
    const such = example === null ? "" : `, such as ${example}`;
    if (how === HOW.standard)
      note(
        "converted",
        `rows of ${event} whose source concept is not in the table concept${such}: their standard concept gives the code`,
        rows,
      );
    if (how === HOW.unmapped && keepUnmapped)
      note("converted", `rows of ${event} whose concept is 0 or not in the table concept${such}: their code is UNMAPPED/…`, rows);
    if (how === HOW.unmapped && !keepUnmapped)
      note(
        "skipped",
        `rows of ${event} whose concept is 0 or not in the table concept${such}; keepUnmapped (--keep-unmapped) keeps them`,
        rows,
      );
    if (how === HOW.nothing) note("skipped", `rows of ${event} that name neither a concept nor a source value`, rows);
    note("warning", `rows of ${event} without a time: they became static`, untimed);
  }
  return notes;
}

/** Counts the rows that became no event. Of a detail (a person's race, say) rows that name nothing lose nothing. */
export function countLosses(counted: readonly Counted[], { keepUnmapped, conceptIds }: CodeOptions, losses: Losses): void {
  for (const event of EVENTS) {
    if (event.code !== undefined) continue;
    const of = counted.filter((part) => part.event === nameOf(event) && !(event.detail && part.how === HOW.nothing));
    const rows = Number(of.reduce((sum, part) => sum + part.rows, 0n));
    const name = event.detail ? nameOf(event) : event.table;
    for (const part of of) {
      if (part.how === HOW.nothing) losses.dropped(name, rows, Number(part.rows), "name neither a concept nor a source value");
      if (part.how !== HOW.unmapped || keepUnmapped) continue;
      const absent = Number(part.absent);
      const missing = `name a ${event.concept} that the vocabulary does not contain, such as ${part.example}`;
      losses.dropped(
        name,
        rows,
        absent,
        missing,
        "Add its vocabulary with vocabulary (--vocabulary DIR), or keep the rows with keepUnmapped (--keep-unmapped)",
      );
      const zero = `have ${event.concept} 0${conceptIds ? ", which is no code" : ""}`;
      losses.dropped(
        name,
        rows,
        Number(part.rows) - absent,
        zero,
        "Keep rows of concept 0 by their source values with keepUnmapped (--keep-unmapped)",
      );
    }
  }
}
