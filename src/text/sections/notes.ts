import { oneOf, textsIn, wholeOf } from "../../support/arguments.js";
import { type Context, counted, oneLine } from "../context.js";
import { type SectionOptions, type SectionPlan, sectionPlan, type TextBlock, type TextSection } from "../section.js";

/** Options of {@link notes}. */
export interface NotesOptions extends SectionOptions {
  /** Only notes of these types: codes, or parts of the names of codes, in upper or lower case. Default: all. */
  readonly types?: readonly string[] | undefined;
  /** The number of notes, the latest first. Default: 5. */
  readonly newest?: number | undefined;
  /** Notes are cut after about this many tokens (at a space). Default: no limit; a budget may cut the last note. */
  readonly maxTokens?: number | undefined;
  /**
   * Paragraphs that are copied from note to note. `drop`, the default: an older note has a mark in place of the paragraphs
   * that a newer note of the text has, too, character by character. `keep`: all notes are whole. Paragraphs are separated by
   * empty lines; those of fewer than 40 characters, such as headings, stay.
   */
  readonly copies?: "drop" | "keep" | undefined;
}

export interface NotesPlan extends SectionPlan {
  readonly section: "notes";
  readonly types: readonly string[] | null;
  readonly newest: number;
  readonly maxTokens: number | null;
  readonly copies: "drop" | "keep";
}

/**
 * The section with the text of the latest notes. Without it, a text contains no notes. Long notes can take all of a short
 * budget but for demographics and latest values: set `maxTokens`, or a lower `priority`. Priority: 70 where it is not set.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT`.
 * @example
 * ```ts
 * import { demographics, notes, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const sections = [demographics(), notes({ types: ["radiology"], newest: 2, priority: 90 })];
 * console.log(db.at(0)!.toText({ at: "2020-01-01", sections, budget: 800, tokenizer: "approximate" }).text);
 * db.close();
 * ```
 */
export function notes(options?: NotesOptions): NotesPlan {
  const plan = sectionPlan("notes", options, { priority: 70 }, ["types", "newest", "maxTokens", "copies"]);
  textsIn("types", options?.types);
  return {
    ...plan,
    types: options?.types === undefined ? null : [...options.types],
    newest: wholeOf("newest", options?.newest ?? 5, 1, 1_000_000),
    maxTokens: options?.maxTokens === undefined ? null : wholeOf("maxTokens", options.maxTokens, 1, 1_000_000_000),
    copies: oneOf("copies", options?.copies, ["drop", "keep"]),
  };
}

export function notesSection(context: Context, plan: NotesPlan): TextSection {
  const { known, shared } = context;
  const blocks: TextBlock[] = [];
  const shownBefore = new Set<string>();
  let copies = 0;
  for (let i = known.length - 1; i >= 0 && blocks.length < plan.newest; i -= 1) {
    if (shared.types.of(known, i) !== "note" || (plan.types !== null && !shared.names.isOf(plan.types, known.code(i)))) continue;
    const text = known.text(i)?.trim() ?? "";
    if (text === "") continue;
    const time = known.time(i);
    const about = time === null ? "" : context.when(BigInt(time));
    const before = time === null ? "" : context.before(BigInt(time));
    const fresh = plan.copies === "keep" ? null : withoutCopies(text, shownBefore);
    copies += fresh?.copies ?? 0;
    const whole = fresh?.text ?? text;
    const shown = plan.maxTokens === null ? whole : context.cut(whole, plan.maxTokens);
    // Of a note that is cut, the rest is not shown.
    for (const paragraph of fresh?.own ?? []) if (shown === whole || shown.includes(paragraph)) shownBefore.add(paragraph);
    blocks.push({
      heading: `${oneLine(context.name(i))}${about}${before === "" ? "" : ` (${before})`}`,
      items: [{ text: shown, rows: 1, isProse: true }],
    });
  }
  return {
    name: plan.section,
    heading: "Notes (most recent first)",
    priority: plan.priority,
    required: plan.required,
    nouns: { block: "note", item: "note" },
    keep: "first",
    blocks,
    copies,
  };
}

/** Shorter paragraphs are headings and the like, which say something in each note. */
const LEAST_COPY = 40;

/** A note with a mark in place of paragraphs that are shown before, and its own paragraphs. */
function withoutCopies(
  note: string,
  shownBefore: ReadonlySet<string>,
): { readonly text: string; readonly own: readonly string[]; readonly copies: number } {
  // Paragraphs, and what is between them.
  const parts = note.split(/((?:\r?\n[^\S\r\n]*){2,})/);
  const own: string[] = [];
  let [text, run, copies] = ["", 0, 0];
  for (const [i, part] of parts.entries()) {
    const isParagraph = i % 2 === 0;
    if (isParagraph && shownBefore.has(part)) {
      run += 1;
      copies += 1;
      continue;
    }
    if (run > 0 && isParagraph) {
      text += `${markOf(run)}\n\n`;
      run = 0;
    }
    if (run === 0) text += part;
    if (isParagraph && part.length >= LEAST_COPY) own.push(part);
  }
  return { text: run > 0 ? text + markOf(run) : text, own, copies };
}

function markOf(copies: number): string {
  return `[${counted(copies, "paragraph")} as in a newer note]`;
}
