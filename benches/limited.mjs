// Reading from disk, with less memory than the store has bytes: random windows, and whole scans, of files that are not in the page cache.
//   node benches/limited.mjs STORE [DATABASE] [--megabytes 300] [--windows 3000] [--rows 512] [--rounds 3] [--other DIST/index.js]
// DATABASE is meds_reader's, of the same data; --other is another build of ours. Every run is a process of its own, which opens the store, in a memory
// cgroup (root is needed); before it, the files leave the page cache. Bytes are those of /proc/self/io, so of the device. Linux only.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { CGROUP } from "./lib/cgroup.mjs";

const OURS = fileURLToPath(new URL("../dist/index.js", import.meta.url));
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const readBytes = () => Number(/^read_bytes: (\d+)/m.exec(readFileSync("/proc/self/io", "utf8"))[1]);

if (process.argv[2] === "--child") await child(...process.argv.slice(3));
else main();

/** One measured run. */
async function child(library, store, plan, work) {
  const { PatientDatabase } = await import(pathToFileURL(library).href);
  const { windows, rows: most } = JSON.parse(readFileSync(plan, "utf8"));
  const before = readBytes();
  const begin = performance.now();
  const db = PatientDatabase.open(store);
  let [rows, sum] = [0, 0];
  const take = ({ codeIds, numericValues }) => {
    // No row has the id 0.
    for (const id of codeIds) rows += id === 0 ? 0 : 1;
    for (const value of numericValues) sum += Number.isNaN(value) ? 0 : value;
  };
  if (work === "windows") for (const [id, time] of windows) take(db.get(BigInt(id)).until(time).last(most));
  if (work === "scan") for (const patient of db) take(patient);
  if (work === "query") rows = (await db.countCodes()).events.reduce((total, count) => total + count, 0);
  if (work === "pass") rows = await db.reduce(here("lib/rows.mjs"), { initial: 0, merge: (a, b) => a + b });
  const seconds = (performance.now() - begin) / 1e3;
  db.close();
  console.log(JSON.stringify({ rows, sum: Math.round(sum), seconds, read: readBytes() - before }));
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: Object.fromEntries(["megabytes", "windows", "rows", "rounds", "other"].map((name) => [name, { type: "string" }])),
  });
  const [store, database] = positionals;
  const number = (name, otherwise) => Number(values[name] ?? otherwise);
  const megabytes = number("megabytes", 300);
  const folder = mkdtempSync(join(tmpdir(), "limited-"));
  const plan = join(folder, "plan.json");
  const made = spawnSync(
    process.execPath,
    [here("lib/limited-plan.mjs"), OURS, store, plan, String(number("windows", 3000)), String(number("rows", 512))],
    { stdio: "inherit" },
  );
  if (made.status !== 0) process.exit(1);
  const python = process.env.MEDS_PEER_PYTHON ?? here("../.cache/peer/bin/python");
  const builds = { ours: OURS, ...(values.other && { other: values.other }) };
  const runs = [];
  for (const work of ["windows", "scan", "query", "pass"]) {
    for (const limit of work === "windows" ? [megabytes, null] : [null]) {
      for (const [name, library] of Object.entries(builds))
        runs.push({
          name,
          work,
          limit,
          files: store,
          command: [process.execPath, here("limited.mjs"), "--child", library, store, plan, work],
        });
      if (database && work === "windows" && existsSync(python))
        runs.push({ name: "meds_reader", work, limit, files: database, command: [python, here("limited.py"), database, plan] });
    }
  }
  console.log(
    `read-ahead of the block devices, kB: ${readAhead()}; memory limit: ${megabytes} MB by cgroup ${CGROUP?.version ?? "(none: runs in it are left out)"}`,
  );
  const found = new Map(runs.map((run) => [run, []]));
  for (let round = 0; round < number("rounds", 3); round += 1) {
    for (const run of runs) {
      if (run.limit !== null && CGROUP === null) continue;
      evict(run.files);
      found.get(run).push(measured(run));
    }
  }
  rmSync(folder, { recursive: true });
  report(found);
}

/** The middle of the rounds, and whether all answers of a piece of work are the same. */
function report(found) {
  const answers = new Map();
  for (const [{ name, work, limit }, results] of found) {
    if (results.length === 0) continue;
    const middle = (of) => results.map(of).sort((a, b) => a - b)[results.length >> 1];
    const where = limit === null ? "no limit" : `${limit} MB`;
    console.log(
      `${work.padEnd(8)} ${where.padEnd(9)} ${name.padEnd(12)} ${middle((r) => r.seconds).toFixed(2)} s, ${Math.round(middle((r) => r.read) / 1e6)} MB read`,
    );
    for (const { rows, sum } of results) {
      const expected = answers.get(work) ?? answers.set(work, { rows, sum }).get(work);
      if (expected.rows !== rows || Math.abs(expected.sum - sum) > 2)
        throw new Error(`${name}, ${work}: ${rows} rows, ${sum}; others: ${JSON.stringify(expected)}`);
    }
  }
}

/** Runs a command, in a cgroup of its own where memory is limited. */
function measured({ command, limit }) {
  const [program, args] =
    limit === null
      ? [command[0], command.slice(1)]
      : ["/bin/sh", ["-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', CGROUP.make(limit), ...command]];
  const done = spawnSync(program, args, { encoding: "utf8" });
  if (limit !== null) CGROUP.remove();
  if (done.status !== 0) throw new Error(`${command.join(" ")}: ${done.signal ?? done.status} ${done.stderr}`);
  return JSON.parse(done.stdout);
}

/** Drops files from the page cache (posix_fadvise, by dd). */
function evict(path) {
  const files = statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((e) => e.isFile())
        .map((e) => join(e.parentPath, e.name))
    : [path];
  for (const file of files) spawnSync("dd", [`if=${file}`, "iflag=nocache", "count=0", "status=none"]);
}

function readAhead() {
  const devices = readdirSync("/sys/block").filter((name) => !/^(loop|ram|zram)/.test(name));
  return devices.map((name) => `${name} ${readFileSync(`/sys/block/${name}/queue/read_ahead_kb`, "utf8").trim()}`).join(", ");
}
