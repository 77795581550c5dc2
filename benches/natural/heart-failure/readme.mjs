// The README's words: withCode, until, from.
export const needs = [];
const YEAR = 365.25 * 86_400e6; // µs

export function run(db, { icu, heartFailure, creatinine }) {
  const units = db.codes.withPrefix(icu);
  const diagnoses = heartFailure.map((prefix) => db.codes.withPrefix(prefix));
  const found = [];
  for (const patient of db) {
    const admission = patient.withCode(units).at(0);
    if (admission === undefined) continue;
    const before = patient.until(admission.time, { inclusive: false });
    if (before.withCode(...diagnoses).length === 0) continue;
    const birth = patient.withCode("MEDS_BIRTH").at(0);
    const age = birth === undefined ? null : (admission.time - birth.time) / YEAR;
    const labs = [...before.from(admission.time - YEAR).withCode(creatinine)].filter((event) => event.numericValue !== null);
    found.push({ subjectId: patient.subjectId, age, creatinine: labs.at(-1)?.numericValue ?? null });
  }
  return found;
}

export function rows(found) {
  const sum = (values) => values.reduce((total, value) => total + (value ?? 0), 0);
  return {
    patients: found.length,
    age: sum(found.map(({ age }) => age)),
    measured: found.filter(({ creatinine }) => creatinine !== null).length,
    creatinine: sum(found.map(({ creatinine }) => creatinine)),
  };
}
