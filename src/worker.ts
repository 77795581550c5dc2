// The program of the worker threads of passes: dist/worker.js, beside dist/index.js, into which everything
// else is bundled. It imports index.js and contains nothing else, so that a module of the caller that imports
// meds-reader has the same classes.
import { parentPort } from "node:worker_threads";
import { Pass, PatientDatabase } from "./index.js";
import type { Task } from "./passes/messages.js";

let db: PatientDatabase | undefined;

/** Runs a task. The store is opened once per thread. */
parentPort!.on("message", async (task: Task) => {
  await Pass._work(() => {
    db ??= PatientDatabase.open(task.path);
    return db;
  }, task);
  parentPort!.postMessage(null);
});
