// What a window holds: rows at a bound, static rows, bounds of every kind, counts.
import { type Event, MedsError, PatientDatabase, type Timeline } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { clinic, ROWS, T0 } from "../support/clinic.js";

let db: PatientDatabase;
beforeAll(async () => {
  db = PatientDatabase.open((await clinic()).store);
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
const minutes = (timeline: Timeline) =>
  Array.from(timeline, ({ timeMicros }) => (timeMicros === null ? null : Number(timeMicros - T0) / 1000));

describe("a window by time", () => {
  it("contains static rows and rows at the bound by default", () => {
    const patient = db.at(0)!;
    const at = T0 + 2000n;
    expect(minutes(patient.until(at))).toEqual([null, null, 0, 0, 1, 1, 2, 2]);
    expect(minutes(patient.until(at, { inclusive: false }))).toEqual([null, null, 0, 0, 1, 1]);
    expect(minutes(patient.until(at, { static: false }))).toEqual([0, 0, 1, 1, 2, 2]);
    expect(minutes(patient.from(at))).toEqual([null, null, 2, 2, 3, 3, 4, 4]);
    expect(minutes(patient.from(at, { inclusive: false, static: false }))).toEqual([3, 3, 4, 4]);
    expect(minutes(patient.between(T0 + 1000n, T0 + 3000n))).toEqual([null, null, 1, 1, 2, 2, 3, 3]);
    expect(minutes(patient.between(T0 + 1000n, T0 + 3000n, { inclusive: "end", static: false }))).toEqual([2, 2, 3, 3]);
    expect(minutes(patient.until(T0 - 1n))).toEqual([null, null]);
    expect(minutes(patient.until(T0 - 1n, { static: false }))).toEqual([]);
    expect(patient.from(T0 + 10_000n).length).toBe(2);
  });

  it("accepts bigint, number and Date, and compares exactly", () => {
    const patient = db.at(0)!;
    for (const bound of [T0 + 2000n, Number(T0) + 2000, new Date(Number(T0) / 1000 + 2)]) expect(patient.until(bound).length).toBe(8);
    expect(patient.until(T0 + 1999n).length).toBe(6);
    expect(patient.until(2n ** 63n - 1n).length).toBe(ROWS);
    expect(patient.from(-(2n ** 63n)).length).toBe(ROWS);
  });

  it("refuses inexact times", () => {
    const patient = db.at(0)!;
    expect(code(() => patient.until(2 ** 53))).toBe("MEDS_UNSAFE_NUMBER");
    expect(code(() => patient.until(0.5))).toBe("MEDS_UNSAFE_NUMBER");
    expect(code(() => patient.from(Number.NaN))).toBe("MEDS_UNSAFE_NUMBER");
    expect(code(() => patient.until(2n ** 63n))).toBe("MEDS_INVALID_ARGUMENT");
    expect(code(() => patient.until(new Date(Number.NaN)))).toBe("MEDS_INVALID_ARGUMENT");
    expect(code(() => patient.until("1 January 2020"))).toBe("MEDS_INVALID_ARGUMENT");
    expect(code(() => patient.between(T0 + 1n, T0))).toBe("MEDS_INVALID_ARGUMENT");
  });

  it("names all words for its bounds", () => {
    const wrong = () => db.at(0)!.between(T0, T0 + 1n, { inclusive: "left" as "start" });
    expect(wrong).toThrow('`inclusive` is "left". It must be true, false, "start" or "end".');
  });

  it("warns once of a bound in milliseconds", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const patient = db.at(0)!;
    patient.until(Number(T0));
    expect(warn).not.toHaveBeenCalled();
    expect(patient.until(Number(T0) / 1000).length).toBe(2);
    patient.until(Number(T0) / 1000);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]![1]).toMatchObject({ code: "MEDS_MILLISECONDS" });
    warn.mockRestore();
  });
});

describe("a window by count", () => {
  it("is the last rows of those in the window, static rows first", () => {
    const patient = db.at(0)!;
    expect(minutes(patient.until(T0 + 1000n).last(3))).toEqual([0, 1, 1]);
    expect(minutes(patient.until(T0 + 1000n).last(5))).toEqual([null, 0, 0, 1, 1]);
    expect(minutes(patient.from(T0 + 4000n).last(3))).toEqual([null, 4, 4]);
    expect(minutes(patient.from(T0 + 4000n).first(3))).toEqual([null, null, 4]);
    expect(patient.last(1000).length).toBe(ROWS);
    expect(patient.first(0).length).toBe(0);
    expect(minutes(patient.slice(-3))).toEqual([3, 4, 4]);
    expect(minutes(patient.slice(1, 3))).toEqual([null, 0]);
    expect(patient.slice(5, 2).length).toBe(0);
    expect(code(() => patient.last(-1))).toBe("MEDS_INVALID_ARGUMENT");
    expect(code(() => patient.first(1.5))).toBe("MEDS_INVALID_ARGUMENT");
  });

  it("counts its static rows", () => {
    const patient = db.at(0)!;
    expect([patient, patient.last(11), patient.last(10), patient.first(1), patient.from(T0 + 1n)].map((line) => line.staticCount)).toEqual([
      2, 1, 0, 1, 2,
    ]);
  });
});

describe("index i", () => {
  it("is the same row in every accessor, in windows with a gap and of chosen codes too", () => {
    const patient = db.at(0)!;
    const windows = [
      patient,
      patient.from(T0 + 2000n),
      patient.from(T0 + 2000n).slice(1, -1),
      patient.from(T0 + 2000n).until(T0 + 3000n),
      patient.withCode("LAB//a", "GENDER//F"),
      patient.withCode(db.codes.withPrefix("LAB//")).last(3),
      patient.withCode("LAB//a", "RACE//Ω").from(T0 + 3000n),
      patient.last(4),
    ];
    for (const window of windows) {
      const events: Event[] = [...window];
      expect(events.length).toBe(window.length);
      expect(Array.from(window.codeIds, (id) => db.codes.strings[id])).toEqual(events.map((event) => event.code));
      expect(events.map((_, i) => window.codeAt(i))).toEqual(events.map((event) => event.code));
      expect([...window.times]).toEqual(events.map((event) => event.timeMicros ?? -(2n ** 63n)));
      expect(events.map((_, i) => window.timeAt(i))).toEqual(events.map((event) => event.time ?? Number.NaN));
      expect(events.map((_, i) => window.timeWords[2 * i + 1]! * 2 ** 32 + (window.timeWords[2 * i]! >>> 0))).toEqual(
        [...window.times].map(Number),
      );
      expect([...window.numericValues]).toEqual(events.map((event) => event.numericValue ?? Number.NaN));
      for (const { name } of db.columns) {
        expect([...window.column(name)]).toEqual(events.map((event) => event.get(name)));
        const { rows } = window.column(name);
        if (rows !== undefined) expect([...rows]).toEqual(events.flatMap((event, i) => (event.get(name) === null ? [] : [i])));
      }
      expect(window.at(-1)?.code).toBe(events.at(-1)?.code);
      expect([window.at(window.length), window.at(-window.length - 1)]).toEqual([undefined, undefined]);
      expect(code(() => window.timeAt(window.length))).toBe("MEDS_OUT_OF_RANGE");
      expect(code(() => window.timeAt(-1))).toBe("MEDS_OUT_OF_RANGE");
      expect(code(() => window.codeAt(0.5))).toBe("MEDS_OUT_OF_RANGE");
      expect(code(() => window.column("dose").at(window.length))).toBe("MEDS_OUT_OF_RANGE");
      expect(code(() => window.column("given").at(window.length))).toBe("MEDS_OUT_OF_RANGE");
    }
  });

  it("is read without a copy if its rows are consecutive", () => {
    const patient = db.at(0)!;
    const { buffer } = patient.times;
    for (const window of [patient, patient.until(T0 + 2000n), patient.last(3), patient.from(T0 + 1000n, { static: false })]) {
      for (const view of [window.times, window.timeWords, window.codeIds, window.numericValues]) expect(view.buffer).toBe(buffer);
    }
    expect(patient.from(T0 + 1000n).times.buffer).not.toBe(buffer);
    expect(patient.copy(["unit"]).times.buffer.byteLength).toBe(ROWS * 8);
  });
});

describe("a patient", () => {
  it("has birth, death, first and last time, split and slot", () => {
    const patient = db.get(7)!;
    expect([patient.birthTime, patient.deathTime, patient.firstTime, patient.lastTime]).toEqual(
      [0, 4000, 0, 4000].map((t) => Number(T0) + t),
    );
    expect([patient.split, patient.slot, patient.staticCount]).toEqual(["train", 0, 2]);
    const still = db.get(2n ** 63n - 1n)!;
    expect([still.birthTime, still.deathTime, still.firstTime, still.lastTime, still.split]).toEqual([null, null, null, null, null]);
    expect([...still].map(({ time, date, isStatic }) => [time, date, isStatic])).toEqual([
      [null, null, true],
      [null, null, true],
    ]);
    expect(still.until(T0).length).toBe(2);
  });
});
