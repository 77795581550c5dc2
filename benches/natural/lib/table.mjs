// Figures as lines of text.
import { median } from "../../lib/process.mjs";

const UNITS = [
  [1, "s"],
  [1e-3, "ms"],
  [1e-6, "µs"],
  [1e-9, "ns"],
];

function duration(seconds) {
  if (seconds === null || Number.isNaN(seconds)) return "-";
  const [scale, unit] = UNITS.find(([scale]) => seconds >= scale) ?? UNITS.at(-1);
  const value = seconds / scale;
  return `${value >= 1000 ? Math.round(value) : value.toPrecision(3)} ${unit}`;
}

const ratio = (value) => (Number.isFinite(value) ? `${value >= 100 ? Math.round(value) : value.toPrecision(3)}x` : "-");

/** Medians over the rounds of a program, each round the median of its runs. */
export function figures(rounds) {
  const over = (of) => {
    const values = rounds.map(of).filter((value) => value !== null);
    return values.length === 0 ? null : median(values);
  };
  const runs = (name) => (round) => (round.runs.some((run) => run[name] === null) ? null : median(round.runs.map((run) => run[name])));
  const walls = rounds.map(runs("seconds"));
  return {
    first: over(({ first }) => first.seconds),
    wall: over(runs("seconds")),
    cpu: over(runs("cpuSeconds")),
    least: Math.min(...walls),
    greatest: Math.max(...walls),
  };
}

/** Rows of text in columns; the first is left-aligned. */
function lines(rows) {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  return rows.map((row) =>
    row
      .map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])))
      .join("  ")
      .trimEnd(),
  );
}

/** Whether what the issue asks for holds: the goals with their values, null where a program is not in this run. */
export function judged(goals, results, set) {
  const of = (name, measure) => results.find((one) => one.name === name)?.[measure] ?? Number.NaN;
  return goals
    .filter((goal) => goal.set === undefined || goal.set === set)
    .map(({ what, measure, program, by, least, most }) => {
      const value = of(program, measure) / (by === null ? 1 : of(by, measure));
      if (Number.isNaN(value)) return { what, measure, least, most, value: null };
      return { what, measure, least, most, value, met: value >= (least ?? 0) && value <= (most ?? Number.POSITIVE_INFINITY) };
    });
}

const stateOf = ({ least, most, value, met }) => {
  const limit = least !== undefined ? `at least ${least}` : most !== undefined ? `at most ${most}` : "no goal";
  if (value === null) return `${limit}; not in this run`;
  return `${value.toPrecision(3)} (${limit}${least === undefined && most === undefined ? "" : met ? ": met" : ": MISSED"})`;
};

/** A question's figures as lines of text. */
export function page({ title, question, results, left, goals }, { title: what, per, peer }, divisor) {
  const reference = results.find(({ name }) => name === peer);
  const times = (one, measure) => (reference === undefined ? "-" : ratio(reference[measure] / one[measure]));
  const heads = ["", "first run", "wall", "least – greatest", "processor", `per ${per}`, "ratio, wall", "processor"];
  const table = results.map((one) => [
    one.name,
    duration(one.first),
    duration(one.wall),
    `${duration(one.least)} – ${duration(one.greatest)}`,
    duration(one.cpu),
    duration(one.cpu === null ? null : one.cpu / divisor),
    times(one, "wall"),
    times(one, "cpu"),
  ]);
  return [
    "",
    `${title}: ${what} (${question})${peer === undefined ? "" : `. Ratios: ${peer} divided by the program`}`,
    ...lines([heads, ...table]).map((line) => `  ${line}`),
    ...left.map((line) => `  ${line}`),
    ...goals.map((goal) => `  ${goal.what}, ${goal.measure}: ${stateOf(goal)}`),
  ];
}
