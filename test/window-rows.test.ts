// The rows of many windows at once: against timelines cut one by one, and where things go wrong.
import fc from "fast-check";
import { PatientDatabase, type TimeLike } from "meds-reader";
import { describe, expect, it } from "vitest";
import { same } from "./support/compare.js";
import { codeOf } from "./support/errors.js";
import { generated } from "./support/generated.js";
import { forAll, runs } from "./support/property.js";
import { dataset } from "./support/random.js";
import { withStore } from "./support/stored.js";

const asked = fc.record({
  subjects: fc.array(fc.nat(), { maxLength: 12 }),
  bounds: fc.array(fc.tuple(fc.nat(), fc.constantFrom(-1n, 0n, 1n)), { minLength: 24, maxLength: 24 }),
  from: fc.boolean(),
  inclusive: fc.constantFrom(undefined, true, false, "start" as const, "end" as const),
  static: fc.constantFrom(undefined, true, false),
  last: fc.constantFrom(undefined, 0, 1, 3, 1000),
  threads: fc.constantFrom(undefined, 0, 1, 3),
});

/** The rows of one window, from the rows of the patient alone. */
function rowsOf(
  times: BigInt64Array,
  start: bigint | undefined,
  end: bigint,
  ask: { inclusive?: unknown; static?: boolean | undefined; last?: number | undefined },
  statics: number,
) {
  const both = ask.inclusive === undefined || ask.inclusive === true;
  const rows = Array.from(times.keys()).filter((row) => {
    if (row < statics) return ask.static !== false;
    const time = times[row]!;
    const begun = start === undefined || time > start || (time === start && (both || ask.inclusive === "start"));
    return begun && (time < end || (time === end && (both || ask.inclusive === "end")));
  });
  return ask.last === undefined ? rows : rows.slice(Math.max(0, rows.length - ask.last));
}

describe("windows of random stores", () => {
  it("are the rows of the timelines", async () => {
    await forAll(
      fc.tuple(dataset, asked).map(([data, ask]) => ({ ...data, ask })),
      runs,
      2,
      ({ ask, ...data }) =>
        withStore(data, (db) => {
          const all = db.subjectIds;
          const ids = all.length === 0 ? [] : ask.subjects.map((n) => all[n % all.length]!);
          const bound = (id: bigint, at: number): bigint => {
            const [n, step] = ask.bounds[at % ask.bounds.length]!;
            const times = db.get(id)!.times;
            const time = times[n % times.length]!;
            return time === -(2n ** 63n) ? 0n : time + step;
          };
          const pairs = ids.map(
            (id, i) => [bound(id, 2 * i), bound(id, 2 * i + 1)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)) as [bigint, bigint],
          );
          const { inclusive, static: statics, last, threads } = ask;
          const options = { inclusive, static: statics, last, threads, from: ask.from ? pairs.map(([start]) => start) : undefined };
          const windows = db.windows(
            ids,
            pairs.map(([, end]) => end),
            options,
          );
          expect(windows.size).toBe(ids.length);
          const [codes, times, values, lines]: [number[], bigint[], number[], number[][]] = [[], [], [], []];
          ids.forEach((id, i) => {
            const patient = db.get(id)!;
            const rows = rowsOf(patient.times, ask.from ? pairs[i]![0] : undefined, pairs[i]![1], ask, patient.staticCount);
            for (const row of rows) {
              codes.push(patient.codeIds[row]!);
              times.push(patient.times[row]!);
              values.push(patient.numericValues[row]!);
            }
            lines.push(rows.map((row) => patient.codeIds[row]!));
            const line = windows.timeline(i)!;
            same(
              Array.from(line.times),
              rows.map((row) => patient.times[row]),
              () => `timeline ${i}`,
            );
            same(line.subjectId, id, () => "subject");
          });
          same(Array.from(windows.codeIds), codes, () => "codeIds");
          same(Array.from(windows.times), times, () => "times");
          same(Array.from<number>(windows.numericValues), values, () => "numericValues");
          same(windows.length, codes.length, () => "length");
          for (const [i, line] of lines.entries())
            same(Array.from(windows.codeIds.subarray(windows.offsets[i], windows.offsets[i + 1])), line, () => `window ${i}`);
        }),
    );
  }, 600_000);
});

describe("windows", () => {
  const open = () => PatientDatabase.open(generated.store);

  it("are the same on any number of threads, for a split, and from any form of ids and times", () => {
    const db = open();
    const train = db.split("train");
    const ids = Array.from({ length: 3000 }, (_, i) => train.at((i * 7919) % train.size)!.subjectId);
    const ends = ids.map((id, i) => BigInt(train.get(id)!.timeAt(Math.max(train.get(id)!.staticCount, (i * 31) % train.get(id)!.length))));
    const columns = (threads: number, subjects: ArrayLike<number | bigint>, times: ArrayLike<TimeLike>) => {
      const {
        offsets,
        codeIds,
        times: own,
        timeWords,
        numericValues,
      } = train.windows(subjects, times, { last: 128, inclusive: false, threads });
      return { offsets, codeIds, own, timeWords, numericValues };
    };
    const one = columns(1, ids, ends);
    expect(one.codeIds.length).toBeGreaterThan(100_000);
    same(columns(3, ids.map(Number), ends.map(Number)), one, () => "three threads");
    same(columns(0, BigInt64Array.from(ids), BigInt64Array.from(ends)), one, () => "arrays of int64");
    db.close();
  });

  it("keep what was read when the database is closed, and refuse the rest", () => {
    const db = open();
    const windows = db.windows([db.at(0)!.subjectId], [new Date("2100-01-01")], { last: 5 });
    const { codeIds } = windows;
    expect(codeIds.length).toBe(5);
    expect(windows.timeline(-1)!.length).toBe(5);
    expect(windows.timeline(1)).toBeUndefined();
    db.close();
    expect(windows.codeIds).toBe(codeIds);
    expect(windows.codeIds.length).toBe(5);
    expect(codeOf(() => windows.times)).toBe("MEDS_CLOSED");
    expect(codeOf(() => windows.timeline(0))).toBe("MEDS_CLOSED");
    expect(codeOf(() => db.windows([], []))).toBe("MEDS_CLOSED");
  });

  it("refuse what makes no sense", () => {
    const db = open();
    const id = db.at(0)!.subjectId;
    expect(db.windows([], []).offsets).toEqual(new Float64Array(1));
    expect(db.windows([], []).codeIds).toEqual(new Uint32Array(0));
    expect(codeOf(() => db.windows([2n ** 62n], [0n]))).toBe("MEDS_UNKNOWN_SUBJECT");
    const other = db.subset({ slots: [1] });
    expect(codeOf(() => other.windows([id], [new Date("2100-01-01")]))).toBe("MEDS_UNKNOWN_SUBJECT");
    const wrong: [unknown, unknown, unknown?][] = [
      [[id], []],
      [[id], undefined],
      [[id], [new Date("2100-01-01")], { inclusve: true }],
      [[id], [new Date("2100-01-01")], { from: [new Date("2100-01-02")] }],
      [[id], [new Date("2100-01-01")], { from: [] }],
      [[id], [new Date("2100-01-01")], { last: -1 }],
      [[id], [new Date("2100-01-01")], { threads: 0.5 }],
      [[id], [new Date("2100-01-01")], { static: 1 }],
      [id, [new Date("2100-01-01")]],
      [[id], ["yesterday"]],
    ];
    for (const [ids, times, options] of wrong)
      expect([options, codeOf(() => db.windows(ids as never, times as never, options as never))]).toEqual([
        options,
        "MEDS_INVALID_ARGUMENT",
      ]);
    const found = db.windows([id], [new Date("2100-01-01")]);
    expect(codeOf(() => found.timeline(0.5))).toBe("MEDS_INVALID_ARGUMENT");
    expect(found[Symbol.for("nodejs.util.inspect.custom") as never]).toBeDefined();
    db.close();
  });
});
