// Results on the parts of a store, merged, are the results on the whole store: to the last bit, however it is divided.
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  type CodeAggregates,
  type Cohort,
  convert,
  mergeResults,
  type PackedArray,
  type PackedResult,
  PatientDatabase,
  packResult,
  type QueryResult,
  unpackResult,
} from "meds-reader";
import { describe, expect, it } from "vitest";
import { type Exact, exactAt, exactSums, nearest, plus } from "../src/support/exact.js";
import { same } from "./support/compare.js";
import { simple, writeFiles, writeSplits } from "./support/dataset.js";
import { codeOf } from "./support/errors.js";
import { folder } from "./support/folder.js";
import { generated } from "./support/generated.js";
import { scaled } from "./support/property.js";

const seed = Number(process.env.MEDS_PROPERTY_SEED ?? 20240601);

/** Numbers of all sizes, and those that go wrong. */
const special = fc.constantFrom(
  0,
  -0,
  5e-324,
  -5e-324,
  2 ** -1022,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  1,
  0.1,
  2 ** 53,
  Number.NaN,
  1 / 0,
  -1 / 0,
);
const clinical = fc.integer({ min: -1000, max: 100_000 }).map((n) => n / 10);
const float64 = fc.oneof({ weight: 6, arbitrary: clinical }, { weight: 2, arbitrary: fc.double() }, { weight: 1, arbitrary: special });
const float32 = fc.oneof({ weight: 6, arbitrary: clinical.map(Math.fround) }, fc.float(), special.map(Math.fround));

const row = (value: fc.Arbitrary<number>) =>
  fc.record({
    time: fc.option(fc.integer({ min: 0, max: 9 }), { freq: 5 }),
    code: fc.constantFrom("A", "B//1", "B//2", "C"),
    value: fc.option(value, { freq: 3 }),
  });

/** A store of 2 to 12 patients, and ways to divide its shards. */
const stored = fc.boolean().chain((isDouble) =>
  fc.record({
    isDouble: fc.constant(isDouble),
    patients: fc.array(fc.array(row(isDouble ? float64 : float32), { minLength: 1, maxLength: 80, size: "max" }), {
      minLength: 2,
      maxLength: 12,
      size: "max",
    }),
    shardBytes: fc.constantFrom(1024, 2048, 1 << 20),
    divisions: fc.array(
      fc.record({ parts: fc.integer({ min: 1, max: 5 }), of: fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), first: fc.nat() }),
      { minLength: 4, maxLength: 4 },
    ),
    windows: fc.array(fc.record({ patient: fc.nat(), end: fc.integer({ min: 0, max: 9 }) }), { minLength: 1, maxLength: 20 }),
  }),
);

type Ask = (cohort: Cohort, windows: { subjectIds: bigint[]; end: bigint[] }) => Promise<QueryResult>;

/** Queries whose results need no order of their groups, those by patient, and those by window. */
const TOTALS: readonly Ask[] = [
  (cohort) => cohort.countCodes(),
  (cohort) => cohort.aggregateCodes(),
  (cohort) => cohort.aggregateCodes({ codes: "B//*" }),
  (cohort) => cohort.countCodes({ by: "year" }),
  (cohort) => cohort.countCodes({ by: { days: 1 }, codes: "A" }),
  (cohort, windows) => cohort.countCodes({ windows }),
  (cohort, windows) => cohort.aggregateCodes({ windows }),
];
const BY_PATIENT: readonly Ask[] = [
  (cohort) => cohort.countCodesEach(),
  (cohort) => cohort.aggregate(),
  (cohort) => cohort.firstOf("A"),
  (cohort) => cohort.lastOf("B//*"),
];
const BY_WINDOW: readonly Ask[] = [
  (cohort, windows) => cohort.countCodesEach({ windows }),
  (cohort, windows) => cohort.aggregate({ windows }),
  (cohort, windows) => cohort.lastOf("A", { windows }),
  (cohort, windows) => cohort.asof(windows, "B//*"),
  (cohort, windows) => cohort.asof(windows, "B//*", { columns: ["code"] }),
];

/** Asks the parts and the whole, and compares: as they are, and sent as JSON. */
async function check(
  ask: Ask,
  whole: Cohort,
  parts: readonly Cohort[],
  windows: { subjectIds: bigint[]; end: bigint[] },
  order?: Iterable<bigint>,
) {
  const own = (part: Cohort) => {
    const indexes = windows.subjectIds.flatMap((id, i) => (part.has(id) ? [i] : []));
    return { subjectIds: indexes.map((i) => windows.subjectIds[i]!), end: indexes.map((i) => windows.end[i]!) };
  };
  const expected = await ask(whole, windows);
  const results = await Promise.all(parts.map((part) => ask(part, own(part))));
  bytes(mergeResults(results, order), expected, String(ask));
  if ("columns" in expected && "code" in expected.columns) return;
  const sent = results.map((result) => unpackResult(JSON.parse(JSON.stringify(packResult(result))) as PackedResult));
  bytes(mergeResults(sent as QueryResult[], order), expected, `${ask} as JSON`);
}

/** Compares members, and the bytes of arrays: NaN has one form. */
function bytes(found: QueryResult, expected: QueryResult, what: string): void {
  same(found, expected, () => what);
  for (const [name, array] of Object.entries(expected))
    if (ArrayBuffer.isView(array)) {
      const other = (found as unknown as Record<string, ArrayBufferView>)[name]!;
      const of = (view: ArrayBufferView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
      if (!of(other).equals(of(array))) throw new Error(`${what}: the bytes of ${name} differ`);
    }
}

/** The exact sum of the values of a code, by whole numbers of 2^-2148. */
function trueFigures(cohort: Cohort, id: number) {
  const values: number[] = [];
  for (const patient of cohort)
    for (const event of patient) if (event.codeId === id && event.numericValue !== null) values.push(event.numericValue);
  const whole = (value: number): bigint => {
    const bits = new BigInt64Array(Float64Array.of(Math.abs(value)).buffer)[0]!;
    const exponent = bits >> 52n;
    const fraction = BigInt.asUintN(52, bits);
    return (value < 0 ? -1n : 1n) * (exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n));
  };
  const areFinite = values.every(Number.isFinite);
  const n = BigInt(values.length);
  const [sum, squares] = areFinite
    ? [values.map(whole).reduce((a, b) => a + b, 0n), values.map((v) => whole(v) ** 2n).reduce((a, b) => a + b, 0n)]
    : [0n, 0n];
  if (values.length === 0) return { count: 0, sum: Number.NaN, mean: Number.NaN, std: Number.NaN, min: Number.NaN, max: Number.NaN };
  return {
    count: values.length,
    // Infinite or NaN in any order.
    sum: areFinite ? nearest(sum, 1n, -1074) : values.filter((value) => !Number.isFinite(value)).reduce((a, b) => a + b, 0),
    mean: areFinite ? nearest(sum, n, -1074) : values.filter((value) => !Number.isFinite(value)).reduce((a, b) => a + b, 0),
    std: areFinite ? Math.sqrt(nearest(n * squares - sum ** 2n, n ** 2n, -2148)) : Number.NaN,
    min: Math.min(...values),
    max: Math.max(...values),
  };
}

/** A counterexample in full would be kilobytes. */
const briefly = async <T>({ failed, counterexamplePath, errorInstance }: fc.RunDetails<T>) => {
  if (failed) throw new Error(`MEDS_PROPERTY_SEED=${seed}, path ${counterexamplePath}: ${String(errorInstance)}`, { cause: errorInstance });
};

describe("parts of a random store", () => {
  it("merge to the result on the whole, to the last bit", async () => {
    const shardCounts: number[] = [];
    await fc.assert(
      fc.asyncProperty(stored, async ({ isDouble, patients, shardBytes, divisions, windows: asked }) => {
        const source = folder("merge");
        const rows = patients.flatMap((list, p) => list.map((one) => ({ ...one, id: BigInt(100 - p) })));
        await writeFiles(source, [
          {
            name: "0.parquet",
            columns: [
              { name: "subject_id", type: simple.id, values: rows.map(({ id }) => id) },
              {
                name: "time",
                type: simple.time,
                values: rows.map(({ time }) => (time === null ? null : BigInt(time) * 86_400_000_000n * 100n)),
              },
              { name: "code", type: simple.text, values: rows.map(({ code }) => code) },
              { name: "numeric_value", type: isDouble ? simple.double : simple.float, values: rows.map(({ value }) => value) },
            ],
          },
        ]);
        writeSplits(source, new Map(patients.map((_, p) => [BigInt(100 - p), p % 3 === 0 ? "held_out" : "train"])));
        await convert(source, join(source, "out.medsdb"), { shardBytes, repair: true });
        const db = PatientDatabase.open(join(source, "out.medsdb"));
        try {
          const count = db.metadata.shards;
          shardCounts.push(count);
          for (const whole of [db, db.split("train")]) {
            const ids = whole.subjectIds;
            if (ids.length === 0) continue;
            const subjectIds = asked.map(({ patient }) => ids[patient % ids.length]!);
            const windows = { subjectIds, end: asked.map(({ end }) => BigInt(end) * 86_400_000_000n * 100n) };
            for (const { parts, of, first } of divisions) {
              const shards = Array.from({ length: count }, (_, shard) => shard);
              const some = Array.from({ length: parts }, (_, part) =>
                whole.shards(shards.filter((shard) => of[shard % 40]! % parts === part)),
              );
              const cut = first % (count + 1);
              const inOrder = [whole.shards({ to: cut }), whole.shards({ from: cut })];
              for (const ask of TOTALS) await check(ask, whole, some, windows);
              for (const ask of BY_PATIENT) {
                await check(ask, whole, inOrder, windows);
                await check(ask, whole, some, windows, ids);
              }
              for (const ask of BY_WINDOW) await check(ask, whole, some, windows, subjectIds);
            }
          }
          const found = await db.aggregateCodes();
          for (let id = 1; id <= db.codes.size; id += 1) {
            const { count: n, sum, mean, std, min, max } = trueFigures(db, id);
            const own = (["valueCount", "sum", "mean", "std", "min", "max"] as const).map((name) => found[name][id]);
            same(own, [n, sum, mean, std, min, max], () => db.codes.strings[id]!);
          }
        } finally {
          db.close();
        }
        rmSync(source, { recursive: true });
      }),
      { numRuns: scaled(60), seed, endOnFailure: process.env.MEDS_PROPERTY_SHRINK === undefined, asyncReporter: briefly },
    );
    expect(Math.max(...shardCounts)).toBeGreaterThan(3);
    expect(shardCounts.filter((count) => count > 1).length).toBeGreaterThan(shardCounts.length / 3);
  }, 600_000);
});

describe("a store of 400,000 rows in several shards", () => {
  it("merges to the whole", async () => {
    const db = PatientDatabase.open(generated.store);
    const count = db.metadata.shards;
    expect(count).toBeGreaterThan(2);
    const parts = Array.from({ length: count }, (_, shard) => db.shards([count - 1 - shard]));
    const windows = { subjectIds: [...db.subjectIds], end: Array.from(db, ({ lastTime }) => BigInt(lastTime ?? 0) / 2n) };
    for (const ask of TOTALS.slice(0, 4)) await check(ask, db, parts, windows);
    for (const ask of [BY_PATIENT[0]!, BY_PATIENT[1]!]) await check(ask, db, parts, windows, db.subjectIds);
    for (const threads of [1, 2, 7]) bytes(await db.aggregateCodes({ threads }), await db.aggregateCodes(), `${threads} threads`);
    db.close();
  });

  it("runs passes whose results per chunk are those of the whole, to the last bit", async () => {
    const db = PatientDatabase.open(generated.store);
    const sums = (patients: Iterable<{ readonly numericValues: ArrayLike<number> }>) => {
      let sum = 0;
      for (const { numericValues } of patients)
        for (let i = 0; i < numericValues.length; i += 1) sum += Number.isNaN(numericValues[i]!) ? 0 : numericValues[i]! / 3;
      return sum;
    };
    for (const whole of [db, db.split("train")]) {
      const total = await whole.reduce(sums as never, { per: "chunk", threads: 2, initial: 0, merge: (a: number, b: number) => a + b });
      for (const cut of [0, 1, 2]) {
        const parts = [whole.shards({ to: cut }), whole.shards({ from: cut })];
        const results = await Promise.all(
          parts.map((part) => part.map<number, undefined>(sums as never, { per: "chunk", threads: 1 }).toArray()),
        );
        expect(results.flat().reduce((a, b) => a + b, 0)).toBe(total);
      }
    }
    db.close();
  });
});

it("refuses what is not the parts of one result", async () => {
  const db = PatientDatabase.open(generated.store);
  const [first, second] = [db.shards([0]), db.shards([1])];
  const [a, b] = [await first.firstOf("MEDS_BIRTH"), await second.firstOf("MEDS_BIRTH")];
  const bad = "MEDS_INVALID_ARGUMENT";
  expect(codeOf(() => mergeResults([]))).toBe(bad);
  expect(codeOf(() => mergeResults([a, 5 as never]))).toBe(bad);
  expect(await codeOfKinds(first)).toBe(bad);
  expect(codeOf(() => mergeResults([a, a], first.subjectIds))).toBe(bad);
  expect(codeOf(() => mergeResults([a, b], first.subjectIds))).toBe(bad);
  expect(codeOf(() => mergeResults([a], db.subjectIds))).toBe(bad);
  expect(codeOf(() => mergeResults([a], "12" as never))).toBe(bad);
  expect(codeOf(() => mergeResults([a], [0.5]))).toBe(bad);
  expect(
    codeOf(() =>
      mergeResults([
        { events: new Float64Array(2), patients: new Uint32Array(2) },
        { events: new Float64Array(3), patients: new Uint32Array(3) },
      ]),
    ),
  ).toBe(bad);
  expect(codeOf(() => packResult({} as never))).toBe(bad);
  for (const wrong of [
    null,
    {},
    { kind: "codeCounts", members: {} },
    { kind: "codeCounts", members: { patients: { type: "x", base64: "" } } },
  ])
    expect(codeOf(() => unpackResult(wrong as never))).toBe(bad);
  const values = packResult(await first.aggregateCodes());
  const { offsets } = values.members.sums as { offsets: PackedArray };
  const shorter = { ...offsets, base64: Buffer.from(offsets.base64, "base64").subarray(4).toString("base64") };
  for (const damaged of [
    { ...values.members, sums: { ...(values.members.sums as object), offsets: shorter } },
    { ...values.members, min: shorter },
  ])
    expect(codeOf(() => unpackResult({ ...values, members: damaged } as PackedResult))).toBe(bad);
  expect(codeOf(() => db.shards(3 as never))).toBe(bad);
  expect(codeOf(() => db.shards({ from: 0, until: 2 } as never))).toBe(bad);
  for (const wrong of [[99], [-1], [0.5], { from: 2, to: 1 }, { to: 99 }]) expect(codeOf(() => db.shards(wrong))).toBe("MEDS_OUT_OF_RANGE");
  expect([db.shards([]).size, db.shards({}).size, db.shards([1, 0, 1]).size]).toEqual([0, db.size, first.size + second.size]);
  db.close();
});

const codeOfKinds = async (part: Cohort) => {
  const [counts, values] = [await part.countCodes(), await part.aggregateCodes()];
  return codeOf(() => mergeResults<QueryResult>([counts, values as CodeAggregates]));
};

it("parts of a store do not read the files of other shards", async () => {
  const copy = join(folder("one-shard"), "one.medsdb");
  cpSync(generated.store, copy, { recursive: true });
  const file = join(copy, "shards", "00001.arrow");
  // Values only: the tables of all files are checked when the store is opened.
  const damaged = readFileSync(file);
  writeFileSync(file, damaged.fill(255, damaged.length >> 2, 3 * (damaged.length >> 2)));
  const [db, sound] = [PatientDatabase.open(copy), PatientDatabase.open(generated.store)];
  const [part, other] = [db.shards([0]), sound.shards([0])];
  bytes(await part.aggregateCodes(), await other.aggregateCodes(), "aggregateCodes");
  bytes(await part.firstOf("MEDS_BIRTH"), await other.firstOf("MEDS_BIRTH"), "firstOf");
  const rows = { initial: 0, merge: (a: number, b: number) => a + b, threads: 1 };
  const count = (patients: Iterable<{ readonly length: number }>) => [...patients].reduce((sum, { length }) => sum + length, 0);
  expect(await part.reduce(count as never, rows)).toBe(part.eventCount);
  await expect(db.aggregateCodes()).rejects.toMatchObject({ code: "MEDS_CORRUPT" });
  db.close();
  sound.close();
});

describe("exact sums", () => {
  const finite = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), special.filter(Number.isFinite), clinical);

  /** A float64 as a whole number times a power of two. */
  const exact = (value: number): Exact => {
    const bits = new BigInt64Array(Float64Array.of(Math.abs(value)).buffer)[0]!;
    const [exponent, fraction] = [Number(bits >> 52n), BigInt.asUintN(52, bits)];
    const size = exponent === 0 ? fraction : fraction | (1n << 52n);
    return { whole: value < 0 ? -size : size, exponent: Math.max(exponent, 1) - 1075 };
  };
  const positive = (value: number) => (value === 0 ? 0 : value);

  it("are rounded as the machine rounds a sum, a product and a quotient", () => {
    fc.assert(
      fc.property(finite, finite, (a, b) => {
        const [x, y] = [exact(a), exact(b)];
        const sum = plus(x, y);
        expect(nearest(sum.whole, 1n, sum.exponent)).toBe(positive(a + b));
        expect(positive(nearest(x.whole * y.whole, 1n, x.exponent + y.exponent))).toBe(positive(a * b));
        if (b === 0) return;
        const [top, bottom] = b < 0 ? [-x.whole, -y.whole] : [x.whole, y.whole];
        expect(positive(nearest(top, bottom, x.exponent - y.exponent))).toBe(positive(a / b));
      }),
      { numRuns: scaled(20_000), seed },
    );
  });

  it("come back from words of 32 bits, in their shortest form", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), fc.nat({ max: 9 }))), (pairs) => {
        const sums = pairs.map(([whole, words]) => ({ whole: whole << BigInt(32 * words), exponent: -1074 }));
        const arrays = exactSums(sums);
        sums.forEach(({ whole }, id) => {
          const found = exactAt(arrays, id);
          expect(found.whole === 0n ? 0n : found.whole << BigInt(found.exponent + 1074)).toBe(whole);
          expect(found.whole === 0n || BigInt.asUintN(32, found.whole) !== 0n).toBe(true);
        });
      }),
      { numRuns: scaled(500), seed },
    );
  });
});
