// Column by column with `at`.
export const needs = [];

export function run(db, { plan }) {
  let rows = 0;
  let before = 0;
  let chars = 0;
  let total = 0;
  for (const id of plan.columns) {
    const patient = db.get(BigInt(id));
    rows += patient.length;
    for (const { name, kind } of plan.schema) {
      const column = patient.column(name);
      for (let i = 0; i < patient.length; i += 1) {
        const value = column.at(i);
        if (value === null) continue;
        if (kind === "text") chars += value.length;
        else if (kind === "float") total += value;
        else before += 1;
      }
    }
  }
  return { rows, before, chars, total };
}
