import type { Store } from "../store/store.js";
import { fail } from "../support/errors.js";
import { Counter, type Fitted, fitted, rowsOf, wholeOf } from "./budget.js";
import { Context, Shared } from "./context.js";
import { LumiaXml } from "./formats/lumia-xml.js";
import { MARKDOWN, markdownHead, markdownText } from "./formats/markdown.js";
import { type Cutoff, Known, type TextRows } from "./known.js";
import { type TextOptions, type TextPlan, textPlanOf } from "./options.js";
import type { LatestValuesPlan } from "./sections/latest-values.js";
import { madeSections } from "./sections/sections.js";
import { Sink } from "./sink.js";
import { type SectionReport, TimelineText, type WrittenText } from "./text.js";
import { tokenizerOf } from "./tokens.js";

/** The text of a timeline. */
export function textOf(rows: TextRows, cutoff: Cutoff, options: TextOptions): TimelineText {
  const { store } = rows._shard;
  const written = new TextWriter(store, textPlanOf(store, options)).write(rows, cutoff);
  return new TimelineText(rows.subjectId, cutoff.time, written);
}

/** Writes texts of the patients of one store, one after another. */
export class TextWriter {
  private readonly shared: Shared;
  private readonly counter: Counter | null;
  private readonly isMeasured: (code: number) => boolean;
  private readonly sink = new Sink();
  private readonly lumia: LumiaXml;

  constructor(
    store: Store,
    private readonly plan: TextPlan,
  ) {
    this.shared = new Shared(store, plan.names, plan.times);
    this.counter = plan.tokenizer === null ? null : new Counter(tokenizerOf(plan.tokenizer));
    const lists = plan.sections.filter((section): section is LatestValuesPlan => section.section === "latestValues");
    const tables = lists.map(({ concepts }) => this.shared.conceptsOf(concepts).byCode);
    this.isMeasured = (code) => tables.some((byCode) => byCode[code] !== undefined);
    this.lumia = new LumiaXml(this.shared);
  }

  /** The text of the rows of a timeline: those that are known at the cut-off. */
  write(line: TextRows, cutoff: Cutoff): WrittenText {
    const known = new Known(line, cutoff, this.plan.roles);
    const context = new Context(known, this.shared, this.isMeasured, this.counter?.count ?? null);
    return this.plan.format === "markdown" ? this.document(context) : this.records(context);
  }

  private document(context: Context): WrittenText {
    const { plan, counter } = this;
    const { known } = context;
    const sections = plan.sections.flatMap((section) => madeSections(context, section));
    const head = markdownHead(context);
    const about = `subject ${known.subjectId}`;
    // The tokens of a text are about those of its parts. Where they are more, less is written.
    for (let room = plan.budget ?? Number.POSITIVE_INFINITY, excess = 0; ; room -= excess) {
      const own = counter === null || plan.budget === null ? 0 : counter.of(head);
      const parts = counter === null || plan.budget === null ? sections.map(wholeOf) : fitted(sections, room - own, MARKDOWN, counter, about);
      const text = markdownText(head, parts);
      const tokens = counter === null ? null : counter.count(text);
      excess = tokens === null || plan.budget === null ? 0 : Math.max(0, tokens - plan.budget);
      if (excess === 0) {
        const rows = parts.reduce((sum, { blocks }) => sum + rowsOf(blocks), 0);
        return { content: text, tokens, rows: known.length, rowsKept: rows, sections: reportOf(parts) };
      }
      if (room <= excess) fail("MEDS_BUDGET", `The budget has ${plan.budget} tokens, and the shortest text of ${about} takes ${tokens}. Raise \`budget\` (--budget).`);
    }
  }

  private records({ known }: Context): WrittenText {
    this.lumia.write(known, this.sink);
    const content = this.counter === null ? this.sink.take() : this.sink.takeText();
    const tokens = typeof content === "string" ? this.counter!.count(content) : null;
    return { content, tokens, rows: known.length, rowsKept: known.length, sections: [] };
  }
}

function reportOf(parts: readonly Fitted[]): SectionReport[] {
  return parts.map(({ section: { name, heading }, blocks, leftOut }) => ({
    name,
    heading: heading.replace(/^#+ /, ""),
    rows: rowsOf(blocks),
    blocksLeftOut: leftOut.blocks,
    itemsLeftOut: leftOut.items,
    rowsLeftOut: leftOut.rows,
  }));
}
