// A small network over codes, in TensorFlow.js on its wasm backend: dense products only (a gather's gradient takes seconds a step there).

import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { SingleBar } from "cli-progress";

/** Starts the backend; its program is read from the package's folder. */
export async function start() {
  const require = createRequire(import.meta.url);
  setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + sep);
  await tf.setBackend("wasm");
  await tf.ready();
}

/** Samples as rows of a matrix: log(1 + how often each code stands in the window), by a batch's places. `place`: code id to column, -1 for none. */
export function multiHot(batch, place, width) {
  const [size, length] = batch.shape;
  const out = new Float32Array(size * width);
  for (let b = 0; b < size; b += 1) {
    for (let s = 0; s < length; s += 1) {
      const column = place[batch.code[b * length + s]];
      if (column >= 0) out[b * width + column] += 1;
    }
  }
  return tf.tensor2d(out.map(Math.log1p), [size, width]);
}

/** Trains on batches that `batches(epoch)` gives, as { x, y, weight }; gives a function from x to probabilities. */
export async function train(batches, width, { epochs, hidden = 32, rate = 0.01, decay = 1e-3, title, seed = 1 }) {
  const normal = (shape, scale, more) => tf.variable(tf.randomNormal(shape, 0, scale, "float32", seed + more));
  const weights = [
    normal([width, hidden], Math.sqrt(2 / width), 0),
    tf.variable(tf.zeros([hidden])),
    normal([hidden, 1], Math.sqrt(1 / hidden), 1),
    tf.variable(tf.zeros([1])),
  ];
  const logits = (x) => {
    const inner = tf.relu(tf.add(tf.matMul(x, weights[0]), weights[1]));
    return tf.add(tf.matMul(inner, weights[2]), weights[3]).reshape([-1]);
  };
  const optimizer = tf.train.adam(rate);
  const bar = new SingleBar({
    format: `${title} {bar} {percentage}% loss {loss}`,
    clearOnComplete: true,
    stream: process.stderr,
    noTTYOutput: false,
  });
  bar.start(epochs, 0, { loss: "" });
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    let sum = 0;
    let count = 0;
    for (const { x, y } of batches(epoch)) {
      const labels = tf.tensor1d(y);
      const loss = optimizer.minimize(
        () => tf.add(tf.losses.sigmoidCrossEntropy(labels, logits(x)), tf.mul(decay, tf.sum(tf.square(weights[0])))),
        true,
        weights,
      );
      sum += (await loss.data())[0] * y.length;
      count += y.length;
      tf.dispose([loss, labels, x]);
    }
    bar.update(epoch + 1, { loss: (sum / count).toFixed(3) });
  }
  bar.stop();
  return {
    predict: (x) => tf.tidy(() => Array.from(tf.sigmoid(logits(x)).dataSync())),
    dispose: () => {
      tf.dispose(weights);
      optimizer.dispose();
    },
  };
}
