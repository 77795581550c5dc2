// What copying bytes costs on this machine: the floor of what a batch can cost.
import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Copies `bytes` from different places of one memory to one target, `items` times, and returns microseconds per item. */
const copy = `
const { parentPort, workerData } = require("node:worker_threads");
const { bytes, items, rounds } = workerData;
const from = new Uint8Array(1 << 27).fill(1);
const to = new Uint8Array(bytes * 256).fill(1);
parentPort.postMessage("ready");
parentPort.on("message", () => {
  const found = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    for (let i = 0; i < items; i += 1) {
      const at = (Math.imul(i + round, 2654435761) >>> 0) % (from.length - bytes);
      to.set(from.subarray(at, at + bytes), (i % 256) * bytes);
    }
    found.push(((performance.now() - began) * 1e3) / items);
  }
  parentPort.postMessage(found);
});`;

/**
 * Microseconds per item that a copy of `bytes` takes, if `threads` copy at once, each its share of the items: from
 * random places of 128 MB of its own to the same 256 places again and again. Nothing is computed, no memory is new.
 * The fastest round counts, because other programs only make a copy slower.
 */
export async function copyCost(bytes, threads, { items = 1 << 14, rounds = 9 } = {}) {
  // Not of a SharedArrayBuffer, which V8 copies word by word.
  const workerData = { bytes, items, rounds };
  const workers = Array.from({ length: threads }, () => new Worker(copy, { eval: true, workerData }));
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const answers = workers.map((worker) => once(worker, "message"));
  for (const worker of workers) worker.postMessage("go");
  const times = (await Promise.all(answers)).map(([found]) => Math.min(...found));
  await Promise.all(workers.map((worker) => worker.terminate()));
  return Math.max(...times) / threads;
}
