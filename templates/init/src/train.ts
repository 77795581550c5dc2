// npm run train: a logistic regression, trained on batches. Replace it by a model of your own.
import { mkdir, writeFile } from "node:fs/promises";
import { PatientDatabase, Vocabulary } from "meds-reader";
import { batchesOf, type Examples, STORE, samplesOf } from "./batches.js";

const EPOCHS = 10;
const RATE = 0.05;
const PENALTY = 1e-4;

class LogisticRegression {
  readonly weights: Float64Array;
  bias = 0;

  constructor(width: number) {
    this.weights = new Float64Array(width);
  }

  predict({ features, width }: Examples, i: number): number {
    let sum = this.bias;
    for (let j = 0; j < width; j += 1) sum += this.weights[j] * features[i * width + j];
    return 1 / (1 + Math.exp(-sum));
  }

  /** The sum of the losses of a batch. */
  loss(batch: Examples): number {
    let sum = 0;
    for (let i = 0; i < batch.count; i += 1) {
      const chance = Math.min(Math.max(this.predict(batch, i), 1e-7), 1 - 1e-7);
      sum -= Math.log(batch.targets[i] === 1 ? chance : 1 - chance);
    }
    return sum;
  }

  /** A step of gradient descent. */
  step(batch: Examples): void {
    const { count, features, width, targets } = batch;
    const gradient = this.weights.map((weight) => PENALTY * weight);
    let own = 0;
    for (let i = 0; i < count; i += 1) {
      const error = (this.predict(batch, i) - targets[i]) / count;
      own += error;
      for (let j = 0; j < width; j += 1) gradient[j] += error * features[i * width + j];
    }
    for (let j = 0; j < width; j += 1) this.weights[j] -= RATE * gradient[j];
    this.bias -= RATE * own;
  }
}

const db = PatientDatabase.open(STORE);
const vocabulary = await Vocabulary.fit(db.split("train"), { top: 500 });
const [train, tuning] = [await samplesOf(db, "train"), await samplesOf(db, "tuning")];
console.log(`train: ${train.size} samples; tuning: ${tuning.size} samples; ${vocabulary.size} tokens`);

const model = new LogisticRegression(vocabulary.size);
const mean = (list: typeof train) => {
  let [sum, count] = [0, 0];
  for (const batch of batchesOf(list, vocabulary, 0)) [sum, count] = [sum + model.loss(batch), count + batch.count];
  return (sum / count).toFixed(4);
};
for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
  for (const batch of batchesOf(train, vocabulary, epoch)) model.step(batch);
  console.log(`epoch ${epoch}: loss ${mean(train)} on train, ${mean(tuning)} on tuning`);
}

await mkdir("model", { recursive: true });
await vocabulary.write("model/vocabulary.json");
await writeFile("model/weights.json", JSON.stringify({ bias: model.bias, weights: [...model.weights] }));
const strongest = [...model.weights.keys()].sort((a, b) => Math.abs(model.weights[b]) - Math.abs(model.weights[a])).slice(0, 5);
for (const token of strongest) console.log(`  ${vocabulary.tokens[token]}: ${model.weights[token].toFixed(3)}`);
db.close();
