// Native queries, and the code that joins their results.
export { rows } from "./readme.mjs";
export const needs = [];
const YEAR = 365.25 * 86_400e6; // µs
const LONG = BigInt(YEAR);

export async function run(db, { icu, heartFailure, creatinine }) {
  const { subjectIds } = db;
  const admissions = await db.firstOf(db.codes.withPrefix(icu));
  const slots = Array.from(admissions.rows.keys()).filter((slot) => admissions.rows[slot] >= 0);
  const end = BigInt64Array.from(slots, (slot) => admissions.times[slot]);
  const history = { subjectIds: BigInt64Array.from(slots, (slot) => subjectIds[slot]), end, inclusive: false };
  const diagnoses = await db.firstOf(
    heartFailure.map((prefix) => db.codes.withPrefix(prefix)),
    { windows: history },
  );
  const kept = slots.map((_, i) => i).filter((i) => diagnoses.rows[i] >= 0);
  const pick = (array) => BigInt64Array.from(kept, (i) => array[i]);
  const windows = { subjectIds: pick(history.subjectIds), end: pick(end), start: pick(end.map((time) => time - LONG)), inclusive: "start" };
  const [births, labs] = await Promise.all([db.firstOf("MEDS_BIRTH"), db.aggregate({ windows, codes: creatinine })]);
  return kept.map((i, w) => {
    const birth = births.times[slots[i]];
    const age = births.rows[slots[i]] < 0 ? null : Number(end[i] - birth) / YEAR;
    const value = labs.offsets[w] < labs.offsets[w + 1] ? labs.last[labs.offsets[w]] : Number.NaN;
    return { subjectId: history.subjectIds[i], age, creatinine: Number.isNaN(value) ? null : value };
  });
}
