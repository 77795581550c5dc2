import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { benchmark, type Leaderboard, PatientDatabase } from "../index.js";
import { count, countWithin, names } from "./arguments.js";
import { colour, json, number, print, table } from "./format.js";
import { jsonOption, threadsOption } from "./options.js";
import { interruptible, visible } from "./report.js";

interface Options {
  readonly labels: string;
  readonly out: string;
  readonly tasks?: readonly string[];
  readonly shots: readonly number[];
  readonly replicates: number;
  readonly embeddings?: string;
  readonly predictions?: string;
  readonly splits?: string;
  readonly resamples: number;
  readonly seed: number;
  readonly threads: number;
  readonly json?: boolean;
}

const SHOTS = [1, 2, 4, 8, 16, 32, 64, 128, -1];

/** `meds-reader benchmark STORE`. */
export function benchmarkCommand(): Command {
  return new Command("benchmark")
    .summary("score counts of codes, embeddings, or predictions on all tasks of a folder")
    .description(
      "Scores a representation of patients as EHRSHOT does: for each task and number of labels, it fits a logistic regression on training labels, chooses its penalty on tuning labels, and scores all held-out labels. Features are counts of codes that were known at the prediction time, or embeddings from a file. Published selections (all_shots_data.json beside the labels) are used where they exist. With --predictions, nothing is fitted: it scores the predictions of another model on the held-out labels. It writes predictions, a leaderboard (JSON, Markdown, SVG) and a model card.",
    )
    .argument("<store>", "the store's folder")
    .requiredOption("--labels <dir>", "folder of tasks: MEDS, EHRSHOT or INSPECT")
    .requiredOption("--out <dir>", "folder of the results; it must not exist, or be empty")
    .option("--tasks <names>", "only these tasks, separated by commas", names)
    .option("--shots <list>", "labels per class to train and to tune on, separated by commas; all means all labels", shots, SHOTS)
    .option("--replicates <n>", "selections per number of labels", countWithin(1, 1000), 5)
    .option("--embeddings <file>", "Parquet file with subject_id, prediction_time and embedding (a list), or a column for each number")
    .option(
      "--predictions <dir>",
      "predictions of another model, to score as they are: TASK.parquet, TASK.csv or a folder TASK of Parquet files for each task",
    )
    .option("--splits <file>", "splits to use instead of the store's, such as EHRSHOT's person_id_map.csv")
    .option("--resamples <n>", "number of resamples of each interval, 0 for no intervals", countWithin(0, 1_000_000), 1000)
    .option("--seed <n>", "seed of selections and resamples", count, 0)
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader benchmark ehrshot.medsdb --labels EHRSHOT_ASSETS/benchmark --out counts
  meds-reader benchmark ehrshot.medsdb --labels EHRSHOT_ASSETS/benchmark --splits person_id_map.csv --embeddings clmbr.parquet --out clmbr
  meds-reader benchmark ehrshot.medsdb --labels EHRSHOT_ASSETS/benchmark --predictions mine --out mine-results
  meds-reader benchmark ehrshot.medsdb --labels EHRSHOT_ASSETS/benchmark --tasks guo_icu,guo_los --shots 8,32,all --replicates 3 --out icu
  meds-reader benchmark mimic.medsdb --labels mimic/tasks --shots all --resamples 5000 --seed 7 --threads 2 --json --out mimic-results`,
    )
    .action(run);
}

/** Numbers of labels; `all` is -1. */
function shots(text: string): readonly number[] {
  return text.split(",").map((word) => {
    if (word.trim() === "all") return -1;
    const value = count(word.trim());
    if (value < 1 || value > 1_000_000) throw new InvalidArgumentError("It must be numbers from 1 on, or all, separated by commas.");
    return value;
  });
}

/** Options of models that are fitted. */
const FITTING = ["shots", "replicates", "embeddings", "threads"] as const;

async function run(store: string, { json: asJson, ...given }: Options, command: Command): Promise<void> {
  const fits = FITTING.find((name) => command.getOptionValueSource(name) === "cli");
  if (given.predictions !== undefined && fits !== undefined)
    command.error(`error: --predictions and --${fits} cannot be combined: predictions are scored as they are, and no model is fitted`);
  const options = given.predictions === undefined ? given : { ...given, shots: undefined, replicates: undefined, threads: undefined };
  const db = PatientDatabase.open(store);
  try {
    const isShown = asJson !== true && process.stderr.isTTY === true;
    const onRun = (task: string, { k, replicate }: { readonly k: number; readonly replicate: number }) => {
      if (isShown)
        process.stderr.write(
          given.predictions !== undefined
            ? `${visible(task)}\n`
            : `${visible(task)}, ${k < 0 ? "all labels" : `k = ${k}`}, replicate ${replicate}\n`,
        );
    };
    const board = await interruptible((signal) => benchmark(db, { ...options, onRun, signal }));
    print(asJson === true ? json(board) : described(options.out, board));
  } finally {
    db.close();
  }
}

function described(out: string, { model, tasks, leftOut, shots: sizes }: Leaderboard): string[] {
  const digits = (value: number | null) => (value === null ? "–" : value.toFixed(3));
  const title = (task: string, subTask: string) => visible(task === subTask ? task : `${task}: ${subTask}`);
  const rows = tasks.map(({ task, subTask, labels, runs }) => {
    const last = runs.filter(({ replicate }) => replicate === 0).at(-1);
    const metrics = last?.score.samplesEquallyWeighted;
    const k = last === undefined || sizes.length === 0 ? "–" : last.k < 0 ? "all" : number(last.k);
    return [
      title(task, subTask),
      k,
      number(labels.held_out.labels),
      digits(metrics?.auroc ?? null),
      digits(metrics?.auprc ?? null),
      digits(metrics?.brier ?? null),
    ];
  });
  return [
    colour.bold(visible(model.name)),
    ...table([["task", "k", "held out", "AUROC", "AUPRC", "Brier"], ...rows], [1, 2, 3, 4, 5]).map((line) => `  ${line}`),
    ...leftOut.map(
      ({ task, subTask, k, reason }) =>
        `  left out: ${title(task, subTask)}${k === null ? "" : `, k = ${k < 0 ? "all" : k}`}: ${visible(reason)}`,
    ),
    `${visible(join(out, "leaderboard.md"))} has ${sizes.length === 0 ? "the intervals" : "all numbers of labels"}, what was left out, and the model card.`,
  ];
}
