// The tasks of a folder, and several tasks joined.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { convert, JointLabels, type Label, Labels, PatientDatabase, Splits, samples } from "meds-reader";
import { describe, expect, it } from "vitest";
import { writeSimple } from "../support/dataset.js";
import { codeOf, rejected } from "../support/errors.js";
import { folder, place } from "../support/folder.js";
import { duckFile, plain } from "../support/labels.js";
import { runs } from "../support/property.js";

describe("Labels.tasks", () => {
  it("names each folder of labels, and each file of the folder itself", async () => {
    const root = folder("tasks");
    for (const [i, path] of [
      "mortality/in_icu/first_24h/train/0.parquet",
      "mortality/in_icu/first_24h/held_out/0.parquet",
      "mortality/in_hospital/0.parquet",
      "mortality/in_hospital/deeper/1.parquet",
      "guo_los/labels.parquet",
      "flat.parquet",
      "_cache/x/0.parquet",
      ".hidden/0.parquet",
    ].entries())
      await duckFile(join(root, path), `SELECT ${i}::BIGINT subject_id, make_timestamp(1) prediction_time`);
    writeFileSync(
      place(root, "lab_anemia", "labeled_patients.csv"),
      "patient_id,prediction_time,label_type,value\n1,2020-01-01,categorical,2\n",
    );
    writeFileSync(place(root, "lab_anemia", "all_shots_data.json"), "{}");
    writeFileSync(place(root, "notes", "readme.txt"), "");
    mkdirSync(join(root, "empty"));
    const tasks = await Labels.tasks(root);
    expect(tasks).toEqual(["flat.parquet", "guo_los", "lab_anemia", "mortality/in_hospital", "mortality/in_icu/first_24h"]);
    const sizes = await Promise.all(tasks.map(async (task) => (await Labels.open(join(root, task), { task })).size));
    expect(sizes).toEqual([1, 1, 1, 2, 2]);
    expect(await Labels.tasks(join(root, "mortality", "in_icu", "first_24h"))).toEqual(["."]);
    expect(await Labels.tasks(join(root, "empty"))).toEqual([]);
    expect(await rejected(Labels.tasks(join(root, "absent")))).toMatchObject({ code: "MEDS_NOT_FOUND" });
    expect(await rejected(Labels.tasks(5 as unknown as string))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
  });
});

describe("Labels.join", () => {
  it("has one row per subject and time, null where a task has no label, and pairs the k-th with the k-th", () => {
    const label = (subjectId: number, predictionTime: number, value: Partial<Label>): Label => ({ subjectId, predictionTime, ...value });
    const a = Labels.from([
      label(1, 10, { booleanValue: true }),
      label(1, 10, { booleanValue: false }),
      label(2, 10, { booleanValue: null }),
      label(1, 11, { booleanValue: true }),
    ]);
    const b = Labels.from([
      label(2, 10, { categoricalValue: "x" }),
      label(1, 10, { categoricalValue: "y" }),
      label(-1, 0, { categoricalValue: "z" }),
    ]);
    const joint = Labels.join({ a, b });
    expect(joint).toBeInstanceOf(Labels);
    expect([joint.tasks, joint.task, joint.columns]).toEqual([["a", "b"], "a+b", []]);
    expect([...joint].map(({ subjectId, predictionTime }) => [subjectId, predictionTime])).toEqual([
      [1n, 10n],
      [1n, 10n],
      [2n, 10n],
      [1n, 11n],
      [-1n, 0n],
    ]);
    expect([...joint.of("a")].map((row) => row.booleanValue)).toEqual([true, false, null, true, null]);
    expect([...joint.has("a")]).toEqual([1, 1, 1, 1, 0]);
    expect([...joint.of("b")].map((row) => row.categoricalValue)).toEqual(["y", null, "x", null, "z"]);
    expect([...joint.has("b")]).toEqual([1, 0, 1, 0, 1]);
    expect([joint.of("b").task, joint.of("b").size]).toEqual(["b", 5]);
    const some = joint.select([4, 0]);
    expect([some.size, [...some.of("b")].map((row) => row.categoricalValue), [...some.has("a")]]).toEqual([2, ["z", "y"], [0, 1]]);
    const { labels, noSplit, otherSplit } = joint.inSplit(Splits.from({ train: [1], tuning: [2] }), "train");
    expect(labels).toBeInstanceOf(JointLabels);
    expect([labels.size, noSplit, otherSplit, [...labels.of("b")].map((row) => row.categoricalValue)]).toEqual([
      3,
      1,
      1,
      ["y", null, null],
    ]);
  });

  it("refuses values that are not tables of labels", () => {
    const labels = Labels.from([]);
    expect(codeOf(() => Labels.join(null as never))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => Labels.join({ a: labels, b: [] as never }))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => Labels.join({ a: labels }).of("b"))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => Labels.join({ a: labels }).has(5 as never))).toBe("MEDS_INVALID_ARGUMENT");
    expect(Labels.join({}).size).toBe(0);
  });

  it("keeps every label of every task once, and no other, on random tables", () => {
    const table = fc.array(fc.record({ subjectId: fc.integer({ min: -2, max: 2 }), predictionTime: fc.integer({ min: -1, max: 1 }) }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.array(table, { maxLength: 4 }), (tables) => {
        const given = Object.fromEntries(
          tables.map((all, t) => [`t${t}`, Labels.from(all.map((row, i) => ({ ...row, integerValue: 100 * t + i })))]),
        );
        const joint = Labels.join(given);
        const key = (row: { subjectId: unknown; predictionTime: unknown }) => `${row.subjectId}/${row.predictionTime}`;
        const most = new Map<string, number>();
        for (const all of tables) {
          const counts = new Map<string, number>();
          for (const row of all) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1);
          for (const [pair, count] of counts) most.set(pair, Math.max(count, most.get(pair) ?? 0));
        }
        expect(joint.size).toBe([...most.values()].reduce((sum, count) => sum + count, 0));
        for (const [name, labels] of Object.entries(given)) {
          const own = joint.of(name);
          const has = joint.has(name);
          expect([...own].map(key)).toEqual([...joint].map(key));
          const present = [...own].filter((_, i) => has[i] === 1);
          expect([...own].every((row, i) => (row.integerValue !== null) === (has[i] === 1))).toBe(true);
          const sorted = (all: Iterable<Labels extends Iterable<infer R> ? R : never>) =>
            plain(all).sort((a, b) => Number(a.integerValue) - Number(b.integerValue));
          expect(sorted(present)).toEqual(sorted(labels));
          // Among equal pairs the order of the task's own table stays.
          for (const pair of most.keys()) {
            const values = present.filter((row) => key(row) === pair).map((row) => row.integerValue!);
            expect(values).toEqual([...values].sort((x, y) => Number(x - y)));
          }
        }
      }),
      { numRuns: 5 * runs },
    );
  });

  it("is what samples are made of: one window for all tasks", async () => {
    const source = await writeSimple(folder("joint"), [
      [1n, 5n, "A"],
      [1n, 20n, "B"],
      [2n, 5n, "A"],
    ]);
    await convert(source, join(source, "s.medsdb"));
    const db = PatientDatabase.open(join(source, "s.medsdb"));
    const a = Labels.from([{ subjectId: 1, predictionTime: 10, booleanValue: true }]);
    const b = Labels.from([
      { subjectId: 2, predictionTime: 10, floatValue: 2 },
      { subjectId: 1, predictionTime: 10, floatValue: 1 },
    ]);
    const joint = Labels.join({ a, b });
    const list = samples(db, joint, { maxLength: 8 });
    expect([list.size, list.labels, [...list].map(({ timeline }) => timeline.length)]).toEqual([2, joint, [1, 1]]);
    db.close();
    rmSync(source, { recursive: true });
  });
});
