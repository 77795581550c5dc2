import { Buffer } from "node:buffer";

/** What a text says of a section. */
export interface SectionReport {
  /** The function that the section is from, such as `visits`; the name of a section of your own. */
  readonly name: string;
  readonly heading: string;
  /** Rows that it shows. */
  readonly rows: number;
  /** What the budget left out: whole blocks (visits, notes), items of others, and the rows of both. */
  readonly blocksLeftOut: number;
  readonly itemsLeftOut: number;
  readonly rowsLeftOut: number;
  /** Paragraphs of notes in whose place is a mark, because a newer note has them, too. */
  readonly copies: number;
}

/** The numbers of a text. */
export interface TextFacts {
  /** Tokens of the text, with `chat` of the system message, the timeline and the question; null without a tokenizer. */
  readonly tokens: number | null;
  /** Rows that were known. */
  readonly rows: number;
  /** Rows that the text shows. */
  readonly rowsKept: number;
  /** The sections of a document; empty for formats with every row. */
  readonly sections: readonly SectionReport[];
}

/** A text, as a string or as UTF-8. The bytes of a writer are overwritten by its next text. */
export interface WrittenText extends TextFacts {
  readonly content: Uint8Array | string;
}

/** A timeline as text: {@link Timeline.toText} returns it. */
export class TimelineText implements TextFacts {
  readonly subjectId: bigint;
  /** No later row has an influence on the text. Microseconds since 1970-01-01; null without a cut-off. */
  readonly cutoff: bigint | null;
  readonly tokens: number | null;
  readonly rows: number;
  readonly rowsKept: number;
  readonly sections: readonly SectionReport[];
  private readonly content: Uint8Array | string;

  /** @internal */
  constructor(subjectId: bigint, cutoff: bigint | null, { content, tokens, rows, rowsKept, sections }: WrittenText) {
    this.subjectId = subjectId;
    this.cutoff = cutoff;
    this.content = content;
    this.tokens = tokens;
    this.rows = rows;
    this.rowsKept = rowsKept;
    this.sections = sections;
  }

  /** Known rows that the text does not show: earlier values, what no section shows, and what the budget left out. */
  get rowsLeftOut(): number {
    return this.rows - this.rowsKept;
  }

  /** The text. */
  get text(): string {
    const { content } = this;
    return typeof content === "string" ? content : Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString("utf8");
  }

  /** The text as UTF-8, for files. */
  get bytes(): Uint8Array {
    return typeof this.content === "string" ? Buffer.from(this.content, "utf8") : this.content;
  }

  /** The text, so that `${timeline.toText()}` is the text. */
  toString(): string {
    return this.text;
  }
}
