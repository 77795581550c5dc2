// The Markdown of "Large Language Models are Powerful Electronic Health Record Encoders" (arXiv 2502.17403).
import { type Fitted, type Layout, type LeftOut, NOTHING } from "../budget.js";
import type { Context } from "../context.js";
import { counted } from "../context.js";
import type { TextItem, TextSection } from "../section.js";

/** How sections are written as Markdown. */
export const MARKDOWN: Layout = {
  heading: ({ heading }) => `## ${heading}\n\n`,
  block: ({ heading }) => (heading === null ? "\n" : `### ${heading}\n\n\n`),
  item: itemText,
  leftOut: (section, out) => `${leftOutText(section, out)}\n\n`,
};

/** The beginning of a document. */
export function markdownHead(context: Context): string {
  const { known, shared } = context;
  return `# Electronic Healthcare Record\n\n${known.cutoff !== null && context.hasDates ? `Prediction time: ${shared.clock.date(known.cutoff)}\n\n` : ""}`;
}

/** The document. Sections without items are not written. */
export function markdownText(head: string, parts: readonly Fitted[]): string {
  let text = head;
  for (const { section, blocks, leftOut, isWritten } of parts) {
    if (!isWritten) continue;
    text += MARKDOWN.heading(section);
    for (const { heading, items } of blocks) {
      if (items.length === 0) continue;
      if (heading !== null) text += `### ${heading}\n\n`;
      for (const [i, item] of items.entries()) text += `${i > 0 && item.heading !== undefined ? "\n" : ""}${itemText(item)}`;
      text += "\n";
    }
    if (leftOut !== NOTHING) text += `${leftOutText(section, leftOut)}\n\n`;
  }
  return `${text.trimEnd()}\n`;
}

function itemText({ heading, text, isProse }: TextItem): string {
  return `${heading === undefined ? "" : `#### ${heading}\n\n`}${isProse === true ? text : `- ${text}`}\n`;
}

/** "(3 visits and 1 event left out)". */
function leftOutText({ nouns }: TextSection, { blocks, items }: LeftOut): string {
  const parts = [blocks > 0 ? counted(blocks, nouns.block) : "", items > 0 ? counted(items, nouns.item) : ""];
  return `(${parts.filter((part) => part !== "").join(" and ")} left out)`;
}
