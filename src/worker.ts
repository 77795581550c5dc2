// The file that worker threads run: dist/worker.js, beside the one file that everything else is bundled into. It imports that file and holds nothing
// of its own, so that a module of the caller's that imports meds-reader has the same classes.
import { parentPort } from "node:worker_threads";
import { Pass, PatientDatabase } from "./index.js";
import type { Task } from "./passes/messages.js";

let db: PatientDatabase | undefined;

/** Does a task; the store is opened once a thread. */
parentPort!.on("message", async (task: Task) => {
  await Pass._work(() => {
    db ??= PatientDatabase.open(task.path);
    return db;
  }, task);
  parentPort!.postMessage(null);
});
