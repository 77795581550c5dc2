// Every column of every row: a Column per column, then at(i).
export const needs = ["Timeline.column", "Column.at"];

export function run(db, { plan }) {
  const floats = new Set(plan.schema.filter(({ kind }) => kind === "float").map(({ name }) => name));
  let rows = 0;
  let before = 0;
  let chars = 0;
  let total = 0;
  for (const id of plan.columns) {
    const patient = db.get(BigInt(id));
    rows += patient.length;
    for (const { name } of db.columns) {
      const column = patient.column(name);
      for (let i = 0; i < column.length; i += 1) {
        const value = column.at(i);
        if (value === null) continue;
        if (typeof value === "string") chars += value.length;
        else if (floats.has(name)) total += value;
        else before += 1;
      }
    }
  }
  return { rows, before, chars, total };
}
