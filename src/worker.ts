// The program of the worker threads of passes and texts: dist/worker.js, beside dist/index.js, the bundled library. It
// imports index.js and contains nothing else, so that a module of the caller that imports meds-reader has the
// same classes.
import { workerData } from "node:worker_threads";
import { Pass, Texts } from "./index.js";

// Without data, it is undefined in Node 20, and null in others.
if (workerData === undefined || workerData === null) Pass._serve();
else Texts._serve(workerData);
