// Ranks that read only their own shards: `order: "local"`.
import { closeSync, cpSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  type Batch,
  Labels,
  type LoaderOptions,
  type LoaderState,
  loader,
  PatientDatabase,
  type Samples,
  samples,
  samplesPlan,
} from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOf, thrown } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { generated } from "../support/generated.js";

const out = folder("local");
let db: PatientDatabase;
let list: Samples;
const windows = { maxLength: 40, strategy: "step_through", lookBack: { count: 2000 } } as const;

interface Manifest {
  readonly shards: readonly {
    readonly bytes: number;
    readonly patients: number;
    readonly offsets: readonly { bytes: number; offset: number }[];
  }[];
}
let manifest: Manifest;
/** By subject: its shard. */
let shardOf: Map<bigint, number>;

beforeAll(() => {
  db = PatientDatabase.open(generated.store);
  list = samples(db, { split: "train" }, windows);
  manifest = JSON.parse(readFileSync(join(generated.store, "manifest.json"), "utf8"));
  const ends = manifest.shards.map(
    ({ patients }, i) => patients + manifest.shards.slice(0, i).reduce((sum, shard) => sum + shard.patients, 0),
  );
  shardOf = new Map(Array.from({ length: db.size }, (_, slot) => [db.at(slot)!.subjectId, ends.findIndex((end) => slot < end)]));
});
afterAll(() => db.close());

const own = ({ sample, weight }: Batch) => [...sample].filter((_, i) => weight[i] === 1);
const numbers = (size: number) => Array.from({ length: size }, (_, i) => i);
const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);
/** The batches of each rank. */
const ranksOf = (from: Samples, worldSize: number, options: LoaderOptions): Batch[][] =>
  numbers(worldSize).map((rank) => [...loader(from, { fields: [], ...options, order: "local", worldSize, rank } as LoaderOptions)]);

/** Labels at random times, several for some patients. */
function labelled(size: number, step: number): Samples {
  const ids = [...db.subjectIds];
  const rows = numbers(size).map((i) => ({ subjectId: ids[(i * step) % ids.length]!, predictionTime: 1_577_836_800_000_000n + BigInt(i) }));
  return samples(db, Labels.from(rows), { maxLength: 8 });
}

const choice = fc.record({
  size: fc.integer({ min: 12, max: 500 }),
  step: fc.integer({ min: 1, max: 299 }),
  batchSize: fc.integer({ min: 1, max: 17 }),
  bucket: fc.constantFrom(1, 1, 3),
  shuffle: fc.constantFrom<(boolean | "local")[]>(true, false, "local"),
  seed: fc.integer(),
  epoch: fc.nat(5),
});

describe('with order "local"', () => {
  it("each sample is in one batch of an epoch, with any number of ranks", () => {
    fc.assert(
      fc.property(choice, fc.integer({ min: 1, max: 12 }), ({ size, step, ...options }, worldSize) => {
        const from = labelled(size, step);
        const plans = numbers(worldSize).map((rank) => samplesPlan(from, { rank, worldSize }));
        for (const remainder of ["uneven", "pad", "drop"] as const) {
          const ranks = ranksOf(from, worldSize, { ...options, remainder });
          const all = ranks.flat().flatMap(own);
          expect(new Set(all).size).toBe(all.length);
          if (remainder !== "drop") expect(ascending(all)).toEqual(numbers(size));
          for (const [rank, batches] of ranks.entries()) {
            // Also what only fills up a batch.
            for (const id of batches.flatMap((batch) => [...batch.subject_id])) expect(plans[rank]!.shards).toContain(shardOf.get(id));
            if (remainder === "uneven") expect(batches.flatMap(own).length).toBe(plans[rank]!.samples);
            else {
              expect(batches.length).toBe(ranks[0]!.length);
              expect(batches.every(({ sample }) => sample.length === options.batchSize)).toBe(true);
            }
          }
          if (remainder === "drop") {
            const least = Math.min(...plans.map((plan) => plan.samples));
            expect(ranks[0]!.length).toBe(Math.floor(least / options.batchSize));
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("one rank has the batches of the global order", () => {
    for (const shuffle of [true, false, "local"] as const) {
      const options: LoaderOptions = { batchSize: 16, shuffle, seed: 3, epoch: 1, fields: [] };
      expect(Array.from(loader(list, { ...options, order: "local" }), own)).toEqual(Array.from(loader(list, options), own));
    }
  });

  it("seed and epoch change the order, and never the parts", () => {
    const orders = [
      { seed: 1, epoch: 0 },
      { seed: 1, epoch: 1 },
      { seed: 2, epoch: 0 },
    ].map((given) => ranksOf(list, 3, { ...given, batchSize: 16, shuffle: "local" }).map((batches) => batches.flatMap(own)));
    for (const rank of [0, 1, 2]) {
      const [first, ...others] = orders.map((order) => order[rank]!);
      for (const other of others) {
        expect(other).not.toEqual(first);
        expect(ascending(other)).toEqual(ascending(first!));
      }
    }
    const again = ranksOf(list, 3, { seed: 1, epoch: 0, batchSize: 16, shuffle: "local" }).map((batches) => batches.flatMap(own));
    expect(again).toEqual(orders[0]);
  });

  it("4 ranks that become 2 and then 3 take each sample once", () => {
    fc.assert(
      fc.property(
        choice,
        fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 9 })), { maxLength: 3 }),
        ({ size, step, ...options }, more) => {
          const from = labelled(size, step);
          const seen: number[] = [];
          let resume: LoaderState | undefined;
          const legs: [worldSize: number, steps: number][] = [[4, 2], [2, 1], [3, 2], ...more];
          for (const [worldSize, most] of legs) {
            const steps = most * options.bucket;
            const ranks = ranksOf(from, worldSize, { ...options, resume, remainder: "pad" }).map((batches) => batches.slice(0, steps));
            seen.push(...ranks.flat().flatMap(own));
            const tokens = ranks.map((batches) => JSON.stringify(batches.at(-1)?.resume));
            // Every rank has the token of the same step.
            expect(new Set(tokens).size).toBe(1);
            if (tokens[0] === undefined) break;
            resume = JSON.parse(tokens[0]) as LoaderState;
            expect(resume.position).toBe(seen.length);
          }
          seen.push(
            ...ranksOf(from, 2, { ...options, resume })
              .flat()
              .flatMap(own),
          );
          expect(ascending(seen)).toEqual(numbers(size));
        },
      ),
      { numRuns: 30 },
    );
  });

  it("the same number of ranks goes on as if it had not stopped", () => {
    const options: LoaderOptions = { batchSize: 16, shuffle: "local", seed: 3, bucket: 4 };
    const whole = ranksOf(list, 3, options);
    for (const cut of [1, 5]) {
      const resume = JSON.parse(JSON.stringify(whole[1]![cut - 1]!.resume)) as LoaderState;
      const rest = ranksOf(list, 3, { ...options, resume });
      expect(rest.map((batches) => batches.map(own))).toEqual(whole.map((batches) => batches.slice(cut).map(own)));
      expect(rest.map((batches) => batches.map((batch) => batch.resume))).toEqual(
        whole.map((batches) => batches.slice(cut).map((batch) => batch.resume)),
      );
    }
    const last = whole[0]!.at(-1)!.resume;
    expect(ranksOf(list, 3, { ...options, resume: last }).flat()).toEqual([]);
    expect(ranksOf(list, 2, { ...options, resume: last }).flat()).toEqual([]);
  });

  it("the token after some steps needs no batches, in any order", () => {
    for (const order of ["local", "global"] as const) {
      const options: LoaderOptions = { batchSize: 16, shuffle: true, seed: 3, bucket: 2, order };
      let resume: LoaderState | undefined;
      for (const [worldSize, steps] of [
        [4, 2],
        [4, 2],
        [2, 4],
        [3, 0],
        [1, 2],
      ] as const) {
        const ranks = numbers(worldSize).map((rank) => loader(list, { ...options, worldSize, rank, resume }));
        const tokens = ranks.map((own) => own.after(steps));
        const batch = [...ranks[0]!][steps - 1];
        resume = batch?.resume ?? tokens[0]!;
        expect(tokens).toEqual(tokens.map(() => resume));
      }
      const end = loader(list, { ...options, worldSize: 3, resume }).after(1e6);
      expect(end.position).toBe(list.size);
      expect([...loader(list, { ...options, worldSize: 3, resume: end })]).toEqual([]);
      expect(codeOf(() => loader(list, options).after(-1))).toBe("MEDS_INVALID_ARGUMENT");
    }
    expect(codeOf(() => loader(list, { tokens: 300 }).after(1))).toBe("MEDS_INVALID_ARGUMENT");
  });

  it("a token is refused that was changed, or of another order, or in the middle of a bucket if the ranks change", () => {
    const options: LoaderOptions = { batchSize: 16, bucket: 2, order: "local", worldSize: 4 };
    const [first, second] = [...loader(list, options)].map(({ resume }) => resume);
    expect(first!.legs).toEqual([{ worldSize: 4, steps: 1 }]);
    for (const legs of [[{ worldSize: 4, steps: 3 }], [{ worldSize: 3, steps: 1 }], [], undefined, 5, [null], [{ worldSize: 0, steps: 1 }]])
      expect(codeOf(() => loader(list, { ...options, resume: { ...first, legs } as never }))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => loader(list, { ...options, order: "global", resume: first }))).toBe("MEDS_INVALID_ARGUMENT");
    const [global] = loader(list, { ...options, order: "global" });
    expect(codeOf(() => loader(list, { ...options, resume: global!.resume }))).toBe("MEDS_INVALID_ARGUMENT");
    expect(thrown(() => loader(list, { ...options, worldSize: 2, resume: first })).message).toBe(
      '`resume` is from step 1 with `worldSize: 4`. With `order: "local"` and `bucket: 2` the number of ranks can change only after a multiple of 2 steps. Use the `resume` of such a step, or the same `worldSize`.',
    );
    expect([...loader(list, { ...options, worldSize: 2, resume: second })].length).toBeGreaterThan(0);
  });

  it("packed batches and more ranks than samples are refused", () => {
    expect(codeOf(() => loader(list, { tokens: 300, order: "local" }))).toBe("MEDS_INVALID_ARGUMENT");
    const few = labelled(3, 1);
    expect(codeOf(() => loader(few, { batchSize: 1, order: "local", worldSize: 4 }))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => samplesPlan(few, { worldSize: 4 }))).toBe("MEDS_INVALID_ARGUMENT");
    const none = samples(db, Labels.from([]), { maxLength: 8 });
    expect(ranksOf(none, 4, { batchSize: 2 }).flat()).toEqual([]);
    expect(samplesPlan(none, { rank: 3, worldSize: 4 })).toMatchObject({ samples: 0, shards: [], bytes: 0 });
  });
});

describe("samplesPlan", () => {
  it("divides samples evenly, and patients' shards in storage order", () => {
    const shards = manifest.shards.length;
    expect(shards).toBeGreaterThan(3);
    for (const worldSize of [1, 2, 3, 4, 7, 40]) {
      const plans = numbers(worldSize).map((rank) => samplesPlan(list, { rank, worldSize }));
      expect(plans.reduce((sum, plan) => sum + plan.samples, 0)).toBe(list.size);
      const even = list.size / worldSize;
      for (const plan of plans) {
        expect(Math.abs(plan.samples - even)).toBeLessThanOrEqual(even / 16 + 1);
        expect(plan.bytes).toBe(plan.shards.reduce((sum, shard) => sum + manifest.shards[shard]!.bytes, 0));
        expect(plan.files).toEqual(plan.shards.map((shard) => `shards/${String(shard).padStart(5, "0")}.arrow`));
        // One after another.
        expect(plan.shards).toEqual(numbers(plan.shards.length).map((i) => plan.shards[0]! + i));
      }
      // Only a cut belongs to two ranks.
      expect(plans.reduce((sum, plan) => sum + plan.shards.length, 0)).toBeLessThan(shards + worldSize);
      const all = samplesPlan(list, { rank: numbers(worldSize), worldSize });
      expect(all).toMatchObject({ samples: list.size, shards: numbers(shards), ranks: numbers(worldSize) });
    }
    const [a, b, both] = [[0], [1], [1, 0, 1]].map((rank) => samplesPlan(list, { rank, worldSize: 4 }));
    expect(both!.shards).toEqual(ascending([...new Set([...a!.shards, ...b!.shards])]));
    expect(both!.samples).toBe(a!.samples + b!.samples);
    expect(samplesPlan(list)).toEqual(samplesPlan(list, { rank: 0, worldSize: 1 }));
  });

  it("refuses wrong ranks", () => {
    for (const given of [
      { rank: 1 },
      { rank: [] },
      { rank: [0, 2], worldSize: 2 },
      { rank: -1 },
      { rank: "0" },
      { worldSize: 0 },
      { rank: null },
      [],
    ])
      expect(
        codeOf(() => samplesPlan(list, given as never)),
        JSON.stringify(given),
      ).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => samplesPlan({} as never))).toBe("MEDS_INVALID_ARGUMENT");
  });

  it("names all shards that a rank reads: the others may be damaged", async () => {
    const ids = [...db.subjectIds];
    const rows = numbers(400).map((i) => ({ subjectId: ids[(i * 7) % ids.length]!, predictionTime: 4_000_000_000_000_000n }));
    const make: ((of: PatientDatabase) => Samples)[] = [
      (of) => samples(of, Labels.from(rows), { maxLength: 16, excludeAtCutoff: /^LAB/, knownLater: {} }),
      (of) => samples(of, { split: "train" }, { ...windows, static: "prepend" }),
      (of) => samples(of, { split: "train" }, { maxLength: 16, strategy: "random" }),
    ];
    for (const [kind, of] of make.entries()) {
      const sound = of(db);
      for (const rank of [0, 1, 3]) {
        const { shards } = samplesPlan(sound, { rank, worldSize: 4 });
        expect(shards.length).toBeLessThan(manifest.shards.length);
        const path = join(out, `${kind}-${rank}.medsdb`);
        cpSync(generated.store, path, { recursive: true });
        for (const shard of numbers(manifest.shards.length).filter((number) => !shards.includes(number))) damage(path, shard);
        const broken = PatientDatabase.open(path);
        const there = of(broken);
        expect(samplesPlan(there, { rank, worldSize: 4 })).toEqual(samplesPlan(sound, { rank, worldSize: 4 }));
        for (const shuffle of [true, false, "local"] as const) {
          const options = { batchSize: 7, shuffle, bucket: 3, order: "local", worldSize: 4, rank, seed: 4 } as const;
          const expected = Array.from(loader(sound, options), own);
          expect(Array.from(loader(there, options), own)).toEqual(expected);
          const made: number[][] = [];
          for await (const batch of loader(there, { ...options, workers: 1 })) made.push(own(batch));
          expect(made).toEqual(expected);
        }
        // The control: other ranks do read them.
        expect(codeOf(() => [...loader(there, { batchSize: 7, order: "local", worldSize: 4, rank: rank === 3 ? 0 : 3 })])).toBe(
          "MEDS_CORRUPT",
        );
        if (kind === 0) expect(codeOf(() => there.report)).toBe("MEDS_CORRUPT");
        broken.close();
      }
    }
  }, 60_000);
});

/** Overwrites the offsets of a shard, which are checked when it is first read. */
function damage(store: string, shard: number): void {
  const file = openSync(join(store, `shards/${String(shard).padStart(5, "0")}.arrow`), "r+");
  for (const { offset, bytes } of manifest.shards[shard]!.offsets) writeSync(file, Buffer.alloc(bytes, 0x7f), 0, bytes, offset);
  closeSync(file);
}
