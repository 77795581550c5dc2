import { conflict, expected, oneOf, shown, textOf } from "../../support/arguments.js";
import { fail } from "../../support/errors.js";
import type { ModuleUrl } from "../../support/module.js";
import { type Context, oneLine } from "../context.js";
import { KnownTimeline } from "../known-timeline.js";
import { called, type Own, ownOf } from "../own.js";
import { type SectionOptions, type SectionPlan, sectionPlan, type TextBlock, type TextItem, type TextSection } from "../section.js";

/**
 * A line of a section: its text, and the number of rows that it shows (0 where it is not said). Line ends in it become
 * spaces; an empty line is not written.
 */
export type SectionLine = string | { readonly text: string; readonly rows?: number | undefined };

/** Lines below a heading of their own. A short budget leaves out whole blocks first. */
export interface SectionBlock {
  readonly heading: string;
  readonly lines: readonly SectionLine[];
}

/**
 * What a section contains: lines, blocks, or a text of several lines, which a short budget cuts after a word. Nothing
 * (`null`, `undefined`, an empty list or text): the section is not written.
 */
export type SectionContent = string | readonly (SectionLine | SectionBlock)[] | null | undefined;

/** Writes a section from what is known of a patient at the prediction time. */
export type WriteSection = (known: KnownTimeline) => SectionContent;

/** Options of {@link custom}. */
export interface CustomOptions extends SectionOptions {
  /** What reports call the section. */
  readonly name: string;
  /** The heading, without marks. */
  readonly heading: string;
  /**
   * The function, or the URL of a module that exports it: `new URL("./section.mjs", import.meta.url)`. Worker threads
   * import the module; a function runs in the caller's thread only. It must depend on nothing but its argument.
   */
  readonly write: WriteSection | ModuleUrl;
  /** With a module: the name of the exported function. Default: the default export. */
  readonly exportName?: string | undefined;
  /** Which lines and blocks a short budget keeps. Default: `first`. */
  readonly keep?: "first" | "last" | undefined;
}

export interface CustomPlan extends SectionPlan {
  readonly section: "custom";
  readonly name: string;
  readonly heading: string;
  readonly keep: "first" | "last";
  readonly write: Own<WriteSection>;
}

/**
 * A section that a function of yours writes. The function receives the rows that are known at the prediction time, and
 * returns lines. Times are moved or hidden as the option `times` says. Priority: 70 where it is not set.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT`; `MEDS_NOT_FOUND` for a module that does not exist. Where the function
 * throws, or returns something else, the text fails with `MEDS_PASS_FAILED`, which names the section and the patient.
 * @example
 * ```ts
 * import { custom, demographics, PatientDatabase } from "meds-reader";
 *
 * const labs = custom({
 *   name: "labs",
 *   heading: "Last Tests",
 *   write: (known) =>
 *     known.withCode("LAB//*").slice(-5).map(({ name, value, unit, time }) => `${name}: ${value} ${unit ?? ""} ${known.when(time)}`),
 * });
 * const db = PatientDatabase.open("demo.medsdb");
 * console.log(db.at(0)!.toText({ at: "2020-01-01", sections: [demographics(), labs] }).text);
 * db.close();
 * ```
 */
export function custom(options: CustomOptions): CustomPlan {
  const plan = sectionPlan("custom", options, { priority: 70 }, ["name", "heading", "write", "exportName", "keep"]);
  const { name, heading, write, exportName, keep } =
    options ?? expected("options", options, "an object with `name`, `heading` and `write`");
  const line = (option: string, given: string): string => {
    if (textOf(option, given).trim() === "" || /[\r\n]|^#/.test(given))
      conflict(`\`${option}\` of a section is ${shown(given)}. It must be one line of text, without a mark such as #.`);
    return given;
  };
  return {
    ...plan,
    name: line("name", name),
    heading: line("heading", heading),
    keep: oneOf("keep", keep, ["first", "last"]),
    write: ownOf("write", write, exportName),
  };
}

/** What errors call a section. */
export function titleOf(name: string): string {
  return `The section ${JSON.stringify(name)}`;
}

export function customSection(context: Context, { name, heading, priority, required, keep, write }: CustomPlan): TextSection {
  const { subjectId } = context.known;
  const content = called(write as WriteSection, new KnownTimeline(context), titleOf(name), subjectId);
  const blocks = blocksOf(content, (wrong) =>
    fail(
      "MEDS_PASS_FAILED",
      `${titleOf(name)} failed at subject ${subjectId}: it returned ${wrong}. It must return a text or an array of lines, each a text, { text, rows } or { heading, lines }, and no promise.`,
    ),
  );
  return { name, heading, priority, required, nouns: { block: "part", item: "line" }, keep, blocks };
}

function blocksOf(content: unknown, failed: (wrong: string) => never): TextBlock[] {
  if (content === null || content === undefined) return [];
  if (typeof content === "string") {
    const text = content.trim();
    return text === "" ? [] : [{ heading: null, items: [{ text, rows: 0, isProse: true }] }];
  }
  if (!Array.isArray(content)) failed(shown(content));
  const blocks: { readonly heading: string | null; readonly items: TextItem[] }[] = [];
  for (const part of content as readonly (SectionLine | SectionBlock)[]) {
    if (typeof part === "object" && part !== null && "lines" in part) {
      const { heading, lines } = part;
      if (typeof heading !== "string" || !Array.isArray(lines)) failed("a block without `heading` or `lines`");
      blocks.push({ heading: oneLine(heading), items: lines.map((line: SectionLine) => itemOf(line, failed)) });
    } else if (blocks.at(-1)?.heading === null) blocks.at(-1)!.items.push(itemOf(part, failed));
    else blocks.push({ heading: null, items: [itemOf(part, failed)] });
  }
  return blocks
    .map(({ heading, items }) => ({ heading, items: items.filter(({ text }) => text !== "") }))
    .filter(({ items }) => items.length > 0);
}

function itemOf(line: SectionLine, failed: (wrong: string) => never): TextItem {
  const { text, rows = 0 } = typeof line === "string" ? { text: line } : (line ?? { text: null });
  if (typeof text !== "string" || !Number.isSafeInteger(rows) || rows < 0) failed(`an array that contains ${shown(line)}`);
  return { text: oneLine(text), rows };
}
