// Groups, visits, moments, distinct values, the first and last row, filters: each against a plain loop over events, for windows of every kind.
import { join } from "node:path";
import fc from "fast-check";
import { convert, type Event, type Group, PatientDatabase, type Timeline } from "meds-reader";
import { beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { clinic } from "../support/clinic.js";
import { type SimpleRow, simple, simpleFile, writeFiles } from "../support/dataset.js";
import { codeOf, thrown } from "../support/errors.js";
import { folder } from "../support/folder.js";

const CODES = Array.from({ length: 40 }, (_, i) => (i < 30 ? `LAB//${i}` : `DX//${i}`));
const PATIENTS = 6;
const COLUMNS = ["hadm_id", "ward", "bed", "given", "order", "time", "code", "numeric_value"] as const;

let db: PatientDatabase;

beforeAll(async () => {
  let state = 16;
  const random = {
    below: (n: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 16) % n;
    },
  };
  const rows: SimpleRow[] = [];
  const cells: (readonly [hadm: bigint | null, ward: string | null, bed: number | null, given: boolean | null, order: bigint | null])[] =
    [];
  for (let id = 1n; id <= BigInt(PATIENTS); id += 1n) {
    const length = id === 1n ? 3 : 100 + random.below(200);
    let time = 0n;
    for (let i = 0; i < length; i += 1) {
      const isStatic = i < (id === 2n ? 0 : 4);
      if (random.below(3) === 0) time += BigInt(random.below(1000)) * 1_000_000n;
      rows.push([id, isStatic ? null : time, CODES[random.below(CODES.length)]!, random.below(4) === 0 ? random.below(9) : null]);
      const visit = random.below(5);
      cells.push([
        visit === 0 ? null : 10n ** 15n * id + BigInt(visit),
        random.below(6) === 0 ? ["ICU", "", "é"][random.below(3)]! : null,
        random.below(3) === 0 ? null : random.below(4) / 2,
        random.below(8) === 0 ? random.below(2) === 0 : null,
        random.below(2) === 0 ? null : BigInt(rows.length) * 7n,
      ]);
    }
  }
  const column = (name: string, type: (typeof simple)[keyof typeof simple], at: number) => ({
    name,
    type,
    values: cells.map((row) => row[at as 0]!),
  });
  const source = join(folder("groups"), "source");
  await writeFiles(source, [
    simpleFile("0.parquet", rows, {}, [
      column("hadm_id", simple.id, 0),
      column("ward", simple.text, 1),
      column("bed", simple.double, 2),
      column("given", simple.bool, 3),
      column("order", simple.id, 4),
    ]),
  ]);
  await convert(source, `${source}.medsdb`);
  db = PatientDatabase.open(`${source}.medsdb`);
  return () => db.close();
});

/** A window of a patient: whole, with a gap, of some codes, a part of these. */
const windows = () =>
  fc
    .tuple(fc.integer({ min: 0, max: PATIENTS - 1 }), fc.integer({ min: 0, max: 5 }), fc.nat(), fc.nat())
    .map(([slot, kind, a, b]): Timeline => {
      const patient = db.at(slot)!;
      const time = (n: number) => ((patient.lastTime ?? 0) * (n % 100)) / 100;
      const codes = db.codes.select([...CODES.slice(0, 1 + (a % 20)), "DX//*"]);
      if (kind === 0) return patient;
      if (kind === 1) return patient.from(Math.floor(time(a)));
      if (kind === 2) return patient.withCode(codes);
      if (kind === 3) return patient.slice(a % 20, -(b % 20));
      if (kind === 4) return patient.withCode(codes).from(Math.floor(time(b)));
      return patient.between(Math.floor(time(Math.min(a % 100, b % 100))), Math.floor(time(Math.max(a % 100, b % 100))));
    });

const rowOf = (event: Event | undefined) =>
  event && [event.timeMicros, event.code, event.numericValue, event.get("order"), event.get("hadm_id")];
const rowsOf = (events: Iterable<Event>) => Array.from(events, rowOf);
const check = (property: (line: Timeline) => void) => fc.assert(fc.property(windows(), property), { numRuns: 150 });

/** The groups of some events by a loop. */
function expectedGroups(
  events: readonly Event[],
  column: string,
): [key: unknown, rows: unknown[], begin: number | null, end: number | null][] {
  const groups = new Map<unknown, Event[]>();
  for (const event of events) {
    const key = event.get(column);
    if (key === null) continue;
    groups.set(key, [...(groups.get(key) ?? []), event]);
  }
  return Array.from(groups, ([key, rows]) => {
    const times = rows.map((event) => event.time).filter((time) => time !== null);
    return [key, rowsOf(rows), times[0] ?? null, times.at(-1) ?? null];
  });
}

const plain = (groups: readonly Group<unknown>[]) => groups.map(({ key, rows, begin, end }) => [key, rowsOf(rows), begin, end]);

describe("columns of every storage", () => {
  it("are in the data", () => {
    const kinds = db.columns.map(({ name, storage }) => `${storage} ${db.at(1)!.column(name).indexes === undefined ? "plain" : "coded"}`);
    expect([...new Set(kinds)].sort()).toEqual(["dense coded", "dense plain", "sparse coded", "sparse plain"]);
  });
});

describe("groupBy", () => {
  it.each(COLUMNS)("%s is a loop over events", (column) => {
    check((line) => {
      const groups = line.groupBy(column);
      expect(plain(groups)).toEqual(expectedGroups([...line], column));
      for (const group of groups) {
        expect(group.length).toBe(group.rows.length);
        expect(group.rows.staticCount).toBe([...group.rows].filter((event) => event.isStatic).length);
        expect(group.rows).toBe(group.rows);
      }
    });
  });

  it("of a group is one group, and of its other columns too", () => {
    check((line) => {
      for (const { key, rows } of line.groupBy("hadm_id")) {
        expect(rows.groupBy("hadm_id").map((group) => [group.key, group.length])).toEqual([[key, rows.length]]);
        expect(plain(rows.groupBy("ward"))).toEqual(expectedGroups([...rows], "ward"));
      }
    });
  });

  it("is refused for columns that do not exist", () => {
    expect(codeOf(() => db.at(0)!.groupBy("nope"))).toBe("MEDS_UNKNOWN_COLUMN");
    expect(codeOf(() => db.at(0)!.groupBy(1 as never))).toBe("MEDS_INVALID_ARGUMENT");
  });
});

describe("visits", () => {
  it("are the groups of hadm_id without static rows", () => {
    check((line) => {
      expect(plain(line.visits())).toEqual(expectedGroups([...line].filter((event) => !event.isStatic), "hadm_id")); // biome-ignore format: a line
      expect(plain(line.visits({ column: "ward" }))).toEqual(expectedGroups([...line].filter((event) => !event.isStatic), "ward")); // biome-ignore format: a line
    });
  });

  it("have a time, the key's type, and are their rows", async () => {
    check((line) => {
      for (const visit of line.visits()) {
        expectTypeOf(visit.begin).toEqualTypeOf<number>();
        expect(Array.from(visit, ({ timeMicros }) => timeMicros)).toEqual(Array.from(visit.rows, ({ timeMicros }) => timeMicros));
        expect([visit.begin, visit.end]).toEqual([visit.rows.firstTime, visit.rows.lastTime]);
      }
    });
    const typed = db as PatientDatabase<{ hadm_id: bigint }>;
    expectTypeOf(
      typed
        .at(0)!
        .visits()
        .map(({ key }) => key),
    ).toEqualTypeOf<bigint[]>();
  });

  it("need a column", async () => {
    const other = PatientDatabase.open((await clinic()).store);
    expect(codeOf(() => other.at(0)!.visits())).toBe("MEDS_UNKNOWN_COLUMN");
    expect(thrown(() => other.at(0)!.visits()).message).toContain("visits({ column })");
    expect(other.at(0)!.visits({ column: "unit" })).toHaveLength(2);
    other.close();
    expect(codeOf(() => db.at(0)!.visits({ colum: "ward" } as never))).toBe("MEDS_INVALID_ARGUMENT");
  });
});

describe("distinct", () => {
  it.each(COLUMNS)("values of %s are those of a set", (column) => {
    check((line) => {
      expect(line.distinct(column)).toEqual([...new Set(Array.from(line, (event) => event.get(column)).filter((value) => value !== null))]);
    });
  });
});

describe("byTime", () => {
  it("has every timed row, in slices of one time", () => {
    check((line) => {
      const moments = [...line.byTime()];
      expect(moments.flatMap(rowsOf)).toEqual(rowsOf(line).slice(line.staticCount));
      const times = moments.map((moment) => [...new Set(moment.times)]);
      expect(times.every((distinct) => distinct.length === 1)).toBe(true);
      expect(new Set(times.flat()).size).toBe(moments.length);
    });
  });
});

describe("reversed", () => {
  it("is the rows from the last to the first", () => {
    check((line) => {
      expect(rowsOf(line.reversed())).toEqual(rowsOf(line).reverse());
    });
    const iterator = db.at(0)!.reversed();
    expect([...iterator]).toHaveLength(3);
    const { done, value } = iterator.next();
    expect([done, value]).toEqual([true, undefined]);
  });
});

describe("first and last", () => {
  const choices = ["LAB//3", "DX//*", ["LAB//1", "LAB//2"], /^LAB..1/, { prefix: "DX//3" }, new Set(["LAB//7"]), "none*"] as const;
  const tests = [
    (code: string) => code === "LAB//3",
    (code: string) => code.startsWith("DX//"),
    (code: string) => code === "LAB//1" || code === "LAB//2",
    (code: string) => code.startsWith("LAB//1"),
    (code: string) => code.startsWith("DX//3"),
    (code: string) => code === "LAB//7",
    () => false,
  ];

  it.each(choices.map((choice, i) => [choice, i] as const))("row with %j is that of a loop", (choice, i) => {
    check((line) => {
      const hits = [...line].filter((event) => tests[i]!(event.code));
      const valued = hits.filter((event) => event.numericValue !== null);
      expect(rowOf(line.first(choice))).toEqual(rowOf(hits[0]));
      expect(rowOf(line.last(choice))).toEqual(rowOf(hits.at(-1)));
      expect(rowOf(line.first(choice, { with: "value" }))).toEqual(rowOf(valued[0]));
      expect(rowOf(line.last(choice, { with: "value" }))).toEqual(rowOf(valued.at(-1)));
      expect(line.some(choice)).toBe(hits.length > 0);
    });
  });

  it("take a function of the event, and stop at the first hit", () => {
    check((line) => {
      const events = [...line];
      const isHit = (event: Event) => event.get("given") === true;
      expect(rowOf(line.find(isHit))).toEqual(rowOf(events.find(isHit)));
      expect(rowOf(line.first(isHit))).toEqual(rowOf(events.find(isHit)));
      expect(rowOf(line.last(isHit))).toEqual(rowOf([...events].reverse().find(isHit)));
      expect(rowOf(line.last(isHit, { with: "value" }))).toEqual(
        rowOf([...events].reverse().find((event) => isHit(event) && event.numericValue !== null)),
      );
      expect(line.some(isHit)).toBe(events.some(isHit));
      let calls = 0;
      line.first((event) => {
        calls += 1;
        return isHit(event);
      });
      const at = events.findIndex(isHit);
      expect(calls).toBe(at < 0 ? events.length : at + 1);
    });
  });

  it("are counts of rows for a number, and take an id as a selection", () => {
    const patient = db.at(3)!;
    const id = db.codes.id("LAB//3")!;
    expect([patient.first(3).length, patient.last(2).length]).toEqual([3, 2]);
    expect(patient.first(db.codes.select(id))?.code).toBe("LAB//3");
    expect(thrown(() => patient.last(id as never, { with: "value" })).message).toContain(`db.codes.select(${id})`);
    expect(codeOf(() => patient.last("LAB//3", { wth: "value" } as never))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => patient.last("LAB//3", { with: "values" } as never))).toBe("MEDS_INVALID_ARGUMENT");
  });
});

describe("filter", () => {
  it("is the rows that pass, as a timeline", () => {
    check((line) => {
      const isKept = (event: Event) => event.numericValue !== null && event.code > "LAB//2";
      const kept = line.filter(isKept);
      expect(rowsOf(kept)).toEqual(rowsOf([...line].filter(isKept)));
      expect(kept.staticCount).toBe([...kept].filter((event) => event.isStatic).length);
    });
  });

  it.each(["filter", "find", "first", "last", "some"] as const)("%s refuses a function that does not answer", (name) => {
    expect(codeOf(() => db.at(3)![name](((event: Event) => event.numericValue) as never))).toBe("MEDS_INVALID_ARGUMENT");
  });
});
