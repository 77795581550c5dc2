// Ours: typed arrays in worker threads, one a core, each of which opens the store by its path and reads a share of the patients.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { countsDigest, yearsDigest } from "../lib/digest.mjs";
import { ours } from "./ours-arrays.mjs";

const threads = availableParallelism();

export default ours(
  `typed arrays, ${threads} workers`,
  threads,
  ({ ask, db }, plan) => {
    const sumOf = (parts) => {
      const sum = { rows: 0, before: 0, chars: 0, total: 0 };
      for (const part of parts) for (const name of Object.keys(sum)) sum[name] += part[name];
      return sum;
    };
    const timelines = (items) => async (count) => sumOf(await ask((i) => ({ task: "timeline", items: share(items, count, i) })));
    return {
      timeline: timelines(plan.timeline),
      neighbours: timelines(plan.neighbours),
      scan: async () => sumOf(await ask(() => ({ task: "scan", bound: plan.scan }))),
      async counts() {
        const [first, ...rest] = await ask(() => ({ task: "counts" }));
        for (const part of rest) for (let i = 0; i < part.length; i += 1) first[i] += part[i];
        return () => countsDigest(Array.from(first, (count, id) => [db.codes.strings[id], count]));
      },
      async years() {
        const parts = await ask(() => ({ task: "years" }));
        return () => yearsDigest(parts.flat());
      },
    };
  },
  {
    async open({ form }) {
      const { PatientDatabase } = await import("../../dist/index.js");
      const db = PatientDatabase.open(form);
      const workers = Array.from({ length: threads }, (_, i) => {
        return new Worker(new URL("../lib/worker.mjs", import.meta.url), { workerData: { path: form, index: i, of: threads } });
      });
      const ask = (request) =>
        Promise.all(
          workers.map(
            (worker, i) =>
              new Promise((resolve, reject) => {
                const done = (settle) => (value) => {
                  worker.off("message", answered).off("error", failed);
                  settle(value);
                };
                const answered = done(resolve);
                const failed = done(reject);
                worker.on("message", answered).on("error", failed);
                worker.postMessage(request(i));
              }),
          ),
        );
      await ask(() => ({ task: "ready" }));
      return { ask, db, workers };
    },
    close: (handle) => Promise.all((handle?.workers ?? []).map((worker) => worker.terminate())),
  },
);

/** The share of a worker in the first `count` items. */
const share = (items, count, i) => items.slice(Math.floor((i * count) / threads), Math.floor(((i + 1) * count) / threads));
