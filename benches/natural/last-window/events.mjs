// The README's window, and its events.
export const needs = [];

export function run(db, { plan }) {
  let rows = 0;
  let chars = 0;
  let total = 0;
  for (const [id, time] of plan.window256) {
    for (const event of db.get(BigInt(id)).until(time).last(256)) {
      rows += 1;
      chars += event.code.length;
      if (event.numericValue !== null) total += event.numericValue;
    }
  }
  return { rows, chars, total };
}
