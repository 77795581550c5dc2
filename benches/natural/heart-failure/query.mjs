// The example of Cohort.asof in index.d.ts, with other codes: queries only.
export const needs = ["Cohort.firstOf", "Cohort.asof"];
const YEAR = 365.25 * 86_400e6;

export async function run(db, { icu, heartFailure, creatinine }) {
  const admission = await db.firstOf({ prefix: icu });
  const [failure, birth, lab] = await Promise.all([
    db.firstOf({ prefix: heartFailure }, { windows: { until: admission, inclusive: false, static: false } }),
    db.firstOf("MEDS_BIRTH"),
    db.asof(admission, creatinine, { maxAge: YEAR, inclusive: false }),
  ]);
  const found = [];
  for (let i = 0; i < admission.has.length; i += 1) {
    if (admission.has[i] === 0 || failure.has[i] === 0) continue;
    const age = birth.has[i] === 0 ? null : Number(admission.times[i] - birth.times[i]) / YEAR;
    found.push({ id: admission.subjectIds[i], age, creatinine: lab.has[i] === 0 ? null : lab.values[i] });
  }
  return found;
}

export { rows } from "./idiom.mjs";
