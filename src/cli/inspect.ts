import { Command } from "commander";
import { type Inspection, inspect } from "../index.js";
import { bytes, colour, cut, json, number, plural, print, share, table } from "./format.js";
import {
  conceptIdsOption,
  jsonOption,
  keepUnmappedOption,
  memoryOption,
  type OmopOptions,
  progressOption,
  skipBadRowsOption,
  threadsOption,
  vocabularyOption,
  type WorkOptions,
} from "./options.js";
import { watched } from "./progress.js";
import { isDropped, noted, visible } from "./report.js";

/** How many prefixes of codes are shown. */
const FREQUENT = 20;

interface Options extends WorkOptions, OmopOptions {
  readonly memory?: number;
}

/** `meds-reader inspect SOURCE`. */
export function inspectCommand(): Command {
  return new Command("inspect")
    .summary("report what a folder or file contains, without converting it")
    .description(
      "Reports the format of a folder or file (MEDS, a Parquet file, a store, a meds_reader database, OMOP CDM), what it contains, and what a conversion would skip. For each prefix of codes, it reports the number of rows and the share of times that are exactly midnight: these may be dates without a time of day.",
    )
    .argument(
      "<source>",
      "a folder, a Parquet file, a DuckDB database, or a .zip, .tar.gz or .tar archive of a dataset, tables or database",
    )
    .addOption(threadsOption())
    .addOption(memoryOption("OMOP: memory limit while the tables are read"))
    .addOption(vocabularyOption())
    .addOption(keepUnmappedOption())
    .addOption(conceptIdsOption())
    .addOption(skipBadRowsOption())
    .addOption(progressOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader inspect mimic-meds
  meds-reader inspect mimic-meds.tar.gz --threads 4 --progress none --json
  meds-reader inspect omop-cdm --memory 4GiB --keep-unmapped --skip-bad-rows --vocabulary athena
  meds-reader inspect omop-cdm --concept-ids`,
    )
    .action(run);
}

async function run(source: string, { progress, json: asJson, ...rest }: Options): Promise<void> {
  const found = await watched(progress, (watching) => inspect(source, { ...rest, ...watching }));
  print(asJson === true ? json(found) : describe(found));
}

const FORMATS: Readonly<Record<Inspection["format"], string>> = {
  meds: "MEDS dataset",
  parquet: "a single Parquet file",
  store: "meds-reader store",
  meds_reader: "meds_reader database",
  omop: "OMOP CDM",
  medalign: "MedAlign XML",
};

function describe(found: Inspection): string[] {
  const { format, version, rows, subjects } = found;
  const facts = [
    ["Format", `${FORMATS[format]}${version === null ? "" : `, version ${visible(version)}`}`],
    ["Files", `${number(found.files)} (${bytes(found.bytes)})`],
    ["Rows", rows === null ? "unknown" : number(rows)],
    ["Subjects", subjects === null ? "unknown" : number(subjects)],
  ];
  const list = (names: readonly { readonly name: string; readonly type: string | null }[]) =>
    names.map(({ name, type }) => [visible(name), type ?? ""]);
  const of = format === "store" ? "The conversion" : "A conversion";
  const notes = (dropped: boolean) => found.notes.filter((note) => isDropped(note) === dropped);
  const heading = (text: string) => ["", colour.bold(text)];
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [...heading(title), ...lines.map((line) => `  ${line}`)];
  const tables = found.tables.map((one) => [
    one.name,
    number(one.rows),
    plural(one.files, "file"),
    visible(one.columns.map(({ name }) => name).join(", ")),
  ]);
  const prefixes = found.prefixes ?? [];
  const midnights = (part: number, timed: number) => (timed === 0 ? "no times" : share(part, timed));
  const shown = prefixes
    .slice(0, FREQUENT)
    .map((one) => [cut(visible(one.prefix), 40), number(one.rows), midnights(one.midnight, one.timed)]);
  const rest = prefixes.length - shown.length;
  return [
    colour.bold(visible(found.path)),
    ...table(facts).map((line) => `  ${line}`),
    ...section(
      `${of} ${format === "store" ? "dropped" : "would drop"} more than a tenth of the rows of these tables`,
      notes(true).map(({ message }) => visible(message)),
    ),
    ...section("Columns", table(list(found.columns))),
    ...section("Tables", table(tables, [1])),
    ...section("Codes by the text before the first /: rows, and share of times that are exactly midnight", table(shown, [1, 2])),
    ...(rest > 0 ? [`  … and ${number(rest)} more (--json)`] : []),
    ...section(format === "store" ? "Notes of the conversion" : "Notes that a conversion would make", notes(false).map(noted)),
    ...section("A conversion would fail", found.problem === null ? [] : [visible(`${found.problemCode}: ${found.problem}`)]),
  ];
}
