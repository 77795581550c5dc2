// A loop of `get` over all columns.
export const needs = [];

export function run(db, { subjects }) {
  const names = db.columns.map(({ name }) => name);
  let rows = 0;
  let values = 0;
  for (const id of subjects) {
    for (const event of db.get(id)) {
      const object = {};
      for (const name of names) object[name] = event.get(name);
      rows += 1;
      for (const name of names) if (object[name] !== null) values += 1;
    }
  }
  return { rows, values };
}
