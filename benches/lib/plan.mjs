// What all sides read: the same patients, the same prediction times, drawn once from a seed.
import { writeFileSync } from "node:fs";
import { PatientDatabase } from "../../dist/index.js";

export const SEED = 42;

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

/** The time of one of the patient's own rows: a time between birth and death would mostly lie before the first visit. */
function ownTime(patient, next) {
  const row = patient.staticCount + Math.floor(next() * (patient.length - patient.staticCount));
  return row < patient.length ? patient.timeAt(row) : 0;
}

const kindOf = ({ stored }) => (stored === "utf8" ? "text" : stored.startsWith("float") ? "float" : "other");

/** Writes the plan of bench:smoke: ids as text (they may be beyond 2^53), times as microseconds. */
export function writePlan(store, path, { walks, windows, whole }) {
  const db = PatientDatabase.open(store);
  const next = random(SEED);
  const any = () => db.at(Math.floor(next() * db.size));
  const withTime = (patient) => [String(patient.subjectId), ownTime(patient, next)];
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

const RUN = 20; // patients of a run of neighbours, and of a query by code

/** The plan of the harness: for each workload its items (WORKLOADS has what they are for), and facts of the dataset. Ids are text. */
export function makePlan(store, counts) {
  const db = PatientDatabase.open(store);
  const next = random(SEED);
  const slot = () => Math.floor(next() * db.size);
  const any = () => db.at(slot());
  const timed = (patient) => [String(patient.subjectId), ownTime(patient, next)];
  const times = (length, make) => Array.from({ length: length ?? 0 }, (_, i) => make(i));
  let start = 0;
  const neighbour = (i) => {
    if (i % RUN === 0) start = slot();
    return db.at((start + (i % RUN)) % db.size);
  };
  const query = () => {
    const patients = times(RUN, any);
    const [first] = patients; // a code that one of them has
    return [first.codeAt(Math.floor(next() * first.length)), patients.map(({ subjectId }) => String(subjectId))];
  };
  const { strings } = db.codes;
  const columns = db.columns.map(({ name, stored }) => ({ name, stored, kind: kindOf({ stored }) }));
  const has = (name, stored) => columns.some((column) => column.name === name && column.stored === stored);
  const plan = {
    open: String(any().subjectId),
    timeline: times(counts.timeline, () => timed(any())),
    neighbours: times(counts.neighbours, (i) => timed(neighbour(i))),
    columns: times(counts.columns, () => String(any().subjectId)),
    last: times(counts.last, () => String(any().subjectId)),
    window256: times(counts.window256, () => timed(any())),
    window2048: times(counts.window2048, () => timed(any())),
    code: times(counts.code, query),
    batches: times(counts.batches, () => timed(any())),
    scan: ownTime(any(), next),
    schema: columns,
  };
  const facts = {
    patients: db.size,
    events: db.eventCount,
    codes: db.codes.size,
    columns: columns.length + 1, // with subject_id
    // Both tasks need MIMIC-IV's columns and codes of admissions.
    tasks:
      has("hadm_id", "int64") && has("race", "utf8") && has("insurance", "utf8") && db.codes.withPrefix("HOSPITAL_ADMISSION").length > 0,
    // A character beyond U+FFFF has length 2 in JavaScript and 1 elsewhere.
    astral: strings.some((code) => code !== undefined && /[\ud800-\udfff]/.test(code)),
  };
  db.close();
  return { plan, facts };
}
