// The program of the worker threads of passes: dist/worker.js, beside dist/index.js, into which everything
// else is bundled. It imports index.js and contains nothing else, so that a module of the caller that imports
// meds-reader has the same classes.
import { Pass, PatientDatabase } from "./index.js";

Pass._serve((path, options) => PatientDatabase.open(path, options));
