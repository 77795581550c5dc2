// The nearest to `for name, value in event` of meds_reader.
export const needs = ["Event.entries"];

export function run(db, { subjects }) {
  let rows = 0;
  let values = 0;
  for (const id of subjects) {
    for (const event of db.get(id)) {
      rows += 1;
      for (const _ of event.entries()) values += 1;
    }
  }
  return { rows, values };
}
