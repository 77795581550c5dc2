// As a newcomer writes it: `times` (bigint), and `column("hadm_id").at(i)`.
export const needs = [];
const DAY = 86_400_000_000n; // µs

/** Adds a value to a feature's mean. */
export function add(features, name, value) {
  let feature = features.get(name);
  if (feature === undefined) {
    feature = { count: 0, valued: 0, sum: 0 };
    features.set(name, feature);
  }
  feature.count += 1;
  if (value !== null) {
    feature.valued += 1;
    feature.sum += value;
  }
}

export function run(db) {
  const samples = [];
  for (const patient of db) {
    const { times, numericValues, length, staticCount } = patient;
    const visit = patient.column("hadm_id");
    const visits = new Map();
    let gender = null;
    let birth = null;
    for (let i = 0; i < length; i += 1) {
      const code = patient.codeAt(i);
      if (code.startsWith("GENDER//")) gender = code;
      else if (code === "MEDS_BIRTH") birth ??= new Date(Number(times[i] / 1000n));
      const id = visit.at(i);
      if (id === null) continue;
      if (!visits.has(id)) visits.set(id, { start: null, end: null, row: -1, rows: [] });
      const stay = visits.get(id);
      stay.rows.push(i);
      if (i < staticCount) continue;
      if (code.startsWith("HOSPITAL_ADMISSION") && stay.start === null) {
        stay.start = times[i];
        stay.row = i;
      } else if (code.startsWith("HOSPITAL_DISCHARGE")) stay.end ??= times[i];
    }
    for (const [id, { start, end, row, rows }] of visits) {
      if (start === null || end === null) continue;
      const features = new Map();
      for (const i of rows) {
        if (i >= staticCount && times[i] > start + DAY) break;
        const value = numericValues[i];
        add(features, patient.codeAt(i), Number.isNaN(value) ? null : value);
      }
      const admission = patient.at(row);
      for (const name of [gender, admission.get("race"), admission.get("insurance")]) if (name !== null) add(features, name, null);
      if (birth !== null)
        features.set("age", { count: 1, valued: 1, sum: new Date(Number(start / 1000n)).getUTCFullYear() - birth.getUTCFullYear() });
      samples.push({ visit: id, subject: patient.subjectId, label: (end - start) / DAY > 3n ? 1 : 0, features });
    }
  }
  return samples;
}

export function* rows(samples) {
  for (const { visit, subject, label, features } of samples) {
    const lines = Array.from(features, ([name, { count, valued, sum }]) => [name, valued === 0 ? null : sum / valued, count]);
    yield { visit, subject, label, features: lines };
  }
}
