import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  demographics,
  generalEvents,
  Instructions,
  Labels,
  latestValues,
  MedsError,
  notes,
  PatientDatabase,
  type Section,
  type TextFormat,
  type TextTimes,
  texts,
  visitList,
  visits,
  type WriteTextsOptions,
  writeTexts,
} from "../index.js";
import { count, texts as listed, names, time } from "./arguments.js";
import { cohortOf } from "./cohort.js";
import { json, number, plural, seconds } from "./format.js";
import { instructionsLeftOut, labelsLeftOut } from "./left-out.js";
import { jsonOption, threadsOption } from "./options.js";
import { interruptible, visible } from "./report.js";

interface Options {
  readonly out: string;
  readonly as?: WriteTextsOptions["as"];
  readonly format: TextFormat | URL;
  readonly labels?: string;
  readonly instructions?: string;
  readonly at?: bigint;
  readonly exclusive?: boolean;
  readonly split?: string;
  readonly ids?: string;
  readonly budget?: number;
  readonly tokenizer?: string;
  readonly times: "absolute" | "shift" | "relative" | "age" | "none";
  readonly shiftTo: string;
  readonly sections?: readonly string[];
  readonly concepts?: string;
  readonly notes?: number;
  readonly noteTokens?: number;
  readonly noteType?: readonly string[];
  readonly names?: string;
  readonly system?: string;
  readonly question?: string;
  readonly threads: number;
  readonly json?: boolean;
}

/** All formats: the type requires each. */
const FORMATS = Object.keys({
  markdown: true,
  chat: true,
  "lumia-xml": true,
  "medalign-xml": true,
  jsonl: true,
  "jsonl-events": true,
} satisfies Record<TextFormat, true>) as TextFormat[];

/** Whether texts of this format are made of sections. */
const isDocument = (format: Options["format"]): boolean => typeof format !== "string" || format === "markdown" || format === "chat";

/** The sections that can be named, and how each is made. */
const SECTIONS: Readonly<Record<string, (options: Options) => Section>> = {
  demographics: () => demographics(),
  "latest-values": ({ concepts }) => latestValues({ concepts }),
  "visit-list": () => visitList(),
  "general-events": () => generalEvents(),
  visits: () => visits(),
  notes: ({ notes: newest, noteTokens: maxTokens, noteType: types }) => notes({ newest, maxTokens, types }),
};
/** Those of a text where none is named. */
const USUAL = Object.keys(SECTIONS).filter((name) => name !== "notes");

/** `meds-reader text STORE`. */
export function textCommand(): Command {
  return new Command("text")
    .summary("write timelines as text: prompts in Markdown, XML, JSON")
    .description(
      "Writes timelines as text for language models and viewers. With --labels: one text per label, as known at its prediction time. With --instructions: one text per instruction, as known at its time. Otherwise one text per patient. Nothing after the prediction time has an influence on a text.",
    )
    .argument("<store>", "the store's folder")
    .requiredOption(
      "--out <path>",
      "a file with all texts; a .parquet or .jsonl file with a row or line per text, its label and its numbers of tokens and rows; a folder with a file per text; or - for stdout",
    )
    .addOption(
      new Option("--as <form>", "the form of the output, if the path does not say it").choices(["texts", "files", "jsonl", "parquet"]),
    )
    .addOption(
      new Option(
        "--format <name>",
        "markdown: sections; chat: the same as JSON of chat messages; lumia-xml, medalign-xml: every row as XML; jsonl, jsonl-events: every row as JSON; or the path of a .js, .mjs or .ts file whose default export is a function from the sections to the text",
      )
        .choices(FORMATS)
        .argParser(format)
        .default("markdown"),
    )
    .option("--labels <path>", "labels of a task: one text per label")
    .option(
      "--instructions <path>",
      "instructions of clinicians: a CSV or TSV file, or a folder of them, as of MedAlign. One text per instruction; with --format chat, the instruction is the question",
    )
    .option("--at <time>", "without --labels and --instructions: the prediction time of all patients (UTC), such as 2012-05-17", time)
    .option("--exclusive", "leave out what happens at exactly the prediction time")
    .option("--split <name>", "only patients in this split")
    .option("--ids <file>", "only patients in this file: one subject id per line, or the column subject_id of a .csv or .parquet file")
    .option(
      "--budget <n>",
      "the most tokens of a text (with --format chat: of system message, timeline and question together); requires --tokenizer",
      count,
    )
    .option(
      "--tokenizer <name>",
      'what counts tokens: an encoding such as o200k_base (package gpt-tokenizer), the path of a tokenizer.json (package @huggingface/tokenizers), or "approximate" (a token for three bytes)',
    )
    .addOption(
      new Option(
        "--times <how>",
        "how times are written: as they are; shifted so that the prediction time is on the day --shift-to; as days before the prediction time; as ages; not at all",
      )
        .choices(["absolute", "shift", "relative", "age", "none"])
        .default("absolute"),
    )
    .option("--shift-to <day>", "with --times shift: the day of the prediction time", "2024-01-01")
    .option(
      "--sections <names>",
      `the sections of markdown and chat, in order: names of ${Object.keys(SECTIONS).join(", ")}, separated by commas (default: all but notes)`,
      names,
    )
    .option("--concepts <file>", "what the latest values are: a JSON file as data/concepts.json of this package")
    .option("--notes <n>", "the section notes has the newest n notes (default: 5); it comes last where --sections does not name it", count)
    .option("--note-type <text>", "with notes: only notes of this type: a code, or a part of its name; can be repeated", listed)
    .option("--note-tokens <n>", "with notes: cut each note after about this many tokens", count)
    .option("--names <file>", "names of codes: a JSON file with an object, code to name")
    .option("--system <text>", "with --format chat: the message of the role system")
    .option("--question <text>", "with --format chat: what follows the timeline in the message of the role user")
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader text ehrshot.medsdb --labels labels/guo_icu --budget 4096 --tokenizer o200k_base --out prompts.parquet
  meds-reader text ehrshot.medsdb --labels labels/guo_icu --exclusive --format chat --system "You are a clinician." --question "ICU? yes or no" --out chat.jsonl
  meds-reader text medalign.medsdb --format lumia-xml --split held_out --threads 2 --out timelines/ --json
  meds-reader text medalign.medsdb --at 2019 --sections demographics,notes,visits --budget 4096 --tokenizer approximate --out prompts/
  meds-reader text medalign.medsdb --ids patients.txt --at 2019 --notes 5 --note-type radiology --note-tokens 800 --tokenizer approximate --out -
  meds-reader text mimic.medsdb --times shift --shift-to 2020-01-01 --at 2150 --sections demographics,visits --out texts.md --as texts
  meds-reader text medalign.medsdb --instructions medalign/ --format chat --budget 8000 --tokenizer cl100k_base --out chat.jsonl
  meds-reader text medalign.medsdb --split train --format ./discharge.mjs --out texts.txt --as texts
  meds-reader text mimic.medsdb --concepts concepts.json --names names.json --out texts.jsonl`,
    )
    .action(run);
}

async function run(store: string, options: Options, command: Command): Promise<void> {
  check(options, command);
  const start = performance.now();
  const sections = sectionsOf(options, command);
  const codeNames = options.names === undefined ? undefined : namesIn(options.names);
  const db = PatientDatabase.open(store);
  try {
    const { out, as } = options;
    const source = await sourceOf(options);
    const cohort = await cohortOf(db, options, source !== undefined);
    const toStdout = out === "-";
    const written = await interruptible(async (signal) => {
      const list = texts(cohort, source, { ...textOptions(options, sections), names: codeNames, signal });
      const said = [
        ...(list.report === null ? [] : labelsLeftOut(list.report, source instanceof Labels ? source : undefined)),
        ...(source instanceof Instructions ? instructionsLeftOut(source.report, source.of(cohort)) : []),
      ];
      if (said.length > 0) process.stderr.write(`${said.join("; ")}\n`);
      return writeTexts(list, toStdout ? process.stdout : out, { as });
    });
    const stream = toStdout ? process.stderr : process.stdout;
    const summary = { out, ...written, seconds: (performance.now() - start) / 1000 };
    if (options.json === true) stream.write(`${json(summary)}\n`);
    else stream.write(`${lines(summary).join("\n")}\n`);
  } finally {
    db.close();
  }
}

/** The labels or instructions; undefined for patients. */
async function sourceOf({ labels, instructions }: Options): Promise<Labels | Instructions | undefined> {
  if (labels !== undefined) return Labels.open(labels);
  return instructions === undefined ? undefined : Instructions.open(instructions);
}

/** A format by its name, or the URL of the module that is one. */
function format(text: string): TextFormat | URL {
  if ((FORMATS as readonly string[]).includes(text)) return text as TextFormat;
  if (!/\.m?[jt]s$/.test(text))
    throw new InvalidArgumentError(`It must be one of ${FORMATS.join(", ")}, or the path of a .js, .mjs or .ts file.`);
  return pathToFileURL(resolve(text));
}

/** Combinations that would silently do nothing. */
function check(
  {
    labels,
    instructions,
    at,
    exclusive,
    times,
    budget,
    tokenizer,
    noteTokens,
    notes: newest,
    format,
    sections,
    concepts,
    ...rest
  }: Options,
  command: Command,
): void {
  const sources = [labels, instructions, at].filter((source) => source !== undefined).length;
  if (sources > 1) command.error("error: --labels, --instructions and --at cannot be combined: each says what the prediction times are");
  if (sources === 0 && exclusive === true)
    command.error("error: --exclusive requires --labels, --instructions or --at: without them there is no prediction time");
  if (sources === 0 && (times === "shift" || times === "relative"))
    command.error(`error: --times ${times} requires --labels, --instructions or --at: without them there is no prediction time`);
  if (instructions !== undefined && rest.question !== undefined)
    command.error("error: --question cannot be combined with --instructions, which are the questions");
  if (budget !== undefined && tokenizer === undefined)
    command.error("error: --budget requires --tokenizer, which says what a token is: for example o200k_base, or approximate");
  const hasNotes = newest !== undefined || sections?.includes("notes") === true;
  if (noteTokens !== undefined && !hasNotes) command.error("error: --note-tokens requires --notes N");
  if (rest.noteType !== undefined && !hasNotes) command.error("error: --note-type requires --notes N");
  if (noteTokens !== undefined && tokenizer === undefined) command.error("error: --note-tokens requires --tokenizer");
  if (!isDocument(format) && (sections !== undefined || concepts !== undefined || newest !== undefined))
    command.error(`error: --sections, --concepts and --notes are for --format markdown and chat; ${format} has every row`);
  if (format !== "chat" && (rest.system !== undefined || rest.question !== undefined))
    command.error("error: --system and --question are for --format chat");
}

function sectionsOf(options: Options, command: Command): Section[] | undefined {
  const { sections: chosen = USUAL, notes: newest, format } = options;
  if (!isDocument(format)) return undefined;
  const wanted = newest === undefined || chosen.includes("notes") ? chosen : [...chosen, "notes"];
  return wanted.map((name) => {
    const make = SECTIONS[name];
    return make === undefined
      ? command.error(`error: ${name} is not a section. The sections are ${Object.keys(SECTIONS).join(", ")}`)
      : make(options);
  });
}

function textOptions(
  { format, budget, tokenizer, times, shiftTo, at, exclusive, system, question, threads }: Options,
  sections: Section[] | undefined,
) {
  const written: TextTimes = times === "shift" ? { shiftTo } : times;
  return {
    format,
    sections,
    budget,
    tokenizer,
    times: written,
    at,
    inclusive: exclusive === true ? false : undefined,
    chat: format === "chat" ? { system, question } : undefined,
    threads: threads === 0 ? undefined : threads,
  };
}

function namesIn(path: string): Record<string, string> {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new MedsError(
      "MEDS_IO",
      `${path}: the names cannot be read: ${(cause as Error).message}. Pass a JSON file with an object, code to name.`,
      {
        path,
        cause,
      },
    );
  }
  return found as Record<string, string>;
}

function lines(summary: Awaited<ReturnType<typeof writeTexts>> & { readonly out: string; readonly seconds: number }): string[] {
  const { texts: count, rows, rowsKept, tokens, mostTokens, bytes } = summary;
  const found = [`${plural(count, "text")}, ${number(bytes)} bytes`];
  if (summary.out !== "-") found.push(`  to     ${visible(summary.out)}`);
  found.push(`  rows   ${number(rowsKept)} of ${number(rows)} known rows are shown`);
  if (tokens !== null && mostTokens !== null) found.push(`  tokens ${number(tokens)}, at most ${number(mostTokens)} per text`);
  found.push(`  time   ${seconds(summary.seconds)}`);
  return found;
}
