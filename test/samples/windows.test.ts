// Windows and padded batches against an independent implementation, on random data and on the labels of the MIMIC-IV demo.
import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  type BatchField,
  convert,
  Labels,
  loader,
  PatientDatabase,
  type SampleOptions,
  type Strategy,
  samples,
  type Timeline,
} from "meds-reader";
import { describe, expect, it } from "vitest";
import { type BruteOptions, type BruteRow, type BruteSample, brute, bruteBatch, bruteRows } from "../support/brute.js";
import { type SimpleRow, writeSimple, writeSplits } from "../support/dataset.js";
import { folder } from "../support/folder.js";
import { full, runs } from "../support/property.js";
import { real } from "../support/real.js";

const HOUR = 3_600_000_000n;
const DAY = 24n * HOUR;
const T0 = 1_577_836_800_000_000n; // 2020-01-01
const CODES = ["A", "A//B", "LAB//x", "LAB//y", "DX//1", "MEDS_BIRTH", "Z"];
const STRATEGIES = ["to_end", "from_start", "random", "balanced_random", "step_through"] as const;

const beside = fc.constantFrom(0n, 0n, 0n, -1n, 1n);
/** At a whole hour, often midnight, or a microsecond before or after it. */
const moment = (min: number, max: number) =>
  fc
    .tuple(fc.oneof({ weight: 2, arbitrary: fc.integer({ min, max }) }, { weight: 1, arbitrary: fc.constantFrom(0, 24, 48) }), beside)
    .map(([hour, by]) => T0 + BigInt(hour) * HOUR + by);

/**
 * Rows of some subjects: few distinct times, so that many are equal. Most labels are so that the cut-off, or the beginning
 * of the look-back, is at exactly the time of a row (of the birth), or a microsecond before or after it; some have the same
 * time.
 */
const subjects = fc.array(
  fc.record({
    statics: fc.array(fc.nat({ max: 6 }), { maxLength: 3 }),
    rows: fc.array(fc.tuple(moment(-30, 90), fc.nat({ max: 6 }), fc.option(fc.integer({ min: -5, max: 5 }))), { maxLength: 40 }),
    labels: fc.array(
      fc.oneof(
        { weight: 1, arbitrary: fc.record({ time: moment(-40, 100), times: fc.constantFrom(1, 2) }) },
        {
          weight: 4,
          arbitrary: fc.record({
            row: fc.nat({ max: 39 }),
            by: beside,
            edge: fc.constantFrom("end" as const, "end" as const, "begin" as const, "birth" as const),
            times: fc.constantFrom(1, 1, 2),
          }),
        },
      ),
      { maxLength: 4 },
    ),
  }),
  { minLength: 1, maxLength: 5 },
);
type Subject = (typeof subjects extends fc.Arbitrary<infer T> ? T : never)[number];
type Choice = typeof choices extends fc.Arbitrary<infer T> ? T : never;

/** The times of a subject's labels. */
function labelTimes({ rows, labels }: Subject, { gap = 0, lookBack = 0 }: Choice): bigint[] {
  return labels.flatMap((label) => {
    if ("time" in label) return Array<bigint>(label.times).fill(label.time);
    const births = rows.filter(([, code]) => CODES[code] === "MEDS_BIRTH").map(([time]) => time);
    const birth = label.edge === "birth" ? births.sort((a, b) => Number(a - b))[0] : undefined;
    const own = birth ?? rows[label.row % Math.max(1, rows.length)]?.[0] ?? T0;
    const after = BigInt(gap + (label.edge === "begin" ? lookBack : 0)) * HOUR;
    return Array<bigint>(label.times).fill(own + after + label.by);
  });
}

const choices = fc.record({
  maxLength: fc.integer({ min: 1, max: 12 }),
  strategy: fc.constantFrom(...STRATEGIES),
  unit: fc.constantFrom(undefined, "measurements" as const, "events" as const),
  stride: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  inclusive: fc.constantFrom(undefined, true, false),
  gap: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
  gapCount: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
  lookBack: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
  lookBackCount: fc.option(fc.integer({ min: 1, max: 15 }), { nil: undefined }),
  static: fc.constantFrom(undefined, "include" as const, "prepend" as const, "omit" as const),
  staticUntil: fc.constantFrom(undefined, "null" as const, "birth" as const),
  codes: fc.constantFrom(undefined, "A", "LAB//"),
  dateOnly: fc.constantFrom(undefined, "DX//", "LAB//"),
  excludeAtCutoff: fc.constantFrom(undefined, "DX//", "A"),
});

/** The same choice as our options and as those of the definitions. */
function optionsOf(
  db: PatientDatabase,
  { stride, gap, gapCount, lookBack, lookBackCount, codes, dateOnly, excludeAtCutoff, ...rest }: Choice,
): [SampleOptions, BruteOptions] {
  // A stride beyond the window would leave rows out, and is refused.
  const steps = rest.strategy === "step_through" && stride !== undefined ? { stride: Math.min(stride, rest.maxLength) } : {};
  const begins = (prefix: string | undefined) => (prefix === undefined ? undefined : (code: string) => code.startsWith(prefix));
  const ours: SampleOptions = {
    ...rest,
    ...steps,
    gap: gap !== undefined ? { hours: gap } : gapCount !== undefined ? { count: gapCount } : undefined,
    lookBack: lookBack !== undefined ? BigInt(lookBack) * HOUR : lookBackCount !== undefined ? { count: lookBackCount } : undefined,
    codes: codes === undefined ? undefined : ({ code }) => code.startsWith(codes),
    dateOnly: dateOnly === undefined ? undefined : db.codes.withPrefix(dateOnly),
    excludeAtCutoff: excludeAtCutoff === undefined ? undefined : db.codes.withPrefix(excludeAtCutoff),
  };
  const theirs: BruteOptions = {
    ...rest,
    ...steps,
    gap: gap === undefined ? undefined : BigInt(gap) * HOUR,
    gapCount: gap === undefined ? gapCount : undefined,
    lookBack: lookBack === undefined ? undefined : BigInt(lookBack) * HOUR,
    lookBackCount: lookBack === undefined ? lookBackCount : undefined,
    codes: begins(codes),
    dateOnly: begins(dateOnly),
    excludeAtCutoff: begins(excludeAtCutoff),
  };
  return [ours, theirs];
}

/** Rows of a window as numbers in the patient's timeline: both hold rows of the shard. */
function placesIn(whole: Timeline, window: Timeline): number[] {
  const internal = (timeline: Timeline) => timeline as unknown as { _row(i: number): number };
  return Array.from({ length: window.length }, (_, i) => internal(window)._row(i) - internal(whole)._row(0));
}

const FIELDS = [
  "code",
  "numeric_value",
  "numeric_value_mask",
  "time_delta_days",
  "time",
  "age_days",
  "age_days_mask",
] as const satisfies readonly BatchField[];

/** Compares every sample's window and its place in padded batches with what the definitions allow. */
function check(
  db: PatientDatabase,
  rows: ReadonlyMap<bigint, readonly BruteRow[]>,
  labels: Labels,
  ours: SampleOptions,
  theirs: BruteOptions,
  padding: "left" | "right",
): void {
  const list = samples(db, labels, ours);
  // The last one only is held: each has an array for every row of its patient.
  let last: { label: number; sample: BruteSample } | undefined;
  const sampleOf = (label: number): BruteSample => {
    if (last?.label !== label) {
      const { subjectId, predictionTime } = labels.at(label)!;
      last = { label, sample: brute(rows.get(subjectId)!, predictionTime, theirs) };
    }
    return last.sample;
  };
  const expected = Array.from({ length: labels.size }, (_, label) => label)
    .filter((label) => rows.has(labels.at(label)!.subjectId))
    .flatMap((label): { readonly label: number; readonly window?: readonly BruteRow[] }[] =>
      ours.strategy === "step_through"
        ? sampleOf(label)
            .windows()
            .map((window) => ({ label, window }))
        : [{ label }],
    );
  expect(list.size).toBe(expected.length);
  expect(list.report.unknownLabels).toBe([...labels].filter(({ subjectId }) => !rows.has(subjectId)).length);
  const known = new Map([...db.codes].map(({ id, code }) => [code, id]));
  const ids = (code: string) => known.get(code)!;
  let at = 0;
  for (const batch of loader(list, { batchSize: 3, padding, fields: FIELDS })) {
    const [size, length] = batch.shape as [number, number];
    const [, width] = batch.static_shape;
    for (let b = 0; b < size; b += 1, at += 1) {
      const { label, window: only } = expected[at]!;
      const sample = sampleOf(label);
      expect(batch.sample[b]).toBe(at);
      expect(batch.subject_id[b]).toBe(labels.at(label)!.subjectId);
      expect(batch.prediction_time[b]).toBe(labels.at(label)!.predictionTime);
      const window = list.at(at)!;
      const whole = db.get(window.subjectId)!;
      const places = placesIn(whole, window.timeline);
      const allowed = only === undefined ? sample.windows(places[0]) : [only];
      const found = allowed.find((one) => one.length === places.length && one.every(({ place }, i) => place === places[i]));
      expect(found, `sample ${at}: rows ${places} are none of ${allowed.length} windows`).toBeDefined();
      expect([batch.row_begin[b], batch.row_end[b]]).toEqual(found!.length === 0 ? [0, 0] : [found![0]!.place, found!.at(-1)!.place + 1]);
      const prepended = ours.static === "prepend" ? sample.statics : [];
      const wanted = bruteBatch(found!, prepended, sample.before, ids);
      const n = wanted.code.length;
      expect(batch.length[b]).toBe(n);
      const begin = b * length + (padding === "left" ? length - n : 0);
      type Cut = { subarray(begin: number, end: number): Iterable<number | bigint> };
      const slice = (array: Cut) => [...array.subarray(begin, begin + n)];
      expect(slice(batch.code)).toEqual(wanted.code);
      expect(slice(batch.numeric_value)).toEqual(wanted.value.map(Math.fround));
      expect(slice(batch.numeric_value_mask)).toEqual(wanted.mask);
      expect(slice(batch.time_delta_days)).toEqual(wanted.delta);
      expect(slice(batch.time)).toEqual(wanted.time);
      const { birth } = sample;
      const ages = found!.map(({ time }) => (birth === null ? 0 : Math.fround((Number(time) - Number(birth)) / Number(DAY))));
      expect(slice(batch.age_days).slice(prepended.length)).toEqual(ages);
      // PAD is 0 everywhere.
      for (const field of FIELDS) {
        const from = b * length + (padding === "left" ? 0 : n);
        const pad = [...(batch[field] as unknown as Cut).subarray(from, from + length - n)];
        expect(pad.every((value) => Number(value) === 0)).toBe(true);
      }
      const statics = ours.static === undefined || ours.static === "include" ? sample.statics : [];
      const own = [...(batch.static_code as unknown as Cut).subarray(0, size * width)].slice(b * width, (b + 1) * width);
      expect(own.slice(0, statics.length)).toEqual(statics.map(({ code }) => ids(code)));
      expect(own.slice(statics.length).every((code) => code === 0)).toBe(true);
    }
  }
  expect(at).toBe(list.size);
}

describe("samples", () => {
  it("equal an independent implementation on random data", async () => {
    await fc.assert(
      fc.asyncProperty(subjects, choices, fc.constantFrom("left" as const, "right" as const), async (all, choice, padding) => {
        const rows: SimpleRow[] = [];
        const given: { subjectId: bigint; predictionTime: bigint; booleanValue: boolean }[] = [];
        for (const [i, subject] of all.entries()) {
          const { statics, rows: timed } = subject;
          const id = BigInt(7 * i - 9);
          for (const code of statics) rows.push([id, null, CODES[code]!]);
          const sorted = [...timed].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
          for (const [time, code, value] of sorted) rows.push([id, time, CODES[code]!, value]);
          for (const predictionTime of labelTimes(subject, choice))
            given.push({ subjectId: id, predictionTime, booleanValue: predictionTime % 2n === 0n });
        }
        given.push({ subjectId: 999n, predictionTime: T0, booleanValue: true });
        if (rows.length === 0) rows.push([5n, null, "A"]);
        const source = await writeSimple(folder("samples"), rows);
        await convert(source, join(source, "s.medsdb"));
        const db = PatientDatabase.open(join(source, "s.medsdb"));
        const [ours, theirs] = optionsOf(db, choice);
        check(db, await bruteRows(source), Labels.from(given), ours, theirs, padding);
        db.close();
        rmSync(source, { recursive: true });
      }),
      { numRuns: 2 * runs, endOnFailure: true },
    );
  });

  const source = real("mimic-iv-demo-meds-0.0.1");
  it.skipIf(source === null)("equal it for the 74 labels of the MIMIC-IV demo, by every strategy", async () => {
    const store = join(folder("mimic"), "s.medsdb");
    await convert(source!, store);
    const db = PatientDatabase.open(store);
    const rows = await bruteRows(source!);
    const labels = await Labels.open(join(source!, "tasks"));
    expect(labels.size).toBe(74);
    expect([...labels].filter(({ booleanValue }) => booleanValue).length).toBe(9);
    for (const strategy of STRATEGIES) {
      for (const unit of ["measurements", "events"] as const) {
        // All windows of so many rows: of all there are, the definitions would take a minute.
        const steps = strategy === "step_through";
        const options: SampleOptions = { maxLength: 256, strategy: strategy as Strategy, unit, ...(steps && { stride: 200 }) };
        const ours = steps ? { ...options, lookBack: { count: 600 } } : options;
        const theirs = steps ? { ...options, lookBackCount: 600 } : options;
        // By rows those of even, by times those of odd numbers, except with test:all.
        const some = full ? labels : Labels.from([...labels].filter((_, i) => (i % 2 === 1) === (unit === "events")));
        check(db, rows, some, ours, theirs as BruteOptions, "right");
      }
    }
    db.close();
  });
});

describe("windows that step through a patient", () => {
  it("contain every row, with any stride and any number of prepended static rows", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          rows: fc.integer({ min: 1, max: 40 }),
          statics: fc.nat({ max: 12 }),
          maxLength: fc.integer({ min: 1, max: 12 }),
          step: fc.oneof(
            fc.record({ stride: fc.integer({ min: 1, max: 12 }) }),
            fc.record({ overlap: fc.nat({ max: 11 }) }),
            fc.constant({}),
          ),
          unit: fc.constantFrom("measurements" as const, "events" as const),
        }),
        async ({ rows, statics, maxLength, step, unit }) => {
          const named = Object.entries(step)[0] as ["stride" | "overlap", number] | undefined;
          const most = named?.[0] === "stride" ? maxLength : maxLength - 1;
          const own = named === undefined ? {} : { [named[0]]: Math.min(named[1], most) };
          const all = Array.from({ length: rows }, (_, i): SimpleRow => [1n, T0 + BigInt(i >> 1), "A"]);
          const before = Array.from({ length: statics }, (): SimpleRow => [1n, null, "Z"]);
          const source = await writeSimple(folder("steps"), [...before, ...all]);
          writeSplits(source, new Map([[1n, "train"]]));
          await convert(source, join(source, "s.medsdb"));
          const db = PatientDatabase.open(join(source, "s.medsdb"));
          const list = samples(db, { split: "train" }, { maxLength, unit, ...own, strategy: "step_through", static: "prepend" });
          const seen = new Set<number>();
          for (const { row_begin, row_end } of loader(list, { batchSize: 1 })) {
            for (let row = row_begin[0]!; row < row_end[0]!; row += 1) seen.add(row);
          }
          expect(seen.size).toBe(rows);
          db.close();
          rmSync(source, { recursive: true });
        },
      ),
      { numRuns: runs, endOnFailure: true },
    );
  });

  it("may be more than a call has arguments", async () => {
    const source = await writeSimple(
      folder("many"),
      Array.from({ length: 150_000 }, (_, i): SimpleRow => [1n, T0 + BigInt(i), "A"]),
    );
    writeSplits(source, new Map([[1n, "train"]]));
    await convert(source, join(source, "s.medsdb"));
    const db = PatientDatabase.open(join(source, "s.medsdb"));
    expect(samples(db, { split: "train" }, { maxLength: 2, strategy: "step_through", stride: 1 }).size).toBe(149_999);
    db.close();
  });
});

describe("a window's draw", () => {
  it("is even over starts (random) and over rows (balanced_random)", async () => {
    const n = 12;
    const source = await writeSimple(
      folder("draw"),
      Array.from({ length: n }, (_, i): SimpleRow => [1n, T0 + BigInt(i), "A"]),
    );
    writeSplits(source, new Map([[1n, "train"]]));
    await convert(source, join(source, "s.medsdb"));
    const db = PatientDatabase.open(join(source, "s.medsdb"));
    const draws = 6000;
    const w = 5;
    for (const [strategy, outcomes] of [
      ["random", n - w + 1],
      ["balanced_random", n + w - 1],
    ] as const) {
      const list = samples(db, { split: "train" }, { maxLength: w, strategy });
      const starts = new Map<string, number>();
      const rows = new Array<number>(n).fill(0);
      for (let epoch = 0; epoch < draws; epoch += 1) {
        const { timeline } = list.at(0, { seed: 3, epoch })!;
        const first = Number(timeline.times[0]! - T0);
        const key = `${first} ${timeline.length}`;
        starts.set(key, (starts.get(key) ?? 0) + 1);
        for (let i = 0; i < timeline.length; i += 1) rows[first + i]! += 1;
      }
      expect(starts.size).toBe(outcomes);
      // Chi-squared with as many degrees of freedom less one: far below what a skewed draw gives.
      const mean = draws / outcomes;
      const chi = [...starts.values()].reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
      expect(chi).toBeLessThan(outcomes + 5 * Math.sqrt(2 * outcomes));
      if (strategy === "balanced_random") {
        for (const count of rows) expect(Math.abs(count - (draws * w) / (n + w - 1)) / draws).toBeLessThan(0.03);
      }
    }
    db.close();
  });
});
