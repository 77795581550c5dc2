// Ours: operations over the mapped store in Rust, off the main thread, on all cores.
import { availableParallelism } from "node:os";
import { convert } from "../../dist/index.js";
import { countsDigest } from "../lib/digest.mjs";
import { ours } from "./ours-arrays.mjs";

/** The same with another number of threads: `native(1)`. */
export const native = (threads) =>
  ours(`native operations, ${threads === 1 ? "1 thread" : "all cores"}`, threads, workloadsOf(threads), {
    reads: "its own store, with an inverted index",
    form: "ours-index",
    note: "queries by code are under way at once",
    async prepare({ source, form }, threads) {
      const { fsyncSeconds, storeBytes, indexBytes } = await convert(source, form, { threads, index: true });
      return { bytes: storeBytes + indexBytes, fsyncSeconds };
    },
  });

const workloadsOf = (threads) => (db, plan) => {
  const { strings } = db.codes;
  const add = ({ codeIds, count, sum }, answer) => {
    for (let i = 0; i < codeIds.length; i += 1) {
      answer.rows += count[i];
      answer.chars += count[i] * strings[codeIds[i]].length;
      if (sum[i] === sum[i]) answer.total += sum[i];
    }
  };
  const windows = (items, last) => {
    const subjectIds = BigInt64Array.from(items, ([id]) => BigInt(id));
    const end = BigInt64Array.from(items, ([, bound]) => BigInt(bound));
    return async (count) => {
      const answer = { rows: 0, chars: 0, total: 0 };
      add(
        await db.aggregate({ windows: { subjectIds: subjectIds.subarray(0, count), end: end.subarray(0, count), last }, threads }),
        answer,
      );
      return answer;
    };
  };
  const queries = plan.code.map(([code, ids]) => [code, BigInt64Array.from(ids, BigInt)]);
  return {
    window256: windows(plan.window256, 256),
    window2048: windows(plan.window2048, 2048),
    async code(count) {
      const answer = { rows: 0, chars: 0, total: 0 };
      // All under way at once: most of a small query is the way to another thread and back.
      const found = queries.slice(0, count).map(([codes, subjectIds]) => db.aggregate({ codes, windows: { subjectIds }, threads }));
      for (const each of await Promise.all(found)) add(each, answer);
      return { rows: answer.rows, total: answer.total };
    },
    async counts() {
      const { events } = await db.countCodes({ threads });
      return () => countsDigest(Array.from(events, (count, id) => [strings[id], count]));
    },
  };
};

export default native(availableParallelism());
