// Times and lengths of time as text: against Date, and against sums of units.
import fc from "fast-check";
import { type Duration, microsOf, type Span, timeAfter, timeBefore } from "meds-reader";
import { describe, expect, it } from "vitest";
import { codeOf, thrown } from "../support/errors.js";

const at = (text: string) => BigInt(Date.parse(text)) * 1000n;
const after = (start: string, span: Span) => new Date(timeAfter(start, span) / 1000).toISOString().replace(":00.000Z", "");
const length = (span: Span) => timeAfter(0, span);

describe("a time as text", () => {
  it.each([
    ["2012", "2012-01-01T00:00Z"],
    ["2012-05", "2012-05-01T00:00Z"],
    ["2012-05-17", "2012-05-17T00:00Z"],
    ["2012-05-17T13:30", "2012-05-17T13:30Z"],
    ["2012-05-17 13:30", "2012-05-17T13:30Z"],
    ["2012-05-17T13:30:05", "2012-05-17T13:30:05Z"],
    ["2012-05-17T13:30:05.25Z", "2012-05-17T13:30:05.250Z"],
    ["2012-05-17T13:30+02:00", "2012-05-17T13:30+02:00"],
    ["1900-02-28T23:59-11:30", "1900-02-28T23:59-11:30"],
    ["0001-01-01", "0001-01-01T00:00Z"],
  ])("%s is exact", (text, iso) => expect(microsOf(text)).toBe(at(iso)));

  it("has microseconds", () => {
    expect(microsOf("2012-05-17T13:30:05.000001")).toBe(at("2012-05-17T13:30:05Z") + 1n);
    expect(microsOf("1969-12-31T23:59:59.999999")).toBe(-1n);
  });

  it("is what Date writes, for any millisecond", () => {
    // All years of a Date: it writes those beyond 9999 as "+012345-06-07".
    const dates = fc.oneof(
      fc.date({ noInvalidDate: true }),
      fc.date({ noInvalidDate: true, min: new Date(-62_135_596_800_000), max: new Date(253_402_300_799_999) }),
    );
    fc.assert(
      fc.property(dates, (date) => {
        expect(microsOf(date.toISOString())).toBe(BigInt(date.getTime()) * 1000n);
      }),
    );
  });

  it("reaches all times of 64 bits, beyond the last year of a Date", () => {
    const last = 9_223_372_036_854_775_807n;
    expect(microsOf("+294247-01-10T04:00:54.775807")).toBe(last);
    expect(microsOf("294247-01-10T04:00:54.775807")).toBe(last);
    expect(microsOf("-290308-12-21T19:59:05.224193")).toBe(-last);
    expect(microsOf("276000-02-29") - microsOf("275600-02-29")).toBe(146_097n * 86_400_000_000n);
    for (const text of ["294247-01-10T04:00:54.775808", "-290308-12-21T19:59:05.224192", "999999-01-01", "275761-02-29"])
      expect(codeOf(() => microsOf(text))).toBe("MEDS_INVALID_ARGUMENT");
  });

  it.each(["", "now", "2012-13", "2012-02-30", "2012-5", "2012-05-17T25:00", "2012-05-17T13:60", "2012-05-17T13:30+25:00", "17.05.2012"])(
    "%j is refused",
    (text) => {
      const error = thrown(() => microsOf(text));
      expect(error.message).toContain("It must be microseconds");
      expect(codeOf(() => microsOf(text))).toBe("MEDS_INVALID_ARGUMENT");
    },
  );

  it.each(["1577836800000000", "20120517", "-5"])("%s is refused with a hint, because digits may be anything", (text) => {
    expect(thrown(() => microsOf(text)).message).toMatch(/as a number or bigint, and dates with hyphens/);
  });
});

describe("a length of time as text", () => {
  const same: readonly (readonly [string, Duration])[] = [
    ["48h", { hours: 48 }],
    ["30d", { days: 30 }],
    ["90m", { minutes: 90 }],
    ["90min", { minutes: 90 }],
    ["30s", { seconds: 30 }],
    ["2w", { weeks: 2 }],
    ["1d12h", { hours: 36 }],
    ["1d 12h 5min", { hours: 36, minutes: 5 }],
    ["1.5h", { minutes: 90 }],
    ["0s", 0],
  ];
  it.each(same)("%s is exact", (text, duration) => expect(length(text)).toBe(length(duration)));

  it.each(["", "48", "h", "-48h", "48 hours ago", "1h1h", "1x", "1d,2h", "1h2"])("%j is refused", (text) => {
    expect(codeOf(() => length(text))).toBe("MEDS_INVALID_ARGUMENT");
  });

  it.each([["40y", { years: 40 }], ["18mo", { months: 18 }], ["1y6mo", { years: 1, months: 6 }]] as const)(
    "%s is a span of the calendar", (text, span) => expect(timeAfter("2020-02-29", text)).toBe(timeAfter("2020-02-29", span))); // biome-ignore format: a line

  it("is not a span of nothing where years or months have no value", () => {
    for (const span of [{ years: null }, { years: undefined }, { years: 1, months: null }])
      expect(thrown(() => length(span as never)).message).toMatch(/`span\.(years|months)` is (null|undefined)/);
  });

  it("names years and months among the units of a span", () => {
    expect(thrown(() => length("1q")).message).toContain("The units are y, mo, w, d");
    expect(thrown(() => length({ year: 1 } as never)).message).toContain("The units are years, months, weeks");
  });

  it.each(["1y1d", { years: 1, days: 1 }, { years: 1.5 }, { years: -1 }, {}, { fortnights: 2 }, null])(
    "%j is refused as a span",
    (span) => {
      expect(codeOf(() => length(span as Span))).toBe("MEDS_INVALID_ARGUMENT");
    },
  );
});

describe("calendar spans", () => {
  it("end on the last day of a month that is too short", () => {
    expect(after("2020-02-29T13:30", "1y")).toBe("2021-02-28T13:30");
    expect(after("2020-02-29", "4y")).toBe("2024-02-29T00:00");
    expect(after("2019-01-31", "1mo")).toBe("2019-02-28T00:00");
    expect(after("2019-12-31", "2mo")).toBe("2020-02-29T00:00");
    expect(after("1899-03-31", { months: 11 })).toBe("1900-02-28T00:00");
    expect(timeBefore("2020-03-31", "1mo")).toBe(Number(at("2020-02-29T00:00Z")));
    expect(timeBefore("2000-02-29", "100y")).toBe(Number(at("1900-02-28T00:00Z")));
  });

  it("are as Date counts months, where the day exists in all of them", () => {
    const instant = fc.integer({ min: -9_000_000_000_000, max: 9_000_000_000_000 });
    fc.assert(
      fc.property(instant, fc.integer({ min: 0, max: 1200 }), fc.constantFrom(1, -1), (millis, months, sign) => {
        const date = new Date(millis);
        if (date.getUTCDate() > 28) date.setUTCDate(28);
        const start = date.getTime() * 1000;
        date.setUTCMonth(date.getUTCMonth() + sign * months);
        const expected = date.getTime() * 1000;
        if (!Number.isSafeInteger(expected)) return;
        expect(sign === 1 ? timeAfter(start, { months }) : timeBefore(start, { months })).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it("report times that do not fit", () => {
    expect(codeOf(() => timeAfter("2200-01-01", "100y"))).toBe("MEDS_TIME_RANGE");
    expect(codeOf(() => timeAfter(2n ** 63n - 1n, "1y"))).toBe("MEDS_TIME_RANGE");
  });
});
