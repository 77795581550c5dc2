// The lines `[VOCABULARY/CODE] description value unit`: where does the description end?
import { NUMBER, numberOf } from "./row.js";

/** A line without its code, in its parts. */
export interface LineValue {
  readonly number: number | null;
  readonly text: string | null;
  readonly unit: string | null;
}

/** Tables whose rows have values in OMOP. */
const VALUED = new Set(["measurement", "observation"]);
/** The last word that is a number, and at most three words after it: the unit. */
const LAST = /^(?:(.*\S)\s+)?([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)((?:\s+[^\s]*[^\s\d][^\s]*){0,3})$/is;

interface Found {
  /** What all lines so far begin with, in the spelling of the first. */
  words: readonly string[];
  /** The same, as it is written. */
  text: string;
  /** Some line has a number after it. */
  hasNumber: boolean;
  /** Some line is of a table with values. */
  isValued: boolean;
}

/**
 * Descriptions of codes, found in all lines of a dataset. The description of a code is what all its lines begin with,
 * word by word and in any case. What follows is the value: a number and its unit, or words. Where all lines of a
 * code of the tables `measurement` and `observation` are the same, their last number is the value.
 */
export class Descriptions {
  private readonly byCode = new Map<string, Found>();

  /** Learns from a line. */
  add(code: string, line: string, table: string): void {
    const words = wordsOf(line);
    const isValued = VALUED.has(table);
    const known = this.byCode.get(code);
    if (known === undefined) {
      this.byCode.set(code, { words, text: line, hasNumber: false, isValued });
      return;
    }
    known.isValued ||= isValued;
    const { words: before } = known;
    let common = 0;
    while (common < before.length && common < words.length && same(before[common]!, words[common]!)) common += 1;
    const next = (of: readonly string[]) => common < of.length && NUMBER.test(of[common]!);
    if (common < before.length) {
      known.hasNumber = next(before) || next(words);
      known.words = before.slice(0, common);
      known.text = known.text.slice(0, known.text.length - after(known.text, common).length).trimEnd();
    } else known.hasNumber ||= next(words);
  }

  /** Ends learning: takes the number away that all lines of a code have in common. */
  finish(): void {
    for (const found of this.byCode.values()) {
      if (!found.isValued || found.hasNumber) continue;
      const [, description = "", , unit] = LAST.exec(found.text) ?? [];
      if (unit === undefined || (description === "" && unit.trim() !== "")) continue;
      found.text = description;
      found.words = wordsOf(description);
    }
  }

  /** The value of a line. */
  valueOf(code: string, line: string): LineValue {
    const rest = after(line, this.byCode.get(code)!.words.length);
    if (rest === "") return { number: null, text: null, unit: null };
    const [, first, tail = ""] = /^(\S+)(?:\s+(\S[\s\S]*))?$/.exec(rest)!;
    const number = numberOf(first!);
    if (number === null) return { number, text: rest, unit: null };
    return { number, text: null, unit: tail === "" ? null : tail };
  }

  /** Learns a code whose description, where it has one, is in another place of the file. The first one counts. */
  name(code: string, description = ""): void {
    const known = this.byCode.get(code);
    if (known === undefined) this.byCode.set(code, { words: [], text: description.trim(), hasNumber: false, isValued: false });
    else if (known.text === "" && known.words.length === 0) known.text = description.trim();
  }

  /** The codes, with their descriptions. */
  *[Symbol.iterator](): IterableIterator<[code: string, description: string | null]> {
    for (const [code, { text }] of this.byCode) yield [code, text === "" ? null : text];
  }
}

const wordsOf = (text: string): string[] => (text === "" ? [] : text.split(/\s+/));

const same = (a: string, b: string): boolean => a === b || a.toLowerCase() === b.toLowerCase();

/** What follows the first words of a trimmed text. */
function after(text: string, count: number): string {
  const word = /\S+\s*/y;
  for (let k = 0; k < count; k += 1) if (!word.test(text)) return "";
  return count === 0 ? text : text.slice(word.lastIndex);
}
