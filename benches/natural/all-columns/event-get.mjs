// The same, row by row: event.get(name).
export const needs = ["Event.get"];

export function run(db, { plan }) {
  const columns = plan.schema;
  let rows = 0;
  let before = 0;
  let chars = 0;
  let total = 0;
  for (const id of plan.columns) {
    for (const event of db.get(BigInt(id))) {
      rows += 1;
      for (const { name, kind } of columns) {
        const value = event.get(name);
        if (value === null) continue;
        if (kind === "text") chars += value.length;
        else if (kind === "float") total += value;
        else before += 1;
      }
    }
  }
  return { rows, before, chars, total };
}
