// npm run convert [-- DATASET]: converts a MEDS dataset to a store; without a dataset, generates a synthetic one.
import { existsSync } from "node:fs";
import { generate, PatientDatabase } from "meds-reader";
import { STORE } from "./batches.js";

const SYNTHETIC = "data/synthetic";

const [source = SYNTHETIC] = process.argv.slice(2);
if (source === SYNTHETIC && !existsSync(source)) await generate(source, { patients: 500, events: 100_000, files: 3, seed: 1 });

// Converts again only if the source has changed.
const db = await PatientDatabase.from(source, { store: STORE });
console.log(`${STORE}: ${db.size} patients, ${db.eventCount} events`);
for (const [name, size] of db.splits) console.log(`  ${name}: ${size} patients`);
db.close();
