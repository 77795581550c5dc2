import { Command, InvalidArgumentError } from "commander";
import { type NoteHits, type NoteType, PatientDatabase } from "../index.js";
import { count, expression, texts, time } from "./arguments.js";
import { colour, dateAndTime, json, number, padded, plural, print, table } from "./format.js";
import { jsonOption, threadsOption } from "./options.js";
import { interruptible, visible } from "./report.js";

interface Options {
  readonly type?: readonly string[];
  readonly split?: string;
  readonly until?: bigint;
  readonly exclusive?: boolean;
  readonly textColumn?: string;
  readonly limit: number;
  readonly threads: number;
  readonly json?: boolean;
}

/** `meds-reader notes STORE [QUERY]`. */
export function notesCommand(): Command {
  return new Command("notes")
    .summary("count notes by type, or search their texts")
    .description(
      "Without a query: the types of notes, with their numbers. With a query: the places where notes match. A note is a row with a text whose kind is note: by the column table of OMOP, otherwise by its code.",
    )
    .argument("<store>", "the store's folder")
    .argument(
      "[query]",
      "words in this order, as whole words, upper or lower case; or a regular expression between slashes, such as /chest (pain|tightness)/i",
      queryOf,
    )
    .option("--type <text>", "only notes of this type: a code, or a part of its name; can be repeated", texts)
    .option("--split <name>", "only patients in this split")
    .option("--until <time>", "only notes up to this time (UTC), such as 2012-05-17", time)
    .option("--exclusive", "with --until: leave out notes of exactly this time")
    .option("--text-column <name>", "the column with the texts (default: text_value)")
    .option("--limit <n>", "show at most this many matches; 0 for all", count, 20)
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader notes medalign.medsdb
  meds-reader notes medalign.medsdb "pulmonary embolism" --type radiology --type discharge --split train
  meds-reader notes medalign.medsdb "/ejection fraction.{0,20}\\d+/i" --until 2019-06-01 --exclusive --limit 0 --json
  meds-reader notes inspect.medsdb dyspnea --text-column text_value --threads 2`,
    )
    .action(run);
}

function queryOf(text: string): string | RegExp {
  if (text.trim() === "") throw new InvalidArgumentError("It must not be empty.");
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/s.exec(text) ?? [];
  if (source === undefined && text.startsWith("/"))
    throw new InvalidArgumentError("A regular expression must end with a slash, such as /chest pain/i.");
  return source === undefined ? text : expression(source, flags!);
}

async function run(store: string, query: string | RegExp | undefined, options: Options, command: Command): Promise<void> {
  const { type, split, until, exclusive, textColumn, limit, threads } = options;
  if (exclusive === true && until === undefined) command.error("error: --exclusive requires --until");
  const columns = textColumn === undefined ? undefined : { text: textColumn };
  const chosen = { types: type, split, until, inclusive: exclusive === true ? false : undefined, columns, threads };
  const db = PatientDatabase.open(store);
  try {
    await interruptible(async (signal) => {
      if (query === undefined) {
        const types = await db.notes({ ...chosen, signal });
        print(options.json === true ? json(types) : typeLines(types));
        return;
      }
      const hits = await db.searchNotes(query, { ...chosen, limit: limit === 0 ? undefined : limit, signal });
      const { notesSearched, notesFound, matches, patientsFound } = hits;
      if (notesSearched === 0 && type !== undefined)
        process.stderr.write(
          `no note is of type ${type.map((text) => JSON.stringify(text)).join(" or ")}: meds-reader notes STORE lists the types\n`,
        );
      print(options.json === true ? json({ notesSearched, notesFound, matches, patientsFound, hits: [...hits] }) : hitLines(hits));
    });
  } finally {
    db.close();
  }
}

function typeLines(types: readonly NoteType[]): string[] {
  if (types.length === 0) return ["There are no notes: no row has a text and the kind note."];
  const cells = types.map(({ notes, patients, longest, code, name }) => [
    number(notes),
    number(patients),
    number(longest),
    visible(code),
    visible(name),
  ]);
  const [head, ...body] = table([["notes", "patients", "longest", "code", "name"], ...cells], [0, 1, 2]);
  const all = types.reduce((sum, { notes }) => sum + notes, 0);
  return [colour.bold(head!), ...body, "", `${plural(all, "note")} of ${plural(types.length, "type")}`];
}

function hitLines(hits: NoteHits): string[] {
  const lines: string[] = [];
  for (const { subjectId, event, snippet } of hits) {
    const when = event.timeMicros === null ? "" : dateAndTime(event.timeMicros).date;
    lines.push(`${colour.bold(String(subjectId))}  ${padded(when, 10)}  ${visible(event.code)}`, `  ${visible(snippet)}`);
  }
  const { matches, notesFound, notesSearched, patientsFound, length } = hits;
  const shown = length < matches ? `; the first ${number(length)} are shown (--limit 0 shows all)` : "";
  return [
    ...lines,
    `${number(matches)} ${matches === 1 ? "match" : "matches"} in ${number(notesFound)} of ${plural(notesSearched, "note")}, of ${plural(patientsFound, "patient")}${shown}`,
  ];
}
