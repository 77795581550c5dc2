// Subject ids over all of int64.
import { describe, expect, it } from "vitest";
import { type SimpleRow, writeSimple } from "../support/dataset.js";
import { codeOf } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { roundTrip, withStore } from "../support/roundtrip.js";

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
const DAY = 86_400_000_000n;

describe("ids", () => {
  const ids = [5n, 0n, -1n, MIN, MAX, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 32n, 2n ** 31n, -(2n ** 31n), 4294967295n];
  const rows = ids.map((id, i): SimpleRow => [id, BigInt(i) * DAY, `C${i}`, i]);

  it("of any int64 are found, as bigint and, where exact, as number", async () => {
    await roundTrip(rows);
    await withStore(await writeSimple(folder("ids"), rows), (db) => {
      expect([db.get(1n), db.get(-2n), db.get(MAX - 1n), db.get(2n ** 32n + 1n)]).toEqual([undefined, undefined, undefined, undefined]);
      ids.forEach((id, i) => {
        expect(db.get(id)?.at(0)?.code).toBe(`C${i}`);
        if (Number.isSafeInteger(Number(id))) expect(db.get(Number(id))?.at(0)?.code).toBe(`C${i}`);
      });
      expect(db.get(-0)?.subjectId).toBe(0n);
      // The first look-ups search, later ones use a table.
      for (let again = 0; again < 8; again += 1) for (const id of ids) expect(db.get(id)?.at(0)?.code).toBe(`C${ids.indexOf(id)}`);
      for (const absent of [1n, 6n, -2n, MIN + 1n, MAX - 1n, 2n ** 53n + 2n, 1n << 80n, -(1n << 63n) - 1n, 2n ** 64n, 2n ** 64n + 5n]) {
        expect(db.get(absent)).toBeUndefined();
        expect(db.has(absent)).toBe(false);
      }
    });
  });

  it("as a number that is not exact are refused, not rounded", async () => {
    await withStore(await writeSimple(folder("ids"), rows), (db) => {
      for (const bad of [2 ** 53, -(2 ** 53), 2 ** 63, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(
          codeOf(() => db.get(bad)),
          String(bad),
        ).toBe("MEDS_UNSAFE_NUMBER");
        expect(
          codeOf(() => db.has(bad)),
          String(bad),
        ).toBe("MEDS_UNSAFE_NUMBER");
      }
      for (const bad of ["5", null, undefined, {}])
        expect(
          codeOf(() => db.get(bad as never)),
          String(bad),
        ).toBe("MEDS_INVALID_ARGUMENT");
      expect(codeOf(() => db.subset([5n, 77n]))).toBe("MEDS_UNKNOWN_SUBJECT");
      expect([...db.subset([-1n, 5]).subjectIds]).toEqual([5n, -1n]);
    });
  });
});
