// The native query over windows of one calendar year of one patient, and a loop that adds them up.
export const needs = [];

export async function run(db) {
  const subjectIds = [];
  const start = [];
  const end = [];
  const years = [];
  for (const { subjectId, firstTime, lastTime } of db) {
    if (firstTime === null) continue;
    const [first, last] = [firstTime, lastTime].map((time) => new Date(Math.floor(time / 1000)).getUTCFullYear());
    for (let year = first; year <= last; year += 1) {
      subjectIds.push(subjectId);
      start.push(Date.UTC(year, 0) * 1000);
      end.push(Date.UTC(year + 1, 0) * 1000);
      years.push(year);
    }
  }
  const { offsets, codeIds, counts } = await db.countCodesEach({ windows: { subjectIds, start, end, inclusive: "start", static: false } });
  const totals = new Map(); // by year: rows of each code id
  for (let w = 0; w < years.length; w += 1) {
    let total = totals.get(years[w]);
    if (total === undefined) {
      total = new Float64Array(db.codes.size + 1);
      totals.set(years[w], total);
    }
    for (let i = offsets[w]; i < offsets[w + 1]; i += 1) total[codeIds[i]] += counts[i];
  }
  return totals;
}

export function* rows(totals, db) {
  for (const [year, total] of totals)
    for (let id = 1; id < total.length; id += 1) if (total[id] > 0) yield [db.codes.strings[id], year, total[id]];
}
