// meds_reader_strings.py, line by line.
export const needs = ["Cohort.map", "Event.year"];

function count(patients) {
  const counts = new Map();
  for (const patient of patients) {
    for (const event of patient) {
      if (event.time !== null) {
        const key = `${event.code}\t${event.year}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
  }
  return counts;
}

export async function run(db) {
  const total = new Map();
  for await (const counts of db.map(count)) {
    for (const [key, number] of counts) total.set(key, (total.get(key) ?? 0) + number);
  }
  return total;
}

export function rows(total) {
  return Array.from(total, ([key, number]) => [...key.split("\t"), number]);
}
