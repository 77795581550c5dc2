export const needs = ["ObjectOptions.nulls"];

export function run(db, { subjects }) {
  let rows = 0;
  let values = 0;
  for (const id of subjects) {
    for (const event of db.get(id)) {
      rows += 1;
      values += Object.keys(event.toObject({ nulls: false })).length;
    }
  }
  return { rows, values };
}
