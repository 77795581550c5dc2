// A store of very many small patients: open, look-up, splits, memory.
// `node benches/many-patients.mjs [--store STORE] [--patients 10000000] [--events 100000000]`
import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { convert, generate, PatientDatabase } from "../dist/index.js";

const { values } = parseArgs({
  options: {
    store: { type: "string" },
    patients: { type: "string", default: "10000000" },
    events: { type: "string", default: "100000000" },
  },
});
const place = join(dirname(fileURLToPath(import.meta.url)), "..", ".cache", "many-patients");
const store = values.store ?? join(place, "store.medsdb");
if (!existsSync(store)) {
  const source = join(place, "source");
  rmSync(source, { recursive: true, force: true });
  await generate(source, { patients: Number(values.patients), events: Number(values.events), files: 8 });
  await convert(source, store);
  rmSync(source, { recursive: true });
}

const memory = () => {
  const text = existsSync("/proc/self/status") ? readFileSync("/proc/self/status", "utf8") : "";
  return `${(Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? Number.NaN) / 1024).toFixed(0)} MB resident`;
};
const timed = (what, work) => {
  const start = performance.now();
  const result = work();
  console.log(`${what}: ${(performance.now() - start).toFixed(1)} ms, ${memory()}`);
  return result;
};

console.log(`before: ${memory()}`);
const db = timed("open", () => PatientDatabase.open(store));
console.log(`${db.size} patients, ${db.eventCount} events`);
timed('db.split("train")', () => db.split("train"));
const ids = timed("db.subjectIds", () => db.subjectIds);
let seed = 12345;
const wanted = Array.from({ length: 100_000 }, () => {
  seed = (seed * 48271) % 2147483647;
  return ids[seed % ids.length];
});
for (const round of ["cold", "warm", "warm"]) {
  const start = performance.now();
  let events = 0;
  for (const id of wanted) events += db.get(id).length;
  console.log(
    `db.get(id).length, ${round}: ${(((performance.now() - start) * 1000) / wanted.length).toFixed(2)} µs (${events} events), ${memory()}`,
  );
}
db.close();
