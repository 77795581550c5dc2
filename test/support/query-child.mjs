// Workers query a store without end and are terminated during a query; the main thread keeps querying. `node
// query-child.mjs STORE ROUNDS`
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { PatientDatabase } from "../../dist/index.js";

const rows = async (db) => (await db.countCodes()).events.reduce((sum, count) => sum + count, 0);

if (isMainThread) {
  const [store, rounds] = process.argv.slice(2);
  const db = PatientDatabase.open(store);
  const expected = await rows(db);
  for (let round = 0; round < Number(rounds); round += 1) {
    const workers = Array.from({ length: 4 }, () => new Worker(new URL(import.meta.url), { workerData: store }));
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("message", resolve))));
    await sleep(5 + 7 * round);
    await Promise.all(workers.map((worker) => worker.terminate()));
    if ((await rows(db)) !== expected) throw new Error("the main thread reads other rows");
  }
  db.close();
  console.log(JSON.stringify({ rows: expected }));
} else {
  const db = PatientDatabase.open(workerData);
  await rows(db);
  parentPort.postMessage("asking");
  for (;;) await Promise.all([db.aggregate(), db.countCodesEach(), db.rowsWithCode(db.codes.withPrefix(""))]);
}
