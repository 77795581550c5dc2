// Days from admission to discharge, and the codes of each visit.
// Not begin and end of the visit: rows of a visit may lie before admission and after discharge.
export const needs = ["Timeline.visits", "Timeline.distinct"];
const DAY = 86_400e6; // microseconds

export function run(db) {
  const samples = [];
  for (const patient of db) {
    for (const { key, rows } of patient.visits()) {
      const admission = rows.first("HOSPITAL_ADMISSION//*");
      const discharge = rows.last("HOSPITAL_DISCHARGE//*");
      if (admission === undefined || discharge === undefined) continue;
      const label = Math.floor((discharge.time - admission.time) / DAY);
      samples.push({ visit: key, subject: patient.subjectId, label, codes: rows.distinct("code") });
    }
  }
  return samples;
}
