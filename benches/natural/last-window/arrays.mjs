// until(t).last(256), its arrays, and the strings of the codes.
export const needs = ["Timeline.codeIds"];

export function run(db, { plan }) {
  const { strings } = db.codes;
  let rows = 0;
  let chars = 0;
  let total = 0;
  for (const [id, time] of plan.window256) {
    const { length, codeIds, numericValues } = db.get(BigInt(id)).until(time).last(256);
    rows += length;
    for (let i = 0; i < length; i += 1) {
      chars += strings[codeIds[i]].length;
      const value = numericValues[i];
      if (!Number.isNaN(value)) total += value;
    }
  }
  return { rows, chars, total };
}
