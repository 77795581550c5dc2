// Ours: loops over typed arrays.
import { readFileSync } from "node:fs";
import { convert, Labels, loader, PatientDatabase, samples } from "../../dist/index.js";
import { batchAnswer } from "../lib/batches.mjs";
import { countsDigest, losDigest, pipeDigest, yearsDigest } from "../lib/digest.mjs";
import { lengthOfStay, longStay } from "../lib/tasks.mjs";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const HIGH = 2 ** 32;
const NO_TIME = -(2n ** 63n);
const YEAR = 31_556_952e6; // µs of a mean year

/** Adds a timeline's three columns to a sum. */
export function addTimeline(timeline, bound, strings, sum) {
  const { timeWords, codeIds, numericValues, length, staticCount } = timeline;
  let { before, chars, total } = sum;
  for (let i = 0; i < length; i += 1) {
    if (i >= staticCount && timeWords[2 * i + 1] * HIGH + (timeWords[2 * i] >>> 0) <= bound) before += 1;
    chars += strings[codeIds[i]].length;
    const value = numericValues[i];
    if (value === value) total += value; // not NaN
  }
  sum.rows += length;
  sum.before = before;
  sum.chars = chars;
  sum.total = total;
}

export const nothing = () => ({ rows: 0, before: 0, chars: 0, total: 0 });

/** Rows of each code by id. */
export function addCounts(codeIds, counts) {
  for (let i = 0; i < codeIds.length; i += 1) counts[codeIds[i]] += 1;
}

/** Rows of a patient in each calendar year: rows are in order of time, so a year's end is searched for, from the end of the year before. */
export function addYears(timeline, out) {
  const { timeWords, length, staticCount } = timeline;
  const at = (i) => timeWords[2 * i + 1] * HIGH + (timeWords[2 * i] >>> 0);
  for (let begin = staticCount; begin < length; ) {
    const first = at(begin);
    let year = 1970 + Math.floor(first / YEAR);
    while (Date.UTC(year + 1, 0) * 1000 <= first) year += 1;
    while (Date.UTC(year, 0) * 1000 > first) year -= 1;
    const limit = Date.UTC(year + 1, 0) * 1000;
    let low = begin + 1;
    let high = length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (at(middle) < limit) low = middle + 1;
      else high = middle;
    }
    out.push([timeline.subjectId, year, low - begin]);
    begin = low;
  }
}

/** A store is ours' own form of the data. */
export async function prepare({ source, form }, threads) {
  const { fsyncSeconds, storeBytes } = await convert(source, form, { threads });
  return { bytes: storeBytes, fsyncSeconds };
}

export const ours = (title, threads, workloads, more = {}) => ({
  title: `meds-reader, ${title}`,
  version,
  reads: "its own store",
  threads,
  form: "ours", // of several that share one
  open: ({ form }) => PatientDatabase.open(form),
  close: (db) => db?.close(),
  workloads,
  ...more,
});

export default ours(
  "typed arrays",
  1,
  (db, plan) => {
    const { strings } = db.codes;
    const tables = new Map();
    const lists = new Map();
    const timed = (items) => items.map(([id, bound]) => [BigInt(id), bound]);
    const timelines = (items) => (count) => {
      const sum = nothing();
      for (let i = 0; i < count; i += 1) addTimeline(db.get(items[i][0]), items[i][1], strings, sum);
      return sum;
    };
    const windows = (items, last) => (count) => {
      let rows = 0;
      let chars = 0;
      let total = 0;
      for (let w = 0; w < count; w += 1) {
        const { codeIds, numericValues, length } = db.get(items[w][0]).until(items[w][1]).last(last);
        for (let i = 0; i < length; i += 1) {
          chars += strings[codeIds[i]].length;
          const value = numericValues[i];
          if (value === value) total += value;
        }
        rows += length;
      }
      return { rows, chars, total };
    };
    const whole = plan.columns.map(BigInt);
    const lasts = plan.last.map(BigInt);
    const queries = plan.code.map(([code, ids]) => [code, ids.map(BigInt)]);
    return {
      open: () => ({ chars: db.get(BigInt(plan.open)).at(-1).code.length }),
      timeline: timelines(timed(plan.timeline)),
      neighbours: timelines(timed(plan.neighbours)),
      columns(count) {
        const sum = nothing();
        for (let p = 0; p < count; p += 1) {
          const patient = db.get(whole[p]);
          for (const { name, kind } of plan.schema) {
            const column = patient.column(name);
            const { indexes } = column;
            if (indexes === undefined) addPlain(column.values, kind, sum);
            else {
              if (!tables.has(name)) tables.set(name, column.dictionary.toArray());
              addCoded(indexes, tables.get(name), kind, sum);
            }
          }
          sum.rows += patient.length;
        }
        return sum;
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
          const [code, ids] = queries[q];
          const wanted = db.codes.id(code);
          for (const id of ids) {
            const { codeIds, numericValues } = db.get(id);
            // indexOf compares many rows at once; codes are rare enough for that to pay.
            for (let i = codeIds.indexOf(wanted); i >= 0; i = codeIds.indexOf(wanted, i + 1)) {
              rows += 1;
              const value = numericValues[i];
              if (value === value) total += value;
            }
          }
        }
        return { rows, total };
      },
      scan() {
        const sum = nothing();
        for (const patient of db) addTimeline(patient, plan.scan, strings, sum);
        return sum;
      },
      batches(count) {
        if (!lists.has(count)) {
          const labels = plan.batches.slice(0, count).map(([id, bound]) => ({ subjectId: BigInt(id), predictionTime: bound }));
          lists.set(count, samples(db, Labels.from(labels), { maxLength: 512, static: "omit" }));
        }
        const fields = ["code", "numeric_value", "numeric_value_mask", "time_delta_days"];
        const made = [...loader(lists.get(count), { batchSize: 256, padTo: "max", fields })];
        return () => batchAnswer(made, strings);
      },
      counts() {
        const counts = new Float64Array(strings.length);
        for (const { codeIds } of db) addCounts(codeIds, counts);
        return () => countsDigest(Array.from(counts, (count, id) => [strings[id], count]));
      },
      years() {
        const out = [];
        for (const patient of db) addYears(patient, out);
        return () => yearsDigest(out);
      },
      los() {
        const samples = lengthOfStay(db);
        return () => losDigest(samples);
      },
      pipe() {
        const samples = longStay(db);
        return () => pipeDigest(samples);
      },
    };
  },
  { prepare },
);

/** Entry 0 is null. */
function addCoded(indexes, table, kind, sum) {
  let { before, chars, total } = sum;
  if (kind === "text") for (let i = 0; i < indexes.length; i += 1) chars += indexes[i] === 0 ? 0 : table[indexes[i]].length;
  else if (kind === "float") for (let i = 0; i < indexes.length; i += 1) total += indexes[i] === 0 ? 0 : table[indexes[i]];
  else for (let i = 0; i < indexes.length; i += 1) if (indexes[i] !== 0) before += 1;
  Object.assign(sum, { before, chars, total });
}

/** Null slots hold NaN, the int64 minimum or, in arrays of values, null. */
function addPlain(values, kind, sum) {
  let { before, chars, total } = sum;
  if (kind === "text") for (let i = 0; i < values.length; i += 1) chars += values[i] === null ? 0 : values[i].length;
  else if (kind === "float") for (let i = 0; i < values.length; i += 1) total += values[i] === values[i] ? values[i] : 0;
  else for (let i = 0; i < values.length; i += 1) if (values[i] !== null && values[i] !== NO_TIME) before += 1;
  Object.assign(sum, { before, chars, total });
}
