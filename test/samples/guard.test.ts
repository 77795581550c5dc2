// What must never be read through a sample, and what is said of rows at the very time of the cut-off.
import { join } from "node:path";
import { convert, Labels, loader, PatientDatabase, type SampleOptions, samples } from "meds-reader";
import { describe, expect, it } from "vitest";
import { type SimpleRow, simple, writeSimple, writeSplits } from "../support/dataset.js";
import { codeOf, rejected, thrown } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { real } from "../support/real.js";
import { one } from "../support/source.js";

const T0 = 1_577_836_800_000_000n;
const HOUR = 3_600_000_000n;

async function store(rows: readonly SimpleRow[], ...more: Parameters<typeof writeSimple>[3][]): Promise<PatientDatabase> {
  const source = await writeSimple(folder("guard"), rows, {}, more[0] ?? []);
  writeSplits(
    source,
    new Map([
      [1n, "train"],
      [2n, "held_out"],
    ]),
  );
  await convert(source, join(source, "s.medsdb"));
  return PatientDatabase.open(join(source, "s.medsdb"));
}

describe("columns that were known later", () => {
  it("read null through a sample until their own time, by every way", async () => {
    const ends = [T0 + 5n * HOUR, T0 + 50n * HOUR, null];
    const db = await store(
      [
        [1n, T0, "VISIT"],
        [1n, T0 + HOUR, "VISIT"],
        [1n, T0 + 2n * HOUR, "LAB"],
      ],
      [
        { name: "end", type: simple.time, values: ends },
        { name: "fate", type: simple.text, values: ["HOME", "DIED", "HOME"] },
        { name: "unit", type: simple.text, values: ["mg", "kg", "g"] },
      ],
    );
    const labels = Labels.from([{ subjectId: 1, predictionTime: T0 + 10n * HOUR, booleanValue: true }]);
    const sample = samples(db, labels, { maxLength: 9, knownLater: { end: "end", fate: "end" } }).at(0)!;
    const { timeline } = sample;
    expect(Array.from(timeline, (event) => event.get("fate"))).toEqual(["HOME", null, null]);
    expect(Array.from(timeline, (event) => event.get("end"))).toEqual([Number(ends[0]), null, null]);
    expect(Array.from({ length: 3 }, (_, i) => timeline.column("fate").at(i))).toEqual(["HOME", null, null]);
    expect(timeline.last(2).column("fate").at(0)).toBeNull();
    expect(timeline.at(1)!.toJSON()).toMatchObject({ fate: null });
    expect(JSON.stringify(timeline)).not.toContain("DIED");
    for (const read of [() => timeline.column("end").values, () => timeline.copy(["fate"]), () => timeline.column("fate").toArray()])
      expect(codeOf(read)).toBe("MEDS_LEAK");
    expect(await rejected(timeline.toArrow())).toMatchObject({ code: "MEDS_LEAK" });
    // `end` alone is guarded where nothing is said.
    const usual = samples(db, labels, { maxLength: 9 }).at(0)!.timeline;
    expect(Array.from(usual, (event) => [event.get("end"), event.get("fate")])).toEqual([
      [Number(ends[0]), "HOME"],
      [null, "DIED"],
      [null, "HOME"],
    ]);
    // A unit, an object and an entry are read in the same way.
    const units = samples(db, labels, { maxLength: 9, knownLater: { unit: "end", end: "end" } }).at(0)!.timeline;
    expect(Array.from(units, ({ unit }) => unit)).toEqual(["mg", null, null]);
    expect(Array.from(units, (event) => event.toObject().unit)).toEqual(["mg", null, null]);
    expect(Array.from(units, (event) => event.entries().some(([name]) => name === "unit"))).toEqual([true, false, false]);
    expect(Array.from(units, (event) => "unit" in event.toJSON({ nulls: false }))).toEqual([true, false, false]);
    expect([...units.column("unit")]).toEqual(["mg", null, null]);
    expect([0, 1, 2].map((i) => units.column("end").numberAt(i))).toEqual([Number(ends[0]), null, null]);
    // A filter sees no more.
    const alive = samples(db, labels, {
      maxLength: 9,
      knownLater: { fate: "end" },
      where: { fate: (fate: string | null) => fate !== "DIED" },
    });
    expect(alive.at(0)!.timeline.length).toBe(3);
    // The patient's own timeline has everything.
    expect(Array.from(db.get(1)!, (event) => event.get("fate"))).toEqual(["HOME", "DIED", "HOME"]);
    db.close();
  });
});

describe("a value whose own time is exactly the cut-off", () => {
  it("was known with `inclusive: false`", async () => {
    const db = await store(
      [[1n, T0, "VISIT"]],
      [
        { name: "end", type: simple.time, values: [T0 + HOUR] },
        { name: "fate", type: simple.text, values: ["DIED"] },
      ],
    );
    const seen = (predictionTime: bigint, inclusive: boolean) => {
      const labels = Labels.from([{ subjectId: 1, predictionTime }]);
      const options: SampleOptions = { maxLength: 9, inclusive, knownLater: { fate: "end", end: "end" } };
      const died = { ...options, where: { fate: (fate: string | null) => fate === "DIED" } };
      const [event] = samples(db, labels, options).at(0)!.timeline;
      return [event!.get("end"), event!.get("fate"), samples(db, labels, died).at(0)!.timeline.length];
    };
    const known = [Number(T0 + HOUR), "DIED", 1];
    const unknown = [null, null, 0];
    expect([seen(T0 + HOUR, true), seen(T0 + HOUR, false), seen(T0 + HOUR + 1n, false)]).toEqual([known, unknown, known]);
    db.close();
  });
});

describe("a column that batches read at the time of its row", () => {
  it("was accepted in `knownLater`, and not hidden", async () => {
    const db = await store([[1n, T0, "VISIT", 7]], [{ name: "end", type: simple.time, values: [T0 + HOUR] }]);
    const labels = Labels.from([{ subjectId: 1, predictionTime: T0 }]);
    for (const name of ["numeric_value", "code", "time"])
      expect(thrown(() => samples(db, labels, { maxLength: 9, knownLater: { [name]: "end" } }))).toMatchObject({
        code: "MEDS_INVALID_ARGUMENT",
        message: expect.stringContaining(`contains "${name}"`),
      });
    db.close();
  });
});

describe("rows at the cut-off", () => {
  it("are counted by the first part of their codes, and dropped on request", async () => {
    const db = await store([
      [1n, null, "GENDER//F"],
      [1n, T0, "LAB//x"],
      [1n, T0 + HOUR, "DX//1"],
      [1n, T0 + HOUR, "DX//2"],
      [1n, T0 + HOUR, "SNOMED/3"],
      [1n, T0 + 2n * HOUR, "DX//1"],
    ]);
    const labels = Labels.from([{ subjectId: 1, predictionTime: T0 + HOUR }]);
    const inclusive = samples(db, labels, { maxLength: 10 });
    expect([...inclusive.report.atCutoff]).toEqual([
      ["DX", 2],
      ["SNOMED", 1],
    ]);
    expect(inclusive.at(0)!.timeline.length).toBe(4);
    const dropped = samples(db, labels, { maxLength: 10, excludeAtCutoff: db.codes.withPrefix("DX//") });
    expect([...dropped.report.atCutoff]).toEqual([["SNOMED", 1]]);
    expect(Array.from(dropped.at(0)!.timeline, ({ code }) => code)).toEqual(["LAB//x", "SNOMED/3"]);
    expect(samples(db, labels, { maxLength: 10, inclusive: false }).at(0)!.timeline.length).toBe(1);
    db.close();
  });

  const source = real("mimic-iv-demo-meds-0.0.1");
  it.skipIf(source === null)("are all diagnoses and DRG codes of the MIMIC-IV demo, with the cut-off at discharge", async () => {
    const path = join(folder("mimic"), "s.medsdb");
    await convert(source!, path);
    const db = PatientDatabase.open(path);
    const { rows } = await db.rowsWithCode(db.codes.withPrefix("HOSPITAL_DISCHARGE"));
    expect(rows.length).toBeGreaterThan(200);
    const times = new Set<string>();
    for (const patient of db)
      for (const event of patient.withCode(db.codes.withPrefix("HOSPITAL_DISCHARGE")))
        times.add(`${patient.subjectId} ${event.timeMicros}`);
    const labels = Labels.from(
      [...times].map((entry) => {
        const [subjectId, predictionTime] = entry.split(" ").map(BigInt);
        return { subjectId: subjectId!, predictionTime: predictionTime! };
      }),
    );
    const { atCutoff } = samples(db, labels, { maxLength: 512 }).report;
    // Counted by DuckDB, too.
    const counted = await one(`
      WITH rows AS (SELECT subject_id, time, code FROM read_parquet('${source}/data/*/*.parquet')),
           ends AS (SELECT DISTINCT subject_id, time FROM rows WHERE starts_with(code, 'HOSPITAL_DISCHARGE') AND time IS NOT NULL)
      SELECT count(*) FILTER (starts_with(code, 'DIAGNOSIS//')) AS diagnoses, count(*) FILTER (starts_with(code, 'DRG//')) AS drgs
      FROM rows JOIN ends USING (subject_id, time)`);
    expect(counted).toEqual({ diagnoses: 4506n, drgs: 454n });
    expect([atCutoff.get("DIAGNOSIS"), atCutoff.get("DRG")]).toEqual([4506, 454]);
    db.close();
  });
});

describe("samples at the edges", () => {
  it("are right before the first row, after the last one, and for static rows alone", async () => {
    const db = await store([
      [1n, null, "GENDER//F"],
      [1n, T0, "A"],
      [1n, T0 + HOUR, "B"],
      [2n, null, "GENDER//M"],
    ]);
    const at = (time: bigint, inclusive: boolean, subjectId = 1) =>
      samples(db, Labels.from([{ subjectId, predictionTime: time }]), { maxLength: 5, inclusive }).at(0)!;
    expect(
      [at(T0 - 1n, true), at(T0, false), at(T0, true), at(T0 + HOUR, false), at(T0 + 9n * HOUR, true)].map(
        ({ timeline }) => timeline.length,
      ),
    ).toEqual([0, 0, 1, 1, 2]);
    expect(at(T0, true, 2).timeline.length).toBe(0);
    expect(at(T0, true, 2).static.at(0)!.code).toBe("GENDER//M");
    const [batch] = loader(samples(db, Labels.from([{ subjectId: 2, predictionTime: T0 }]), { maxLength: 5, static: "prepend" }), {
      batchSize: 2,
    });
    expect([...batch!.shape, batch!.code[0]]).toEqual([1, 1, db.codes.id("GENDER//M")]);
    // Extremes of int64.
    const last = samples(db, Labels.from([{ subjectId: 1, predictionTime: 2n ** 63n - 1n }]), { maxLength: 5, lookBack: { days: 1 } });
    expect(last.at(0)!.timeline.length).toBe(0);
    for (const time of [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 63n - 2n]) expect(at(time, true).timeline.length).toBe(time < 0n ? 0 : 2);
    db.close();
  });

  it("report what is left out", async () => {
    const db = await store([
      [1n, T0, "A"],
      [2n, T0, "A"],
      [3n, T0, "A"],
    ]);
    const labels = Labels.from([1, 2, 3, 4, 4].map((subjectId) => ({ subjectId, predictionTime: T0 - (subjectId === 1 ? 1n : 0n) })));
    expect(samples(db, labels, { maxLength: 5 }).report).toMatchObject({
      given: 5,
      samples: 3,
      unknownLabels: 2,
      unknownSubjects: 1,
      empty: 1,
    });
    expect(samples(db, labels, { maxLength: 5, split: "train" }).report).toMatchObject({
      samples: 1,
      otherSplit: 1,
      noSplit: 1,
      unknownLabels: 2,
    });
    expect(samples(db.split("held_out"), labels, { maxLength: 5 }).report).toMatchObject({ samples: 1, otherSplit: 2 });
    expect(samples(db, { split: "train" }, { maxLength: 5 }).report).toMatchObject({ given: 3, samples: 1, otherSplit: 1, noSplit: 1 });
    db.close();
  });

  it("refuse what makes no sense", async () => {
    const db = await store([
      [1n, null, "S//1"],
      [1n, null, "S//2"],
      [1n, T0, "A"],
    ]);
    const labels = Labels.from([{ subjectId: 1, predictionTime: T0 }]);
    const make = (options: object, source: unknown = labels) =>
      codeOf(() => samples(db, source as Labels, options as { maxLength: number }));
    for (const wrong of [
      {},
      { maxLength: 0 },
      { maxLength: -1 },
      { maxLength: 1.5 },
      { maxLength: "5" },
      { maxLength: 5, strategy: "end" },
      { maxLength: 5, stride: 2 },
      { maxLength: 5, strategy: "step_through", stride: 0 },
      { maxLength: 5, strategy: "step_through", stride: 6 },
      { maxLength: 2 ** 31 },
      { maxLength: 5, strategy: "step_through", stride: 1, overlap: 1 },
      { maxLength: 5, strategy: "step_through", overlap: 5 },
      { maxLength: 5, inclusive: "yes" },
      { maxLength: 5, gap: -1 },
      { maxLength: 5, gap: { fortnights: 1 } },
      { maxLength: 5, gap: { count: 1, days: 3 } },
      { maxLength: 5, lookBack: { count: -1 } },
      { maxLength: 5, static: "all" },
      { maxLength: 5, staticUntil: "death" },
      { maxLength: 5, codes: 1.5 },
      { maxLength: 5, codes: () => 1 },
      { maxLength: 5, where: { code: "A" } },
      { maxLength: 5, where: () => true },
      { maxLength: 5, where: null },
      { maxLength: 5, where: new Map([["code", () => true]]) },
      { maxLength: 5, knownLater: new Map([["code", "time"]]) },
      { maxLength: 5, knownLater: { code: "code" } },
      { maxLength: 5, maxlength: 5 },
    ])
      expect(make(wrong), JSON.stringify(wrong)).toBe("MEDS_INVALID_ARGUMENT");
    expect(make({ maxLength: 5, split: "train" }, { split: "train" })).toBe("MEDS_INVALID_ARGUMENT");
    for (const db of [null, undefined, 5, {}])
      expect(codeOf(() => samples(db as unknown as PatientDatabase, labels, { maxLength: 5 }))).toBe("MEDS_INVALID_ARGUMENT");
    // What is about a cut-off needs one; counts do not.
    for (const idle of [
      { inclusive: false },
      { gap: { days: 1 } },
      { lookBack: 5 },
      { dateOnly: "A" },
      { excludeAtCutoff: () => true },
      { knownLater: {} },
    ]) {
      const error = thrown(() => samples(db, { split: "train" }, { maxLength: 5, ...idle } as SampleOptions));
      expect(error).toMatchObject({ code: "MEDS_INVALID_ARGUMENT", message: expect.stringContaining("labels") });
    }
    expect(samples(db, { split: "train" }, { maxLength: 5, inclusive: true }).size).toBe(1);
    expect(samples(db, { split: "train" }, { maxLength: 5, gap: { count: 1 } }).size).toBe(0);
    expect(samples(db, { split: "train" }, { maxLength: 5, lookBack: { count: 1 } }).size).toBe(1);
    expect(make({ maxLength: 5, split: "training" })).toBe("MEDS_UNKNOWN_SPLIT");
    expect(make({ maxLength: 5 }, { split: "nobody" })).toBe("MEDS_UNKNOWN_SPLIT");
    expect(make({ maxLength: 5, where: { nothing: () => true } })).toBe("MEDS_UNKNOWN_COLUMN");
    for (const source of [null, [], "train", {}]) expect(make({ maxLength: 5 }, source)).toBe("MEDS_INVALID_ARGUMENT");
    const full = samples(db, labels, { maxLength: 2, static: "prepend" });
    expect(full.report.staticCut).toBe(1);
    expect(Array.from(loader(full, { batchSize: 1 }), ({ code }) => [...code])).toEqual([[db.codes.id("S//1"), db.codes.id("A")]]);
    const list = samples(db, labels, { maxLength: 5 });
    for (const wrong of [{ sead: 1 }, { seed: 0.5 }, { seed: null }, new Map()])
      expect(codeOf(() => list.at(0, wrong as object))).toBe("MEDS_INVALID_ARGUMENT");
    const load = (options: object) => codeOf(() => [...loader(list, options as { batchSize: number })]);
    for (const wrong of [
      {},
      { batchSize: 0 },
      { batchSize: 1, tokens: 9 },
      { tokens: 4 },
      { batchSize: 1, seed: 1.5 },
      { batchSize: 1, seed: "1" },
      { batchSize: 1, epoch: Number.NaN },
      { batchSize: 1, seed: null },
      { batchSize: 1, shuffle: null },
      { batchSize: 1, rank: null },
      { batchSize: 1, shuffle: "some" },
      { batchSize: 1, padding: "both" },
      { batchSize: 1, fields: ["codes"] },
      { batchSize: 1, rank: 1 },
      { batchSize: 1, rank: 2, worldSize: 2 },
      { batchSize: 1, remainder: "keep" },
      { batchSize: 1, resume: {} },
      { batchSize: 1, allocate: () => new ArrayBuffer(0) },
      { batchSize: 1, signal: {} },
      { batchSize: 1, layout: "nested", padTo: "max" },
      { batchsize: 1 },
      { tokens: 2 ** 33 },
      { batchSize: 2 ** 40 },
      { batchSize: 1, bucket: 2 ** 40 },
      { batchSize: 1, worldSize: 2 ** 40 },
      { batchSize: 1, workers: 1e6 },
      { batchSize: 1, workers: 1, allocate: () => new ArrayBuffer(99) },
    ])
      expect(load(wrong), JSON.stringify(wrong)).toBe("MEDS_INVALID_ARGUMENT");
    const wide = samples(db, labels, { maxLength: 2 ** 31 - 1 });
    for (const options of [{ padTo: "max" }, { padTo: "max", codeType: "int64", fields: ["code"] }] as const) {
      const all = samples(db, Labels.from(Array.from({ length: 64 }, () => labels.at(0)!)), { maxLength: 2 ** 31 - 1 });
      const error = thrown(() => [...loader(all, { batchSize: 64, ...options })]);
      expect(error).toMatchObject({ code: "MEDS_INVALID_ARGUMENT", message: expect.stringContaining("batchSize") });
    }
    expect([...loader(wide, { batchSize: 1 })][0]!.shape).toEqual([1, 1]);
    const controller = new AbortController();
    controller.abort();
    expect(load({ batchSize: 1, signal: controller.signal })).toBe("MEDS_CANCELLED");
    db.close();
    expect(load({ batchSize: 1 })).toBe("MEDS_CLOSED");
    expect(codeOf(() => list.at(0))).toBe("MEDS_CLOSED");
  });
});
