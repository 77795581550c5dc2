// What is measured on one dataset. Rounds alternate between the two sides; the figure is the median.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { warm } from "./datasets.mjs";
import { writePlan } from "./plan.mjs";
import { measure, median } from "./process.mjs";
import { atLeast, atMost, below } from "./report.mjs";
import { rustScan } from "./rust.mjs";

const MB = 1e6;

/** Conversion: time without fsync, peak memory, size. Returns the paths of both stores. */
export async function conversion(set, { root, cache, peer, report, rounds }) {
  const store = join(cache, `${set.key}.medsdb`);
  const database = join(cache, `${set.key}.peer`);
  const bench = (name) => join(root, "benches", name);
  warm(set.source);
  const runs = [];
  for (let round = 0; round < rounds; round += 1) {
    const options = JSON.stringify({ threads: 2, repair: set.repair === true });
    runs.push(await measure(process.execPath, [bench("convert.mjs"), set.source, store, options]));
  }
  // The peer takes minutes: once is enough, and it cannot repair.
  const theirs = peer.python && !set.repair ? await measure(peer.python, [bench("convert.py"), set.source, database, "2"]) : null;
  const of = (key) => median(runs.map((run) => run[key]));
  const target = set.convertTarget && atLeast(set.convertTarget);
  report.add({ data: set.name, figure: "convert, 2 threads", ours: of("seconds"), peer: theirs?.seconds ?? null, unit: "s", target });
  report.add({ data: set.name, figure: "convert: fsync, apart", ours: of("fsyncSeconds"), unit: "s" });
  const limit = set.convertTarget || set.repair ? below(700 * MB, "700 MB") : null;
  report.add({
    data: set.name,
    figure: "convert: peak memory",
    ours: Math.max(...runs.map((run) => run.peakBytes)),
    peer: theirs?.peakBytes ?? null,
    unit: "bytes",
    target: limit,
  });
  if (set.convertTarget) {
    const { peakBytes } = await measure(process.execPath, [bench("convert.mjs"), set.source, store, JSON.stringify({ threads: 8 })]);
    report.add({ data: set.name, figure: "convert: peak memory, 8 threads", ours: peakBytes, unit: "bytes", target: limit });
  }
  const { sourceBytes, storeBytes, events } = runs[0];
  const size = {
    data: set.name,
    figure: "store / Parquet",
    ours: storeBytes,
    peer: theirs?.storeBytes ?? null,
    unit: "bytes",
    ratio: storeBytes / sourceBytes,
  };
  report.add({
    ...size,
    note: `${(sourceBytes / MB).toFixed(1)} MB of Parquet`,
    target: set.key === "mimic" ? atMost(4.2, "Parquet") : null,
  });
  return { store, database, events };
}

/** The paths of what an earlier run has converted; null where it has not. */
export function converted(set, cache, peer) {
  const paths = { store: join(cache, `${set.key}.medsdb`), database: join(cache, `${set.key}.peer`) };
  return existsSync(paths.store) && (!peer.python || existsSync(paths.database)) ? paths : null;
}

const TASKS = [
  { task: "timeAt", peer: "walk", figure: "random patients, typed arrays, timeAt", per: "event", target: 12 },
  { task: "timeWords", peer: "walk", figure: "random patients, typed arrays, timeWords", per: "event", target: 12 },
  { task: "times", peer: "walk", figure: "random patients, typed arrays, times (bigint)", per: "event" },
  { task: "forEach", peer: "walk", figure: "random patients, forEach", per: "event", target: 8 },
  { task: "forOf", peer: "walk", figure: "random patients, for…of", per: "event", target: 6 },
  { task: "asOf", peer: "asOf", figure: "last 256 events as of a time", per: "windows", target: 120 },
  { task: "asOfObjects", peer: "asOf", figure: "the same with event objects", per: "windows" },
  { task: "lastCode", peer: "lastCode", figure: "last event's code", per: "lasts", target: 250 },
  { task: "columnArrays", peer: "columns", figure: "all columns, arrays of each column", per: "event", target: 12, columns: true },
  { task: "columns", peer: "columns", figure: "all columns, column.at(i)", per: "event", target: 12, columns: true },
  { task: "columnsByEvent", peer: "columns", figure: "all columns, event.get", per: "event", columns: true },
];

/** Reading: the same patients on both sides, in turns; the sums must be equal. */
export async function reading(set, paths, { root, cache, peer, report, rounds }) {
  const bench = (name) => join(root, "benches", name);
  const plan = join(cache, `${set.key}.plan.json`);
  const counts = { walks: 300, windows: 1000, whole: 20 };
  writePlan(paths.store, plan, counts);
  const id = JSON.parse(readFileSync(plan, "utf8")).lasts[0];
  warm(paths.store);
  if (peer.python) warm(paths.database);

  const ours = [];
  const theirs = [];
  const cold = { ours: [], theirs: [] };
  const rust = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await measure(process.execPath, [bench("ours.mjs"), paths.store, plan]));
    cold.ours.push(await measure(process.execPath, [bench("cold.mjs"), paths.store, id]));
    const scanned = await rustScan(root, paths.store);
    if (scanned !== null) rust.push(scanned);
    if (!peer.python) continue;
    theirs.push(await measure(peer.python, [bench("peer.py"), paths.database, plan]));
    cold.theirs.push(await measure(peer.python, [bench("cold.py"), paths.database, id]));
  }
  const units = { event: "ns", windows: "µs", lasts: "µs" };
  for (const { task, peer: name, figure, per, target, columns } of TASKS) {
    if (columns && !set.columns) continue;
    const { rows } = ours[0].tasks[task].sum;
    const divisor = per === "event" ? rows : counts.windows * 1000;
    const of = (results, key) => (results.length === 0 ? null : median(results.map((result) => result.tasks[key].nanos)) / divisor);
    if (theirs.length > 0) equalSums(`${set.name}: ${figure}`, ours[0].tasks[task].sum, theirs[0].tasks[name].sum);
    const judged = target !== undefined && (!columns || set.key === "mimic");
    report.add({
      data: set.name,
      figure,
      ours: of(ours, task),
      peer: of(theirs, name),
      unit: units[per],
      target: judged ? atLeast(target) : null,
    });
  }

  const middle = (results, key) => (results.length === 0 ? null : median(results.map((result) => result[key])));
  report.add({
    data: set.name,
    figure: "open",
    ours: middle(ours, "openMillis"),
    peer: middle(theirs, "openMillis"),
    unit: "ms",
    target: set.large ? below(30, "30 ms") : null,
  });
  report.add({
    data: set.name,
    figure: "cold process to first patient",
    ours: middle(cold.ours, "wallMillis"),
    peer: middle(cold.theirs, "wallMillis"),
    unit: "ms",
    target: set.large ? below(150, "150 ms") : null,
  });
  if (cold.theirs.length > 0 && cold.ours[0].code !== cold.theirs[0].code)
    throw new Error(`${set.name}: the cold processes read different codes`);

  scan(set, ours, rust, report);
  await memory(set, paths.store, { bench, report });
}

/** The best of each process, as the Rust example gives it; the median over the rounds. */
function scan(set, ours, rust, report) {
  const { sum } = ours[0].tasks.scan;
  const nanos = median(ours.map(({ tasks }) => tasks.scan.best)) / sum.rows;
  const strings = median(ours.map(({ tasks }) => tasks.scanStrings.best)) / sum.rows;
  report.add({ data: set.name, figure: "full scan, typed arrays and code strings", ours: strings, unit: "ns", note: "ns an event" });
  report.add({ data: set.name, figure: "full scan, typed arrays", ours: nanos, unit: "ns", note: "ns an event" });
  if (rust.length === 0) return;
  const { nanosPerEvent: _, wallMillis: __, ...theirs } = rust[0];
  equalSums(`${set.name}: full scan against Rust`, sum, theirs);
  const floor = median(rust.map(({ nanosPerEvent }) => nanosPerEvent));
  report.add({
    data: set.name,
    figure: "full scan, against Rust on 1 thread",
    ours: nanos,
    unit: "ns",
    ratio: nanos / floor,
    note: `Rust ${floor.toPrecision(3)} ns`,
    target: atMost(2, "Rust"),
  });
}

async function memory(set, store, { bench, report }) {
  const { residentBytes, touchedBytes } = await measure(process.execPath, [bench("memory.mjs"), store]);
  const limit = touchedBytes + 80 * MB;
  report.add({
    data: set.name,
    figure: "resident after touching 3 columns",
    ours: residentBytes,
    unit: "bytes",
    note: `${(touchedBytes / MB).toFixed(1)} MB touched`,
    target: below(limit, `touched + 80 MB = ${(limit / MB).toFixed(0)} MB`),
  });
}

function equalSums(what, ours, theirs) {
  for (const key of Object.keys(theirs)) {
    // Rows read backwards or in another order would change the last bits of a sum; both sides read in the same order.
    if (ours[key] !== theirs[key] && !(key === "before" && theirs[key] === 0)) {
      throw new Error(`${what}: the sums differ: ours ${JSON.stringify(ours)}, the peer's ${JSON.stringify(theirs)}`);
    }
  }
}
