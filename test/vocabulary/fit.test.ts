// Vocabularies against plain loops over the rows of the source.
import { join } from "node:path";
import fc from "fast-check";
import { convert, loader, PatientDatabase, type SampleOptions, samples, Vocabulary, type VocabularyOptions } from "meds-reader";
import { describe, expect, it } from "vitest";
import { type BruteRow, brute, bruteRows } from "../support/brute.js";
import { folder } from "../support/folder.js";
import { runs } from "../support/property.js";
import { real } from "../support/real.js";
import { sourceSplits } from "../support/source.js";
import { above, type BruteToken, bruteTokens, edgesOf, meanOf, type OpenStudy, openStudy, stdOf, study } from "../support/study.js";

const options = fc.record({
  minCount: fc.constantFrom(undefined, 1, 2, 4),
  minPatients: fc.constantFrom(undefined, 1, 2),
  top: fc.constantFrom(undefined, 1, 3, 100),
  special: fc.constantFrom(undefined, ["[CLS]"], ["[CLS]", "[MASK]"]),
  kind: fc.constantFrom("codes" as const, "token" as const, "ancestors" as const),
  values: fc.constantFrom(undefined, "raw" as const, "z-score" as const),
  bins: fc.constantFrom(undefined, 2, 3, 5),
  binTokens: fc.boolean(),
});
interface Choice extends VocabularyOptions {
  readonly kind: "codes" | "token" | "ancestors";
}

/** The first part of a code; codes that begin with Z become UNK. */
const part = (code: string) => (code.startsWith("Z") ? null : code.split("//")[0]!);
const tokensOf = { codes: (code: string) => [code], token: (code: string) => [part(code)].filter((x) => x !== null), ancestors: above };

function ours({ kind, bins, binTokens, ...rest }: Choice): VocabularyOptions {
  return {
    ...rest,
    bins,
    ...(bins === undefined ? {} : { binTokens }),
    ...(kind === "token" ? { token: part } : {}),
    ...(kind === "ancestors" ? { ancestors: true } : {}),
  };
}

/** The rows that the definition lets be fitted on, by subject. */
function fittable({ rows, labels, splitOf }: OpenStudy, from: "patients" | "samples", inclusive: boolean): (readonly BruteRow[])[] {
  const found: BruteRow[][] = [];
  for (const [id, own] of rows) {
    if (splitOf.get(id) !== "train") continue;
    const cutoffs = [...labels].filter(({ subjectId }) => subjectId === id).map(({ predictionTime }) => predictionTime);
    found.push(
      own.filter(({ time }) => {
        if (from === "patients") return true;
        return cutoffs.some((cutoff) => time === null || time < cutoff || (inclusive && time === cutoff));
      }),
    );
  }
  return found;
}

const near = (found: number, expected: number) => expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(expected)));

/** Compares a vocabulary with the tokens of the definition; gives the tokens' names by id. */
function check(vocabulary: Vocabulary, tokens: readonly BruteToken[], { special = [], values, bins, binTokens }: Choice): string[] {
  const names = ["[PAD]", "[UNK]", ...special, ...tokens.map(({ code }) => code)];
  expect(vocabulary.tokens.slice(0, names.length)).toEqual(names);
  expect(vocabulary.entries.map(({ rows, patients }) => [rows, patients])).toEqual(tokens.map(({ rows, patients }) => [rows, patients]));
  let count = names.length;
  for (const [i, token] of tokens.entries()) {
    const { values: found, edges } = vocabulary.entries[i]!;
    const isFitted = (values === "z-score" || bins !== undefined) && token.values.length > 0;
    expect(found === null).toBe(!isFitted);
    expect(edges).toEqual(isFitted && bins !== undefined ? edgesOf(token.values, bins) : null);
    if (binTokens && edges !== null && edges.length > 0) count += edges.length + 1;
    if (found === null) continue;
    expect(found.count).toBe(token.values.length);
    near(found.mean, meanOf(token.values));
    near(found.std, stdOf(token.values));
  }
  expect(vocabulary.size).toBe(count);
  return names;
}

describe("a vocabulary", () => {
  it("has the codes, counts, means, deviations and bins of the rows it may see, and batches use them", async () => {
    await fc.assert(
      fc.asyncProperty(study, options, fc.constantFrom("patients", "samples"), fc.boolean(), async (subjects, choice, from, inclusive) => {
        const open = await openStudy(subjects);
        const { db, labels, rows, splitOf } = open;
        const sampling: SampleOptions = { maxLength: 5, strategy: "random", inclusive, split: "train" };
        const source = from === "patients" ? db.split("train") : samples(db, labels, sampling);
        const vocabulary = await Vocabulary.fit(source, ours(choice));
        const seen = fittable(open, from as "patients" | "samples", inclusive);
        const bag = tokensOf[choice.kind];
        const tokens = bruteTokens(seen, bag, choice);
        const names = check(vocabulary, tokens, choice);
        expect(vocabulary.subjects).toBe(seen.filter((own) => own.length > 0).length);
        const idOf = (code: string) => names.indexOf(code, 2 + (choice.special?.length ?? 0));
        // A code that no training row has is UNK, whatever the function would make of it.
        const known = new Set(
          choice.kind === "ancestors" ? [...db.codes.strings].filter((code) => code !== undefined) : seen.flat().map(({ code }) => code),
        );
        const own = (code: string) => {
          const id = known.has(code) ? idOf(bag(code)[0] ?? "") : -1;
          return id < 0 ? 1 : id;
        };
        const table = vocabulary.table(db);
        expect([...table]).toEqual(Array.from(db.codes.strings, (code, id) => (id === 0 ? 0 : own(code))));

        // Coverage, of what was fitted on and of everybody.
        const covered = (of: readonly BruteRow[]) => ({
          rows: of.length,
          unknownRows: of.filter(({ code }) => own(code) === 1).length,
          uncoveredRows: of.filter(
            ({ code }) => own(code) === 1 && (choice.kind !== "ancestors" || bag(code).every((name) => idOf(name) < 0)),
          ).length,
          codes: new Set(of.map(({ code }) => code)).size,
          unknownCodes: new Set(of.map(({ code }) => code).filter((code) => own(code) === 1)).size,
          values: of.filter(({ value }) => !Number.isNaN(value)).length,
          infiniteValues: of.filter(({ value }) => Math.abs(value) === Number.POSITIVE_INFINITY).length,
        });
        expect(vocabulary.fitted).toEqual(covered(seen.flat()));
        expect(vocabulary.coverage(db)).toEqual(covered([...rows.values()].flat()));

        // Batches of everybody, whole, static rows first.
        const firstBins = names.length;
        const binBase = new Map<number, number>();
        let next = firstBins;
        for (const [i, { edges }] of vocabulary.entries.entries()) {
          if (!choice.binTokens || choice.bins === undefined || edges === null || edges.length === 0) continue;
          binBase.set(names.length - tokens.length + i, next);
          next += edges.length + 1;
        }
        for (const split of new Set(splitOf.values())) {
          if (!db.splits.has(split)) continue;
          const fields = ["code", "numeric_value", "numeric_value_mask", "value_bin", "bag"] as const;
          const asked = fields.filter(
            (field) => (field !== "value_bin" || choice.bins !== undefined) && (field !== "bag" || choice.kind === "ancestors"),
          );
          const list = samples(db, { split }, { maxLength: 200, static: "prepend" });
          for (const batch of loader(list, { batchSize: 2, vocabulary, fields: asked, padding: "left" })) {
            const [size, width] = batch.shape as [number, number];
            for (let b = 0; b < size; b += 1) {
              const all = rows.get(batch.subject_id[b]!)!;
              const from = b * width + width - batch.length[b]!;
              expect(batch.length[b]).toBe(all.length);
              for (const [i, { code, value }] of all.entries()) {
                const at = from + i;
                const id = own(code);
                const entry = vocabulary.entries[id - (names.length - tokens.length)];
                const bin = entry?.edges == null || Number.isNaN(value) ? 0 : 1 + entry.edges.filter((edge) => edge <= value).length;
                const base = Number.isNaN(value) ? undefined : binBase.get(id);
                expect(batch.code[at]).toBe(base === undefined ? id : base + bin - 1);
                if (choice.bins !== undefined) expect(batch.value_bin[at]).toBe(bin);
                const isScaled = choice.values === "z-score";
                const has = !Number.isNaN(value) && (!isScaled || (entry !== undefined && entry.values !== null && Number.isFinite(value)));
                expect(batch.numeric_value_mask[at]).toBe(has ? 1 : 0);
                if (!has) expect(batch.numeric_value[at]).toBe(0);
                else if (!isScaled) expect(batch.numeric_value[at]).toBe(Math.fround(value));
                else {
                  const { mean, std } = entry!.values!;
                  expect(batch.numeric_value[at]).toBe(std === 0 ? 0 : Math.fround((value - mean) / std) + 0);
                }
                if (choice.kind !== "ancestors") continue;
                const expected = bag(code)
                  .map(idOf)
                  .filter((token) => token >= 0)
                  .sort((x, y) => x - y);
                const weights = expected.map(() => Math.fround(1 / expected.length));
                if (base !== undefined) expected.push(base + bin - 1);
                if (base !== undefined) weights.push(1);
                const { offsets, tokens: found, weights: own_ } = batch.bag;
                expect([...found.subarray(offsets[at], offsets[at + 1])]).toEqual(expected);
                expect([...own_.subarray(offsets[at], offsets[at + 1])]).toEqual(weights);
              }
              // PAD is 0 and has no tokens.
              for (let at = b * width; at < from; at += 1) {
                expect(batch.code[at]).toBe(0);
                if (choice.kind === "ancestors") expect(batch.bag.offsets[at + 1]).toBe(batch.bag.offsets[at]);
              }
            }
          }
        }
        // The same again, from JSON.
        const again = Vocabulary.from(JSON.parse(JSON.stringify(vocabulary)));
        expect(again.id).toBe(vocabulary.id);
        expect(again.tokens).toEqual(vocabulary.tokens);
        expect(again.table(db)).toEqual(table);
        db.close();
      }),
      { numRuns: runs, endOnFailure: process.env.MEDS_PROPERTY_SHRINK === undefined },
    );
  });

  it("counts of samples only the rows that their windows may hold", async () => {
    const filters = fc.record({
      gapCount: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
      lookBack: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
      static: fc.constantFrom("include" as const, "prepend" as const, "omit" as const),
      staticUntil: fc.constantFrom("null" as const, "birth" as const),
      dateOnly: fc.constantFrom(undefined, "DX//", "LAB//"),
      excludeAtCutoff: fc.constantFrom(undefined, "DX//", "A"),
      codes: fc.constantFrom(undefined, "A", "LAB//"),
      unit: fc.constantFrom("measurements" as const, "events" as const),
    });
    await fc.assert(
      fc.asyncProperty(study, filters, async (subjects, { gapCount, lookBack, codes, dateOnly, excludeAtCutoff, ...rest }) => {
        const { db, labels, rows, splitOf } = await openStudy(subjects);
        const begins = (prefix: string | undefined) => (prefix === undefined ? undefined : (code: string) => code.startsWith(prefix));
        const list = samples(db, labels, {
          ...rest,
          maxLength: 40,
          split: "train",
          strategy: "from_start",
          gap: gapCount === undefined ? undefined : { count: gapCount },
          lookBack: lookBack === undefined ? undefined : { hours: lookBack },
          codes: codes === undefined ? undefined : ({ code }) => code.startsWith(codes),
          dateOnly: dateOnly === undefined ? undefined : db.codes.withPrefix(dateOnly),
          excludeAtCutoff: excludeAtCutoff === undefined ? undefined : db.codes.withPrefix(excludeAtCutoff),
        });
        const seen = [...rows].map(([id, own]) => {
          const held = new Set<BruteRow>();
          for (const { subjectId, predictionTime } of labels) {
            if (subjectId !== id || splitOf.get(id) !== "train") continue;
            const found = brute(own, predictionTime, {
              ...rest,
              gapCount,
              lookBack: lookBack === undefined ? undefined : BigInt(lookBack) * 3_600_000_000n,
              codes: begins(codes),
              dateOnly: begins(dateOnly),
              excludeAtCutoff: begins(excludeAtCutoff),
              maxLength: 1000,
            });
            for (const row of [...found.statics, ...found.windows().flat()]) held.add(row);
          }
          return [...held];
        });
        const vocabulary = await Vocabulary.fit(list);
        expect(vocabulary.entries.map(({ code, rows: n, patients }) => [code, n, patients])).toEqual(
          bruteTokens(seen, (code) => [code], {}).map(({ code, rows: n, patients }) => [code, n, patients]),
        );
        db.close();
      }),
      { numRuns: runs, endOnFailure: process.env.MEDS_PROPERTY_SHRINK === undefined },
    );
  });

  const source = real("mimic-iv-demo-meds-0.0.1");
  it.skipIf(source === null)("equals plain loops over the training patients of the MIMIC-IV demo", async () => {
    const store = join(folder("mimic"), "s.medsdb");
    await convert(source!, store);
    const db = PatientDatabase.open(store);
    const rows = await bruteRows(source!);
    const splits = await sourceSplits(source!);
    const ids = [...rows.keys()].sort((a, b) => (a < b ? -1 : 1)).filter((id) => splits.get(id) === "train");
    const choice: Choice = {
      minCount: 5,
      minPatients: 3,
      top: 2000,
      special: ["[CLS]"],
      kind: "codes",
      values: "z-score",
      bins: 10,
      binTokens: true,
    };
    const vocabulary = await Vocabulary.fit(db.split("train"), ours(choice));
    const tokens = bruteTokens(
      ids.map((id) => rows.get(id)!),
      (code) => [code],
      { minCount: 5, minPatients: 3, top: 2000 },
    );
    expect(tokens.length).toBeGreaterThan(1000);
    check(vocabulary, tokens, choice);
    db.close();
  });
});
