// EHRSHOT's few-shot selections: a benchmark in its published shape is made here, with the JSON by EHRSHOT's own rules, and read back.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { Labels, Shots, Splits } from "meds-reader";
import { describe, expect, it } from "vitest";
import { benchmark, FINDINGS, KS, micros, type Row, splitOf } from "../support/ehrshot.js";
import { codeOf, rejected, thrown } from "../support/errors.js";
import { folder, place } from "../support/folder.js";
import { runs } from "../support/property.js";

async function open(task: string, rows: readonly Row[]) {
  const { dir, splits, json } = benchmark(task, rows);
  return { labels: await Labels.open(dir), splits: await Splits.open(splits), shots: await Shots.open(json), json };
}

const shown = (labels: Labels) =>
  [...labels].map(({ subjectId, predictionTime, booleanValue }) => [subjectId, predictionTime, booleanValue] as const);

const LAB: readonly Row[] = [
  { id: 1, time: "2015-01-01T10:20:31", value: 0 },
  { id: 1, time: "2015-01-02T10:20:00", value: 3 },
  { id: 2, time: "2015-01-01T10:20:00", value: 2 },
  { id: 3, time: "2015-01-01T10:20:59", value: 1 },
  { id: 3, time: "1969-12-31T23:59:59", value: 0 },
  { id: 6, time: "2015-01-01T10:20:00", value: 1 },
  { id: 7, time: "2015-01-01T10:20:00", value: 0 },
  { id: 7, time: "2015-01-01T11:20:00", value: 2 },
];

describe("Shots", () => {
  it("lists its sub-tasks, sizes and replicates", async () => {
    const { shots } = await open("lab_anemia", LAB);
    expect([shots.subTasks, shots.sizes(), shots.replicates(4), shots.sizes("lab_anemia")]).toEqual([
      ["lab_anemia"],
      [1, 2, 4, -1],
      [0, 1],
      [1, 2, 4, -1],
    ]);
  });

  it("are true or false for labs, k a class, repeated where a class is short, and tested on all that is held out", async () => {
    const { labels, splits, shots, json } = await open("lab_anemia", LAB);
    const file = readFileSync(json, "utf8");
    for (const k of [1, 2, 4]) {
      const { train, tuning, held_out, report } = shots.select(labels, splits, { k, replicate: 1 });
      const entry = JSON.parse(file).lab_anemia[k][1];
      expect([...train.subjectIds]).toEqual(entry.patient_ids_train_k.map(BigInt));
      expect([...train].map((row) => row.booleanValue)).toEqual(entry.label_values_train_k.map((value: number) => value === 1));
      expect([...train].filter((row) => row.booleanValue).length).toBe(k);
      // Those to tune on are all true: one class.
      expect([train.size, tuning.size]).toEqual([2 * k, k]);
      expect([train.columns, train.task]).toEqual([["boolean_value"], "lab_anemia"]);
      expect(shown(held_out)).toEqual([
        [3n, micros("2015-01-01T10:20:59"), true],
        [3n, micros("1969-12-31T23:59:59"), false],
        [7n, micros("2015-01-01T10:20:00"), false],
        [7n, micros("2015-01-01T11:20:00"), true],
      ]);
      expect(report).toEqual({ unmatched: { train: 0, tuning: 0 }, differing: { train: 0, tuning: 0 } });
    }
  });

  it("keep the label's own time, which is compared to the minute", async () => {
    const { labels, splits, shots } = await open("guo_icu", [
      { id: 1, time: "2015-01-01T10:20:31", value: 1 },
      { id: 1, time: "1969-12-31T23:59:30", value: 0 },
      { id: 2, time: "2015-01-01T10:20:00", value: 1 },
      { id: 3, time: "2015-01-01T10:20:00", value: 1 },
    ]);
    const { train } = shots.select(labels, splits, { k: -1 });
    expect(codeOf(() => shots.select(labels, splits, { k: -1, replicat: 1 } as never))).toBe("MEDS_INVALID_ARGUMENT");
    expect(shown(train)).toEqual([
      [1n, micros("1969-12-31T23:59:30"), false],
      [1n, micros("2015-01-01T10:20:31"), true],
    ]);
  });

  it("take labels of one minute in turn, those with the file's value first", async () => {
    const rows: Row[] = [
      { id: 1, time: "2015-01-01T10:20:01", value: 1 },
      { id: 1, time: "2015-01-01T10:20:02", value: 0 },
      { id: 1, time: "2015-01-01T10:20:03", value: 1 },
      { id: 2, time: "2015-01-01T10:20:00", value: 1 },
      { id: 3, time: "2015-01-01T10:20:00", value: 1 },
    ];
    const { labels, splits, shots } = await open("guo_icu", rows);
    const times = (k: number) =>
      [...shots.select(labels, splits, { k }).train].map((row) => [row.booleanValue, Number(row.predictionTime / 1_000_000n) % 60]);
    expect(times(4)).toEqual([
      [false, 2],
      [false, 2],
      [false, 2],
      [false, 2],
      [true, 1],
      [true, 3],
      [true, 1],
      [true, 3],
    ]);
    expect(new Set(times(-1).map(String)).size).toBe(3);
  });

  it("are bits of chexpert's values, No Finding the highest", async () => {
    const rows = Array.from({ length: 32 }, (_, i): Row => ({ id: i, time: `2015-01-01T10:${10 + i}:00`, value: (i * 2741) % 2 ** 14 }));
    const { labels, splits, shots } = await open("chexpert", rows);
    expect(shots.subTasks).toEqual(FINDINGS);
    for (const [i, subTask] of FINDINGS.entries()) {
      const { train, held_out, report } = shots.select(labels, splits, { subTask, k: -1 });
      const bit = (split: string) =>
        rows.filter(({ id }) => splitOf(id) === split).map(({ value }) => Math.floor(value / 2 ** (13 - i)) % 2 === 1);
      expect([...held_out].map((row) => row.booleanValue)).toEqual(bit("test"));
      expect([...train].map((row) => row.booleanValue)).toEqual(bit("train"));
      expect(report.differing).toEqual({ train: 0, tuning: 0 });
      expect(train.task).toBe(`chexpert/${subTask}`);
    }
    expect(codeOf(() => shots.select(labels, splits, { k: 1 }))).toBe("MEDS_INVALID_ARGUMENT");
  });

  it("agree with the file, entry by entry, on random benchmarks", async () => {
    const row = fc.record({
      id: fc.nat({ max: 11 }),
      time: fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 59 })).map(([m, s]) => `2015-01-01T10:2${m}:${String(s).padStart(2, "0")}`),
      value: fc.nat({ max: 3 }),
    });
    const anchors = [1, 2, 3].map((id): Row => ({ id, time: "2015-01-01T09:00:00", value: 1 }));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 40 }), async (more) => {
        const rows = [...anchors, ...more];
        const { labels, splits, shots, json } = await open("lab_anemia", rows);
        const data = JSON.parse(readFileSync(json, "utf8"));
        for (const k of KS) {
          const selection = shots.select(labels, splits, { k });
          expect(selection.report).toEqual({ unmatched: { train: 0, tuning: 0 }, differing: { train: 0, tuning: 0 } });
          for (const [part, name] of [
            [selection.train, "train"],
            [selection.tuning, "val"],
          ] as const) {
            const entry = data.lab_anemia[k][0];
            const keys = [...part].map(({ subjectId, predictionTime, booleanValue }) => [
              subjectId,
              predictionTime / 60_000_000n,
              booleanValue,
            ]);
            expect(keys).toEqual(
              entry[`patient_ids_${name}_k`].map((id: number, i: number) => [
                BigInt(id),
                micros(entry[`label_times_${name}_k`][i]) / 60_000_000n,
                entry[`label_values_${name}_k`][i] === 1,
              ]),
            );
            for (const { subjectId, predictionTime, booleanValue } of part)
              expect(
                rows.some(
                  ({ id, time, value }) => BigInt(id) === subjectId && micros(time) === predictionTime && value >= 1 === booleanValue,
                ),
              ).toBe(true);
            if (k !== -1) continue;
            // All labels, each once.
            const all = rows.filter(({ id }) => splitOf(id) === name).map(({ id, time, value }) => `${id}/${micros(time)}/${value >= 1}`);
            expect([...part].map((own) => `${own.subjectId}/${own.predictionTime}/${own.booleanValue}`).sort()).toEqual(all.sort());
          }
        }
      }),
      { numRuns: runs },
    );
  });

  it("count entries without a label, and values that the labels do not have", async () => {
    const { labels, splits, shots } = await open("lab_anemia", LAB);
    const fewer = labels.select(({ subjectId }) => subjectId !== 2n);
    const { train, tuning, report } = shots.select(fewer, splits, { k: -1 });
    expect(report.unmatched).toEqual({ train: 0, tuning: 1 });
    expect([train.size, tuning.size]).toEqual([2, 1]);
    const others = Labels.from([...labels].map((row) => ({ ...row, integerValue: 3n })));
    const taken = shots.select(others, splits, { k: -1 });
    expect(taken.report.differing).toEqual({ train: 1, tuning: 0 });
    expect([...taken.train].map((row) => row.booleanValue)).toEqual([false, true]);
  });

  it("never contain held-out patients for training", async () => {
    const { labels, shots } = await open("lab_anemia", LAB);
    const wrong = Splits.from({ train: [6], tuning: [2], held_out: [1, 3, 7] });
    expect(thrown(() => shots.select(labels, wrong, { k: 1 }))).toMatchObject({
      code: "MEDS_SPLIT_CONFLICT",
      message: expect.stringMatching(/subject 1 .*"held_out"/),
    });
    const none = Splits.from({ tuning: [2, 6], held_out: [3, 7] });
    expect(thrown(() => shots.select(labels, none, { k: 1 }))).toMatchObject({
      code: "MEDS_SPLIT_CONFLICT",
      message: expect.stringMatching(/in no split/),
    });
    expect(codeOf(() => shots.select(labels, Splits.from({ train: [1], tuning: [2, 6] }), { k: 1 }))).toBe("MEDS_UNKNOWN_SPLIT");
  });

  it("refuse misuse", async () => {
    const { labels, splits, shots } = await open("lab_anemia", LAB);
    for (const call of [
      () => shots.select(labels, splits, { k: 3 }),
      () => shots.select(labels, splits, { k: 1, replicate: 9 }),
      () => shots.select(labels, splits, { k: 1, subTask: "guo_icu" }),
      () => shots.select(labels, splits, undefined as never),
      () => shots.select([] as never, splits, { k: 1 }),
      () => shots.select(labels, {} as never, { k: 1 }),
      () => shots.sizes("x"),
      () => shots.replicates(3),
      () => Shots.binary(labels, 5 as never),
      () => Shots.binary([] as never, "lab_anemia"),
    ])
      expect(codeOf(call)).toBe("MEDS_INVALID_ARGUMENT");
  });

  it("refuse files of another shape", async () => {
    const splits = Splits.from({ train: [1], tuning: [2], held_out: [3] });
    const labels = Labels.from([{ subjectId: 1, predictionTime: 0, booleanValue: true }]);
    const good = {
      patient_ids_train_k: [1],
      label_times_train_k: ["1970-01-01T00:00:00"],
      label_values_train_k: [true],
      patient_ids_val_k: [],
      label_times_val_k: [],
      label_values_val_k: [],
    };
    const read = async (data: unknown) => {
      const path = place(folder("shape"), "few_shots_data.json");
      writeFileSync(path, typeof data === "string" ? data : JSON.stringify(data));
      return Shots.open(path);
    };
    const select = async (replicate: unknown) => (await read({ t: { 1: { 0: replicate } } })).select(labels, splits, { k: 1 });
    expect(shown((await select(good)).train)).toEqual([[1n, 0n, true]]);
    for (const data of ["{", "[]", "5", "null"]) expect(await rejected(read(data))).toMatchObject({ code: "MEDS_SOURCE_DAMAGED" });
    for (const wrong of [
      5,
      {},
      { ...good, label_values_train_k: undefined },
      { ...good, label_values_train_k: [] },
      { ...good, label_values_train_k: [2] },
      { ...good, label_values_train_k: ["True"] },
      { ...good, patient_ids_train_k: ["1"] },
      { ...good, patient_ids_train_k: [1.5] },
      { ...good, label_times_train_k: [0] },
      { ...good, label_times_train_k: ["yesterday"] },
    ])
      expect(await rejected(select(wrong))).toMatchObject({ code: "MEDS_SOURCE_DAMAGED" });
    expect(await rejected(select({ ...good, patient_ids_train_k: [2 ** 60] }))).toMatchObject({ code: "MEDS_UNSAFE_NUMBER" });
    expect(await rejected(Shots.open(join(folder("absent"), "x.json")))).toMatchObject({ code: "MEDS_NOT_FOUND" });
    expect(await rejected(Shots.open(5 as unknown as string))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
  });
});

describe("Shots.binary", () => {
  it("keeps truth values and missing ones, and refuses values of which none is named as true", () => {
    const from = (...values: object[]) => Labels.from(values.map((value) => ({ subjectId: 1, predictionTime: 1, ...value })));
    const binary = (labels: Labels, subTask: string) => [...Shots.binary(labels, subTask)].map((row) => row.booleanValue);
    expect(binary(from({ booleanValue: false }, { booleanValue: true }, {}), "guo_icu")).toEqual([false, true, null]);
    expect(binary(from({ integerValue: 1 }, { integerValue: 0 }, {}), "lab_anemia")).toEqual([true, false, null]);
    expect(binary(from({ floatValue: 0.5 }, { floatValue: 1 }), "lab_anemia")).toEqual([false, true]);
    expect(binary(from({ categoricalValue: "3" }, { categoricalValue: "0" }), "lab_anemia")).toEqual([true, false]);
    expect(binary(from({}, {}), "guo_icu")).toEqual([null, null]);
    expect(Shots.binary(from({}), "guo_icu").columns).toEqual(["boolean_value"]);
    expect(codeOf(() => Shots.binary(from({ integerValue: 1 }), "guo_icu"))).toBe("MEDS_COLUMN_TYPE");
    expect(codeOf(() => Shots.binary(from({ categoricalValue: "mild" }), "lab_anemia"))).toBe("MEDS_COLUMN_TYPE");
    expect(codeOf(() => Shots.binary(from({ integerValue: 2 ** 14 }), "Edema"))).toBe("MEDS_VALUE_RANGE");
    expect(codeOf(() => Shots.binary(from({ integerValue: -1 }), "Edema"))).toBe("MEDS_VALUE_RANGE");
  });
});
