// With `visits()`, and the array of code ids of each visit.
export const needs = ["Timeline.visits"];
const DAY = 86_400e6; // µs

export function run(db) {
  const { strings } = db.codes;
  const samples = [];
  for (const patient of db) {
    for (const { key, rows } of patient.visits()) {
      const admission = rows.first("HOSPITAL_ADMISSION*");
      const discharge = rows.first("HOSPITAL_DISCHARGE*");
      if (admission === undefined || discharge === undefined) continue;
      const codes = Array.from(new Set(rows.codeIds), (id) => strings[id]);
      samples.push({ visit: key, subject: patient.subjectId, label: Math.floor((discharge.time - admission.time) / DAY), codes });
    }
  }
  return samples;
}
