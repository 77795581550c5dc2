// A text for a language model is a list of sections. A section has blocks, a block has items. How headings and items are
// marked is up to the format.
import { flagOf, namesIn, optionsOf, wholeOf } from "../support/arguments.js";

/** One line, or one note: the smallest part that a short budget leaves out. */
export interface TextItem {
  /** Of this item and those after it, within its block. */
  readonly heading?: string;
  readonly text: string;
  /** Number of rows that it shows. */
  readonly rows: number;
  /** It may be shortened: it is prose, such as a note. */
  readonly isProse?: boolean;
}

/** Items below one heading, such as those of a visit. */
export interface TextBlock {
  /** Null for items directly below the heading of the section. */
  readonly heading: string | null;
  readonly items: readonly TextItem[];
  /** Number of rows of all items, where it is known before these are made. */
  readonly rows?: number;
}

/** A part of a text, as a function that writes the text of a budget receives it. */
export interface TextSection {
  readonly name: string;
  readonly heading: string;
  readonly priority: number;
  readonly required: boolean;
  /** What its blocks and its items are, for the sentence about those that are left out. */
  readonly nouns: { readonly block: string; readonly item: string };
  /** Which blocks and items a short budget keeps. */
  readonly keep: "first" | "last";
  readonly blocks: readonly TextBlock[];
  /** Paragraphs of notes that are not written again. */
  readonly copies?: number;
}

/** What every section has. */
export interface SectionOptions {
  /**
   * If a budget is short, sections with a higher priority are written first, and of two with the same the first one.
   * Default: demographics 100, latest values 80, notes and sections of your own, which no text has unless you ask for
   * them, 70, list of visits 60, visits 50, general events 40.
   */
  readonly priority?: number | undefined;
  /** If true, a budget without room for all of the section is an error. Default: true for demographics only. */
  readonly required?: boolean | undefined;
}

/** A section that a caller has chosen: plain data, so that worker threads write the same text. */
export interface SectionPlan {
  readonly section: string;
  readonly priority: number;
  readonly required: boolean;
}

/** The options that every section has, checked. `names` are those of the section itself. */
export function sectionPlan<S extends string>(
  section: S,
  given: SectionOptions | undefined,
  usual: { readonly priority: number; readonly required?: boolean },
  names: readonly string[],
): SectionPlan & { readonly section: S } {
  const { priority, required } = optionsOf(given) ?? {};
  namesIn(section, given ?? {}, ["priority", "required", ...names]);
  return {
    section,
    priority: priority === undefined ? usual.priority : wholeOf("priority", priority, -1_000_000, 1_000_000),
    required: flagOf("required", required, usual.required ?? false),
  };
}
