// node benches/parts.mjs STORE PLAN: what an as-of window of 256 events is made of, each variant reading one thing more (ARCHITECTURE.md, "Where the
// time goes"). STORE and PLAN as bench:smoke leaves them below .cache/bench/. Microseconds a window, the best of many passes.
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
for (const [name, read] of Object.entries(variants)) {
  let best = Number.POSITIVE_INFINITY;
  for (const began = performance.now(); performance.now() - began < 800; ) {
    const start = performance.now();
    for (const window of windows) sink += read(window);
    best = Math.min(best, performance.now() - start);
  }
  console.log(`${name.padEnd(22)} ${((best * 1000) / windows.length).toFixed(2)} µs`);
}
db.close();
if (sink === 0) console.log("nothing was read");
