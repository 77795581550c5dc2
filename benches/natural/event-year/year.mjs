export const needs = ["Event.year"];

export function run(db, { subjects }) {
  let sum = 0;
  for (const id of subjects) for (const event of db.get(id)) if (event.year !== null) sum += event.year;
  return { sum };
}
