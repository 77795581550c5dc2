import { namesIn, optionsOf, textOf, wholeOf } from "../support/arguments.js";
import type { Code, CodeTable } from "./codes.js";

/** Options of {@link CodeTable.search}. */
export interface SearchOptions {
  /** The most codes to return. Default: 20. */
  readonly limit?: number | undefined;
}

/** How well a code matches; less is better. */
const EXACT = 0;
const WORDS = 1;
const PARTS = 2;
const NONE = 3;

/** Searches the texts of a table of codes. */
export class CodeSearch {
  /** By id, lower case: the code, a line end, and its description. Made on first use. */
  private readonly texts: string[];

  constructor(private readonly table: CodeTable) {
    this.texts = table.strings.map((code, id) => (id === 0 ? "" : `${code}\n${table.value("description", id) ?? ""}`.toLowerCase()));
    this.texts[0] = "";
  }

  /** The codes that contain all words of a text, the best first. */
  find(text: string, options: SearchOptions | undefined): Code[] {
    const given = optionsOf(options) ?? {};
    namesIn("codes.search", given, ["limit"]);
    const limit = wholeOf("limit", given.limit ?? 20, 0);
    const whole = textOf("text", text, "the words to search for, as a string").trim().toLowerCase();
    const words = whole.split(/\s+/).filter((word) => word !== "");
    const found: { readonly id: number; readonly rank: number; readonly events: number }[] = [];
    for (let id = 1; id < this.texts.length && words.length > 0; id += 1) {
      const rank = rankOf(this.texts[id]!, whole, words);
      if (rank < NONE) found.push({ id, rank, events: Number(this.table.value("events", id)) });
    }
    found.sort((a, b) => a.rank - b.rank || b.events - a.events || a.id - b.id);
    return found.slice(0, limit).map(({ id }) => this.table.get(id) as Code);
  }
}

function rankOf(text: string, whole: string, words: readonly string[]): number {
  let rank = WORDS;
  for (const word of words) {
    if (!text.includes(word)) return NONE;
    if (rank === WORDS && !beginsWord(text, word)) rank = PARTS;
  }
  return text.startsWith(whole) && text[whole.length] === "\n" ? EXACT : rank;
}

/** Is a word in the text the beginning of one of its words. */
function beginsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
    if (at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1]!)) return true;
  return false;
}
