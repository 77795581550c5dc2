// A worker thread that makes batches. Bundled on its own: it shares no file with the main thread's bundle but the binding.
import { parentPort, workerData } from "node:worker_threads";
import type { Job } from "./batches/batch.js";
import { type Answer, answerer, type Setting } from "./batches/prefetch.js";

const answer = answerer(workerData as Setting);
parentPort!.on("message", (job: Job) => {
  const found: Answer = answer(job);
  // Handed over, not copied; empty arrays share their memory.
  const values =
    "batch" in found
      ? Object.values(found.batch)
          .filter(ArrayBuffer.isView)
          .filter(({ byteLength }) => byteLength > 0)
      : [];
  parentPort!.postMessage(found, [...new Set(values.map(({ buffer }) => buffer as ArrayBuffer))]);
});
