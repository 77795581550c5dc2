// Texts as files: one text per file, all in one file, or a table.
import { existsSync, lstatSync, readdirSync } from "node:fs";
import { extname, resolve } from "node:path";
import type { LabelRow } from "../labels/labels.js";
import { conflict, expected, namesIn, oneOf, optionsOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { FolderAside } from "../support/folder-aside.js";
import { withIo } from "../support/io.js";
import { targetOf, type WritableLike, writePieces } from "../support/writable.js";
import { Clock } from "../text/clock.js";
import type { FormatName } from "../text/options.js";
import type { TextFacts } from "../text/text.js";
import type { LabelText } from "./label-text.js";
import { parquetOf } from "./table.js";
import { type TextOf, Texts } from "./texts.js";

/** Options of {@link writeTexts}. */
export interface WriteTextsOptions {
  /**
   * `texts`: one after another in one file. `files`: a folder with a file per text, named by subject and prediction
   * time. `jsonl`: a line of JSON per text, with its label and numbers. `parquet`: a table with the same. Default: by
   * the end of the path: `.parquet`, `.jsonl` (for formats that are not JSON), `files` for a path without an end, else
   * `texts`; `texts` for a stream.
   */
  readonly as?: "texts" | "files" | "jsonl" | "parquet" | undefined;
}

/** What {@link writeTexts} has written. */
export interface WrittenTextsReport {
  readonly texts: number;
  /** Bytes of the texts as UTF-8. */
  readonly bytes: number;
  /** Tokens of all texts, and of the longest; null without a tokenizer. */
  readonly tokens: number | null;
  readonly mostTokens: number | null;
  /** Known rows, those that texts show, and those that they do not show. */
  readonly rows: number;
  readonly rowsKept: number;
  readonly rowsLeftOut: number;
}

const AS = ["texts", "files", "jsonl", "parquet"] as const;

/** The end of the name of a file, by format. */
const ENDS: Readonly<Record<FormatName, string>> = {
  markdown: ".md",
  chat: ".jsonl",
  "lumia-xml": ".xml",
  "medalign-xml": ".xml",
  jsonl: ".jsonl",
  "jsonl-events": ".jsonl",
  own: ".txt",
};

/** What surrounds and separates several texts in one file, so that it is one document of XML. */
const AROUND: Readonly<Record<FormatName, readonly [before: string, between: string, after: string]>> = {
  markdown: ["", "\n---\n\n", ""],
  chat: ["", "", ""],
  "lumia-xml": ['<?xml version="1.0" encoding="UTF-8"?>\n<eventstreams>\n', "", "</eventstreams>\n"],
  "medalign-xml": ['<?xml version="1.0" encoding="UTF-8"?>\n<records>\n', "", "</records>\n"],
  jsonl: ["", "", ""],
  "jsonl-events": ["", "", ""],
  own: ["", "", ""],
};

/**
 * Writes texts to a file, a folder or a stream: as they are, as JSON lines or as a Parquet table with the columns
 * `subject_id`, `prediction_time`, `text`, `tokens`, `rows`, `rows_kept`, `rows_left_out`, `boolean_value`,
 * `integer_value`, `float_value`, `categorical_value` and `instruction_id`. A file is complete or does not exist.
 *
 * @throws MedsError The errors of the loop over {@link Texts}; `MEDS_STORE_EXISTS` for a folder that is not empty;
 * `MEDS_NOT_FOUND` where the folder of the file is missing; `MEDS_INVALID_ARGUMENT`; `MEDS_IO`; `MEDS_DISK_FULL`.
 * @example
 * ```ts
 * import { PatientDatabase, texts, writeTexts } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const written = await writeTexts(texts(db, [db.at(0)!.subjectId], { format: "lumia-xml" }), "first.xml");
 * console.log(written.texts, written.bytes);
 * db.close();
 * ```
 */
export async function writeTexts(list: Texts, to: string | WritableLike, options?: WriteTextsOptions): Promise<WrittenTextsReport> {
  if (!(list instanceof Texts)) expected("The first argument of writeTexts", list, "what texts(db, …) returns");
  const given = optionsOf(options) ?? {};
  namesIn("writeTexts", given, ["as"]);
  const target = targetOf("to", to);
  const as = asOf(target, given.as, list._format);
  const report = new Report();
  if (as === "files") {
    if (typeof target !== "string") conflict('`as: "files"` requires the path of a folder. Pass it, or choose another form.');
    await writeFiles(list, target, report);
  } else {
    const counted = report.counting(list);
    const pieces = as === "parquet" ? parquetOf(counted) : as === "jsonl" ? jsonLines(counted) : joined(counted, list._format);
    await writePieces(pieces, target, list._signal, "The texts were cancelled.");
  }
  return report.result();
}

function asOf(target: string | object, as: WriteTextsOptions["as"], format: FormatName): (typeof AS)[number] {
  if (as !== undefined) return oneOf("as", as, AS);
  if (typeof target !== "string") return "texts";
  const end = extname(target).toLowerCase();
  if (end === ".parquet") return "parquet";
  if (end === ".jsonl") return ENDS[format] === ".jsonl" ? "texts" : "jsonl";
  return end === "" || withIo(target, () => lstatSync(target, { throwIfNoEntry: false }))?.isDirectory() ? "files" : "texts";
}

/** Counts what passes. */
class Report {
  private readonly sums = { texts: 0, bytes: 0, rows: 0, rowsKept: 0, rowsLeftOut: 0 };
  private tokens: number | null = null;
  private mostTokens: number | null = null;

  async *counting(list: Texts): AsyncGenerator<LabelText> {
    for await (const text of list) {
      this.add(text, text.bytes.length);
      yield text;
    }
  }

  add({ tokens, rows, rowsKept }: TextFacts, bytes: number): void {
    const { sums } = this;
    sums.texts += 1;
    sums.bytes += bytes;
    sums.rows += rows;
    sums.rowsKept += rowsKept;
    sums.rowsLeftOut += rows - rowsKept;
    if (tokens !== null) {
      this.tokens = (this.tokens ?? 0) + tokens;
      this.mostTokens = Math.max(this.mostTokens ?? 0, tokens);
    }
  }

  result(): WrittenTextsReport {
    return { ...this.sums, tokens: this.tokens, mostTokens: this.mostTokens };
  }
}

async function* joined(texts: AsyncIterable<LabelText>, format: FormatName): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const [before, between, after] = AROUND[format].map((part) => encoder.encode(part)) as [Uint8Array, Uint8Array, Uint8Array];
  if (before.length > 0) yield before;
  let isFirst = true;
  for await (const { bytes } of texts) {
    if (!isFirst && between.length > 0) yield between;
    isFirst = false;
    yield bytes;
  }
  if (after.length > 0) yield after;
}

/** A text and its label as a line. 64-bit integers keep all digits. */
async function* jsonLines(texts: AsyncIterable<LabelText>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const clock = new Clock();
  for await (const { subjectId, predictionTime, label, instruction, text, tokens, rows, rowsKept, rowsLeftOut } of texts) {
    const members = [`"subject_id":${subjectId}`];
    if (predictionTime !== null) members.push(`"prediction_time":"${clock.iso(predictionTime)}"`);
    members.push(...labelMembers(label));
    if (instruction !== null) members.push(`"instruction_id":${JSON.stringify(instruction.id)}`);
    if (tokens !== null) members.push(`"tokens":${tokens}`);
    members.push(`"rows":${rows},"rows_kept":${rowsKept},"rows_left_out":${rowsLeftOut},"text":${JSON.stringify(text)}`);
    yield encoder.encode(`{${members.join(",")}}\n`);
  }
}

function labelMembers(label: LabelRow | null): string[] {
  if (label === null) return [];
  const { booleanValue, integerValue, floatValue, categoricalValue } = label;
  const members: string[] = [];
  if (booleanValue !== null) members.push(`"boolean_value":${booleanValue}`);
  if (integerValue !== null) members.push(`"integer_value":${integerValue}`);
  if (floatValue !== null) members.push(`"float_value":${Number.isFinite(floatValue) ? floatValue : JSON.stringify(String(floatValue))}`);
  if (categoricalValue !== null) members.push(`"categorical_value":${JSON.stringify(categoricalValue)}`);
  return members;
}

/** Writes a file per text into a new folder, which is complete or does not exist. */
async function writeFiles(list: Texts, path: string, report: Report): Promise<void> {
  const target = resolve(path);
  checkFree(target, path);
  const folder = withIo(path, () => new FolderAside(target));
  try {
    for await (const fact of list._files(folder.made, path, fileNames(ENDS[list._format]))) report.add(fact, fact.size);
    withIo(path, () => folder.move());
  } catch (error) {
    folder.remove();
    throw error;
  }
}

/** Returns a function that names the file of a text, by subject and prediction time. */
function fileNames(end: string): (of: TextOf) => string {
  const names = new Set<string>();
  const clock = new Clock();
  return ({ subjectId, label }) => {
    const stem = label === null ? String(subjectId) : `${subjectId}_${clock.iso(label.predictionTime).replace(/[-:]/g, "")}`;
    let name = stem;
    // Two labels of a task may have the same time.
    for (let i = 2; names.has(name); i += 1) name = `${stem}_${i}`;
    names.add(name);
    return name + end;
  };
}

function checkFree(target: string, path: string): void {
  if (!existsSync(target)) return;
  const isEmpty = lstatSync(target).isDirectory() && readdirSync(target).length === 0;
  if (!isEmpty)
    fail("MEDS_STORE_EXISTS", `${path}: this already exists and is not an empty folder. Choose another path, or remove it.`, path);
}
