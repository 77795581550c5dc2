import { wholeOf } from "../../support/arguments.js";
import { type Context, oneLine } from "../context.js";
import { type SectionOptions, type SectionPlan, sectionPlan, type TextBlock, type TextSection } from "../section.js";

/** Options of {@link notes}. */
export interface NotesOptions extends SectionOptions {
  /** Only notes of these types: codes, or parts of the names of codes, in upper or lower case. Default: all. */
  readonly types?: readonly string[] | undefined;
  /** The number of notes, the latest first. Default: 5. */
  readonly newest?: number | undefined;
  /** Notes are cut after about this many tokens (at a space). Default: no limit; a budget may cut the last note. */
  readonly maxTokens?: number | undefined;
}

export interface NotesPlan extends SectionPlan {
  readonly section: "notes";
  readonly types: readonly string[] | null;
  readonly newest: number;
  readonly maxTokens: number | null;
}

/** The section with the text of the latest notes. Without it, a text contains no notes. */
export function notes(options?: NotesOptions): NotesPlan {
  const plan = sectionPlan("notes", options, { priority: 30 }, ["types", "newest", "maxTokens"]);
  return {
    ...plan,
    types: options?.types === undefined ? null : [...options.types],
    newest: wholeOf("newest", options?.newest ?? 5, 1, 1_000_000),
    maxTokens: options?.maxTokens === undefined ? null : wholeOf("maxTokens", options.maxTokens, 1, 1_000_000_000),
  };
}

export function notesSection(context: Context, plan: NotesPlan): TextSection {
  const { known, shared } = context;
  const blocks: TextBlock[] = [];
  for (let i = known.length - 1; i >= 0 && blocks.length < plan.newest; i -= 1) {
    if (shared.types.of(known, i) !== "note" || !isOf(plan.types, shared.names.code(known.code(i)), context.name(i))) continue;
    const text = known.text(i)?.trim() ?? "";
    if (text === "") continue;
    const time = known.time(i);
    const about = time === null ? "" : context.when(BigInt(time));
    const before = time === null ? "" : context.before(BigInt(time));
    const shown = plan.maxTokens === null ? text : context.cut(text, plan.maxTokens);
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
  };
}

function isOf(types: readonly string[] | null, code: string, name: string): boolean {
  return types === null || types.some((type) => type === code || name.toLowerCase().includes(type.toLowerCase()));
}
