// node benches/batches.mjs STORE [LENGTH] [BATCH] [--other OTHER/dist/index.js]: what a training batch costs, on one thread, on all, and in memory that is
// reused; an epoch of all windows beside the scan of the same rows; and windows in bulk. With another build in turns, on the same samples: batches and
// windows must have the same bytes. Times are medians, of the clock and of the processor (which counts all threads, and no waiting for a busy machine).
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { copyCost } from "./lib/copy-cost.mjs";
import { median } from "./lib/process.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { other: { type: "string" }, rounds: { type: "string", default: "9" } },
});
const [store, length = "512", size = "256"] = positionals;
const maxLength = Number(length);
const batchSize = Number(size);
const rounds = Number(values.rounds);
const ours = await import("../dist/index.js");
const other = values.other === undefined ? null : await import(pathToFileURL(resolve(values.other)).href);
const [db, otherDb] = [ours, other].map((build) => build?.PatientDatabase.open(store));

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
const made = performance.now();
const list = ours.samples(db, ours.Labels.from(rows), { maxLength });
console.log(`samples(): ${(((performance.now() - made) * 1e3) / list.size).toFixed(2)} µs a label`);
const otherList = other?.samples(otherDb, other.Labels.from(rows), { maxLength });

/** A digest of the bytes of all batches. */
function digest(load, from, options) {
  const sum = createHash("sha256");
  for (const batch of load(from, options))
    for (const [name, array] of Object.entries(batch))
      if (ArrayBuffer.isView(array)) sum.update(name).update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return sum.digest("hex");
}

/** Runs all in turns. Returns the medians by name: microseconds of the clock and of the processor per item. */
function turns(runs, items) {
  const all = Object.fromEntries(Object.keys(runs).map((name) => [name, { clock: [], processor: [] }]));
  for (let round = -2; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(runs)) {
      const cpu = process.cpuUsage();
      const began = performance.now();
      run(round + 2);
      const clock = performance.now() - began;
      const { user, system } = process.cpuUsage(cpu);
      if (round < 0) continue;
      all[name].clock.push((clock * 1e3) / items);
      all[name].processor.push((user + system) / items);
    }
  }
  return Object.fromEntries(
    Object.entries(all).map(([name, { clock, processor }]) => [name, { clock: median(clock), processor: median(processor) }]),
  );
}

function print(found, what) {
  for (const [name, { clock, processor }] of Object.entries(found)) {
    const base = name === "other" || found.other === undefined ? undefined : found.other;
    const ratio =
      base === undefined ? "" : `, ${(base.clock / clock).toFixed(2)}x and ${(base.processor / processor).toFixed(2)}x the other build's`;
    console.log(`  ${name}: ${clock.toFixed(2)} µs a ${what}, ${processor.toFixed(2)} µs of processor time${ratio}`);
  }
}

const threads = availableParallelism();
const variants = { "1 thread": { threads: 1 }, [`${threads} threads`]: { threads }, "1 thread, reuse": { threads: 1, reuse: true } };
variants[`${threads} threads, reuse`] = { threads, reuse: true };
for (const fields of [["code", "numeric_value", "numeric_value_mask", "time_delta_days"], undefined]) {
  const options = { batchSize, shuffle: true, seed: 1, ...(fields && { fields }) };
  const pass = (load, from, more) => (epoch) => {
    for (const batch of load(from, { ...options, ...more, epoch })) if (batch.length.length === 0) throw new Error("an empty batch");
  };
  const runs = other === null ? {} : { other: pass(other.loader, otherList, {}) };
  for (const [name, more] of Object.entries(variants)) runs[name] = pass(ours.loader, list, more);
  const digests = Object.values(variants).map((more) => digest(ours.loader, list, { ...options, ...more }));
  if (other !== null) digests.push(digest(other.loader, otherList, options));
  if (new Set(digests).size !== 1) throw new Error("the batches differ");
  console.log(`as-of windows of ${maxLength}, batches of ${batchSize}, ${fields?.join(", ") ?? "the fields that are usual"}:`);
  print(turns(runs, list.size), "sample");
  // The bytes that a batch has, per sample.
  let bytes = 0;
  for (const batch of ours.loader(list, options))
    for (const array of Object.values(batch)) bytes += ArrayBuffer.isView(array) ? array.byteLength : 0;
  bytes = Math.ceil(bytes / list.size);
  const floors = [await copyCost(bytes, 1), await copyCost(bytes, threads)];
  console.log(
    `  a copy of its ${bytes} bytes, nothing computed, no memory new: 1 thread ${floors[0].toFixed(2)}, ${threads} threads ${floors[1].toFixed(2)} µs a sample`,
  );
}

// The bytes of other layouts, only compared.
if (other !== null) {
  for (const [more, last] of [
    [{ layout: "nested" }, { maxLength: 64, unit: "events" }],
    [
      { padding: "left", padTo: "max", codeType: "int64" },
      { maxLength, static: "prepend" },
    ],
    [
      { tokens: 64 * maxLength, batchSize: undefined },
      { maxLength, strategy: "random", static: "include" },
    ],
    [{ fields: ["code", "age_days", "age_days_mask", "static_mask", "time", "next_code"] }, { maxLength, static: "prepend" }],
  ]) {
    const options = { batchSize, ...more };
    if (options.batchSize === undefined) delete options.batchSize;
    const lists = [ours, other].map((build, i) => build.samples([db, otherDb][i], build.Labels.from(rows.slice(0, 2048)), last));
    if (digest(ours.loader, lists[0], options) !== digest(other.loader, lists[1], options)) throw new Error("the batches differ");
  }
  console.log("the same bytes as the other build, also nested, packed, padded left, with ages and targets");
}

// Windows in bulk: the same windows as arrays, one by one and at once.
const ids = BigInt64Array.from(rows, ({ subjectId }) => subjectId);
const times = BigInt64Array.from(rows, ({ predictionTime }) => predictionTime);
const last = 256;
const one = () => {
  let sum = 0;
  for (let i = 0; i < ids.length; i += 1) {
    const { codeIds, numericValues } = db.get(ids[i]).until(times[i]).last(last);
    sum += codeIds.length + numericValues.length;
  }
  return sum;
};
const at = (count) => () => {
  let sum = 0;
  for (let i = 0; i < ids.length; i += 1024) {
    const found = db.windows(ids.subarray(i, i + 1024), times.subarray(i, i + 1024), { last, threads: count });
    sum += found.codeIds.length + found.numericValues.length;
  }
  return sum;
};
const found = (count) => () => db.windows(ids, times, { last, threads: count }).length;
if (one() !== at(1)()) throw new Error("the windows differ");
console.log(`windows of ${last} rows, 1,024 at once, with codes and values:`);
print(
  turns(
    {
      "timelines, views only": one,
      "rows found, 1 thread": found(1),
      "windows(), copies, 1 thread": at(1),
      [`windows(), copies, ${threads} threads`]: at(threads),
    },
    ids.length,
  ),
  "window",
);

// Every row of the store once, in windows side by side, against a loop over the same columns.
const cohort = db.splits.size > 0 ? { split: [...db.splits].sort((a, b) => b[1] - a[1])[0][0] } : null;
if (cohort !== null) {
  const all = ours.samples(db, cohort, { maxLength, strategy: "step_through", static: "omit" });
  const passes = [];
  let events = 0;
  for (let pass = 0; pass < 3; pass += 1) {
    events = 0;
    const began = performance.now();
    const fields = ["code", "numeric_value", "numeric_value_mask", "time_delta_days"];
    for (const batch of ours.loader(all, { batchSize, fields })) events += batch.length.reduce((a, b) => a + b, 0);
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
otherDb?.close();
