// Eight workers scan a store without end and are terminated during the scan; the main thread keeps reading.
// `node workers-child.mjs STORE ROUNDS`
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { PatientDatabase } from "../../dist/index.js";

function scan(db) {
  let rows = 0;
  for (const patient of db) for (const event of patient) rows += event.code.length > 0 ? 1 : 0;
  return rows;
}

if (isMainThread) {
  const [store, rounds] = process.argv.slice(2);
  const db = PatientDatabase.open(store);
  const expected = scan(db);
  for (let round = 0; round < Number(rounds); round += 1) {
    const workers = Array.from({ length: 8 }, () => new Worker(new URL(import.meta.url), { workerData: store }));
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("message", resolve))));
    await sleep(10 + 7 * round);
    await Promise.all(workers.map((worker) => worker.terminate()));
    if (scan(db) !== expected) throw new Error("the main thread reads other rows");
  }
  db.close();
  console.log(JSON.stringify({ rows: expected }));
} else {
  const db = PatientDatabase.open(workerData);
  scan(db);
  parentPort.postMessage("scanning");
  for (;;) scan(db);
}
