import { Command } from "commander";
import { filter } from "../index.js";
import { texts } from "./arguments.js";
import { describe } from "./convert.js";
import { json, print } from "./format.js";
import { forceOption, jsonOption, memoryOption, progressOption, type StoreOptions, shardBytesOption, threadsOption } from "./options.js";
import { watched } from "./progress.js";

interface Options extends StoreOptions {
  readonly ids?: string;
  readonly split?: string;
  readonly withCode?: readonly string[];
  readonly ignoreMissing?: boolean;
}

/** `meds-reader filter STORE OUT`. */
export function filterCommand(): Command {
  return new Command("filter")
    .summary("write a new store with some of the patients of a store")
    .description(
      "Writes a new store with some of the patients of a store: those that match each of the options --ids, --split and --with-code that you use. Rows are copied; the source is not read again.",
    )
    .argument("<store>", "the store's folder")
    .argument("<out>", "the folder of the new store; it must not exist (see --force); missing parent folders are created")
    .option("--ids <file>", "only patients in this file: one subject id per line, or the column subject_id of a .csv or .parquet file")
    .option("--split <name>", "only patients in this split")
    .option(
      "--with-code <codes...>",
      'only patients with at least one row of these codes; "LAB//*" means every code that starts with LAB//',
      texts,
    )
    .option("--ignore-missing", "ignore ids and codes that are not in the store, and count them, instead of failing")
    .addOption(forceOption())
    .addOption(threadsOption())
    .addOption(memoryOption())
    .addOption(shardBytesOption("as in the old store"))
    .addOption(progressOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader filter mimic.medsdb train.medsdb --split train --force
  meds-reader filter mimic.medsdb some.medsdb --ids subjects.txt --ignore-missing --json --progress json
  meds-reader filter mimic.medsdb some.medsdb --ids subjects.csv --threads 4 --memory 1GiB --shard-bytes 256MiB
  meds-reader filter mimic.medsdb septic.medsdb --with-code "DIAGNOSIS//ICD//10//A41*" "DIAGNOSIS//ICD//9//038*"`,
    )
    .action(run);
}

async function run(store: string, out: string, options: Options, command: Command): Promise<void> {
  const { progress, json: asJson, ...rest } = options;
  if (rest.ids === undefined && rest.split === undefined && rest.withCode === undefined)
    command.error("error: choose the patients to keep with --ids, --split or --with-code");
  const summary = await watched(progress, (watching) => filter(store, out, { ...rest, ...watching }));
  print(asJson === true ? json(summary) : describe(store, summary));
}
