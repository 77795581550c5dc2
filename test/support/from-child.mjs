// Waits for a file to appear, then opens a source by from() and prints what it read. `node from-child.mjs SOURCE STORE GO`
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PatientDatabase } from "../../dist/index.js";

const [source, store, go] = process.argv.slice(2);
while (!existsSync(go)) await sleep(2);

const db = await PatientDatabase.from(source, { store });
let sum = 0;
for (const patient of db) for (const { code, time } of patient) sum += code.length + (time ?? 0) / 1e15;
const { ino } = statSync(join(store, "manifest.json"));
console.log(JSON.stringify({ size: db.size, events: db.eventCount, sum, ino, id: db.metadata.id }));
db.close();
