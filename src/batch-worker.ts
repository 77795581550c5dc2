// A worker thread that makes batches. It is bundled as one file and shares only the binding with the main
// thread's bundle.
import { parentPort, workerData } from "node:worker_threads";
import type { Job } from "./batches/batcher.js";
import { type Answer, answerer, type Setting } from "./batches/prefetch.js";

const answer = answerer(workerData as Setting);
parentPort!.on("message", (job: Job) => {
  const found: Answer = answer(job);
  // Transferred, not copied, except for the empty arrays, which all batches of the thread share.
  const values =
    "batch" in found
      ? Object.values(found.batch)
          .filter(ArrayBuffer.isView)
          .filter(({ byteLength }) => byteLength > 0)
      : [];
  parentPort!.postMessage(found, [...new Set(values.map(({ buffer }) => buffer as ArrayBuffer))]);
});
