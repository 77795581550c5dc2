import type { Store } from "../store/store.js";
import { conflict, expected, INT32_MAX, oneOf, shown, wholeOf } from "../support/arguments.js";
import type { TimeLike } from "../support/time.js";
import { type ChatOptions, type ChatPlan, chatPlanOf } from "./chat.js";
import { type TextTimes, type TimesPlan, timesOf } from "./clock.js";
import type { WriteText } from "./document.js";
import { type CodeNames, namesOf } from "./names.js";
import { loaded, type Own, ownOf } from "./own.js";
import { type Roles, rolesOf, type TextColumns } from "./roles.js";
import { titleOf } from "./sections/custom.js";
import { SECTION_NAMES, type Section, usualSections } from "./sections/sections.js";
import type { Tokenizer } from "./tokens.js";

/** The formats of texts. */
export const FORMATS = ["markdown", "chat", "lumia-xml", "medalign-xml", "jsonl", "jsonl-events"] as const;
export type TextFormat = (typeof FORMATS)[number];

/** Options of every text. */
export interface TextOptions {
  /**
   * `markdown` (the default): sections with headings. `chat`: the same, as JSON of chat messages. `lumia-xml`: every
   * known row, in encounters. `medalign-xml`: the same in the elements of MedAlign's sample. `jsonl`: the same as one line
   * of JSON per patient; `jsonl-events`: per row. With a `budget`, these keep the latest rows.
   *
   * A format of your own: a function from the sections to the text, or the URL of a module whose default export it is,
   * `new URL("./format.mjs", import.meta.url)`. Worker threads import the module; a function runs in the caller's thread
   * only. If a `budget` is short, it is called several times for a text, with more or less.
   */
  readonly format?: TextFormat | WriteText | { readonly href: string } | undefined;
  /** The sections of `markdown`, `chat` and formats of your own, in order. Default: all but notes. */
  readonly sections?: readonly Section[] | undefined;
  /** With `chat`: what surrounds the timeline. */
  readonly chat?: ChatOptions | undefined;
  /**
   * The most tokens of a text; with `chat` of the whole prompt: system message, timeline and question (the answer, and
   * what a model puts around messages, are not counted). Requires `tokenizer`. Default: no limit.
   */
  readonly budget?: number | undefined;
  /** How tokens are counted. Default: not at all. */
  readonly tokenizer?: Tokenizer | undefined;
  /** How times are written. Default: `absolute`. Formats with records are `absolute` or shifted. */
  readonly times?: TextTimes | undefined;
  /** Names of codes, which take precedence over the descriptions of codes.parquet. */
  readonly names?: CodeNames | undefined;
  /** Which columns of the data have which meaning. Default: `table`, `end`, `visit_id`, `hadm_id`, `text_value`, …. */
  readonly columns?: TextColumns | undefined;
}

/** Options of {@link Timeline.toText}. */
export interface ToTextOptions extends TextOptions {
  /**
   * The prediction time: the text has the rows up to this time, and says nothing that became known later. Without it,
   * the text of a patient has all rows, and that of another timeline is as of the time of its last row.
   */
  readonly at?: TimeLike | undefined;
  /** Whether what happens at exactly this time is known. Default: true. */
  readonly inclusive?: boolean | undefined;
}

export const TEXT_OPTIONS: readonly string[] = ["format", "sections", "chat", "budget", "tokenizer", "times", "names", "columns"];

/** Checked options. All but the functions of the caller is plain data. */
export interface TextPlan {
  readonly format: TextFormat | Own<WriteText>;
  readonly sections: readonly Section[];
  readonly chat: ChatPlan;
  readonly budget: number | null;
  readonly tokenizer: Tokenizer | null;
  readonly times: TimesPlan;
  readonly names: ReadonlyMap<string, string>;
  readonly roles: Roles;
}

/** The name of a format; `own` for one of the caller's own. */
export type FormatName = TextFormat | "own";

/** Whether texts of this format are made of sections. */
export function isDocument(format: TextPlan["format"]): boolean {
  return typeof format !== "string" || format === "markdown" || format === "chat";
}

/** The option that has a function of the caller, which no other thread can call; null where none has. */
export function ownFunctionIn({ tokenizer, format, sections }: TextPlan): string | null {
  if (typeof tokenizer === "function") return "`tokenizer`";
  if (typeof format === "function") return "`format`";
  const own = sections.find((section) => section.section === "custom" && typeof section.write === "function");
  return own === undefined ? null : "`write` of a section";
}

/** The same plan without modules: their functions are loaded. */
export async function loadedPlan(plan: TextPlan): Promise<TextPlan> {
  const format = typeof plan.format === "string" ? plan.format : await loaded(plan.format, "The format", "document");
  const sections: Section[] = [];
  for (const section of plan.sections)
    sections.push(
      section.section === "custom" ? { ...section, write: await loaded(section.write, titleOf(section.name), "known") } : section,
    );
  return { ...plan, format, sections };
}

/** Refuses modules where a text is wanted at once: they load later. */
export function refuseModules({ format, sections }: TextPlan): void {
  const isModule = sections.some((section) => section.section === "custom" && typeof section.write !== "function");
  const name = typeof format === "object" ? "format" : isModule ? "write" : null;
  if (name !== null)
    conflict(`\`${name}\` is a module, which toText() cannot load: it returns at once. Pass the function, or use texts().`);
}

export function textPlanOf(store: Store, given: TextOptions): TextPlan {
  const format = formatOf(given.format);
  const times = timesOf(given.times);
  if (!isDocument(format)) {
    if (given.sections !== undefined)
      conflict(`\`sections\` are not available with format "${format}", which has every row. Remove one of them.`);
    if (times.kind !== "absolute" && times.kind !== "shift")
      conflict(`Format "${format}" has the time of each row. \`times\` must be "absolute" or { shiftTo } there.`);
  }
  if (given.chat !== undefined && format !== "chat")
    conflict(`\`chat\` is for format "chat", and the format is ${shown(format)}. Remove one of them.`);
  if (given.budget !== undefined && given.tokenizer === undefined)
    conflict('`budget` requires `tokenizer`, which says what a token is. Set it, for example to "o200k_base", or to "approximate".');
  return {
    format,
    sections: sectionsOf(given.sections),
    chat: chatPlanOf(given.chat),
    budget: given.budget === undefined ? null : wholeOf("budget", given.budget, 1, INT32_MAX),
    tokenizer: given.tokenizer ?? null,
    times,
    names: namesOf(given.names),
    roles: rolesOf(store, given.columns),
  };
}

function formatOf(given: TextOptions["format"]): TextPlan["format"] {
  if (typeof given === "function" || (typeof given === "object" && given !== null)) return ownOf("format", given);
  return oneOf("format", given, FORMATS);
}

function sectionsOf(given: readonly Section[] | undefined): readonly Section[] {
  if (given === undefined) return usualSections();
  if (!Array.isArray(given)) expected("sections", given, "an array such as [demographics(), visits()]");
  for (const section of given as readonly (Section | undefined)[])
    if (section === undefined || !SECTION_NAMES.includes(section.section))
      conflict(
        `\`sections\` contains ${shown(section)}, which is not a section. The sections are ${SECTION_NAMES.map((name) => `${name}()`).join(", ")}.`,
      );
  return given as readonly Section[];
}
