// The ready transforms against plain functions over mutable rows, written after FEMR's description of what they do.
import { join } from "node:path";
import fc from "fast-check";
import {
  beforeBirthToBirth,
  billingToVisitEnd,
  convert,
  icd10ToIcd10cm,
  midnightToDayEnd,
  PatientDatabase,
  type ReadyTransform,
  transform,
  verify,
  visitStartToFirstEvent,
} from "meds-reader";
import { describe, expect, it } from "vitest";
import { same } from "../support/compare.js";
import { simple, writeSimple } from "../support/dataset.js";
import { codeOf } from "../support/errors.js";
import { folder } from "../support/folder.js";

const DAY = 86_400_000_000n;
const MINUTE = 60_000_000n;

/** A row as the oracle changes it. */
interface Row {
  time: bigint | null;
  code: string;
  numeric_value: number | null;
  table: string | null;
  clarity_table: string | null;
  visit_id: bigint | null;
  end: bigint | null;
}

type Oracle = (rows: Row[]) => Row[];

const later = (a: bigint, b: bigint) => (a > b ? a : b);
const earlier = (a: bigint, b: bigint) => (later(a, b) === a ? b : a);
const isMidnight = (time: bigint) => ((time % DAY) + DAY) % DAY === 0n;
const dayEnd = (time: bigint) => (isMidnight(time) ? time + DAY - MINUTE : time);
const isBirth = ({ code }: Row) => code === "MEDS_BIRTH" || code.startsWith("MEDS_BIRTH//");
const BILLS = ["shc_pat_enc_dx", "lpch_arpb_transactions"];

const billing =
  (isBill: (row: Row) => boolean, isVisit: (row: Row) => boolean): Oracle =>
  (rows) => {
    for (const row of rows) {
      if (!isBill(row) || row.time === null) continue;
      const ends = rows.filter(
        (visit) => isVisit(visit) && visit.visit_id !== null && visit.visit_id === row.visit_id && visit.end !== null,
      );
      if (ends.length === 0) continue;
      const end = ends.map((visit) => visit.end!).reduce(later);
      row.time = later(row.time, end);
      if (row.end !== null) row.end = later(row.end, end);
    }
    return rows;
  };

const visitStart: Oracle = (rows) => {
  const moves: (() => void)[] = [];
  for (const visit of new Set(rows.map((row) => row.visit_id))) {
    const own = rows.filter((row) => row.visit_id === visit && row.time !== null);
    const starts = own.filter(({ table }) => table === "visit").map(({ time }) => time!);
    if (visit === null || starts.length === 0) continue;
    const start = starts.reduce(earlier);
    const after = own.filter(({ table, time }) => table !== "visit" && time! > start).map(({ time }) => time!);
    if (after.length === 0) continue;
    const first = after.reduce(earlier);
    for (const row of own.filter(({ table, time }) => table === "visit" && time === start))
      moves.push(() => {
        row.time = first;
        if (row.end !== null) row.end = later(row.end, first);
      });
  }
  for (const move of moves) move();
  return rows;
};

const midnight: Oracle = (rows) => {
  for (const row of rows) {
    if (row.time === null || isBirth(row) || !(row.code.startsWith("ICD10/") || row.code === "VISIT")) continue;
    row.time = dayEnd(row.time);
    if (row.end !== null) row.end = later(dayEnd(row.end), row.time);
  }
  return rows;
};

const preBirth =
  (drop: bigint | null): Oracle =>
  (rows) => {
    const births = rows.filter((row) => isBirth(row) && row.time !== null).map(({ time }) => time!);
    if (births.length === 0) return rows;
    const birth = births.reduce(earlier);
    return rows.filter((row) => {
      if (row.time === null || row.time >= birth) return true;
      if (drop !== null && birth - row.time > drop) return false;
      row.time = birth;
      if (row.end !== null) row.end = later(row.end, birth);
      return true;
    });
  };

const icd10cm: Oracle = (rows) => {
  for (const row of rows) row.code = row.code.replace(/^ICD10\//, "ICD10CM/");
  return rows;
};

const isClarity = (tables: readonly string[]) => (row: Row) => row.clarity_table !== null && tables.includes(row.clarity_table);
const stanford = billing(isClarity(BILLS), isClarity(["shc_pat_enc", "lpch_pat_enc"]));

const CASES: readonly [name: string, steps: readonly ReadyTransform[], oracle: Oracle][] = [
  ["billing to the visit's end, by Stanford's tables", [billingToVisitEnd()], stanford],
  [
    "billing to the visit's end, by codes and a column",
    [billingToVisitEnd({ billing: { codes: ["ICD10/*", "BILL"] }, visits: { column: "table", values: "visit" } })],
    billing(
      ({ code }) => code.startsWith("ICD10/") || code === "BILL",
      ({ table }) => table === "visit",
    ),
  ],
  [
    "billing to the visit's end, by an expression with a state, a prefix, and exactly a code",
    [billingToVisitEnd({ billing: { codes: [/^ICD10\/|^BIL+$/gy, { prefix: "LAB//" }] }, visits: { column: "table", values: "visit" } })],
    billing(
      ({ code }) => code.startsWith("ICD10/") || code === "BILL" || code.startsWith("LAB//"),
      ({ table }) => table === "visit",
    ),
  ],
  ["a visit's start to its first event", [visitStartToFirstEvent()], visitStart],
  ["midnight to the day's end", [midnightToDayEnd({ codes: ["ICD10/*", "VISIT", "MEDS_BIRTH"] })], midnight],
  ["before birth to birth", [beforeBirthToBirth()], preBirth(null)],
  ["before birth to birth, but for what is too early", [beforeBirthToBirth({ drop: { days: 30 } })], preBirth(30n * DAY)],
  ["ICD10 to ICD10CM", [icd10ToIcd10cm()], icd10cm],
  [
    "all of them, in FEMR's order",
    [
      beforeBirthToBirth({ drop: { days: 30 } }),
      visitStartToFirstEvent(),
      midnightToDayEnd({ codes: ["ICD10/*", "VISIT"] }),
      icd10ToIcd10cm(),
      billingToVisitEnd(),
    ],
    (rows) => stanford(icd10cm(midnight(visitStart(preBirth(30n * DAY)(rows))))),
  ],
];

/** Times around 1970, where days are counted in both directions: hours of some days, and a moment after. */
const time = fc
  .tuple(fc.integer({ min: -40, max: 40 }), fc.constantFrom(0n, 0n, 0n, 1n, 7n * 3_600_000_000n, DAY - 1n))
  .map(([day, rest]) => BigInt(day) * DAY + rest);
const orNull = <T>(of: fc.Arbitrary<T>) => fc.option(of, { freq: 4 });
const row: fc.Arbitrary<Row> = fc.record({
  time: fc.option(time, { freq: 12 }),
  code: fc.constantFrom("ICD10/I10", "ICD10//E11", "ICD10CM/I10", "ICD10", "BILL", "VISIT", "LAB//1", "MEDS_BIRTH", "MEDS_BIRTHDAY"),
  numeric_value: orNull(fc.integer()),
  table: orNull(fc.constantFrom("visit", "condition")),
  clarity_table: orNull(fc.constantFrom(...BILLS, "shc_pat_enc", "lpch_pat_enc", "lab")),
  visit_id: orNull(fc.constantFrom(1n, 2n, 2n ** 60n)),
  end: orNull(time),
});

/** The store's order: static rows, then by time; what stands together stays so. */
function inOrder(rows: readonly Row[]): Row[] {
  const key = ({ time }: Row) => time ?? -(2n ** 63n);
  return rows
    .map((row, i) => [row, i] as const)
    .sort(([a, i], [b, j]) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : i - j))
    .map(([row]) => row);
}

function rowsOf(path: string): Map<bigint, Row[]> {
  const db = PatientDatabase.open(path);
  // Microseconds come as numbers where these are exact.
  const micros = (value: bigint | null) => (value === null ? null : BigInt(value));
  const read = new Map(
    Array.from(db, (patient) => [
      patient.subjectId,
      Array.from(patient, (event) => {
        const { time, code, numeric_value, table, clarity_table, visit_id, end } = event.toObject() as unknown as Row;
        return { time: micros(time), code, numeric_value, table, clarity_table, visit_id, end: micros(end) };
      }),
    ]),
  );
  db.close();
  return read;
}

async function stored(patients: readonly Row[][]): Promise<string> {
  const all = patients.flatMap((rows, id) => inOrder(rows).map((row) => ({ ...row, id: BigInt(id) })));
  const column = (name: keyof Row, type: (typeof simple)[keyof typeof simple]) => ({ name, type, values: all.map((row) => row[name]) });
  const source = folder("ready");
  await writeSimple(
    source,
    all.map(({ id, time, code, numeric_value }) => [id, time, code, numeric_value] as const),
    {},
    [column("table", simple.text), column("clarity_table", simple.text), column("visit_id", simple.id), column("end", simple.time)],
  );
  const store = join(source, "s.medsdb");
  await convert(source, store);
  return store;
}

const text = (rows: readonly Row[]) => JSON.stringify(rows, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value));

describe("a ready transform does what plain code does:", () => {
  it.each(CASES)("%s", async (name, steps, oracle) => {
    const patients = fc.sample(fc.array(row, { minLength: 1, maxLength: 14 }), { numRuns: 1500, seed: name.length });
    const store = await stored(patients);
    const out = join(folder("out"), "s.medsdb");
    const { notes } = await transform(store, out, steps);
    expect(await verify(out)).toEqual({ ok: true, differences: [] });
    const [before, found] = [rowsOf(store), rowsOf(out)];
    let moved = 0;
    for (const [id, rows] of before) {
      const expected = inOrder(oracle(rows.map((row) => ({ ...row }))));
      if (text(expected) !== text(rows)) moved += 1;
      same(found.get(id) ?? [], expected, () => `subject ${id}: ${text(rows)}`);
    }
    // The patients are of a kind that the transform does something to, and it says how much.
    expect(moved).toBeGreaterThan(100);
    expect(notes.some(({ kind, count }) => kind === "converted" && count > 100)).toBe(true);
  });
});

describe("codes of a ready transform", () => {
  const base = { numeric_value: null, table: null, clarity_table: null, visit_id: null, end: null };

  it("are those of a selection of db.codes, exactly, also where one ends in a star", async () => {
    const store = await stored([["A*", "A1", "B1", "B2", "C"].map((code) => ({ ...base, time: 0n, code }))]);
    const out = join(folder("out"), "s.medsdb");
    const db = PatientDatabase.open(store);
    const step = midnightToDayEnd({ codes: [db.codes.select((code) => code.code === "A*"), db.codes.withPrefix("B")] });
    db.close();
    expect(step.plan.options).toEqual({ codes: [{ is: "A*" }, "B1", "B2"] });
    await transform(store, out, step);
    const isMoved = rowsOf(out)
      .get(0n)!
      .filter(({ time }) => time !== 0n);
    expect(isMoved.map(({ code }) => code)).toEqual(["A*", "B1", "B2"]);
  });

  it("are no ids, functions, or other things", () => {
    for (const codes of [1, () => true, null, undefined, [], [null], [{ prefx: "A" }], { prefix: "A", more: 1 }, { prefix: [] }])
      expect(codeOf(() => midnightToDayEnd({ codes } as never))).toBe("MEDS_INVALID_ARGUMENT");
  });
});

describe("a ready transform says what it did:", () => {
  const base = { code: "A", numeric_value: null, table: null, clarity_table: null, visit_id: null, end: null };
  const noted = async (rows: readonly Partial<Row>[], ...steps: ReadyTransform[]) => {
    const store = await stored([rows.map((row) => ({ ...base, time: 0n, ...row }))]);
    const out = join(folder("out"), "s.medsdb");
    const { notes } = await transform(store, out, steps);
    return notes
      .filter(({ kind, message }) => kind !== "missing" && !message.includes("codes.parquet"))
      .map(({ kind, message, count }) => `${count} ${kind}: ${message}`);
  };
  const visit = { clarity_table: "shc_pat_enc", table: "visit", visit_id: 1n } as const;
  const bill = { clarity_table: "shc_pat_enc_dx" } as const;

  it("rows of billing that it can move, and those that it cannot", async () => {
    const rows = [
      { ...visit, end: 9n },
      { ...visit, end: 8n },
      { ...visit, end: 7n },
      { ...bill, visit_id: 1n },
      { ...bill, visit_id: 5n },
      bill,
      { ...bill, visit_id: 1n, time: 10n },
    ];
    expect(await noted(rows, billingToVisitEnd())).toEqual([
      "1 warning: visits whose rows have different end times: the latest one counts",
      "1 converted: billing rows moved to the end of their visit",
      "2 warning: billing rows that were not moved: they have no visit, or their visit has no end",
    ]);
  });

  it("visits whose ids are bytes, which no two rows share as objects", async () => {
    const [store, out] = [await stored([[{ ...base, time: 0n }]]), join(folder("out"), "s.medsdb")];
    const args = [
      { time: 0, code: "VISIT", id: Uint8Array.of(7), number: 5 },
      { time: 3, code: "FIRST", id: Uint8Array.of(7), number: 5n },
    ];
    const functions = new URL("../support/transforms/functions.mjs", import.meta.url);
    for (const visit of ["id", "number"]) {
      const steps = [functions, visitStartToFirstEvent({ visits: { codes: "VISIT" }, visit })];
      const options = { exportName: "rows", args, columns: { id: "binary", number: "int64" }, force: true };
      const { notes } = await transform(store, out, steps, options);
      expect(notes.map(({ message }) => message)).toContain("visit rows moved to the first event of their visit");
    }
  });

  it("visits by a column that the function adds, in the rows that have one", async () => {
    const store = await stored([
      [
        { ...base, time: 0n },
        { ...base, time: 3n },
        { ...base, time: 4n, code: "MEDS_BIRTH" },
      ],
    ]);
    const out = join(folder("out"), "s.medsdb");
    const functions = new URL("../support/transforms/functions.mjs", import.meta.url);
    const steps = [
      functions,
      visitStartToFirstEvent({ visits: { column: "kind", values: "visit" }, visit: "stay", end: "until" }),
      beforeBirthToBirth({ end: "until" }),
    ];
    const args = { kind: "visit", stay: 5n, until: 1 };
    const columns = { kind: "utf8", stay: "int64", until: "timestamp[us]" };
    await transform(store, out, steps, { exportName: "first", args, columns });
    const db = PatientDatabase.open(out);
    expect(Array.from(db.at(0)!, (event) => [event.time, event.code, event.get("kind"), event.get("until")])).toEqual([
      [4, "A", "visit", 4],
      [4, "A", null, null],
      [4, "MEDS_BIRTH", null, null],
    ]);
    db.close();
  });

  it("visits, whose end may be another row of them", async () => {
    const rows = [
      visit,
      { ...visit, time: 3n },
      { visit_id: 1n, time: 5n },
      { ...visit, visit_id: 2n, time: 6n },
      { visit_id: 2n, time: 7n },
    ];
    expect(await noted(rows, visitStartToFirstEvent())).toEqual(["2 converted: visit rows moved to the first event of their visit"]);
  });

  it("patients without a birth, and rows that are left out", async () => {
    expect(await noted([{}], beforeBirthToBirth())).toEqual(["1 warning: patients without a time of birth: their rows were not moved"]);
    const born = [{ time: -3n }, { time: -1n }, { code: "MEDS_BIRTH" }];
    expect(await noted(born, beforeBirthToBirth({ drop: 2 }))).toEqual([
      "1 skipped: rows left out: they are too many days before birth",
      "1 converted: rows before birth moved to birth",
    ]);
  });
});
