// Reading from disk, also with less memory than the store has bytes: files that are not in the page cache.
//   node benches/limited.mjs STORE [DATABASE] [--megabytes 300] [--windows 3000] [--rows 512] [--timelines 300] [--rounds 3] [--other DIST/index.js]
//     [--only windows,prefetched,timelines,announced,epoch,local,scan,touch,query,pass]
// DATABASE is meds_reader's, of the same data; --other is another build of ours. Every run is a process of its own, which opens the store, for
// `windows`, `epoch`, `local` and `scan` also in a memory cgroup (root is needed); before it, the files leave the page cache. Bytes are those of
// /proc/self/io, so of the device. Linux only. `windows`: db.get(id).until(t).last(rows), one after another; `prefetched`: the same after
// db.prefetch of all; `timelines`, `announced`: the same with whole patients; `epoch` and `local`: batches of 256 of the same windows (without
// static rows), shuffled, from samples that were made before; meds_reader's `epoch` reads them one after another; `scan`: every code and value;
// `touch`: one of each page of them, so that the disk is what takes time; `sequential`: dd, the speed of the device.
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

const SIZES = { windows: 3000, rows: 512, timelines: 300 };
/** Which works run in limited memory too, and which meds_reader does too. */
const WORKS = {
  windows: { limited: true, peer: true },
  prefetched: { limited: false, peer: false },
  timelines: { limited: false, peer: true },
  announced: { limited: false, peer: false },
  epoch: { limited: true, peer: true },
  local: { limited: true, peer: false },
  scan: { limited: true },
  touch: {},
  query: {},
  pass: {},
};

if (process.argv[2] === "--child") await child(...process.argv.slice(3));
else main();

/** One measured run. */
async function child(library, store, plan, work) {
  const { Labels, loader, PatientDatabase, samples } = await import(pathToFileURL(library).href);
  const { windows, rows: most, timelines } = JSON.parse(readFileSync(plan, "utf8"));
  const before = readBytes();
  const begin = performance.now();
  const db = PatientDatabase.open(store);
  let [rows, sum, prepared] = [0, 0, 0];
  const take = ({ codeIds, numericValues }) => {
    // No row has the id 0.
    for (const id of codeIds) rows += id === 0 ? 0 : 1;
    for (const value of numericValues) sum += Number.isNaN(value) ? 0 : value;
  };
  const touch = ({ codeIds, numericValues }) => {
    for (let i = 0; i < codeIds.length; i += 1024) sum += codeIds[i] + numericValues[i] === 0 ? 1 : 0;
    rows += codeIds.length;
  };
  if (work === "prefetched" && db.prefetch) {
    const subjectIds = windows.map(([id]) => BigInt(id));
    const end = windows.map(([, time]) => time);
    db.prefetch({ subjectIds, end, last: most }, { columns: ["code", "numeric_value"] });
  }
  if (work === "windows" || work === "prefetched") for (const [id, time] of windows) take(db.get(BigInt(id)).until(time).last(most));
  if (work === "announced" && db.prefetch)
    db.prefetch({ ids: windows.slice(0, timelines).map(([id]) => BigInt(id)) }, { columns: ["code", "numeric_value"] });
  if (work === "timelines" || work === "announced") for (const [id] of windows.slice(0, timelines)) take(db.get(BigInt(id)));
  if (work === "epoch" || work === "local") {
    const labels = Labels.from(windows.map(([id, time]) => ({ subjectId: BigInt(id), predictionTime: BigInt(time), booleanValue: true })));
    const list = samples(db, labels, { maxLength: most, static: "omit" });
    prepared = performance.now() - begin;
    for (const batch of loader(list, { batchSize: 256, shuffle: work === "local" ? "local" : true, seed: 1 })) {
      for (const id of batch.code) rows += id === 0 ? 0 : 1;
      for (const value of batch.numeric_value) sum += value;
    }
  }
  if (work === "scan") for (const patient of db) take(patient);
  if (work === "touch") for (const patient of db) touch(patient);
  if (work === "query") rows = (await db.countCodes()).events.reduce((total, count) => total + count, 0);
  if (work === "pass") rows = await db.reduce(here("lib/rows.mjs"), { initial: 0, merge: (a, b) => a + b });
  const seconds = (performance.now() - begin - prepared) / 1e3;
  db.close();
  console.log(JSON.stringify({ rows, sum: Math.round(sum), seconds, prepared: prepared / 1e3, read: readBytes() - before }));
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: Object.fromEntries(
      ["megabytes", "windows", "rows", "timelines", "rounds", "other", "only"].map((name) => [name, { type: "string" }]),
    ),
  });
  const [store, database] = positionals;
  const number = (name, otherwise) => Number(values[name] ?? otherwise);
  const megabytes = number("megabytes", 300);
  const folder = mkdtempSync(join(tmpdir(), "limited-"));
  const plan = join(folder, "plan.json");
  const made = spawnSync(
    process.execPath,
    [here("lib/limited-plan.mjs"), OURS, store, plan, ...["windows", "rows", "timelines"].map((name) => String(number(name, SIZES[name])))],
    { stdio: "inherit" },
  );
  if (made.status !== 0) process.exit(1);
  const python = process.env.MEDS_PEER_PYTHON ?? here("../.cache/peer/bin/python");
  const builds = { ours: OURS, ...(values.other && { other: values.other }) };
  const runs = [];
  const only = values.only?.split(",") ?? Object.keys(WORKS);
  for (const work of Object.keys(WORKS).filter((name) => only.includes(name))) {
    for (const limit of WORKS[work].limited ? [megabytes, null] : [null]) {
      for (const [name, library] of Object.entries(builds))
        runs.push({
          name,
          work,
          limit,
          files: store,
          command: [process.execPath, here("limited.mjs"), "--child", library, store, plan, work],
        });
      if (database && WORKS[work].peer && existsSync(python))
        runs.push({ name: "meds_reader", work, limit, files: database, command: [python, here("limited.py"), database, plan, work] });
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
  if (only.includes("touch")) sequential(store);
}

/** The middle of the rounds, and whether all answers of a piece of work are the same. */
function report(found) {
  const answers = new Map();
  for (const [{ name, work, limit }, results] of found) {
    if (results.length === 0) continue;
    const middle = (of) => results.map(of).sort((a, b) => a - b)[results.length >> 1];
    const where = limit === null ? "no limit" : `${limit} MB`;
    const before = middle((r) => r.prepared ?? 0);
    const more = before > 0 ? `, and ${before.toFixed(2)} s to make the samples` : "";
    const [seconds, read] = [middle((r) => r.seconds), middle((r) => r.read) / 1e6];
    console.log(
      `${work.padEnd(10)} ${where.padEnd(9)} ${name.padEnd(12)} ${seconds.toFixed(3)} s, ${read.toFixed(1)} MB read, ${(read / seconds).toFixed(0)} MB/s${more}`,
    );
    for (const { rows, sum } of results) {
      const expected = answers.get(work) ?? answers.set(work, { rows, sum }).get(work);
      if (expected.rows !== rows || Math.abs(expected.sum - sum) > 2)
        throw new Error(`${name}, ${work}: ${rows} rows, ${sum}; others: ${JSON.stringify(expected)}`);
    }
  }
}

/** The speed of the device for files that are read in order. */
function sequential(store) {
  const shards = join(store, "shards");
  const files = readdirSync(shards).map((name) => join(shards, name));
  evict(shards);
  const begin = performance.now();
  for (const file of files) spawnSync("dd", [`if=${file}`, "of=/dev/null", "bs=8M", "status=none"]);
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  console.log(`sequential         dd           ${(bytes / 1e3 / (performance.now() - begin)).toFixed(0)} MB/s`);
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
