// The program of the worker threads of passes: dist/worker.js, beside dist/index.js, the bundled library. It
// imports index.js and contains nothing else, so that a module of the caller that imports meds-reader has the
// same classes.
import { Pass } from "./index.js";

Pass._serve();
