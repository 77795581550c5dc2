import type { Store } from "../store/store.js";
import { fail } from "../support/errors.js";
import { Counter, type Fitted, fitted, NOTHING, noneOf, rowsOf, wholeOf } from "./budget.js";
import { type Answer, type Around, type Asked, aroundOf, chatLine, userMessage } from "./chat.js";
import { Context, Shared } from "./context.js";
import { ownText } from "./document.js";
import { JsonLines } from "./formats/jsonl.js";
import { LumiaXml } from "./formats/lumia-xml.js";
import { MARKDOWN, markdownHead, markdownText } from "./formats/markdown.js";
import { MedalignXml } from "./formats/medalign-xml.js";
import { type Cutoff, Known, type TextRows } from "./known.js";
import { refuseModules, type TextOptions, type TextPlan, textPlanOf } from "./options.js";
import { isBudget, longest } from "./room.js";
import type { LatestValuesPlan } from "./sections/latest-values.js";
import { madeSections } from "./sections/sections.js";
import { Sink } from "./sink.js";
import { type SectionReport, TimelineText, type WrittenText } from "./text.js";
import { type CountTokens, tokenizerOf } from "./tokens.js";

/** The text of a timeline. */
export function textOf(rows: TextRows, cutoff: Cutoff, options: TextOptions): TimelineText {
  const { store } = rows._shard;
  const plan = textPlanOf(store, options);
  refuseModules(plan);
  const { content, ...facts } = new TextWriter(store, plan).write(rows, cutoff, null);
  return new TimelineText(rows.subjectId, cutoff.time, { content: typeof content === "string" ? content : content.slice(), ...facts });
}

/** Writes every row: the known ones from `known`, for the person of `context`. */
type WriteRows = (known: Known, context: Context, sink: Sink) => void;

type Written = WrittenText & { readonly content: string };

/** Writes texts of the patients of one store, one after another. */
export class TextWriter {
  private readonly shared: Shared;
  private readonly counter: Counter | null;
  private readonly isMeasured: (code: number) => boolean;
  private readonly sink = new Sink();
  /** Null for documents. */
  private readonly rows: WriteRows | null;

  constructor(
    store: Store,
    private readonly plan: TextPlan,
  ) {
    this.shared = new Shared(store, plan.names, plan.times);
    this.counter = plan.tokenizer === null ? null : new Counter(tokenizerOf(plan.tokenizer));
    const lists = plan.sections.filter((section): section is LatestValuesPlan => section.section === "latestValues");
    const tables = lists.map(({ concepts }) => this.shared.conceptsOf(concepts).byCode);
    this.isMeasured = (code) => tables.some((byCode) => byCode[code] !== undefined);
    this.rows = rowsWriter(plan.format, this.shared);
  }

  /** The text of the rows of a timeline: those that are known at the cut-off. In a chat, an instruction is the question. */
  write(line: TextRows, cutoff: Cutoff, label: Answer | null, asked: Asked | null = null): WrittenText {
    const known = new Known(line, cutoff, this.plan.roles);
    const context = new Context(known, this.shared, this.isMeasured, this.counter?.count ?? null);
    if (this.rows !== null) return this.records(context, this.rows);
    if (this.plan.format !== "chat") return this.document(context, null);
    const around = aroundOf(this.plan.chat, asked);
    const document = this.document(context, around);
    const time = cutoff.time === null || !context.hasDates ? null : this.shared.clock.iso(cutoff.time);
    return { ...document, content: chatLine(this.plan.chat, around, document.content, { subjectId: known.subjectId, time }, label, asked) };
  }

  /** `around`: what the prompt of a chat has besides the timeline, which the tokens count too. */
  private document(context: Context, around: Around | null): Written {
    const { counter, plan } = this;
    const { known } = context;
    const sections = plan.sections.flatMap((section) => madeSections(context, section));
    const { budget, format } = plan;
    const own = typeof format === "function" ? format : null;
    const head = own === null ? markdownHead(context) : "";
    const system = counter === null || around === null || around.system === null ? 0 : counter.of(around.system);
    const tokensOf = (content: string): number | null =>
      counter === null ? null : counter.ofText(around === null ? content : userMessage(around, content)) + system;
    const attempt = (parts: readonly Fitted[]): Written => {
      const content = own === null ? markdownText(head, parts) : ownText(own, context, parts);
      const kept = parts.reduce((sum, { blocks }) => sum + rowsOf(blocks), 0);
      return { content, tokens: tokensOf(content), rows: known.length, rowsKept: kept, sections: reportOf(parts) };
    };
    if (counter === null || budget === null) return attempt(sections.map(wholeOf));
    const about = `subject ${known.subjectId}`;
    const inRoom = (room: number) => {
      const parts = fitted(sections, room, MARKDOWN, counter, about);
      const written = attempt(parts);
      return { written, tokens: written.tokens!, isWhole: parts.every(({ leftOut }) => leftOut === NOTHING) };
    };
    if (own !== null) return longest(budget, inRoom, (tokens) => failBudget(budget, tokens, about)).written;
    const beside = around === null ? 0 : system + counter.of(userMessage(around, ""));
    // The tokens of a text are about the sum of those of its parts. Where they are more, less is written; where they
    // are fewer, the required sections alone may still have room.
    for (let room = Math.max(0, budget - beside - counter.of(head)); ; ) {
      let made: ReturnType<typeof inRoom>;
      try {
        made = inRoom(room);
      } catch (error) {
        const least = isBudget(error) ? attempt(sections.map((section) => (section.required ? wholeOf(section) : noneOf(section)))) : null;
        if (least !== null && least.tokens! <= budget) return least;
        if (least !== null && beside > 0) failBudget(budget, least.tokens!, about, beside);
        throw error;
      }
      const { written, tokens } = made;
      if (tokens <= budget) return written;
      if (room <= 0) failBudget(budget, tokens, about, beside);
      room = Math.max(0, room - (tokens - budget));
    }
  }

  private records(context: Context, write: WriteRows): WrittenText {
    const { counter, plan, sink } = this;
    const { known } = context;
    const text = (rows: Known): string => {
      write(rows, context, sink);
      return sink.takeText();
    };
    const facts = (kept: number, tokens: number | null) => ({ tokens, rows: known.length, rowsKept: kept, sections: [] });
    if (counter === null) {
      write(known, context, sink);
      return { content: sink.take(), ...facts(known.length, null) };
    }
    const { count } = counter;
    if (plan.budget === null) {
      const content = text(known);
      return { content, ...facts(known.length, count(content)) };
    }
    const { content, rows, tokens } =
      latestRows(known, text, count, plan.budget) ?? failBudget(plan.budget, count(text(known.last(0))), `subject ${known.subjectId}`);
    return { content, ...facts(rows, tokens) };
  }
}

function rowsWriter(format: TextPlan["format"], shared: Shared): WriteRows | null {
  if (format === "lumia-xml" || format === "medalign-xml") {
    const writer = format === "lumia-xml" ? new LumiaXml(shared) : new MedalignXml(shared);
    return (known, { person }, sink) => writer.write(known, person, sink);
  }
  const writer = new JsonLines(shared);
  if (format === "jsonl") return (known, _, sink) => writer.write(known, sink);
  return format === "jsonl-events" ? (known, _, sink) => writer.writeEvents(known, sink) : null;
}

/** The text of the most of the latest rows that fit; null where not even one without timed rows does. */
function latestRows(
  known: Known,
  text: (rows: Known) => string,
  count: CountTokens,
  budget: number,
): { readonly content: string; readonly rows: number; readonly tokens: number } | null {
  const timed = known.length - known.staticCount;
  let found: { readonly content: string; readonly rows: number; readonly tokens: number } | null = null;
  // Fits for `low` rows, does not for `high`. A row takes at least a few tokens, so the first guess is not far off.
  let [low, high, guess] = [-1, timed + 1, Math.min(timed, Math.ceil(budget / 8))];
  while (high - low > 1) {
    const content = text(known.last(guess));
    const tokens = count(content);
    if (tokens <= budget) {
      low = guess;
      found = { content, rows: known.staticCount + guess, tokens };
    } else high = guess;
    // By the tokens of a row so far, and in the middle where that says nothing new.
    const near = Math.floor((guess * budget) / Math.max(1, tokens));
    guess = near > low && near < high ? near : Math.floor((low + high) / 2);
  }
  return found;
}

/** `beside`: tokens of the question and the system message of a chat. */
function failBudget(budget: number, tokens: number, about: string, beside = 0): never {
  const of = beside === 0 ? "" : `, ${beside} of them for the question and the system message`;
  return fail(
    "MEDS_BUDGET",
    `The budget has ${budget} tokens, and the shortest text of ${about} takes ${tokens}${of}. Raise \`budget\` (--budget).`,
  );
}

function reportOf(parts: readonly Fitted[]): SectionReport[] {
  return parts.map(({ section: { name, heading, copies = 0 }, blocks, leftOut }) => ({
    name,
    heading,
    rows: rowsOf(blocks),
    blocksLeftOut: leftOut.blocks,
    itemsLeftOut: leftOut.items,
    rowsLeftOut: leftOut.rows,
    copies,
  }));
}
