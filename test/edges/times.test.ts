// Times from both ends of int64, static rows, and bounds that are refused.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { type SimpleRow, writeSimple } from "../support/dataset.js";
import { codeOf, thrown } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { roundTrip, withStore } from "../support/roundtrip.js";

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
const DAY = 86_400_000_000n;
const at = (text: string) => BigInt(Date.parse(text)) * 1000n;

describe("times", () => {
  it("from 1600 to 2212, to the microsecond before 1970, all static, and with null times last", async () => {
    const moments = [
      at("1600-02-29T00:00:00Z") + 1n,
      at("1685-01-01T00:00:00Z"),
      -1n,
      0n,
      1n,
      at("2212-12-31T23:59:59Z") + 999_999n,
      at("2254-01-01T00:00:00Z"),
    ];
    const rows: SimpleRow[] = [
      ...moments.map((time): SimpleRow => [1n, time, "T", 1]),
      [2n, null, "S1"],
      [2n, null, "S2", 2],
      [3n, 0n, "T"],
      [3n, DAY, "T"],
      [3n, null, "LAST"],
      [4n, -1n, "SAME"],
      [4n, -1n, "SAME TIME, LATER ROW"],
    ];
    await roundTrip(rows);
    await withStore(await writeSimple(folder("times"), rows), (db) => {
      const [first, second] = [...db.get(1)!];
      expect(thrown(() => first!.time)).toMatchObject({ code: "MEDS_TIME_RANGE" });
      expect(first!.timeMicros).toBe(moments[0]);
      expect(first!.date?.toISOString()).toBe("1600-02-29T00:00:00.000Z");
      expect(second!.time).toBe(Number(moments[1]));
      expect(codeOf(() => db.get(1)!.timeAt(0))).toBe("MEDS_TIME_RANGE");
      expect(codeOf(() => db.get(1)!.forEach(() => {}))).toBe("MEDS_TIME_RANGE");
      expect(db.get(1)!.at(2)!.date?.toISOString()).toBe("1969-12-31T23:59:59.999Z");
      // The console shows the same moment, not the next millisecond.
      expect(inspect(db.get(1)!.at(2))).toContain("1969-12-31T23:59:59.999Z");
      expect([db.get(2)!.firstTime, db.get(2)!.lastTime, db.get(2)!.staticCount]).toEqual([null, null, 2]);
      expect([...db.get(3)!].map(({ code }) => code)).toEqual(["LAST", "T", "T"]);
      expect(db.get(1)!.until(moments[0]! - 1n).length).toBe(0);
      expect(db.get(1)!.until(moments[0]!).length).toBe(1);
      expect(db.get(1)!.until(new Date("1600-03-01")).length).toBe(1);
      expect(db.get(1)!.between(-1, 0).length).toBe(2);
    });
  });

  it("at both ends of int64 are times, not static rows", async () => {
    await roundTrip([
      [1n, null, "STATIC"],
      [1n, MIN, "FIRST"],
      [1n, MIN + 1n, "SECOND"],
      [1n, MAX, "LAST"],
      [2n, MIN, "ONLY"],
    ]);
  });

  it("as bounds that are not exact are refused", async () => {
    await withStore(await writeSimple(folder("bounds"), [[1n, at("2020-01-01"), "A"]]), (db) => {
      const patient = db.get(1)!;
      for (const bad of [0.5, 2 ** 53, Number.NaN])
        expect(
          codeOf(() => patient.until(bad)),
          String(bad),
        ).toBe("MEDS_UNSAFE_NUMBER");
      expect(codeOf(() => patient.until(new Date(Number.NaN)))).toBe("MEDS_INVALID_ARGUMENT");
      for (const bad of ["", "20", "yesterday", "2020-02-30", "2020-1-1", "2020-01-01T24:00", "1577836800000000", "20200101"])
        expect(codeOf(() => patient.until(bad)), bad).toBe("MEDS_INVALID_ARGUMENT"); // biome-ignore format: a line
      expect(codeOf(() => patient.between(2, 1))).toBe("MEDS_INVALID_ARGUMENT");
      expect(codeOf(() => patient.until(2n ** 63n))).toBe("MEDS_INVALID_ARGUMENT");
      for (const bad of [-1, 1.5, Number.NaN])
        expect(
          codeOf(() => patient.last(bad)),
          String(bad),
        ).toBe("MEDS_INVALID_ARGUMENT");
      for (const bad of [1, -2, 0.5])
        expect(
          codeOf(() => patient.column("code").at(bad)),
          String(bad),
        ).toBe("MEDS_OUT_OF_RANGE");
    });
  });
});
