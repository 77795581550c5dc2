// Windows, groups, moments, first and last rows of random stores, of columns of every type: each against a plain loop over the patient's events.
import type { Event, PatientDatabase, Timeline } from "meds-reader";
import { describe, expect, it } from "vitest";
import { thrown } from "../support/errors.js";
import { forAll, runs } from "../support/property.js";
import { dataset } from "../support/random.js";
import { withStore } from "../support/stored.js";

type Test = (event: Event) => boolean;

/** Numbers from a seed. */
function below(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % n;
  };
}

/** Windows of a patient, and which of its rows they have. */
function windowsOf(patient: Timeline, random: (n: number) => number, codes: readonly number[]): [Timeline, Test][] {
  const times = Array.from(patient, (event) => event.timeMicros).filter((time) => time !== null);
  const pick = () => times[random(Math.max(1, times.length))] ?? 0n;
  const [a, b] = [pick(), pick()];
  const [low, high] = a < b ? [a, b] : [b, a];
  const options = { inclusive: random(2) === 0, static: random(2) === 0 };
  const timed =
    (test: (time: bigint) => boolean): Test =>
    ({ timeMicros }) =>
      timeMicros === null ? options.static : test(timeMicros);
  const isChosen: Test = ({ codeId }) => codes.includes(codeId);
  return [
    [patient, () => true],
    [patient.until(high, options), timed((time) => time < high || (options.inclusive && time === high))],
    [patient.from(low, options), timed((time) => time > low || (options.inclusive && time === low))],
    [patient.between(low, high, { ...options, inclusive: "start" }), timed((time) => time >= low && time < high)],
    [patient.between(low, high, { ...options, inclusive: "end" }), timed((time) => time > low && time <= high)],
    [patient.withCode(codes), isChosen],
    [patient.withCode(codes).from(low), (event) => isChosen(event) && (event.timeMicros === null || event.timeMicros >= low)],
    [patient.filter(({ numericValue }) => numericValue !== null), ({ numericValue }) => numericValue !== null],
  ];
}

/** Values as keys of a Map: NaN equals NaN, and 0 equals -0. */
const keyOf = (value: unknown) => (value === 0 ? 0 : value);

/** Compares what a window says about a column with its events. `at`: the index of each event in the patient. */
function checkColumn(line: Timeline, name: string, events: readonly Event[], at: ReadonlyMap<string, number>): void {
  const values = events.map((event) => event.get(name));
  const column = line.column(name);
  expect(events.map((_, i) => column.at(i))).toEqual(values);
  if (values.some((value) => typeof value === "object" && value !== null)) {
    expect(thrown(() => line.groupBy(name))).toMatchObject({ code: "MEDS_COLUMN_TYPE" });
    return;
  }
  const groups = new Map<unknown, (number | undefined)[]>();
  for (const [i, value] of values.entries()) {
    if (value === null) continue;
    const rows = groups.get(keyOf(value));
    if (rows === undefined) groups.set(keyOf(value), [at.get(placeOf(events[i]!))]);
    else rows.push(at.get(placeOf(events[i]!)));
  }
  const found = line.groupBy(name).map(({ key, rows }) => [keyOf(key), Array.from(rows, (event) => at.get(placeOf(event)))]);
  expect(found).toEqual([...groups]);
  expect(line.distinct(name).map(keyOf)).toEqual([...groups.keys()]);
}

/** The place of an event in its shard. */
const placeOf = (event: Event) => String((event as unknown as { readonly _row: number })._row);

function checkRows(line: Timeline, events: readonly Event[], codes: readonly number[], db: PatientDatabase): void {
  const places = events.map(placeOf);
  expect(Array.from(line, placeOf)).toEqual(places);
  expect(Array.from(line.reversed(), placeOf)).toEqual([...places].reverse());
  expect(line.staticCount).toBe(events.filter(({ isStatic }) => isStatic).length);
  const moments = new Map<bigint, string[]>();
  for (const event of events) {
    const time = event.timeMicros;
    if (time !== null) moments.set(time, [...(moments.get(time) ?? []), placeOf(event)]);
  }
  expect(Array.from(line.byTime(), (moment) => Array.from(moment, placeOf))).toEqual([...moments.values()]);
  const chosen = db.codes.select(codes);
  const hits = events.filter(({ codeId }) => codes.includes(codeId));
  const place = (event: Event | undefined) => event && placeOf(event);
  expect(place(line.first(chosen))).toBe(place(hits[0]));
  expect(place(line.last(chosen))).toBe(place(hits.at(-1)));
  const valued = hits.filter(({ numericValue }) => numericValue !== null);
  expect(place(line.first(chosen, { with: "value" }))).toBe(place(valued[0]));
  expect(place(line.last(chosen, { with: "value" }))).toBe(place(valued.at(-1)));
  expect(line.some(chosen)).toBe(hits.length > 0);
}

describe("timelines of random stores", () => {
  it("are what loops over events find", async () => {
    let checked = 0;
    await forAll(dataset, Math.ceil(runs / 4), 77, (data) =>
      withStore(data, (db) => {
        const random = below(db.size);
        for (const patient of db) {
          const codes = Array.from({ length: db.codes.size }, (_, i) => i + 1).filter(() => random(2) === 0);
          const all = [...patient];
          const at = new Map(all.map((event, i) => [placeOf(event), i]));
          for (const [line, test] of windowsOf(patient, random, codes)) {
            const events = all.filter(test);
            checkRows(line, events, codes, db);
            for (const { name } of db.columns) checkColumn(line, name, events, at);
            checked += events.length;
          }
        }
      }),
    );
    expect(checked).toBeGreaterThan((1000 * runs) / 60);
  });
});
