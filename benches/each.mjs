// node benches/each.mjs STORE [--other OTHER/dist/index.js]: what countCodesEach and aggregate cost for every patient and for windows of 256 rows,
// 10 per patient, on one thread and on all. With another build in turns, on the same windows; results must have the same bytes.
// The system's share of the time is mostly for the pages of the result, which are new: the system clears them.
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { median } from "./lib/process.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { other: { type: "string" }, rounds: { type: "string", default: "7" } },
});
const store = positionals[0];
const builds = { ours: new URL("../dist/index.js", import.meta.url).href };
if (values.other !== undefined) builds.other = pathToFileURL(resolve(values.other)).href;
const dbs = {};
for (const [name, path] of Object.entries(builds)) dbs[name] = (await import(path)).PatientDatabase.open(store);

/** Ten windows of 256 rows per patient, in the order of the store, at times of the patient's own rows. */
function windowsOf(db) {
  const [ids, ends] = [[], []];
  let state = 1;
  for (const patient of db) {
    const timed = patient.length - patient.staticCount;
    for (let i = 0; i < 10 && timed > 0; i += 1) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      ids.push(patient.subjectId);
      ends.push(BigInt(patient.timeAt(patient.staticCount + Math.floor((state / 4294967296) * timed))));
    }
  }
  return { subjectIds: BigInt64Array.from(ids), end: BigInt64Array.from(ends), last: 256 };
}

/** Of the arrays that all builds return: earlier ones have no `subjectIds`. */
function digest({ subjectIds: _, ...found }) {
  const sum = createHash("sha256");
  for (const [name, array] of Object.entries(found))
    sum.update(name).update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return sum.digest("hex");
}

const windows = windowsOf(dbs.ours);
for (const threads of new Set([1, availableParallelism()])) {
  for (const [operation, what, options] of [
    ["countCodesEach", "patients", {}],
    ["aggregate", "patients", {}],
    ["countCodesEach", "windows", { windows }],
    ["aggregate", "windows", { windows }],
  ]) {
    const figures = { ours: [], other: [] };
    const digests = new Set();
    let entries = 0;
    for (let round = 0; round <= Number(values.rounds); round += 1) {
      for (const [name, db] of Object.entries(dbs)) {
        const cpu = process.cpuUsage();
        const began = performance.now();
        const found = await db[operation]({ threads, ...options });
        const millis = performance.now() - began;
        const { user, system } = process.cpuUsage(cpu);
        if (round === 0) digests.add(digest(found));
        else figures[name].push({ millis, cpu: (user + system) / 1000, system: system / 1000 });
        entries = found.codeIds.length;
      }
    }
    if (digests.size !== 1) throw new Error(`${operation} of ${what}: the builds differ`);
    const of = (name, figure) => median(figures[name].map((one) => one[figure]));
    const [mine, cpu] = [of("ours", "millis"), of("ours", "cpu")];
    const ratio =
      values.other === undefined
        ? ""
        : `, the other build ${of("other", "millis").toFixed(0)} ms, ${of("other", "cpu").toFixed(0)} ms of processor time: ${(of("other", "millis") / mine).toFixed(2)}x, ${(of("other", "cpu") / cpu).toFixed(2)}x`;
    console.log(
      `${operation} of ${what}, ${threads} thread(s), ${entries} entries: ${mine.toFixed(0)} ms, ${cpu.toFixed(0)} ms of processor time, ${of("ours", "system").toFixed(0)} of them the system's (pages of the result)${ratio}`,
    );
  }
}
for (const db of Object.values(dbs)) db.close();
