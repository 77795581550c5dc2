// The score of a table of predictions, and the comparison of two.
import { conflict, namesIn, optionsOf, seedOf, wholeOf } from "../support/arguments.js";
import { textOfTime } from "../support/time.js";
import { type Interval, intervalOf, Resamples, resampled } from "./bootstrap.js";
import { matched } from "./matches.js";
import { type CalibrationBin, METRICS, type Metric, type Metrics, Ranking } from "./metrics.js";
import { type PredictionTable, rowsOfPredictions } from "./prediction-table.js";

/** Options of {@link Predictions.score} and {@link Predictions.compare}. */
export interface ScoreOptions {
  /** Resamples of the bootstrap; 0 makes no intervals. Default: 1000. */
  readonly resamples?: number | undefined;
  /** The seed of the bootstrap. The same seed draws the same subjects. Default: 0. */
  readonly seed?: number | undefined;
}

/** The result of {@link Predictions.score}. */
export interface Score {
  readonly samples: number;
  readonly subjects: number;
  /** Samples whose label is true. */
  readonly positive: number;
  /** Each sample has the same weight. */
  readonly samplesEquallyWeighted: Metrics;
  /**
   * Each subject has the same weight, divided among its samples. meds-evaluation draws 4 samples of each
   * subject at random instead, so that its values vary around these.
   */
  readonly subjectsEquallyWeighted: Metrics;
  /** Of the metrics with samples equally weighted, by resampling subjects; null without resamples. */
  readonly intervals: Readonly<Record<Metric, Interval | null>>;
  /** Ten bins of equal width; empty without probabilities. */
  readonly calibration: readonly CalibrationBin[];
  /** Why a metric is null. */
  readonly reasons: Readonly<Partial<Record<Metric, string>>>;
}

/** Two runs by one metric. */
export interface MetricDifference {
  readonly first: number;
  readonly second: number;
  /** `first - second`. */
  readonly difference: number;
  /** The 95 % interval of the difference; null without resamples. */
  readonly interval: Interval | null;
  /**
   * Two-sided: twice the smaller share of resamples whose difference is at most 0 or at least 0, each with one
   * resample added. Null without resamples. Source: Efron and Tibshirani 1993, achieved significance levels.
   */
  readonly p: number | null;
}

/** The result of {@link Predictions.compare}. */
export interface Comparison {
  /** Samples that both runs predict. */
  readonly samples: number;
  readonly subjects: number;
  /** Samples that only one of the runs predicts. They are left out. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** By metric; null where one of the runs does not have it. */
  readonly differences: Readonly<Record<Metric, MetricDifference | null>>;
}

const OPTIONS = Object.keys({ resamples: true, seed: true } satisfies Record<keyof ScoreOptions, true>);

function planOf(what: string, options: ScoreOptions | undefined): { resamples: number; seed: number } {
  const given = optionsOf(options) ?? {};
  namesIn(what, given, OPTIONS);
  const { resamples = 1000, seed = 0 } = given;
  return { resamples: wholeOf("resamples", resamples, 0, 1_000_000), seed: seedOf("seed", seed) };
}

/** The score of predictions. */
export function scoreOf(table: PredictionTable, options: ScoreOptions | undefined): Score {
  const { resamples, seed } = planOf("score", options);
  const ranking = new Ranking(table);
  const ones = new Float64Array(ranking.subjects).fill(1);
  const metrics = ranking.metrics(ones);
  const found = new Resamples();
  resampled(ranking.subjects, ranking.subjects === 0 ? 0 : resamples, seed, (weights) => found.add(ranking.metrics(weights)));
  const intervals = found.intervals();
  // What the samples themselves do not define has no interval.
  for (const name of METRICS) if (metrics[name] === null) intervals[name] = null;
  return {
    samples: table.truths.length,
    subjects: ranking.subjects,
    positive: positiveIn(table),
    samplesEquallyWeighted: metrics,
    subjectsEquallyWeighted: ranking.metrics(ranking.sizes.map((size) => 1 / size)),
    intervals,
    calibration: table.probabilities === null ? [] : ranking.calibration(ones),
    reasons: reasonsOf(table, metrics),
  };
}

const positiveIn = ({ truths }: PredictionTable): number => truths.reduce((sum, truth) => sum + truth, 0);

/** Why metrics are null. */
function reasonsOf(table: PredictionTable, metrics: Metrics): Partial<Record<Metric, string>> {
  const [positive, samples] = [positiveIn(table), table.truths.length];
  const why = (name: Metric): string => {
    if (samples === 0) return "there are no samples";
    if (name === "accuracy" || name === "f1")
      return table.values === null ? "there are no predicted values" : "no label and no predicted value is true";
    if (table.probabilities === null) return "there are no predicted probabilities";
    return positive === 0 ? "no label is true" : "no label is false";
  };
  return Object.fromEntries(METRICS.filter((name) => metrics[name] === null).map((name) => [name, why(name)]));
}

/** Two tables of predictions, on the samples that both have. */
export function comparisonOf(first: PredictionTable, second: PredictionTable, options: ScoreOptions | undefined): Comparison {
  const { resamples, seed } = planOf("compare", options);
  const { rows, extra, duplicates } = matched(first, second);
  const own = Array.from(rows.keys()).filter((row) => rows[row]! >= 0);
  const [a, b] = [
    rowsOfPredictions(first, own),
    rowsOfPredictions(
      second,
      own.map((row) => rows[row]!),
    ),
  ];
  const differing = a.truths.findIndex((truth, row) => truth !== b.truths[row]);
  if (differing >= 0)
    conflict(
      `The two runs have different labels for subject ${a.subjectIds[differing]} at ${textOfTime(a.predictionTimes[differing]!)}. Compare runs on the same labels.`,
    );
  const rankings = [new Ranking(a), new Ranking(b)] as const;
  const { subjects } = rankings[0];
  const ones = new Float64Array(subjects).fill(1);
  const [ofFirst, ofSecond] = [rankings[0].metrics(ones), rankings[1].metrics(ones)];
  const drawn = Object.fromEntries(METRICS.map((name) => [name, [] as number[]])) as Record<Metric, number[]>;
  resampled(subjects, subjects === 0 ? 0 : resamples, seed, (weights) => {
    const [x, y] = [rankings[0].metrics(weights), rankings[1].metrics(weights)];
    for (const name of METRICS) if (x[name] !== null && y[name] !== null) drawn[name].push(x[name] - y[name]);
  });
  const differences = METRICS.map((name) => [name, differenceOf(ofFirst[name], ofSecond[name], drawn[name])] as const);
  return {
    samples: own.length,
    subjects,
    onlyFirst: rows.length - own.length,
    onlySecond: extra + duplicates,
    differences: Object.fromEntries(differences) as Record<Metric, MetricDifference | null>,
  };
}

function differenceOf(first: number | null, second: number | null, drawn: readonly number[]): MetricDifference | null {
  if (first === null || second === null) return null;
  const interval = intervalOf(drawn);
  const [below, above] = [drawn.filter((value) => value <= 0).length, drawn.filter((value) => value >= 0).length];
  const p = interval === null ? null : Math.min(1, (2 * (Math.min(below, above) + 1)) / (drawn.length + 1));
  return { first, second, difference: first - second, interval, p };
}
