// Reads a store through every access path and compares it with its source.
import type { AnySchema, Column, ColumnInfo, Event, Patient, PatientDatabase, Timeline } from "meds-reader";
import { same } from "./compare.js";

/** The values of a row, by column; `time` in exact microseconds. */
export interface ExpectedRow {
  readonly time: bigint | null;
  readonly code: string;
  readonly numeric_value: number | null;
  readonly [column: string]: unknown;
}

/** A patient as in the source, static rows first. */
export interface ExpectedPatient {
  readonly id: bigint;
  readonly split: string | null;
  readonly rows: readonly ExpectedRow[];
}

const NO_TIME = -(2n ** 63n);
const safe = (time: bigint) => Number.isSafeInteger(Number(time));

/** Puts static rows first and keeps the order within both parts: the order of a store. */
export function storageOrder<R extends { readonly time: bigint | null }>(rows: readonly R[]): R[] {
  return [...rows.filter((row) => row.time === null), ...rows.filter((row) => row.time !== null)];
}

/** Compares a whole store: index, order, codes, splits, and every patient through every access path. Throws at the first difference. */
export function checkStore(db: PatientDatabase, expected: readonly ExpectedPatient[], hasValues = true): void {
  const events = expected.reduce((sum, { rows }) => sum + rows.length, 0);
  same(db.size, expected.length, () => "db.size");
  same(db.eventCount, events, () => "db.eventCount");
  same(
    [...db].map(({ subjectId }) => subjectId),
    expected.map(({ id }) => id),
    () => "order of patients",
  );
  same(
    db.subjectIds,
    BigInt64Array.from(expected, ({ id }) => id),
    () => "db.subjectIds",
  );
  checkCodes(db, expected);
  checkSplits(db, expected);
  expected.forEach((patient, slot) => {
    const at = `subject ${patient.id}`;
    const found = db.get(patient.id);
    if (found === undefined) throw new Error(`${at}: get() finds no patient`);
    same(db.has(patient.id), true, () => `${at} has()`);
    if (safe(patient.id)) same(db.get(Number(patient.id))?.slot, slot, () => `${at} get(number)`);
    same(found.subjectId, patient.id, () => at);
    same(found.slot, slot, () => `${at} slot`);
    same(db.at(slot)?.subjectId, patient.id, () => `${at} at(slot)`);
    same(found.split, patient.split, () => `${at} split`);
    checkTimeline(found, patient.rows, db.columns, at, hasValues);
    checkWindows(found, patient.rows, db.columns, at, hasValues);
  });
}

function checkCodes(db: PatientDatabase, expected: readonly ExpectedPatient[]): void {
  const events = new Map<string, number>();
  const patients = new Map<string, number>();
  for (const { rows } of expected) {
    for (const { code } of rows) events.set(code, (events.get(code) ?? 0) + 1);
    for (const code of new Set(rows.map((row) => row.code))) patients.set(code, (patients.get(code) ?? 0) + 1);
  }
  const sorted = [...events.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  same(db.codes.size, sorted.length, () => "codes.size");
  same(db.codes.strings.slice(1), sorted, () => "codes in order of UTF-8 bytes");
  sorted.forEach((code, i) => {
    same(db.codes.id(code), i + 1, () => `codes.id(${JSON.stringify(code)})`);
    same(db.codes.get(i + 1)?.events, events.get(code), () => `events of ${JSON.stringify(code)}`);
    same(db.codes.get(i + 1)?.patients, patients.get(code), () => `patients of ${JSON.stringify(code)}`);
    const prefix = [...code].slice(0, 2).join("");
    const range = db.codes.withPrefix(prefix);
    const inside = sorted.flatMap((other, k) => (other.startsWith(prefix) ? [k + 1] : []));
    same([...range], inside, () => `codes.withPrefix(${JSON.stringify(prefix)})`);
  });
}

function checkSplits(db: PatientDatabase, expected: readonly ExpectedPatient[]): void {
  const splits = new Map<string, bigint[]>();
  for (const { id, split } of expected) if (split !== null) splits.set(split, [...(splits.get(split) ?? []), id]);
  same([...db.splits].sort(), [...splits].map(([name, ids]): [string, number] => [name, ids.length]).sort(), () => "splits");
  for (const [name, ids] of splits) same([...db.split(name).subjectIds], ids, () => `split ${name}`);
}

/** Compares one timeline, whole or a window, through objects, arrays, the visitor and column handles. */
export function checkTimeline(
  timeline: Timeline,
  rows: readonly ExpectedRow[],
  columns: readonly ColumnInfo[],
  at: string,
  hasValues = true,
): void {
  const statics = rows.filter(({ time }) => time === null).length;
  same(timeline.length, rows.length, () => `${at} length`);
  same(timeline.staticCount, statics, () => `${at} staticCount`);
  checkArrays(timeline, rows, at, hasValues);
  const events = [...timeline];
  same(events.length, rows.length, () => `${at} events iterated`);
  rows.forEach((row, i) => {
    checkEvent(events[i]!, row, columns, `${at} row ${i}`);
    if (i % 7 === 0) checkEvent(timeline.at(i - rows.length)!, row, columns, `${at} row ${i} from the end`);
  });
  same(timeline.at(rows.length), undefined, () => `${at} at(length)`);
  for (const column of columns) checkColumn(timeline.column(column.name), column, rows, `${at} column ${column.name}`);
}

function checkArrays(timeline: Timeline, rows: readonly ExpectedRow[], at: string, hasValues: boolean): void {
  const { times, timeWords, codeIds, numericValues } = timeline;
  const strings = timelineCodes(timeline);
  for (const array of [times, codeIds, numericValues]) same(array.length, rows.length, () => `${at} length of an array`);
  same(timeWords.length, 2 * rows.length, () => `${at} timeWords.length`);
  rows.forEach((row, i) => {
    const time = row.time ?? NO_TIME;
    const word = (BigInt(timeWords[2 * i + 1]!) << 32n) | BigInt(timeWords[2 * i]! >>> 0);
    same(times[i], time, () => `${at} times[${i}]`);
    same(word, time, () => `${at} timeWords[${i}]`);
    same(strings[i], row.code, () => `${at} codeAt(${i})`);
    same(numericValues[i], row.numeric_value ?? Number.NaN, () => `${at} numericValues[${i}]`);
    if (row.time === null) same(timeline.timeAt(i), Number.NaN, () => `${at} timeAt(${i})`);
    else if (safe(row.time)) same(timeline.timeAt(i), Number(row.time), () => `${at} timeAt(${i})`);
  });
  if (!hasValues && numericValues.some((value) => !Number.isNaN(value))) throw new Error(`${at}: values where the source has none`);
  if (rows.some(({ time }) => time !== null && !safe(time))) return;
  let visited = 0;
  timeline.forEach((time, code, value, i) => {
    const row = rows[i]!;
    same(i, visited, () => `${at} forEach order`);
    same(time, row.time === null ? Number.NaN : Number(row.time), () => `${at} forEach time ${i}`);
    same(code, row.code, () => `${at} forEach code ${i}`);
    same(value, row.numeric_value ?? Number.NaN, () => `${at} forEach value ${i}`);
    visited += 1;
  });
  same(visited, rows.length, () => `${at} rows visited`);
}

function timelineCodes(timeline: Timeline): string[] {
  return Array.from({ length: timeline.length }, (_, i) => timeline.codeAt(i));
}

function checkEvent(event: Event, row: ExpectedRow, columns: readonly ColumnInfo[], at: string): void {
  same(event.timeMicros, row.time, () => `${at} timeMicros`);
  same(event.isStatic, row.time === null, () => `${at} isStatic`);
  if (row.time === null || safe(row.time)) same(event.time, row.time === null ? null : Number(row.time), () => `${at} time`);
  same(event.code, row.code, () => `${at} code`);
  same(event.numericValue, row.numeric_value, () => `${at} numericValue`);
  for (const { name } of columns) {
    if (name === "time") continue;
    same(event.get(name), row[name] ?? null, () => `${at} get(${JSON.stringify(name)})`);
  }
}

/** The value of a column in a row; time as `column("time")` returns it. */
function cellOf(row: ExpectedRow, name: string): unknown {
  return name === "time" ? (row.time === null ? null : Number(row.time)) : (row[name] ?? null);
}

function checkColumn(column: Column<AnySchema[string] | null>, info: ColumnInfo, rows: readonly ExpectedRow[], at: string): void {
  if (info.name === "time" && rows.some(({ time }) => time !== null && !safe(time))) return;
  const values = rows.map((row) => cellOf(row, info.name));
  const present = values.flatMap((value, i) => (value === null ? [] : [i]));
  same(column.length, rows.length, () => `${at} length`);
  values.forEach((value, i) => {
    same(column.at(i), value, () => `${at} at(${i})`);
    same(column.isNull(i), value === null, () => `${at} isNull(${i})`);
  });
  // Backwards too: the cursor of a sparse column remembers its position.
  for (let i = rows.length - 1; i >= 0; i -= 3) same(column.at(i), values[i], () => `${at} at(${i}) backwards`);
  same([...column], values, () => `${at} iterated`);

  const sparse = info.storage === "sparse";
  const slots = sparse ? present : values.map((_, i) => i);
  same(column.rows === undefined ? undefined : [...column.rows], sparse ? present : undefined, () => `${at} rows`);
  same((column.indexes !== undefined) === info.coded, true, () => `${at} has indexes`);
  if (column.indexes !== undefined) {
    const dictionary = column.dictionary!;
    same(column.indexes.length, slots.length, () => `${at} indexes.length`);
    slots.forEach((row, k) => {
      same(dictionary.at(column.indexes![k]!), values[row], () => `${at} dictionary.at(indexes[${k}])`);
    });
    const entries = dictionary.toArray().slice(1).map(key);
    same(new Set(entries).size, entries.length, () => `${at} dictionary entries are unique`);
  }
  same(column.values.length, slots.length, () => `${at} values.length`);
  slots.forEach((row, k) => {
    same(decoded(column.values, k, info, values[row] === null), values[row], () => `${at} values[${k}]`);
  });
  const array = column.toArray();
  same(array.length, rows.length, () => `${at} toArray().length`);
  same(ArrayBuffer.isView(array), fixedWidth(info), () => `${at} toArray() is a typed array`);
  values.forEach((value, i) => {
    same(decoded(array, i, info, value === null), value, () => `${at} toArray()[${i}]`);
  });
}

const key = (value: unknown) => (typeof value === "bigint" ? `${value}n` : JSON.stringify(value));
const fixedWidth = ({ stored }: ColumnInfo) => /^(bool|u?int|float|double|date|time|duration)/.test(stored);

/** An element of `values` or `toArray()` as `at()` returns it. Includes the fillers of null entries. */
function decoded(array: ArrayLike<unknown>, i: number, { stored }: ColumnInfo, isNull: boolean): unknown {
  const value = array[i];
  if (!ArrayBuffer.isView(array)) return value;
  if (isNull) {
    if (array instanceof Float32Array || array instanceof Float64Array) return Number.isNaN(value) ? null : value;
    if (array instanceof BigInt64Array) return value === NO_TIME ? null : value;
    if (array instanceof BigUint64Array) return value === 2n ** 63n ? null : value; // the same bits
    return Number(value) === 0 ? null : value;
  }
  if (stored === "bool") return value === 1;
  if (stored === "date64") return Number(value) / 86_400_000;
  const unit = /^(?:time|duration).*\[(s|ms|us|ns)/.exec(stored)?.[1];
  if (unit === undefined || unit === "ns") return value;
  return Number(value) * { s: 1_000_000, ms: 1_000, us: 1 }[unit as "s" | "ms" | "us"];
}

/** Cuts windows at, just before and just after the patient's own times, and by count. */
function checkWindows(
  patient: Patient,
  rows: readonly ExpectedRow[],
  columns: readonly ColumnInfo[],
  at: string,
  hasValues: boolean,
): void {
  const times = rows.flatMap(({ time }) => (time === null ? [] : [time]));
  const low = times[Math.floor(times.length / 3)] ?? 0n;
  const high = times[Math.floor((2 * times.length) / 3)] ?? low + 1n;
  const check = (window: Timeline, keep: (row: ExpectedRow, i: number) => boolean, what: string) =>
    checkTimeline(window, rows.filter(keep), columns, `${at} ${what}`, hasValues);
  const timed =
    (test: (time: bigint) => boolean, statics = true) =>
    (row: ExpectedRow) =>
      row.time === null ? statics : test(row.time);

  for (const bound of [low, low - 1n, low + 1n]) {
    if (bound < NO_TIME || bound >= 2n ** 63n) continue;
    check(
      patient.until(bound),
      timed((t) => t <= bound),
      `until(${bound})`,
    );
    check(
      patient.until(bound, { inclusive: false }),
      timed((t) => t < bound),
      `until(${bound}) exclusive`,
    );
    check(
      patient.from(bound),
      timed((t) => t >= bound),
      `from(${bound})`,
    );
    check(
      patient.from(bound, { inclusive: false, static: false }),
      timed((t) => t > bound, false),
      `from(${bound}) exclusive, not static`,
    );
    if (!safe(bound)) continue;
    same(patient.until(Number(bound)).length, patient.until(bound).length, () => `${at} until(number)`);
  }
  check(
    patient.between(low, high),
    timed((t) => t >= low && t <= high),
    "between",
  );
  check(
    patient.between(low, high, { inclusive: false }),
    timed((t) => t > low && t < high),
    "between exclusive",
  );
  check(
    patient.between(low, high, { inclusive: "start", static: false }),
    timed((t) => t >= low && t < high, false),
    "between [)",
  );
  check(
    patient.between(low, high, { inclusive: "end" }),
    timed((t) => t > low && t <= high),
    "between (]",
  );
  const n = Math.ceil(rows.length / 2);
  check(patient.first(n), (_, i) => i < n, `first(${n})`);
  check(patient.last(n), (_, i) => i >= rows.length - n, `last(${n})`);
  check(patient.slice(1, -1), (_, i) => i >= 1 && i < rows.length - 1, "slice(1, -1)");
  // Windows of windows: of one with a gap, and of a list of rows.
  const late = rows.filter(timed((t) => t >= high));
  checkTimeline(
    patient.from(high).last(Math.max(late.length - 1, 0)),
    late.slice(Math.min(late.length, 1)),
    columns,
    `${at} from().last()`,
  );
  const code = rows[n - 1]?.code ?? "";
  const some = rows.filter((row) => row.code === code);
  checkTimeline(patient.withCode(code), some, columns, `${at} withCode()`);
  checkTimeline(patient.withCode(code).until(low), some.filter(timed((t) => t <= low)), columns, `${at} withCode().until()`);
}
