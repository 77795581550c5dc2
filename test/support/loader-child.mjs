// Leaves a loop over prefetched batches early, in the requested way. The process must then end.
import { loader, PatientDatabase, samples } from "../../dist/index.js";

const [store, how] = process.argv.slice(2);
const db = PatientDatabase.open(store);
const controller = new AbortController();
const list = samples(db, { split: "train" }, { maxLength: 50 });

async function read() {
  for await (const batch of loader(list, { batchSize: 2, workers: 2, signal: controller.signal })) {
    if (batch.sample.length === 0) continue;
    if (how === "break") break;
    if (how === "return") return;
    if (how === "throw") throw new Error("mine");
    if (how === "abort") controller.abort();
    if (how === "close") db.close();
  }
}
await read().catch((error) => console.log(error.code ?? error.message));
