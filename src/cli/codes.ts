import { Command } from "commander";
import { type Code, type CodeRange, MedsError, PatientDatabase } from "../index.js";
import { count } from "./arguments.js";
import { colour, cut, json, number, plural, print, table } from "./format.js";
import { jsonOption } from "./options.js";
import { visible } from "./report.js";

interface Options {
  readonly prefix?: string;
  readonly limit: number;
  readonly json?: boolean;
}

const TEXT_WIDTH = 60;

/** `meds-reader codes STORE [TEXT]`. */
export function codesCommand(): Command {
  return new Command("codes")
    .summary("search the codes of a store")
    .description(
      "Prints the codes of a store with their descriptions, and how many events and patients have them. With a text: the codes that contain all its words, in their code or description, the best first. Without: all codes, those with the most events first.",
    )
    .argument("<store>", "the store's folder")
    .argument("[text]", 'words in any order, upper or lower case; or a prefix that ends in *, such as "LAB//*"')
    .option("--prefix <prefix>", "only codes that start with this text")
    .option("--limit <n>", "at most this many codes; 0 for all", count, 50)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader codes mimic.medsdb creatinine
  meds-reader codes mimic.medsdb "heart failure" --prefix DIAGNOSIS// --limit 10
  meds-reader codes mimic.medsdb "LAB//*" --limit 0 --json`,
    )
    .action(run);
}

function run(store: string, text: string | undefined, options: Options): void {
  const db = PatientDatabase.open(store);
  try {
    const found = codesOf(db, text, options.prefix);
    const shown = options.limit === 0 ? found : found.slice(0, options.limit);
    print(options.json === true ? json(shown.map(({ parents: _, ...code }) => code)) : [...lines(shown), ...rest(found, shown)]);
  } finally {
    db.close();
  }
}

/** The codes that a text and a prefix select. */
function codesOf(db: PatientDatabase, text: string | undefined, prefix: string | undefined): Code[] {
  const within = prefix === undefined ? db.codes.withPrefix("") : prefixes(db, [prefix])[0]!;
  let found: Code[];
  if (text === undefined || (text.endsWith("*") && db.codes.id(text) === undefined)) {
    const range = text === undefined ? within : prefixes(db, [text])[0]!;
    found = Array.from(range, (id) => db.codes.get(id) as Code).sort((a, b) => b.events - a.events || a.id - b.id);
  } else found = db.codes.search(text, { limit: db.codes.size });
  found = found.filter(({ id }) => within.has(id));
  if (found.length === 0 && text !== undefined)
    failNoCode(db, `contains ${JSON.stringify(text)}${prefix === undefined ? "" : ` and starts with ${JSON.stringify(prefix)}`}`, text);
  return found;
}

function lines(codes: readonly Code[]): string[] {
  const cells = codes.map(({ code, description, events, patients }) => [
    number(events),
    number(patients),
    visible(code),
    cut(visible((description ?? "").replace(/\s+/g, " ")), TEXT_WIDTH),
  ]);
  const [head, ...body] = table([["events", "patients", "code", "description"], ...cells], [0, 1]);
  return [colour.bold(head!), ...body];
}

function rest(found: readonly Code[], shown: readonly Code[]): string[] {
  const more = found.length - shown.length;
  return more === 0 ? [] : ["", `${plural(more, "more code")} (--limit ${found.length} shows all)`];
}

/** The codes that begin with each of some texts. A star at the end is allowed, as in programs. */
export function prefixes(db: PatientDatabase, texts: readonly string[]): CodeRange[] {
  return texts.map((text) => {
    const isCode = db.codes.id(text) !== undefined;
    const prefix = text.endsWith("*") && !isCode ? text.slice(0, -1) : text;
    const range = db.codes.withPrefix(prefix);
    return range.length > 0 ? range : failNoCode(db, `starts with ${JSON.stringify(prefix)}`, prefix);
  });
}

/**
 * The codes that some texts choose, as in programs: a code, or a prefix that ends in `*`. A prefix that ends in
 * `//`, which no code does, needs no star.
 */
export function chosen(db: PatientDatabase, texts: readonly string[]): (CodeRange | number)[] {
  return texts.flatMap((text): (CodeRange | number)[] => {
    const id = db.codes.id(text);
    if (id !== undefined) return [id];
    return text.endsWith("*") || text.endsWith("//") ? prefixes(db, [text]) : failNoCode(db, `is ${JSON.stringify(text)}`, text);
  });
}

/** Throws `MEDS_NO_CODE`. */
function failNoCode(db: PatientDatabase, what: string, text: string): never {
  const near = db.codes.nearest(text).map((code) => JSON.stringify(code));
  const hint = near.length === 0 ? "" : ` The nearest ${near.length === 1 ? "is" : "are"} ${near.join(", ")}.`;
  const message = `${db.path}: no code of the store ${what}.${hint} Check the spelling, or search for a word: meds-reader codes STORE TEXT.`;
  throw new MedsError("MEDS_NO_CODE", message, { path: db.path });
}
