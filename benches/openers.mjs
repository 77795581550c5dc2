// Who opens a store's shard as it is, in JavaScript: `node benches/openers.mjs STORE FOLDER` prints a row a program. FOLDER is where they are installed:
//   npm install --prefix FOLDER apache-arrow@21.2.0 @uwdata/flechette@2.6.0 nodejs-polars@0.24.0
// "right": code, time (whole milliseconds where the program has no finer ones), numeric_value and visit_id of every row equal what meds-reader reads.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { PatientDatabase } from "../dist/index.js";

const [store, folder] = process.argv.slice(2);
const from = createRequire(join(resolve(folder), "package.json"));
const shard = join(store, "shards", "00000.arrow");

const db = PatientDatabase.open(store);
const right = [];
for (const patient of db)
  for (const event of patient)
    right.push([event.time === null ? null : Math.floor(event.time / 1000), event.code, event.numericValue, Number(event.get("visit_id"))]);
db.close();

const events = (table) => [...table.getChild("events")].flatMap((list) => [...list]);
const PROGRAMS = {
  "apache-arrow": (arrow) => events(arrow.tableFromIPC(readFileSync(shard))),
  "@uwdata/flechette": (flechette) => events(flechette.tableFromIPC(readFileSync(shard))),
  "nodejs-polars": (polars) => polars.readIPC(readFileSync(shard)).getColumn("events").toArray().flat(),
};

const milliseconds = (time) => (time === null || time === undefined ? null : Math.floor(Number(time)));
console.log(`${right.length} rows`);
for (const [name, read] of Object.entries(PROGRAMS)) {
  let outcome;
  let version = "";
  try {
    version = JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;
    const rows = read(from(name)).map((e) => [milliseconds(e.time), e.code, e.numeric_value ?? null, Number(e.visit_id)]);
    const wrong = rows.findIndex((row, i) => row.some((value, j) => value !== right[i]?.[j]));
    outcome = rows.length === right.length && wrong < 0 ? "right" : `row ${wrong}: ${rows[wrong]} where ${right[wrong]} was expected`;
  } catch (error) {
    outcome = `refuses: ${error.message.split("\n")[0].slice(0, 160)}`;
  }
  console.log(`${name.padEnd(18)} ${version.padEnd(8)} ${outcome}`);
}
