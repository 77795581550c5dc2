import { Command, Option } from "commander";
import { type Exported, PatientDatabase } from "../index.js";
import { countWithin } from "./arguments.js";
import { bytes, json, number, plural, print, seconds } from "./format.js";
import { jsonOption, progressOption, threadsOption, type WorkOptions } from "./options.js";
import { watched } from "./progress.js";
import { visible } from "./report.js";

interface Options extends WorkOptions {
  readonly float32?: boolean;
  readonly compression: "zstd" | "snappy";
  readonly rowsPerFile?: number;
}

/** `meds-reader export STORE OUT`. */
export function exportCommand(): Command {
  return new Command("export")
    .summary("write a store as a MEDS dataset")
    .description(
      "Writes a store as a MEDS 0.4 dataset: data/SPLIT/N.parquet (data/N.parquet for patients in no split) and metadata/. Subject ids ascend within each file. If the export fails, it leaves no dataset behind.",
    )
    .argument("<store>", "the store's folder")
    .argument("<out>", "the folder of the new MEDS dataset; it must be empty or not exist; missing parent folders are created")
    .option("--float32", "write numeric_value as float32, as MEDS requires, if it is float64; count the values that rounding changes")
    .addOption(new Option("--compression <name>", "compression of the Parquet files").choices(["zstd", "snappy"]).default("zstd"))
    .addOption(
      new Option(
        "--rows-per-file <n>",
        "maximum number of rows per Parquet file (default: 5,000,000). A patient is never split across files, so a file with one patient can have more rows",
      ).argParser(countWithin(1, Number.MAX_SAFE_INTEGER)),
    )
    .addOption(threadsOption())
    .addOption(progressOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader export mimic.medsdb mimic-meds
  meds-reader export mimic.medsdb mimic-meds --compression snappy --json
  meds-reader export mimic.medsdb mimic-meds --float32 --rows-per-file 1000000 --threads 4 --progress none`,
    )
    .action(run);
}

async function run(store: string, out: string, options: Options): Promise<void> {
  const { progress, json: asJson, ...rest } = options;
  const db = PatientDatabase.open(store);
  let made: Exported;
  try {
    made = await watched(progress, (watching) => db.export(out, { ...rest, ...watching }));
  } finally {
    db.close();
  }
  print(
    asJson === true
      ? json(made)
      : [
          `${plural(made.patients, "patient")}, ${plural(made.events, "event")}`,
          `  to     ${visible(made.out)} (${bytes(made.bytes)}, ${plural(made.files, "file")} of events)`,
          `  time   ${seconds(made.seconds)}`,
          ...made.notes.map(({ kind, message, count }) => `  ${kind}: ${visible(message)} (${number(count)})`),
        ],
  );
}
