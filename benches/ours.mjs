// Our side of the reading figures: `node benches/ours.mjs STORE PLAN`. Each task reads every value that it
// claims to read, and sums it up.
import { readFileSync } from "node:fs";
import { PatientDatabase } from "../dist/index.js";
import { median } from "./lib/process.mjs";

const [store, path] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(path, "utf8"));

const opening = performance.now();
const db = PatientDatabase.open(store);
const openMillis = performance.now() - opening;
const { strings } = db.codes;
const HIGH = 2 ** 32;

const walks = plan.walks.map(([id, bound]) => [BigInt(id), bound]);
const windows = plan.windows.map(([id, bound]) => [BigInt(id), bound]);
const lasts = plan.lasts.map(BigInt);
const whole = plan.whole.map(BigInt);

/**
 * Rows, rows at or before the bound, length of all codes, sum of all values; kept in locals while they grow,
 * as the peer's are.
 */
const sums = (rows, before, chars, total) => ({ rows, before, chars, total });

const tasks = {
  timeAt() {
    let rows = 0;
    let before = 0;
    let chars = 0;
    let total = 0;
    for (const [id, bound] of walks) {
      const patient = db.get(id);
      const { codeIds, numericValues, length } = patient;
      for (let i = 0; i < length; i += 1) {
        if (patient.timeAt(i) <= bound) before += 1;
        chars += strings[codeIds[i]].length;
        const value = numericValues[i];
        if (value === value) total += value; // not NaN
      }
      rows += length;
    }
    return sums(rows, before, chars, total);
  },
  timeWords() {
    const sum = sums(0, 0, 0, 0);
    for (const [id, bound] of walks) wordsOf(db.get(id), bound, sum);
    return sum;
  },
  times() {
    let rows = 0;
    let before = 0;
    let chars = 0;
    let total = 0;
    for (const [id, bound] of walks) {
      const { times, codeIds, numericValues, length, staticCount } = db.get(id);
      for (let i = 0; i < length; i += 1) {
        if (i >= staticCount && Number(times[i]) <= bound) before += 1;
        chars += strings[codeIds[i]].length;
        const value = numericValues[i];
        if (value === value) total += value;
      }
      rows += length;
    }
    return sums(rows, before, chars, total);
  },
  forEach() {
    let rows = 0;
    let before = 0;
    let chars = 0;
    let total = 0;
    for (const [id, bound] of walks) {
      const patient = db.get(id);
      patient.forEach((time, code, value) => {
        if (time <= bound) before += 1;
        chars += code.length;
        if (value === value) total += value;
      });
      rows += patient.length;
    }
    return sums(rows, before, chars, total);
  },
  forOf() {
    let rows = 0;
    let before = 0;
    let chars = 0;
    let total = 0;
    for (const [id, bound] of walks) {
      for (const event of db.get(id)) {
        const { time, numericValue } = event;
        if (time !== null && time <= bound) before += 1;
        chars += event.code.length;
        if (numericValue !== null) total += numericValue;
        rows += 1;
      }
    }
    return sums(rows, before, chars, total);
  },
  asOf() {
    let rows = 0;
    let chars = 0;
    let total = 0;
    for (const [id, bound] of windows) {
      const { codeIds, numericValues, length } = db.get(id).until(bound).last(256);
      for (let i = 0; i < length; i += 1) {
        chars += strings[codeIds[i]].length;
        const value = numericValues[i];
        if (value === value) total += value;
      }
      rows += length;
    }
    return sums(rows, 0, chars, total);
  },
  asOfObjects() {
    let rows = 0;
    let chars = 0;
    let total = 0;
    for (const [id, bound] of windows) {
      for (const event of db.get(id).until(bound).last(256)) {
        const { numericValue } = event;
        chars += event.code.length;
        if (numericValue !== null) total += numericValue;
        rows += 1;
      }
    }
    return sums(rows, 0, chars, total);
  },
  lastCode() {
    let rows = 0;
    let chars = 0;
    for (const id of lasts) {
      chars += db.get(id).at(-1).code.length;
      rows += 1;
    }
    return sums(rows, 0, chars, 0);
  },
  columns: () =>
    allColumns((patient, { name }, kind, sum) => {
      const column = patient.column(name);
      const { length } = patient;
      let { before, chars, total } = sum;
      if (kind === "text") {
        for (let i = 0; i < length; i += 1) {
          const value = column.at(i);
          if (value !== null) chars += value.length;
        }
      } else if (kind === "float") {
        for (let i = 0; i < length; i += 1) {
          const value = column.at(i);
          if (value !== null) total += value;
        }
      } else {
        for (let i = 0; i < length; i += 1) if (column.at(i) !== null) before += 1;
      }
      Object.assign(sum, { before, chars, total });
    }),
  columnArrays: () =>
    allColumns((patient, { name }, kind, sum) => {
      const column = patient.column(name);
      const { indexes } = column;
      if (indexes !== undefined) {
        if (!tables.has(name)) tables.set(name, column.dictionary.toArray());
        sumCoded(indexes, tables.get(name), kind, sum);
      } else sumPlain(column.values, kind, sum);
    }),
  columnsByEvent() {
    let rows = 0;
    let before = 0;
    let chars = 0;
    let total = 0;
    const text = plan.columns.filter((column) => kindOf(column) === "text").map(({ name }) => name);
    const float = plan.columns.filter((column) => kindOf(column) === "float").map(({ name }) => name);
    const other = plan.columns.filter((column) => kindOf(column) === "other").map(({ name }) => name);
    for (const id of whole) {
      for (const event of db.get(id)) {
        for (let c = 0; c < text.length; c += 1) {
          const value = event.get(text[c]);
          if (value !== null) chars += value.length;
        }
        for (let c = 0; c < float.length; c += 1) {
          const value = event.get(float[c]);
          if (value !== null) total += value;
        }
        for (let c = 0; c < other.length; c += 1) if (event.get(other[c]) !== null) before += 1;
        rows += 1;
      }
    }
    return sums(rows, before, chars, total);
  },
  scanStrings() {
    const sum = sums(0, 0, 0, 0);
    for (const patient of db) wordsOf(patient, 0, sum);
    return sum;
  },
  scan() {
    const sum = sums(0, 0, 0, 0);
    for (const patient of db) arraysOf(patient, sum);
    return sum;
  },
};

const lengths = Uint32Array.from(strings, (code) => code?.length ?? 0);

const tables = new Map();
const NO_TIME = -(2n ** 63n);

/** Entry 0 is null. */
function sumCoded(indexes, table, kind, sum) {
  let { before, chars, total } = sum;
  if (kind === "text") for (let i = 0; i < indexes.length; i += 1) chars += indexes[i] === 0 ? 0 : table[indexes[i]].length;
  else if (kind === "float") for (let i = 0; i < indexes.length; i += 1) total += indexes[i] === 0 ? 0 : table[indexes[i]];
  else for (let i = 0; i < indexes.length; i += 1) if (indexes[i] !== 0) before += 1;
  Object.assign(sum, { before, chars, total });
}

/** Null slots hold NaN, the int64 minimum or, in arrays of values, null. */
function sumPlain(values, kind, sum) {
  let { before, chars, total } = sum;
  if (kind === "text") for (let i = 0; i < values.length; i += 1) chars += values[i] === null ? 0 : values[i].length;
  else if (kind === "float") for (let i = 0; i < values.length; i += 1) total += values[i] === values[i] ? values[i] : 0;
  else for (let i = 0; i < values.length; i += 1) if (values[i] !== null && values[i] !== NO_TIME) before += 1;
  Object.assign(sum, { before, chars, total });
}

function wordsOf(patient, bound, sum) {
  const { timeWords, codeIds, numericValues, length, staticCount } = patient;
  let before = 0;
  let chars = 0;
  let total = sum.total;
  for (let i = 0; i < length; i += 1) {
    if (i >= staticCount && timeWords[2 * i + 1] * HIGH + (timeWords[2 * i] >>> 0) <= bound) before += 1;
    chars += strings[codeIds[i]].length;
    const value = numericValues[i];
    if (value === value) total += value;
  }
  sum.before += before;
  sum.chars += chars;
  sum.total = total;
  sum.rows += length;
}

/** Like the Rust scan: facts about codes are in arrays by code id, and no string is read. */
function arraysOf({ timeWords, codeIds, numericValues, length, staticCount }, sum) {
  let before = 0;
  let chars = 0;
  let total = sum.total;
  for (let i = 0; i < length; i += 1) {
    if (i >= staticCount && timeWords[2 * i + 1] * HIGH + (timeWords[2 * i] >>> 0) <= 0) before += 1;
    chars += lengths[codeIds[i]];
    const value = numericValues[i];
    if (value === value) total += value;
  }
  sum.before += before;
  sum.chars += chars;
  sum.total = total;
  sum.rows += length;
}

function kindOf({ stored }) {
  return stored === "utf8" ? "text" : stored.startsWith("float") ? "float" : "other";
}

function allColumns(read) {
  const sum = sums(0, 0, 0, 0);
  const kinds = plan.columns.map(kindOf);
  for (const id of whole) {
    const patient = db.get(id);
    plan.columns.forEach((column, c) => {
      read(patient, column, kinds[c], sum);
    });
    sum.rows += patient.length;
  }
  return sum;
}

/** Repeats a task for a minimum number of milliseconds and of runs. */
function repeat(task, millis, times) {
  const nanos = [];
  let sum;
  for (let spent = 0; nanos.length < times || spent < millis * 1e6; spent += nanos.at(-1)) {
    const began = process.hrtime.bigint();
    sum = task();
    nanos.push(Number(process.hrtime.bigint() - began));
  }
  return { nanos, sum };
}

const result = { openMillis, tasks: {} };
for (const [name, task] of Object.entries(tasks)) {
  repeat(task, 100, 1); // warm: the compiler, the page cache, the strings
  const { nanos, sum } = repeat(task, 50, 3);
  result.tasks[name] = { nanos: median(nanos), best: Math.min(...nanos), sum };
}
db.close();
console.log(JSON.stringify(result));
