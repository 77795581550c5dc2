// Native questions whose results feed one another.
export { rows } from "./readme.mjs";
export const needs = ["Cohort.asof"];
const YEAR = 365.25 * 86_400e6; // µs

export async function run(db, { icu, heartFailure, creatinine }) {
  const admission = await db.firstOf(`${icu}*`);
  const failure = await db.firstOf(
    heartFailure.map((prefix) => `${prefix}*`),
    { windows: { until: admission, inclusive: false } },
  );
  const birth = await db.firstOf("MEDS_BIRTH");
  const lab = await db.asof(admission, creatinine, { maxAge: { days: 365, hours: 6 }, inclusive: false });
  const found = [];
  for (let i = 0; i < admission.subjectIds.length; i += 1) {
    if (failure.has[i] === 0) continue;
    found.push({
      subjectId: admission.subjectIds[i],
      age: birth.has[i] === 0 ? null : Number(admission.times[i] - birth.times[i]) / YEAR,
      creatinine: lab.has[i] === 0 ? null : lab.values[i],
    });
  }
  return found;
}
