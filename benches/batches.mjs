// node benches/batches.mjs STORE [LENGTH] [BATCH]: what a training batch costs, and an epoch of all windows beside the scan of the same rows.
import { Labels, loader, PatientDatabase, samples } from "../dist/index.js";
import { median } from "./lib/process.mjs";

const [store, length = "512", size = "256"] = process.argv.slice(2);
const maxLength = Number(length);
const batchSize = Number(size);
const db = PatientDatabase.open(store);

// A time of a row of its own for each of many labels, drawn as a trainer's are: any patient, any time.
let state = 42;
const draw = (count) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 4294967296) * count);
};
const rows = [];
while (rows.length < 64 * batchSize) {
  const patient = db.at(draw(db.size));
  if (patient.length === patient.staticCount) continue;
  const at = patient.staticCount + draw(patient.length - patient.staticCount);
  rows.push({ subjectId: patient.subjectId, predictionTime: patient.times[at], booleanValue: true });
}
const labels = Labels.from(rows);

const made = performance.now();
const list = samples(db, labels, { maxLength });
console.log(`samples(): ${(((performance.now() - made) * 1e3) / list.size).toFixed(2)} µs a label`);
for (const fields of [["code", "numeric_value", "numeric_value_mask", "time_delta_days"], undefined]) {
  const epochs = [];
  let events = 0;
  for (let epoch = 0; epoch < 12; epoch += 1) {
    events = 0;
    const began = performance.now();
    for (const batch of loader(list, { batchSize, shuffle: true, seed: 1, epoch, ...(fields && { fields }) }))
      events += batch.length.reduce((a, b) => a + b, 0);
    epochs.push(performance.now() - began);
  }
  const micros = (median(epochs.slice(2)) * 1e3) / list.size;
  const what = fields?.join(", ") ?? "the fields that are usual";
  console.log(
    `as-of windows of ${maxLength}, batches of ${batchSize}, ${what}: ${micros.toFixed(2)} µs a sample, ${(events / list.size).toFixed(0)} rows each`,
  );
}

// Every row of the store once, in windows side by side, against a loop over the same columns.
const cohort = db.splits.size > 0 ? { split: [...db.splits].sort((a, b) => b[1] - a[1])[0][0] } : null;
if (cohort !== null) {
  const all = samples(db, cohort, { maxLength, strategy: "step_through", static: "omit" });
  const passes = [];
  let events = 0;
  for (let pass = 0; pass < 3; pass += 1) {
    events = 0;
    const began = performance.now();
    for (const batch of loader(all, { batchSize, fields: ["code", "numeric_value", "numeric_value_mask", "time_delta_days"] }))
      events += batch.length.reduce((a, b) => a + b, 0);
    passes.push(performance.now() - began);
  }
  const scans = [];
  let sink = 0;
  for (let pass = 0; pass < 3; pass += 1) {
    const began = performance.now();
    for (const { codeIds, numericValues, timeWords, length: count } of db.split(cohort.split)) {
      for (let i = 0; i < count; i += 1) {
        sink += codeIds[i] + timeWords[2 * i];
        if (numericValues[i] === numericValues[i]) sink += numericValues[i];
      }
    }
    scans.push(performance.now() - began);
  }
  const rate = (millis) => (events / 1e3 / median(millis)).toFixed(1);
  console.log(`an epoch of ${cohort.split}, ${all.size} windows, ${events} rows (the last window of a patient overlaps the one before):`);
  console.log(
    `  batches ${rate(passes)} million rows a second, the scan of codes, values and times ${rate(scans)}${sink === 0 ? "?" : ""}`,
  );
}
console.log(`resident ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB, heap ${(process.memoryUsage().heapUsed / 1e6).toFixed(0)} MB`);
db.close();
