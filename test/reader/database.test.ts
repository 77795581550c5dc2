// Looking patients up, subsets and splits, codes, columns, metadata, and what happens after close().
import { inspect } from "node:util";
import { MedsError, PatientDatabase } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clinic, IDS, ROWS, T0 } from "../support/clinic.js";

let path: string;
let db: PatientDatabase;
beforeAll(async () => {
  path = (await clinic()).store;
  db = PatientDatabase.open(path);
});
afterAll(() => db.close());

const code = (call: () => unknown): string | undefined => {
  try {
    call();
  } catch (error) {
    if (error instanceof MedsError) return error.code;
    throw error;
  }
  return undefined;
};

describe("a database", () => {
  it("is in several shards, so that the tests mean something", () => expect(db.metadata.shards).toBeGreaterThan(1));

  it("continues where a loop ended: an iterator that is read in portions loses no patient", () => {
    const all = [...db].map(({ slot }) => slot);
    for (const portion of [1, 2, 3]) {
      const iterator = db[Symbol.iterator]();
      const found: number[] = [];
      while (found.length < all.length) {
        const before = found.length;
        for (const { slot } of iterator) {
          found.push(slot);
          if (found.length === before + portion) break;
        }
      }
      expect(found).toEqual(all);
      expect(iterator.next().done).toBe(true);
    }
  });

  it("finds any int64, as bigint or as an exact number", () => {
    for (const [slot, id] of IDS.entries()) {
      expect(db.get(id)?.subjectId).toBe(id);
      expect(db.get(id)?.slot).toBe(slot);
      expect(db.at(slot)?.subjectId).toBe(id);
    }
    expect([db.has(7), db.has(-3), db.has(0), db.has(-0), db.has(8), db.has(3n)]).toEqual([true, true, true, true, false, false]);
    expect([db.get(2n ** 64n + 7n), db.get(2n ** 63n)]).toEqual([undefined, undefined]);
    expect(code(() => db.get(2 ** 53))).toBe("MEDS_UNSAFE_NUMBER");
    expect(code(() => db.has(7.5))).toBe("MEDS_UNSAFE_NUMBER");
    expect(code(() => db.get("7" as never))).toBe("MEDS_INVALID_ARGUMENT");
  });

  it("is walked in storage order", () => {
    expect(Array.from(db, ({ subjectId }) => subjectId)).toEqual([...IDS]);
    expect([db.at(-1)?.subjectId, db.at(6), db.at(-7)]).toEqual([IDS[5], undefined, undefined]);
    expect(code(() => db.at(0.5))).toBe("MEDS_INVALID_ARGUMENT");
    expect([db.size, db.eventCount]).toEqual([6, 5 * ROWS + 2]);
  });

  it("makes subsets and splits that are views in storage order", () => {
    const some = db.subset([0n, 7]);
    expect(Array.from(some, ({ subjectId }) => subjectId)).toEqual([7n, 0n]);
    expect([some.size, some.eventCount, some.has(7), some.has(-3), some.get(-3n), some.at(1)?.subjectId]).toEqual([
      2,
      2 * ROWS,
      true,
      false,
      undefined,
      0n,
    ]);
    expect([...db.subset({ slots: [4, 1, 4] }).slots]).toEqual([1, 4]);
    expect([...db.subset({ ids: some.subjectIds }).slots]).toEqual([0, 3]);
    expect(db.subset([]).size).toBe(0);
    expect(code(() => db.subset([12]))).toBe("MEDS_UNKNOWN_SUBJECT");
    expect(code(() => db.subset({ slots: [6] }))).toBe("MEDS_UNKNOWN_SUBJECT");
    expect(code(() => some.subset([-3]))).toBe("MEDS_UNKNOWN_SUBJECT");
    expect([...db.splits]).toEqual([
      ["held_out", 2],
      ["train", 3],
    ]);
    expect(Array.from(db.split("train"), ({ subjectId }) => subjectId)).toEqual(IDS.slice(0, 3));
    expect(db.split("train").subset([7]).split("train").size).toBe(1);
    expect(db.split("train").split("held_out").size).toBe(0);
    expect(code(() => db.split("test"))).toBe("MEDS_UNKNOWN_SPLIT");
    expect(code(() => db.split("constructor"))).toBe("MEDS_UNKNOWN_SPLIT");
  });

  it("has columns by name, and no others", () => {
    const event = db.at(0)!.at(0)!;
    expect(code(() => event.get("nope"))).toBe("MEDS_UNKNOWN_COLUMN");
    expect(code(() => event.get("constructor"))).toBe("MEDS_UNKNOWN_COLUMN");
    expect(() => event.get("numericValue" as never)).toThrow('Did you mean "numeric_value"?');
    expect(code(() => db.at(0)!.column("subject_id"))).toBe("MEDS_UNKNOWN_COLUMN");
    expect(Object.keys(event.toObject()).sort()).toEqual(db.columns.map(({ name }) => name).sort());
    expect(db.columns.find(({ name }) => name === "code")).toMatchObject({ nullable: false, storage: "dense", coded: true });
    expect(db.columns.find(({ name }) => name === "dose")).toMatchObject({ nullable: true, storage: "sparse", type: "float64" });
  });

  it("reads metadata", () => expect(db.metadata.dataset).toEqual({ dataset_name: "clinic" }));
});

describe("codes", () => {
  it("go both ways, in order of their UTF-8 bytes", () => {
    const strings = Array.from(db.codes, (entry) => entry.code);
    expect(strings).toEqual([...strings].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    for (const { id, code: text } of db.codes) {
      expect(db.codes.id(text)).toBe(id);
      expect(db.codes.strings[id]).toBe(text);
    }
    expect([db.codes.id("nope"), db.codes.id("LAB//"), db.codes.get(0), db.codes.get(99)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(db.codes.strings[0]).toBeUndefined();
    expect(db.codes.get(db.codes.id("MEDS_BIRTH")!)).toMatchObject({ events: 5, patients: 5, description: null, parents: [] });
  });

  it("are ranges by prefix", () => {
    expect(Array.from(db.codes.withPrefix("LAB//"), (id) => db.codes.strings[id])).toEqual(["LAB//a", "LAB//b"]);
    expect([db.codes.withPrefix("").length, db.codes.withPrefix("zzz").length, db.codes.withPrefix("RACE//Ω").length]).toEqual([
      db.codes.size,
      0,
      1,
    ]);
    expect(db.at(0)!.withCode(db.codes.withPrefix("LAB//"), "DX//1").length + 4).toBe(ROWS);
  });
});

describe("rows with one of many codes", () => {
  it("are those that any of the codes selects, however many these are", () => {
    const patient = db.at(0)!;
    const codes = Array.from(db.codes, (entry) => entry.code).filter((text) => text !== "LAB//b");
    const expected = Array.from(patient, (event) => event.code).filter((text) => text !== "LAB//b");
    const found = (choice: readonly (string | number)[]) => Array.from(patient.withCode(...choice), (event) => event.code);
    expect(expected.length).toBeLessThan(ROWS);
    expect(found(codes)).toEqual(expected);
    // Far more than the table has, most of them nobody's.
    const absent = Array.from({ length: 5000 }, (_, index) => (index % 2 === 0 ? `absent ${index}` : index + 1000));
    expect(found([...absent, ...codes, -5, 0, 2 ** 40])).toEqual(expected);
    expect(found(absent)).toEqual([]);
    expect(patient.withCode(...absent, db.codes.withPrefix(""))).toHaveLength(ROWS);
  });
});

describe("after close()", () => {
  it("everything throws MEDS_CLOSED and views are empty", () => {
    const open = PatientDatabase.open(path);
    const patient = open.get(7)!;
    const window = patient.from(T0 + 1000n);
    const chosen = patient.withCode("LAB//a");
    const event = patient.at(3)!;
    const columns = open.columns.map(({ name }) => patient.column(name));
    for (const column of columns) column.at(0);
    const iterators = [patient, window, chosen].map((line) => line[Symbol.iterator]());
    for (const iterator of iterators) iterator.next();
    const patients = open[Symbol.iterator]();
    patients.next();
    const { codeIds, times } = patient;
    const { codes, metadata } = open;
    const train = open.split("train");
    const copy = patient.copy();
    open.close();
    open.close();
    const uses: Record<string, () => unknown> = {
      size: () => open.size,
      eventCount: () => open.eventCount,
      columns: () => open.columns,
      codes: () => open.codes,
      splits: () => open.splits,
      metadata: () => open.metadata,
      get: () => open.get(7),
      absent: () => open.get(12345),
      has: () => open.has(7),
      at: () => open.at(0),
      outside: () => open.at(100),
      iterate: () => [...open],
      next: () => patients.next(),
      subset: () => open.subset([7]),
      split: () => open.split("train"),
      cohort: () => train.at(0),
      cohortSize: () => train.size,
      codeId: () => codes.id("LAB//a"),
      prefix: () => codes.withPrefix("LAB"),
      entry: () => codes.get(1),
      subjectId: () => patient.subjectId,
      slot: () => patient.slot,
      patientSplit: () => patient.split,
      birth: () => patient.birthTime,
      first: () => patient.firstTime,
      timesView: () => patient.times,
      words: () => patient.timeWords,
      ids: () => patient.codeIds,
      values: () => patient.numericValues,
      timeAt: () => patient.timeAt(3),
      staticTimeAt: () => patient.timeAt(0),
      codeAt: () => patient.codeAt(3),
      until: () => patient.until(T0),
      withCode: () => patient.withCode("LAB//a"),
      column: () => patient.column("unit"),
      copy: () => patient.copy(),
      forEach: () => {
        patient.forEach(() => {});
      },
      spread: () => [...patient],
      eventTime: () => event.time,
      eventMicros: () => event.timeMicros,
      eventDate: () => event.date,
      eventCode: () => event.code,
      eventCodeId: () => event.codeId,
      eventValue: () => event.numericValue,
      eventStatic: () => event.isStatic,
      eventGet: () => event.get("unit"),
      eventObject: () => event.toObject(),
      eventFromWindow: () => window.at(0)!.code,
    };
    for (const [name, use] of Object.entries(uses)) expect(code(use), name).toBe("MEDS_CLOSED");
    for (const iterator of iterators) expect(code(() => iterator.next())).toBe("MEDS_CLOSED");
    for (const column of columns) {
      for (let i = 0; i < column.length; i += 1) expect(code(() => column.at(i))).toBe("MEDS_CLOSED");
      expect(code(() => column.values)).toBe("MEDS_CLOSED");
      expect(code(() => column.toArray())).toBe("MEDS_CLOSED");
    }
    expect([codeIds.length, times.length]).toEqual([0, 0]);
    expect([copy.times.length, metadata.shards]).toEqual([ROWS, db.metadata.shards]);
  });

  it("holds inside a visitor too, and at the end of a `using` block", () => {
    const open = PatientDatabase.open(path);
    const visit = () => {
      open.at(0)!.forEach(() => {
        open.close();
      });
    };
    expect(code(visit)).toBe("MEDS_CLOSED");
    const other = PatientDatabase.open(path);
    other[Symbol.dispose]();
    expect(code(() => other.size)).toBe("MEDS_CLOSED");
  });

  it("leaves other readers of the same store alone", () => {
    const a = PatientDatabase.open(path);
    const b = PatientDatabase.open(path);
    const patient = b.at(0)!;
    a.at(0)!.codeAt(0);
    a.close();
    expect(patient.codeAt(0)).toBe("GENDER//F");
    b.close();
  });
});

describe("memory that was written to by mistake", () => {
  it("throws instead of returning undefined, and changes no file", () => {
    const open = PatientDatabase.open(path);
    const patient = open.at(0)!;
    patient.codeIds[3] = 250;
    expect(code(() => patient.codeAt(3))).toBe("MEDS_CORRUPT");
    expect(code(() => patient.at(3)!.code)).toBe("MEDS_CORRUPT");
    expect(code(() => [...patient.column("code")])).toBe("MEDS_CORRUPT");
    patient.codeIds[4] = 0; // stands for null, which no code is
    expect(code(() => patient.codeAt(4))).toBe("MEDS_CORRUPT");
    expect(
      code(() => {
        patient.forEach(() => {});
      }),
    ).toBe("MEDS_CORRUPT");
    patient.column("unit").indexes![0] = 99;
    expect(code(() => patient.at(0)!.get("unit"))).toBe("MEDS_CORRUPT");
    expect(code(() => patient.column("unit").toArray())).toBe("MEDS_CORRUPT");
    const dose = patient.column("dose");
    dose.rows![1] = 0;
    expect(code(() => [...patient.column("dose")])).toBe("MEDS_CORRUPT");
    open.close();
    const again = PatientDatabase.open(path, { verify: true });
    expect([again.at(0)!.codeAt(3), again.at(0)!.at(0)!.get("unit")]).toEqual([db.at(0)!.codeAt(3), db.at(0)!.at(0)!.get("unit")]);
    again.close();
  });
});

describe("console.log", () => {
  it("shows a few lines for people", () => {
    expect(inspect(db.at(0))).toMatch(/subjectId: 7n,\s+length: 12,\s+staticCount: 2,\s+first: 2020-01-01T00:00:00.000Z/);
    expect(inspect(db.at(0)!.at(2))).toMatch(/time: 2020-01-01T00:00:00.000Z,\s+code: 'MEDS_BIRTH'/);
    const open = PatientDatabase.open(path);
    const patient = open.at(0)!;
    open.close();
    expect(inspect(patient)).toMatch(/closed: /);
  });
});
