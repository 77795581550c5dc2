// Whether a stay has more than 3 whole days. Features: age, insurance, race and sex, and the mean of each code of the visit up to 24 hours after admission.
export const needs = ["Timeline.visits", "Timeline.groupBy"];
const DAY = 86_400e6; // microseconds

export function run(db) {
  const samples = [];
  for (const patient of db) {
    const born = patient.first("MEDS_BIRTH");
    const sex = patient.first("GENDER//*");
    for (const { key, rows } of patient.visits()) {
      const admission = rows.first("HOSPITAL_ADMISSION//*");
      const discharge = rows.last("HOSPITAL_DISCHARGE//*");
      if (admission === undefined || discharge === undefined) continue;
      const features = [["age", admission.year - born.year, 1]];
      for (const name of [admission.get("insurance"), admission.get("race"), sex?.code]) if (name) features.push([name, null, 1]);
      for (const group of rows.until(admission.time + DAY).groupBy("code")) {
        let sum = 0;
        let count = 0;
        for (const { numericValue } of group.rows) {
          if (numericValue === null) continue;
          sum += numericValue;
          count += 1;
        }
        features.push([group.key, count === 0 ? null : sum / count, group.length]);
      }
      const days = Math.floor((discharge.time - admission.time) / DAY);
      samples.push({ visit: key, subject: patient.subjectId, label: days > 3 ? 1 : 0, features });
    }
  }
  return samples;
}
