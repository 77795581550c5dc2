// Outcomes within a horizon: three values, equal to a plain loop over the definition and to FEMR's TimeHorizonEventLabeler.
import { join } from "node:path";
import { convert, type Label, type LabelRow, type Labels, type OutcomeOptions, outcomeWithin, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import { DAY, distinct, HOUR, randomPatients, stored, type Timed, timedRows } from "../support/clinic-labels.js";
import { codeOf, rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { real } from "../support/real.js";

/** A label as tests compare it. */
type Plain = [subject: bigint, time: bigint, value: boolean | null];
const plainOf = ({ subjectId, predictionTime, booleanValue }: LabelRow): Plain => [subjectId, predictionTime, booleanValue];

interface Definition {
  readonly isOutcome: (row: Timed) => boolean;
  readonly gap: bigint;
  /** Null: the record's end. */
  readonly horizon: bigint | null;
  readonly withStart: boolean;
  readonly withEnd: boolean;
  readonly until: (rows: readonly Timed[]) => bigint;
}

/** True, false, or null where follow-up ends before the horizon: from the definition, row by row. */
function brute(rows: readonly Timed[], time: bigint, { isOutcome, gap, horizon, withStart, withEnd, until }: Definition): boolean | null {
  const begin = time + gap;
  const end = horizon === null ? null : time + horizon;
  const happened = rows.some((row) => {
    const afterStart = withStart ? row.time >= begin : row.time > begin;
    const beforeEnd = end === null || (withEnd ? row.time <= end : row.time < end);
    return isOutcome(row) && afterStart && beforeEnd;
  });
  if (happened) return true;
  return end !== null && until(rows) < end ? null : false;
}

const lastRow = (rows: readonly Timed[]) => rows.at(-1)!.time;
const outcomes = (row: Timed) => row.code.startsWith("OUT//");

describe("outcomeWithin", () => {
  const cases: [name: string, options: Partial<OutcomeOptions>, definition: Partial<Definition>][] = [
    ["the default bounds", {}, {}],
    ["both bounds open", { inclusive: false }, { withEnd: false }],
    ["both bounds closed", { inclusive: true }, { withStart: true }],
    ["the start closed", { inclusive: "start" }, { withStart: true, withEnd: false }],
    ["a gap", { gap: { hours: 3 } }, { gap: 3n * HOUR }],
    ["a gap with closed bounds", { gap: { hours: 3 }, inclusive: true }, { gap: 3n * HOUR, withStart: true }],
    [
      "a horizon of one instant",
      { gap: { hours: 7 }, horizon: { hours: 7 }, inclusive: true },
      { gap: 7n * HOUR, horizon: 7n * HOUR, withStart: true },
    ],
    ["an empty horizon", { gap: { hours: 7 }, horizon: { hours: 7 }, inclusive: "end" }, { gap: 7n * HOUR, horizon: 7n * HOUR }],
    ["the record's end", { horizon: "record" }, { horizon: null }],
    [
      "death as the end of follow-up",
      { followUp: "death" },
      { until: (rows) => rows.find(({ code }) => code === "MEDS_DEATH")?.time ?? lastRow(rows) },
    ],
    [
      "codes of an end of observation",
      { followUp: { until: "END" } },
      { until: (rows) => rows.filter(({ code }) => code === "END").at(-1)?.time ?? lastRow(rows) },
    ],
    ["one code as outcome", { outcome: "OUT//b" }, { isOutcome: ({ code }) => code === "OUT//b" }],
    ["a function of the code", { outcome: ({ code }) => code.endsWith("//a") }, { isOutcome: ({ code }) => code.endsWith("//a") }],
  ];

  it("equals a plain loop over the rows, for all bounds, gaps and ends of follow-up", async () => {
    for (const seed of [1, 2]) {
      const { db, source } = await stored(randomPatients(seed));
      const rows = await timedRows(source);
      for (const [name, options, definition] of cases) {
        const whole: OutcomeOptions = { outcome: { prefix: "OUT//" }, horizon: { hours: 10 }, ...options };
        const rule: Definition = {
          isOutcome: outcomes,
          gap: 0n,
          horizon: 10n * HOUR,
          withStart: false,
          withEnd: true,
          until: lastRow,
          ...definition,
        };
        const expected = [...rows].flatMap(([id, own]) => distinct(own).map((time): Plain => [id, time, brute(own, time, rule)]));
        const labels = await db.label(outcomeWithin(whole));
        expect([...labels].map(plainOf), name).toEqual(expected);
        expect(
          [...labels].every(({ booleanValue, isCensored }) => isCensored === (booleanValue === null)),
          name,
        ).toBe(true);
        // The cases say something: each value occurs, but for those that cannot.
        const values = new Set(expected.map(([, , value]) => value));
        expect(values.size, name).toBe(name === "the record's end" || name === "an empty horizon" ? 2 : 3);
      }
      db.close();
    }
  });

  it("never makes a false label without complete follow-up", async () => {
    const { db, source } = await stored(randomPatients(3));
    const rows = await timedRows(source);
    for (const hours of [0, 1, 5, 40, 1000]) {
      const labels = await db.label(outcomeWithin({ outcome: { prefix: "OUT//" }, horizon: { hours } }));
      for (const { subjectId, predictionTime, booleanValue } of labels)
        if (booleanValue === false) expect(lastRow(rows.get(subjectId)!)).toBeGreaterThanOrEqual(predictionTime + BigInt(hours) * HOUR);
    }
    db.close();
  });

  it("is the same with any number of threads, and for a split or subset as for all", async () => {
    const { db } = await stored(randomPatients(4, 2000));
    const labeler = outcomeWithin({ outcome: { prefix: "OUT//" }, horizon: { hours: 10 } });
    const all = [...(await db.label(labeler, { threads: 1 }))];
    expect([...(await db.label(labeler, { threads: 3 }))]).toEqual(all);
    const slots = [5, 77, 1003];
    const some = new Set(slots.map((slot) => db.at(slot)!.subjectId));
    expect([...(await db.subset({ slots }).label(labeler))]).toEqual(all.filter(({ subjectId }) => some.has(subjectId)));
    db.close();
  });

  it("says by hand-made cases what true, false and censored are", async () => {
    const rows = new Map([
      [
        1n,
        [
          ["A", 0],
          ["OUT", 10],
          ["A", 30],
        ],
      ],
      [
        2n,
        [
          ["A", 0],
          ["OUT", 11],
          ["A", 30],
        ],
      ],
      [
        3n,
        [
          ["A", 0],
          ["A", 9],
        ],
      ],
      [
        4n,
        [
          ["A", 0],
          ["A", 10],
        ],
      ],
      [
        5n,
        [
          ["A", 0],
          ["OUT", 4],
        ],
      ],
      [
        6n,
        [
          ["A", 0],
          ["OUT", 0],
          ["A", 30],
        ],
      ],
      [7n, [["A", null]]],
    ] as [bigint, [string, number | null][]][]);
    const { db } = await stored(rows);
    const at = { codes: "A" } as const;
    const first = async (options: Partial<OutcomeOptions>) => {
      const labels = await db.label(outcomeWithin({ outcome: "OUT", horizon: { hours: 10 }, at, ...options }));
      return [...labels]
        .filter(({ predictionTime }) => predictionTime === 0n)
        .map(({ subjectId, booleanValue }) => [subjectId, booleanValue]);
    };
    expect(await first({})).toEqual([
      [1n, true],
      [2n, false],
      [3n, null],
      [4n, false],
      [5n, true],
      [6n, false],
    ]);
    // With an open end the tenth hour does not belong to it; with a closed start what is there at once does.
    expect(await first({ inclusive: "start" })).toEqual([
      [1n, false],
      [2n, false],
      [3n, null],
      [4n, false],
      [5n, true],
      [6n, true],
    ]);
    expect((await first({ atOutcome: "skip" })).map(([id]) => id)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect((await first({ atOutcome: "skip", gap: { hours: 1 } })).length).toBe(6);
    db.close();
  });

  it("reports what it counted", async () => {
    const { db } = await stored(randomPatients(5));
    let found: unknown;
    const labeler = outcomeWithin({ outcome: { prefix: "OUT//" }, horizon: { hours: 10 }, inclusive: true, atOutcome: "skip" });
    const labels = await db.label(labeler, {
      task: "mine",
      onReport: (report) => {
        found = report;
      },
    });
    const all = [...labels];
    const keep = await db.label(outcomeWithin({ outcome: { prefix: "OUT//" }, horizon: { hours: 10 }, inclusive: true }));
    expect(labels.task).toBe("mine");
    expect(found).toEqual({
      patients: db.size,
      labelledPatients: new Set(all.map(({ subjectId }) => subjectId)).size,
      labels: all.length,
      censored: all.filter(({ isCensored }) => isCensored).length,
      positive: all.filter(({ booleanValue }) => booleanValue === true).length,
      negative: all.filter(({ booleanValue }) => booleanValue === false).length,
      skipped: new Map([["atOutcome", keep.size - labels.size]]),
    });
    expect(keep.size).toBeGreaterThan(labels.size);
    db.close();
  });

  it("refuses unknown options", async () => {
    const { db } = await stored(new Map([[1n, [["A", 0]]]]));
    const odd = (value: unknown) => value as never;
    const made = [
      () => outcomeWithin(odd(undefined)),
      () => outcomeWithin(odd(3)),
      () => outcomeWithin(odd({ outcome: "A" })),
      () => outcomeWithin({ outcome: "A", horizon: -1 }),
      () => outcomeWithin({ outcome: "A", horizon: { hours: 1 }, gap: { hours: 2 } }),
      () => outcomeWithin({ outcome: "A", horizon: 1, inclusive: odd("both") }),
      () => outcomeWithin(odd({ outcome: "A", horizon: 1, horizons: 1 })),
    ];
    expect(made.map(codeOf)).toEqual(made.map(() => "MEDS_INVALID_ARGUMENT"));
    const applied: OutcomeOptions[] = [
      { outcome: odd(undefined), horizon: 1 },
      { outcome: odd(null), horizon: 1 },
      { outcome: { prefix: "" }, horizon: 1 },
      { outcome: { prefix: odd([3]) }, horizon: 1 },
      { outcome: "A", horizon: 1, at: odd("admissions") },
      { outcome: "A", horizon: 1, at: odd({ codes: "A", of: 1 }) },
      { outcome: "A", horizon: 1, at: { codes: "A", offset: -1 } },
      { outcome: "A", horizon: 1, followUp: odd("discharge") },
      { outcome: "A", horizon: 1, atOutcome: odd("drop") },
    ];
    for (const options of applied) expect((await rejected(db.label(outcomeWithin(options)))).code).toBe("MEDS_INVALID_ARGUMENT");
    const labeler = outcomeWithin({ outcome: "A", horizon: 1 });
    for (const options of [
      { sample: { count: 0 } },
      { sample: { count: 1, seed: 0.5 } },
      { onReport: 3 },
      { task: 3 },
      { ordered: true },
      { threads: -1 },
    ])
      expect((await rejected(db.label(labeler, odd(options)))).code).toBe("MEDS_INVALID_ARGUMENT");
    expect((await rejected(db.label(odd({})))).code).toBe("MEDS_INVALID_ARGUMENT");
    db.close();
    expect((await rejected(db.label(labeler))).code).toBe("MEDS_CLOSED");
  });
});

const femr = real("small-meds", "femr_synthetic");

describe.skipIf(femr === null)("FEMR's TimeHorizonEventLabeler on its synthetic patients", () => {
  /** Its definition: labels at distinct times; true where an outcome lies in the closed horizon; else none where the record ends before it; else false. */
  function timeHorizon(
    rows: readonly Timed[],
    at: readonly bigint[],
    isOutcome: (code: string) => boolean,
    [start, end]: readonly [bigint, bigint | null],
    allowsSameTime: boolean,
  ): [bigint, boolean][] {
    const times = rows.filter(({ code }) => isOutcome(code)).map(({ time }) => time);
    const last = rows.at(-1)!.time;
    const labels: [bigint, boolean][] = [];
    for (const time of at) {
      const next = times.find((outcome) => outcome >= time + start);
      if (next === time && !allowsSameTime) continue;
      if (next !== undefined && (end === null || next <= time + end)) labels.push([time, true]);
      else if (end === null || last >= time + end) labels.push([time, false]);
    }
    return labels;
  }

  async function opened(): Promise<{ db: PatientDatabase; rows: Map<bigint, Timed[]> }> {
    const source = join(femr!, "subjects.parquet");
    const store = join(folder("femr"), "femr.medsdb");
    await convert(source, store);
    return { db: PatientDatabase.open(store), rows: await timedRows(source) };
  }

  const known = (labels: Labels) => labels.select(({ isCensored }) => isCensored !== true);
  const sorted = (rows: Iterable<LabelRow>) => [...rows].map(plainOf);

  it("makes the same labels for every horizon, with and without labels at the time of an outcome", async () => {
    const { db, rows } = await opened();
    const isOutcome = (code: string) => code.startsWith("RxNorm/1") || code.startsWith("ICD9CM/2");
    const outcome = { prefix: ["RxNorm/1", "ICD9CM/2"] };
    let labelled = 0;
    for (const [start, end] of [
      [0n, 180n],
      [1n, 180n],
      [180n, 365n],
      [0n, 0n],
      [10n, 10n],
      [0n, 1_000_000n],
      [10n, null],
    ] as const) {
      for (const allowsSameTime of [true, false]) {
        const expected = [...rows].flatMap(([id, own]) =>
          timeHorizon(own, distinct(own), isOutcome, [start * DAY, end === null ? null : end * DAY], allowsSameTime).map(
            ([time, value]): Plain => [id, time, value],
          ),
        );
        const labels = await db.label(
          outcomeWithin({
            outcome,
            gap: start * DAY,
            horizon: end === null ? "record" : end * DAY,
            inclusive: true,
            atOutcome: allowsSameTime ? "keep" : "skip",
          }),
        );
        expect(sorted(known(labels)), `${start} to ${end} days`).toEqual(expected);
        labelled += expected.length;
      }
    }
    expect(labelled).toBeGreaterThan(5000);
    db.close();
  });

  it("makes the same labels at chosen codes (CodeLabeler)", async () => {
    const { db, rows } = await opened();
    const expected = [...rows].flatMap(([id, own]) => {
      const at = distinct(own.filter(({ code }) => code.startsWith("ICD9CM/")));
      return timeHorizon(own, at, (code) => code.startsWith("RxNorm/"), [0n, 90n * DAY], false).map(
        ([time, value]): Plain => [id, time, value],
      );
    });
    const labels = await db.label(
      outcomeWithin({
        outcome: { prefix: "RxNorm/" },
        horizon: { days: 90 },
        at: { codes: { prefix: "ICD9CM/" } },
        inclusive: true,
        atOutcome: "skip",
      }),
    );
    expect(sorted(known(labels))).toEqual(expected);
    expect(new Set(expected.map(([, , value]) => value))).toEqual(new Set([true, false]));
    db.close();
  });
});

// Compiled only: a label that db.label gives can be given again.
export const again: (row: LabelRow) => Label = (row) => row;
