// What is predicted, from what: labels, samples, and batches of counts of codes.
import { loader, outcomeWithin, type PatientDatabase, type Samples, samples, type Vocabulary } from "meds-reader";

export const STORE = "data/store.medsdb";

/** Does the patient die within a year? Asked at times of the record. */
const TASK = outcomeWithin({ outcome: "MEDS_DEATH", horizon: { days: 365 }, at: "events" });

/** Samples of a split: at most 4 labels of each patient, and the last 512 rows known at each. */
export async function samplesOf(db: PatientDatabase, split: string): Promise<Samples> {
  const labels = await db.split(split).label(TASK, { sample: { count: 4, seed: 1, uncensored: true } });
  return samples(db, labels, { maxLength: 512, strategy: "to_end", static: "prepend" });
}

/** One row of features per sample, and whether the outcome follows. */
export interface Examples {
  readonly count: number;
  /** Row-major: features[i * width + token] is log(1 + how often sample i has the token). */
  readonly features: Float32Array;
  readonly width: number;
  readonly targets: Float32Array;
}

/** The batches of an epoch. Each epoch has its own order. */
export function* batchesOf(list: Samples, vocabulary: Vocabulary, epoch: number): Generator<Examples> {
  const width = vocabulary.size;
  for (const batch of loader(list, { batchSize: 64, fields: ["code"], vocabulary, shuffle: true, seed: 1, epoch })) {
    const [count = 0, length = 0] = batch.shape;
    const features = new Float32Array(count * width);
    for (let i = 0; i < count; i += 1) {
      const row = features.subarray(i * width, (i + 1) * width);
      for (const token of batch.code.subarray(i * length, (i + 1) * length)) row[token] += 1;
      row[0] = 0; // padding
    }
    yield { count, features: features.map(Math.log1p), width, targets: Float32Array.from(batch.boolean_value ?? []) };
  }
}
