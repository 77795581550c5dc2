// Draws windows for limited.mjs, in a process of its own: what it reads is not in the measured one.
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [library, store, to, count, rows, timelines] = process.argv.slice(2);
const { PatientDatabase } = await import(pathToFileURL(library).href);
const db = PatientDatabase.open(store);
let state = 42;
const random = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const windows = [];
while (windows.length < Number(count)) {
  const patient = db.at(random(db.size));
  const time = patient.at(random(patient.length)).timeMicros;
  if (time !== null) windows.push([String(patient.subjectId), Number(time)]);
}
db.close();
writeFileSync(to, JSON.stringify({ windows, rows: Number(rows), timelines: Number(timelines) }));
