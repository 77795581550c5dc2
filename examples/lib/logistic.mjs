// Logistic regression over sparse rows: { indexes, values } each, standardised by the rows it is fitted on.

/** Fits weights and bias with an L2 penalty by gradient descent with momentum on the whole of the rows. */
export function fit(rows, labels, size, { penalty = 1, steps = 300, rate = 0.5 } = {}) {
  const scale = scaleOf(rows, size);
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

/** One by the root of the mean square of each feature: rows stay sparse. */
function scaleOf(rows, size) {
  const squares = new Float64Array(size);
  for (const { indexes, values } of rows) for (let i = 0; i < indexes.length; i += 1) squares[indexes[i]] += values[i] ** 2;
  return squares.map((square) => (square === 0 ? 0 : 1 / Math.sqrt(square / rows.length)));
}
