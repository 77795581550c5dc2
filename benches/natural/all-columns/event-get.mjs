// Event by event with `get`.
export const needs = [];

export function run(db, { plan }) {
  let rows = 0;
  let before = 0;
  let chars = 0;
  let total = 0;
  for (const id of plan.columns) {
    for (const event of db.get(BigInt(id))) {
      rows += 1;
      for (const { name, kind } of plan.schema) {
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
