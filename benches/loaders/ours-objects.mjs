// Ours: event objects, as a program is written first.
import { countsDigest } from "../lib/digest.mjs";
import { ours } from "./ours-arrays.mjs";

export default ours("event objects", 1, (db, plan) => {
  const timed = (items) => items.map(([id, bound]) => [BigInt(id), bound]);
  const read = (events, bound) => {
    let rows = 0;
    let before = 0;
    let chars = 0;
    let total = 0;
    for (const event of events) {
      const { time, numericValue } = event;
      if (time !== null && time <= bound) before += 1;
      chars += event.code.length;
      if (numericValue !== null) total += numericValue;
      rows += 1;
    }
    return { rows, before, chars, total };
  };
  const sumOf = (parts) => {
    const sum = { rows: 0, before: 0, chars: 0, total: 0 };
    for (const part of parts) for (const name of Object.keys(sum)) sum[name] += part[name];
    return sum;
  };
  const timelines = (items) => (count) => sumOf(items.slice(0, count).map(([id, bound]) => read(db.get(id), bound)));
  const windows = (items, last) => (count) => {
    let rows = 0;
    let chars = 0;
    let total = 0;
    for (let w = 0; w < count; w += 1) {
      for (const event of db.get(items[w][0]).until(items[w][1]).last(last)) {
        const { numericValue } = event;
        chars += event.code.length;
        if (numericValue !== null) total += numericValue;
        rows += 1;
      }
    }
    return { rows, chars, total };
  };
  const names = (kind) => plan.schema.filter((column) => column.kind === kind).map(({ name }) => name);
  const [texts, floats, others] = ["text", "float", "other"].map(names);
  const whole = plan.columns.map(BigInt);
  const lasts = plan.last.map(BigInt);
  const queries = plan.code.map(([code, ids]) => [code, ids.map(BigInt)]);
  return {
    open: () => ({ chars: db.get(BigInt(plan.open)).at(-1).code.length }),
    timeline: timelines(timed(plan.timeline)),
    neighbours: timelines(timed(plan.neighbours)),
    columns(count) {
      let rows = 0;
      let before = 0;
      let chars = 0;
      let total = 0;
      for (let p = 0; p < count; p += 1) {
        for (const event of db.get(whole[p])) {
          for (let c = 0; c < texts.length; c += 1) {
            const value = event.get(texts[c]);
            if (value !== null) chars += value.length;
          }
          for (let c = 0; c < floats.length; c += 1) {
            const value = event.get(floats[c]);
            if (value !== null) total += value;
          }
          for (let c = 0; c < others.length; c += 1) if (event.get(others[c]) !== null) before += 1;
          rows += 1;
        }
      }
      return { rows, before, chars, total };
    },
    last(count) {
      let chars = 0;
      for (let i = 0; i < count; i += 1) chars += db.get(lasts[i]).at(-1).code.length;
      return { rows: count, chars };
    },
    window256: windows(timed(plan.window256), 256),
    window2048: windows(timed(plan.window2048), 2048),
    code(count) {
      let rows = 0;
      let total = 0;
      for (let q = 0; q < count; q += 1) {
        for (const id of queries[q][1]) {
          for (const { numericValue } of db.get(id).withCode(queries[q][0])) {
            rows += 1;
            if (numericValue !== null) total += numericValue;
          }
        }
      }
      return { rows, total };
    },
    scan() {
      const sum = { rows: 0, before: 0, chars: 0, total: 0 };
      for (const patient of db) {
        for (const event of patient) {
          const { time, numericValue } = event;
          if (time !== null && time <= plan.scan) sum.before += 1;
          sum.chars += event.code.length;
          if (numericValue !== null) sum.total += numericValue;
          sum.rows += 1;
        }
      }
      return sum;
    },
    counts() {
      const counts = new Map();
      for (const patient of db) for (const { code } of patient) counts.set(code, (counts.get(code) ?? 0) + 1);
      return () => countsDigest(counts);
    },
  };
});
