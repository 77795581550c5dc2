// Metrics of binary predictions. The samples are sorted once, so that each resample of a bootstrap is one pass.
import type { PredictionTable } from "./prediction-table.js";

/**
 * Metrics of predictions. A metric is null where it is not defined: {@link Score.reasons} says why. The
 * metrics of probabilities are null without probabilities, those of values without values.
 */
export interface Metrics {
  /**
   * Area under the receiver operating characteristic: the probability that a true sample has a higher
   * predicted probability than a false one, where equal probabilities count one half. Source: Hanley and
   * McNeil 1982, with mid-ranks for ties, as `roc_auc_score` of scikit-learn.
   */
  readonly auroc: number | null;
  /**
   * Average precision: the sum over the distinct probabilities, from the highest, of precision times the
   * increase of recall, without interpolation. Source: `average_precision_score` of scikit-learn.
   */
  readonly auprc: number | null;
  /** Mean squared difference of probability and label (0 or 1). Source: Brier 1950; `brier_score_loss`. */
  readonly brier: number | null;
  /**
   * Mean over the bins that are not empty of |share of true labels - mean probability|: 10 bins of equal
   * width, each without its lower bound (the first one has it). Source: `calibration_error` of
   * meds-evaluation 0.0.6.
   */
  readonly calibrationError: number | null;
  /** The same differences, weighted by the samples of each bin. Source: Naeini et al. 2015 (ECE). */
  readonly expectedCalibrationError: number | null;
  /** Share of predicted values that are right. Source: `accuracy_score` of scikit-learn. */
  readonly accuracy: number | null;
  /** 2 TP / (2 TP + FP + FN) of the predicted values. Source: van Rijsbergen 1979; `f1_score`. */
  readonly f1: number | null;
}

/** The name of a metric. */
export type Metric = keyof Metrics;

/** The names of all metrics, in the order of reports. */
export const METRICS: readonly Metric[] = Object.keys({
  auroc: true,
  auprc: true,
  brier: true,
  calibrationError: true,
  expectedCalibrationError: true,
  accuracy: true,
  f1: true,
} satisfies Record<Metric, true>) as Metric[];

/** One bin of a calibration curve. */
export interface CalibrationBin {
  /** Bounds of the probabilities: above `lower` (the first bin: from it on), up to and including `upper`. */
  readonly lower: number;
  readonly upper: number;
  readonly samples: number;
  /** Mean predicted probability; null in an empty bin. */
  readonly predicted: number | null;
  /** Share of true labels; null in an empty bin. */
  readonly observed: number | null;
}

/** Bins of a calibration curve. */
const BINS = 10;
const EDGES = Array.from({ length: BINS + 1 }, (_, i) => i * 0.1);

/** The bin of a probability, as numpy's `searchsorted` finds it among the inner bounds. */
function binOf(probability: number): number {
  let bin = 0;
  while (bin < BINS - 1 && probability > EDGES[bin + 1]!) bin += 1;
  return bin;
}

/** Samples in order of their probability, from the highest. A weight belongs to a subject. */
export class Ranking {
  /** Number of subjects. */
  readonly subjects: number;
  /** Number of samples of each subject. */
  readonly sizes: Float64Array;
  private readonly truth: Uint8Array;
  private readonly subject: Uint32Array;
  private readonly probability: Float64Array | null;
  private readonly value: Uint8Array | null;
  private readonly bin: Uint8Array;
  private readonly sums = { weight: new Float64Array(BINS), truth: new Float64Array(BINS), probability: new Float64Array(BINS) };

  constructor({ subjectIds, truths, values, probabilities }: PredictionTable) {
    const numbers = new Map<bigint, number>();
    const subjects = Uint32Array.from(truths, (_, row) => {
      const known = numbers.get(subjectIds[row]!);
      if (known !== undefined) return known;
      numbers.set(subjectIds[row]!, numbers.size);
      return numbers.size - 1;
    });
    this.subjects = numbers.size;
    this.sizes = new Float64Array(numbers.size);
    for (const subject of subjects) this.sizes[subject]! += 1;
    const order = Uint32Array.from(truths, (_, row) => row);
    if (probabilities !== null) order.sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
    this.truth = Uint8Array.from(order, (row) => truths[row]!);
    this.subject = Uint32Array.from(order, (row) => subjects[row]!);
    this.value = values && Uint8Array.from(order, (row) => values[row]!);
    this.probability = probabilities && Float64Array.from(order, (row) => probabilities[row]!);
    this.bin = Uint8Array.from(this.probability ?? [], binOf);
  }

  /** The metrics. `weights` has a weight for each subject, which is that of each of its samples. */
  metrics(weights: Float64Array): Metrics {
    return { ...this.ofProbabilities(weights), ...this.ofValues(weights) };
  }

  /** The calibration curve: every sample has the weight of its subject. */
  calibration(weights: Float64Array): CalibrationBin[] {
    this.ofProbabilities(weights);
    const { weight, truth, probability } = this.sums;
    return Array.from(weight, (samples, bin) => ({
      lower: EDGES[bin]!,
      upper: EDGES[bin + 1]!,
      samples,
      predicted: samples > 0 ? probability[bin]! / samples : null,
      observed: samples > 0 ? truth[bin]! / samples : null,
    }));
  }

  private ofProbabilities(weights: Float64Array): Omit<Metrics, "accuracy" | "f1"> {
    const { truth, subject, probability, bin, sums } = this;
    const none = { auroc: null, auprc: null, brier: null, calibrationError: null, expectedCalibrationError: null };
    if (probability === null) return none;
    for (const sum of Object.values(sums)) sum.fill(0);
    // Weights of true and of false samples above the current tie, and in it.
    let [positives, negatives, area, precision, squares] = [0, 0, 0, 0, 0];
    let [tiedPositives, tiedNegatives] = [0, 0];
    const { length } = probability;
    for (let i = 0; i < length; i += 1) {
      const weight = weights[subject[i]!]!;
      const p = probability[i]!;
      const y = truth[i]!;
      if (weight > 0) {
        if (y === 1) tiedPositives += weight;
        else tiedNegatives += weight;
        squares += weight * (p - y) * (p - y);
        const b = bin[i]!;
        sums.weight[b]! += weight;
        sums.truth[b]! += weight * y;
        sums.probability[b]! += weight * p;
      }
      if (i + 1 < length && probability[i + 1] === p) continue;
      area += tiedNegatives * (positives + tiedPositives / 2);
      positives += tiedPositives;
      negatives += tiedNegatives;
      if (tiedPositives > 0) precision += tiedPositives * (positives / (positives + negatives));
      [tiedPositives, tiedNegatives] = [0, 0];
    }
    const total = positives + negatives;
    if (total === 0) return none;
    return {
      auroc: positives > 0 && negatives > 0 ? area / (positives * negatives) : null,
      auprc: positives > 0 ? precision / positives : null,
      brier: squares / total,
      ...this.errors(total),
    };
  }

  /** The errors of calibration, from the sums of the bins. */
  private errors(total: number): Pick<Metrics, "calibrationError" | "expectedCalibrationError"> {
    const { weight, truth, probability } = this.sums;
    let [bins, sum, weighted] = [0, 0, 0];
    for (let bin = 0; bin < BINS; bin += 1) {
      const own = weight[bin]!;
      if (own === 0) continue;
      const difference = Math.abs(truth[bin]! - probability[bin]!) / own;
      bins += 1;
      sum += difference;
      weighted += (own / total) * difference;
    }
    return { calibrationError: sum / bins, expectedCalibrationError: weighted };
  }

  private ofValues(weights: Float64Array): Pick<Metrics, "accuracy" | "f1"> {
    const { truth, subject, value } = this;
    if (value === null) return { accuracy: null, f1: null };
    let [total, right, hits, wrong] = [0, 0, 0, 0];
    for (let i = 0; i < value.length; i += 1) {
      const weight = weights[subject[i]!]!;
      total += weight;
      if (value[i] === truth[i]) {
        right += weight;
        if (value[i] === 1) hits += weight;
      } else wrong += weight;
    }
    const marked = 2 * hits + wrong;
    return { accuracy: total > 0 ? right / total : null, f1: marked > 0 ? (2 * hits) / marked : null };
  }
}

/** AUROC of scores that are not probabilities; null if all samples are of one class. */
export function aurocOf(truths: ArrayLike<number>, scores: ArrayLike<number>): number | null {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  let [positives, negatives, area, begin] = [0, 0, 0, 0];
  while (begin < order.length) {
    let [end, tied] = [begin, 0];
    while (end < order.length && scores[order[end]!] === scores[order[begin]!]) {
      tied += truths[order[end]!]!;
      end += 1;
    }
    const others = end - begin - tied;
    area += others * (positives + tied / 2);
    positives += tied;
    negatives += others;
    begin = end;
  }
  return positives > 0 && negatives > 0 ? area / (positives * negatives) : null;
}
