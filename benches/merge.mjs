// node benches/merge.mjs STORE [--rounds 7]: what exact sums cost. aggregateCodes (exact, per code over all patients) in turns with
// countCodes and aggregate (per patient, in float64), on one thread and on all; then the results of single shards, merged. Counts must be
// equal, sums nearly, and merged results must have the same bytes as those of the whole store.
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { mergeResults, PatientDatabase, packResult, unpackResult } from "../dist/index.js";
import { median } from "./lib/process.mjs";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { rounds: { type: "string", default: "7" } } });
const db = PatientDatabase.open(positionals[0]);
const KINDS = ["countCodes", "aggregate", "aggregateCodes"];

const digest = (result) =>
  createHash("sha256")
    .update(JSON.stringify(packResult(result)))
    .digest("hex");
const fail = (what) => {
  throw new Error(what);
};

/** Counts and plain sums by code of a result of `aggregate`. */
function totals({ codeIds, count, valueCount, sum }) {
  const found = {
    events: new Float64Array(db.codes.size + 1),
    valueCount: new Float64Array(db.codes.size + 1),
    sum: new Float64Array(db.codes.size + 1),
  };
  codeIds.forEach((id, i) => {
    found.events[id] += count[i];
    found.valueCount[id] += valueCount[i];
    if (valueCount[i] > 0) found.sum[id] += sum[i];
  });
  return found;
}

console.log(`${db.eventCount} events, ${db.size} patients, ${db.codes.size} codes, ${db.metadata.shards} shards`);
for (const threads of new Set([1, availableParallelism()])) {
  const millis = Object.fromEntries(KINDS.map((kind) => [kind, []]));
  const found = {};
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    for (const kind of KINDS) {
      const began = performance.now();
      found[kind] = await db[kind]({ threads });
      if (round > 0) millis[kind].push(performance.now() - began);
    }
  }
  const plain = totals(found.aggregate);
  const exact = found.aggregateCodes;
  exact.events.forEach((events, id) => {
    if (events !== plain.events[id] || events !== found.countCodes.events[id] || exact.valueCount[id] !== plain.valueCount[id])
      fail(`counts of code ${id}`);
    if (Math.abs((exact.valueCount[id] > 0 ? exact.sum[id] : 0) - plain.sum[id]) > 1e-9 * Math.abs(plain.sum[id]))
      fail(`sum of code ${id}`);
  });
  const [counting, plainly, exactly] = KINDS.map((kind) => median(millis[kind]));
  const ns = (time) => `${((1e6 * time) / db.eventCount).toFixed(1)} ns an event`;
  console.log(
    `${threads} threads: countCodes ${ns(counting)}, aggregate ${ns(plainly)}, aggregateCodes ${ns(exactly)}: ${(exactly / plainly).toFixed(2)} of aggregate`,
  );
}
const whole = await db.aggregateCodes();
const parts = await Promise.all(Array.from({ length: db.metadata.shards }, (_, shard) => db.shards([shard]).aggregateCodes()));
const texts = parts.map((part) => JSON.stringify(packResult(part)));
const began = performance.now();
const merged = mergeResults(texts.map((text) => unpackResult(JSON.parse(text))));
const millis = performance.now() - began;
const roundedAt = performance.now();
for (const name of ["sum", "mean", "std"])
  for (const [id, value] of merged[name].entries()) if (!Object.is(value, whole[name][id])) fail(`${name} of code ${id}`);
console.log(
  `${parts.length} parts, ${Math.round(texts.reduce((sum, text) => sum + text.length, 0) / texts.length / 1000)} kB each, merged in ${millis.toFixed(1)} ms, rounded (twice) in ${(performance.now() - roundedAt).toFixed(1)}; same bytes: ${digest(merged) === digest(whole)}`,
);
db.close();
