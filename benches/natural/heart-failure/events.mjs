// Loops over events with for…of.
export { rows } from "./readme.mjs";
export const needs = [];
const YEAR = 365.25 * 86_400e6; // µs

export function run(db, { icu, heartFailure, creatinine }) {
  const found = [];
  for (const patient of db) {
    let admission = null;
    for (const event of patient) {
      if (event.code.startsWith(icu)) {
        admission = event.time;
        break;
      }
    }
    if (admission === null) continue;
    let failing = false;
    let birth = null;
    let last = null;
    for (const event of patient) {
      const { time, code } = event;
      if (time === null) continue;
      if (time >= admission) break;
      if (code === "MEDS_BIRTH") birth ??= time;
      else if (code === creatinine) {
        if (event.numericValue !== null && time >= admission - YEAR) last = event.numericValue;
      } else if (!failing) failing = heartFailure.some((prefix) => code.startsWith(prefix));
    }
    if (failing) found.push({ subjectId: patient.subjectId, age: birth === null ? null : (admission - birth) / YEAR, creatinine: last });
  }
  return found;
}
