// One spelling for sets of codes: from what a caller writes to code ids.
import { types } from "node:util";
import { conflict, expected, namesIn } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import type { Code, CodeTable } from "./codes.js";
import { warnNoCode } from "./no-code.js";
import { CodeRange, CodeSelection, merged } from "./selection.js";

/**
 * A function of a code that returns whether the code is chosen. It is called for each code of the table. It
 * does not receive how often a code occurs: that number depends on held-out patients.
 */
export type CodeTest = (code: Pick<Code, "id" | "code" | "description" | "parents">) => boolean;

/**
 * One part of a {@link CodeChoice}:
 *
 * * a code, such as `"MEDS_BIRTH"`;
 * * a string that ends in `*`: all codes with this prefix, such as `"LAB//*"`, unless it is itself a code;
 * * `{ prefix: "LAB//" }` or `{ prefix: ["LAB//", "VITAL//"] }`;
 * * a `RegExp`, tested on each code: `/glucose/i`;
 * * a function of a code: `({ description }) => description?.includes("glucose") ?? false`;
 * * a code id;
 * * a selection: `db.codes.withPrefix(…)`, `db.codes.select(…)`.
 */
export type CodePart = string | number | CodeRange | CodeSelection | { readonly prefix: string | readonly string[] } | RegExp | CodeTest;

/**
 * Which codes: one {@link CodePart}, or several in an array, a set or another iterable. This is the spelling
 * wherever codes are chosen. `db.codes.withAncestor(…)` returns ids, which can be used too. A part that no
 * code of the store matches selects nothing, and causes one warning per database (`MEDS_NO_CODE`), which
 * names the nearest codes.
 */
export type CodeChoice = CodePart | Iterable<CodePart>;

const WANTED =
  'codes: strings ("LAB//*" is a prefix), ids, { prefix }, a RegExp, a function of a code, a selection of db.codes, or an array of these';

/** A part that matches no code. */
export interface Miss {
  /** The same for equal parts. */
  readonly key: string;
  /** What no code does: `is "A"`. */
  readonly what: string;
  /** A text that codes may be near to. */
  readonly near: string | null;
}

/** The lists of ids of {@link CodeTable.withAncestor}: of which codes they are, and of which store. */
export const ANCESTORS: WeakMap<object, { readonly code: string; readonly contentId: string }> = new WeakMap();

/** Remembered choices, at most; then all are forgotten. More are computed texts, which do not repeat. */
const REMEMBERED = 20_000;

/**
 * The choices of codes of one table. It remembers what strings, prefixes and expressions select, so that a
 * choice in a loop costs one look-up. Functions and lists may change and are applied each time.
 */
export class Choices {
  private readonly byText = new Map<string, CodeSelection>();
  private readonly byKey = new Map<string, CodeSelection>();
  /** Parts whose miss was reported. */
  private readonly reported = new Set<string>();

  constructor(private readonly table: CodeTable) {}

  /** What a choice selects. `name` is the option that contains it, for messages. */
  of(choice: CodeChoice, name?: string, wanted: string = WANTED): CodeSelection {
    if (typeof choice === "string") {
      const known = this.byText.get(choice);
      if (known !== undefined) return known;
    }
    const { selection, misses } = this.find(choice, name, wanted);
    this.report(name, misses);
    return selection;
  }

  /** As {@link Choices.of}, without a warning: the parts that match no code are returned. */
  find(
    choice: CodeChoice,
    name?: string,
    wanted: string = WANTED,
  ): { readonly selection: CodeSelection; readonly misses: readonly Miss[] } {
    const misses: Miss[] = [];
    return { selection: this.any(choice, name, wanted, misses), misses };
  }

  /** What several choices select. */
  ofAll(choices: readonly CodeChoice[]): CodeSelection {
    if (choices.length === 1) return this.of(choices[0]!);
    const misses: Miss[] = [];
    const ranges: number[] = [];
    for (const choice of choices) for (const bound of this.any(choice, undefined, WANTED, misses)._ranges) ranges.push(bound);
    this.report(undefined, misses);
    return new CodeSelection(this.table, merged(ranges));
  }

  private any(choice: CodeChoice, name: string | undefined, wanted: string, misses: Miss[]): CodeSelection {
    return isList(choice) ? this.all(choice, name, wanted, misses) : this.one(choice, name, wanted, misses);
  }

  private all(parts: Iterable<CodePart>, name: string | undefined, wanted: string, misses: Miss[]): CodeSelection {
    const ancestor = ANCESTORS.get(parts);
    if (ancestor !== undefined && ancestor.contentId !== this.table._contentId) failOther("withAncestor");
    const ranges: number[] = [];
    for (const part of parts) {
      const found = this.one(part, name, wanted, misses)._ranges;
      for (let at = 0; at < found.length; at += 1) ranges.push(found[at]!);
    }
    // An empty list that names what it looked for.
    if (ranges.length === 0 && ancestor !== undefined)
      misses.push({ key: `a${ancestor.code}`, what: `is ${JSON.stringify(ancestor.code)}, or is below it`, near: ancestor.code });
    return new CodeSelection(this.table, merged(ranges));
  }

  private one(part: CodePart, name: string | undefined, wanted: string, misses: Miss[]): CodeSelection {
    if (typeof part === "string") return this.text(part, misses);
    if (typeof part === "number") return this.id(part, wanted, misses);
    if (typeof part === "function") return this.tested(part, name, misses);
    if (part instanceof CodeRange) {
      if (part._table._contentId !== this.table._contentId) failOther("withPrefix");
      // Ids are from 1 to size; no event has another id.
      const ranges = runOf(Math.max(part.begin, 1), Math.min(part.end, this.table.size + 1));
      if (ranges.length === 0) misses.push(prefixMiss(part._prefix));
      return new CodeSelection(this.table, ranges);
    }
    if (part instanceof CodeSelection) {
      if (part._table._contentId === this.table._contentId) return part;
      failOther("select");
    }
    if (types.isRegExp(part)) return this.matching(part, misses);
    if (typeof part === "object" && part !== null && "prefix" in part) return this.prefixes(part, name, misses);
    expected("A code", part, wanted);
  }

  private text(text: string, misses: Miss[]): CodeSelection {
    const known = this.byText.get(text);
    if (known !== undefined) return known;
    const id = this.table.id(text);
    let ranges = id === undefined ? [] : [id, id + 1];
    if (text.endsWith("*")) {
      const prefix = text.slice(0, -1);
      const { begin, end } = this.table.withPrefix(prefix);
      if (id !== undefined && end - begin > 1)
        conflict(
          `${JSON.stringify(text)} is a code, and also means the ${end - begin} codes that begin with ${JSON.stringify(prefix)}. For the code, pass its id: db.codes.id(${JSON.stringify(text)}). For all of them, pass { prefix: ${JSON.stringify(prefix)} }.`,
        );
      ranges = runOf(begin, end);
      if (ranges.length === 0) misses.push(prefixMiss(prefix));
    } else if (id === undefined) misses.push({ key: `t${text}`, what: `is ${JSON.stringify(text)}`, near: text });
    return remember(this.byText, text, new CodeSelection(this.table, ranges));
  }

  private id(id: number, wanted: string, misses: Miss[]): CodeSelection {
    if (!Number.isInteger(id)) expected("A code", id, wanted);
    const ranges = id >= 1 && id <= this.table.size ? [id, id + 1] : [];
    if (ranges.length === 0) misses.push({ key: `i${id}`, what: `has the id ${id}`, near: null });
    return new CodeSelection(this.table, ranges);
  }

  private prefixes(part: { readonly prefix: string | readonly string[] }, name: string | undefined, misses: Miss[]): CodeSelection {
    namesIn("a choice of codes", part, ["prefix"]);
    const prefixes: readonly unknown[] = Array.isArray(part.prefix) ? part.prefix : [part.prefix];
    const ranges = prefixes.flatMap((prefix) => {
      if (typeof prefix !== "string" || prefix === "")
        expected(
          name === undefined ? "prefix" : `${name}.prefix`,
          prefix,
          "the beginning of codes as a string, or an array of such strings",
        );
      const found = this.byKey.get(`p${prefix}`);
      if (found !== undefined) return found._ranges;
      const { begin, end } = this.table.withPrefix(prefix);
      const run = runOf(begin, end);
      if (run.length === 0) misses.push(prefixMiss(prefix));
      return remember(this.byKey, `p${prefix}`, new CodeSelection(this.table, run))._ranges;
    });
    return new CodeSelection(this.table, merged(ranges));
  }

  private matching({ source, flags }: RegExp, misses: Miss[]): CodeSelection {
    const key = `r${flags}/${source}`;
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    // An expression with the flag g or y continues after its last match. A copy tests each code from its
    // beginning.
    const copy = new RegExp(source, flags.replace("g", ""));
    const { strings } = this.table;
    const ranges = this.where((id) => {
      copy.lastIndex = 0;
      return copy.test(strings[id]!);
    });
    if (ranges.length === 0) misses.push({ key, what: `matches /${source}/${flags}`, near: literal(source) });
    return remember(this.byKey, key, new CodeSelection(this.table, ranges));
  }

  private tested(test: CodeTest, name: string | undefined, misses: Miss[]): CodeSelection {
    const { table } = this;
    const ranges = this.where((id) => {
      const { code, description, parents } = table.get(id) as Code;
      const chosen: unknown = test({ id, code, description, parents });
      if (typeof chosen === "boolean") return chosen;
      expected(
        `The result of ${name === undefined ? "the function" : `\`${name}\``} for code ${JSON.stringify(code)}`,
        chosen,
        "true or false",
      );
    });
    // Equal functions in a loop are different objects with one text.
    if (ranges.length === 0) misses.push({ key: `f${test}`, what: "is chosen by the function", near: null });
    return new CodeSelection(table, ranges);
  }

  /** The ids that pass a test, as ranges. */
  private where(test: (id: number) => boolean): number[] {
    const ranges: number[] = [];
    for (let id = 1; id <= this.table.size; id += 1) {
      if (!test(id)) continue;
      if (ranges.at(-1) === id) ranges[ranges.length - 1] = id + 1;
      else ranges.push(id, id + 1);
    }
    return ranges;
  }

  private report(name: string | undefined, misses: readonly Miss[]): void {
    const fresh = misses.filter(({ key }) => !this.reported.has(key));
    if (fresh.length === 0) return;
    for (const { key } of fresh) this.reported.add(key);
    warnNoCode(this.table, name, fresh, this.reported.size);
  }
}

/**
 * A choice of codes as ranges of ids: begin, end, begin, end, …, which ascend. `wanted` describes a valid
 * choice, for the error.
 */
export function codeRanges(table: CodeTable, choice: CodeChoice, wanted?: string): readonly number[] {
  return table._choices.of(choice, undefined, wanted)._ranges;
}

/** By code id: 1 if it is chosen. Null without a choice. Not to be changed. */
export function memberTable(name: string, table: CodeTable, choice: CodeChoice | undefined): Uint8Array | null {
  return choice === undefined ? null : table._choices.of(choice, name)._members;
}

/** The parts of a choice. */
export function partsOf(choice: CodeChoice): readonly CodePart[] {
  return isList(choice) ? [...choice] : [choice];
}

function isList(choice: CodeChoice): choice is Iterable<CodePart> {
  if (typeof choice !== "object" || choice === null) return false;
  return Symbol.iterator in choice && !(choice instanceof CodeRange) && !(choice instanceof CodeSelection);
}

function failOther(maker: string): never {
  fail(
    "MEDS_OTHER_IDS",
    `The selection of codes was made from a database of another store. Make it with db.codes.${maker}(…) of this one.`,
  );
}

function runOf(begin: number, end: number): number[] {
  return begin < end ? [begin, end] : [];
}

function prefixMiss(prefix: string): Miss {
  return { key: `p${prefix}`, what: `begins with ${JSON.stringify(prefix)}`, near: prefix };
}

/** The longest text in an expression that is probably part of a code. */
function literal(source: string): string | null {
  const texts = source.replace(/\\\//g, "/").match(/[\p{L}\d/_ -]{3,}/gu) ?? [];
  return texts.sort((a, b) => b.length - a.length)[0] ?? null;
}

function remember<S>(known: Map<string, S>, key: string, selection: S): S {
  if (known.size >= REMEMBERED) known.clear();
  known.set(key, selection);
  return selection;
}
