// Codes per year over a whole store: `countCodes({ by: "year" })` against a plain sum over the same columns, and against meds_reader.
//   node benches/questions.mjs STORE [DATABASE] [--rounds 5] [--peer-rounds 1]
// DATABASE is meds_reader's, of the same data. Times are ns per event: wall time, and processor time of all threads. All answers must be equal.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PatientDatabase } from "../dist/index.js";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string" }, "peer-rounds": { type: "string" } },
});
const [store, database] = positionals;
const python = process.env.MEDS_PEER_PYTHON ?? here("../.cache/peer/bin/python");

const db = PatientDatabase.open(store);
const labs = db.codes.withPrefix("LAB//");

/** The same number as in questions.py. */
function check({ codeIds, bins, counts }) {
  const sums = db.codes.strings.map((code) => (code === undefined ? 0n : BigInt(Buffer.from(code).reduce((sum, byte) => sum + byte, 0))));
  let sum = 0n;
  for (let i = 0; i < counts.length; i += 1) sum += (sums[codeIds[i]] * 31n + BigInt(bins[i])) * BigInt(counts[i]);
  return String(BigInt.asUintN(40, sum));
}

/** The floor in this thread: every code id and time is read, and nothing else is done. */
function scan() {
  let [ids, words] = [0, 0];
  for (const { codeIds, timeWords } of db) {
    for (let i = 0; i < codeIds.length; i += 1) ids += codeIds[i];
    for (let i = 1; i < timeWords.length; i += 2) words ^= timeWords[i];
  }
  return ids + words;
}

const bins = ["year", "month", "day", { days: 30 }];
const ours = [
  ["raw scan of ids and times, this thread", scan],
  ...[1, 2].flatMap((threads) => bins.map((by) => [`by ${JSON.stringify(by)}, ${threads} threads`, () => db.countCodes({ by, threads })])),
  ["by year, labs only, 1 thread", () => db.countCodes({ by: "year", codes: labs, threads: 1 })],
];
const found = new Map(ours.map(([name]) => [name, []]));
const peer = [];
const answers = new Set();
for (let round = 0; round < Number(values.rounds ?? 5); round += 1) {
  for (const [name, run] of ours) {
    const [cpu, begin] = [process.cpuUsage(), performance.now()];
    const answer = await run();
    const wall = performance.now() - begin;
    const { user, system } = process.cpuUsage(cpu);
    found.get(name).push([wall * 1e6, (user + system) * 1e3]);
    if (name.startsWith('by "year"')) answers.add(check(answer));
  }
  if (database === undefined || round >= Number(values["peer-rounds"] ?? 1)) continue;
  if (!existsSync(python)) throw new Error(`There is no Python with meds_reader at ${python}. Set MEDS_PEER_PYTHON.`);
  for (const threads of [1, 2]) {
    const { status, stdout, stderr } = spawnSync(python, [here("questions.py"), database, String(threads)], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    const result = JSON.parse(stdout);
    answers.add(String(result.check));
    peer.push([threads, result.seconds * 1e9, result.cpu * 1e9]);
  }
}
if (answers.size !== 1) throw new Error(`The answers differ: ${[...answers]}`);

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const each = (nanos) => (nanos / db.eventCount).toFixed(2).padStart(9);
console.log(`${store}: ${db.eventCount} events, ${db.codes.size} codes; ns per event: wall, processor`);
const line = (name, runs) =>
  console.log(`${name.padEnd(44)}${each(median(runs.map(([wall]) => wall)))}${each(median(runs.map(([, cpu]) => cpu)))}`);
for (const [name, runs] of found) line(name, runs);
for (const threads of [1, 2]) {
  const runs = peer.filter(([own]) => own === threads).map(([, ...times]) => times);
  if (runs.length === 0) continue;
  line(`meds_reader, by year, ${threads} threads`, runs);
  const best = median(found.get(`by "year", ${threads} threads`).map(([, cpu]) => cpu));
  console.log(`  processor time of meds_reader / ours: ${Math.round(median(runs.map(([, cpu]) => cpu)) / best)}`);
}
db.close();
