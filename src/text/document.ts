// A text before it is written: what a format of the caller's own receives.
import { shown } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import type { Fitted, LeftOut } from "./budget.js";
import type { Context } from "./context.js";
import { called } from "./own.js";

/** What a budget left out: whole blocks, single items of others, and the rows of both. */
export interface DocumentLeftOut {
  readonly blocks: number;
  readonly items: number;
  readonly rows: number;
}

/** One line, or one note. */
export interface DocumentItem {
  /** A heading of this item and those after it, within its block. */
  readonly heading: string | null;
  readonly text: string;
  /** Prose, such as a note, which may have several lines. */
  readonly isProse: boolean;
}

/** Items, below a heading of their own where they have one, such as those of a visit. */
export interface DocumentBlock {
  readonly heading: string | null;
  readonly items: readonly DocumentItem[];
}

/** A section. Headings and items have no marks of Markdown. */
export interface DocumentSection {
  /** The function that the section is from, such as `visits`; the name of a section of your own. */
  readonly name: string;
  readonly heading: string;
  /** Empty where the budget has room for none of them. */
  readonly blocks: readonly DocumentBlock[];
  readonly leftOut: DocumentLeftOut;
}

/** A text before it is written: the sections that have something to say, as far as the budget has room for them. */
export interface TextDocument {
  readonly subjectId: bigint;
  /** ISO 8601, as the text writes times: moved with `shiftTo`; null where no dates are written, and for whole patients. */
  readonly predictionTime: string | null;
  readonly sections: readonly DocumentSection[];
  /** What is left out of all sections. */
  readonly leftOut: DocumentLeftOut;
}

/** Writes a text from its sections. */
export type WriteText = (document: TextDocument) => string;

/** The text that a function of the caller writes. */
export function ownText(write: WriteText, context: Context, parts: readonly Fitted[]): string {
  const { known } = context;
  const text: unknown = called(write, documentOf(context, parts), "The format", known.subjectId);
  if (typeof text === "string") return text;
  return fail(
    "MEDS_PASS_FAILED",
    `The format failed at subject ${known.subjectId}: it returned ${shown(text)}. It must return the text, and no promise.`,
  );
}

function documentOf({ known, shared, hasDates }: Context, parts: readonly Fitted[]): TextDocument {
  const written = parts.filter(({ section }) => section.blocks.some(({ items }) => items.length > 0));
  const sum = (of: keyof LeftOut): number => written.reduce((total, { leftOut }) => total + leftOut[of], 0);
  return {
    subjectId: known.subjectId,
    predictionTime: known.cutoff === null || !hasDates ? null : shared.clock.iso(known.cutoff),
    sections: written.map(({ section: { name, heading }, blocks, leftOut }) => ({
      name,
      heading,
      blocks: blocks
        .filter(({ items }) => items.length > 0)
        .map((block) => ({
          heading: block.heading,
          items: block.items.map((item) => ({ heading: item.heading ?? null, text: item.text, isProse: item.isProse === true })),
        })),
      leftOut: { ...leftOut },
    })),
    leftOut: { blocks: sum("blocks"), items: sum("items"), rows: sum("rows") },
  };
}
