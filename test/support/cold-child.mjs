// Reads windows or all rows of a store that is not in the page cache, and prints the bytes read from the
// device: `node cold-child.mjs STORE windows|all`.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [store, what, library = new URL("../../dist/index.js", import.meta.url).pathname] = process.argv.slice(2);
const { PatientDatabase } = await import(pathToFileURL(library).href);
const bytes = () => Number(/^read_bytes: (\d+)/m.exec(readFileSync("/proc/self/io", "utf8"))[1]);
const before = bytes();
const db = PatientDatabase.open(store);
let rows = 0;
const read = ({ codeIds, numericValues, times }) => {
  for (let i = 0; i < codeIds.length; i += 1) if (codeIds[i] > 0 && numericValues[i] !== 0.5 && times[i] !== 1n) rows += 1;
};
if (what === "windows") for (let i = 0; i < 20; i += 1) read(db.at((i * 7919) % db.size).last(32));
else for (const patient of db) read(patient);
db.close();
console.log(JSON.stringify({ rows, bytes: bytes() - before }));
