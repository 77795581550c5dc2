import { Command, Option } from "commander";
import { type GenerateOptions, generate } from "../index.js";
import { count, countWithin } from "./arguments.js";
import { bytes, json, plural, print, seconds } from "./format.js";
import { jsonOption, progressOption, threadsOption, type WorkOptions } from "./options.js";
import { watched } from "./progress.js";
import { visible } from "./report.js";

type Options = Omit<GenerateOptions, keyof WorkOptions> & WorkOptions;

/** `meds-reader generate OUT`. */
export function generateCommand(): Command {
  return new Command("generate")
    .summary("generate a synthetic MEDS dataset")
    .description(
      "Generates a synthetic MEDS dataset with a realistic shape. Use it to try things out, never for conclusions about patients.",
    )
    .argument("<out>", "the folder of the new dataset; it must be empty or not exist")
    .addOption(
      new Option(
        "--preset <name>",
        "demo: 100 patients and 100,000 events; medium: 1,000 patients and 5.7 million events; ehrshot: 6,739 patients and 42 million events",
      ).choices(["demo", "medium", "ehrshot"]),
    )
    .option("--patients <n>", "number of patients", countWithin(1, 100_000_000))
    .option("--events <n>", "number of events (default: 1,000 per patient)", countWithin(4, 2 ** 40))
    .option("--codes <n>", "number of distinct codes, 100 to 500,000", countWithin(100, 500_000))
    .addOption(new Option("--seed <n>", "seed; equal seeds produce equal bytes").argParser(count).default(0))
    .addOption(
      new Option("--files <n>", "number of Parquet files: 1, or at least 3 (so that each split has one)")
        .argParser(countWithin(1, 100_000))
        .default(1),
    )
    .addOption(
      new Option("--ids <kind>", "subject ids: ascending numbers with small gaps, or hashed over the whole int64 range")
        .choices(["sequential", "hashed"])
        .default("sequential"),
    )
    .addOption(new Option("--compression <codec>", "compression of the Parquet files").choices(["snappy", "zstd"]).default("snappy"))
    .addOption(threadsOption())
    .addOption(progressOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader generate synthetic
  meds-reader generate synthetic --patients 500 --events 200000 --codes 5000 --seed 7 --files 10
  meds-reader generate hashed --ids hashed --threads 2 --progress json --json
  meds-reader generate large --preset ehrshot --compression zstd`,
    )
    .action(run);
}

async function run(out: string, options: Options): Promise<void> {
  const { progress, json: asJson, ...rest } = options;
  const made = await watched(progress, (watching) => generate(out, { ...rest, ...watching }));
  const { patients, events, files } = made;
  print(
    asJson === true
      ? json(made)
      : `${visible(made.out)}: ${plural(patients, "patient")}, ${plural(events, "event")} in ${plural(files, "file")}, ${bytes(made.bytes)}, ${seconds(made.seconds)}`,
  );
}
