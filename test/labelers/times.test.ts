// Times of prediction: events, rows, visits and their ends.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type AtVisits,
  convert,
  type LabelingReport,
  Labels,
  outcomeWithin,
  PatientDatabase,
  type PredictionTimes,
  predictionTimes,
} from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DAY, distinct, HOUR, randomPatients, stored, timedRows } from "../support/clinic-labels.js";
import { type SimpleRow, simple, simpleFile, writeFiles } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { real } from "../support/real.js";

/** Times in hours that a rule gives, by subject, and what was counted. */
async function timesBy(
  db: PatientDatabase,
  at: PredictionTimes,
): Promise<{ times: Record<string, number[]>; skipped: Record<string, number> }> {
  let report: LabelingReport | undefined;
  const labels = await db.label(predictionTimes(at), {
    onReport: (given) => {
      report = given;
    },
  });
  expect(labels.columns).toEqual([]);
  const times: Record<string, number[]> = {};
  for (const { subjectId, predictionTime } of labels) {
    times[String(subjectId)] ??= [];
    times[String(subjectId)]!.push(Number(predictionTime) / Number(HOUR));
  }
  return { times, skipped: Object.fromEntries(report!.skipped) };
}

const start = { prefix: "ADM" };
const end = { prefix: "DIS" };

describe("predictionTimes", () => {
  it("are the distinct times of the record, or of rows, moved", async () => {
    const { db, source } = await stored(randomPatients(11));
    const rows = await timedRows(source);
    const of = async (at: PredictionTimes) =>
      [...(await db.label(predictionTimes(at)))].map(({ subjectId, predictionTime }) => [subjectId, predictionTime]);
    const expected = (times: (id: bigint) => bigint[]) => [...rows.keys()].flatMap((id) => times(id).map((time) => [id, time]));
    expect(await of("events")).toEqual(expected((id) => distinct(rows.get(id)!)));
    const admissions = (id: bigint) => distinct(rows.get(id)!.filter(({ code }) => code === "ADM//x"));
    expect(await of({ codes: "ADM//x" })).toEqual(expected(admissions));
    expect(await of({ codes: "ADM//x", offset: { hours: 24 } })).toEqual(expected((id) => admissions(id).map((time) => time + DAY)));
    // Times before 1970 are among them: days are counted from their own midnight there too.
    const nights = (id: bigint) => [
      ...new Set(
        admissions(id).map((time) => {
          const day = new Date(Number(time / 1000n)).toISOString().slice(0, 10);
          return BigInt(Date.parse(`${day}T23:59:00Z`)) * 1000n;
        }),
      ),
    ];
    expect(await of({ codes: "ADM//x", endOfDay: true })).toEqual(expected(nights));
    expect(rows.get(0n)!.length + rows.get(1n)!.length).toBeGreaterThan(0);
    db.close();
  });

  it("pair a visit's beginning with the end that belongs to it", async () => {
    const { db } = await stored(
      new Map([
        [
          1n,
          [
            ["ADM", 0],
            ["X", 1],
            ["DIS", 5],
            ["ADM", 10],
            ["DIS", 20],
          ],
        ],
        // Discharged and admitted again at once: the end belongs to the first.
        [
          2n,
          [
            ["ADM", 0],
            ["DIS", 5],
            ["ADM", 5],
            ["DIS", 9],
          ],
        ],
        // The first end is missing: the next visit's is not taken for it.
        [
          3n,
          [
            ["ADM", 0],
            ["ADM", 10],
            ["DIS", 20],
          ],
        ],
        // An end before any beginning, and a visit that is not over.
        [
          4n,
          [
            ["DIS", 0],
            ["ADM", 1],
            ["X", 2],
          ],
        ],
        // Told twice at the same time.
        [
          5n,
          [
            ["ADM", 0],
            ["ADM//again", 0],
            ["DIS", 3],
            ["DIS", 3],
          ],
        ],
        // Over at once.
        [
          6n,
          [
            ["ADM", 0],
            ["DIS", 0],
          ],
        ],
      ] as [bigint, [string, number][]][]),
    );
    expect(await timesBy(db, { start, end })).toEqual({ times: { 1: [0, 10], 2: [0, 5], 3: [10], 5: [0], 6: [0] }, skipped: { noEnd: 2 } });
    expect(await timesBy(db, { start, end, at: "end" })).toEqual({
      times: { 1: [5, 20], 2: [5, 9], 3: [20], 5: [3], 6: [0] },
      skipped: { noEnd: 2 },
    });
    // Only who is still there after so long.
    expect(await timesBy(db, { start, end, offset: { hours: 5 } })).toEqual({
      times: { 1: [5, 15], 3: [15], 2: [5] },
      skipped: { noEnd: 2, over: 3 },
    });
    db.close();
  });

  it("pair by a column, and read ends from a column", async () => {
    const rows: SimpleRow[] = [
      [1n, 0n, "ADM"],
      [1n, 1n * HOUR, "ADM"],
      [1n, 2n * HOUR, "DIS"],
      [1n, 3n * HOUR, "DIS"],
      [2n, 0n, "ADM"],
      [2n, 5n * HOUR, "DIS"],
      [3n, 0n, "ADM"],
    ];
    const stay = [7, 8, 8, 7, null, null, 9];
    const until = [3n * HOUR, null, null, null, -1n, null, 30n * HOUR];
    const source = folder("by");
    await writeFiles(source, [
      simpleFile("0.parquet", rows, {}, [
        { name: "stay", type: simple.int, values: stay },
        { name: "end", type: simple.time, values: until },
      ]),
    ]);
    const store = join(folder("by-store"), "by.medsdb");
    await convert(source, store);
    const db = PatientDatabase.open(store);
    const shared: AtVisits = { start, end, by: "stay" };
    expect(await timesBy(db, shared)).toEqual({ times: { 1: [0, 1] }, skipped: { noEnd: 2 } });
    expect(await timesBy(db, { ...shared, at: "end" })).toEqual({ times: { 1: [2, 3] }, skipped: { noEnd: 2 } });
    const column: AtVisits = { start, end: { column: "end" } };
    expect(await timesBy(db, { ...column, at: "end" })).toEqual({ times: { 1: [3], 3: [30] }, skipped: { noEnd: 2 } });
    expect(await timesBy(db, { ...column, offset: { hours: 24 } })).toEqual({ times: { 3: [24] }, skipped: { noEnd: 2, over: 1 } });
    const code = async (at: unknown) => (await rejected(db.label(predictionTimes(at as PredictionTimes)))).code;
    expect(await code({ start, end: { column: "stay" } })).toBe("MEDS_COLUMN_TYPE");
    expect(await code({ start, end: { column: "none" } })).toBe("MEDS_UNKNOWN_COLUMN");
    expect(await code({ start, end, by: "none" })).toBe("MEDS_UNKNOWN_COLUMN");
    expect(await code({ start })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code({ start, end, at: "middle" })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code({ start, end, codes: "A" })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(undefined)).toBe("MEDS_INVALID_ARGUMENT");
    db.close();
  });

  it("warn where the store has none of the codes", async () => {
    const { db } = await stored(new Map([[1n, [["A", 0]]]]));
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    expect((await db.label(predictionTimes({ codes: "ADMISION" }))).size).toBe(0);
    expect(await warned).toMatchObject({ name: "MedsWarning", code: "MEDS_NO_CODE" });
    db.close();
  });
});

const mimic = real("mimic-iv-demo-meds-0.0.1");
const answers = real("answers", "los_mimic4_demo.json");

describe.skipIf(mimic === null || answers === null)("visits of the MIMIC-IV demo", () => {
  let db: PatientDatabase;
  beforeAll(async () => {
    const store = join(folder("mimic"), "mimic.medsdb");
    await convert(mimic!, store);
    db = PatientDatabase.open(store);
  });
  afterAll(() => db.close());

  it("are those that two other programs found, and as long", async () => {
    const visits: AtVisits = { start: { prefix: "HOSPITAL_ADMISSION" }, end: { prefix: "HOSPITAL_DISCHARGE" }, by: "hadm_id" };
    const starts = [...(await db.label(predictionTimes(visits)))];
    const ends = [...(await db.label(predictionTimes({ ...visits, at: "end" })))];
    // Stays of a patient do not overlap in these data: the n-th beginning and the n-th end are one stay's.
    const days = ends.map(
      ({ subjectId, predictionTime }, i) => [subjectId, Number((predictionTime - starts[i]!.predictionTime) / DAY)] as const,
    );
    const { rows } = JSON.parse(readFileSync(answers!, "utf8")) as { rows: [number, number, number, number][] };
    const listed = (pairs: Iterable<readonly [bigint, number]>) => [...pairs].map(([id, stay]) => `${id} ${stay}`).sort();
    expect(starts.length).toBe(275);
    expect(listed(days)).toEqual(listed(rows.map(([, patient, stay]) => [BigInt(patient), stay])));
  });

  it("contain every prediction time of the published task: 24 hours into each intensive care stay that lasts as long", async () => {
    const published = await Labels.open(join(mimic!, "tasks", "ICU_Mortality_first_24h.parquet"));
    const stays: AtVisits = { start: { prefix: "ICU_ADMISSION" }, end: { prefix: "ICU_DISCHARGE" }, offset: { hours: 24 } };
    const death = await db.label(outcomeWithin({ outcome: "MEDS_DEATH", horizon: "record", at: stays }));
    const own = new Map([...death].map(({ subjectId, predictionTime, booleanValue }) => [`${subjectId} ${predictionTime}`, booleanValue]));
    const found = [...published].map(({ subjectId, predictionTime, booleanValue }) => [
      booleanValue,
      own.get(`${subjectId} ${predictionTime}`),
    ]);
    expect(found.length).toBe(74);
    expect(found.filter(([, value]) => value === undefined)).toEqual([]);
    // Theirs ends with the stay, ours with the record: who dies in theirs dies in ours.
    expect(found.filter(([theirs, ours]) => theirs === true && ours !== true)).toEqual([]);
    expect(found.filter(([theirs]) => theirs === true).length).toBe(9);
  });
});
