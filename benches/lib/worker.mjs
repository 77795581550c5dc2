// A worker of loaders/ours-workers.mjs: its share of the patients has as many rows as the others'.
import { parentPort, workerData } from "node:worker_threads";
import { PatientDatabase } from "../../dist/index.js";
import { addCounts, addTimeline, addYears, nothing } from "../loaders/ours-arrays.mjs";

const { path, index, of } = workerData;
const db = PatientDatabase.open(path);
const { strings } = db.codes;

const patients = [];
{
  let rows = 0;
  for (const patient of db) {
    const middle = rows + patient.length / 2;
    if (Math.min(of - 1, Math.floor((middle / db.eventCount) * of)) === index) patients.push(patient);
    rows += patient.length;
  }
}

const tasks = {
  ready: () => null,
  timeline({ items }) {
    const sum = nothing();
    for (const [id, bound] of items) addTimeline(db.get(BigInt(id)), bound, strings, sum);
    return sum;
  },
  scan({ bound }) {
    const sum = nothing();
    for (const patient of patients) addTimeline(patient, bound, strings, sum);
    return sum;
  },
  counts() {
    const counts = new Float64Array(strings.length);
    for (const { codeIds } of patients) addCounts(codeIds, counts);
    return counts;
  },
  years() {
    const out = [];
    for (const patient of patients) addYears(patient, out);
    return out;
  },
};

parentPort.on("message", (request) => parentPort.postMessage(tasks[request.task](request)));
