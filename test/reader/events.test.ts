// Events as objects and text: years, dates, descriptions and units, numbers of 32 and of 64 bits.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { convert, type Event, PatientDatabase } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { duck, type SimpleRow, simple, writeSimple } from "../support/dataset.js";
import { codeOf, thrown } from "../support/errors.js";
import { folder, place } from "../support/folder.js";
import { withStore } from "../support/roundtrip.js";

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
/** 400 years of the calendar, which repeats then. */
const ERA = 146_097n * 86_400_000_000n;
const floorOf = (a: bigint, b: bigint) => (a >= 0n || a % b === 0n ? a / b : a / b - 1n);

/** The year by Node's own calendar, moved by whole eras into its range. */
function yearBy(micros: bigint): number {
  const era = floorOf(micros, ERA);
  return new Date(Number(floorOf(micros - era * ERA, 1000n))).getUTCFullYear() + 400 * Number(era);
}

describe("years and dates", () => {
  it("are those of the calendar for every int64", async () => {
    const starts = [
      -271_000, -9999, -401, -400, -1, 0, 1, 4, 100, 400, 1600, 1683, 1684, 1685, 1699, 1700, 1900, 1969, 1970, 1972, 2000, 2100,
    ]
      .concat([2254, 2255, 2256, 9999, 10_000, 275_000])
      .flatMap((year) => {
        const start = new Date(0).setUTCFullYear(year, 0, 1);
        return [start, new Date(0).setUTCFullYear(year, 1, 29), new Date(0).setUTCFullYear(year, 11, 31)];
      })
      .flatMap((millis) => [-1n, 0n, 1n].map((more) => BigInt(millis) * 1000n + more));
    const edges = [MIN, MIN + 1n, MAX, 0n, -1n, 1n, 2n ** 53n, 2n ** 53n - 1n, -(2n ** 53n), -(2n ** 53n) - 1n, 1n - 2n ** 53n];
    const near = edges.flatMap((edge) => [edge - 86_400_000_000n, edge, edge + 999n, edge + 86_400_000_000n]);
    const drawn = fc.sample(fc.oneof(fc.bigInt(MIN, MAX), fc.bigInt(-(2n ** 53n), 2n ** 53n), fc.bigInt(-(10n ** 12n), 10n ** 12n)), 3000);
    const times = [...starts, ...near, ...drawn].filter((time) => time >= MIN && time <= MAX).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const rows = [[1n, null, "S"], ...times.map((time): SimpleRow => [1n, time, "T"])] as SimpleRow[];
    await withStore(await writeSimple(folder("years"), rows), (db) => {
      const [first, ...events] = [...db.at(0)!];
      expect([first!.year, first!.date, first!.isStatic]).toEqual([null, null, true]);
      expect(events.map(({ timeMicros }) => timeMicros)).toEqual(times);
      expect(events.map(({ year }) => year)).toEqual(times.map(yearBy));
      expect(events.some(({ isStatic }) => isStatic)).toBe(false);
      let outside = 0;
      for (const [i, event] of events.entries()) {
        const millis = Number(floorOf(times[i]!, 1000n));
        if (Number.isNaN(new Date(millis).getTime())) {
          outside += 1;
          expect(codeOf(() => event.date)).toBe("MEDS_TIME_RANGE");
        } else expect(event.date!.getTime()).toBe(millis);
      }
      expect(outside).toBeGreaterThan(4);
    });
  });
});

/** A store of one patient, whose rows are those of a SQL query (without subject_id). */
async function storeOf(query: string, codes?: string): Promise<string> {
  const source = folder("sql");
  const sql = await duck();
  await sql.run(`COPY (SELECT 1::BIGINT AS subject_id, * FROM (${query})) TO '${place(source, "data", "0.parquet")}' (FORMAT parquet)`);
  if (codes !== undefined) await sql.run(`COPY (${codes}) TO '${place(source, "metadata", "codes.parquet")}' (FORMAT parquet)`);
  await convert(source, join(source, "s.medsdb"));
  return join(source, "s.medsdb");
}

const TIME = "TIMESTAMP '2020-01-01' + INTERVAL (i) SECOND AS time";

describe("events as objects", () => {
  const names = ["__proto__", "constructor", "toString", "0", "a b", "it's", 'say "x"', "line\u2028end", "`", "]: 1, [", "ü"];
  let path: string;
  let event: Event;
  let db: PatientDatabase;
  beforeAll(async () => {
    const values = (value: string) => [value, null, null, null];
    const rows = [0, 1, 2, 3].map((i): SimpleRow => [1n, BigInt(i), "A", i === 1 ? 0.5 : null]);
    const columns = names.map((name) => ({ name, type: simple.text, values: values(`<${name}>`) }));
    path = join(folder("names"), "s.medsdb");
    await convert(await writeSimple(folder("names"), rows, {}, columns), path);
    db = PatientDatabase.open(path);
    event = db.at(0)!.at(0)!;
  });
  afterAll(() => db.close());

  it("have every column as a property of their own", () => {
    for (const made of [event.toObject(), event.toJSON(), event.toObject({ nulls: false }), event.toJSON({ nulls: false })] as object[]) {
      expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
      for (const name of names) expect(Object.getOwnPropertyDescriptor(made, name)?.value).toBe(`<${name}>`);
    }
    const all = db.columns.map(({ name }) => name).sort();
    expect(Object.keys(event.toObject()).sort()).toEqual(all);
    expect(Object.keys(event.toJSON()).sort()).toEqual(all);
    expect(Object.keys(JSON.parse(JSON.stringify(event))).sort()).toEqual(all);
    expect(inspect(event, { depth: 0 })).toContain("<toString>");
  });

  it("leave out what has no value, if asked to", () => {
    const [first, second, third] = [...db.at(0)!];
    expect(Object.keys(first!.toObject({ nulls: false })).sort()).toEqual(["time", "code", ...names].sort());
    expect(second!.toObject({ nulls: false })).toEqual({ time: 1, code: "A", numeric_value: 0.5 });
    expect(second!.toJSON({ nulls: false })).toEqual({ time: 1, code: "A", numeric_value: 0.5 });
    expect(third!.toObject({ nulls: true })).toEqual(third!.toObject());
    expect(third!.toObject().numeric_value).toBeNull();
    for (const row of db.at(0)!)
      expect(row.entries()).toEqual(db.columns.map(({ name }) => [name, row.get(name)]).filter(([, value]) => value !== null));
  });

  it("ignore the key that JSON.stringify passes, and refuse other options", () => {
    expect(Object.keys(JSON.parse(JSON.stringify({ nulls: event })).nulls)).toHaveLength(db.columns.length);
    expect(event.toJSON("nulls")).toEqual(event.toJSON());
    const bad = [{ null: false }, { nulls: 0 }, [], false, null] as never[];
    for (const options of bad) {
      expect(codeOf(() => event.toObject(options))).toBe("MEDS_INVALID_ARGUMENT");
      expect(codeOf(() => event.toJSON(options))).toBe("MEDS_INVALID_ARGUMENT");
    }
  });

  it("are the same where a program forbids code from strings", () => {
    const code = `import { PatientDatabase } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};
      const event = PatientDatabase.open(${JSON.stringify(path)}).at(0).at(0);
      console.log(JSON.stringify([Object.entries(event.toObject()), Object.entries(event.toJSON())]));`;
    const flags = ["--disallow-code-generation-from-strings", "--input-type=module", "--eval", code];
    const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual([Object.entries(event.toObject()), Object.entries(event.toJSON())]);
  });
});

describe("descriptions and units", () => {
  const rows = `SELECT ${TIME}, ['A', 'B', 'C', 'A', 'D'][i + 1] AS code, 1::FLOAT AS numeric_value, ['mg', NULL, NULL, 'UNK', ''][i + 1] AS unit FROM range(5) r(i)`;

  it("come from the row, else from codes.parquet if that names one unit", async () => {
    const codes = `SELECT * FROM (VALUES ('A', 'Apple', ['g']), ('B', NULL, ['kg']), ('C', 'Cherry', ['g', 'kg'])) t(code, description, units)`;
    const db = PatientDatabase.open(await storeOf(rows, codes));
    const events = [...db.at(0)!];
    for (let pass = 0; pass < 2; pass += 1) {
      expect(events.map(({ description }) => description)).toEqual(["Apple", null, "Cherry", "Apple", null]);
      expect(events.map(({ unit }) => unit)).toEqual(["mg", "kg", null, null, null]);
    }
    db.close();
    expect(codeOf(() => events[0]!.description)).toBe("MEDS_CLOSED");
    expect(codeOf(() => events[1]!.unit)).toBe("MEDS_CLOSED");
  });

  it("are null where the source has none", async () => {
    const db = PatientDatabase.open(await storeOf(`SELECT ${TIME}, 'A' AS code, 1::FLOAT AS numeric_value FROM range(2) r(i)`));
    expect(Array.from(db.at(0)!, ({ unit, description }) => [unit, description])).toEqual([
      [null, null],
      [null, null],
    ]);
    db.close();
  });
});

/** The fewest digits that are this float32 again, by the engine's own correctly rounded decimals. */
function shortestBy(value: number): number {
  for (let digits = 1; digits <= 9; digits += 1) {
    const found = Number(value.toPrecision(digits));
    if (Math.fround(found) === value) return found;
  }
  throw new Error(`${value} is not a float32`);
}

describe("numbers of 32 bits", () => {
  it("are written with their own digits, and read back as the same bits", async () => {
    const bits = fc.sample(fc.float({ noNaN: true, noDefaultInfinity: true }), 1500);
    const labs = fc.sample(fc.tuple(fc.integer({ min: -999_999, max: 9_999_999 }), fc.integer({ min: 0, max: 5 })), 1500);
    const known = [
      1.1, 0.1, 16_777_215, 16_777_216, 16_777_218, 33_554_432, 3.4028234663852886e38, 1.401298464324817e-45, 1.1754943508222875e-38,
    ];
    const values = [...known, ...bits, ...labs.map(([n, scale]) => n / 10 ** scale), 0.00099999, 1e-3, 8388607.5, 123456.79].map(
      Math.fround,
    );
    const rows = values.map((value, i): SimpleRow => [1n, BigInt(i), "A", value]);
    await withStore(await writeSimple(folder("singles"), rows), (db) => {
      const patient = db.at(0)!;
      const written = (JSON.parse(JSON.stringify(patient)).events as { numeric_value: number }[]).map((event) => event.numeric_value);
      expect(written.map(Math.fround).map((value) => value + 0)).toEqual(values.map((value) => value + 0)); // JSON has no -0
      expect(written.map((value) => value + 0)).toEqual(values.map((value) => shortestBy(value) + 0));
      expect(written[0]).toBe(1.1);
      expect(JSON.parse(JSON.stringify(patient.column("numeric_value")))).toEqual(written);
      // The value itself stays exact.
      expect(Array.from(patient, ({ numericValue }) => numericValue)).toEqual(values);
      expect(patient.at(0)!.toObject().numeric_value).toBe(values[0]);
      expect(inspect(patient.at(0))).toMatch(/numeric_value: 1\.1\b/);
    });
  });

  it("beside integers of 64 bits, which are text: runs, jumps, nulls and the ends of their range", async () => {
    const path = await storeOf(`
      SELECT ${TIME}, 'A' AS code, (i // 3)::BIGINT AS run, CASE WHEN i % 2 = 0 THEN 9223372036854775807 WHEN i % 3 = 0 THEN NULL ELSE -9223372036854775807 END AS jump,
        (CASE WHEN i % 5 < 3 THEN 18446744073709551615 ELSE i END)::UBIGINT AS wide, CASE WHEN i % 7 = 6 THEN (i // 14)::BIGINT END AS rare FROM range(40) r(i)`);
    const db = PatientDatabase.open(path);
    const patient = db.at(0)!;
    const expected = (event: Event) =>
      Object.fromEntries(Object.entries(event.toObject()).map(([name, value]) => [name, typeof value === "bigint" ? `${value}` : value]));
    const orders = [[...patient], [...patient.reversed()], [...patient].flatMap((event) => [event, patient.at(0)!, event])];
    for (const events of orders) for (const event of events) expect(event.toJSON()).toEqual(expected(event));
    expect([0, 1, 6].map((i) => patient.at(i)!.toJSON())).toMatchObject([
      { run: "0", jump: "9223372036854775807", wide: "18446744073709551615", rare: null },
      { run: "0", jump: "-9223372036854775807", wide: "18446744073709551615", rare: null },
      { run: "2", jump: "9223372036854775807", wide: "18446744073709551615", rare: "0" },
    ]);
    db.close();
  });

  it("are found inside lists, structs and maps; numbers of 64 bits keep all digits", async () => {
    const path = await storeOf(
      `SELECT ${TIME}, 'A' AS code, 0.1::FLOAT AS numeric_value, 0.1::FLOAT::DOUBLE AS wide, [0.1::FLOAT, NULL] AS list, [[0.1::FLOAT]] AS lists,
        {'single': 0.1::FLOAT, 'double': 0.1::FLOAT::DOUBLE, 'in': {'x': [1.1::FLOAT]}} AS struct, MAP {'k': 0.1::FLOAT} AS map, [0.1::FLOAT::DOUBLE] AS doubles FROM range(1) r(i)`,
    );
    const db = PatientDatabase.open(path);
    const wide = 0.10000000149011612;
    const event = db.at(0)!.at(0)!;
    expect(JSON.parse(JSON.stringify(event))).toMatchObject({
      numeric_value: 0.1,
      wide,
      list: [0.1, null],
      lists: [[0.1]],
      struct: { single: 0.1, double: wide, in: { x: [1.1] } },
      map: [["k", 0.1]],
      doubles: [wide],
    });
    expect(event.toObject()).toMatchObject({ list: [wide, null], struct: { single: wide } });
    expect(inspect(event, { depth: 5 })).toContain("list: [ 0.1, null ]");
    db.close();
  });
});

describe("int64 as numbers", () => {
  const SAFE = 2n ** 53n - 1n;
  const query = `SELECT ${TIME}, 'A' AS code, 1::FLOAT AS numeric_value, visit::BIGINT AS visit, (i * 1000003 + 5)::BIGINT AS plain, rare::BIGINT AS rare, big::UBIGINT AS big, [visit::BIGINT, NULL] AS list, {'id': visit::BIGINT} AS struct
    FROM (SELECT i, CASE WHEN i % 50 = 49 THEN NULL WHEN i % 7 = 0 THEN ${SAFE} WHEN i % 7 = 1 THEN -${SAFE} ELSE i % 3 END AS visit, CASE WHEN i % 400 = 3 THEN i - 500 END AS rare,
      CASE WHEN i % 2 = 0 THEN ${SAFE} ELSE i END AS big FROM range(1200) r(i))`;

  it("are the numbers of the bigints, by every way to a value", async () => {
    const path = await storeOf(query);
    const [big, small] = [PatientDatabase.open(path), PatientDatabase.open<object>(path, { int64: "number" })] as PatientDatabase[];
    const [own, other] = [big!.at(0)!, small!.at(0)!];
    const narrowed = (value: unknown): unknown =>
      typeof value === "bigint"
        ? Number(value)
        : Array.isArray(value)
          ? value.map(narrowed)
          : typeof value === "object" && value !== null
            ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, narrowed(item)]))
            : value;
    // Coded and plain, dense and sparse: the columns are stored in every way.
    expect(new Set(big!.columns.slice(3, 7).map(({ storage, coded }) => `${storage} ${coded}`)).size).toBeGreaterThan(2);
    for (const name of ["visit", "plain", "rare", "big", "list", "struct"]) {
      const [bigs, numbers] = [own.column(name), other.column(name)];
      const wanted = [...bigs].map(narrowed);
      expect(bigs.at(name === "rare" ? 3 : 0)).not.toEqual(wanted[name === "rare" ? 3 : 0]);
      expect([...numbers]).toEqual(wanted);
      expect(Array.from(other, (event) => event.get(name))).toEqual(wanted);
      expect(Array.from(other, (event) => event.toObject()[name])).toEqual(wanted);
      expect([...other.slice(100, 900).column(name)]).toEqual(wanted.slice(100, 900));
      if (name === "list" || name === "struct") continue;
      expect(Array.from({ length: own.length }, (_, i) => bigs.numberAt(i))).toEqual(wanted);
      expect(Array.from({ length: own.length }, (_, i) => numbers.numberAt(i))).toEqual(wanted);
      expect(numbers.toArray()).toEqual(bigs.toArray());
    }
    expect(other.subjectId).toBe(1n);
    expect(typeof other.at(0)!.timeMicros).toBe("bigint");
    expect(
      other
        .at(0)!
        .with({ visit: 5 } as never)
        .get("plain" as never),
    ).toBe(5);
    big!.close();
    small!.close();
  });

  it("beyond 2^53 are refused when they are read, and only then", async () => {
    const values = [0n, 2n ** 53n, -(2n ** 53n), MAX, MIN, SAFE, -SAFE];
    const list = values.map(String).join(", ");
    const path = await storeOf(
      `SELECT ${TIME}, 'A' AS code, 1::FLOAT AS numeric_value, ([${list}])[i + 1]::BIGINT AS id, (18446744073709551615 - i)::UBIGINT AS large FROM range(7) r(i)`,
    );
    const db = PatientDatabase.open(path, { int64: "number" });
    const patient = db.at(0)!;
    const [ids, large] = [patient.column("id"), patient.column("large")];
    for (const [i, value] of values.entries()) {
      if (Number.isSafeInteger(Number(value)))
        expect([ids.at(i), ids.numberAt(i), patient.at(i)!.get("id")]).toEqual(new Array(3).fill(Number(value)));
      else
        for (const read of [() => ids.at(i), () => ids.numberAt(i), () => patient.at(i)!.get("id")])
          expect(codeOf(read)).toBe("MEDS_UNSAFE_NUMBER");
      expect(codeOf(() => large.at(i))).toBe("MEDS_UNSAFE_NUMBER");
    }
    expect(thrown(() => ids.at(3))).toMatchObject({ message: expect.stringContaining(`"id" contains ${MAX}, `) });
    expect(ids.values).toEqual(BigInt64Array.from(values));
    // The row can still be looked at.
    expect(inspect(patient.at(3))).toContain("MEDS_UNSAFE_NUMBER");
    db.close();
    const bigs = PatientDatabase.open(path);
    expect([...bigs.at(0)!.column("id")]).toEqual(values);
    expect(codeOf(() => bigs.at(0)!.column("id").numberAt(1))).toBe("MEDS_UNSAFE_NUMBER");
    bigs.close();
  });

  it("holds in the workers of passes and in from(), and the option is checked", async () => {
    const path = await storeOf(query);
    const module = place(folder("module"), "types.mjs");
    const { writeFileSync } = await import("node:fs");
    writeFileSync(
      module,
      "export default function* (patients) { for (const p of patients) yield [typeof p.at(0).get('visit'), typeof p.column('big').at(0)]; }",
    );
    for (const int64 of ["number", "bigint"] as const) {
      const db = PatientDatabase.open(path, { int64 });
      expect(await db.map(module, { threads: 1 }).toArray()).toEqual([[int64, int64]]);
      db.close();
    }
    const source = path.replace(/\/s\.medsdb$/, "");
    for (let i = 0; i < 2; i += 1) {
      const db = await PatientDatabase.from(source, { int64: "number", store: join(folder("from"), "..", "from.medsdb") });
      expect(typeof db.at(0)!.at(0)!.get("visit")).toBe("number");
      db.close();
    }
    for (const int64 of ["Number", true, null, 64] as never[])
      expect(codeOf(() => PatientDatabase.open(path, { int64 }))).toBe("MEDS_INVALID_ARGUMENT");
  });
});

describe("column.numberAt", () => {
  it("is a number or null for columns of numbers, and an error for others", async () => {
    const rows: SimpleRow[] = [
      [1n, null, "A", 1.5],
      [1n, 2n ** 60n, "A", Number.NaN],
      [1n, 2n ** 60n, "A"],
    ];
    const more = [
      { name: "text", type: simple.text, values: ["1", null, null] },
      { name: "no_text", type: simple.text, values: [null, "x", null] },
      { name: "flag", type: simple.bool, values: [true, null, null] },
    ];
    await withStore(await writeSimple(folder("numbers"), rows, {}, more), (db) => {
      const patient = db.at(0)!;
      const value = patient.column("numeric_value");
      expect([0, 1, 2, -1].map((i) => value.numberAt(i))).toEqual([1.5, null, null, null]);
      expect(value.at(1)).toBeNaN();
      expect(patient.column("time").numberAt(0)).toBeNull();
      expect(codeOf(() => patient.column("time").numberAt(1))).toBe("MEDS_UNSAFE_NUMBER");
      for (const name of ["text", "no_text", "flag", "code"])
        for (const i of [0, 1, 2]) expect(codeOf(() => patient.column(name).numberAt(i))).toBe("MEDS_COLUMN_TYPE");
      for (const i of [3, -4, 0.5]) expect(codeOf(() => value.numberAt(i))).toBe("MEDS_OUT_OF_RANGE");
      expect(codeOf(() => value.numberAt("0" as never))).toBe("MEDS_INVALID_ARGUMENT");
    });
  });
});

describe("sparse columns", () => {
  it("are read in any order, of any patient in turn, and not after close()", async () => {
    const rows = fc
      .sample(fc.integer({ min: 0, max: 60 }), { numRuns: 30, seed: 5 })
      .flatMap((count, p) => Array.from({ length: count + 1 }, (_, i): SimpleRow => [BigInt(p), BigInt(i), "A"]));
    const draw = (share: number, seed: number) => rows.map((_, i) => (((i + seed) * 7919) % 1009 < 1009 * share ? i : null));
    const more = [0.3, 0.05, 0.002].map((share, k) => ({ name: `c${k}`, type: simple.int, values: draw(share, k + 1) }));
    const source = await writeSimple(folder("sparse"), rows, {}, more);
    await convert(source, join(source, "s.medsdb"), { shardBytes: 2048 });
    const db = PatientDatabase.open(join(source, "s.medsdb"));
    expect(db.shardCount).toBeGreaterThan(1);
    expect(db.columns.filter(({ name, storage }) => name.startsWith("c") && storage === "sparse").length).toBeGreaterThan(1);
    const wanted = new Map(rows.map(([id, time], i) => [`${id} ${time}`, more.map(({ values }) => values[i]!)]));
    const events = Array.from({ length: db.size }, (_, slot) => [...db.at(slot)!].map((event) => [slot, event] as const)).flat();
    const columns = Array.from({ length: db.size }, (_, slot) => more.map(({ name }) => db.at(slot)!.column(name)));
    const jumps = fc.sample(fc.integer({ min: 0, max: events.length - 1 }), { numRuns: 4000, seed: 9 });
    const steps = jumps.flatMap((at) => [at, Math.min(at + 1, events.length - 1), Math.max(at - 1, 0)]);
    for (const at of [...events.keys(), ...steps]) {
      const [slot, event] = events[at]!;
      const { subjectId } = db.at(slot)!;
      const values = wanted.get(`${subjectId} ${event.timeMicros}`)!;
      expect(more.map(({ name }) => event.get(name))).toEqual(values);
      expect(columns[slot]!.map((column) => column.at(event.time!))).toEqual(values);
    }
    const nothing = events.find(([, event]) => event.get("c2") === null)![1];
    expect(nothing.get("c2")).toBeNull();
    db.close();
    for (const [, event] of [[0, nothing] as const, ...events.slice(0, 50)])
      for (const { name } of more) expect(codeOf(() => event.get(name))).toBe("MEDS_CLOSED");
    for (const row of columns) for (const column of row) expect(codeOf(() => column.at(0))).toBe("MEDS_CLOSED");
  });
});
