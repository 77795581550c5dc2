// Metrics of predictions: fixed values of scikit-learn, definitions by brute force, and the bootstrap.
import fc from "fast-check";
import { Labels, type Metric, Predictions } from "meds-reader";
import { describe, expect, it } from "vitest";
import { runs } from "../support/property.js";

const TIME = 1_577_836_800_000_000n;
const labelsOf = (truths: readonly boolean[], subjects: readonly number[] = truths.map((_, i) => i)) =>
  Labels.from(truths.map((booleanValue, i) => ({ subjectId: subjects[i]!, predictionTime: TIME + BigInt(i), booleanValue })));
const predictionsOf = (truths: readonly boolean[], probabilities: readonly number[], subjects?: readonly number[]) =>
  Predictions.from(labelsOf(truths, subjects), probabilities, { threshold: 0.5 });

/** With ties: within a class, between classes, and at a bound of the calibration's bins. */
const Y = [0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1].map((y) => y === 1);
const P = [0.1, 0.4, 0.35, 0.8, 0.4, 0.4, 0.05, 0.95, 0.6, 0.6, 0.2, 0.2];
const S = [1, 1, 1, 2, 2, 3, 4, 4, 4, 4, 5, 5];

describe("metrics", () => {
  // python -c with y, p = np.float32(P), v = p >= 0.5, t, q = calibration_curve(y, p, n_bins=10), scikit-learn 1.9.1:
  // roc_auc_score(y, p), average_precision_score(y, p), brier_score_loss(y, p), np.abs(t - q).mean(), accuracy_score(y, v), f1_score(y, v);
  // then the same without the error of calibration, with sample_weight = 1 / (samples of the subject).
  const SAMPLES = [0.75, 0.7577380952380952, 0.19645832479000092, 0.18958333771054944, 0.6666666666666666, 0.6];
  const SUBJECTS = [0.718891402714932, 0.7577808148420746, 0.22575000327390926, 0.5833333333333333, 0.489795918367347];
  const close = (found: number | null, expected: number) => expect(Math.abs(found! - expected)).toBeLessThan(1e-7);

  it("equal those of scikit-learn, with samples and with subjects equally weighted", () => {
    const { samplesEquallyWeighted: a, subjectsEquallyWeighted: b, calibration } = predictionsOf(Y, P, S).score({ resamples: 0 });
    for (const [i, name] of (["auroc", "auprc", "brier", "calibrationError", "accuracy", "f1"] as const).entries())
      close(a[name], SAMPLES[i]!);
    for (const [i, name] of (["auroc", "auprc", "brier", "accuracy", "f1"] as const).entries()) close(b[name], SUBJECTS[i]!);
    expect(calibration.map(({ samples }) => samples)).toEqual([1, 1, 2, 1, 3, 0, 2, 0, 1, 1]);
    expect(calibration.map(({ observed }) => observed)).toEqual([0, 0, 0.5, 1, 1 / 3, null, 0.5, null, 1, 1]);
  });

  it("weigh the calibration by the samples of each bin in the expected error", () => {
    // Two bins: 3 samples at 0.1 of which 1 is true, 1 sample at 0.9 that is true.
    const { samplesEquallyWeighted: found } = predictionsOf([true, false, false, true], [0.1, 0.1, 0.1, 0.9]).score({ resamples: 0 });
    close(found.expectedCalibrationError, (3 * (1 / 3 - 0.1) + 0.1) / 4);
    close(found.calibrationError, (1 / 3 - 0.1 + 0.1) / 2);
  });

  it.each([
    [[true, true], { auroc: "no label is false" }],
    [[false, false], { auroc: "no label is true", auprc: "no label is true", f1: "no label and no predicted value is true" }],
  ])("are null with a reason for labels of one class: %s", (truths, reasons) => {
    const score = predictionsOf(truths, [0.2, 0.3]).score({ resamples: 20 });
    expect(score.reasons).toEqual(reasons);
    for (const name of Object.keys(reasons) as Metric[])
      expect([score.samplesEquallyWeighted[name], score.subjectsEquallyWeighted[name], score.intervals[name]]).toEqual([null, null, null]);
    expect(score.samplesEquallyWeighted.brier).not.toBeNull();
  });

  it("are null with a reason without samples, probabilities or values", () => {
    expect(Object.values(Predictions.from(Labels.from([]), []).score().reasons)).toEqual(Array(7).fill("there are no samples"));
    const { reasons: ofProbabilities } = Predictions.from(labelsOf(Y), P).score({ resamples: 0 });
    expect(ofProbabilities).toEqual({ accuracy: "there are no predicted values", f1: "there are no predicted values" });
    const rows = Y.map((predictedBooleanValue, i) => ({ subjectId: i, predictionTime: TIME + BigInt(i), predictedBooleanValue }));
    const { samplesEquallyWeighted: found, reasons: ofValues } = Predictions.from(labelsOf(Y), rows).score({ resamples: 0 });
    expect([found.accuracy, found.f1, found.auroc, ofValues.auroc]).toEqual([1, 1, null, "there are no predicted probabilities"]);
  });
});

const cases = fc.array(fc.record({ y: fc.boolean(), p: fc.integer({ min: 0, max: 20 }), s: fc.nat({ max: 6 }) }), {
  minLength: 1,
  maxLength: 40,
});

describe("AUROC", () => {
  const auroc = (truths: readonly boolean[], p: readonly number[]) =>
    predictionsOf(truths, p).score({ resamples: 0 }).samplesEquallyWeighted.auroc;

  it("is the share of pairs in the right order, ties as half, and does not change under a monotone map", () => {
    fc.assert(
      fc.property(cases, (all) => {
        const truths = all.map(({ y }) => y);
        const p = all.map(({ p: value }) => value / 20);
        let [pairs, right] = [0, 0];
        for (const a of all)
          for (const b of all)
            if (a.y && !b.y) {
              pairs += 1;
              right += a.p > b.p ? 1 : a.p === b.p ? 0.5 : 0;
            }
        const found = auroc(truths, p);
        if (pairs === 0) expect(found).toBeNull();
        else expect(found).toBeCloseTo(right / pairs, 12);
        expect(
          auroc(
            truths,
            p.map((value) => value ** 3 / 2),
          ),
        ).toBe(found);
        const reversed = auroc(
          truths,
          p.map((value) => 1 - value),
        );
        if (found !== null) expect(reversed).toBeCloseTo(1 - found, 12);
      }),
      { numRuns: 20 * runs },
    );
  });
});

describe("weights", () => {
  it("are as repeated rows: subjects equally weighted are samples, repeated until all subjects have 12", () => {
    fc.assert(
      fc.property(cases, (all) => {
        const sizes = new Map<number, number>();
        for (const { s } of all) sizes.set(s, (sizes.get(s) ?? 0) + 1);
        fc.pre([...sizes.values()].every((size) => 12 % size === 0));
        const repeated = all.flatMap((one) => Array.from({ length: 12 / sizes.get(one.s)! }, () => one));
        const scored = (rows: typeof all) =>
          predictionsOf(
            rows.map(({ y }) => y),
            rows.map(({ p }) => p / 20),
            rows.map(({ s }) => s),
          ).score({ resamples: 0 });
        const [found, expected] = [scored(all).subjectsEquallyWeighted, scored(repeated).samplesEquallyWeighted];
        for (const [name, value] of Object.entries(expected) as [Metric, number | null][])
          if (value === null) expect(found[name], name).toBeNull();
          else expect(found[name], name).toBeCloseTo(value, 12);
      }),
      { numRuns: 10 * runs },
    );
  });
});

describe("the bootstrap", () => {
  it("is repeated by the same seed, and another seed draws other subjects", () => {
    const predictions = predictionsOf(Y, P, S);
    const first = predictions.score({ resamples: 200, seed: 5 });
    expect(predictions.score({ resamples: 200, seed: 5 })).toEqual(first);
    expect(predictions.score({ resamples: 200, seed: 6 }).intervals).not.toEqual(first.intervals);
    for (const interval of Object.values(first.intervals)) {
      expect(interval!.lower).toBeLessThan(interval!.upper);
      expect([interval!.lower >= 0, interval!.upper <= 1, interval!.resamples <= 200]).toEqual([true, true, true]);
    }
  });

  it("keeps all samples of a subject together: with one subject every resample is the same", () => {
    const { intervals, samplesEquallyWeighted: found } = predictionsOf(
      Y,
      P,
      Y.map(() => 7),
    ).score({ resamples: 50 });
    expect([intervals.auroc?.lower, intervals.auroc?.upper]).toEqual([found.auroc, found.auroc]);
  });

  it("has the width that the spread of subjects has", () => {
    // The accuracy of 400 independent subjects with p = 0.5: standard error 0.025, so a 95 % interval of about 0.098.
    const truths = Array.from({ length: 400 }, (_, i) => i % 2 === 0);
    const { accuracy } = predictionsOf(
      truths,
      truths.map((_, i) => (i % 4 < 2 ? 0.9 : 0.1)),
    ).score().intervals;
    expect(accuracy!.upper - accuracy!.lower).toBeGreaterThan(0.085);
    expect(accuracy!.upper - accuracy!.lower).toBeLessThan(0.111);
  });

  it("compares a run with itself: no difference, p is 1; and finds a clear one", () => {
    const truths = Array.from({ length: 200 }, (_, i) => i % 2 === 0);
    const good = predictionsOf(
      truths,
      truths.map((truth, i) => (truth ? 0.6 : 0.4) + (i % 7) / 50),
    );
    const bad = predictionsOf(
      truths,
      truths.map((_, i) => (i % 11) / 11),
    );
    const same = good.compare(good, { resamples: 100 });
    expect([same.samples, same.subjects, same.onlyFirst, same.onlySecond]).toEqual([200, 200, 0, 0]);
    expect(same.differences.auroc).toMatchObject({ difference: 0, interval: { lower: 0, upper: 0 }, p: 1 });
    const { auroc } = good.compare(bad, { resamples: 200, seed: 3 }).differences;
    expect(auroc!.interval!.lower).toBeGreaterThan(0.3);
    expect(auroc!.p).toBeCloseTo(2 / 201, 12);
    expect(good.compare(bad, { resamples: 200, seed: 3 }).differences.auroc).toEqual(auroc);
  });
});
