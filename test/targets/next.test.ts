// Next-code targets against the definition: plain loops over the rows of the source, and CLMBR's task as FEMR walks it.
import fc from "fast-check";
import { loader, type SampleOptions, samples, Vocabulary } from "meds-reader";
import { describe, expect, it } from "vitest";
import type { BruteRow } from "../support/brute.js";
import { runs } from "../support/property.js";
import { type OpenStudy, openStudy, study } from "../support/study.js";

const choices = fc.record({
  labelled: fc.boolean(),
  strategy: fc.constantFrom("to_end" as const, "from_start" as const, "random" as const, "balanced_random" as const),
  maxLength: fc.integer({ min: 3, max: 40 }),
  static: fc.constantFrom("include" as const, "prepend" as const),
  inclusive: fc.boolean(),
  codes: fc.constantFrom(undefined, "A", "LAB//"),
  layout: fc.constantFrom("right" as const, "left" as const, "packed" as const),
  vocabulary: fc.constantFrom("none" as const, "some" as const, "bins" as const),
});
type Choice = typeof choices extends fc.Arbitrary<infer T> ? T : never;

/** Tokens of rows, 0 for UNK. */
async function tokens({ db }: OpenStudy, kind: Choice["vocabulary"]): Promise<[Vocabulary | undefined, (row: BruteRow) => number]> {
  if (kind === "none") return [undefined, ({ code }) => db.codes.id(code)!];
  const vocabulary = await Vocabulary.fit(db.split("train"), kind === "some" ? { top: 4 } : { bins: 3, binTokens: true });
  const names = vocabulary.tokens;
  return [
    vocabulary,
    ({ code, value }) => {
      const entry = vocabulary.entries.find((one) => one.code === code);
      if (entry === undefined) return 0;
      if (kind === "some" || Number.isNaN(value) || !entry.edges?.length) return names.indexOf(code);
      const bin = entry.edges.filter((edge) => edge <= value).length;
      return names.indexOf(`${code} [${entry.edges[bin - 1] ?? "-Infinity"}, ${entry.edges[bin] ?? "Infinity"})`);
    },
  ];
}

describe("next-code targets", () => {
  it("are the next row of the patient that is kept and known, of any window, in any layout", async () => {
    let targets = 0;
    await fc.assert(
      fc.asyncProperty(study, choices, async (subjects, { labelled, codes, layout, vocabulary: kind, inclusive, ...rest }) => {
        const open = await openStudy(subjects);
        const { db, labels, rows } = open;
        const [vocabulary, token] = await tokens(open, kind);
        const options: SampleOptions = {
          ...rest,
          codes: codes === undefined ? undefined : ({ code }) => code.startsWith(codes),
        };
        const list = labelled ? samples(db, labels, { ...options, inclusive }) : samples(db, { split: "train" }, options);
        const shape = layout === "packed" ? { tokens: 64 } : { batchSize: 3, padding: layout };
        for (const batch of loader(list, { ...shape, vocabulary, seed: 4, fields: ["code", "next_code", "next_codes"] })) {
          const width = layout === "packed" ? 0 : batch.shape[1]!;
          const { offsets, codes: found } = batch.next_codes;
          const expected = new Map<number, number>();
          const sets = new Map<number, number[]>();
          for (const [b, subject] of batch.subject_id.entries()) {
            const n = batch.length[b]!;
            const begin = layout === "packed" ? batch.cu_seqlens![b]! : b * width + (layout === "left" ? width - n : 0);
            const cutoff = batch.prediction_time[b]!;
            const known = rows.get(subject)!.filter(({ time, code }) => {
              if (time === null || (codes !== undefined && !code.startsWith(codes))) return false;
              return !labelled || time < cutoff || (inclusive && time === cutoff);
            });
            const first = known.findIndex(({ place }) => place === batch.row_begin[b] && batch.row_end[b]! > 0);
            const length = first < 0 ? 0 : known.findIndex(({ place }) => place === batch.row_end[b]! - 1) - first + 1;
            const start = begin + n - length;
            for (let i = 0; i < length; i += 1) {
              const row = known[first + i]!;
              const next = known[first + i + 1];
              if (next === undefined) continue;
              if (token(row) !== 0 && token(next) !== 0) expected.set(start + i, token(next));
            }
            // Of every time that ends in the window: at the last known place of it, the set of what has the next time.
            for (const time of new Set(known.slice(Math.max(0, first), Math.max(0, first) + length).map((row) => row.time!))) {
              const own = known.flatMap((row, k) => (row.time === time ? [k] : []));
              if (own.at(-1)! >= first + length) continue;
              const inside = own.filter((k) => k >= first && token(known[k]!) !== 0);
              const later = known.filter((row) => row.time! > time).sort((x, y) => Number(x.time! - y.time!));
              const set = [...new Set(later.filter((row) => row.time === later[0]!.time).map(token))].filter((id) => id !== 0);
              if (inside.length > 0 && set.length > 0)
                sets.set(
                  start + inside.at(-1)! - first,
                  set.sort((x, y) => x - y),
                );
            }
          }
          for (let at = 0; at < batch.code.length; at += 1) {
            expect(batch.next_code[at]).toBe(expected.get(at) ?? 0);
            expect([...found.subarray(offsets[at], offsets[at + 1])]).toEqual(sets.get(at) ?? []);
          }
          expect(batch.next_code.length).toBe(batch.code.length);
          expect(offsets.length).toBe(batch.code.length + 1);
          targets += expected.size + sets.size;
        }
        db.close();
      }),
      { numRuns: 3 * runs, endOnFailure: true },
    );
    expect(targets).toBeGreaterThan(10 * runs);
  });

  it("equal those of FEMR's CLMBRTask where every row has a token", async () => {
    await fc.assert(
      fc.asyncProperty(study, fc.integer({ min: 1, max: 12 }), async (subjects, maxLength) => {
        const { db, rows } = await openStudy(subjects);
        const vocabulary = await Vocabulary.fit(db.split("train"));
        const list = samples(db, { split: "train" }, { maxLength, strategy: "to_end" });
        for (const batch of loader(list, { tokens: 40, vocabulary, fields: ["code", "next_code"] })) {
          for (const [b, subject] of batch.subject_id.entries()) {
            const timed = rows.get(subject)!.filter(({ time }) => time !== null);
            // The whole patient is walked, each row's features being the label of the place before it; the window is cut afterwards.
            const labels = new Map<number, number>();
            let places = 0;
            for (const { code } of timed) {
              if (places > 0) labels.set(places - 1, vocabulary.idOf(code)!);
              places += 1;
            }
            const offset = Math.max(0, places - maxLength);
            const begin = batch.cu_seqlens![b]!;
            const own = Array.from({ length: places - offset }, (_, i) => labels.get(offset + i) ?? 0);
            expect([...batch.next_code.subarray(begin, batch.cu_seqlens![b + 1])]).toEqual(own);
          }
        }
        db.close();
      }),
      { numRuns: runs, endOnFailure: true },
    );
  });
});
