// Opens, reads and closes a store many times and prints memory and mappings along the way. `node --expose-gc memory-child.mjs STORE TIMES`
import { existsSync, readFileSync } from "node:fs";
import { PatientDatabase } from "../../dist/index.js";

const [store, times] = process.argv.slice(2);
const mappings = () =>
  existsSync("/proc/self/maps")
    ? readFileSync("/proc/self/maps", "utf8")
        .split("\n")
        .filter((line) => line.includes(store)).length
    : 0;
const turn = () => new Promise((resolve) => setImmediate(resolve));
const marks = [];
for (let i = 1; i <= Number(times); i += 1) {
  const db = PatientDatabase.open(store);
  for (const patient of db) patient.forEach(() => {});
  db.close();
  if (i % 10 === 0) await turn();
  if (i % (Number(times) / 10) === 0) {
    global.gc();
    await turn();
    await turn();
    marks.push({ rss: process.memoryUsage().rss, external: process.memoryUsage().external, mappings: mappings() });
  }
}
console.log(JSON.stringify(marks));
