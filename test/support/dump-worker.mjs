// Reads a whole store inside a worker, through event objects, and posts it as plain values.
import { parentPort, workerData } from "node:worker_threads";
import { PatientDatabase } from "../../dist/index.js";

const db = PatientDatabase.open(workerData);
const names = db.columns.map(({ name }) => name).filter((name) => name !== "time");
const patients = [];
for (const patient of db) {
  const rows = [];
  for (const event of patient) rows.push({ time: event.timeMicros, ...Object.fromEntries(names.map((name) => [name, event.get(name)])) });
  patients.push({ id: patient.subjectId, split: patient.split, rows });
}
db.close();
parentPort.postMessage(patients);
