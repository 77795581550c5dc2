// parquet-wasm, which decodes Parquet into Arrow, and apache-arrow, which reads that: four columns of everything, in memory.
import { readFileSync } from "node:fs";
import { tableFromIPC, Vector } from "apache-arrow";
import { readParquet } from "parquet-wasm";
import { versionOf } from "../lib/loader.mjs";
import { vectorWorkloads } from "../lib/vectors.mjs";

const MOST = 1.2e7; // rows: WebAssembly has 4 GiB, and the strings are not dictionary-coded

export default {
  title: "parquet-wasm + apache-arrow",
  version: `${versionOf("parquet-wasm")} + ${versionOf("apache-arrow")}`,
  reads: "Parquet, all of 4 columns in memory",
  threads: 1,
  open({ files, events }) {
    if (events > MOST) throw new Error(`${events} rows do not fit into WebAssembly's memory`);
    const columns = ["subject_id", "time", "code", "numeric_value"];
    const batches = files.flatMap((file) => tableFromIPC(readParquet(readFileSync(file), { columns }).intoIPCStream()).batches);
    const parts = []; // of all patients, in order
    const ranges = new Map();
    for (const batch of batches) {
      const ids = batch.getChild("subject_id").toArray();
      const [time] = batch.getChild("time").data;
      const [value] = batch.getChild("numeric_value").data;
      const part = { time, value, codes: new Vector(batch.getChild("code").data) };
      for (let begin = 0, i = 1; i <= ids.length; i += 1) {
        if (i < ids.length && ids[i] === ids[begin]) continue;
        const range = { ...part, begin, length: i - begin };
        parts.push(range);
        ranges.set(ids[begin], [...(ranges.get(ids[begin]) ?? []), range]);
        begin = i;
      }
    }
    return { parts, ranges };
  },
  workloads: ({ parts, ranges }, plan) => vectorWorkloads({ rows: (id) => joined(ranges.get(id)), all: () => parts.map(block) }, plan),
};

function block({ time, value, codes, begin, length }) {
  const { values: times } = time;
  const { values } = value;
  return {
    length,
    timeAt: (i) => (time.getValid(begin + i) ? times[begin + i] : null),
    codeAt: (i) => codes.get(begin + i),
    valueAt: (i) => (value.getValid(begin + i) ? values[begin + i] : null),
  };
}

/** A patient's rows, which may lie in several batches. */
function joined(parts) {
  const blocks = parts.map(block);
  if (blocks.length === 1) return blocks[0];
  const at = (i, method) => {
    let rest = i;
    for (const one of blocks) {
      if (rest < one.length) return one[method](rest);
      rest -= one.length;
    }
    return null;
  };
  return {
    length: blocks.reduce((sum, { length }) => sum + length, 0),
    timeAt: (i) => at(i, "timeAt"),
    codeAt: (i) => at(i, "codeAt"),
    valueAt: (i) => at(i, "valueAt"),
  };
}
