// node benches/addon/boundary.mjs [STORE]: what a call from JavaScript into C++ costs, in ns, and with a store the add-on's own scan of it through the
// Arrow C Data Interface. Prints JSON as its last line; `{"reason": …}` where the add-on cannot be built.
import { PatientDatabase } from "../../dist/index.js";
import { build, load } from "./build.mjs";

const CALLS = 1_000_000;
const RUNS = 9;

/** Nanoseconds a turn of a loop that calls: the best of some runs. */
function nanos(loop) {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run += 1) {
    const began = process.hrtime.bigint();
    loop();
    best = Math.min(best, Number(process.hrtime.bigint() - began) / CALLS);
  }
  return best;
}

function boundary(addon) {
  let sum = 0;
  return {
    nothing: nanos(() => {
      for (let i = 0; i < CALLS; i += 1) addon.nothing();
    }),
    number: nanos(() => {
      for (let i = 0; i < CALLS; i += 1) sum += addon.double(i);
    }),
    object: nanos(() => {
      for (let i = 0; i < CALLS; i += 1) sum += addon.event(i, "LAB").time;
    }),
    sum,
  };
}

/** All shards, each exported, imported, scanned and released; sums as `crates/store/examples/scan.rs` computes them for one shard. */
function scan(addon, path) {
  const db = PatientDatabase.open(path);
  const shards = Array.from({ length: db.shardCount }, (_, index) => {
    const exported = db.exportC(index);
    return new addon.Shard(exported.schema, exported.array);
  });
  // The shards hold shares of their mappings.
  db.close();
  let best;
  for (let run = 0; run < 5; run += 1) {
    const sum = { rows: 0, before: 0, chars: 0, total: 0, nanos: 0 };
    for (const shard of shards) {
      const part = shard.scan(sum.total);
      sum.total = part.total;
      for (const key of ["rows", "before", "chars", "nanos"]) sum[key] += part[key];
    }
    if (best === undefined || sum.nanos < best.nanos) best = sum;
  }
  for (const shard of shards) shard.release();
  const { nanos: spent, ...sums } = best;
  return { nanosPerEvent: spent / sums.rows, ...sums };
}

const { reason } = build();
if (reason !== undefined) console.log(JSON.stringify({ reason }));
else {
  const addon = load();
  const store = process.argv[2];
  const { sum: _, ...calls } = boundary(addon);
  console.log(JSON.stringify({ calls, ...(store === undefined ? {} : { scan: scan(addon, store) }) }));
}
