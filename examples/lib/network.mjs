// Small networks on codes, in TensorFlow.js with its wasm backend. They use only dense products: there, the
// gradient of a gather takes seconds per step.

import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { SingleBar } from "cli-progress";

/** Starts the backend from the files in the package's folder. */
export async function start() {
  const require = createRequire(import.meta.url);
  setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + sep);
  await tf.setBackend("wasm");
  await tf.ready();
}

/** A progress bar on stderr, if that is a terminal. It disappears when it stops. */
export function progress(title, total) {
  const bar = new SingleBar({
    format: `${title} {bar} {percentage}% loss {loss}`,
    clearOnComplete: true,
    stream: process.stderr,
    noTTYOutput: false,
  });
  bar.start(total, 0, { loss: "" });
  return bar;
}

/**
 * One row per sample of a padded batch: log(1 + count of each code). `place` maps a code id to its column, or
 * to -1.
 */
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

// Matrix products whose gradients transpose explicitly: on this backend, multiplying by a transposed matrix
// is five times slower than transposing it.

/** Data times weights, without a gradient for the data. */
const fromData = (x, weights) =>
  tf.customGrad((w) => ({ value: tf.matMul(x, w), gradFunc: (dy) => tf.matMul(tf.transpose(x), dy) }))(weights);

const product = tf.customGrad((a, b, save) => {
  save([a, b]);
  const gradFunc = (dy, [left, right]) => [tf.matMul(dy, tf.transpose(right)), tf.matMul(tf.transpose(left), dy)];
  return { value: tf.matMul(a, b), gradFunc };
});

/** Two layers: `width` inputs and `outputs` logits per row. */
export class Network {
  constructor(width, outputs, { hidden = 32, seed = 1 } = {}) {
    const normal = (shape, more) =>
      tf.variable(tf.randomNormal(shape, 0, Math.sqrt((more === 0 ? 2 : 1) / shape[0]), "float32", seed + more));
    this.inner = normal([width, hidden], 0);
    this.outer = normal([hidden, outputs], 1);
    this.innerBias = tf.variable(tf.zeros([hidden]));
    this.bias = tf.variable(tf.zeros([outputs]));
  }

  get weights() {
    return [this.inner, this.innerBias, this.outer, this.bias];
  }

  logits(x) {
    const inner = tf.relu(tf.add(fromData(x, this.inner), this.innerBias));
    return tf.add(product(inner, this.outer), this.bias);
  }

  dispose() {
    tf.dispose(this.weights);
  }
}

/**
 * Trains on the batches { x, y } that `batches(epoch)` yields. Returns a model whose `predict` maps x to
 * probabilities.
 */
export async function train(batches, width, { epochs, rate = 0.01, decay = 1e-3, title, ...options }) {
  const network = new Network(width, 1, options);
  const optimizer = tf.train.adam(rate);
  const bar = progress(title, epochs);
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    let sum = 0;
    let count = 0;
    for (const { x, y } of batches(epoch)) {
      const labels = tf.tensor1d(y);
      const loss = optimizer.minimize(
        () =>
          tf.add(tf.losses.sigmoidCrossEntropy(labels, network.logits(x).reshape([-1])), tf.mul(decay, tf.sum(tf.square(network.inner)))),
        true,
        network.weights,
      );
      sum += (await loss.data())[0] * y.length;
      count += y.length;
      tf.dispose([loss, labels, x]);
    }
    bar.update(epoch + 1, { loss: (sum / count).toFixed(3) });
  }
  bar.stop();
  return {
    predict: (x) => tf.tidy(() => Array.from(tf.sigmoid(network.logits(x)).dataSync())),
    dispose: () => {
      network.dispose();
      optimizer.dispose();
    },
  };
}
