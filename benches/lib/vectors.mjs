// What the loaders over apache-arrow and flechette share: loops over a patient's rows. They differ in how these come about.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { batchAnswer } from "./batches.mjs";
import { countsDigest } from "./digest.mjs";
import { nothing, perPatient } from "./loader.mjs";

const NO_TIME = -(2n ** 63n);

/** `rows(id)`: { length, timeAt(i) (bigint µs or null), codeAt(i), valueAt(i) (number or null) }; `all()` iterates over such blocks. */
export function vectorWorkloads({ rows, all, strings }, plan) {
  const read = (block, bound, sum) => {
    const { length } = block;
    let { before, chars, total } = sum;
    for (let i = 0; i < length; i += 1) {
      const time = block.timeAt(i);
      if (time !== null && time <= bound) before += 1;
      chars += block.codeAt(i).length;
      const value = block.valueAt(i);
      if (value !== null) total += value;
    }
    sum.rows += length;
    Object.assign(sum, { before, chars, total });
  };
  const timeline = ([id, bound], sum) => read(rows(id), bound, sum);
  const window = ([id, bound], size, sum) => {
    const block = rows(id);
    let low = 0;
    let high = block.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const time = block.timeAt(middle);
      if (time === null || time <= bound) low = middle + 1;
      else high = middle;
    }
    for (let i = Math.max(0, low - size); i < low; i += 1) {
      sum.rows += 1;
      sum.chars += block.codeAt(i).length;
      const value = block.valueAt(i);
      if (value !== null) sum.total += value;
    }
  };
  const lastCode = (id) => {
    const block = rows(id);
    return block.codeAt(block.length - 1);
  };
  const withCode = ([code, ids], sum) => {
    for (const id of ids) {
      const block = rows(id);
      for (let i = 0; i < block.length; i += 1) {
        if (block.codeAt(i) !== code) continue;
        sum.rows += 1;
        const value = block.valueAt(i);
        if (value !== null) sum.total += value;
      }
    }
  };
  return {
    ...perPatient(plan, { timeline, window, lastCode, code: withCode }),
    scan() {
      const sum = nothing();
      for (const block of all()) read(block, BigInt(plan.scan), sum);
      return sum;
    },
    ...(strings && { batches: (count) => batchesOf(rows, plan.batches.slice(0, count), strings) }),
    counts() {
      const counts = new Map();
      for (const block of all()) {
        for (let i = 0; i < block.length; i += 1) {
          const code = block.codeAt(i);
          counts.set(code, (counts.get(code) ?? 0) + 1);
        }
      }
      return () => countsDigest(counts);
    },
  };
}

const DAY = 86_400_000_000;

/** As a trainer would write it by hand: windows of the last 512 timed rows at a time, 256 in an array. */
function batchesOf(rows, items, strings) {
  const length = 512;
  const made = [];
  for (let begin = 0; begin < items.length; begin += 256) {
    const some = items.slice(begin, begin + 256);
    const places = some.length * length;
    const [code, numeric_value] = [new Int32Array(places), new Float32Array(places)];
    const [numeric_value_mask, time_delta_days] = [new Uint8Array(places), new Float32Array(places)];
    some.forEach(([id, bound], b) => {
      const block = rows(BigInt(id));
      const limit = BigInt(bound);
      let first = 0;
      while (first < block.length && block.timeAt(first) === null) first += 1;
      let low = first;
      let high = block.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (block.timeAt(middle) <= limit) low = middle + 1;
        else high = middle;
      }
      const start = Math.max(first, low - length);
      let before = start > first ? block.timeAt(start - 1) : null;
      for (let i = start; i < low; i += 1) {
        const at = b * length + i - start;
        const time = block.timeAt(i);
        const value = block.valueAt(i);
        code[at] = block.keyAt(i);
        numeric_value[at] = value ?? 0;
        numeric_value_mask[at] = value === null ? 0 : 1;
        time_delta_days[at] = before === null ? 0 : Number(time - before) / DAY;
        before = time;
      }
    });
    made.push({ code, numeric_value, numeric_value_mask, time_delta_days });
  }
  return () => batchAnswer(made, strings);
}

/** A patient's rows of one of our shards, as any library that reads Arrow sees them: null times hold the int64 minimum, null values NaN. */
export function shardBlock({ times, keys, dictionary, values }, begin, end) {
  return {
    length: end - begin,
    timeAt: (i) => (times[begin + i] === NO_TIME ? null : times[begin + i]),
    codeAt: (i) => dictionary[keys[begin + i]],
    keyAt: (i) => keys[begin + i],
    valueAt: (i) => (Number.isNaN(values[begin + i]) ? null : values[begin + i]),
  };
}

/** The shards of our store, as `read(bytes)` returns them. */
export function shardsOf(store, read) {
  const folder = join(store, "shards");
  const names = readdirSync(folder).sort();
  return names.map((name) => read(readFileSync(join(folder, name))));
}

/** Workloads over shards: [{ ids, offsets, times, keys, dictionary, values }]. */
export function shardWorkloads(shards, plan) {
  const places = new Map();
  for (const shard of shards)
    shard.ids.forEach((id, row) => {
      places.set(id, [shard, row]);
    });
  const rows = (id) => {
    const [shard, row] = places.get(id);
    return shardBlock(shard, shard.offsets[row], shard.offsets[row + 1]);
  };
  return vectorWorkloads({ rows, all: () => [...places.keys()].map(rows), strings: shards[0]?.dictionary }, plan);
}
