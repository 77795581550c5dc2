// node benches/parts.mjs STORE PLAN: what an as-of window of 256 events is made of, each variant reading one thing more (ARCHITECTURE.md, "Where the
// time goes"), and what `column.at(i)` costs by column. STORE and PLAN as bench:smoke leaves them below .cache/bench/. The best of many passes.
import { readFileSync } from "node:fs";
import { PatientDatabase } from "../dist/index.js";

const [store, path] = process.argv.slice(2);
const db = PatientDatabase.open(store);
const { strings } = db.codes;
const windows = JSON.parse(readFileSync(path, "utf8")).windows.map(([id, bound]) => [BigInt(id), bound]);
const cut = ([id, bound]) => db.get(id).until(bound).last(256);

const variants = {
  "look-up by id": ([id]) => db.get(id).length,
  "look-up, cut": (window) => cut(window).length,
  "look-up, cut, arrays": (window) => {
    const { codeIds, numericValues } = cut(window);
    return codeIds.length + numericValues.length;
  },
  "and the ids": (window) => {
    const { codeIds, length } = cut(window);
    let sum = 0;
    for (let i = 0; i < length; i += 1) sum += codeIds[i];
    return sum;
  },
  "and the ids' strings": (window) => {
    const { codeIds, length } = cut(window);
    let sum = 0;
    for (let i = 0; i < length; i += 1) sum += strings[codeIds[i]].length;
    return sum;
  },
  "or the values": (window) => {
    const { numericValues, length } = cut(window);
    let sum = 0;
    for (let i = 0; i < length; i += 1) if (numericValues[i] === numericValues[i]) sum += numericValues[i];
    return sum;
  },
  "strings and values": (window) => {
    const { codeIds, numericValues, length } = cut(window);
    let sum = 0;
    for (let i = 0; i < length; i += 1) {
      sum += strings[codeIds[i]].length;
      if (numericValues[i] === numericValues[i]) sum += numericValues[i];
    }
    return sum;
  },
};

let sink = 0;

/** Milliseconds of the fastest pass. */
function best(pass, millis) {
  let least = Number.POSITIVE_INFINITY;
  for (const began = performance.now(); performance.now() - began < millis; ) {
    const start = performance.now();
    pass();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

for (const [name, read] of Object.entries(variants)) {
  const millis = best(() => {
    for (const window of windows) sink += read(window);
  }, 800);
  console.log(`${name.padEnd(22)} ${((millis * 1000) / windows.length).toFixed(2)} µs`);
}

const patients = [...db].slice(0, 50);
const rows = patients.reduce((sum, { length }) => sum + length, 0);
let all = 0;
for (const { name, storage } of db.columns) {
  const millis = best(() => {
    for (const patient of patients) {
      const column = patient.column(name);
      for (let i = 0; i < patient.length; i += 1) if (column.at(i) !== null) sink += 1;
    }
  }, 200);
  all += millis;
  console.log(`${`column ${name}, ${storage}`.padEnd(40)} ${((millis * 1e6) / rows).toFixed(1)} ns a value`);
}
console.log(`${"all columns".padEnd(40)} ${((all * 1e6) / rows / db.columns.length).toFixed(1)} ns a value`);
db.close();
if (sink === 0) console.log("nothing was read");
