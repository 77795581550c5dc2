// node benches/events.mjs STORE [--other OLD/dist/index.js] [--patients 40] [--only date] [--json]: what an event and a column cost, in ns of processor
// time per row (per window in the last lines), by this build and by another one. Each task runs in a process of its own per build. The processes take
// turns, seven each; the medians are printed, and all builds must compute the same sums.
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { median } from "./lib/process.mjs";

const own = fileURLToPath(new URL("../dist/index.js", import.meta.url));
const TURNS = 7;
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    other: { type: "string" },
    patients: { type: "string", default: "40" },
    only: { type: "string" },
    json: { type: "boolean" },
    turn: { type: "string" },
    dist: { type: "string" },
  },
});

/** A build without `year` computes it as programs did. */
const yearOf = (event) => ("year" in event ? event.year : (event.date?.getUTCFullYear() ?? null));

/** Sums over patients. `other`: the fast way that a task is compared with. */
function tasksOf(db, patients) {
  const names = db.columns.map(({ name }) => name);
  const rows = patients.reduce((sum, { length }) => sum + length, 0);
  const each = (read) => () => {
    let sum = 0;
    for (const patient of patients) for (const event of patient) sum += read(event);
    return sum;
  };
  // Any row of any patient, the same in each process.
  const windows = Array.from({ length: 1000 }, (_, i) => {
    const patient = patients[(i * 7919) % patients.length];
    return [patient.subjectId, patient.timeAt(patient.staticCount + ((i * 104_729) % (patient.length - patient.staticCount)))];
  });
  const { strings } = db.codes;
  const tasks = {
    time: each((event) => event.time ?? 0),
    year: each((event) => yearOf(event) ?? 0),
    date: each((event) => event.date?.getTime() ?? 0),
    "loop of get": each((event) => {
      let count = 0;
      for (let i = 0; i < names.length; i += 1) if (event.get(names[i]) !== null) count += 1;
      return count;
    }),
    toObject: each((event) => (event.toObject().time === null ? 0 : 1)),
    toJSON: each((event) => (event.toJSON().time === null ? 0 : 1)),
    "event.get, one column": each((event) => event.get("numeric_value") ?? 0),
    "column.at, one column": () => {
      let sum = 0;
      for (const patient of patients) {
        const column = patient.column("numeric_value");
        for (let i = 0; i < patient.length; i += 1) sum += column.at(i) ?? 0;
      }
      return sum;
    },
    "its array": () => {
      let sum = 0;
      for (const patient of patients) {
        const { numericValues, length } = patient;
        for (let i = 0; i < length; i += 1) if (numericValues[i] === numericValues[i]) sum += numericValues[i];
      }
      return sum;
    },
    "column.at, all columns": () => {
      let count = 0;
      for (const patient of patients)
        for (const name of names) {
          const column = patient.column(name);
          for (let i = 0; i < patient.length; i += 1) if (column.at(i) !== null) count += 1;
        }
      return count;
    },
    "iteration, all columns": () => {
      let count = 0;
      for (const patient of patients) for (const name of names) for (const value of patient.column(name)) if (value !== null) count += 1;
      return count;
    },
  };
  const perWindow = {
    "window and arrays": () => {
      let sum = 0;
      for (const [id, bound] of windows) {
        const { codeIds, numericValues } = db.get(id).until(bound).last(256);
        sum += codeIds.length + numericValues.length;
      }
      return sum;
    },
    "window, strings, values": () => {
      let sum = 0;
      for (const [id, bound] of windows) {
        const { codeIds, numericValues, length } = db.get(id).until(bound).last(256);
        for (let i = 0; i < length; i += 1) {
          sum += strings[codeIds[i]].length;
          if (numericValues[i] === numericValues[i]) sum += numericValues[i];
        }
      }
      return sum;
    },
  };
  const withUnits = (all, per) => Object.entries(all).map(([name, run]) => [name, { run, per }]);
  return new Map([...withUnits(tasks, rows), ...withUnits(perWindow, windows.length)]);
}

/** A child: takes a turn for each line that it reads. */
async function turns(dist, store, name, count) {
  const { PatientDatabase } = await import(pathToFileURL(dist).href);
  const db = PatientDatabase.open(store);
  const { run, per } = tasksOf(db, [...db].filter(({ staticCount, length }) => staticCount < length).slice(0, count)).get(name);
  for (const began = process.cpuUsage(); process.cpuUsage(began).user < 300_000; ) run();
  for await (const _ of createInterface({ input: process.stdin })) {
    let [nanos, sum] = [Number.POSITIVE_INFINITY, 0];
    for (let i = 0; i < 3; i += 1) {
      const began = process.cpuUsage();
      sum = run();
      const { user, system } = process.cpuUsage(began);
      nanos = Math.min(nanos, 1000 * (user + system));
    }
    console.log(JSON.stringify({ nanos: nanos / per, sum }));
  }
  db.close();
}

/** A build in a process of its own. */
function start(dist, store, name) {
  const child = spawn(
    process.execPath,
    [fileURLToPath(import.meta.url), store, "--turn", name, "--dist", dist, "--patients", options.patients],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async turn() {
      child.stdin.write("\n");
      const { value, done } = await lines.next();
      if (done) throw new Error(`${name}: ${dist} ended early.`);
      return JSON.parse(value);
    },
    end: () => child.stdin.end(),
  };
}

async function compare(store) {
  const { PatientDatabase } = await import("../dist/index.js");
  const db = PatientDatabase.open(store);
  const names = [...tasksOf(db, [...db].filter(({ staticCount, length }) => staticCount < length).slice(0, 1)).keys()];
  db.close();
  const builds = { this: own, ...(options.other && { other: resolve(options.other) }) };
  const figures = {};
  for (const name of names) {
    if (options.only !== undefined && options.only !== name) continue;
    const children = Object.entries(builds).map(([build, dist]) => [build, start(dist, store, name), []]);
    for (let turn = 0; turn < TURNS; turn += 1) for (const [, child, found] of children) found.push(await child.turn());
    for (const [, child] of children) child.end();
    const sums = new Set(children.flatMap(([, , found]) => found.map(({ sum }) => sum)));
    if (sums.size > 1) throw new Error(`${name}: the builds compute ${[...sums].join(" and ")}.`);
    figures[name] = Object.fromEntries(children.map(([build, , found]) => [build, median(found.map(({ nanos }) => nanos))]));
    if (options.json) continue;
    const { this: now, other } = figures[name];
    const compared = other === undefined ? "" : `   other ${other.toFixed(1).padStart(8)}   this / other ${(now / other).toFixed(2)}`;
    console.log(`${name.padEnd(24)} ${now.toFixed(1).padStart(8)} ns${compared}`);
  }
  if (options.json) console.log(JSON.stringify(figures));
}

const [store] = positionals;
await (options.turn === undefined ? compare(store) : turns(options.dist, store, options.turn, Number(options.patients)));
