// What a pass costs beside the same function in this thread: `node benches/passes.mjs STORE [ROUNDS] [NAME] [INDEX.JS]`. Prints the
// time of a pass of nothing, cold and warm, and for some functions the processor time and the wall time of
// passes with one and two threads, as ratios to the function in this thread. All variants alternate; medians.
// NAME is a part of the names of the functions to measure.
// INDEX.JS is an earlier build to measure instead; it reads the functions from modules.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [store = "demo.medsdb", rounds = "7", part = "", library = new URL("../dist/index.js", import.meta.url).href] = process.argv.slice(2);
const { PatientDatabase } = await import(library.startsWith("file:") ? library : pathToFileURL(resolve(library)).href);
/** Each function is also a module, for earlier builds, which take nothing else. */
const folder = mkdtempSync(join(tmpdir(), "passes-"));
const takesFunctions = (() => {
  const db = PatientDatabase.open(store);
  try {
    db.map(() => 1);
    return true;
  } catch {
    return false;
  } finally {
    db.close();
  }
})();

const adding = { initial: 0, merge: (total, part) => total + part };

/** Programs as people write them: a function, how its parts are merged, and a number that must be equal. */
const programs = {
  "sum of labs, events": {
    run: (patients) => {
      let sum = 0;
      for (const patient of patients)
        for (const event of patient) {
          const value = event.numericValue;
          if (value !== null && event.code.startsWith("LAB")) sum += value;
        }
      return sum;
    },
    ...adding,
    answer: (sum) => Number(sum.toPrecision(9)),
  },
  "sum of values, arrays": {
    run: (patients) => {
      let sum = 0;
      for (const patient of patients) {
        const values = patient.numericValues;
        for (let i = 0; i < values.length; i += 1) if (values[i] === values[i]) sum += values[i];
      }
      return sum;
    },
    ...adding,
    answer: (sum) => Number(sum.toPrecision(9)),
  },
  "rows of codes, array moved": {
    run: (patients, { codes }) => {
      const counts = new Float64Array(codes);
      for (const patient of patients) for (const id of patient.codeIds) counts[id] += 1;
      return counts;
    },
    initial: new Float64Array(0),
    merge: (total, part) => (total.length === 0 ? part : total.map((count, id) => count + part[id])),
    answer: (counts) => counts.reduce((sum, count, id) => sum + count * (id % 97), 0),
  },
  "codes per year, literal": {
    run: (patients) => {
      const counts = new Map();
      for (const patient of patients)
        for (const event of patient) {
          const { date } = event;
          if (date === null) continue;
          const key = `${event.code}/${date.getUTCFullYear()}`;
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
      return counts;
    },
    initial: new Map(),
    merge: (total, part) => {
      if (total.size === 0) return part;
      for (const [key, count] of part) total.set(key, (total.get(key) ?? 0) + count);
      return total;
    },
    answer: (counts) => counts.size + [...counts.values()].reduce((sum, count) => sum + count, 0),
  },
};

const nothing = (patients) => {
  let count = 0;
  for (const _ of patients) count += 1;
  return count;
};

/** A function as this build takes it. */
function given(name, run) {
  if (takesFunctions) return run;
  const file = join(folder, `${name.replaceAll(/\W/g, "-")}.mjs`);
  writeFileSync(file, `export default ${run};`);
  return pathToFileURL(file);
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

async function timed(call) {
  const [cpu, begun] = [process.cpuUsage(), performance.now()];
  const result = await call();
  const { user, system } = process.cpuUsage(cpu);
  return { result, wall: performance.now() - begun, cpu: (user + system) / 1000 };
}

/** Cold: the first pass of an open database. Warm: those after it. */
async function empty() {
  const cold = [];
  const warm = [];
  for (let i = 0; i < Number(rounds); i += 1) {
    const db = PatientDatabase.open(store);
    const run = given("nothing", nothing);
    const call = () => db.reduce(run, { threads: 2, ...adding });
    cold.push((await timed(call)).wall);
    for (let k = 0; k < 5; k += 1) warm.push((await timed(call)).wall);
    db.close();
  }
  console.log(
    `pass of nothing, 2 threads: cold ${median(cold).toFixed(1)} ms, warm ${median(warm).toFixed(2)} ms (least ${Math.min(...warm).toFixed(2)})`,
  );
}

/** Ratios of passes to the function in this thread. */
async function compare(db, name, { run, initial, merge, answer }) {
  const args = { codes: db.codes.strings.length };
  const own = given(name, run);
  const pass = (threads) => () => db.reduce(own, { threads, args, initial, merge });
  const variants = { here: () => run(db, args, { db }), "1 thread": pass(1), "2 threads": pass(2) };
  const found = Object.fromEntries(Object.keys(variants).map((key) => [key, { wall: [], cpu: [] }]));
  let wanted;
  for (let i = 0; i <= Number(rounds); i += 1)
    for (const [key, call] of Object.entries(variants)) {
      const { result, wall, cpu } = await timed(call);
      const sum = answer(result);
      wanted ??= sum;
      if (sum !== wanted) throw new Error(`${name}, ${key}: ${sum} is not ${wanted}`);
      if (i === 0) continue; // compiles, and starts threads
      found[key].wall.push(wall);
      found[key].cpu.push(cpu);
    }
  const of = (key, kind) => median(found[key][kind]);
  const here = of("here", "wall");
  for (const key of ["1 thread", "2 threads"])
    console.log(
      `${name.padEnd(28)} ${key}: processor time ${(of(key, "cpu") / of("here", "cpu")).toFixed(2)}x, wall ${(of(key, "wall") / here).toFixed(2)}x of ${here.toFixed(1)} ms`,
    );
  console.log(`${"".padEnd(28)} one thread / two threads, wall: ${(of("1 thread", "wall") / of("2 threads", "wall")).toFixed(2)}x`);
}

await empty();
const db = PatientDatabase.open(store);
for (const [name, program] of Object.entries(programs)) if (name.includes(part)) await compare(db, name, program);
db.close();
rmSync(folder, { recursive: true });
