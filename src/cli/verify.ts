import { Command, Option } from "commander";
import { type Difference, verify } from "../index.js";
import { count } from "./arguments.js";
import { colour, json, plural, print } from "./format.js";
import {
  jsonOption,
  memoryOption,
  type OmopOptions,
  progressOption,
  tempOption,
  threadsOption,
  vocabularyOption,
  type WorkOptions,
} from "./options.js";
import { watched } from "./progress.js";
import { visible } from "./report.js";

interface Options extends WorkOptions, Pick<OmopOptions, "vocabulary"> {
  readonly limit: number;
  readonly memory?: number;
  readonly temp?: string;
}

/** `meds-reader verify STORE [SOURCE]`. */
export function verifyCommand(): Command {
  return new Command("verify")
    .summary("check every byte of a store, and compare its values with the source")
    .description(
      "Checks that a store is complete and undamaged: all checksums, and the structure of all files. With a source, it also compares every value of every column with that source.",
    )
    .argument("<store>", "the store's folder")
    .argument("[source]", "the dataset, OMOP tables or database from which the store was converted")
    .addOption(new Option("--limit <n>", "stop after n differences").argParser(count).default(100))
    .addOption(threadsOption())
    .addOption(memoryOption("OMOP: memory limit while the tables are imported"))
    .addOption(tempOption("OMOP: folder for temporary files (default: next to the store)"))
    .addOption(vocabularyOption())
    .addOption(progressOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader verify mimic.medsdb
  meds-reader verify mimic.medsdb mimic-meds --json
  meds-reader verify mimic.medsdb mimic-meds --limit 100 --threads 4 --progress none
  meds-reader verify omop.medsdb omop-tables --memory 4GiB --temp /scratch --vocabulary athena

Exit codes: 0 no differences; 1 differences (listed on stdout), or an error.`,
    )
    .action(run);
}

async function run(store: string, source: string | undefined, options: Options): Promise<void> {
  const { progress, json: asJson, ...rest } = options;
  const result = await watched(progress, (watching) => verify(store, source, { ...rest, ...watching }));
  if (!result.ok) process.exitCode = 1;
  if (asJson === true) {
    print(json(result));
  } else if (result.ok) {
    print(
      `${visible(store)}: ${colour.green("ok")}, ${source === undefined ? "complete and undamaged" : "all values equal those of the source"}`,
    );
  } else {
    const found = result.differences.length;
    const more = found >= options.limit ? " (there may be more: see --limit)" : "";
    print([...result.differences.map(line), `${visible(store)}: ${colour.red(plural(found, "difference"))}${more}`]);
  }
}

/** Where a difference is, and what differs. */
function line({ path, subject, row, column, message }: Difference): string {
  const place = [
    path === null ? "" : path,
    subject === null ? "" : `subject ${subject}`,
    row === null ? "" : `row ${row}`,
    column === null ? "" : `column ${column}`,
  ];
  return visible(`${place.filter((text) => text !== "").join(", ")}: ${message}`);
}
