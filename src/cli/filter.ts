import { Command } from "commander";
import { filter, type Summary } from "../index.js";
import { jsonOption, progressOption, sizeWithin, texts, threadsOption } from "./arguments.js";
import { describe } from "./convert.js";
import { json, print } from "./format.js";
import { watch } from "./progress.js";
import { interruptible } from "./report.js";

interface Options {
  readonly ids?: string;
  readonly split?: string;
  readonly withCode?: readonly string[];
  readonly ignoreMissing?: boolean;
  readonly force?: boolean;
  readonly threads: number;
  readonly memory?: number;
  readonly shardBytes?: number;
  readonly progress: "bar" | "json" | "none";
  readonly json?: boolean;
}

/** `meds-reader filter STORE OUT`. */
export function filterCommand(): Command {
  return new Command("filter")
    .summary("write a new store with some of the patients of a store")
    .description(
      "Writes a new store with some of the patients of a store: those that match all of --ids, --split and --with-code. Rows are copied; the source is not read again.",
    )
    .argument("<store>", "the store's folder")
    .argument("<out>", "the folder of the new store; it must not exist (see --force); missing parent folders are created")
    .option("--ids <file>", "only subjects in this file: one id per line, or the column subject_id of a .csv or .parquet file")
    .option("--split <name>", "only patients in this split")
    .option(
      "--with-code <codes...>",
      "only patients with at least one of these codes; LAB//* means every code that starts with LAB//",
      texts,
    )
    .option("--ignore-missing", "count ids and codes that are not in the store, instead of failing")
    .option("--force", "replace the store if it exists")
    .addOption(threadsOption())
    .option("--memory <size>", "memory limit, at least 64MiB (default: 512MiB)", sizeWithin("64MiB", "1024TiB"))
    .option("--shard-bytes <size>", "size of a shard, 1KiB to 2GiB (default: as in the old store)", sizeWithin("1KiB", "2GiB"))
    .addOption(progressOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader filter mimic.medsdb train.medsdb --split train
  meds-reader filter mimic.medsdb some.medsdb --ids subjects.txt --ignore-missing
  meds-reader filter mimic.medsdb septic.medsdb --with-code "DIAGNOSIS//ICD//10//A41*" "DIAGNOSIS//ICD//9//038*"`,
    )
    .action(run);
}

async function run(store: string, out: string, options: Options, command: Command): Promise<void> {
  const { progress, json: asJson, ...rest } = options;
  if (rest.ids === undefined && rest.split === undefined && rest.withCode === undefined)
    command.error("error: nothing says which patients to keep: use --ids, --split or --with-code");
  const watcher = watch(progress);
  let summary: Summary;
  try {
    summary = await interruptible((signal) => filter(store, out, { ...rest, signal, onProgress: watcher.onProgress }));
  } finally {
    watcher.stop();
  }
  print(asJson === true ? json(summary) : describe(store, summary));
}
