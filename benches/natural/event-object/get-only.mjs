// The same without an object.
export const needs = [];

export function run(db, { subjects }) {
  const names = db.columns.map(({ name }) => name);
  let rows = 0;
  let values = 0;
  for (const id of subjects) {
    for (const event of db.get(id)) {
      rows += 1;
      for (const name of names) if (event.get(name) !== null) values += 1;
    }
  }
  return { rows, values };
}
