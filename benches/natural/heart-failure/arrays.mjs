// Typed arrays and a table by code id: one loop over all rows.
export { rows } from "./readme.mjs";
export const needs = [];
const YEAR = 365.25 * 86_400e6; // µs
const [ICU, FAILURE, BIRTH, CREATININE] = [1, 2, 3, 4];

export function run(db, { icu, heartFailure, creatinine }) {
  const kinds = new Uint8Array(db.codes.size + 1); // by code id
  for (const id of db.codes.withPrefix(icu)) kinds[id] = ICU;
  for (const prefix of heartFailure) for (const id of db.codes.withPrefix(prefix)) kinds[id] = FAILURE;
  kinds[db.codes.id("MEDS_BIRTH")] = BIRTH;
  kinds[db.codes.id(creatinine)] = CREATININE;
  const found = [];
  for (const patient of db) {
    const { codeIds, numericValues, length } = patient;
    let admission = -1;
    let failure = -1;
    let birth = -1;
    const labs = [];
    for (let i = 0; i < length; i += 1) {
      const kind = kinds[codeIds[i]];
      if (kind === 0) continue;
      if (kind === ICU && admission < 0) admission = i;
      else if (kind === FAILURE && failure < 0) failure = i;
      else if (kind === BIRTH && birth < 0) birth = i;
      else if (kind === CREATININE && !Number.isNaN(numericValues[i])) labs.push(i);
    }
    if (admission < 0 || failure < 0) continue;
    const time = patient.timeAt(admission);
    if (patient.timeAt(failure) >= time) continue;
    let last = labs.length - 1;
    while (last >= 0 && patient.timeAt(labs[last]) >= time) last -= 1;
    const recent = last >= 0 && patient.timeAt(labs[last]) >= time - YEAR;
    found.push({
      subjectId: patient.subjectId,
      age: birth < 0 ? null : (time - patient.timeAt(birth)) / YEAR,
      creatinine: recent ? numericValues[labs[last]] : null,
    });
  }
  return found;
}
