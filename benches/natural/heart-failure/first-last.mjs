// first and last by code: they stop at the first hit.
export { rows } from "./readme.mjs";
export const needs = ["CodeTable.select", "Timeline.visits"];
const YEAR = 365.25 * 86_400e6; // µs

export function run(db, { icu, heartFailure, creatinine }) {
  const diagnoses = db.codes.select(heartFailure.map((prefix) => `${prefix}*`));
  const found = [];
  for (const patient of db) {
    const admission = patient.first(`${icu}*`);
    if (admission === undefined) continue;
    const before = patient.until(admission.time, { inclusive: false });
    if (before.first(diagnoses) === undefined) continue;
    const birth = patient.first("MEDS_BIRTH");
    const lab = before.from(admission.time - YEAR).last(creatinine, { with: "value" });
    found.push({
      subjectId: patient.subjectId,
      age: birth === undefined ? null : (admission.time - birth.time) / YEAR,
      creatinine: lab?.numericValue ?? null,
    });
  }
  return found;
}
