// Sparse features: the counts of codes in the rows known at each label. The vocabulary is fitted on the
// training labels only.

/**
 * Counts of codes in the windows of labels: per label { indexes, values }, the code ids of the store and
 * log(1 + count).
 */
export async function countRows(cohort, labels, windows = {}) {
  const { offsets, codeIds, counts } = await cohort.countCodesEach({
    windows: { subjectIds: labels.subjectIds, end: labels.predictionTimes, ...windows },
  });
  return Array.from({ length: labels.size }, (_, g) => ({
    indexes: codeIds.subarray(offsets[g], offsets[g + 1]),
    values: Float64Array.from(counts.subarray(offsets[g], offsets[g + 1]), (count) => Math.log1p(count)),
  }));
}

/** Keeps the codes that are in at least `least` of the rows. `only` removes all other codes from a row. */
export function vocabularyOf(rows, size, least) {
  const seen = new Uint32Array(size);
  for (const { indexes } of rows) for (const index of indexes) seen[index] += 1;
  const place = new Int32Array(size).fill(-1);
  let width = 0;
  for (let id = 0; id < size; id += 1) if (seen[id] >= least) place[id] = width++;
  const only = ({ indexes, values }) => {
    const kept = [...indexes.keys()].filter((i) => place[indexes[i]] >= 0);
    return { indexes: kept.map((i) => place[indexes[i]]), values: kept.map((i) => values[i]) };
  };
  return { width, only };
}
