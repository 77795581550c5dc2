// MOTOR's tasks and targets against FEMR's definitions, walked in plain loops over the rows of the source.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { type Censoring, loader, samples, TimeToEvent, Vocabulary } from "meds-reader";
import { describe, expect, it } from "vitest";
import type { BruteRow } from "../support/brute.js";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { runs } from "../support/property.js";
import { above, labelsOf, openStudy, type Subject, study, T0 } from "../support/study.js";

const choices = fc.record({
  ancestors: fc.boolean(),
  tasks: fc.constantFrom(undefined, 1, 3, 100),
  bins: fc.constantFrom(undefined, 1, 2, 4),
  minFraction: fc.constantFrom(undefined, 0, 0.1),
  censoring: fc.constantFrom<Censoring | undefined>(undefined, "last_event", "death", { code: "Z" }),
  withValues: fc.boolean(),
});
type Choice = typeof choices extends fc.Arbitrary<infer T> ? T : never;

type Timed = BruteRow & { readonly time: bigint };
const seconds = (from: bigint, to: bigint) => Number(to - from) / 1e6;

/** The end of follow-up by the option. */
function endOf(timed: readonly Timed[], censoring: Censoring | undefined): bigint {
  const last = timed.at(-1)!.time;
  if (censoring === "death") return timed.find(({ code }) => code === "MEDS_DEATH")?.time ?? last;
  if (typeof censoring === "object") return timed.filter(({ code }) => code === censoring.code).at(-1)?.time ?? last;
  return last;
}

/** FEMR's get_future_events_for_time: seconds to the end, and to the next outcome of each task strictly later. */
function future(timed: readonly Timed[], time: bigint, tasks: readonly string[], choice: Choice): [number, Map<string, number>] {
  const end = endOf(timed, choice.censoring);
  const found = new Map<string, number>();
  for (const row of timed) {
    if (row.time <= time || row.time > end || (!choice.withValues && !Number.isNaN(row.value))) continue;
    for (const task of choice.ancestors ? above(row.code) : [row.code])
      if (tasks.includes(task) && !found.has(task)) found.set(task, seconds(time, row.time));
  }
  return [seconds(time, end), found];
}

/** Places of a patient's timed rows where something is predicted. */
function predicted(timed: readonly Timed[], tasks: readonly string[], choice: Choice): number[] {
  const birth = timed.find(({ code }) => code === "MEDS_BIRTH")?.time;
  return timed.flatMap(({ time }, i) => {
    if (timed[i + 1]?.time === time || (birth !== undefined && time <= birth)) return [];
    return future(timed, time, tasks, choice)[1].size > 0 ? [i] : [];
  });
}

const timedOf = (rows: readonly BruteRow[]) => rows.filter((row): row is Timed => row.time !== null);
const near = (found: number, expected: number) => expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(expected)));

describe("time-to-event tasks", () => {
  it("equal FEMR's definitions: tasks, bins, and the targets of any window", async () => {
    let fitted = 0;
    await fc.assert(
      fc.asyncProperty(study, choices, fc.integer({ min: 1, max: 25 }), async (subjects, choice, maxLength) => {
        const { db, rows, splitOf } = await openStudy(subjects);
        const { ancestors, ...options } = choice;
        const vocabulary = await Vocabulary.fit(db.split("train"), { ancestors });
        const codes = vocabulary.entries.slice(0, choice.tasks ?? 8192).map(({ code }) => code);
        const times: number[] = [];
        const stats = codes.map(() => ({ censored: 0, uncensored: 0, sum: 0 }));
        for (const [id, all] of rows) {
          if (splitOf.get(id) !== "train") continue;
          const timed = timedOf(all);
          for (const i of predicted(timed, codes, choice)) {
            const [censor, next] = future(timed, timed[i]!.time, codes, choice);
            for (const [task, code] of codes.entries()) {
              const time = next.get(code);
              stats[task]!.sum += time ?? censor;
              if (time === undefined) stats[task]!.censored += 1;
              else stats[task]!.uncensored += 1;
              if (time !== undefined) times.push(time);
            }
          }
        }
        const fit = TimeToEvent.fit(db.split("train"), { vocabulary, ...options });
        const total = stats[0]!.censored + stats[0]!.uncensored;
        const kept = codes
          .map((code, task) => ({ code, ...stats[task]! }))
          .filter(({ uncensored }) => uncensored > 0 && uncensored / total >= (choice.minFraction ?? 0.001));
        if (kept.length === 0) {
          expect((await rejected(fit)).code).toBe(times.length === 0 ? "MEDS_NO_DATA" : "MEDS_INVALID_ARGUMENT");
          db.close();
          return;
        }
        fitted += 1;
        const tasks = await fit;
        expect(tasks.tasks.map(({ code, censored, uncensored }) => [code, censored, uncensored])).toEqual(
          kept.map(({ code, censored, uncensored }) => [code, censored, uncensored]),
        );
        for (const [i, { uncensored, sum }] of kept.entries()) {
          near(tasks.tasks[i]!.meanSeconds, sum / total);
          near(tasks.tasks[i]!.rate, uncensored / total / (sum / total));
        }
        const sorted = times.sort((a, b) => a - b);
        const bins = choice.bins ?? 8;
        expect(tasks.timeBins.length).toBe(bins + 1);
        for (let k = 1; k < bins; k += 1) {
          const h = ((sorted.length - 1) * k) / bins;
          const low = sorted[Math.floor(h)]!;
          near(tasks.timeBins[k]!, low + (sorted[Math.ceil(h)]! - low) * (h - Math.floor(h)));
        }
        expect([tasks.timeBins[0], tasks.timeBins[bins]]).toEqual([0, Number.POSITIVE_INFINITY]);

        // Saved, and read again.
        const again = TimeToEvent.from(JSON.parse(JSON.stringify(tasks)));
        expect(again.id).toBe(tasks.id);
        const names = kept.map(({ code }) => code);
        for (const split of new Set(splitOf.values())) {
          if (!db.splits.has(split)) continue;
          const list = samples(db, { split }, { maxLength, strategy: "random" });
          for (const batch of loader(list, { tokens: 60, vocabulary, timeToEvent: again, fields: ["code", "time_to_event"] })) {
            const { index, censor_time, offsets, task, time } = batch.time_to_event;
            const expected: [number, number, [number, number][]][] = [];
            for (const [b, subject] of batch.subject_id.entries()) {
              const timed = timedOf(rows.get(subject)!);
              const first = timed.findIndex(({ place }) => place === batch.row_begin[b]);
              for (const i of predicted(timed, names, choice)) {
                const place = batch.cu_seqlens![b]! + i - first;
                if (i < first || place >= batch.cu_seqlens![b + 1]!) continue;
                const [censor, next] = future(timed, timed[i]!.time, names, choice);
                const found = [...next].map(([code, own]): [number, number] => [names.indexOf(code), Math.fround(own)]);
                expected.push([place, Math.fround(censor), found.sort(([x], [y]) => x - y)]);
              }
            }
            const ours = [...index].map((place, p) => {
              const range = [...task.subarray(offsets[p], offsets[p + 1])];
              return [place, censor_time[p]!, range.map((own, i) => [own, time[offsets[p]! + i]!])];
            });
            expect(ours).toEqual(expected);

            // FEMR's cleanup: a bin's share of the time, and whether the outcome is in it.
            const dense = tasks.dense(batch.time_to_event);
            expect(dense.shape).toEqual([expected.length, bins, names.length]);
            for (const [p, [, censor, found]] of expected.entries()) {
              for (let bin = 0; bin < bins; bin += 1) {
                const [start, end] = [tasks.timeBins[bin]!, tasks.timeBins[bin + 1]!];
                for (let k = 0; k < names.length; k += 1) {
                  const own = found.find(([task_]) => task_ === k)?.[1];
                  const inBin = Math.min(Math.max((own ?? censor) - start, 0), end - start);
                  const at = (p * bins + bin) * names.length + k;
                  expect(dense.log_time[at]).toBe(inBin === 0 ? Number.NEGATIVE_INFINITY : Math.fround(Math.log2(inBin)));
                  expect(dense.is_event[at]).toBe(own !== undefined && start <= own && own < end ? 1 : 0);
                }
              }
            }
          }
        }
        db.close();
      }),
      { numRuns: 2 * runs, endOnFailure: true },
    );
    expect(fitted).toBeGreaterThan(runs / 2);
  });

  const DAY = 86_400_000_000n;
  const subject: Subject = {
    id: 1n,
    split: "train",
    labels: [T0 + 3n * DAY],
    rows: [
      [T0, "MEDS_BIRTH", null],
      [T0 + DAY, "A", null],
      [T0 + DAY, "Z", null],
      [T0 + 2n * DAY, "LAB//x", 5],
      [T0 + 4n * DAY, "A", null],
      [T0 + 5n * DAY, "MEDS_DEATH", null],
      [T0 + 6n * DAY, "Z", null],
    ],
  };

  it("look past a cut-off, and are at the last row of a time", async () => {
    const { db } = await openStudy([subject]);
    const vocabulary = await Vocabulary.fit(db.split("train"));
    const timeToEvent = await TimeToEvent.fit(db.split("train"), { vocabulary, censoring: "death", bins: 2 });
    expect(timeToEvent.tasks.map(({ code }) => code)).toEqual(["A", "MEDS_DEATH"]);
    const list = samples(db, labelsOf([subject]), { maxLength: 10, split: "train" });
    const [batch] = loader(list, { batchSize: 1, timeToEvent, fields: ["code", "time_to_event"] });
    const days = (x: Float32Array) => [...x].map((s) => s / 86400);
    expect([...batch!.time_to_event.index]).toEqual([2, 3]); // of birth, A, Z, LAB
    expect(days(batch!.time_to_event.censor_time)).toEqual([4, 3]);
    expect([...batch!.time_to_event.task]).toEqual([0, 1, 0, 1]);
    expect(days(batch!.time_to_event.time)).toEqual([3, 4, 2, 3]);
    db.close();
  });

  it("are saved as JSON; what is damaged is refused", async () => {
    const { db } = await openStudy([subject]);
    const vocabulary = await Vocabulary.fit(db.split("train"), { ancestors: true });
    const tasks = await TimeToEvent.fit(db.split("train"), { vocabulary });
    const path = join(folder("tasks"), "tasks.json");
    await tasks.write(path);
    const again = await TimeToEvent.open(path);
    expect(again.id).toBe(tasks.id);
    expect(again.provenance).toEqual({ of: tasks.id, store: db.metadata.id, fingerprint: tasks.provenance!.fingerprint });
    const text = readFileSync(path, "utf8");
    const json = JSON.parse(text);
    for (const broken of [
      text.slice(0, -20),
      "[]",
      "null",
      JSON.stringify({ ...json, version: 2 }),
      JSON.stringify({ ...json, timeBins: [1] }),
    ]) {
      writeFileSync(path, broken);
      expect((await rejected(TimeToEvent.open(path))).code).toBe("MEDS_FITTED_FILE");
    }
    expect((await rejected(TimeToEvent.fit(db, { vocabulary }))).code).toBe("MEDS_NO_SPLIT");
    db.close();
  });
});
