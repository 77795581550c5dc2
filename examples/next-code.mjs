// node examples/next-code.mjs [STORE]: which code comes next? A small network in TensorFlow.js on packed
// batches. README.md says what to install.
//
// The input at each position of a packed batch is how recently the patient had each code. The target is
// `next_code`. After each epoch it prints the loss in nats per code and the perplexity, on train (while it
// learns) and on tuning. For comparison it prints the loss of the codes' frequencies in train. Without a
// store it generates a chain of codes whose best possible loss is known.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { convert, loader, PatientDatabase, samples, Vocabulary } from "meds-reader";
import { writeChain } from "./lib/chain.mjs";
import { Network, progress, start } from "./lib/network.mjs";
import { recency } from "./lib/recency.mjs";

const TOKENS = 1024;
const LENGTH = 256; // rows of a window
const CODES = 1000;
const DECAYS = [0, 0.7, 0.95, 1];
const EPOCHS = 10;
const MOST = 100; // batches per epoch: minutes, however large the store is

const shown = (loss) => `${loss.toFixed(3)} (perplexity ${Math.exp(loss).toFixed(1)})`;

/** A weighted mean of losses. */
class Mean {
  sum = 0;
  count = 0;
  add(loss, count) {
    this.sum += loss * count;
    this.count += count;
  }
  get value() {
    return this.sum / this.count;
  }
}

async function learn(db) {
  const vocabulary = await Vocabulary.fit(db.split("train"), { top: CODES });
  const { size } = vocabulary;
  const covered = ({ rows, unknownRows }) => `${(100 * (1 - unknownRows / rows)).toFixed(1)} %`;
  console.log(
    `${vocabulary.entries.length} codes, fitted on train: ${covered(vocabulary.fitted)} of its rows, ${covered(vocabulary.coverage(db.split("tuning")))} of the rows of tuning`,
  );
  const windows = (split) => samples(db, { split }, { maxLength: LENGTH, strategy: "step_through", static: "prepend" });
  const [train, tuning] = [windows("train"), windows("tuning")];
  const packed = (list, epoch) =>
    loader(list, { tokens: TOKENS, shuffle: true, seed: 1, epoch, vocabulary, fields: ["code", "next_code"] });

  // Each count starts at one: a code that is never a target in train is still possible.
  const counts = new Float64Array(size).fill(1);
  let batches = 0;
  for (const { next_code: next } of packed(train, 0)) {
    for (const token of next) if (token !== 0) counts[token] += 1;
    batches += 1;
  }
  const all = counts.reduce((a, b) => a + b);
  const shares = tf.tensor1d(Float32Array.from(counts, (count) => Math.log(count / all)));

  const network = new Network(DECAYS.length * size, size, { hidden: 64 });
  network.bias.assign(shares); // starts as good as the frequencies
  const optimizer = tf.train.adam(0.003);

  /** The first batches of a list, as tensors. */
  function* tensors(list, epoch) {
    let made = 0;
    for (const batch of packed(list, epoch)) {
      if (made++ === MOST) return;
      const { x, targets } = recency(batch, size, DECAYS);
      const count = targets.length;
      if (count === 0) continue;
      const tensor = tf.tensor2d(x, [count, DECAYS.length * size]);
      const y = tf.oneHot(targets, size);
      yield { x: tensor, y, count };
      tf.dispose([tensor, y]);
    }
  }
  const lossOf = async (logits) => {
    const mean = new Mean();
    // Always the same batches: those of one epoch.
    for (const { x, y, count } of tensors(tuning, 0)) {
      const loss = tf.tidy(() => tf.losses.softmaxCrossEntropy(y, logits(x)));
      mean.add((await loss.data())[0], count);
      loss.dispose();
    }
    return mean.value;
  };
  const unigram = await lossOf((x) => tf.tile(shares.reshape([1, size]), [x.shape[0], 1]));
  console.log(`tuning, by the frequencies of codes alone: ${shown(unigram)}`);

  let found;
  for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
    const bar = progress(`epoch ${epoch}`, Math.min(MOST, batches));
    const mean = new Mean();
    for (const { x, y, count } of tensors(train, epoch)) {
      const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, network.logits(x)), true, network.weights);
      mean.add((await loss.data())[0], count);
      loss.dispose();
      bar.increment({ loss: mean.value.toFixed(3) });
    }
    bar.stop();
    found = await lossOf((x) => network.logits(x));
    console.log(`epoch ${epoch}: train ${shown(mean.value)}, tuning ${shown(found)}`);
  }
  return { found, unigram };
}

async function chain() {
  const folder = mkdtempSync(join(tmpdir(), "meds-reader-example-"));
  const best = writeChain(join(folder, "source"));
  await convert(join(folder, "source"), join(folder, "store"));
  const db = PatientDatabase.open(join(folder, "store"));
  const { found, unigram } = await learn(db);
  console.log(`tuning: ${shown(found)}; frequencies of codes ${shown(unigram)}, best possible ${shown(best)}`);
  db.close();
  rmSync(folder, { recursive: true });
}

async function stored(path) {
  const db = PatientDatabase.open(path);
  const { found, unigram } = await learn(db);
  console.log(`tuning: ${shown(found)}; frequencies of codes ${shown(unigram)}`);
  db.close();
}

await start();
const [store] = process.argv.slice(2);
await (store === undefined ? chain() : stored(store));
