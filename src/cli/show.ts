import { Command, Option } from "commander";
import { type Event, MedsError, type Patient, PatientDatabase, type Timeline } from "../index.js";
import { count, names, subjectId, texts, time } from "./arguments.js";
import { prefixes } from "./codes.js";
import { json } from "./format.js";
import { jsonOption } from "./options.js";
import { page, screen, send } from "./page.js";
import { Search } from "./search.js";
import { timelineLines } from "./timeline.js";

interface Options {
  readonly from?: bigint;
  readonly until?: bigint;
  readonly first?: number;
  readonly last?: number;
  readonly code?: readonly string[];
  readonly search?: Search;
  readonly columns?: readonly string[];
  readonly pager: boolean;
  readonly json?: boolean;
}

/** Rows of a patient, in order. */
type Rows = Iterable<Event> & { readonly length: number };

/** `meds-reader show STORE ID`. */
export function showCommand(): Command {
  return new Command("show")
    .summary("print the timeline of a patient")
    .description(
      "Prints the timeline of a patient by visit and day: descriptions and codes, values with units, and the start of long texts. A text that is longer than the terminal is shown in a pager (PAGER, or less); leave it with q.",
    )
    .argument("<store>", "the store's folder")
    .argument("<id>", "the subject id", subjectId)
    .option("--from <time>", "only rows at or after this time, and rows without a time; written as for --until", time)
    .option(
      "--until <time>",
      "only rows at or before this time (UTC): 2012-05-17T13:30; or 2012-05-17, 2012-05 or 2012, which mean the start of that day, month or year; or microseconds since 1970-01-01 (more than 10 digits)",
      time,
    )
    .option("--code <prefix>", 'only rows whose code starts with this text ("LAB//" and "LAB//*" are the same); can be repeated', texts)
    .option(
      "--search <text>",
      "only rows whose code, description or text value contains this text, or matches this /regular expression/; upper and lower case are the same",
      Search.of,
    )
    .addOption(
      new Option("--first <n>", "only the first n rows, of those that the options above select").argParser(count).conflicts("last"),
    )
    .addOption(new Option("--last <n>", "only the last n rows, of those that the options above select").argParser(count))
    .option("--columns <names>", "also show these columns: names separated by commas", names)
    .option("--no-pager", "print a long text at once. The same: NO_PAGER=1, or PAGER=cat")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader show mimic.medsdb 10000032                   everything, in a pager
  meds-reader show mimic.medsdb 10000032 --last 40
  meds-reader show mimic.medsdb 10000032 --from 2180-05 --until 2180-07-23T12:00 --first 100
  meds-reader show mimic.medsdb 10000032 --code LAB// --code DIAGNOSIS// --columns hadm_id,priority
  meds-reader show mimic.medsdb 10000032 --search creatinine --no-pager
  meds-reader show mimic.medsdb 10000032 --search '/sodium|potassium/'
  meds-reader show hashed.medsdb -4611686018427387904 --json`,
    )
    .action(run);
}

async function run(store: string, id: bigint, options: Options, command: Command): Promise<void> {
  const { from, until, columns, search } = options;
  if (from !== undefined && until !== undefined && from > until)
    command.error("error: --from is a later time than --until. Exchange the two times");
  const db = PatientDatabase.open(store);
  try {
    const patient = db.get(id) ?? failUnknown(db, id, store);
    for (const name of columns ?? []) patient.column(name);
    const known = until === undefined ? patient : patient.until(until);
    const rows = choose(db, known, options);
    if (options.json === true) await send(asJson(db, patient, rows, columns), process.stdout);
    else {
      const view = { db, patient, rows, known, columns: columns ?? [], search, width: screen()?.columns ?? null };
      await page(timelineLines(view), options.pager);
    }
  } finally {
    db.close();
  }
}

function failUnknown(db: PatientDatabase, id: bigint, path: string): never {
  const some = Array.from(db.slots.subarray(0, 3), (slot) => String(db.at(slot)?.subjectId));
  const has = some.length === 0 ? "" : ` The store contains ${some.join(", ")}${db.size > some.length ? ", …" : ""}`;
  throw new MedsError(
    "MEDS_UNKNOWN_SUBJECT",
    `${path}: Subject ${id} is not among the ${db.size} patients of this store. Check the id.${has}`,
    { path },
  );
}

/** The rows to show: filtered by time, code and search, then the first or last of them. */
function choose(db: PatientDatabase, known: Timeline, { from, code, search, first, last }: Options): Rows {
  let window = from === undefined ? known : known.from(from);
  if (code !== undefined) window = window.withCode(...prefixes(db, code));
  if (search !== undefined) return found(db, window, search, first, last);
  if (first !== undefined) return window.first(first);
  return last === undefined ? window : window.last(last);
}

/** The rows of a window that a search finds. Only their indexes are kept: a timeline may be long. */
function found(db: PatientDatabase, window: Timeline, search: Search, first = Number.POSITIVE_INFINITY, last?: number): Rows {
  const text = db.columns.some(({ name }) => name === "text_value") ? "text_value" : undefined;
  const has = search.rows(db, text);
  const all: number[] = [];
  let index = 0;
  for (const event of window) {
    if (all.length >= first) break;
    if (has(event)) all.push(index);
    index += 1;
  }
  const indexes = last === undefined ? all : all.slice(Math.max(0, all.length - last));
  return {
    length: indexes.length,
    *[Symbol.iterator]() {
      for (const i of indexes) yield window.at(i)!;
    },
  };
}

/**
 * The rows for programs, in parts: times in microseconds since 1970-01-01, ids as text, and all columns
 * unless some are named.
 */
function* asJson(db: PatientDatabase, patient: Patient, rows: Rows, columns: readonly string[] | undefined): Generator<string> {
  const chosen = (columns ?? db.columns.map(({ name }) => name)).filter(
    (name) => name !== "time" && name !== "code" && name !== "numeric_value",
  );
  const { subjectId, split, length, staticCount } = patient;
  yield json({ subjectId, split, length, staticCount, events: [] }).slice(0, -"]}".length);
  let comma = "";
  for (const event of rows) {
    yield comma +
      json({
        ...Object.fromEntries(chosen.map((name) => [name, event.get(name)])),
        time: safe(event.timeMicros),
        code: event.code,
        description: db.codes.get(event.codeId)?.description ?? null,
        numeric_value: event.numericValue,
      });
    comma = ",";
  }
  yield "]}\n";
}

/** A number if that is exact; otherwise a bigint, which becomes text. */
function safe(micros: bigint | null): number | bigint | null {
  return micros !== null && Number.isSafeInteger(Number(micros)) ? Number(micros) : micros;
}
