// With `visits()`.
import { add } from "./today.mjs";

export { rows } from "./today.mjs";
export const needs = ["Timeline.visits", "Event.year"];
const DAY = 86_400e6; // µs

export function run(db) {
  const samples = [];
  for (const patient of db) {
    const gender = patient.last("GENDER//*");
    const birth = patient.first("MEDS_BIRTH");
    for (const { key, rows } of patient.visits()) {
      const admission = rows.first("HOSPITAL_ADMISSION*");
      const discharge = rows.first("HOSPITAL_DISCHARGE*");
      if (admission === undefined || discharge === undefined) continue;
      const features = new Map();
      for (const event of rows.until(admission.time + DAY)) add(features, event.code, event.numericValue);
      for (const name of [gender?.code, admission.get("race"), admission.get("insurance")]) if (name) add(features, name, null);
      if (birth !== undefined) features.set("age", { count: 1, valued: 1, sum: admission.year - birth.year });
      const days = Math.floor((discharge.time - admission.time) / DAY);
      samples.push({ visit: key, subject: patient.subjectId, label: days > 3 ? 1 : 0, features });
    }
  }
  return samples;
}
