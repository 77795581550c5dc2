// Questions as tables: counts by time, as-of joins, windows by moments, and flat tables of rows. Against plain
// loops over timelines, against DuckDB, and where things go wrong.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { type Table, tableFromIPC } from "apache-arrow";
import fc from "fast-check";
import {
  type AsOf,
  type AsOfOptions,
  type Cohort,
  convert,
  Labels,
  MedsError,
  type Moments,
  type MomentWindows,
  type Patient,
  PatientDatabase,
  type QueryOptions,
  type RowObject,
  readSubjectIds,
  type SelectOptions,
  type TimeBin,
  type Value,
} from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Answers, type ExactWindows } from "./support/answers.js";
import { clinic, IDS, T0 } from "./support/clinic.js";
import { same } from "./support/compare.js";
import { duck, writeFiles, writeSimple } from "./support/dataset.js";
import { rejected } from "./support/errors.js";
import type { Raw } from "./support/families.js";
import { folder } from "./support/folder.js";
import { generated } from "./support/generated.js";
import { forAll, runs } from "./support/property.js";
import { python } from "./support/python.js";
import { dataset } from "./support/random.js";
import { real } from "./support/real.js";
import { withStore } from "./support/stored.js";

const NO_TIME = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const BINS: readonly TimeBin[] = ["year", "month", "day", { days: 1 }, { days: 7 }, { days: 400 }];

/** Rows as objects, from plain loops. */
function objects(answers: Answers, columns: readonly string[], isWindows: boolean): RowObject[] {
  const own = isWindows ? ["window", "subject_id"] : ["subject_id"];
  return answers.selected().map(({ window, patient, row }) => {
    const event = patient.at(row)!;
    const value = (name: string): Value | null =>
      name === "window" ? window : name === "subject_id" ? patient.subjectId : event.get(name as "code");
    return Object.fromEntries([...own, ...columns].map((name) => [name, value(name)])) as RowObject;
  });
}

/** Compares the forms of a selection with each other, and with plain loops. */
async function checkSelect(
  db: PatientDatabase,
  cohort: Cohort,
  options: SelectOptions & { readonly windows?: ExactWindows | undefined },
  ids: ReadonlySet<number> | null,
): Promise<void> {
  const { windows, limit, ...rest } = options;
  const columns = db.columns
    .map(({ name }) => name)
    .filter((name) => name !== "subject_id" && !(windows !== undefined && name === "window"));
  const all = objects(new Answers(db, cohort, windows, ids), columns, windows !== undefined);
  const expected = limit === undefined ? all : all.slice(0, limit);
  const found = await cohort.select({ ...rest, windows, limit, columns: "all", as: "objects" });
  same(found, expected, () => "objects");
  const arrays = await cohort.select({ ...rest, windows, limit, columns: "all" });
  expect(arrays.length).toBe(expected.length);
  for (const [name, values] of Object.entries(arrays.columns) as [string, ArrayLike<unknown>][]) {
    const valid = arrays.valid[name];
    expect(ArrayBuffer.isView(values)).toBe(valid !== undefined);
    const { stored } = db.columns.find((column) => column.name === name) ?? { stored: "int64" };
    expected.forEach((row, i) => {
      const [value, at] = [row[name], () => `${name} of row ${i}`];
      if (valid === undefined) {
        same(values[i], value, at);
        return;
      }
      same(valid[i], value === null ? 0 : 1, at);
      if (value === null) same(values[i], filler(values), at);
      else if (name === "time") same(values[i], BigInt(value as number), at);
      else if (stored === "bool") same(values[i], Number(value), at);
      else if (/^(u?int|float)\d+$/.test(stored)) same(values[i], value, at);
    });
  }
}

/** What a typed array contains for null. */
function filler(values: unknown): number | bigint {
  if (values instanceof Float32Array || values instanceof Float64Array) return Number.NaN;
  return values instanceof BigInt64Array ? NO_TIME : values instanceof BigUint64Array ? 2n ** 63n : 0;
}

/** The answer of an as-of join for one moment. */
interface Last {
  readonly row: number;
  readonly time: bigint;
  readonly id: number;
  readonly value: number;
}

/** The last row with some codes among rows of a patient. */
function lastOf(patient: Patient, rows: readonly number[], ids: ReadonlySet<number>, withValue: boolean): Last {
  const row = [...rows].reverse().find((row) => ids.has(patient.codeIds[row]!) && !(withValue && patient.at(row)!.numericValue === null));
  if (row === undefined) return { row: -1, time: NO_TIME, id: 0, value: Number.NaN };
  const event = patient.at(row)!;
  return { row, time: event.timeMicros ?? NO_TIME, id: event.codeId, value: event.numericValue ?? Number.NaN };
}

function sameAsOf(found: AsOf, subjects: readonly bigint[], all: readonly Last[], name: string): void {
  const expected = {
    subjectIds: BigInt64Array.from(subjects),
    has: Uint8Array.from(all, ({ row }) => (row < 0 ? 0 : 1)),
    found: all.filter(({ row }) => row >= 0).length,
    rows: Int32Array.from(all, ({ row }) => row),
    times: BigInt64Array.from(all, ({ time }) => time),
    codeIds: Uint32Array.from(all, ({ id }) => id),
    values: Float64Array.from(all, ({ value }) => value),
    columns: {},
  };
  same(found, expected, () => name);
}

const asked = fc.record({
  cohort: fc.array(fc.nat(), { maxLength: 6 }),
  whole: fc.boolean(),
  subjects: fc.array(fc.nat(), { maxLength: 12 }),
  bounds: fc.array(fc.tuple(fc.nat(), fc.constantFrom(-1n, 0n, 1n), fc.nat({ max: 9 })), { minLength: 24, maxLength: 24 }),
  start: fc.boolean(),
  end: fc.boolean(),
  inclusive: fc.constantFrom(undefined, true, false, "start" as const, "end" as const),
  static: fc.constantFrom(undefined, true, false),
  last: fc.constantFrom(undefined, 0, 1, 3, 1000, Number.POSITIVE_INFINITY),
  codes: fc.array(fc.nat({ max: 40 }), { maxLength: 5 }),
  others: fc.array(fc.nat({ max: 40 }), { maxLength: 5 }),
  threads: fc.constantFrom(0, 1, 2, 7),
  limit: fc.constantFrom(undefined, 0, 1, 5, 1000),
  maxAge: fc.constantFrom(undefined, 0n, 1n, 10n ** 12n, 2n ** 63n),
  with: fc.constantFrom("value" as const, "row" as const),
});

describe("random stores", () => {
  it("answer as plain loops over timelines do", async () => {
    const both = fc.tuple(dataset, asked).map(([data, ask]) => ({ ...data, ask }));
    await forAll(both, Math.ceil(runs / 2), 7, ({ ask, ...data }) =>
      withStore(data, async (db) => {
        const cohort = ask.whole ? db : db.subset({ slots: ask.cohort.map((n) => n % db.size) });
        const ids = cohort.size === 0 ? [] : ask.subjects.map((n) => cohort.subjectIds[n % cohort.size]!);
        const bound = (id: bigint, at: number) => {
          const [n, step, kind] = ask.bounds[at % ask.bounds.length]!;
          const times = cohort.get(id)!.times;
          const time = kind < 2 ? [NO_TIME, INT64_MAX][kind]! : times[n % times.length]! + step;
          return time < NO_TIME ? NO_TIME : time;
        };
        const pairs = ids.map((id, i) => [bound(id, 2 * i), bound(id, 2 * i + 1)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
        const windows: ExactWindows = {
          subjectIds: ids,
          start: ask.start ? pairs.map(([start]) => start!) : undefined,
          end: ask.end ? pairs.map(([, end]) => end!) : undefined,
          inclusive: ask.inclusive,
          static: ask.static,
          last: ask.last,
        };
        const [some, others] = [ask.codes, ask.others].map((list) => list.filter((id) => id > 0 && id <= db.codes.size));
        const { threads, limit } = ask;
        for (const cut of [undefined, windows]) {
          for (const codes of [undefined, some]) {
            const chosen = codes === undefined ? null : new Set(codes);
            const answers = new Answers(db, cohort, cut, chosen);
            for (const by of BINS)
              same(await cohort.countCodes({ by, codes, windows: cut, threads }), answers.countBins(by), () => `by ${JSON.stringify(by)}`);
            await checkSelect(db, cohort, { codes, windows: cut, threads, limit }, chosen);
          }
        }
        await checkAsOf(db, cohort, windows, { some: some!, others: others! }, ask);
      }),
    );
  }, 600_000);

  /** Compares as-of joins at the ends of windows, and in the windows themselves. */
  async function checkAsOf(
    db: PatientDatabase,
    cohort: Cohort,
    windows: ExactWindows,
    sets: { readonly some: readonly number[]; readonly others: readonly number[] },
    ask: {
      readonly with: "value" | "row";
      readonly maxAge: bigint | undefined;
      readonly static: boolean | undefined;
      readonly threads: number;
    },
  ): Promise<void> {
    const withValue = ask.with === "value";
    const subjects = windows.subjectIds;
    const chosen = Object.entries(sets).map(([name, ids]) => [name, new Set(ids)] as const);
    const options = { with: ask.with, threads: ask.threads };
    const statics = ask.static === true;
    const cut = new Answers(db, cohort, { ...windows, static: statics && (windows.static ?? true) });
    const inWindows = await cohort.asofEach(windows, sets, { ...options, static: statics });
    for (const [name, ids] of chosen) {
      const all = cut.groupsOf().map(({ patient, rows }) => lastOf(patient, rows, ids, withValue));
      sameAsOf(inWindows[name as "some"], subjects, all, `${name} in windows`);
    }
    if (windows.end === undefined) return;
    // A moment at the end of each window; every third does not exist.
    const has = Uint8Array.from(subjects, (_, i) => (i % 3 === 2 ? 0 : 1));
    const moments: Moments = { subjectIds: BigInt64Array.from(subjects), times: BigInt64Array.from(windows.end), has };
    const age = ask.maxAge;
    for (const inclusive of [true, false]) {
      const found = await cohort.asofEach(moments, sets, { ...options, static: statics, maxAge: age, inclusive });
      for (const [name, ids] of chosen) {
        const all = subjects.map((subject, i) => {
          const patient = cohort.get(subject)!;
          const end = windows.end![i]!;
          const isKnown = (time: bigint | null) =>
            time === null ? statics : (time < end || (inclusive && time === end)) && (age === undefined || time >= end - age);
          const rows = Array.from({ length: patient.length }, (_, row) => row).filter((row) => isKnown(patient.at(row)!.timeMicros));
          return lastOf(patient, has[i] === 1 && end !== NO_TIME ? rows : [], ids, withValue);
        });
        sameAsOf(found[name as "some"], subjects, all, `${name} at moments, ${inclusive}`);
      }
    }
  }
});

describe("a store of 400,000 rows in several shards", () => {
  let db: PatientDatabase;
  beforeAll(() => {
    db = PatientDatabase.open(generated.store);
  });
  afterAll(() => db.close());

  it("counts by time as a plain loop, with tables and with sorted rows", async () => {
    const labs = db.codes.withPrefix("LAB//");
    const answers = { all: new Answers(db, db), labs: new Answers(db, db, undefined, new Set(labs)) };
    for (const by of BINS) {
      const [all, some] = [answers.all.countBins(by), answers.labs.countBins(by)];
      for (const threads of [1, 3]) {
        same(await db.countCodes({ by, threads }), all, () => JSON.stringify(by));
        same(await db.countCodes({ by, threads, codes: labs }), some, () => `${JSON.stringify(by)} of labs`);
      }
    }
  });

  it("joins many labels of each patient, in any order", async () => {
    const labs = new Set(db.codes.withPrefix("LAB//"));
    const few = new Set([...labs].slice(0, 3));
    const points = [...db].flatMap((patient) =>
      [0.9, 0.2, 0.2, 0.5].map(
        (part) => [patient, patient.timeAt(Math.max(patient.staticCount, Math.floor(part * (patient.length - 1))))] as const,
      ),
    );
    // Shuffled, so that patients and times are in no order.
    const order = points.map((point, i) => [point, (i * 7919) % points.length] as const).sort(([, a], [, b]) => a - b);
    const labels = Labels.from(order.map(([[patient, time]]) => ({ subjectId: patient.subjectId, predictionTime: time })));
    const found = await db.asofEach(labels, { labs: [...labs], few: [...few], both: [[...labs].at(-1)!, ...few] }, { maxAge: "400d" });
    const both = new Set([[...labs].at(-1)!, ...few]);
    for (const [name, ids] of [
      ["labs", labs],
      ["few", few],
      ["both", both],
    ] as const) {
      const all = order.map(([[patient, time]]) => {
        const { length } = patient.until(time);
        const rows = Array.from({ length }, (_, row) => row).filter(
          (row) => row >= patient.staticCount && patient.timeAt(row) >= time - 400 * 86_400e6,
        );
        return lastOf(patient, rows, ids, true);
      });
      sameAsOf(
        found[name],
        order.map(([[patient]]) => patient.subjectId),
        all,
        name,
      );
      expect(found[name].found).toBeGreaterThan(100);
    }
  });

  it("writes the same rows to files in several pieces", async () => {
    const out = folder("rows");
    const paths = ["parquet", "arrow", "csv"].map((end) => join(out, `all.${end}`));
    for (const path of paths) expect(await db.writeRows(path)).toEqual({ rows: db.eventCount });
    const sql = await duck();
    const sums =
      "count(*)::INT, sum(numeric_value::DOUBLE), sum(hash(subject_id::BIGINT, code::VARCHAR, epoch_us(time::TIMESTAMP)))::VARCHAR";
    const ask = async (from: string) => (await sql.runAndReadAll(`SELECT ${sums} FROM ${from}`)).getRows()[0]!;
    const [count, sum, hash] = await ask(`read_parquet('${generated.source}/data/**/*.parquet')`);
    expect(count).toBe(db.eventCount);
    for (const from of [`read_parquet('${paths[0]}')`, `read_csv('${paths[2]}')`]) {
      const [own, total, code] = await ask(from);
      expect([own, code]).toEqual([count, hash]);
      expect((total as number) / (sum as number)).toBeCloseTo(1, 9);
    }
    const types = (await sql.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet('${paths[0]}')`))
      .getRows()
      .map(([name, type]) => [name, type]);
    expect(types).toEqual([["subject_id", "BIGINT"], ["time", "TIMESTAMP"], ["code", "VARCHAR"], ["numeric_value", "FLOAT"]]); // biome-ignore format: a table
    const table: Table = tableFromIPC(readFileSync(paths[1]!));
    expect([table.numRows, table.batches.length > 1]).toEqual([db.eventCount, true]);
    const { columns } = await db.select();
    for (const row of [0, 70_000, db.eventCount - 1])
      expect([table.getChild("subject_id")!.get(row), table.getChild("code")!.get(row)]).toEqual([
        columns.subject_id[row],
        columns.code[row],
      ]);
    expect(readdirSync(out).sort()).toEqual(["all.arrow", "all.csv", "all.parquet"]);
  }, 60_000);

  it("writes few rows of many pieces as one row group", async () => {
    const path = join(folder("groups"), "rows.parquet");
    const { rows } = await db.writeRows(path, { codes: "MEDS_BIRTH" });
    const sql = await duck();
    const ask = `SELECT num_rows::INT, num_row_groups::INT FROM parquet_file_metadata('${path}')`;
    expect((await sql.runAndReadAll(ask)).getRows()).toEqual([[rows, 1]]);
  });

  it("numbers windows over several pieces", async () => {
    const subjectIds = [...db.subjectIds, ...db.subjectIds];
    const path = join(folder("windows"), "w.parquet");
    const windows = { subjectIds, static: false };
    const { rows } = await db.writeRows(path, { windows, limit: 700_000 });
    const sql = await duck();
    const [found] = (
      await sql.runAndReadAll(
        `SELECT count(*)::INT, min("window")::INT, max("window")::INT, sum("window")::VARCHAR FROM read_parquet('${path}')`,
      )
    ).getRows();
    const all = (await db.select({ windows, columns: ["window"], limit: 700_000 })).columns.window;
    expect(found).toEqual([rows, 0, all.at(-1), String(all.reduce((sum, window) => sum + window, 0))]);
    expect(rows).toBe(Math.min(700_000, 2 * (db.eventCount - [...db].reduce((sum, { staticCount }) => sum + staticCount, 0))));
  });

  it("leaves no file when it is stopped, and stops questions", async () => {
    const out = folder("stopped");
    const stopped = new AbortController();
    stopped.abort();
    const { signal } = stopped;
    expect(await rejected(db.writeRows(join(out, "a.parquet"), { signal }))).toMatchObject({ code: "MEDS_CANCELLED" });
    expect(readdirSync(out)).toEqual([]);
    for (const ask of [
      () => db.select({ signal }),
      () => db.countCodes({ by: "day", signal }),
      () => db.asof(Labels.from([]), "A", { signal }),
    ])
      expect(await rejected(ask())).toMatchObject({ code: "MEDS_CANCELLED" });
    const running = new AbortController();
    const writing = db.writeRows(join(out, "b.csv"), { signal: running.signal, columns: "all" });
    setTimeout(() => running.abort(), 5);
    const ended = await writing.then(
      () => "done",
      (error) => error.code,
    );
    expect(ended === "done" ? ["b.csv"] : []).toEqual(readdirSync(out));
    expect(["done", "MEDS_CANCELLED"]).toContain(ended);
  });

  it("is closed while rows are read: a selection ends, a file is not written", async () => {
    const out = folder("closed");
    const own = PatientDatabase.open(generated.store);
    const selecting = own.select({ columns: "all" });
    own.close();
    expect((await selecting).length).toBe(db.eventCount);
    for (const form of ["parquet", "csv", "arrow"]) {
      const other = PatientDatabase.open(generated.store);
      const writing = rejected(other.writeRows(join(out, `a.${form}`), { columns: "all" }));
      // When the first piece is being read.
      await new Promise((resolve) => setImmediate(resolve));
      other.close();
      expect(await writing).toMatchObject({ code: "MEDS_CLOSED" });
    }
    expect(readdirSync(out)).toEqual([]);
  });

  it("writes files under Node's permission model, and says which path it refuses", () => {
    const [out, refused] = [folder("permitted"), folder("refused")];
    const program = `import { PatientDatabase } from "meds-reader";
      const db = PatientDatabase.open(${JSON.stringify(generated.store)});
      for (const folder of ${JSON.stringify([out, refused])})
        await db.writeRows(folder + "/rows.csv").then(({ rows }) => console.log(rows), ({ code, path }) => console.log(code, path));
      db.close();`;
    const model = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
    const flags = [model, "--allow-addons", "--allow-fs-read=*", `--allow-fs-write=${out}/*`, "--no-warnings", "--input-type=module"];
    const done = spawnSync(process.execPath, [...flags, "-e", program], { encoding: "utf8" });
    expect(done.stdout + done.stderr).toBe(`${db.eventCount}\nMEDS_PERMISSION ${join(refused, "rows.csv")}\n`);
    expect(readdirSync(out)).toEqual(["rows.csv"]);
    expect(readdirSync(refused)).toEqual([]);
  });

  it("stops writing to a stream that takes nothing", async () => {
    const stop = new AbortController();
    const stuck = new Writable({ write: () => void setTimeout(() => stop.abort(), 20) });
    expect(await rejected(db.writeRows(stuck, { signal: stop.signal }))).toMatchObject({ code: "MEDS_CANCELLED" });
  });

  it("reports a stream that is destroyed or ended, before the work or during it, and passes on the stream's own error", async () => {
    const sink = (write: (stream: Writable) => void = () => {}) =>
      new Writable({
        write(_chunk, _encoding, done) {
          write(this);
          done();
        },
      });
    for (const closed of [sink().destroy(), sink().end(), sink((stream) => stream.destroy())]) {
      const error = await rejected(db.writeRows(closed));
      expect(error).toMatchObject({ code: "MEDS_IO", message: expect.stringMatching(/^The stream was destroyed or ended before/) });
      expect(error).toBeInstanceOf(MedsError);
    }
    const reason = new Error("enough");
    const own = await db.writeRows(sink((stream) => stream.destroy(reason))).catch((error) => error);
    expect(own).toBe(reason);
  });
});

describe("a small store", () => {
  let db: PatientDatabase;
  beforeAll(async () => {
    db = PatientDatabase.open((await clinic()).store);
  });
  afterAll(() => db.close());

  it("makes windows of moments: aligned, empty where there is no moment", async () => {
    const births = await db.firstOf("MEDS_BIRTH");
    expect([births.found, births.has.at(-1), births.subjectIds.at(-1)]).toEqual([5, 0, IDS[5]]);
    const deaths = await db.lastOf({ prefix: "MEDS_DEATH" });
    const rowsIn = async (windows: MomentWindows) => {
      const { offsets } = await db.rowsWithCode(db.codes.withPrefix(""), { windows });
      return Array.from(offsets.subarray(1), (end, i) => end - offsets[i]!);
    };
    const none = (rows: number) => [rows, rows, rows, rows, rows, 0];
    expect(await rowsIn({ from: births })).toEqual(none(12));
    expect(await rowsIn({ from: births, static: false })).toEqual(none(10));
    expect(await rowsIn({ until: births, static: false })).toEqual(none(2));
    expect(await rowsIn({ until: births, inclusive: false })).toEqual(none(2)); // static rows
    expect(await rowsIn({ from: births, until: deaths, inclusive: false, static: false })).toEqual(none(6));
    expect(await rowsIn({ from: deaths, until: births })).toEqual(none(0)); // ends before it begins
    expect(await rowsIn({ from: births, after: { microseconds: 1000 }, static: false })).toEqual(none(8));
    expect(await rowsIn({ until: deaths, before: 2000n, static: false })).toEqual(none(6));
    expect(await rowsIn({ from: births, after: 1000, for: 1000, static: false })).toEqual(none(4));
    expect(await rowsIn({ until: deaths, for: 1000, inclusive: "end", static: false })).toEqual(none(2));
    expect(await rowsIn({ from: births, after: "40y", static: false })).toEqual(none(0));
    expect(await rowsIn({ from: births, for: "1y", static: false, last: 3 })).toEqual(none(3));
    // A static row is not a moment.
    expect(await rowsIn({ until: await db.firstOf("GENDER//F") })).toEqual([0, 0, 0, 0, 0, 0]);
    const labels = Labels.from([{ subjectId: IDS[2], predictionTime: T0 + 1000n }, { subjectId: IDS[0], predictionTime: T0 }]); // biome-ignore format: two
    expect(await rowsIn({ until: labels, static: false })).toEqual([4, 2]);
    const { subjectIds } = await db.countCodesEach({ windows: { until: labels } });
    expect([...subjectIds]).toEqual([IDS[2], IDS[0]]);
  });

  it("adds calendar years to moments", async () => {
    const source = folder("leap");
    const at = (text: string) => BigInt(Date.parse(text)) * 1000n;
    await writeSimple(source, [[1n, at("2020-02-29"), "BIRTH"], [1n, at("2021-02-28"), "A"], [1n, at("2021-03-01"), "B"]]); // biome-ignore format: rows
    await convert(source, join(source, "s.medsdb"));
    const own = PatientDatabase.open(join(source, "s.medsdb"));
    const birth = await own.firstOf("BIRTH");
    expect((await own.rowsWithCode("A", { windows: { from: birth, after: "1y" } })).rows).toEqual(Uint32Array.of(1));
    expect((await own.rowsWithCode("A", { windows: { from: birth, after: { days: 366 } } })).rows).toEqual(new Uint32Array());
    expect((await own.asof(birth, "B", { with: "row" })).found).toBe(0);
    own.close();
  });

  it("reads rows before those that an earlier window read", async () => {
    const id = IDS[0];
    const windows = { subjectIds: [id, id, id], start: [T0 + 2000n, T0, T0 + 3000n], end: [T0 + 2000n, T0 + 3000n, T0 + 4000n] };
    const { rows } = await db.asof(windows, "MEDS_BIRTH", { with: "row" });
    expect([...rows]).toEqual([-1, 2, -1]);
    const { last, first } = await db.asofEach(windows, { last: { prefix: "MEDS_DEATH" }, first: "LAB//a" }, { with: "row" });
    const of = (begin: bigint, end: bigint, code: string) =>
      [...db.get(id)!]
        .map((event) => (event.timeMicros! >= begin && event.timeMicros! <= end && event.code.startsWith(code) ? 1 : 0))
        .lastIndexOf(1);
    const expected = (code: string) => windows.start.map((start, i) => of(start, windows.end[i]!, code));
    expect([...last.rows]).toEqual(expected("MEDS_DEATH"));
    expect([...first.rows]).toEqual(expected("LAB//a"));
  });

  it("as-of joins of subject ids alone are refused, with what is wanted", async () => {
    const { code, message } = await rejected(db.asof(db.subjectIds as never, "A"));
    expect([code, message]).toEqual(["MEDS_INVALID_ARGUMENT", expect.stringContaining("windows such as { subjectIds, end }")]);
  });

  it("returns further columns of the rows that an as-of join finds", async () => {
    const deaths = await db.firstOf({ prefix: "MEDS_DEATH" });
    const found = await db.asof(deaths, { prefix: "LAB//" }, { columns: ["unit", "note", "dose", "given", "time"], with: "row" });
    for (const [name, values] of Object.entries(found.columns)) {
      const expected = Array.from(found.rows, (row, i) =>
        row < 0
          ? null
          : db
              .get(found.subjectIds[i]!)!
              .at(row)!
              .get(name as "code"),
      );
      expect(values, name).toEqual(expected);
      expect(values.at(-1), name).toBeNull();
    }
    expect(new Set(found.columns.given)).toEqual(new Set([false, null]));
    // The result bounds windows in turn.
    expect((await db.firstOf("GENDER//F", { windows: { until: found } })).found).toBe(5);
  });

  it("returns empty tables with their columns", async () => {
    const nobody = db.subset([]);
    const none = await nobody.select();
    expect([none.length, none.columns.code, none.columns.subject_id]).toEqual([0, [], new BigInt64Array()]);
    expect(await db.select({ codes: [], as: "objects" })).toEqual([]);
    expect((await db.select({ limit: 0, columns: "all" })).length).toBe(0);
    expect(await nobody.countCodes({ by: "year" })).toEqual({ codeIds: new Uint32Array(), bins: new Int32Array(), counts: new Float64Array(), withoutTime: 0 }); // biome-ignore format: one line
    const out = folder("none");
    for (const format of ["parquet", "csv", "arrow"] as const)
      expect(await nobody.writeRows(join(out, `none.${format}`), { columns: "all" })).toEqual({ rows: 0 });
    const sql = await duck();
    const described = (await sql.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet('${join(out, "none.parquet")}')`)).getRows();
    const whole = join(out, "whole.parquet");
    await db.writeRows(whole, { columns: "all" });
    expect(described).toEqual((await sql.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet('${whole}')`)).getRows());
    expect(readFileSync(join(out, "none.csv"), "utf8")).toBe(`subject_id,${db.columns.map(({ name }) => name).join(",")}\n`);
    expect(tableFromIPC(readFileSync(join(out, "none.arrow"))).schema.fields.length).toBe(db.columns.length + 1);
  });

  it("writes CSV that keeps nulls, empty texts, quotes and times apart", async () => {
    const source = folder("csv");
    await writeSimple(source, [[1n, null, 'a "b", c'], [1n, -1n, "line\nbreak"], [1n, NO_TIME + 1n, "", 0.1], [1n, 0n, "plain", -0]].sort((a, b) => (a[1] === null ? -1 : b[1] === null ? 1 : a[1]! < b[1]! ? -1 : 1)) as never); // biome-ignore format: rows
    await convert(source, join(source, "s.medsdb"));
    const own = PatientDatabase.open(join(source, "s.medsdb"));
    const chunks: Uint8Array[] = [];
    const stream = new Writable({ write: (chunk, _, done) => { chunks.push(chunk); done(); } }); // biome-ignore format: short
    await own.writeRows(stream);
    expect(Buffer.concat(chunks).toString()).toBe(
      `subject_id,time,code,numeric_value\n1,,"a ""b"", c",\n1,${NO_TIME + 1n},"",0.1\n1,1969-12-31T23:59:59.999999,"line\nbreak",\n1,1970-01-01T00:00:00,plain,-0.0\n`,
    );
    own.close();
  });

  it.skipIf(python === null)("writes nulls of the type null as empty fields of CSV", async () => {
    const type = { writer: "pyarrow" as const, encode: (raw: Raw) => raw };
    const columns = [
      { name: "subject_id", type: { ...type, type: "pa.int64()" }, values: [1n, 1n] },
      { name: "time", type: { ...type, type: "pa.timestamp('us')" }, values: [null, null] },
      { name: "code", type: { ...type, type: "pa.string()" }, values: ["A", "B"] },
      { name: "nothing", type: { ...type, type: "pa.null()" }, values: [null, null] },
    ];
    const source = folder("nothing");
    await writeFiles(source, [{ name: "0.parquet", columns }]);
    await convert(source, `${source}.medsdb`);
    const own = PatientDatabase.open(`${source}.medsdb`);
    await own.writeRows(join(source, "rows.csv"), { columns: ["code", "nothing", "subject_id"] });
    own.close();
    expect(readFileSync(join(source, "rows.csv"), "utf8")).toBe("code,nothing,subject_id\nA,,1\nB,,1\n");
  });

  it("reads lists of subjects", async () => {
    const path = join(folder("ids"), "ids.parquet");
    await db.writeRows(path, { codes: "MEDS_BIRTH", columns: ["subject_id"] });
    expect([...(await readSubjectIds(path))]).toEqual(IDS.slice(0, 5));
  });

  it("refuses wrong arguments with what to do", async () => {
    const code = async (promise: Promise<unknown>) => (await rejected(promise)).code;
    const births = await db.firstOf("MEDS_BIRTH");
    const window = (windows: object) => code(db.aggregate({ windows } as QueryOptions));
    const invalid = "MEDS_INVALID_ARGUMENT";
    expect(await window({ from: undefined })).toBe(invalid);
    expect(await window({ from: births, after: "x" })).toBe(invalid);
    expect(await window({ until: births, after: "1d" })).toBe(invalid);
    expect(await window({ from: births, before: "1d" })).toBe(invalid);
    expect(await window({ from: births, until: births, for: "1d" })).toBe(invalid);
    expect(await window({ from: births, subjectIds: births.subjectIds })).toBe(invalid);
    expect(await window({ from: births.times })).toBe(invalid);
    expect(await window({ from: { ...births, has: births.has.slice(1) } })).toBe(invalid);
    expect(await window({ from: births, until: await db.subset(IDS.slice(1)).firstOf("MEDS_BIRTH") })).toBe(invalid);
    expect(await window({ from: births, after: 2n ** 63n })).toBe("MEDS_TIME_RANGE");
    const by = (options: object) => code(db.countCodes({ by: "year", ...options }));
    for (const bin of ["week", "toString", 7, null, {}, { days: 0 }, { days: 1.5 }, { days: 7, hours: 1 }, { days: 1e9 }])
      expect(await by({ by: bin }), String(bin)).toBe(invalid);
    expect(await by({ window: 1 })).toBe(invalid);
    expect(await code(db.countCodes({ codes: "A" } as QueryOptions))).toBe(invalid);
    // Both forms of countCodes name all its options, and allow them to be undefined.
    for (const options of [{ window: 1 }, { window: 1, by: "year" }])
      expect((await rejected(db.countCodes(options as QueryOptions))).message).toContain(
        "The options are by, codes, windows, threads, signal.",
      );
    expect(await db.countCodes({ by: undefined, codes: undefined } as QueryOptions)).toEqual(await db.countCodes());
    const select = (options: object) => code(db.select(options));
    expect(await select({ columns: ["nothing"] })).toBe("MEDS_UNKNOWN_COLUMN");
    expect(await select({ columns: ["window"] })).toBe("MEDS_UNKNOWN_COLUMN");
    for (const options of [{ columns: [] }, { columns: "code" }, { columns: ["code", "code"] }, { as: "rows" }, { limit: -1 }, { column: "code" }, { threads: -1 }]) // biome-ignore format: a list
      expect(await select(options), JSON.stringify(options)).toBe(invalid);
    const asof = (known: unknown, options?: object) => code(db.asof(known as Moments, "LAB//a", options as AsOfOptions));
    expect(await asof(null)).toBe(invalid);
    expect(await asof({ subjectIds: [1n] }, { maxAge: "1d" })).toBe(invalid);
    expect(await asof(births, { with: "rows" })).toBe(invalid);
    expect(await asof(births, { columns: "unit" })).toBe(invalid);
    expect(await asof(births, { columns: ["nothing"] })).toBe("MEDS_UNKNOWN_COLUMN");
    expect(await asof(births, { maxage: "1d" })).toBe(invalid);
    expect(await asof(Labels.from([{ subjectId: 12345, predictionTime: 0 }]))).toBe("MEDS_UNKNOWN_SUBJECT");
    expect(await code(db.asofEach(births, ["LAB//a"] as never))).toBe(invalid);
    expect(await code(db.asofEach(births, /LAB/ as never))).toBe(invalid);
    const write = (to: unknown, options?: object) => code(db.writeRows(to as string, options));
    expect(await write("rows.txt")).toBe(invalid);
    expect(await write("")).toBe(invalid);
    expect(await write({})).toBe(invalid);
    expect(await write({ write: () => true, end: () => {} })).toBe(invalid);
    expect(await write(join(folder("write"), "rows.csv"), { signal: 5 })).toBe(invalid);
    expect(await write(join(db.path, "rows.parquet"))).toBe(invalid);
    expect(await write(join(folder("write"), "no", "rows.parquet"))).toBe("MEDS_NOT_FOUND");
    expect(await write("rows.parquet", { format: "xlsx" })).toBe(invalid);
    expect(existsSync("rows.parquet")).toBe(false);
  });
});

describe("a damaged store", () => {
  /** A copy of a store in which bytes of its last shard are changed. */
  async function damaged(bytes: Uint8Array, at: (patient: Patient) => number): Promise<PatientDatabase> {
    const whole = await clinic();
    const store = join(folder("damaged"), "s.medsdb");
    cpSync(whole.store, store, { recursive: true });
    const db = PatientDatabase.open(store);
    const offset = at(db.at(0)!);
    db.close();
    const file = openSync(join(store, "shards", readdirSync(join(store, "shards")).sort()[0]!), "r+");
    writeSync(file, bytes, 0, bytes.length, offset);
    return PatientDatabase.open(store);
  }

  it("with a time outside the store's times refuses to count it", async () => {
    const late = new Uint8Array(BigInt64Array.of(INT64_MAX).buffer);
    const db = await damaged(late, (patient) => patient.times.byteOffset + 8 * (patient.length - 1));
    for (const codes of [undefined, "MEDS_BIRTH", db.codes.withPrefix("MEDS_DEATH")])
      for (const by of ["year", "day", { days: 1 }] as const) {
        const ask = db.countCodes({ by, codes });
        if (codes === "MEDS_BIRTH") await ask;
        else expect(await rejected(ask)).toMatchObject({ code: "MEDS_CORRUPT" });
      }
    db.close();
  });

  it.each([0, 255])("whose code id is %i refuses the question", async (id) => {
    const db = await damaged(Uint8Array.of(id), (patient) => patient.codeIds.byteOffset + 3);
    const moments = Labels.from(Array.from(IDS.slice(0, 3), (subjectId) => ({ subjectId, predictionTime: T0 + 10n ** 9n })));
    const asks = [
      () => db.countCodes({ by: "year" }),
      () => db.countCodes({ by: "day", codes: "DX//1" }),
      () => db.select(),
      () => db.select({ codes: "DX//1" }),
      () => db.asof(moments, "DX//1"),
    ];
    for (const ask of asks)
      expect(await rejected(ask())).toMatchObject({ code: "MEDS_CORRUPT", message: expect.stringContaining("code ids") });
    db.close();
  });
});

const mimic = real("mimic-iv-demo-meds-0.0.1");

describe.skipIf(mimic === null)("the MIMIC-IV demo", () => {
  let db: PatientDatabase;
  beforeAll(async () => {
    const store = join(folder("mimic"), "mimic.medsdb");
    await convert(mimic!, store);
    db = PatientDatabase.open(store);
  });
  afterAll(() => db.close());

  const events = () => `read_parquet('${join(mimic!, "data").replaceAll("'", "''")}/**/*.parquet', file_row_number = true)`;
  const sql = async (text: string): Promise<unknown[][]> =>
    (await (await duck()).runAndReadAll(text.replaceAll("$events", events()))).getRows();

  it.each(["year", "month", "day"] as const)("has DuckDB's counts by %s", async (by) => {
    const { codeIds, bins, counts, withoutTime } = await db.countCodes({ by });
    const bin = by === "year" ? "year(time)::BIGINT" : `epoch_us(date_trunc('${by}', time))`;
    const expected = await sql(
      `SELECT * FROM (SELECT code, ${bin} b, count(*)::DOUBLE FROM $events WHERE time IS NOT NULL GROUP BY ALL) ORDER BY encode(code), b`,
    );
    const found = Array.from(codeIds, (id, i) => [db.codes.strings[id], BigInt(bins[i]!), counts[i]]);
    same(found, expected, () => by);
    expect(withoutTime).toBe(Number((await sql("SELECT count(*) FROM $events WHERE time IS NULL"))[0]![0]));
  });

  it("has DuckDB's as-of join", async () => {
    const prefix = "LAB//";
    const ends = Array.from(db, (patient) => BigInt(patient.timeAt(Math.floor((patient.length + patient.staticCount - 1) / 2))));
    const labels = Labels.from(ends.map((predictionTime, slot) => ({ subjectId: db.subjectIds[slot]!, predictionTime })));
    const cut = Array.from(db.subjectIds, (id, i) => `(${id}::BIGINT, make_timestamp(${ends[i]}))`).join(",");
    const expected =
      await sql(`SELECT id, arg_max(numeric_value, (time, file_row_number))::DOUBLE, epoch_us(max(time)) FROM $events JOIN (VALUES ${cut}) w(id, until)
      ON subject_id = id AND time <= until WHERE starts_with(code, '${prefix}') AND numeric_value IS NOT NULL GROUP BY id`);
    const answer = new Map(expected.map(([id, value, time]) => [id, [value, time]]));
    const { has, values, times } = await db.asof(labels, `${prefix}*`);
    const found = Array.from(db.subjectIds, (id, i) => [id, has[i] === 1 ? [values[i], times[i]] : undefined]);
    same(
      found,
      Array.from(db.subjectIds, (id) => [id, answer.get(id)]),
      () => "as of",
    );
    expect(answer.size).toBeGreaterThan(50);
  });

  it("answers the cohort question in a few lines as plain loops do", async () => {
    // Heart failure before the first ICU stay: age at the stay, and the last creatinine before it.
    const failure = /^DIAGNOSIS\/\/ICD\/\/(9\/\/428|10\/\/I50)/;
    const icu = await db.firstOf("ICU_ADMISSION*");
    const [birth, heart, creatinine] = await Promise.all([
      db.firstOf("MEDS_BIRTH"),
      db.firstOf(failure, { windows: { until: icu, inclusive: false } }),
      db.asof(icu, "LAB//50912*", { inclusive: false }),
    ]);
    const found = [...icu.subjectIds.keys()]
      .filter((i) => heart.has[i] === 1)
      .map((i) => [icu.subjectIds[i], icu.times[i]! - birth.times[i]!, creatinine.values[i]]);
    const expected: unknown[] = [];
    for (const patient of db) {
      const rows = [...patient].map((event) => ({ code: event.code, time: event.timeMicros, value: event.numericValue }));
      const stay = rows.find(({ code }) => code.startsWith("ICU_ADMISSION"))?.time;
      if (stay === undefined || stay === null) continue;
      const before = rows.filter(({ time }) => time !== null && time < stay);
      if (!before.some(({ code }) => failure.test(code))) continue;
      const last = [...before].reverse().find(({ code, value }) => code.startsWith("LAB//50912") && value !== null)?.value ?? Number.NaN;
      expected.push([patient.subjectId, stay - rows.find(({ code }) => code === "MEDS_BIRTH")!.time!, last]);
    }
    same(found, expected, () => "the cohort");
    expect(expected.length).toBeGreaterThan(2);
  });
});
