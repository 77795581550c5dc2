// What `info` and `show` cost: `node benches/people.mjs STORE [--other DIST/index.js] [--runs 7]`.
//
// Runs the commands of this build and of the other, in turns, each in a process of its own, for the patient with the most rows. Prints processor
// time, time to the first output and peak memory (medians), and for the store how `info` reads its times, compared with the native `inspect`.
import { spawn } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { factsOf } from "../dist/cli/facts.js";
import { inspect, PatientDatabase } from "../dist/index.js";
import { median } from "./lib/process.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { other: { type: "string" }, runs: { type: "string", default: "7" } },
});
const [store] = positionals;
if (store === undefined) throw new Error("Usage: node benches/people.mjs STORE [--other DIST/index.js] [--runs 7]");

const own = dirname(fileURLToPath(new URL("../dist/index.js", import.meta.url)));
const builds = { this: own, ...(values.other && { other: dirname(resolve(values.other)) }) };

/** Runs before the command and reports, at the end, what the process used. VmHWM is of this program alone. */
const meter = `import { readFileSync, writeSync } from "node:fs";
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const peak = process.platform === "linux" ? Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) : maxRSS;
  writeSync(3, JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1e6, megabytes: peak / 1000 }));
});`;

/** One run of a command. With \`head\`, its reader goes away after the first output. */
function run(dist, args, head) {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    ["--import", `data:text/javascript,${encodeURIComponent(meter)}`, join(dist, "cli", "main.js"), ...args],
    {
      stdio: ["ignore", "pipe", "inherit", "pipe"],
    },
  );
  let [first, used] = [0, ""];
  child.stdout.on("data", () => {
    first ||= (performance.now() - began) / 1000;
    if (head) child.stdout.destroy();
  });
  child.stdio[3].on("data", (text) => {
    used += text;
  });
  return new Promise((done) => child.on("close", () => done({ first, ...JSON.parse(used) })));
}

const db = PatientDatabase.open(store);
let longest = db.at(0);
for (const patient of db) if (patient.length > longest.length) longest = patient;
const id = String(longest.subjectId);
console.log(`${db.eventCount} events; patient ${id} has ${longest.length} rows`);

const commands = [
  ["info", ["info", store]],
  ["show, all rows", ["show", store, id]],
  ["show, reader leaves after the first output", ["show", store, id], true],
  ["show --last 40", ["show", store, id, "--last", "40"]],
  ["show --json, all rows", ["show", store, id, "--json"]],
];
const newer = [["show --search creatinine", ["show", store, id, "--search", "creatinine"]]];
for (const [title, args, head] of [...commands, ...newer]) {
  const found = Object.fromEntries(Object.keys(builds).map((name) => [name, []]));
  for (let round = 0; round < Number(values.runs); round += 1)
    for (const [name, dist] of Object.entries(builds))
      if (name === "this" || !newer.some(([one]) => one === title)) found[name].push(await run(dist, args, head));
  for (const [name, all] of Object.entries(found)) {
    if (all.length === 0) continue;
    const of = (key, digits) => median(all.map((one) => one[key])).toFixed(digits);
    console.log(
      `${title.padEnd(44)} ${name.padEnd(6)} ${of("cpu", 3)} s CPU, first output after ${of("first", 3)} s, ${of("megabytes", 0)} MB`,
    );
  }
}

const timed = async (work) => {
  const all = [];
  for (let round = 0; round < Number(values.runs); round += 1) {
    const began = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(began);
    all.push((user + system) / 1e6);
  }
  return median(all).toFixed(3);
};
console.log(`all facts of info ${await timed(() => factsOf(db))} s CPU; native inspect ${await timed(() => inspect(store))} s CPU`);
db.close();
