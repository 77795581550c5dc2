import { Command, Option } from "commander";
import { Labels, type LoaderState, loader, PatientDatabase, type Samples, samples, samplesPlan, writeBatches } from "../index.js";
import { count, counts, countWithin, type Stretch, stretches } from "./arguments.js";
import { number } from "./format.js";
import { labelsLeftOut } from "./left-out.js";

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
  readonly order: "global" | "local";
  readonly rank: readonly number[];
  readonly worldSize: number;
  readonly resume?: readonly Stretch[];
  readonly plan?: boolean;
}

/** `meds-reader batches STORE`. */
export function batchesCommand(): Command {
  const most = countWithin(1, 2 ** 30);
  return new Command("batches")
    .summary("write training batches as an Arrow stream")
    .description(
      "Writes padded training batches as an Arrow IPC stream to stdout or a file, for training in other programming languages. Set --labels or --split, or both. Each row of the stream is a sample. Fields with one value per position are fixed-size lists.",
    )
    .argument("<store>", "the store's folder")
    .option("--labels <path>", "labels of a task: each label becomes a sample, with the rows known at its prediction time")
    .option("--split <name>", "only patients in this split; without --labels, each patient in it becomes a sample")
    .option("--out <file>", "write to this file instead of stdout")
    .option("--max-length <n>", "maximum number of rows per sample", most, 512)
    .option("--batch-size <n>", "number of samples per batch", most, 256)
    .addOption(
      new Option(
        "--strategy <how>",
        "which of the known rows a sample contains if they are more than --max-length: the last (to_end), the first (from_start), a random window (random; balanced_random: each row is equally likely), or all, in several samples (step_through)",
      )
        .choices(["to_end", "from_start", "random", "balanced_random", "step_through"])
        .default("to_end"),
    )
    .addOption(
      new Option(
        "--static <how>",
        "rows without a time: include (in arrays of their own), prepend (as the first rows of the sample), or omit",
      )
        .choices(["include", "prepend", "omit"])
        .default("include"),
    )
    .option("--exclusive", "leave out rows at exactly the prediction time; requires --labels")
    .addOption(new Option("--padding <side>", "side on which short samples are filled up").choices(["right", "left"]).default("right"))
    .option("--shuffle", "write the samples in random order")
    .option("--seed <n>", "seed of the random order and of random windows", count, 0)
    .option("--epoch <n>", "number of the epoch (pass over the samples): each epoch has its own random order", count, 0)
    .option("--world-size <n>", "number of processes that train together; each writes its own part of the batches", most, 1)
    .addOption(
      new Option("--rank <n>", "number of this process among them, from 0; with --plan also several, separated by commas")
        .argParser(counts)
        .default([0], "0"),
    )
    .addOption(
      new Option(
        "--order <how>",
        "global: the processes take turns with the batches of one order; local: each process reads only the samples of its own shards (with --shuffle: in blocks of neighbours)",
      )
        .choices(["global", "local"])
        .default("global"),
    )
    .addOption(
      new Option(
        "--resume <steps>",
        "go on within an epoch: the batches that each process took so far, such as 4x100 for 100 batches with 4 processes; 4x100,2x30 if there were 2 afterwards",
      ).argParser(stretches),
    )
    .option("--plan", "write no batches: print as JSON which shards --order local reads, and their bytes")
    .addHelpText(
      "after",
      `
Examples:
  meds-reader batches mimic.medsdb --labels mimic/labels/mortality --split train --shuffle > batches.arrows
  meds-reader batches mimic.medsdb --labels mimic/labels/mortality --exclusive --static prepend --padding left > batches.arrows
  meds-reader batches mimic.medsdb --split train --strategy random --max-length 1024 --out pretraining.arrows
  meds-reader batches mimic.medsdb --split train --shuffle --seed 7 --epoch 3 --batch-size 64 --out epoch-3.arrows
  meds-reader batches mimic.medsdb --split train --shuffle --order local --rank 2 --world-size 4 > rank-2.arrows
  meds-reader batches mimic.medsdb --split train --shuffle --order local --rank 0 --world-size 2 --resume 4x100 > rank-0.arrows
  meds-reader batches mimic.medsdb --split train --order local --rank 2,3 --world-size 4 --plan

In Python: for batch in pyarrow.ipc.open_stream(sys.stdin.buffer): …`,
    )
    .action(run);
}

async function run(store: string, options: Options, command: Command): Promise<void> {
  const { labels: path, split, out, maxLength, strategy, exclusive, padding, shuffle = false, seed, epoch, batchSize } = options;
  if (path === undefined && split === undefined)
    command.error("error: choose the samples to write with --labels PATH, or with --split NAME for samples without labels");
  if (path === undefined && exclusive === true)
    command.error("error: --exclusive requires --labels: without labels there is no prediction time");
  const { order, rank, worldSize, resume = [], plan = false } = options;
  const wrong = rank.find((own) => own >= worldSize);
  if (wrong !== undefined) command.error(`error: --rank ${wrong} requires a --world-size of at least ${wrong + 1}`);
  if (rank.length > 1 && !plan) command.error("error: several numbers in --rank require --plan: each process writes its own batches");
  if (plan && order === "global")
    command.error("error: --plan requires --order local: with the global order every process reads all shards");
  const db = PatientDatabase.open(store);
  try {
    const window = { maxLength, strategy, static: options.static, inclusive: exclusive === true ? false : undefined };
    const list = path === undefined ? samples(db, { split: split! }, window) : samples(db, await Labels.open(path), { ...window, split });
    if (plan) {
      process.stdout.write(`${JSON.stringify(samplesPlan(list, { rank, worldSize }), null, 2)}\n`);
      return;
    }
    const mixed = shuffle && order === "local" ? "local" : shuffle;
    const common = { batchSize, padding, padTo: "max", shuffle: mixed, seed, epoch, order } as const;
    let state: LoaderState | undefined;
    for (const { ranks, steps } of resume) state = loader(list, { ...common, worldSize: ranks, resume: state }).after(steps);
    const batches = loader(list, { ...common, rank: rank[0], worldSize, resume: state });
    const written = await writeBatches(batches, out ?? process.stdout);
    const said = [`${number(written.samples)} samples in ${number(written.batches)} batches`];
    // The report reads rows of all samples, also of those in other shards.
    if (order === "global") said.push(...leftOut(list));
    process.stderr.write(`${said.join("; ")}\n`);
  } finally {
    db.close();
  }
}

/** What the report of samples says, in words. */
function leftOut({ report, labels }: Samples): string[] {
  const { empty } = report;
  const said = labels === null ? [] : labelsLeftOut(report, labels);
  if (empty > 0)
    said.push(
      `${number(empty)} ${labels === null ? "patients without rows were left out" : "labels have no known rows other than static ones"}`,
    );
  return said;
}
