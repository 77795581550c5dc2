// Leaves a pass in every possible way, and must then end: `node --expose-gc passes-child.mjs STORE TIMES`. A
// remaining worker or handle would keep the process alive.
import { PatientDatabase } from "../../dist/index.js";

const [store, times] = process.argv.slice(2);
const module = new URL("./passes/rows.mjs", import.meta.url);
const db = PatientDatabase.open(store);
const turn = () => new Promise((resolve) => setImmediate(resolve));
const seen = [];

for await (const { id } of db.map(module, { threads: 2 })) {
  seen.push(String(id));
  break;
}
try {
  for await (const _ of db.map(module, { threads: 2 })) throw new Error("the reader's own");
} catch (error) {
  seen.push(error.message);
}
async function first() {
  for await (const { id } of db.map(module, { threads: 2, ordered: false })) return id;
}
await first();
const iterator = db.map(module, { threads: 2 })[Symbol.asyncIterator]();
await iterator.next();
await iterator.return();
const controller = new AbortController();
try {
  setTimeout(() => controller.abort(), 50);
  await db.map(module, { threads: 2, exportName: "endless", signal: controller.signal }).toArray();
} catch (error) {
  seen.push(error.code);
}
// Aborted without a pending request: the workers must end.
const idle = new AbortController();
const waiting = db.map(module, { threads: 2, signal: idle.signal })[Symbol.asyncIterator]();
await waiting.next();
idle.abort();
const failed = db.map(module, { exportName: "failing", args: { subject: db.at(-1).subjectId } });
await failed.toArray().catch((error) => seen.push(error.code));

const marks = [];
for (let i = 1; i <= Number(times); i += 1) {
  const parts = await db.reduce(module, { threads: 2, exportName: "total", initial: 0, merge: (a, b) => a + b });
  if (!Number.isFinite(parts)) throw new Error("no sum");
  if (i % Math.ceil(Number(times) / 4) === 0) {
    await turn();
    global.gc();
    await turn();
    marks.push(process.memoryUsage().rss);
  }
}
db.close();
// Its threads end on later turns of the event loop.
const left = () => process.getActiveResourcesInfo().filter((name) => name === "Worker" || name === "MessagePort");
for (let i = 0; i < 200 && left().length > 0; i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
console.log(JSON.stringify({ seen, marks, resources: left() }));
