// Classes of laboratory values, from their definition.

import { join } from "node:path";
import { convert, type EachValue, type LabelingReport, type LabelRow, labValue, PatientDatabase, type ValueWithin } from "meds-reader";
import { describe, expect, it } from "vitest";
import { distinct, HOUR, randomPatients, stored, timedRows } from "../support/clinic-labels.js";
import { type SimpleRow, simple, simpleFile, writeFiles } from "../support/dataset.js";
import { codeOf, rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";

const MINUTE = HOUR / 60n;
const lab = { codes: { prefix: "LAB//" }, thresholds: [5.5, 6, 7], passes: ">" } as const;
const plainOf = ({ subjectId, predictionTime, integerValue }: LabelRow) => [
  subjectId,
  predictionTime,
  integerValue === null ? null : Number(integerValue),
];
/** A class by a plain chain of comparisons. */
const classOf = (value: number) => (value > 7 ? 3 : value > 6 ? 2 : value > 5.5 ? 1 : 0);

describe("labValue", () => {
  it("labels each measurement a minute before it", async () => {
    const { db, source } = await stored(randomPatients(21));
    const rows = await timedRows(source);
    const measured = [...rows].flatMap(([id, own]) =>
      own.filter(({ code, value }) => code === "LAB//k" && !Number.isNaN(value)).map((row) => ({ id, ...row })),
    );
    const expected = measured.map(({ id, time, value }) => [id, time - MINUTE, classOf(value)]);
    const labels = await db.label(labValue(lab));
    expect([...labels].map(plainOf)).toEqual(expected);
    expect(new Set(expected.map(([, , grade]) => grade)).size).toBe(4);
    expect(labels.task).toBe("lab_value");

    const named = await db.label(labValue({ ...lab, classes: ["usual", "mild", "moderate", "severe"], before: { hours: 2 } }));
    expect([...named].map(({ predictionTime, categoricalValue }) => [predictionTime, categoricalValue])).toEqual(
      measured.map(({ time, value }) => [time - 2n * HOUR, ["usual", "mild", "moderate", "severe"][classOf(value)]]),
    );
    const low = await db.label(labValue({ codes: "LAB//k", thresholds: [4], passes: "<" }));
    expect([...low].map(({ booleanValue }) => booleanValue)).toEqual(measured.map(({ value }) => value < 4));
    db.close();
  });

  it.each(["first", "gravest"] as const)(
    "labels times of prediction by the %s measurement of the horizon, in three values",
    async (pick) => {
      const { db, source } = await stored(randomPatients(22));
      const rows = await timedRows(source);
      const expected: unknown[] = [];
      let unmeasured = 0;
      for (const [id, own] of rows) {
        for (const time of distinct(own.filter(({ code }) => code === "DX//1"))) {
          const inside = own.filter(
            (row) => row.code === "LAB//k" && !Number.isNaN(row.value) && row.time > time && row.time <= time + 12n * HOUR,
          );
          const grades = inside.map(({ value }) => classOf(value));
          const isSeen = own.at(-1)!.time >= time + 12n * HOUR;
          if (pick === "first") {
            if (grades.length > 0) expected.push([id, time, grades[0]]);
            else if (!isSeen) expected.push([id, time, null]);
            else unmeasured += 1;
          } else if (grades.includes(3)) expected.push([id, time, 3]);
          else if (!isSeen) expected.push([id, time, null]);
          else if (grades.length > 0) expected.push([id, time, Math.max(...grades)]);
          else unmeasured += 1;
        }
      }
      let report: LabelingReport | undefined;
      const options: ValueWithin = { ...lab, at: { codes: "DX//1" }, horizon: { hours: 12 }, pick };
      const labels = await db.label(labValue(options), {
        onReport: (given) => {
          report = given;
        },
      });
      expect([...labels].map(plainOf)).toEqual(expected);
      expect([...labels].every(({ integerValue, isCensored }) => isCensored === (integerValue === null))).toBe(true);
      expect(report!.skipped).toEqual(new Map([["unmeasured", unmeasured]]));
      expect(unmeasured).toBeGreaterThan(5);
      db.close();
    },
  );

  it("compares at the precision of the store, at the threshold itself too", async () => {
    const { db } = await stored(
      new Map([
        [
          1n,
          [
            ["LAB//k", 1, 3.3],
            ["LAB//k", 2, 3.2],
            ["LAB//k", 3, Number.NaN],
            ["LAB//k", 4, null],
          ],
        ],
      ]),
    );
    const grades = async (passes: EachValue["passes"]) =>
      [...(await db.label(labValue({ codes: "LAB//k", thresholds: [3.3], passes })))].map(({ booleanValue }) => booleanValue);
    expect(await grades(">=")).toEqual([true, false]);
    expect(await grades(">")).toEqual([false, false]);
    expect(await grades("<=")).toEqual([true, true]);
    expect(await grades("<")).toEqual([false, true]);
    db.close();
  });

  it("reads only rows in the chosen units, and counts the others", async () => {
    const rows: SimpleRow[] = [0, 1, 2, 3].map((i) => [1n, BigInt(i) * HOUR, "LAB//k", 10]);
    const source = folder("units");
    await writeFiles(source, [
      simpleFile("0.parquet", rows, {}, [{ name: "unit", type: simple.text, values: ["mg/dL", "mmol/L", null, "mmol/L"] }]),
    ]);
    const store = join(folder("units-store"), "u.medsdb");
    await convert(source, store);
    const db = PatientDatabase.open(store);
    const skipped: unknown[] = [];
    const count = async (where: EachValue["where"]) => {
      const labels = await db.label(labValue({ codes: "LAB//k", thresholds: [5], where }), {
        onReport: (report) => skipped.push(report.skipped.get("elsewhere")),
      });
      return labels.size;
    };
    expect(await count({ unit: ["mmol/L"] })).toBe(2);
    expect(await count({ unit: ["mmol/L", null] })).toBe(3);
    expect(await count(undefined)).toBe(4);
    expect(skipped).toEqual([2, 1, undefined]);
    expect((await rejected(db.label(labValue({ codes: "LAB//k", thresholds: [5], where: { units: ["x"] } })))).code).toBe(
      "MEDS_UNKNOWN_COLUMN",
    );
    db.close();
  });

  it("refuses unknown options", () => {
    const odd = (value: unknown) => value as never;
    const made = [
      () => labValue(odd(undefined)),
      () => labValue(odd({ codes: "A" })),
      () => labValue({ codes: "A", thresholds: [] }),
      () => labValue({ codes: "A", thresholds: [1, 1] }),
      () => labValue({ codes: "A", thresholds: [2, 1] }),
      () => labValue({ codes: "A", thresholds: [1, 2], passes: "<" }),
      () => labValue({ codes: "A", thresholds: [Number.NaN] }),
      () => labValue({ codes: "A", thresholds: odd(["1"]) }),
      () => labValue({ codes: "A", thresholds: [1], passes: odd("=") }),
      () => labValue({ codes: "A", thresholds: [1], classes: ["a"] }),
      () => labValue({ codes: "A", thresholds: [1], classes: odd("ab") }),
      () => labValue({ codes: "A", thresholds: [1], where: odd({ unit: "mmol/L" }) }),
      // A measurement at the time of prediction may be known then.
      () => labValue({ codes: "A", thresholds: [1], before: 0 }),
      () => labValue(odd({ codes: "A", thresholds: [1], horizon: 1 })),
      () => labValue(odd({ codes: "A", thresholds: [1], at: "events" })),
      () => labValue(odd({ codes: "A", thresholds: [1], at: "events", horizon: 1, before: 1 })),
    ];
    expect(made.map(codeOf)).toEqual(made.map(() => "MEDS_INVALID_ARGUMENT"));
  });
});
