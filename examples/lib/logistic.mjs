// Logistic regression on sparse rows { indexes, values }, standardised by the rows that it is fitted on.

/** Fits weights and bias with an L2 penalty, by gradient descent with momentum on all rows. */
export function fit(rows, labels, size, { penalty = 1, steps = 300 } = {}) {
  const scale = scaleOf(rows, size);
  // The inverse of the largest curvature of the loss: longer steps may diverge, for example with few rows and
  // a large penalty.
  const rate = 1 / (steepest(rows, scale) / 4 + penalty / rows.length);
  const weights = new Float64Array(size);
  const velocity = new Float64Array(size);
  const share = labels.reduce((sum, label) => sum + label, 0) / Math.max(1, labels.length);
  let bias = Math.log((share + 1e-3) / (1 - share + 1e-3));
  let biasVelocity = 0;
  for (let step = 0; step < steps; step += 1) {
    const gradient = new Float64Array(size);
    let biasGradient = 0;
    rows.forEach((row, r) => {
      const error = predictRow({ weights, bias, scale }, row) - labels[r];
      biasGradient += error;
      for (let i = 0; i < row.indexes.length; i += 1) gradient[row.indexes[i]] += error * row.values[i] * scale[row.indexes[i]];
    });
    biasVelocity = 0.9 * biasVelocity - (rate * biasGradient) / rows.length;
    bias += biasVelocity;
    for (let i = 0; i < size; i += 1) {
      velocity[i] = 0.9 * velocity[i] - (rate * (gradient[i] + penalty * weights[i])) / rows.length;
      weights[i] += velocity[i];
    }
  }
  return { weights, bias, scale };
}

export function predictRow({ weights, bias, scale }, { indexes, values }) {
  let sum = bias;
  for (let i = 0; i < indexes.length; i += 1) sum += weights[indexes[i]] * values[i] * scale[indexes[i]];
  return 1 / (1 + Math.exp(-sum));
}

/** The largest eigenvalue of the mean of the rows' outer products, bias included, by power iteration. */
function steepest(rows, scale) {
  let vector = new Float64Array(scale.length + 1).fill(1);
  let value = 0;
  for (let turn = 0; turn < 20; turn += 1) {
    const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
    const next = new Float64Array(vector.length);
    for (const { indexes, values } of rows) {
      let product = vector.at(-1) / length;
      for (let i = 0; i < indexes.length; i += 1) product += (vector[indexes[i]] / length) * values[i] * scale[indexes[i]];
      product /= rows.length;
      next[scale.length] += product;
      for (let i = 0; i < indexes.length; i += 1) next[indexes[i]] += product * values[i] * scale[indexes[i]];
    }
    value = Math.sqrt(next.reduce((sum, x) => sum + x * x, 0));
    vector = next;
  }
  return value;
}

/** The inverse of the root mean square of each feature: scaling by it keeps rows sparse. */
function scaleOf(rows, size) {
  const squares = new Float64Array(size);
  for (const { indexes, values } of rows) for (let i = 0; i < indexes.length; i += 1) squares[indexes[i]] += values[i] ** 2;
  return squares.map((square) => (square === 0 ? 0 : 1 / Math.sqrt(square / rows.length)));
}
