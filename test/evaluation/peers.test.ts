// meds-evaluation scores the files that this package writes: its values equal ours.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { convert, countFeatures, Labels, LogisticRegression, PatientDatabase, Predictions } from "meds-reader";
import { expect, it } from "vitest";
import { folder } from "../support/folder.js";
import { scorePython } from "../support/python.js";
import { real } from "../support/real.js";

const out = folder("scores");

/** The values of meds-evaluation for a file, by the function that its command calls. */
function theirs(path: string): Readonly<Record<string, number>> {
  const program = `
import json, sys, warnings
warnings.filterwarnings("ignore")
import polars as pl
from meds_evaluation.evaluate import evaluate_binary_classification
print(json.dumps(evaluate_binary_classification(pl.read_parquet(sys.argv[1]))["samples_equally_weighted"]))
`;
  const done = spawnSync(scorePython!, ["-c", program, path], { encoding: "utf8" });
  expect(done.status, done.stderr).toBe(0);
  return JSON.parse(done.stdout) as Record<string, number>;
}

async function compare(predictions: Predictions, name: string): Promise<void> {
  const path = join(out, `${name}.parquet`);
  await predictions.write(path);
  const ours = predictions.score({ resamples: 0 }).samplesEquallyWeighted;
  const found = theirs(path);
  const near = (a: number | null, b: number | undefined, most: number) => expect(Math.abs(a! - b!)).toBeLessThan(most);
  near(ours.auroc, found.roc_auc_score, 1e-9);
  near(ours.auprc, found.average_precision_score, 1e-9);
  near(ours.brier, found.brier_score, 1e-9);
  // It computes the curve of calibration in float32.
  near(ours.calibrationError, found.calibration_error, 1e-6);
  near(ours.accuracy, found.binary_accuracy, 1e-9);
  near(ours.f1, found.f1_score, 1e-9);
}

it.skipIf(scorePython === null)(
  "a synthetic task with ties and several samples a subject (Python with meds_evaluation)",
  async () => {
    for (const size of [50, 3000]) {
      const truths = Array.from({ length: size }, (_, i) => (i * 7919) % 10 < 3);
      const labels = Labels.from(truths.map((booleanValue, i) => ({ subjectId: i % 17, predictionTime: 1e15 + i, booleanValue })));
      const p = truths.map((truth, i) => (((i * 104729) % 97) / 97) * 0.7 + (truth ? 0.25 : 0));
      await compare(Predictions.from(labels, p, { threshold: 0.5 }), `synthetic-${size}`);
    }
  },
  60_000,
);

const demo = real("mimic-iv-demo-meds-0.0.1");
it.skipIf(scorePython === null || demo === null)(
  "the task of the MIMIC-IV demo, by a model of counts (Python with meds_evaluation)",
  async () => {
    const store = join(out, "mimic.medsdb");
    await convert(demo!, store);
    const db = PatientDatabase.open(store);
    const labels = (await Labels.open(join(demo!, "tasks"))).select(({ subjectId }) => db.has(subjectId));
    const features = await countFeatures(db, labels);
    const train = new Set(db.split("train").subjectIds);
    const rows = Array.from(labels.subjectIds.keys()).filter((row) => train.has(labels.at(row)!.subjectId) && row % 2 === 0);
    const truths = rows.map((row) => labels.at(row)!.booleanValue === true);
    const model = LogisticRegression.fit(features, truths, { rows, strength: 0.1 });
    // All labels, because none of the held-out ones is true.
    await compare(Predictions.from(labels, model.predict(features), { threshold: 0.5 }), "mimic");
    db.close();
  },
  120_000,
);
