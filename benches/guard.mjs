// npm run bench:guard [-- --update]: has a main read path become slower? Each path is measured as a ratio to the same scan in Rust, turn by turn
// with it, and compared with its limit in guard.json. A ratio of best turns, each shorter than a slice of the scheduler, is what flickers least of what runs everywhere
// (hardware counters are closed in most containers, and a simulator's counts are those of another compiler schedule); guard.json says by how much.
// `--update` writes the limits anew from what is measured now: on an idle machine, after a change that is meant.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { convert, generate, PatientDatabase } from "../dist/index.js";
import { pathsOf } from "./lib/paths.mjs";
import { example } from "./lib/rust.mjs";

/** A limit is this much above the ratio that was measured when it was set: half of what a doubled cost would add, twice what noise does. */
const MARGIN = 1.6;
const TURNS = 60;
/** A path above its limit is measured again, with more turns: a cost that has doubled stays, noise goes. */
const RETRIES = 3;
const WARM_MILLIS = 200;

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const limitsFile = join(root, "benches", "guard.json");
const { values: options } = parseArgs({
  options: { update: { type: "boolean", default: false }, json: { type: "boolean", default: false } },
});

/** 100,000 rows in two shards: they fit the caches, so that the processor is measured and not the memory that others use too. */
async function store() {
  const folder = join(root, ".cache", "guard");
  const path = join(folder, "guard.medsdb");
  const source = join(folder, "source");
  if (!existsSync(join(source, "metadata", "dataset.json"))) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await generate(source, { patients: 500, events: 100_000, seed: 7 });
  }
  await convert(source, path, { reuse: true, shardBytes: 1 << 20 });
  return path;
}

/** The Rust scan in a process of its own, which takes a turn when it is asked to. */
class Floor {
  constructor(path) {
    this.child = spawn(example(root, "scan"), [path, "1", "turns"], { stdio: ["pipe", "pipe", "inherit"] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async turn() {
    this.child.stdin.write("\n");
    const { value, done } = await this.lines.next();
    if (done) throw new Error("the Rust scan ended early");
    return JSON.parse(value);
  }

  end() {
    this.child.stdin.end();
  }
}

function nanosOf(pass) {
  const began = process.hrtime.bigint();
  const { rows } = pass();
  return Number(process.hrtime.bigint() - began) / rows;
}

/** The best of a path's turns over the best of the floor's between them. */
async function ratioOf(pass, floor, turns) {
  let ours = Number.POSITIVE_INFINITY;
  let rust = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < turns; turn += 1) {
    ours = Math.min(ours, nanosOf(pass));
    rust = Math.min(rust, (await floor.turn()).nanosPerEvent);
  }
  return ours / rust;
}

/** For so long of the processor's time: on a busy machine the clock runs and the compiler does not. */
function warm(pass) {
  for (const began = process.cpuUsage(); process.cpuUsage(began).user < WARM_MILLIS * 1000; ) pass();
}

/** What ours and Rust sum must be the same, or the times mean nothing. */
function equal(paths, { nanosPerEvent: _, ...floor }) {
  for (const name of ["timeAt", "timeWords", "forEach", "forOf", "scan"]) {
    const sum = paths[name]();
    // By id the patients come in the order of storage too.
    for (const key of Object.keys(floor))
      if (sum[key] !== floor[key]) throw new Error(`${name} reads other rows than the Rust scan: ${key}`);
  }
}

const path = await store();
const db = PatientDatabase.open(path);
const floor = new Floor(path);
const paths = pathsOf(db);
equal(paths, await floor.turn());
for (const pass of Object.values(paths)) warm(pass);

const limits = options.update ? {} : JSON.parse(readFileSync(limitsFile, "utf8")).limits;
const ratios = {};
const slow = [];
for (const [name, pass] of Object.entries(paths)) {
  warm(pass);
  let ratio = await ratioOf(pass, floor, TURNS);
  for (let retry = 1; retry <= RETRIES && ratio > limits[name]; retry += 1) ratio = Math.min(ratio, await ratioOf(pass, floor, TURNS * 2));
  ratios[name] = ratio;
  const limit = limits[name];
  if (!options.update && !(ratio <= limit)) slow.push(name);
  if (!options.json) {
    const judged = options.update ? "" : `   limit ${limit}${ratio <= limit ? "" : "   TOO SLOW"}`;
    console.log(`${name.padEnd(12)}${ratio.toFixed(2).padStart(8)} times the Rust scan${judged}`);
  }
}
floor.end();
db.close();

if (options.json) console.log(JSON.stringify(ratios));
if (options.update) {
  const kept = existsSync(limitsFile) ? JSON.parse(readFileSync(limitsFile, "utf8")) : {};
  const fresh = Object.fromEntries(Object.entries(ratios).map(([name, ratio]) => [name, Number((ratio * MARGIN).toPrecision(3))]));
  writeFileSync(limitsFile, `${JSON.stringify({ ...kept, limits: fresh }, null, 2)}\n`);
} else if (slow.length > 0) {
  console.error(
    `bench:guard: ${slow.join(", ")} cost more than benches/guard.json allows, ${RETRIES + 1} times in a row. Profile the path (node --cpu-prof), or, where the cost is meant, set the limits anew with --update on an idle machine.`,
  );
  process.exitCode = 1;
} else if (!options.json) console.log(`${Object.keys(ratios).length} read paths within their limits`);
