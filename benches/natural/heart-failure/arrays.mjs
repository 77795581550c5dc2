// Typed arrays: one loop over all rows.
export { rows } from "./readme.mjs";
export const needs = [];
const YEAR = 365.25 * 86_400e6; // µs

export function run(db, { icu, heartFailure, creatinine }) {
  const units = db.codes.withPrefix(icu);
  const diagnoses = heartFailure.map((prefix) => db.codes.withPrefix(prefix));
  const born = db.codes.id("MEDS_BIRTH");
  const lab = db.codes.id(creatinine);
  const isFailure = new Uint8Array(db.codes.size + 1);
  for (const range of diagnoses) for (const id of range) isFailure[id] = 1;
  const found = [];
  for (const patient of db) {
    const { codeIds, numericValues, length } = patient;
    let admission = -1;
    let failure = -1;
    let birth = -1;
    const labs = [];
    for (let i = 0; i < length; i += 1) {
      const id = codeIds[i];
      if (units.has(id)) {
        if (admission < 0) admission = i;
      } else if (isFailure[id] === 1) {
        if (failure < 0) failure = i;
      } else if (id === born) {
        if (birth < 0) birth = i;
      } else if (id === lab && !Number.isNaN(numericValues[i])) labs.push(i);
    }
    if (admission < 0 || failure < 0) continue;
    const time = patient.timeAt(admission);
    if (patient.timeAt(failure) >= time) continue;
    const last = labs.findLast((i) => patient.timeAt(i) < time);
    const recent = last !== undefined && patient.timeAt(last) >= time - YEAR;
    found.push({
      subjectId: patient.subjectId,
      age: birth < 0 ? null : (time - patient.timeAt(birth)) / YEAR,
      creatinine: recent ? numericValues[last] : null,
    });
  }
  return found;
}
