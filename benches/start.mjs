// Where the time of a cold process goes, until it has read its first patient: programs that each do one step
// more, in turns. `node benches/start.mjs STORE [--other OLD/dist/index.js] [--rounds 21]`
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { PatientDatabase } from "../dist/index.js";
import { measure, median } from "./lib/process.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { other: { type: "string" }, rounds: { type: "string", default: "21" } },
});
const [store] = positionals;
if (store === undefined || !existsSync(store))
  throw new Error("usage: node benches/start.mjs STORE [--other OLD/dist/index.js] [--rounds 21]");

const db = PatientDatabase.open(store);
const id = db.subjectIds[db.size >> 1];
db.close();

const END = "const { user, system } = process.cpuUsage(); console.log(JSON.stringify({ cpu: (user + system) / 1000 }));";
const quoted = (path) => JSON.stringify(pathToFileURL(resolve(path)).href);
const addon = join(root, "native", readdirSync(join(root, "native")).find((name) => name.endsWith(".node")) ?? "");
/** The programs of a build, by what they do. */
const steps = (name, index) => {
  const load = `const { PatientDatabase } = await import(${quoted(index)});`;
  const open = `${load} const db = PatientDatabase.open(${JSON.stringify(resolve(store))});`;
  return {
    [`${name}: import`]: load,
    [`${name}: import, open`]: open,
    [`${name}: import, open, first patient`]: `${open} db.get(${id}n).at(-1).code;`,
  };
};
const programs = {
  "node alone": "",
  "and its modules, imported":
    'await import("node:fs"); await import("node:fs/promises"); await import("node:util"); await import("node:os");',
  "node and the native file": `process.dlopen({ exports: {} }, ${JSON.stringify(addon)});`,
  ...steps("this build", join(root, "dist", "index.js")),
  ...(values.other === undefined ? {} : steps("other build", values.other)),
};

const runs = new Map(Object.keys(programs).map((name) => [name, []]));
for (let round = 0; round < Number(values.rounds); round += 1)
  for (const [name, program] of Object.entries(programs))
    runs.get(name).push(await measure(process.execPath, ["--input-type=module", "-e", `${program} ${END}`]));

const alone = median(runs.get("node alone").map(({ cpu }) => cpu));
console.log("Medians in ms: processor time, that without node alone, time until the output.");
for (const [name, results] of runs) {
  const cpu = median(results.map((result) => result.cpu));
  const columns = [cpu, cpu - alone, median(results.map(({ wallMillis }) => wallMillis))];
  console.log(name.padEnd(40), ...columns.map((value) => value.toFixed(1).padStart(7)));
}
