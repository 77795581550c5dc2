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
    .summary("write a store of some of a store's patients")
    .description(
      "Writes a store of some of a store's patients: those that every option takes. Their rows are copied; nothing is parsed again.",
    )
    .argument("<store>", "the store's folder")
    .argument("<out>", "the new store's folder; it must not exist, the folders above it are made")
    .option("--ids <file>", "the subjects in a file: one id a line, or a column subject_id of a .csv or .parquet file")
    .option("--split <name>", "the patients of a split")
    .option("--with-code <codes...>", "patients that have one of the codes; LAB//* stands for all codes that begin with LAB//", texts)
    .option("--ignore-missing", "count ids and codes that the store has not, instead of refusing them")
    .option("--force", "replace a store that exists")
    .addOption(threadsOption())
    .option("--memory <size>", "memory to stay below, 64MiB or more (default: 512MiB)", sizeWithin("64MiB", "1024TiB"))
    .option("--shard-bytes <size>", "size of a shard, 1KiB to 2GiB (default: the store's)", sizeWithin("1KiB", "2GiB"))
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
    command.error("error: nothing says which patients to keep: give --ids, --split or --with-code");
  const watcher = watch(progress);
  let summary: Summary;
  try {
    summary = await interruptible((signal) => filter(store, out, { ...rest, signal, onProgress: watcher.onProgress }));
  } finally {
    watcher.stop();
  }
  print(asJson === true ? json(summary) : describe(store, summary));
}
