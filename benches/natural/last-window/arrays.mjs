// The same window, and its arrays.
export const needs = [];

export function run(db, { plan }) {
  const { strings } = db.codes;
  let rows = 0;
  let chars = 0;
  let total = 0;
  for (const [id, time] of plan.window256) {
    const { codeIds, numericValues, length } = db.get(BigInt(id)).until(time).last(256);
    rows += length;
    for (let i = 0; i < length; i += 1) {
      chars += strings[codeIds[i]].length;
      total += numericValues[i] || 0; // NaN = no value
    }
  }
  return { rows, chars, total };
}
