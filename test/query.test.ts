// Questions to many patients at once: against plain loops over timelines, against DuckDB, and where things go wrong.
import { cpSync, openSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { type CodeChoice, type Cohort, convert, PatientDatabase, type QueryOptions } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Answers, type ExactWindows } from "./support/answers.js";
import { run } from "./support/child.js";
import { clinic, IDS, ROWS, T0 } from "./support/clinic.js";
import { same } from "./support/compare.js";
import { duck, writeSimple } from "./support/dataset.js";
import { rejected } from "./support/errors.js";
import { folder, place } from "./support/folder.js";
import { generated } from "./support/generated.js";
import { forAll, runs } from "./support/property.js";
import { dataset } from "./support/random.js";
import { real } from "./support/real.js";
import { withStore } from "./support/stored.js";

/** Compares all operations on a cohort with plain loops. */
async function check(
  db: PatientDatabase,
  cohort: Cohort,
  { windows, choice, threads }: { windows?: ExactWindows | undefined; choice?: CodeChoice; threads?: number },
  ids: ReadonlySet<number> | null = null,
): Promise<void> {
  const options = { windows, threads };
  const all = new Answers(db, cohort, windows);
  const some = new Answers(db, cohort, windows, ids);
  same(await cohort.countCodes(options), all.countCodes(), () => "countCodes");
  same(await cohort.countCodesEach(options), all.countCodesEach(), () => "countCodesEach");
  same(await cohort.aggregate(options), all.aggregate(), () => "aggregate");
  if (choice === undefined) return;
  same(await cohort.countCodesEach({ ...options, codes: choice }), some.countCodesEach(), () => "countCodesEach of codes");
  same(await cohort.aggregate({ ...options, codes: choice }), some.aggregate(), () => "aggregate of codes");
  same(await cohort.firstOf(choice, options), some.occurrences("firstOf"), () => "firstOf");
  same(await cohort.lastOf(choice, options), some.occurrences("lastOf"), () => "lastOf");
  same(await cohort.rowsWithCode(choice, options), some.rowsWithCode(), () => "rowsWithCode");
}

/** How to ask a random store; numbers stand for what is only known once the store is open. */
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
  codes: fc.array(fc.nat({ max: 400 }), { maxLength: 5 }),
  prefix: fc.constantFrom("A", "A//", "", "zzz", null),
  queryThreads: fc.constantFrom(0, 1, 2, 7),
});

const INT64 = [-(2n ** 63n), 2n ** 63n - 1n] as const;

describe("random stores", () => {
  it("answer as plain loops over timelines do", async () => {
    const both = fc.tuple(dataset, asked).map(([data, ask]) => ({ ...data, ask }));
    await forAll(both, runs, 2, ({ ask, ...data }) =>
      withStore(data, async (db) => {
        const cohort = ask.whole ? db : db.subset({ slots: ask.cohort.map((n) => n % db.size) });
        const ids = cohort.size === 0 ? [] : ask.subjects.map((n) => cohort.subjectIds[n % cohort.size]!);
        // Bounds at, and a microsecond beside, the patient's own times; now and then the ends of time.
        const bound = (id: bigint, at: number) => {
          const [n, step, kind] = ask.bounds[at % ask.bounds.length]!;
          const times = cohort.get(id)!.times;
          const time = kind < 2 ? INT64[kind]! : times[n % times.length]! + step;
          return time < INT64[0] ? INT64[0] : time;
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
        const range = ask.prefix === null ? [] : [db.codes.withPrefix(ask.prefix)];
        const chosen = new Set([...ask.codes, ...range.flatMap((run) => [...run])]);
        const choice = [...ask.codes.map((id, i) => (i % 2 === 0 ? id : (db.codes.get(id)?.code ?? id))), ...range];
        const threads = ask.queryThreads;
        await check(db, cohort, { choice, threads }, chosen);
        await check(db, cohort, { windows, choice, threads }, chosen);
      }),
    );
  }, 600_000);
});

describe("a store of 400,000 rows in several shards", () => {
  let db: PatientDatabase;
  beforeAll(() => {
    db = PatientDatabase.open(generated.store);
  });
  afterAll(() => db.close());

  it("answers as plain loops, on any number of threads", async () => {
    expect(readdirSync(join(generated.store, "shards")).length).toBeGreaterThan(2);
    const labs = db.codes.withPrefix("LAB//");
    const train = db.split("train");
    const ids = [...train].flatMap(({ subjectId }) => [subjectId, subjectId]);
    const end = ids.map((id, i) => BigInt(train.get(id)!.timeAt(Math.floor((train.get(id)!.length - 1) / (1 + (i % 2))))));
    const windows = { subjectIds: ids, end, inclusive: false, last: 256 };
    for (const threads of [1, 2, 5]) {
      await check(db, db, { choice: labs, threads }, new Set(labs));
      await check(db, train, { windows, choice: [labs], threads }, new Set(labs));
    }
  });

  it("accepts ids and times as numbers, bigints, Dates and arrays of int64", async () => {
    const ids = db.subjectIds.slice(0, 50);
    const end = Array.from(ids, (id) => new Date(Math.floor(db.get(id)!.lastTime! / 2000)));
    const exact = BigInt64Array.from(end, (date) => BigInt(date.getTime()) * 1000n);
    const found = await db.countCodesEach({ windows: { subjectIds: ids, end: exact } });
    expect(found.codeIds.length).toBeGreaterThan(0);
    const forms = [
      { subjectIds: Array.from(ids, Number), end },
      { subjectIds: Array.from(ids), end: Array.from(exact) },
      { subjectIds: Float64Array.from(ids, Number), end: Float64Array.from(exact, Number) },
    ];
    for (const windows of forms) same(await db.countCodesEach({ windows }), found, () => "another form");
  });

  it("stops on a signal, and answers the next query", async () => {
    const stopped = new AbortController();
    stopped.abort("enough");
    expect(await rejected(db.countCodes({ signal: stopped.signal }))).toMatchObject({ code: "MEDS_CANCELLED", cause: "enough" });
    const running = new AbortController();
    const queries = Array.from({ length: 8 }, () => db.aggregate({ signal: running.signal, threads: 1 }));
    running.abort();
    const ends = await Promise.allSettled(queries);
    expect(ends.every((end) => end.status === "fulfilled" || end.reason.code === "MEDS_CANCELLED")).toBe(true);
    expect(ends.filter((end) => end.status === "rejected").length).toBeGreaterThan(0);
    expect((await db.countCodes()).events.reduce((sum, count) => sum + count)).toBe(db.eventCount);
  });

  it("finishes queries that run when it is closed, and refuses later ones", async () => {
    const own = PatientDatabase.open(generated.store);
    const expected = await own.countCodes();
    const queries = Array.from({ length: 8 }, () => own.countCodes());
    own.close();
    for (const found of await Promise.all(queries)) same(found, expected, () => "a query across close()");
    expect(await rejected(own.countCodes())).toMatchObject({ code: "MEDS_CLOSED" });
    expect(await rejected(own.rowsWithCode("A"))).toMatchObject({ code: "MEDS_CLOSED" });
  });

  it("does not see what JavaScript writes to a view by mistake", async () => {
    const own = PatientDatabase.open(generated.store);
    const expected = await own.countCodes();
    own.at(0)!.codeIds.fill(255);
    same(await own.countCodes(), expected, () => "after a write");
    own.close();
  });

  it("survives workers that are terminated while they ask", async () => {
    const end = await run("query-child.mjs", [generated.store, "6"]);
    expect(end).toMatchObject({ code: 0, signal: null, stderr: "" });
    expect(JSON.parse(end.stdout)).toEqual({ rows: db.eventCount });
  });
});

describe("a small store", () => {
  let db: PatientDatabase;
  beforeAll(async () => {
    db = PatientDatabase.open((await clinic()).store);
  });
  afterAll(() => db.close());

  const code = async (promise: Promise<unknown>) => (await rejected(promise)).code;

  it("returns empty arrays for empty cohorts and windows, and for codes without rows", async () => {
    const nobody = db.subset([]);
    same(await nobody.countCodesEach(), new Answers(db, nobody).countCodesEach(), () => "no patient");
    const counts = await nobody.countCodes();
    expect([counts.events.length, counts.events.some((n) => n > 0)]).toEqual([db.codes.strings.length, false]);
    expect(await nobody.rowsWithCode("LAB//a")).toEqual({
      slots: new Uint32Array(),
      offsets: new Float64Array(1),
      rows: new Uint32Array(),
    });
    const none = { windows: { subjectIds: [], start: [], end: [] } };
    expect((await db.aggregate(none)).offsets).toEqual(new Float64Array(1));
    expect(await db.firstOf("LAB//a", none)).toEqual({
      subjectIds: new BigInt64Array(),
      has: new Uint8Array(),
      found: 0,
      rows: new Int32Array(),
      times: new BigInt64Array(),
      codeIds: new Uint32Array(),
    });
    expect((await db.rowsWithCode(["nothing", 0, -1, 999_999])).slots.length).toBe(0);
    expect((await db.rowsWithCode([])).slots.length).toBe(0);
    expect((await db.rowsWithCode(db.codes.withPrefix("zzz"))).slots.length).toBe(0);
    expect((await db.rowsWithCode("LAB//a", { windows: { subjectIds: [7, 7], last: 0 } })).offsets).toEqual(new Float64Array(3));
  });

  it("keeps static rows as windows of a timeline do", async () => {
    const windows = { subjectIds: [IDS[0], IDS[5]], start: [T0 + 10n ** 9n, T0] };
    same(
      await db.rowsWithCode(db.codes.withPrefix(""), { windows }),
      rows(
        [0, 5],
        [
          [0, 1],
          [0, 1],
        ],
      ),
      () => "static rows",
    );
    same(
      await db.rowsWithCode(db.codes.withPrefix(""), { windows: { ...windows, static: false } }),
      rows([0, 5], [[], []]),
      () => "no static rows",
    );
    const late = { subjectIds: [IDS[0]], start: [T0 + 4000n], last: 3 };
    same(await db.rowsWithCode(db.codes.withPrefix(""), { windows: late }), rows([0], [[1, ROWS - 2, ROWS - 1]]), () => "the last rows");
    expect((await db.firstOf("GENDER//F")).times).toEqual(BigInt64Array.from(IDS, () => -(2n ** 63n)));
  });

  const rows = (slots: number[], groups: number[][]) => ({
    slots: Uint32Array.from(slots),
    offsets: Float64Array.from([0, ...groups.map((_, i) => groups.slice(0, i + 1).flat().length)]),
    rows: Uint32Array.from(groups.flat()),
  });

  it("refuses subjects that are not in the cohort, at any position", async () => {
    const train = db.split("train");
    const stranger = [...db].find(({ split }) => split !== "train")!.subjectId;
    const asked = (cohort: Cohort, subjectIds: readonly (number | bigint)[]) => code(cohort.countCodes({ windows: { subjectIds } }));
    expect(await asked(train, [train.at(0)!.subjectId, stranger])).toBe("MEDS_UNKNOWN_SUBJECT");
    expect(await asked(db, [12345])).toBe("MEDS_UNKNOWN_SUBJECT");
    expect(await asked(db, [2n ** 64n + 7n])).toBe("MEDS_UNKNOWN_SUBJECT");
    expect(await asked(db.subset([]), [IDS[0]])).toBe("MEDS_UNKNOWN_SUBJECT");
    const error = await rejected(db.countCodes({ windows: { subjectIds: Array.from({ length: 9999 }, (_, i) => -100 - i) } }));
    expect(error.message).toContain("Subject -100 ");
  });

  it("refuses wrong arguments with what to do", async () => {
    const id = IDS[0];
    const ask = (options: unknown) => code(db.countCodes(options as QueryOptions));
    const window = (windows: object) => ask({ windows: { subjectIds: [id], ...windows } });
    expect(await window({ start: [T0, T0] })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await window({ end: [] })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await window({ start: [T0 + 1n], end: [T0] })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await window({ end: [2n ** 63n] })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await window({ end: [0.5] })).toBe("MEDS_UNSAFE_NUMBER");
    expect(await window({ end: ["yesterday"] })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await window({ end: T0 })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await window({ last: -1 })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await window({ last: 1.5 })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await window({ inclusive: "both" })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await window({ subjectIds: [2 ** 53] })).toBe("MEDS_UNSAFE_NUMBER");
    expect(await window({ subjectIds: ["7"] })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await window({ subjectIds: undefined })).toBe("MEDS_INVALID_ARGUMENT");
    for (const threads of [-1, 1.5, Number.NaN, "2"]) expect(await ask({ threads })).toBe("MEDS_INVALID_ARGUMENT");
    for (const codes of [null, 1.5, [null], [["A"]], {}, Number.NaN] as unknown as CodeChoice[])
      expect(await code(db.rowsWithCode(codes)), String(codes)).toBe("MEDS_INVALID_ARGUMENT");
  });

  it("warns once of bounds in milliseconds", async () => {
    const own = PatientDatabase.open(db.path);
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    await own.countCodes({ windows: { subjectIds: [7, 7], end: [Number(T0) / 1000, 1] } });
    await own.countCodes({ windows: { subjectIds: [7], end: [1] } });
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
    own.close();
  });
});

it("float64 values and real NaNs are not mistaken for nulls", async () => {
  const values = [1, Number.NaN, null, 0.1, Number.POSITIVE_INFINITY];
  const table = values.map((_, i): [bigint, bigint, string] => [1n, BigInt(i), i === 4 ? "B" : "A"]);
  const source = folder("doubles");
  await writeSimple(source, table);
  // The same rows with a column of doubles.
  const sql = await duck();
  const cells = values.map(
    (value, i) => `(1::BIGINT, make_timestamp(${i}), '${table[i]![2]}', ${value === null ? "NULL" : `'${value}'`}::DOUBLE)`,
  );
  const path = join(source, "data", "0.parquet");
  await sql.run(`COPY (SELECT * FROM (VALUES ${cells.join(",")}) t(subject_id, time, code, numeric_value)) TO '${path}' (FORMAT parquet)`);
  await convert(source, join(source, "s.medsdb"));
  const db = PatientDatabase.open(join(source, "s.medsdb"));
  const found = await db.aggregate();
  expect([...found.count, ...found.valueCount]).toEqual([4, 1, 3, 1]);
  expect([...found.sum]).toEqual([Number.NaN, Number.POSITIVE_INFINITY]);
  expect([...found.last]).toEqual([0.1, Number.POSITIVE_INFINITY]);
  await check(db, db, { windows: { subjectIds: [1n, 1n, 1n], end: [0n, 2n, 9n] } });
  db.close();
});

it("withAncestor follows parents through any number of steps and through cycles", async () => {
  const source = folder("ancestors");
  const codes = ["A", "A1", "A2", "A21", "B", "Z"];
  await writeSimple(
    source,
    codes.map((name, i) => [BigInt(i), 0n, name]),
  );
  const sql = await duck();
  const parents = "('A', ['A21', 'root']), ('A1', ['A']), ('A2', ['A', NULL]), ('A21', ['A2', 'B']), ('B', NULL)";
  const path = place(source, "metadata", "codes.parquet");
  await sql.run(`COPY (SELECT * FROM (VALUES ${parents}) t(code, parent_codes)) TO '${path}' (FORMAT parquet)`);
  const store = join(source, "s.medsdb");
  await convert(source, store);
  const db = PatientDatabase.open(store);
  const below = (name: string) => Array.from(db.codes.withAncestor(name), (id) => db.codes.strings[id]);
  expect(below("A")).toEqual(["A", "A1", "A2", "A21"]);
  expect(below("A2")).toEqual(["A", "A1", "A2", "A21"]); // A21's child is A
  expect(below("A1")).toEqual(["A1"]);
  expect(below("B")).toEqual(["A", "A1", "A2", "A21", "B"]);
  expect(below("root")).toEqual(["A", "A1", "A2", "A21"]); // itself no event's code
  expect(below("Z")).toEqual(["Z"]);
  expect(below("nothing")).toEqual([]);
  expect((await db.rowsWithCode(db.codes.withAncestor("A"))).slots).toEqual(Uint32Array.of(0, 1, 2, 3));
  db.close();
  expect(() => db.codes.withAncestor("A")).toThrow(expect.objectContaining({ code: "MEDS_CLOSED" }));
});

describe("a damaged store", () => {
  it.each([0, 255])("whose code id is %i refuses the query and answers the others", async (id) => {
    const whole = await clinic();
    const store = join(folder("damaged"), "s.medsdb");
    cpSync(whole.store, store, { recursive: true });
    let db = PatientDatabase.open(store);
    const slot = db.size - 1;
    const patient = db.at(slot)!;
    const at = patient.codeIds.byteOffset;
    db.close();
    const file = openSync(join(store, "shards", readdirSync(join(store, "shards")).sort().at(-1)!), "r+");
    writeSync(file, Uint8Array.of(id), 0, 1, at);
    db = PatientDatabase.open(store);
    const labs = db.codes.withPrefix("LAB//");
    for (const cohort of [db, db.subset({ slots: [slot] })]) {
      const queries = [
        () => cohort.countCodes(),
        () => cohort.countCodesEach(),
        () => cohort.aggregate({ codes: labs }),
        () => cohort.rowsWithCode("LAB//a"),
        () => cohort.rowsWithCode(["LAB//a", "DX//1"]),
        () => cohort.firstOf("nothing"),
      ];
      for (const query of queries)
        expect(await rejected(query())).toMatchObject({ code: "MEDS_CORRUPT", message: expect.stringContaining("code ids") });
    }
    const others = db.subset({ slots: db.slots.slice(0, slot) });
    await check(db, others, { choice: labs }, new Set(labs));
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

  /** Rows of a query over the Parquet files. */
  async function sql(text: string): Promise<unknown[][]> {
    const connection = await duck();
    const from = `read_parquet('${join(mimic!, "data").replaceAll("'", "''")}/**/*.parquet', file_row_number = true)`;
    return (await connection.runAndReadAll(text.replaceAll("$events", from))).getRows();
  }

  it("has DuckDB's counts", async () => {
    const { events, patients } = await db.countCodes();
    const expected = await sql("SELECT code, count(*)::DOUBLE, count(DISTINCT subject_id)::INT FROM $events GROUP BY code");
    expect(expected.length).toBe(db.codes.size);
    for (const [code, rows, subjects] of expected) {
      const id = db.codes.id(code as string)!;
      same([events[id], patients[id]], [rows, subjects], () => `counts of ${code}`);
    }
  });

  it("has DuckDB's aggregates of each patient and code", async () => {
    const found = await db.aggregate();
    const expected =
      await sql(`SELECT subject_id, code, count(*)::INT, count(numeric_value)::INT, sum(numeric_value::DOUBLE), avg(numeric_value::DOUBLE),
      min(numeric_value)::DOUBLE, max(numeric_value)::DOUBLE, last(numeric_value ORDER BY time NULLS FIRST, file_row_number)
      FILTER (WHERE numeric_value IS NOT NULL)::DOUBLE FROM $events GROUP BY ALL`);
    expect(found.codeIds.length).toBe(expected.length);
    const place = new Map<string, number>();
    for (let slot = 0; slot < db.size; slot += 1) {
      for (let i = found.offsets[slot]!; i < found.offsets[slot + 1]!; i += 1)
        place.set(`${db.subjectIds[slot]} ${db.codes.strings[found.codeIds[i]!]}`, i);
    }
    for (const [subject, code, rows, values, sum, mean, min, max, last] of expected) {
      const at = `${subject} ${code}`;
      const i = place.get(at)!;
      const exact = [found.count[i], found.valueCount[i], found.min[i], found.max[i], found.last[i]];
      same(exact, [rows, values, min ?? Number.NaN, max ?? Number.NaN, last ?? Number.NaN], () => at);
      if (sum === null) continue;
      expect(found.sum[i]! / (sum as number) || 1, at).toBeCloseTo(1, 9);
      expect(found.mean[i]! / (mean as number) || 1, at).toBeCloseTo(1, 9);
    }
  }, 120_000);

  it("has DuckDB's counts within windows, first occurrences and rows of a code", async () => {
    const prefix = "LAB//";
    const ends = Array.from(db, (patient) => patient.timeAt(Math.floor((patient.length + patient.staticCount - 1) / 2)));
    const cut = Array.from(db.subjectIds, (id, i) => `(${id}::BIGINT, make_timestamp(${ends[i]}))`).join(",");
    const windows = { subjectIds: db.subjectIds, end: ends };
    const join = `$events e JOIN (VALUES ${cut}) w(id, until) ON subject_id = id AND (time IS NULL OR time <= until) WHERE starts_with(code, '${prefix}')`;
    const expected = await sql(`SELECT id, count(*)::INT, count(DISTINCT code)::INT, epoch_us(min(time)) FROM ${join} GROUP BY id`);
    const codes = db.codes.withPrefix(prefix);
    const each = await db.countCodesEach({ windows, codes });
    const first = await db.firstOf(codes, { windows });
    const { offsets } = await db.rowsWithCode(codes, { windows });
    const found = Array.from(db.subjectIds, (id, i) => [
      id,
      offsets[i + 1]! - offsets[i]!,
      each.offsets[i + 1]! - each.offsets[i]!,
      first.times[i],
    ]).filter(([, rows]) => rows !== 0);
    const bySubject = (a: unknown[], b: unknown[]) => ((a[0] as bigint) < (b[0] as bigint) ? -1 : 1);
    same(found.sort(bySubject), expected.sort(bySubject), () => "windows");
  });
});
