// A search in the syntax of the native engine, whose time grows with the length of the text only.
import { types } from "node:util";
import { conflict, expected, shown } from "../support/arguments.js";

/**
 * What is searched in notes:
 *
 * * a text, such as `"pulmonary embolism"`: these words in this order, in upper or lower case, as whole words, with any
 *   white space between them;
 * * an array of such texts: any of them;
 * * a regular expression. It matches whole characters, as with the flag `u`, and line by line with the flag `m` (a line ends
 *   at `\n`, `\r` or both). Look-ahead, look-behind and references to groups do not exist: without them, no text can make
 *   the search slow. Scripts (`\p{Script=Greek}`) do not exist either. Matches of length 0 are not found. If a group may
 *   match nothing and is repeated, as in `/(a|b*)+/`, a match may be shorter than in JavaScript.
 */
export type NoteQuery = string | readonly string[] | RegExp;

const SPACE = "\\t-\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";
/** Escapes of sets of characters. The engine has brackets in brackets. */
const SETS: Readonly<Record<string, string>> = {
  d: "[0-9]",
  D: "[^0-9]",
  w: "[0-9A-Za-z_]",
  W: "[^0-9A-Za-z_]",
  s: `[${SPACE}]`,
  S: `[^${SPACE}]`,
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, "0": 0 };
/** Half of a surrogate pair. */
const HALF = /[\ud800-\udfff]/u;
/** The only flags that mean something here, besides those that every search has. */
const FLAGS = /^[dgimsu]*$/;

/** @throws MedsError `MEDS_INVALID_ARGUMENT` for an empty text, and for what the engine does not have. */
export function patternOf(query: NoteQuery): string {
  if (types.isRegExp(query)) return expressionOf(query.source, query.flags);
  const texts: readonly unknown[] = typeof query === "string" ? [query] : query;
  if (!Array.isArray(texts) || texts.length === 0) expected("query", query, "a text, an array of texts, or a regular expression");
  return `(?i)(?:${texts.map(wordsOf).join("|")})`;
}

function wordsOf(text: unknown): string {
  if (typeof text !== "string" || text.trim() === "") return expected("query", text, "words, as in searchNotes('pulmonary embolism')");
  if (HALF.test(text)) conflict(`The words ${shown(text)} contain half of a character. Remove it.`);
  const words = text.trim().split(/\s+/u);
  const edge = (character: string): string => (/[\p{L}\p{M}\p{N}_]/u.test(character) ? "\\b" : "");
  const first = [...words[0]!][0]!;
  const last = [...words.at(-1)!].at(-1)!;
  return `${edge(first)}${words.map((word) => [...word].map(literal).join("")).join("\\s+")}${edge(last)}`;
}

/** A character that stands for itself. */
function literal(character: string): string {
  const code = character.codePointAt(0)!;
  return /[A-Za-z0-9_]/.test(character) || code > 127 ? character : `\\x{${code.toString(16)}}`;
}

function expressionOf(source: string, flags: string): string {
  if (!FLAGS.test(flags)) conflict(`The flags "${flags}" of the search include one that it does not have. It has d, g, i, m, s and u.`);
  return new Translation(source, flags).pattern();
}

/** Reads a regular expression that JavaScript has accepted. */
class Translation {
  private at = 0;
  private readonly isUnicode: boolean;
  private readonly isMultiline: boolean;
  private readonly dot: string;
  private readonly mode: string;

  constructor(
    private readonly source: string,
    flags: string,
  ) {
    this.isUnicode = flags.includes("u");
    this.isMultiline = flags.includes("m");
    this.dot = flags.includes("s") ? "(?s:.)" : "[^\\n\\r\\x{2028}\\x{2029}]";
    this.mode = flags.includes("i") ? "(?i)" : "";
  }

  pattern(): string {
    let pattern = this.mode;
    while (this.at < this.source.length) pattern += this.next();
    return pattern;
  }

  private next(): string {
    const character = this.take();
    if (character === "\\") return this.escape();
    if (character === "[") return this.brackets();
    if (character === "(") return this.group();
    if (character === ".") return this.dot;
    if (character === "^") return this.isMultiline ? "(?mR:^)" : "\\A";
    if (character === "$") return this.isMultiline ? "(?mR:$)" : "\\z";
    if (character === "{") return this.braces();
    return ")|*+?".includes(character) ? character : literal(character);
  }

  /** One character. */
  private take(): string {
    const character = String.fromCodePoint(this.source.codePointAt(this.at) ?? 0);
    this.at += character.length;
    return this.whole(character);
  }

  private whole(character: string): string {
    return HALF.test(character) ? this.fail("half of a character") : character;
  }

  /** What a sticky expression finds here, which is then read. */
  private taken(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    const found = expression.exec(this.source);
    if (found !== null) this.at += found[0].length;
    return found;
  }

  private group(): string {
    if (this.source[this.at] !== "?" || this.taken(/\?:|\?<(?![=!])[^>]*>/y) !== null) return "(?:";
    return this.fail(/\?<?[=!]/y.test(this.source.slice(this.at, this.at + 3)) ? "a look-ahead or look-behind" : "flags of a group");
  }

  /** A repetition; without the flag `u` also the braces themselves. */
  private braces(): string {
    const repetition = this.taken(/\d+(?:,\d*)?\}/y);
    return repetition === null ? literal("{") : `{${repetition[0]}`;
  }

  private escape(): string {
    const letter = this.source[this.at]!;
    if (letter === "b" || letter === "B") {
      this.at += 1;
      return `(?-u:\\${letter})`;
    }
    if (/[1-9]/.test(letter) || (letter === "k" && /\(\?<(?![=!])/.test(this.source))) this.fail("a reference to a group");
    return this.set() ?? literalOf(this.code());
  }

  /** Characters in brackets. */
  private brackets(): string {
    const negated = this.taken(/\^/y) === null ? "" : "^";
    let inside = "";
    while (this.source[this.at] !== "]") {
      const first = this.member();
      if (this.source[this.at] !== "-" || this.source[this.at + 1] === "]") {
        inside += typeof first === "number" ? literalOf(first) : first;
        continue;
      }
      this.at += 1;
      const last = this.member();
      if (typeof first === "number" && typeof last === "number") inside += `${literalOf(first)}-${literalOf(last)}`;
      // Without the flag `u`, [\d-x] is a set, a hyphen and a character.
      else inside += [first, 45, last].map((part) => (typeof part === "number" ? literalOf(part) : part)).join("");
    }
    this.at += 1;
    if (inside === "") return negated === "" ? "[^\\x{0}-\\x{10ffff}]" : "(?s:.)";
    return `[${negated}${inside}]`;
  }

  /** A set in brackets, or the number of a character. */
  private member(): string | number {
    const character = this.take();
    if (character !== "\\") return character.codePointAt(0)!;
    if (this.taken(/b/y) !== null) return 8;
    if (this.taken(/-/y) !== null) return 45;
    return this.set() ?? this.code();
  }

  /** The set of an escape. */
  private set(): string | null {
    const known = this.taken(/[dDwWsS]/y);
    if (known !== null) return SETS[known[0]]!;
    const property = this.isUnicode ? this.taken(/[pP]\{[^}]*\}/y)?.[0] : undefined;
    if (property === undefined) return null;
    // The tables of scripts are not in the native part.
    if (/^.\{(sc|scx|Script|Script_Extensions)=/.test(property))
      this.fail(
        `the script \\${property}`,
        "Write the range of its characters, such as [\\u0370-\\u03ff] for Greek, or \\p{L} for all letters.",
      );
    return `\\${property}`;
  }

  /** The number of the character of an escape. */
  private code(): number {
    const control = this.taken(/c([A-Za-z])/y);
    if (control !== null) return control[1]!.charCodeAt(0) % 32;
    const hex =
      this.taken(/x([0-9a-f]{2})/iy) ?? this.taken(/u([0-9a-f]{4})/iy) ?? (this.isUnicode ? this.taken(/u\{([0-9a-f]+)\}/iy) : null);
    if (hex === null) return this.plain();
    const unit = Number.parseInt(hex[1]!, 16);
    const low = unit >= 0xd800 && unit < 0xdc00 ? this.taken(/\\u(d[c-f][0-9a-f]{2})/iy) : null;
    const code = low === null ? unit : 0x10000 + (unit - 0xd800) * 0x400 + Number.parseInt(low[1]!, 16) - 0xdc00;
    return code >= 0xd800 && code < 0xe000 ? this.fail("half of a character") : code;
  }

  private plain(): number {
    const character = this.take();
    if (character === "0" && /[0-9]/.test(this.source[this.at] ?? "")) this.fail("an octal escape");
    return CONTROLS[character] ?? character.codePointAt(0)!;
  }

  private fail(what: string, remedy = "Write it without."): never {
    return conflict(`The search /${this.source}/ contains ${what}, which searches in notes do not have. ${remedy}`);
  }
}

function literalOf(code: number): string {
  return `\\x{${code.toString(16)}}`;
}
