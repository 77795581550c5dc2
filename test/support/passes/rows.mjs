// Functions for passes, as a caller would write them.
import { MedsError } from "../../../dist/index.js";

/** Counts and sums of a patient, by a plain loop. */
function known(patient) {
  let sum = 0;
  let rows = 0;
  for (const event of patient) {
    rows += 1;
    if (event.numericValue !== null) sum += event.numericValue;
  }
  return { id: patient.subjectId, rows, sum };
}

export default function* each(patients) {
  for (const patient of patients) yield known(patient);
}

export function array(patients) {
  return Array.from(patients, known);
}

export async function* later(patients) {
  for (const patient of patients) {
    await new Promise((resolve) => setImmediate(resolve));
    yield known(patient);
  }
}

export function twice(patients) {
  const first = [...patients].map((patient) => patient.subjectId);
  const second = [...patients].map((patient) => patient.subjectId);
  return first.map((id, i) => id === second[i]);
}

/** One value per chunk, of a kind that has an iterator. */
export function single(patients, { kind }) {
  const count = [...patients].length;
  return {
    text: "x".repeat(count),
    typed: new Float64Array(count),
    map: new Map([[count, count]]),
    set: new Set([count]),
    nothing: undefined,
  }[kind];
}

export function context(_, args, { db, chunk, chunks }) {
  return { args, chunk, chunks, size: db.size, split: [...db.splits.keys()][0] };
}

/** Views of the store's own buffers. */
export function* views(patients) {
  for (const patient of patients) yield { id: patient.subjectId, all: [patient.times, { values: patient.numericValues }] };
}

export function total(patients) {
  let sum = 0;
  for (const patient of patients) for (const value of patient.numericValues) if (value === value) sum += value / 3;
  return sum;
}

export function ids(patients) {
  return Array.from(patients, (patient) => patient.subjectId);
}

/** Counts in shared memory how many patients were read. */
export function* counted(patients, { shared }) {
  const count = new Int32Array(shared);
  for (const patient of patients) {
    Atomics.add(count, 0, 1);
    yield patient.subjectId;
  }
}

/** Fails at one subject. */
export function* failing(patients, { subject, how }) {
  for (const patient of patients) {
    if (patient.subjectId === subject) {
      if (how === "value") throw "a text";
      if (how === "meds") throw new MedsError("MEDS_IO", "of ours", { path: "/somewhere", cause: new RangeError("inner") });
      if (how === "clone") yield () => {};
      if (how === "patient") yield patient;
      if (how === "exit") process.exit(3);
      if (how === "column") patient.column("no_such_column");
      if (how === "unreadable")
        throw Object.defineProperty(new Error("boom"), "code", {
          get: () => {
            throw new Error("no code");
          },
        });
      if (how === "wordless") throw Object.assign(new Error("boom"), { message: Object.create(null) });
      throw Object.assign(new TypeError("boom", { cause: new RangeError("inner") }), { code: "E_OWN" });
    }
    yield patient.subjectId;
  }
}

export async function failingLater(patients, { subject }) {
  for (const patient of patients) if (patient.subjectId === subject) await Promise.reject(new Error("later"));
}

/** An error without a handler. */
export async function leftBehind(patients) {
  for (const _ of patients) break;
  Promise.reject(new Error("left behind"));
  await new Promise((resolve) => setTimeout(resolve, 10_000));
}

/** Never ends by itself. */
export function endless() {
  for (;;) Math.sqrt(2);
}

export function* withLabels(pairs) {
  for (const [patient, labels] of pairs) yield { id: patient.subjectId, rows: patient.length, labels };
}

export const number = 7;

/** Fails outside of the function, at a time that all threads share. */
export async function failingAtOnce(patients) {
  for (const _ of patients) break;
  setTimeout(
    () => {
      throw new Error("at once");
    },
    100 - (Date.now() % 100),
  );
  await new Promise((resolve) => setTimeout(resolve, 10_000));
}
