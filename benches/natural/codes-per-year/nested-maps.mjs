// Text as keys, but none is made: a Map of codes, of which each entry is a Map of years.
export const needs = ["Event.year"];

export default function count(patients) {
  const counts = new Map();
  for (const patient of patients) {
    for (const { code, year } of patient) {
      if (year === null) continue;
      let years = counts.get(code);
      if (years === undefined) {
        years = new Map();
        counts.set(code, years);
      }
      years.set(year, (years.get(year) ?? 0) + 1);
    }
  }
  return counts;
}

export function run(db) {
  return db.reduce(import.meta.url, {
    threads: 2,
    initial: new Map(),
    merge: (total, part) => {
      for (const [code, years] of part) {
        const sum = total.get(code) ?? new Map();
        for (const [year, number] of years) sum.set(year, (sum.get(year) ?? 0) + number);
        total.set(code, sum);
      }
      return total;
    },
  });
}

export function* rows(counts) {
  for (const [code, years] of counts) for (const [year, number] of years) yield [code, year, number];
}
