export const needs = ["Event.year"];

export function run(db, { subjects }) {
  let sum = 0;
  for (const id of subjects) {
    for (const { year } of db.get(id)) if (year !== null) sum += year;
  }
  return { sum };
}
