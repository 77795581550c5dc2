// The script of meds_reader, line by line: a pass that is a module, string keys in a Map, the year of a Date.
export const needs = [];

export default function count(patients) {
  const counts = new Map();
  for (const patient of patients) {
    for (const event of patient) {
      if (event.date !== null) {
        const key = `${event.code}\t${event.date.getUTCFullYear()}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
  }
  return counts;
}

export function merge(total, part) {
  for (const [key, number] of part) total.set(key, (total.get(key) ?? 0) + number);
  return total;
}

export function run(db) {
  return db.reduce(import.meta.url, { threads: 2, initial: new Map(), merge });
}

export function* rows(counts) {
  for (const [key, number] of counts) yield [...key.split("\t"), number];
}
