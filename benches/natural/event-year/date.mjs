// The README's first example: the Date of an event.
export const needs = [];

export function run(db, { subjects }) {
  let sum = 0;
  for (const id of subjects) for (const event of db.get(id)) if (event.date !== null) sum += event.date.getUTCFullYear();
  return { sum };
}
