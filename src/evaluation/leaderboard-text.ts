// A leaderboard as Markdown.
import { isFitted, type Leaderboard, meanOver, shownSize, sizesOf, summaryOf, type TaskResult, titleOf } from "./leaderboard.js";
import type { Metric } from "./metrics.js";

const digits = (value: number | null): string => (value === null ? "–" : value.toFixed(3));
/** A text in a cell of a table. */
const cell = (text: string): string => text.replaceAll(/[\\|]/g, "\\$&").replaceAll(/\s+/g, " ");
const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const table = (header: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row(header),
  row(header.map((_, column) => (column === 0 ? "---" : "---:"))),
  ...rows.map(row),
];

/** The text of `leaderboard.md`. */
export function leaderboardText(board: Leaderboard): string {
  const { dataset, model, tasks, leftOut } = board;
  const sizes = sizesOf(tasks);
  const last = sizes.at(-1);
  const fitted = isFitted(board);
  const absent = [
    ...leftOutLines(tasks, fitted),
    ...leftOut.map((one) => `- ${titleOf(one)}${one.k === null ? "" : `, k = ${shownSize(one.k)}`}: ${one.reason}`),
  ];
  const lines = [
    `# Leaderboard: ${model.name}`,
    "",
    `Dataset: ${dataset.name ?? "without a name"}${dataset.version === null ? "" : ` ${dataset.version}`} (store \`${dataset.id}\`), ${dataset.patients} patients, ${dataset.events} events. Subjects: ${Object.entries(
      dataset.splits,
    )
      .map(([name, size]) => `${name} ${size}`)
      .join(", ")}. Seed ${board.seed}, ${fitted ? `${board.replicates} replicates, ` : ""}${board.resamples} resamples.`,
    "",
    `![AUROC${fitted ? " by number of labels per class" : " of each task"}](leaderboard.svg)`,
    ...["auroc", "auprc"].flatMap((metric) => [
      "",
      `## ${metric.toUpperCase()}${fitted ? " by labels per class" : ""}`,
      "",
      fitted ? "Held-out labels; mean ± standard deviation over replicates." : "Held-out labels.",
      "",
      ...bySize(tasks, sizes, metric as Metric, fitted),
    ]),
    ...(last === undefined
      ? []
      : [
          "",
          `## Predictions${fitted ? ` with ${last === -1 ? "all labels" : `${last} labels per class`}` : ""}`,
          "",
          ...withIntervals(tasks, last, fitted),
        ]),
    ...["", "## Left out", "", ...(absent.length === 0 ? ["Nothing."] : absent)],
    ...card(board),
  ];
  return `${lines.join("\n")}\n`;
}

function bySize(tasks: readonly TaskResult[], sizes: readonly number[], metric: Metric, fitted: boolean): string[] {
  const rows = tasks.map((task) => [
    cell(titleOf(task)),
    ...sizes.map((k) => {
      const own = summaryOf(task, k, metric);
      return own === null ? "–" : `${digits(own.mean)}${own.deviation === null ? "" : ` ± ${digits(own.deviation)}`}`;
    }),
  ]);
  const mean = ["mean of the tasks", ...sizes.map((k) => digits(meanOver(tasks, k, metric)))];
  return table(["task", ...sizes.map((k) => (k !== -1 ? `k = ${k}` : fitted ? "all" : "predictions"))], [...rows, mean]);
}

/** The runs whose predictions are written, with intervals. */
function withIntervals(tasks: readonly TaskResult[], k: number, fitted: boolean): string[] {
  const rows = tasks.flatMap((task) => {
    const run = task.runs.find((one) => one.k === k && one.replicate === 0);
    if (run === undefined) return [];
    const { samplesEquallyWeighted: metrics, intervals, samples, positive } = run.score;
    const ranged = (name: Metric) => {
      const interval = intervals[name];
      return `${digits(metrics[name])}${interval === null ? "" : ` (${digits(interval.lower)} to ${digits(interval.upper)})`}`;
    };
    return [
      [
        cell(titleOf(task)),
        String(samples),
        String(positive),
        ...(["auroc", "auprc", "brier"] as const).map(ranged),
        digits(metrics.expectedCalibrationError),
        ...(fitted ? [String(run.strength)] : []),
      ],
    ];
  });
  return [
    `${fitted ? "Replicate 0; in" : "In"} brackets 95 % intervals by resampling subjects.`,
    "",
    ...table(["task", "samples", "true", "AUROC", "AUPRC", "Brier", "ECE", ...(fitted ? ["strength"] : [])], rows),
  ];
}

function leftOutLines(tasks: readonly TaskResult[], fitted: boolean): string[] {
  const words = {
    unknownSubjects: "of subjects that are not in the store",
    noSplit: "of subjects in no split",
    otherSplit: "of other splits",
    unlabelled: "without a true or false value",
    noFeatures: fitted ? "without an embedding" : "of held-out subjects without a prediction",
  };
  return tasks.flatMap((task) => {
    const parts = Object.entries(words).filter(([name]) => task.leftOut[name as keyof typeof words] > 0);
    const said = parts.map(([name, what]) => `${task.leftOut[name as keyof typeof words]} labels ${what}`);
    return said.length === 0 ? [] : [`- ${titleOf(task)}: ${said.join(", ")}`];
  });
}

function card({ model, tasks, versions }: Leaderboard): string[] {
  const rows = tasks.map((task) => [
    cell(titleOf(task)),
    ...Object.values(task.labels).map(({ labels, positive, subjects }) => `${labels} (${positive} true, ${subjects} subjects)`),
    cell(task.truth),
    cell(task.selections),
  ]);
  return [
    ...["", "## Model card", "", `**${model.name}**`, ""],
    `- Features: ${model.features}`,
    `- Head: ${model.head}`,
    `- Selection: ${model.selection}`,
    `- Training data: ${model.training}`,
    ...model.limits.map((limit) => `- Limit: ${limit}`),
    `- Made with: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}`,
    "",
    ...table(["task", "train", "tuning", "held out", "true labels", "selections"], rows),
  ];
}
