import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { size, time } from "../../dist/cli/arguments.js";
import { bytes, cut, dateAndTime, json, seconds, share, table, width } from "../../dist/cli/format.js";
import { folder, TERMINAL, terminal } from "./run.js";

describe("arguments", () => {
  it.each([
    ["512MiB", 2 ** 29],
    ["1.5GB", 1.5e9],
    ["2g", 2e9],
    ["64 KiB", 65536],
    ["4096", 4096],
    ["10b", 10],
  ])("a size of %s", (text, value) => expect(size(text)).toBe(value));

  it.each([
    ["1970-01-01", 0n],
    ["1969-12-31T23:59:59.999999", -1n],
    ["2012-05-17T13:30", 1337261400000000n],
    ["2012-05-17 13:30:00.5Z", 1337261400500000n],
    ["2012-05-17T13:30+02:00", 1337254200000000n],
    ["1600-02-29", -11670998400000000n],
    ["0099-01-01", -59042995200000000n],
    ["-9223372036854775808", -(2n ** 63n)],
    ["2012", 1325376000000000n],
    ["2012-05", 1335830400000000n],
    ["0001", -62135596800000000n],
    ["12345-06", 327416428800000000n],
    ["10000000000", 10_000_000_000n],
    ["-10000000000", -10_000_000_000n],
  ])("a time of %s", (text, value) => expect(time(text)).toBe(value));

  it.each(["20120517", "201205", "12345", "0", "-1", "2012-5", "2012-13", "2012-05Z", "2012-", "9223372036854775808"])(
    "no time is %s",
    (text) => expect(() => time(text)).toThrow("It must be a date or time such as 2012,"),
  );
});

describe("format", () => {
  it("times read and written again are the same", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -62135596800000000n, max: 253402300799999999n }), (micros) => {
        const { date, time: clock } = dateAndTime(micros);
        expect(time(`${date}T${clock}`)).toBe(micros);
      }),
    );
    expect(dateAndTime(2n ** 63n - 1n).date).toBe("9223372036854775807 µs");
  });

  it("sizes have three digits and a unit", () => {
    expect([0, 999, 1000, 21_312_000, 1.07e9, 999_600].map(bytes)).toEqual([
      "0 bytes",
      "999 bytes",
      "1.0 kB",
      "21.3 MB",
      "1.1 GB",
      "1.0 MB",
    ]);
    expect([0.034, 1.26, 12.4, 59.6, 75].map(seconds)).toEqual(["0.03 s", "1.3 s", "12 s", "1 min 0 s", "1 min 15 s"]);
  });

  it("texts are cut between characters, by the columns that these take on a terminal", () => {
    expect([cut("short", 5), cut("longer", 5), cut("😀😀😀😀😀😀", 5)]).toEqual(["short", "long…", "😀😀…"]);
    // é of two code points takes one column, and a family of three people one character.
    expect([cut("e\u0301e\u0301e\u0301", 3), cut("e\u0301e\u0301e\u0301", 2), cut("👩‍👩‍👧👩‍👩‍👧", 3)]).toEqual([
      "e\u0301e\u0301e\u0301",
      "e\u0301…",
      "👩‍👩‍👧…",
    ]);
    expect(["血糖", "e\u0301", "°C", "ก็", "a\u200bb"].map(width)).toEqual([4, 1, 2, 1, 2]);
    expect(
      table([
        ["血糖", "x"],
        ["abcdef", "y"],
      ]),
    ).toEqual(["血糖    x", "abcdef  y"]);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), fc.integer({ min: 1, max: 20 }), (text, columns) => {
        const short = cut(text, columns);
        expect(width(short)).toBeLessThanOrEqual(columns);
        expect(short === text || (short.endsWith("…") && text.startsWith(short.slice(0, -1)) && width(text) > columns)).toBe(true);
      }),
    );
    expect(
      table(
        [
          ["a", "1", "x"],
          ["bbb", "22", ""],
        ],
        [1],
      ),
    ).toEqual(["a     1  x", "bbb  22"]);
  });

  it("shares say none or all only where that is exact", () => {
    expect([share(0, 7), share(7, 7), share(1, 2), share(1, 1001)]).toEqual(["0 %", "100 %", "50.0 %", "< 0.1 %"]);
    expect([share(915_891, 916_166), share(999_999, 1_000_000), share(2 ** 53 - 2, 2 ** 53 - 1)]).toEqual([
      "99.97 %",
      "99.9999 %",
      "> 99.9999 %",
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 2 ** 31 }), fc.double({ min: 0, max: 1, noNaN: true }), (whole, part) => {
        const rows = Math.min(whole - 1, Math.max(1, Math.round(part * whole)));
        const [, sign, digits] = /^([<>]?) ?([\d.]+) %$/.exec(share(rows, whole)) ?? [];
        expect(Number(digits)).toBeGreaterThan(0);
        expect(Number(digits)).toBeLessThan(100);
        if (sign === "") expect(Math.abs(Number(digits) - (100 * rows) / whole)).toBeLessThanOrEqual(0.0500001);
      }),
    );
  });

  it("JSON loses nothing", () => {
    const odd = { id: 2n ** 63n - 1n, nan: Number.NaN, low: -Infinity, bytes: new Uint8Array([0, 255]), plain: [1, null] };
    expect(JSON.parse(json(odd))).toEqual({ id: "9223372036854775807", nan: "NaN", low: "-Infinity", bytes: "AP8=", plain: [1, null] });
  });
});

describe.skipIf(!TERMINAL)("on a terminal", () => {
  it("shows a bar, and colours unless NO_COLOR is set", () => {
    const work = folder();
    const shown = (command: string, env: NodeJS.ProcessEnv = {}) => terminal(command, env).text;
    expect(shown(`generate "${work}/meds" --patients 20`)).toMatch(/[█░]{28} \d+ %/);
    expect(shown(`convert "${work}/meds" "${work}/store"`)).toMatch(/[█░]{28} \d+ %/);
    expect(shown(`info "${join(work, "store")}"`)).toContain("\u001b[1mColumns\u001b[22m");
    expect(shown(`info "${join(work, "store")}"`, { NO_COLOR: "1" })).not.toContain("\u001b");
    expect(shown(`convert "${work}/meds" "${work}/other" --progress none`)).not.toContain("█");
  });
});
