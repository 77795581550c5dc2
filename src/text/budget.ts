// Fits a document into a number of tokens: sections by priority, in each the items that it keeps first.
import { fail } from "../support/errors.js";
import type { TextBlock, TextItem, TextSection } from "./section.js";
import type { CountTokens } from "./tokens.js";

/** Counts of lines, which repeat in many texts: this number of them, or twice as many. */
const KEPT = 1 << 15;
/** Longer parts seldom repeat. */
const LONG = 300;

/** A line, or several lines of which the others begin with white space or a slash. */
const LINE = /\n(?=[^\s/])/g;

/** Counts the tokens of parts of texts. */
export class Counter {
  private lines = new Map<string, number>();
  private before = new Map<string, number>();

  constructor(readonly count: CountTokens) {}

  /** The tokens of a part. Those of a text are about the sum of those of its lines. */
  of(part: string): number {
    const known = this.lines.get(part) ?? this.before.get(part);
    if (known !== undefined) return known;
    const tokens = this.count(part);
    if (part.length > LONG) return tokens;
    if (this.lines.size === KEPT) [this.before, this.lines] = [this.lines, new Map()];
    this.lines.set(part, tokens);
    return tokens;
  }

  /** The tokens of a text with many lines, most of which are known. */
  ofText(text: string): number {
    if (this.count.endsAtLines !== true) return this.count(text);
    let tokens = 0;
    for (let begin = 0; begin < text.length; ) {
      LINE.lastIndex = begin;
      const end = LINE.test(text) ? LINE.lastIndex : text.length;
      tokens += this.of(text.slice(begin, end));
      begin = end;
    }
    return tokens;
  }
}

/** A section as it is written: `blocks` are those that fit. */
export interface Fitted {
  readonly section: TextSection;
  readonly blocks: readonly TextBlock[];
  readonly leftOut: LeftOut;
  /** False for a section without items, and where not even its heading has room. */
  readonly isWritten: boolean;
}

/** What a budget left out of a section: whole blocks, and items of others. */
export interface LeftOut {
  readonly blocks: number;
  readonly items: number;
  readonly rows: number;
}

/** How the parts of a document are written: the text of each, with the line ends after it. */
export interface Layout {
  readonly heading: (section: TextSection) => string;
  readonly block: (block: TextBlock) => string;
  readonly item: (item: TextItem) => string;
  /** The sentence about what is left out of a section. */
  readonly leftOut: (section: TextSection, out: LeftOut) => string;
}

/** Notes are not shortened to fewer tokens than this. */
const LEAST_PROSE = 40;

/**
 * The parts of sections that fit into `room` tokens.
 *
 * @param about Names the text in the error, such as "subject 5".
 * @throws MedsError `MEDS_BUDGET` where the required sections have no room.
 */
export function fitted(sections: readonly TextSection[], room: number, layout: Layout, counter: Counter, about: string): Fitted[] {
  let size = 0;
  for (const section of sections) size += sizeUpTo(section, room - size, layout, counter);
  if (size <= room) return sections.map((section) => wholeOf(section));
  const byPriority = [...sections].sort((a, b) => Number(b.required) - Number(a.required) || b.priority - a.priority);
  // What a section takes at least: its heading, and the sentence that all of it is left out.
  const least = byPriority.map((section) => leastOf(section, layout, counter));
  let reserved = least.reduce((sum, tokens) => sum + tokens, 0);
  let left = room;
  const found = new Map<TextSection, Fitted>();
  for (const [i, section] of byPriority.entries()) {
    reserved -= least[i]!;
    // In a very small budget, the sections with a low priority are missing without a sentence.
    const own = left - reserved >= least[i]! ? left - reserved : left;
    const most = sizeUpTo(section, section.required ? left : own, layout, counter);
    if (section.required && most > left)
      fail(
        "MEDS_BUDGET",
        `The budget leaves ${left} tokens for the required section ${JSON.stringify(section.name)} of ${about}, which takes more. Raise \`budget\` (--budget), or make the section optional.`,
      );
    if (most <= (section.required ? left : own)) {
      left -= most;
      found.set(section, wholeOf(section));
    } else {
      const part = partOf(section, own, layout, counter);
      left -= own - part.left;
      found.set(section, part.fitted);
    }
  }
  return sections.map((section) => found.get(section)!);
}

/** A section of which nothing is left out. */
export function wholeOf(section: TextSection): Fitted {
  return { section, blocks: section.blocks, leftOut: NOTHING, isWritten: section.blocks.some(({ items }) => items.length > 0) };
}

/** A section that is not written. */
export function noneOf(section: TextSection): Fitted {
  return { section, blocks: [], leftOut: outOf(section, []), isWritten: false };
}

export const NOTHING: LeftOut = Object.freeze({ blocks: 0, items: 0, rows: 0 });

function leastOf(section: TextSection, layout: Layout, counter: Counter): number {
  if (section.blocks.every(({ items }) => items.length === 0)) return 0;
  return counter.of(layout.heading(section)) + counter.of(layout.leftOut(section, outOf(section, [])));
}

/** The tokens of a section; where they are more than `most`, some number above it. An empty section is not written. */
function sizeUpTo(section: TextSection, most: number, layout: Layout, counter: Counter): number {
  if (section.blocks.every(({ items }) => items.length === 0)) return 0;
  let sum = counter.of(layout.heading(section));
  for (const block of section.blocks) {
    sum += counter.of(layout.block(block));
    for (const item of block.items) {
      if (sum > most) return sum;
      sum += counter.of(layout.item(item));
    }
  }
  return sum;
}

/** What of a section fits: a run of items from its first or its last one. */
function partOf(section: TextSection, room: number, layout: Layout, counter: Counter): { readonly fitted: Fitted; readonly left: number } {
  const all = outOf(section, []);
  // The sentence has fewer tokens where less is left out.
  let left = room - counter.of(layout.heading(section)) - counter.of(layout.leftOut(section, all));
  // Not even the sentence: the report of the text says that the section is missing.
  if (left < 0) return { fitted: noneOf(section), left: room };
  const isLast = section.keep === "last";
  const blocks: TextBlock[] = [];
  for (const block of isLast ? [...section.blocks].reverse() : section.blocks) {
    left -= counter.of(layout.block(block));
    const kept: TextItem[] = [];
    let isFull = false;
    for (const item of isLast && block.heading === null ? [...block.items].reverse() : block.items) {
      const size = counter.of(layout.item(item));
      const shown = size <= left ? item : shortened(item, left, layout, counter);
      isFull = size > left;
      if (shown === null) break;
      kept.push(shown);
      left -= isFull ? counter.of(layout.item(shown)) : size;
      if (isFull) break;
    }
    if (kept.length > 0) blocks.push({ heading: block.heading, items: isLast && block.heading === null ? kept.reverse() : kept });
    if (isFull || left <= 0) break;
  }
  if (isLast) blocks.reverse();
  return { fitted: { section, blocks, leftOut: outOf(section, blocks), isWritten: true }, left: Math.max(0, left) };
}

/** `kept` are the first or the last blocks of the section. Of one of them, some items may be missing. */
function outOf({ blocks, keep }: TextSection, kept: readonly TextBlock[]): LeftOut {
  const first = keep === "first" ? 0 : blocks.length - kept.length;
  let [whole, items] = [0, 0];
  for (const [i, block] of blocks.entries()) {
    const own = kept[i - first];
    if (own === undefined && block.heading !== null) whole += 1;
    else items += block.items.length - (own?.items.length ?? 0);
  }
  return { blocks: whole, items, rows: rowsOf(blocks) - rowsOf(kept) };
}

/** The rows that blocks show. */
export function rowsOf(blocks: readonly TextBlock[]): number {
  let rows = 0;
  for (const block of blocks) rows += block.rows ?? block.items.reduce((sum, item) => sum + item.rows, 0);
  return rows;
}

/** The beginning of a note that fits; null where too little would remain. */
function shortened(item: TextItem, room: number, layout: Layout, counter: Counter): TextItem | null {
  if (item.isProse !== true || room < LEAST_PROSE) return null;
  const text = cutText(item.text, room, (part) => counter.count(layout.item({ ...item, text: part })));
  return text === null ? null : { ...item, text };
}

/** A text of at most some tokens, cut after a word; null where not even one word has room. */
export function cutText(text: string, most: number, count: CountTokens): string | null {
  if (count(text) <= most) return text;
  const part = (length: number): string => `${text.slice(0, wordsUpTo(text, length)).trimEnd()} […]`;
  // A token has at least one byte, and seldom more than ten characters.
  let [low, high] = [0, Math.min(text.length, 32 * most)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (count(part(middle)) <= most) low = middle;
    else high = middle - 1;
  }
  const found = part(low);
  return found === " […]" ? null : found;
}

/** Where the last word that ends before `length` is over. An expression would take a time that grows with its square. */
function wordsUpTo(text: string, length: number): number {
  let end = length;
  while (end > 0 && text[end - 1]!.trim() !== "") end -= 1;
  return end;
}
