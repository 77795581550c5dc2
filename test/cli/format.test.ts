import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { size, time } from "../../dist/cli/arguments.js";
import { bytes, cut, dateAndTime, json, seconds, table } from "../../dist/cli/format.js";
import { folder } from "./run.js";

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
  it("times come back as they were given", () => {
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

  it("texts are cut between characters", () => {
    expect([cut("short", 5), cut("longer", 5), cut("😀😀😀😀😀😀", 5)]).toEqual(["short", "long…", "😀😀😀😀…"]);
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

  it("JSON loses nothing", () => {
    const odd = { id: 2n ** 63n - 1n, nan: Number.NaN, low: -Infinity, bytes: new Uint8Array([0, 255]), plain: [1, null] };
    expect(JSON.parse(json(odd))).toEqual({ id: "9223372036854775807", nan: "NaN", low: "-Infinity", bytes: "AP8=", plain: [1, null] });
  });
});

describe.skipIf(spawnSync("script", ["-qec", "true", "/dev/null"]).status !== 0)("on a terminal", () => {
  const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  const terminal = (command: string, env: NodeJS.ProcessEnv = {}) =>
    spawnSync("script", ["-qec", `"${process.execPath}" "${main}" ${command}`, "/dev/null"], {
      encoding: "utf8",
      env: { ...process.env, TERM: "xterm", NO_COLOR: "", ...env },
    }).stdout;

  it("shows a bar, and colours unless NO_COLOR is set", () => {
    const work = folder();
    expect(terminal(`generate "${work}/meds" --patients 20`)).toMatch(/[█░]{28} \d+ %/);
    expect(terminal(`convert "${work}/meds" "${work}/store"`)).toMatch(/[█░]{28} \d+ %/);
    expect(terminal(`info "${join(work, "store")}"`)).toContain("\u001b[1mColumns\u001b[22m");
    expect(terminal(`info "${join(work, "store")}"`, { NO_COLOR: "1" })).not.toContain("\u001b");
    expect(terminal(`convert "${work}/meds" "${work}/other" --progress none`)).not.toContain("█");
  });
});
