// The bootstrap by subject: subjects are drawn with replacement, each with all of its samples.
import { Random } from "../support/random.js";
import { METRICS, type Metric, type Metrics } from "./metrics.js";

/** The 95 % interval of a metric: its 2.5 % and 97.5 % quantiles over the resamples. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
  /** Resamples in which the metric is defined: a resample may have one class only. */
  readonly resamples: number;
}

/** Distinguishes these draws from others with the same seed. */
const SUBJECTS = 4;

/**
 * Calls `measure` with the weights of each resample: how often each subject was drawn. Weights are as a
 * resample with repeated samples. EHRSHOT's intervals are made in the same way.
 */
export function resampled(subjects: number, resamples: number, seed: number, measure: (weights: Float64Array) => void): void {
  const weights = new Float64Array(subjects);
  for (let i = 0; i < resamples; i += 1) {
    const random = new Random(seed, i, SUBJECTS);
    weights.fill(0);
    for (let draw = 0; draw < subjects; draw += 1) weights[random.below(subjects, draw)]! += 1;
    measure(weights);
  }
}

/** The values of each metric over resamples, where they are defined. */
export class Resamples {
  readonly values: Readonly<Record<Metric, number[]>> = Object.fromEntries(METRICS.map((name) => [name, [] as number[]])) as Record<
    Metric,
    number[]
  >;

  add(metrics: Metrics): void {
    for (const name of METRICS) if (metrics[name] !== null) this.values[name].push(metrics[name]);
  }

  /** The interval of each metric; null where no resample has the metric. */
  intervals(): Record<Metric, Interval | null> {
    return Object.fromEntries(METRICS.map((name) => [name, intervalOf(this.values[name])])) as Record<Metric, Interval | null>;
  }
}

/** The 95 % interval of some values; null without values. */
export function intervalOf(values: readonly number[]): Interval | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return { lower: quantile(sorted, 0.025), upper: quantile(sorted, 0.975), resamples: sorted.length };
}

/** A quantile, linear between neighbours, as numpy's `percentile`. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const value = sorted[below]!;
  return value + (at - below) * ((sorted[below + 1] ?? value) - value);
}
