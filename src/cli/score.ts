import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import {
  type Comparison,
  Labels,
  type Metric,
  PatientDatabase,
  type PredictionReport,
  Predictions,
  type Score,
  Shots,
  type SplitPredictions,
  Splits,
} from "../index.js";
import { count, countWithin } from "./arguments.js";
import { colour, json, number, plural, print, table } from "./format.js";
import { jsonOption } from "./options.js";
import { visible } from "./report.js";

interface Options {
  readonly labels?: string;
  readonly subTask?: string;
  readonly against?: string;
  readonly split?: string;
  readonly splits?: string;
  readonly resamples: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** `meds-reader score PREDICTIONS`. */
export function scoreCommand(): Command {
  return new Command("score")
    .summary("score predictions, or compare two runs")
    .description(
      "Prints metrics of binary predictions (AUROC, average precision, Brier score, calibration, accuracy, F1) with 95 % intervals by resampling subjects. The file has the schema of meds-evaluation 0.0.6.",
    )
    .argument(
      "<file>",
      "Parquet or CSV file, or folder of Parquet files, with subject_id, prediction_time, boolean_value (not with --labels), and predicted_boolean_probability or predicted_boolean_value",
    )
    .option("--labels <path>", "labels of the task, to use instead of boolean_value: MEDS, EHRSHOT or INSPECT")
    .option("--split <name>", "score only subjects in this split, such as held_out; requires --splits")
    .option("--splits <path>", "what says the split of each subject: a store, a dataset, or a file such as EHRSHOT's person_id_map.csv")
    .option("--sub-task <name>", "with --labels of EHRSHOT's chexpert: the finding, such as Edema")
    .option("--against <file>", "another run on the same labels: prints the differences, with 95 % intervals and p by a paired bootstrap")
    .option("--resamples <n>", "number of resamples, 0 for no intervals", countWithin(0, 1_000_000), 1000)
    .option("--seed <n>", "seed of the resamples", count, 0)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader score predictions/guo_icu.parquet
  meds-reader score predictions/guo_icu.parquet --labels benchmark/guo_icu --json
  meds-reader score mine.csv --labels benchmark/guo_icu --split held_out --splits ehrshot.medsdb
  meds-reader score predictions/chexpert/Edema.parquet --labels benchmark/chexpert --sub-task Edema
  meds-reader score mine/predictions/guo_icu.parquet --against counts/predictions/guo_icu.parquet --resamples 5000 --seed 7`,
    )
    .action(run);
}

async function run(file: string, options: Options, command: Command): Promise<void> {
  const { labels, subTask, against, split, splits: path, json: asJson, resamples, seed } = options;
  if (labels === undefined && subTask !== undefined) command.error("error: --sub-task requires --labels");
  if ((split === undefined) !== (path === undefined))
    command.error("error: --split NAME and --splits PATH require each other: one is a split, the other says who is in it");
  const splits = path === undefined ? null : await splitsAt(path);
  const truths = labels === undefined ? null : await truthsOf(labels, subTask);
  const wanted = truths === null || splits === null ? truths : truths.inSplit(splits, split!).labels;
  const open = async (from: string): Promise<Scored> => {
    if (wanted !== null) return { predictions: await Predictions.open(from, { labels: wanted }), others: null };
    const all = await Predictions.open(from);
    if (splits === null) return { predictions: all, others: null };
    const { predictions, ...others } = all.inSplit(splits, split!);
    return { predictions, others };
  };
  const { predictions, others } = await open(file);
  const score = predictions.score({ resamples, seed });
  const { report } = predictions;
  const facts = { score, report, split: split ?? null, others };
  if (against === undefined) {
    print(asJson === true ? json({ ...score, report, split: facts.split, others }) : described(file, facts));
    return;
  }
  const comparison = predictions.compare((await open(against)).predictions, { resamples, seed });
  print(asJson === true ? json({ ...comparison, ...facts }) : compared(file, against, comparison));
}

/** Predictions of a split, and how many others there are; null without a split and with labels, which are those of the split. */
interface Scored {
  readonly predictions: Predictions;
  readonly others: Omit<SplitPredictions, "predictions"> | null;
}

/** The splits of a store, a dataset or a file. */
async function splitsAt(path: string): Promise<Splits> {
  if (!existsSync(join(path, "manifest.json"))) return Splits.open(path);
  const db = PatientDatabase.open(path);
  try {
    return Splits.from(Object.fromEntries([...db.splits.keys()].map((name) => [name, db.split(name).subjectIds])));
  } finally {
    db.close();
  }
}

/** The labels as true or false. */
async function truthsOf(path: string, subTask: string | undefined): Promise<Labels> {
  const labels = await Labels.open(path);
  return subTask === undefined && labels.columns.includes("boolean_value") ? labels : Shots.binary(labels, subTask ?? labels.task);
}

const NAMES: Readonly<Record<Metric, string>> = {
  auroc: "AUROC",
  auprc: "AUPRC (average precision)",
  brier: "Brier score",
  calibrationError: "Calibration error",
  expectedCalibrationError: "Expected calibration error",
  accuracy: "Accuracy",
  f1: "F1",
};
const METRICS = Object.keys(NAMES) as Metric[];

const digits = (value: number | null): string => (value === null ? "–" : value.toFixed(4));

/** A score, and what it is of. */
interface Facts extends Pick<Scored, "others"> {
  readonly score: Score;
  readonly report: PredictionReport | null;
  readonly split: string | null;
}

function described(file: string, facts: Facts): string[] {
  const { score, split } = facts;
  const rows = METRICS.map((name) => {
    const interval = score.intervals[name];
    const reason = score.reasons[name];
    return [
      NAMES[name],
      digits(score.samplesEquallyWeighted[name]),
      interval === null ? "" : `${digits(interval.lower)} to ${digits(interval.upper)}`,
      digits(score.subjectsEquallyWeighted[name]),
      reason === undefined ? "" : `(${reason})`,
    ];
  });
  return [
    colour.bold(visible(file)),
    `  ${plural(score.samples, "sample")} of ${plural(score.subjects, "subject")}${split === null ? "" : ` in ${visible(split)}`}, ${number(score.positive)} true`,
    "",
    ...table([["", "samples", "95 % interval", "subjects", ""], ...rows], [1, 3]).map((line) => `  ${line}`),
    ...leftOut(facts),
  ];
}

/** What did not fit the labels or the split. */
function leftOut({ report, split, others }: Facts): string[] {
  const where = split === null ? "" : ` in ${visible(split)}`;
  const said: (readonly [number, string])[] = [];
  if (report !== null)
    said.push(
      [report.unlabelled, "labels have no true or false value, and were left out"],
      [report.missing, "labels have no prediction, and were left out"],
      [report.extra, `predictions have no label${where}, and were left out`],
      [report.duplicates, "further predictions of a subject and time were left out"],
      [report.differing, "predictions name another label: that of --labels is used"],
    );
  if (others !== null)
    said.push(
      [others.otherSplit, "predictions are of subjects in other splits, and were left out"],
      [others.noSplit, "predictions are of subjects in no split, and were left out"],
    );
  const lines = said.filter(([found]) => found > 0).map(([found, what]) => `  ${number(found)} ${what}`);
  return lines.length === 0 ? [] : ["", ...lines];
}

function compared(first: string, second: string, { samples, subjects, onlyFirst, onlySecond, differences }: Comparison): string[] {
  const rows = METRICS.flatMap((name) => {
    const found = differences[name];
    if (found === null) return [];
    const range = found.interval === null ? "" : `${digits(found.interval.lower)} to ${digits(found.interval.upper)}`;
    return [[NAMES[name], digits(found.first), digits(found.second), digits(found.difference), range, found.p?.toPrecision(2) ?? ""]];
  });
  return [
    colour.bold(`${visible(first)} (first) and ${visible(second)} (second)`),
    `  ${plural(samples, "sample")} of ${plural(subjects, "subject")} that both predict; ${number(onlyFirst)} only in the first, ${number(onlySecond)} only in the second`,
    "",
    ...table([["", "first", "second", "difference", "95 % interval", "p"], ...rows], [1, 2, 3, 5]).map((line) => `  ${line}`),
  ];
}
