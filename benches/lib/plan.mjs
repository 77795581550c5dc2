// What both sides read: the same patients, the same prediction times, drawn once from a seed.
import { writeFileSync } from "node:fs";
import { PatientDatabase } from "../../dist/index.js";

/** Numbers in [0, 1) from a seed (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Writes the plan of a store: ids as text (they may be beyond 2^53), times as microseconds. */
export function writePlan(store, path, { walks, windows, whole }) {
  const db = PatientDatabase.open(store);
  const next = random(42);
  const any = () => db.at(Math.floor(next() * db.size));
  // The time of one of the patient's own rows: a time between birth and death would mostly lie before the first visit.
  const withTime = (patient) => {
    const row = patient.staticCount + Math.floor(next() * (patient.length - patient.staticCount));
    return [String(patient.subjectId), row < patient.length ? patient.timeAt(row) : 0];
  };
  const plan = {
    walks: Array.from({ length: walks }, () => withTime(any())),
    windows: Array.from({ length: windows }, () => withTime(any())),
    lasts: Array.from({ length: windows }, () => String(any().subjectId)),
    whole: Array.from({ length: whole }, () => String(any().subjectId)),
    columns: db.columns.map(({ name, stored }) => ({ name, stored })),
  };
  const facts = { patients: db.size, events: db.eventCount };
  db.close();
  writeFileSync(path, JSON.stringify(plan));
  return facts;
}
