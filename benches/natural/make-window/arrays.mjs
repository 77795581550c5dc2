export const needs = [];

export function prepare(_, { plan }) {
  return plan.window256.map(([id, time]) => [BigInt(id), time]);
}

export function run(db, { prepared }) {
  let rows = 0;
  for (const [id, time] of prepared) {
    const { codeIds, numericValues } = db.get(id).until(time).last(256);
    rows += (codeIds.length + numericValues.length) / 2;
  }
  return { rows };
}
