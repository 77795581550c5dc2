// npm run bench:smoke [-- --full] [--rounds N] [--only KEY,…] [--reading]: every figure of the project's
// speed and size targets, in one run against meds_reader on the same patients, with equal sums. Without
// Python ours is printed alone.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { datasets } from "./lib/datasets.mjs";
import { conversion, converted, reading } from "./lib/figures.mjs";
import { peerPython, peerVersion } from "./lib/peer.mjs";
import { Report } from "./lib/report.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    only: { type: "string" },
    reading: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error("bench: --rounds takes a whole number, 1 or more.");
  process.exit(2);
}

const { sets, cache } = datasets(root, values.full);
const only = values.only?.split(",") ?? sets.map(({ key }) => key);
const unknown = only.filter((key) => !sets.some((set) => set.key === key));
if (unknown.length > 0) {
  console.error(
    `bench: there is no set ${unknown.join(", ")}. There are: ${sets.map(({ key }) => key).join(", ")}${values.full ? "" : " (more with --full)"}.`,
  );
  process.exit(2);
}

const peer = peerPython(root);
const name = `meds_reader ${peerVersion(root)}`;
if (peer.reason) console.error(`bench: without ${name}: ${peer.reason}. Our figures are printed alone.`);
const report = new Report(name);
try {
  for (const plan of sets) {
    if (!only.includes(plan.key)) continue;
    const set = { ...plan, source: await plan.source() };
    // If only reading is measured, reuse an earlier conversion: that of the peer takes minutes.
    const standing = values.reading ? converted(set, cache, peer) : null;
    const paths = standing ?? (await conversion(set, { root, cache, peer, report, rounds: Math.min(rounds, set.rounds) }));
    if (!set.convertOnly) await reading(set, paths, { root, cache, peer, report, rounds });
  }
} catch (error) {
  // What was measured until then took minutes: it is printed all the same.
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
report.print();

const machine = { node: process.version, cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length };
const results = join(root, "benches", "results", "local");
mkdirSync(results, { recursive: true });
writeFileSync(
  join(results, "smoke.json"),
  `${JSON.stringify({ machine, peer: peer.python ? name : null, rounds, rows: report.rows }, null, 2)}\n`,
);
console.log(`\nAs JSON: benches/results/local/smoke.json (${machine.node}, ${machine.cores} × ${machine.cpu})`);
