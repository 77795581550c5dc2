// The README's idiom: first and last by codes, windows by time.
import { timeBefore } from "meds-reader";

export const needs = ["CodeTable.select"];
const YEAR = 365.25 * 86_400e6; // microseconds

export function run(db, { icu, heartFailure, creatinine }) {
  const admissions = db.codes.withPrefix(icu);
  const failures = db.codes.select({ prefix: heartFailure });
  const found = [];
  for (const patient of db) {
    const admission = patient.first(admissions);
    if (admission === undefined) continue;
    const start = admission.time;
    const before = patient.until(start, { inclusive: false, static: false });
    if (!before.some(failures)) continue;
    const birth = patient.birthTime;
    const age = birth === null ? null : (start - birth) / YEAR;
    const lab = before.from(timeBefore(start, YEAR)).last(creatinine, { with: "value" });
    found.push({ id: patient.subjectId, age, creatinine: lab?.numericValue ?? null });
  }
  return found;
}

export function rows(found) {
  const values = found.map((patient) => patient.creatinine).filter((value) => value !== null);
  return {
    patients: found.length,
    age: found.reduce((sum, patient) => sum + (patient.age ?? 0), 0),
    measured: values.length,
    creatinine: values.reduce((sum, value) => sum + value, 0),
  };
}
