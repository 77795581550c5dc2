// A Date, once per event.
export const needs = [];

export function run(db, { subjects, bound }) {
  const limit = new Date(bound / 1000);
  let before = 0;
  for (const id of subjects) {
    for (const event of db.get(id)) {
      const { date } = event;
      if (date !== null && date <= limit) before += 1;
    }
  }
  return { before };
}
