// As a newcomer writes it: `times` (bigint), and `column("hadm_id").at(i)`.
export const needs = [];
const DAY = 86_400_000_000n; // µs

export function run(db) {
  const samples = [];
  for (const patient of db) {
    const { times, length, staticCount } = patient;
    const visit = patient.column("hadm_id");
    const visits = new Map();
    for (let i = 0; i < length; i += 1) {
      const id = visit.at(i);
      if (id === null) continue;
      let stay = visits.get(id);
      if (stay === undefined) {
        stay = { start: null, end: null, codes: new Set() };
        visits.set(id, stay);
      }
      const code = patient.codeAt(i);
      stay.codes.add(code);
      if (i < staticCount) continue;
      if (code.startsWith("HOSPITAL_ADMISSION")) stay.start ??= times[i];
      else if (code.startsWith("HOSPITAL_DISCHARGE")) stay.end ??= times[i];
    }
    for (const [id, { start, end, codes }] of visits) {
      if (start !== null && end !== null)
        samples.push({ visit: id, subject: patient.subjectId, label: Number((end - start) / DAY), codes });
    }
  }
  return samples;
}
