// Reads a store in several ways and prints a digest of what it returned: `node prefetch-child.mjs STORE WHAT`.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Labels, loader, PatientDatabase, samples } from "../../dist/index.js";

const [store, what] = process.argv.slice(2);
const bytes = () => Number(/^read_bytes: (\d+)/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1] ?? 0);
const begin = bytes();
const db = PatientDatabase.open(store);
const resident = () =>
  db
    .residency()
    .filter(({ file, column }) => file.startsWith("shards/") && column === null)
    .reduce((sum, { resident }) => sum + (resident ?? 0), 0);
const before = resident();
const hash = createHash("sha256");
const take = (batch) => {
  for (const name of ["code", "numeric_value", "time", "time_delta_days", "static_code", "subject_id"]) {
    const { buffer, byteOffset, byteLength } = batch[name];
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
};
const line = ({ codeIds, numericValues, times }) => {
  for (const array of [codeIds, numericValues, times]) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
};
let requested = 0;
// Some patients here and there.
const some = Array.from({ length: 24 }, (_, i) => db.at((i * 7919) % db.size).subjectId);
const labels = () => {
  const all = [];
  for (let i = 0; i < 150; i += 1) {
    const patient = db.at((i * 7919) % db.size);
    const time = patient.times[Math.max(patient.staticCount, (patient.length * (i % 7)) >> 3)];
    all.push({ subjectId: patient.subjectId, predictionTime: time + BigInt(i), booleanValue: i % 3 === 0 });
  }
  return Labels.from(all);
};
if (what === "prefetch") requested = await db.prefetch({ subjectIds: some, last: 512 });
// Whether events count as not in memory: of the store and of samples, before and after some rows were read.
const states = [];
if (what === "columns" || what === "split") {
  const list = samples(db, { split: "tuning" }, { maxLength: 16 });
  const state = () => states.push([db._store.isCold, list._residence(null).isCold]);
  state();
  for (const { subjectId } of [...(what === "split" ? db.split("tuning") : db)]) line(db.get(subjectId));
  state();
}
if (what === "batch") {
  const few = Labels.from(some.map((subjectId) => ({ subjectId, predictionTime: 0n, booleanValue: true })));
  for (const batch of loader(samples(db, few, { maxLength: 16 }), { batchSize: 8, shuffle: true })) take(batch);
}
if (what === "batches") {
  const given = labels();
  const strategies = process.env.MEDS_TEST_FULL === "1" ? ["to_end", "from_start", "random", "step_through"] : ["random", "step_through"];
  for (const strategy of strategies)
    for (const options of [{ maxLength: 32 }, { maxLength: 8, unit: "events", static: "omit" }, { maxLength: 16, static: "prepend" }]) {
      const list = samples(db, given, { ...options, strategy });
      for (const shuffle of [false, true, "local"]) for (const batch of loader(list, { batchSize: 64, shuffle, seed: 3 })) take(batch);
      if (options.unit === undefined) continue;
      for await (const batch of loader(list, { batchSize: 40, workers: 1, shuffle: true })) take(batch);
    }
}
if (what === "timelines")
  for (const id of some) {
    const patient = db.get(id);
    line(patient);
    line(patient.until(patient.times[patient.length >> 1]).last(300));
    for (const { name } of db.columns) hash.update(JSON.stringify([...patient.column(name)].map(String)));
  }
if (what === "scan") {
  for (const patient of db) line(patient);
  for (const patient of db.split("train")) hash.update(String(patient.at(-1).timeMicros));
}
if (what === "query") {
  const end = some.map((id) => db.get(id).times.at(-1) - 1_000_000n);
  const windows = { subjectIds: some, start: end.map((time) => time - 10n ** 14n), end, last: 400, inclusive: "start" };
  for (const found of [await db.aggregate({ windows }), await db.countCodesEach({ windows }), await db.subset(some).countCodesEach()])
    for (const array of Object.values(found)) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
}
const after = resident();
db.close();
console.log(JSON.stringify({ digest: hash.digest("hex"), bytes: bytes() - begin, before, after, requested, states }));
