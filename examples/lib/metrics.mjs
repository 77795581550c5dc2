// Metrics of how well probabilities rank labels, with confidence intervals.

/**
 * Area under the ROC curve: how often a positive is ranked above a negative. Ties count half. NaN if there is
 * only one class.
 */
export function auroc(labels, scores) {
  const order = ranked(scores);
  let positives = 0;
  let ranks = 0;
  for (let i = 0; i < order.length; ) {
    let end = i;
    while (end < order.length && scores[order[end]] === scores[order[i]]) end += 1;
    for (let k = i; k < end; k += 1) {
      if (labels[order[k]] !== 1) continue;
      positives += 1;
      ranks += (i + end + 1) / 2;
    }
    i = end;
  }
  const negatives = order.length - positives;
  return positives === 0 || negatives === 0 ? Number.NaN : (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * Area under the precision-recall curve as average precision. Ties are one step. NaN if there is only one
 * class.
 */
export function auprc(labels, scores) {
  const order = ranked(scores).reverse();
  const all = labels.reduce((sum, label) => sum + label, 0);
  if (all === 0 || all === labels.length) return Number.NaN;
  let hits = 0;
  let sum = 0;
  for (let i = 0; i < order.length; ) {
    let end = i;
    let more = 0;
    while (end < order.length && scores[order[end]] === scores[order[i]]) {
      more += labels[order[end]];
      end += 1;
    }
    hits += more;
    sum += (more / all) * (hits / end);
    i = end;
  }
  return sum;
}

/** The mean of a metric over several models. There is one row per label, with one score per model. */
export function meanOf(metric) {
  return (labels, rows) => {
    const models = rows[0]?.length ?? 0;
    let sum = 0;
    for (let m = 0; m < models; m += 1) {
      sum += metric(
        labels,
        rows.map((row) => row[m]),
      );
    }
    return models === 0 ? Number.NaN : sum / models;
  };
}

/**
 * The 95 % interval of a metric by bootstrap. It draws subjects, because the labels of one subject are not
 * independent.
 */
export function bootstrap(metric, labels, scores, subjects, { draws = 1000, seed = 1 } = {}) {
  const rows = new Map();
  subjects.forEach((subject, i) => {
    if (!rows.has(subject)) rows.set(subject, []);
    rows.get(subject).push(i);
  });
  const groups = [...rows.values()];
  const random = generator(seed);
  const found = [];
  for (let draw = 0; draw < draws; draw += 1) {
    const chosen = groups.flatMap(() => groups[Math.floor(random() * groups.length)]);
    const value = metric(
      chosen.map((i) => labels[i]),
      chosen.map((i) => scores[i]),
    );
    if (!Number.isNaN(value)) found.push(value);
  }
  found.sort((a, b) => a - b);
  const at = (share) => found[Math.min(found.length - 1, Math.floor(share * found.length))] ?? Number.NaN;
  return [at(0.025), at(0.975)];
}

function ranked(scores) {
  if (scores.some(Number.isNaN)) throw new RangeError("A score is NaN, so it cannot be ranked. Did the fit diverge?");
  return Array.from(scores, (_, i) => i).sort((a, b) => scores[a] - scores[b]);
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
}
