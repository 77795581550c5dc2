import { Command } from "commander";
import { type Code, PatientDatabase } from "../index.js";
import { bytes, colour, cut, dateAndTime, json, number, plural, print, table } from "./format.js";
import { jsonOption } from "./options.js";
import { isDropped, noted, visible } from "./report.js";

/** How many codes are shown. */
const FREQUENT = 10;

/** `meds-reader info STORE`. */
export function infoCommand(): Command {
  return new Command("info")
    .summary("print what a store contains")
    .description("Prints what a store contains: patients, splits, events, times, codes, columns, sizes, and the notes of its conversion.")
    .argument("<store>", "the store's folder")
    .addOption(jsonOption())
    .addHelpText("after", "\nExamples:\n  meds-reader info mimic.medsdb\n  meds-reader info mimic.medsdb --json")
    .action((store: string, options: { readonly json?: boolean }) => {
      const db = PatientDatabase.open(store);
      try {
        const facts = gather(db);
        print(options.json === true ? json(facts) : describe(facts));
      } finally {
        db.close();
      }
    });
}

type Facts = ReturnType<typeof gather>;

function gather(db: PatientDatabase) {
  let staticEvents = 0;
  let longest = 0;
  let first: bigint | null = null;
  let last: bigint | null = null;
  for (const patient of db) {
    staticEvents += patient.staticCount;
    longest = Math.max(longest, patient.length);
    // BigInt is exact for any int64. A time outside the range of a number must not fail here.
    const begin = patient.at(patient.staticCount)?.timeMicros ?? null;
    const end = patient.at(-1)?.timeMicros ?? null;
    if (begin !== null && (first === null || begin < first)) first = begin;
    if (end !== null && (last === null || end > last)) last = end;
  }
  return {
    path: db.path,
    id: db.metadata.id,
    dataset: db.metadata.dataset,
    patients: db.size,
    splits: Object.fromEntries(db.splits),
    events: db.eventCount,
    staticEvents,
    longest,
    firstTime: first,
    lastTime: last,
    codes: db.codes.size,
    frequentCodes: frequent(db.codes),
    columns: db.columns,
    bytes: db.metadata.bytes,
    shards: db.metadata.shards,
    indexBytes: db.metadata.indexBytes,
    notes: db.metadata.notes,
  };
}

/** The most frequent codes; equally frequent ones in order of id. */
function frequent(codes: Iterable<Code>): Code[] {
  return [...codes].sort((a, b) => b.events - a.events || a.id - b.id).slice(0, FREQUENT);
}

function describe(facts: Facts): string[] {
  const { dataset, patients, events, splits } = facts;
  const of = (name: string) => (typeof dataset?.[name] === "string" ? dataset[name] : "");
  const made = [of("dataset_name"), of("dataset_version")].filter((text) => text !== "").join(" ");
  const by = [of("meds_version") && `MEDS ${of("meds_version")}`, [of("etl_name"), of("etl_version")].join(" ").trim()].filter(
    (text) => text !== "",
  );
  const split = Object.entries(splits).map(([name, size]) => `${name} ${number(size)}`);
  const day = (time: bigint | null) => (time === null ? "" : dateAndTime(time).date);
  const rows = [
    [
      "Dataset",
      dataset === null
        ? "(no dataset.json)"
        : made === ""
          ? "(dataset.json does not name it)"
          : `${made}${by.length > 0 ? ` (${by.join(", ")})` : ""}`,
    ],
    ["Patients", `${number(patients)}${split.length > 0 ? ` (${split.join(", ")})` : ", in no split"}`],
    ["Events", `${number(events)} (${number(facts.staticEvents)} static; the longest timeline has ${number(facts.longest)})`],
    ["Times", facts.firstTime === null ? "none: all rows are static" : `${day(facts.firstTime)} to ${day(facts.lastTime)}`],
    ["Codes", number(facts.codes)],
    ["Size", `${bytes(facts.bytes)} in ${plural(facts.shards, "shard")}`],
    ["Index", facts.indexBytes === 0 ? "none (convert with --index)" : `${bytes(facts.indexBytes)} of it: each code's patients and rows`],
  ];
  const columns = facts.columns.map(({ name, type, storage, coded, nulls }) => [
    visible(name),
    type,
    coded ? `${storage}, coded` : storage,
    nulls === 0 ? "no nulls" : nulls === events ? "all null" : `${((100 * nulls) / events).toFixed(nulls / events < 0.001 ? 4 : 1)} % null`,
  ]);
  const codes = facts.frequentCodes.map(({ code, events: count, description }) => [
    number(count),
    cut(visible(code), 48),
    cut(visible(description ?? ""), 48),
  ]);
  const dropped = facts.notes.filter(isDropped);
  const others = facts.notes.filter((note) => !isDropped(note));
  const heading = (text: string) => ["", colour.bold(text)];
  return [
    colour.bold(visible(facts.path)),
    ...table(rows).map((line) => `  ${line}`),
    ...(dropped.length === 0 ? [] : heading("The conversion dropped more than a tenth of the rows of these tables")),
    ...dropped.map(({ message }) => `  ${visible(message)}`),
    ...heading("Columns"),
    ...table(columns).map((line) => `  ${line}`),
    ...heading("Most frequent codes"),
    ...table(codes, [0]).map((line) => `  ${line}`),
    ...(others.length === 0 ? [] : [...heading("Notes of the conversion"), ...others.map((note) => `  ${noted(note)}`)]),
  ];
}
