// How often each code stands in what was known at each label, as sparse features over a vocabulary that saw the training labels only.

/** Counts of codes in the windows of some labels, as { indexes, values } a label, by code id of the store: log(1 + count). */
export async function countRows(cohort, labels, windows = {}) {
  const { offsets, codeIds, counts } = await cohort.countCodesEach({
    windows: { subjectIds: labels.subjectIds, end: labels.predictionTimes, ...windows },
  });
  return Array.from({ length: labels.size }, (_, g) => ({
    indexes: codeIds.subarray(offsets[g], offsets[g + 1]),
    values: Float64Array.from(counts.subarray(offsets[g], offsets[g + 1]), (count) => Math.log1p(count)),
  }));
}

/** The codes that stand in at least so many of some rows, as a function that keeps only these. */
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
