// Typed arrays, and a table by code id; it reads no row after the admission.
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
    const { codeIds, length } = patient;
    let failing = -1;
    let birth = -1;
    let admission = -1;
    for (let i = 0; i < length; i += 1) {
      const kind = kinds[codeIds[i]];
      if (kind === ICU) {
        admission = i;
        break;
      }
      if (kind === FAILURE && failing < 0) failing = i;
      else if (kind === BIRTH && birth < 0) birth = i;
    }
    if (admission < 0 || failing < 0) continue;
    const time = patient.timeAt(admission);
    if (patient.timeAt(failing) >= time) continue;
    const { numericValues } = patient;
    let value = null;
    for (let i = admission - 1; i >= 0; i -= 1) {
      if (kinds[codeIds[i]] !== CREATININE || Number.isNaN(numericValues[i])) continue;
      const at = patient.timeAt(i);
      if (at >= time) continue;
      if (at >= time - YEAR) value = numericValues[i];
      break;
    }
    found.push({ subjectId: patient.subjectId, age: birth < 0 ? null : (time - patient.timeAt(birth)) / YEAR, creatinine: value });
  }
  return found;
}
