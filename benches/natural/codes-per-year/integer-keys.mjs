// Keys are integers: the code's id and the year in one number.
export const needs = ["Event.year"];

export default function count(patients) {
  const counts = new Map();
  for (const patient of patients) {
    for (const event of patient) {
      if (event.year !== null) {
        const key = event.codeId * 10000 + event.year;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
  }
  return counts;
}

export function run(db) {
  return db.reduce(import.meta.url, {
    threads: 2,
    initial: new Map(),
    merge: (total, part) => {
      for (const [key, number] of part) total.set(key, (total.get(key) ?? 0) + number);
      return total;
    },
  });
}

export function* rows(counts, db) {
  for (const [key, number] of counts) yield [db.codes.strings[Math.floor(key / 10000)], key % 10000, number];
}
