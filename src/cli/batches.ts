import { Command, Option } from "commander";
import { Labels, loader, PatientDatabase, samples, writeBatches } from "../index.js";
import { count, countWithin } from "./arguments.js";
import { number } from "./format.js";

interface Options {
  readonly labels?: string;
  readonly split?: string;
  readonly out?: string;
  readonly maxLength: number;
  readonly batchSize: number;
  readonly strategy: "to_end" | "from_start" | "random" | "balanced_random" | "step_through";
  readonly static: "include" | "prepend" | "omit";
  readonly exclusive?: boolean;
  readonly padding: "right" | "left";
  readonly shuffle?: boolean;
  readonly seed: number;
  readonly epoch: number;
}

/** `meds-reader batches STORE`. */
export function batchesCommand(): Command {
  const most = countWithin(1, 2 ** 30);
  return new Command("batches")
    .summary("write training batches as an Arrow stream")
    .description(
      "Writes padded training batches as an Arrow IPC stream (a row a sample, fixed-size lists) to stdout or a file, for trainers in other languages.",
    )
    .argument("<store>", "the store's folder")
    .option("--labels <path>", "a task's labels: each is a sample, as known at its prediction time")
    .option("--split <name>", "only subjects of this split; without labels each of its patients is a sample")
    .option("--out <file>", "write this file instead of stdout")
    .option("--max-length <n>", "rows of a window at most", most, 512)
    .option("--batch-size <n>", "samples of a batch", most, 256)
    .addOption(
      new Option("--strategy <how>", "which rows of what is known")
        .choices(["to_end", "from_start", "random", "balanced_random", "step_through"])
        .default("to_end"),
    )
    .addOption(
      new Option("--static <how>", "what becomes of rows without a time").choices(["include", "prepend", "omit"]).default("include"),
    )
    .option("--exclusive", "rows at the very prediction time are not known; with --labels")
    .addOption(new Option("--padding <side>", "where PAD stands").choices(["right", "left"]).default("right"))
    .option("--shuffle", "in a random order")
    .option("--seed <n>", "of the order and of random windows", count, 0)
    .option("--epoch <n>", "another number gives another order", count, 0)
    .addHelpText(
      "after",
      `
Examples:
  meds-reader batches mimic.medsdb --labels mimic/labels/mortality --split train --shuffle > batches.arrows
  meds-reader batches mimic.medsdb --split train --strategy random --max-length 1024 --out pretraining.arrows

In Python: for batch in pyarrow.ipc.open_stream(sys.stdin.buffer): …`,
    )
    .action(run);
}

async function run(store: string, options: Options, command: Command): Promise<void> {
  const { labels: path, split, out, maxLength, strategy, exclusive, padding, shuffle = false, seed, epoch, batchSize } = options;
  if (path === undefined && split === undefined) command.error("error: give --labels PATH, or --split NAME for windows without labels");
  if (path === undefined && exclusive === true)
    command.error("error: give --exclusive with --labels only: without a prediction time nothing is cut off");
  const db = PatientDatabase.open(store);
  try {
    const window = { maxLength, strategy, static: options.static, inclusive: exclusive === true ? false : undefined };
    const list = path === undefined ? samples(db, { split: split! }, window) : samples(db, await Labels.open(path), { ...window, split });
    const batches = loader(list, { batchSize, padding, padTo: "max", shuffle, seed, epoch });
    const { unknownLabels, unknownSubjects, otherSplit, noSplit, empty } = list.report;
    const written = await writeBatches(batches, out ?? process.stdout);
    const said = [`${number(written.samples)} samples in ${number(written.batches)} batches`];
    if (unknownLabels > 0)
      said.push(`${number(unknownLabels)} labels of ${number(unknownSubjects)} subjects that the store has not were left out`);
    if (otherSplit > 0) said.push(`${number(otherSplit)} of other splits were left out`);
    if (noSplit > 0) said.push(`${number(noSplit)} of subjects in no split were left out`);
    if (empty > 0)
      said.push(`${number(empty)} ${path === undefined ? "patients without rows were left out" : "labels have no row before them"}`);
    process.stderr.write(`${said.join("; ")}\n`);
  } finally {
    db.close();
  }
}
