import { Command } from "commander";
import { PatientDatabase } from "../index.js";
import { type Facts, factsOf } from "./facts.js";
import { bytes, colour, cut, dateAndTime, json, number, plural, print, share, table } from "./format.js";
import { jsonOption } from "./options.js";
import { isDropped, noted, visible } from "./report.js";
import { type BrokenTask, type Task, tasksOf } from "./tasks.js";

interface Options {
  readonly labels?: string;
  readonly json?: boolean;
}

/** `meds-reader info STORE`. */
export function infoCommand(): Command {
  return new Command("info")
    .summary("print what a store contains")
    .description(
      "Prints what a store contains: patients, splits, events per patient, the time that they cover, codes, columns, sizes, and the notes of its conversion.",
    )
    .argument("<store>", "the store's folder")
    .option("--labels <path>", "also list the label tasks of this folder, or of this file")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader info mimic.medsdb
  meds-reader info mimic.medsdb --labels mimic-meds/tasks
  meds-reader info mimic.medsdb --json`,
    )
    .action(run);
}

async function run(store: string, options: Options): Promise<void> {
  const db = PatientDatabase.open(store);
  try {
    const tasks = options.labels === undefined ? null : await tasksOf(db, options.labels);
    const facts = factsOf(db);
    print(options.json === true ? json({ ...facts, tasks }) : describe(facts, tasks));
  } finally {
    db.close();
  }
}

const day = (time: bigint) => dateAndTime(time).date;

function describe(facts: Facts, tasks: readonly (Task | BrokenTask)[] | null): string[] {
  const { events, splits, indexBytes } = facts;
  const split = Object.entries(splits).map(([name, size]) => `${visible(name)} ${number(size)}`);
  const rows = [
    ["Dataset", named(facts.dataset)],
    ["Patients", `${number(facts.patients)}${split.length > 0 ? ` (${split.join(", ")})` : ", in no split"}`],
    ["Events", `${number(events)} (${number(facts.staticEvents)} static; the longest timeline has ${number(facts.longest)})`],
    ["Per patient", perPatient(facts)],
    ["Times", times(facts)],
    ["Midnight", midnights(facts)],
    ["Codes", described(facts)],
    ["Size", `${bytes(facts.bytes)} in ${plural(facts.shards, "shard")}`],
    ["Index", indexBytes === 0 ? "none (convert with --index)" : `${bytes(indexBytes)} of it: each code's patients and rows`],
  ].filter(([, text]) => text !== "");
  const columns = facts.columns.map(({ name, type, storage, coded, nulls }) => [
    visible(name),
    type,
    coded ? `${storage}, coded` : storage,
    nulls === 0 ? "no nulls" : nulls === events ? "all null" : `${share(nulls, events)} null`,
  ]);
  const codes = facts.frequentCodes.map(({ code, events: count, description }) => [
    number(count),
    cut(visible(code), 48),
    cut(visible(description ?? ""), 48),
  ]);
  const dropped = facts.notes.filter(isDropped);
  const others = facts.notes.filter((note) => !isDropped(note));
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", colour.bold(title), ...lines.map((line) => `  ${line}`)];
  return [
    colour.bold(visible(facts.path)),
    ...table(rows as string[][]).map((line) => `  ${line}`),
    ...section(
      "The conversion dropped more than a tenth of the rows of these tables",
      dropped.map(({ message }) => visible(message)),
    ),
    ...section("Label tasks", tasks === null ? [] : labelled(tasks)),
    ...section("Columns", table(columns)),
    ...section("Most frequent codes", table(codes, [0])),
    ...section("Notes of the conversion", others.map(noted)),
  ];
}

/** The dataset's name and version, and what made it. */
function named(dataset: Facts["dataset"]): string {
  if (dataset === null) return "(no dataset.json)";
  const of = (name: string) => (typeof dataset[name] === "string" ? visible(dataset[name]) : "");
  const made = [of("dataset_name"), of("dataset_version")].filter((text) => text !== "").join(" ");
  if (made === "") return "(dataset.json does not name it)";
  const by = [of("meds_version") && `MEDS ${of("meds_version")}`, [of("etl_name"), of("etl_version")].join(" ").trim()].filter(
    (text) => text !== "",
  );
  return `${made}${by.length > 0 ? ` (${by.join(", ")})` : ""}`;
}

/** "median 1,523 events; half of the patients have 800 to 3,000; 5 to 51,975 in all". */
function perPatient({ eventsPerPatient }: Facts): string {
  if (eventsPerPatient === null) return "";
  const { least, lowerQuartile, median, upperQuartile, most } = eventsPerPatient;
  const whole = (value: number) => number(Math.round(value));
  if (least === most) return plural(least, "event");
  return `${whole(least)} to ${whole(most)} events, median ${whole(median)}; half of the patients have ${whole(lowerQuartile)} to ${whole(upperQuartile)}`;
}

/** "2030-01-01 to 2202-12-17 (173 years); 98 % of them from 2110-02-11 to 2201-12-13 (92 years)". */
function times({ firstTime, lastTime, middleTimes }: Facts): string {
  if (firstTime === null || lastTime === null) return "none: all rows are static";
  const all = `${day(firstTime)} to ${day(lastTime)} (${span(firstTime, lastTime)})`;
  if (middleTimes === null) return all;
  const { begin, end } = middleTimes;
  // Of a hundred times or fewer, these are all.
  if (day(begin) === day(firstTime) && day(end) === day(lastTime)) return all;
  return `${all}; 98 % of them ${day(begin)} to ${day(end)} (${span(begin, end)})`;
}

/** "173 years", "1.5 years", "23 days". */
function span(begin: bigint, end: bigint): string {
  const days = Number(end - begin) / 86_400_000_000;
  const years = days / 365.2425;
  if (years >= 9.95) return plural(Math.round(years), "year");
  return years >= 0.95 ? `${years.toFixed(1)} years` : plural(Math.ceil(days), "day");
}

function midnights({ midnight: { times: timed, midnight, patients }, patients: all }: Facts): string {
  if (timed === 0) return "";
  const sample = patients < all ? ` (of ${number(patients)} patients)` : "";
  return `${share(midnight, timed)} of times${sample} are exactly midnight: they may be dates without a time of day`;
}

function described({ codes, describedCodes, describedEvents, events }: Facts): string {
  const text = describedCodes === 0 ? "none has a description" : `${number(describedCodes)} have a description`;
  return `${number(codes)}; ${text}${describedCodes === 0 ? "" : ` (${share(describedEvents, events)} of events)`}`;
}

/** A line per task: labels, subjects, values, prediction times. */
function labelled(tasks: readonly (Task | BrokenTask)[]): string[] {
  const rows = tasks.map((one) => {
    const name = visible(one.task);
    if ("problem" in one) return [name, visible(`cannot be read: ${one.problemCode}: ${one.problem}`)];
    const { labels, subjects, subjectsInStore, positive, negative, censored, firstTime, lastTime } = one;
    const outside = subjects - subjectsInStore;
    const values =
      positive !== null
        ? `${number(positive)} true (${share(positive, Math.max(1, positive + (negative ?? 0)))})`
        : one.columns.length === 0
          ? "times only"
          : one.columns.join(", ");
    return [
      name,
      plural(labels, "label"),
      `${plural(subjects, "subject")}${outside > 0 ? `, ${number(outside)} not in this store` : ""}`,
      `${values}${censored > 0 ? `, ${number(censored)} censored` : ""}`,
      firstTime === null || lastTime === null ? "" : `${day(firstTime)} to ${day(lastTime)}`,
    ];
  });
  return table(rows);
}
