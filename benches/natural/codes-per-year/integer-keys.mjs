// advice.md: "Use event.codeId and event.year as keys. Read strings from db.codes.strings at the end."
export const needs = ["Cohort.reduce", "Event.year"];

export default function count(patients) {
  const counts = new Map();
  for (const patient of patients) {
    for (const { codeId, year } of patient) {
      if (year === null) continue;
      const key = codeId * 10_000 + year;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts;
}

export function run(db) {
  return db.reduce(count, {
    initial: new Map(),
    merge(total, part) {
      for (const [key, number] of part) total.set(key, (total.get(key) ?? 0) + number);
      return total;
    },
  });
}

export function rows(counts, db) {
  return Array.from(counts, ([key, number]) => [db.codes.strings[Math.floor(key / 10_000)], key % 10_000, number]);
}
