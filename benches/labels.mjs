// How long labels take to open: `node benches/labels.mjs [--other DIST/index.js] [--rows 1000000] [--runs 3]`.
//
// Makes a task of one Parquet file (subject_id int64, prediction_time timestamp[us], boolean_value, Snappy), opens it by `Labels.open` of this build and
// of the other, in turns, each time in a process of its own, and prints seconds, peak memory and a checksum of all labels.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { measure, median } from "./lib/process.mjs";

const own = fileURLToPath(new URL("../dist/index.js", import.meta.url));
const { values } = parseArgs({
  options: {
    other: { type: "string" },
    rows: { type: "string", default: "1000000" },
    runs: { type: "string", default: "3" },
    open: { type: "string" },
    task: { type: "string" },
  },
});

/** Linux counts the parent's memory into maxRSS, because the child was the parent before exec: VmHWM is this program's own. */
function peakBytes() {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(process.platform === "linux" ? readFileSync("/proc/self/status", "utf8") : "") ?? [];
  return Number(kilobytes ?? process.resourceUsage().maxRSS) * 1024;
}

async function open(dist, task) {
  const { Labels } = await import(pathToFileURL(dist).href);
  const began = performance.now();
  const labels = await Labels.open(task);
  const seconds = (performance.now() - began) / 1000;
  const peak = peakBytes();
  const truths = Uint8Array.from(labels, ({ booleanValue }) => (booleanValue === null ? 2 : Number(booleanValue)));
  const sum = createHash("sha256").update(labels.subjectIds).update(labels.predictionTimes).update(truths);
  console.log(JSON.stringify({ seconds, peakBytes: peak, checksum: sum.digest("hex").slice(0, 16) }));
}

/** A task with this number of labels; the same bytes each time. */
async function make(folder, rows) {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  mkdirSync(folder);
  const sql = await (await DuckDBInstance.create()).connect();
  await sql.run(
    `COPY (SELECT (hash(i // 4) % 100000000)::BIGINT AS subject_id, make_timestamp(1600000000000000 + (hash(i) % 100000000000000)::BIGINT) AS prediction_time,
      CASE WHEN i % 50 > 0 THEN hash(i + 7) % 5 = 0 END AS boolean_value FROM range(${rows}) r(i)) TO '${join(folder, "labels.parquet")}' (FORMAT parquet, COMPRESSION snappy)`,
  );
  sql.closeSync();
}

async function compare() {
  const work = mkdtempSync(join(tmpdir(), "meds-reader-labels-"));
  try {
    const task = join(work, "task");
    await make(task, Number(values.rows));
    console.log(`${values.rows} labels, ${(statSync(join(task, "labels.parquet")).size / 1e6).toFixed(1)} MB`);
    const builds = { this: own, ...(values.other && { other: resolve(values.other) }) };
    const found = Object.fromEntries(Object.keys(builds).map((name) => [name, []]));
    for (let run = 0; run < Number(values.runs); run += 1)
      for (const [name, dist] of Object.entries(builds))
        found[name].push(await measure(process.execPath, [fileURLToPath(import.meta.url), "--open", dist, "--task", task]));
    for (const [name, runs] of Object.entries(found)) {
      const seconds = runs.map((run) => run.seconds.toFixed(3)).join(", ");
      const peak = runs.map((run) => (run.peakBytes / 1e6).toFixed(0)).join(", ");
      console.log(`${name.padEnd(5)}  seconds ${seconds}  peak MB ${peak}  checksum ${runs[0].checksum}`);
    }
    const checksums = new Set(Object.values(found).flatMap((runs) => runs.map((run) => run.checksum)));
    if (checksums.size > 1) throw new Error("The builds open different labels.");
    if (found.other === undefined) return;
    const ratio = (of) => median(found.other.map(of)) / median(found.this.map(of));
    console.log(
      `this is ${ratio((run) => run.seconds).toFixed(1)} times as fast, with ${(1 / ratio((run) => run.peakBytes)).toFixed(2)} of the memory`,
    );
  } finally {
    rmSync(work, { recursive: true });
  }
}

await (values.open === undefined ? compare() : open(values.open, values.task));
