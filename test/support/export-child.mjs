// Exports a shard to a C++ add-on: `node --expose-gc export-child.mjs STORE`. Throws at the first broken
// promise of the documents.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { load } from "../../benches/addon/build.mjs";
import { PatientDatabase } from "../../dist/index.js";

const addon = load();
const [store] = process.argv.slice(2);

/** The number of mappings of the first shard; null if the system does not show it. */
const mappings = () =>
  existsSync("/proc/self/maps") ? readFileSync("/proc/self/maps", "utf8").split("shards/00000.arrow").length - 1 : null;

/** Is an address in a mapping of the shard's file? Null if the system does not show it. */
function isMapped(address) {
  if (!existsSync("/proc/self/maps")) return null;
  const lines = readFileSync("/proc/self/maps", "utf8").split("\n");
  return lines.some((line) => {
    const [begin, end] = line.split(/[- ]/).map((part) => BigInt(/^[0-9a-f]+$/.test(part) ? `0x${part}` : 0));
    return line.endsWith("shards/00000.arrow") && address >= begin && address < end;
  });
}

/** Waits until collection and finalizers have unmapped the shard. */
async function unmapped() {
  for (let turn = 0; turn < 100 && (mappings() ?? 0) > 0; turn += 1) {
    globalThis.gc();
    await sleep(5);
  }
  return (mappings() ?? 0) === 0;
}

/** The values that the add-on must find in the first shard. */
function expected(db) {
  const sum = { rows: 0, before: 0, chars: 0, total: 0 };
  const { buffer } = db.at(0).times;
  for (const patient of db) {
    if (patient.times.buffer !== buffer) break;
    patient.forEach((time, code, value) => {
      sum.rows += 1;
      if (time <= 0) sum.before += 1;
      sum.chars += code.length;
      if (value === value) sum.total += value;
    });
  }
  return sum;
}

let db = PatientDatabase.open(store);
const sum = expected(db);
assert(sum.rows > 0 && sum.rows < db.eventCount);

// Imported, scanned and released; the structs are then empty.
{
  const exported = db.exportC(0);
  assert.deepEqual(addon.scan(exported.schema, exported.array), sum);
  assert.throws(() => addon.scan(exported.schema, exported.array), /nothing to import/);
  exported.release();
  exported.release();
}

// Released explicitly before an import; collected without either.
{
  const exported = db.exportC(0);
  exported.release();
  assert.throws(() => addon.scan(exported.schema, exported.array), /nothing to import/);
  for (let i = 0; i < 100; i += 1) db.exportC(i % db.shardCount);
}

// Kept by the add-on without a copy, while the store is open and after it is closed.
const kept = (() => {
  const exported = db.exportC(0);
  return new addon.Shard(exported.schema, exported.array);
})();
assert.notEqual(isMapped(kept.scan().timesAt), false, "what the add-on reads is the shard's file, mapped");
db.close();
db = null;
assert.equal(await unmapped(), mappings() === null, "what the add-on holds stays mapped");
const { rows, before, chars, total } = kept.scan();
assert.deepEqual({ rows, before, chars, total }, sum);
kept.release();
assert.equal(await unmapped(), true, "nothing stays mapped");
console.log(JSON.stringify(sum));
