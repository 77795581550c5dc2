// What V8 needs for the keys and the Map alone: codes and years come from arrays, and no event is read.
export { rows } from "./port-module.mjs";
export const needs = [];

export function prepare(db) {
  const ids = new Uint32Array(db.eventCount);
  const years = new Int16Array(db.eventCount);
  let row = 0;
  for (const patient of db) {
    for (let i = patient.staticCount; i < patient.length; i += 1) {
      ids[row] = patient.codeIds[i];
      years[row] = new Date(patient.timeAt(i) / 1000).getUTCFullYear();
      row += 1;
    }
  }
  return { ids: ids.subarray(0, row), years: years.subarray(0, row) };
}

export function run(db, { prepared: { ids, years } }) {
  const { strings } = db.codes;
  const counts = new Map();
  for (let i = 0; i < ids.length; i += 1) {
    const key = `${strings[ids[i]]}\t${years[i]}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
