// With `visits()`, and the arrays of each visit.
import { add } from "./today.mjs";

export { rows } from "./today.mjs";
export const needs = ["Timeline.visits", "Event.year"];
const DAY = 86_400e6; // µs

export function run(db) {
  const { strings } = db.codes;
  const samples = [];
  for (const patient of db) {
    const gender = patient.last("GENDER//*");
    const birth = patient.first("MEDS_BIRTH");
    for (const { key, rows } of patient.visits()) {
      const admission = rows.first("HOSPITAL_ADMISSION*");
      const discharge = rows.first("HOSPITAL_DISCHARGE*");
      if (admission === undefined || discharge === undefined) continue;
      const { codeIds, numericValues, length } = rows.until(admission.time + DAY);
      const byId = new Map();
      for (let i = 0; i < length; i += 1) add(byId, codeIds[i], Number.isNaN(numericValues[i]) ? null : numericValues[i]);
      const features = new Map();
      for (const [id, feature] of byId) features.set(strings[id], feature);
      for (const name of [gender?.code, admission.get("race"), admission.get("insurance")]) if (name) add(features, name, null);
      if (birth !== undefined) features.set("age", { count: 1, valued: 1, sum: admission.year - birth.year });
      const days = Math.floor((discharge.time - admission.time) / DAY);
      samples.push({ visit: key, subject: patient.subjectId, label: days > 3 ? 1 : 0, features });
    }
  }
  return samples;
}
