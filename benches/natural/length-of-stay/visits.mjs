// With `visits()`.
export const needs = ["Timeline.visits"];
const DAY = 86_400e6; // µs

export function run(db) {
  const samples = [];
  for (const patient of db) {
    for (const { key, rows } of patient.visits()) {
      const admission = rows.first("HOSPITAL_ADMISSION*");
      const discharge = rows.first("HOSPITAL_DISCHARGE*");
      if (admission === undefined || discharge === undefined) continue;
      const codes = rows.distinct("code");
      samples.push({ visit: key, subject: patient.subjectId, label: Math.floor((discharge.time - admission.time) / DAY), codes });
    }
  }
  return samples;
}
