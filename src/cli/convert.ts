import { Command } from "commander";
import { convert, type Summary } from "../index.js";
import { names } from "./arguments.js";
import { bytes, json, plural, print, seconds } from "./format.js";
import {
  conceptIdsOption,
  forceOption,
  jsonOption,
  keepUnmappedOption,
  memoryOption,
  type OmopOptions,
  progressOption,
  type StoreOptions,
  shardBytesOption,
  skipBadRowsOption,
  tempOption,
  threadsOption,
  vocabularyOption,
} from "./options.js";
import { watched } from "./progress.js";
import { noted, visible, warn } from "./report.js";

interface Options extends StoreOptions, OmopOptions {
  readonly columns?: readonly string[];
  readonly exclude?: readonly string[];
  readonly repair?: boolean;
  readonly index?: boolean;
  readonly trustTimes?: boolean;
  readonly temp?: string;
  readonly strict?: boolean;
}

/** `meds-reader convert SOURCE STORE`. */
export function convertCommand(): Command {
  return new Command("convert")
    .summary("convert a MEDS dataset, OMOP tables, a meds_reader database or MedAlign's XML into a store")
    .description(
      "Converts a MEDS dataset (data/**/*.parquet and metadata/), OMOP CDM tables (a folder of CSV, CSV.gz or Parquet files, or a DuckDB database), a meds_reader database or a folder of MedAlign's XML files into a store. If the conversion fails, it leaves no store behind.",
    )
    .argument(
      "<source>",
      "the folder of the dataset, tables or database; a Parquet file; a DuckDB database of tables; or a .zip, .tar.gz or .tar archive of any of these",
    )
    .argument(
      "<store>",
      "the folder of the new store, by convention NAME.medsdb; it must not exist (see --force); missing parent folders are created",
    )
    .option("--columns <names>", "convert only these columns, besides subject_id, time and code: names separated by commas", names)
    .option("--exclude <names>", "convert all columns except these: names separated by commas", names)
    .option("--repair", "merge rows of a patient that are scattered, and sort rows that are out of order, instead of failing")
    .addOption(forceOption())
    .addOption(threadsOption())
    .addOption(memoryOption())
    .addOption(shardBytesOption("512MiB"))
    .option("--index", "also write an index: for each code, the patients and rows that have it")
    .option(
      "--trust-times",
      "record the sizes and times of the source files. With the option trustTimes, `from` and `convert` of the API can then detect changes of the source without reading it all",
    )
    .addOption(tempOption())
    .option("--strict", "OMOP: fail and write no store if more than a tenth of a table's rows would be dropped")
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
  meds-reader convert mimic-meds mimic.medsdb
  meds-reader convert mimic-meds mimic.medsdb --force --columns numeric_value,unit --index
  meds-reader convert mimic-meds small.medsdb --exclude text_value --threads 4 --shard-bytes 256MiB --trust-times
  meds-reader convert meds_reader_omop_ehrshot.tar.gz ehrshot.medsdb
  meds-reader convert scattered fixed.medsdb --repair --memory 1GiB --temp /scratch
  meds-reader convert omop-tables omop.medsdb --memory 4GiB --keep-unmapped --skip-bad-rows
  meds-reader convert omop-tables omop.medsdb --concept-ids
  meds-reader convert omop-tables omop.medsdb --strict --vocabulary athena omop-tables/2b_concept.csv
  meds-reader convert mimic-meds mimic.medsdb --json --progress json`,
    )
    .action(run);
}

async function run(source: string, store: string, options: Options): Promise<void> {
  const { progress, json: asJson, ...rest } = options;
  const summary = await watched(progress, (watching) => convert(source, store, { ...rest, ...watching }));
  const notes = warn(summary.notes);
  print(asJson === true ? json(summary) : describe(source, { ...summary, notes }));
}

/** The result of a conversion, filter or transform. */
export function describe(source: string, summary: Summary): string[] {
  const { patients, events, codes, columns, shards, indexBytes } = summary;
  const index = indexBytes > 0 ? `, ${bytes(indexBytes)} of it index` : "";
  return [
    `${plural(patients, "patient")}, ${plural(events, "event")}, ${plural(codes, "code")}, ${plural(columns, "column")}`,
    `  from   ${visible(source)} (${bytes(summary.sourceBytes)})`,
    `  to     ${visible(summary.store)} (${bytes(summary.storeBytes)}${index}, ${plural(shards, "shard")})`,
    `  time   ${seconds(summary.seconds)}, then ${seconds(summary.fsyncSeconds)} to flush to disk`,
    ...summary.notes.map((note) => `  ${noted(note)}`),
  ];
}
