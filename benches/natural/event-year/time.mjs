// The same from microseconds.
export const needs = [];

export function run(db, { subjects }) {
  let sum = 0;
  for (const id of subjects) for (const event of db.get(id)) if (event.time !== null) sum += new Date(event.time / 1000).getUTCFullYear();
  return { sum };
}
