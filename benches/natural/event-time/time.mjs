// Microseconds.
export const needs = [];

export function run(db, { subjects, bound }) {
  let before = 0;
  for (const id of subjects) for (const event of db.get(id)) if (event.time !== null && event.time <= bound) before += 1;
  return { before };
}
