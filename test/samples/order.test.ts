// The order of batches: the same on every machine, for any number of ranks, and from where it was left.
import { type Batch, Labels, type LoaderOptions, type LoaderState, loader, PatientDatabase, type Samples, samples } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOf } from "../support/errors.js";
import { generated } from "../support/generated.js";

let db: PatientDatabase;
let list: Samples;
const splitOf = () => [...db.splits.keys()][0]!;

beforeAll(() => {
  db = PatientDatabase.open(generated.store);
  list = samples(db, { split: splitOf() }, { maxLength: 40, strategy: "step_through", lookBack: { count: 2000 } });
});
afterAll(() => db.close());

/** All bytes of a batch but for the token. */
function bytesOf(batch: Batch): string {
  return Object.entries(batch)
    .filter(([name]) => name !== "resume")
    .map(([name, value]) =>
      ArrayBuffer.isView(value)
        ? `${name} ${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")}`
        : `${name} ${value}`,
    )
    .join("\n");
}

const KINDS: Readonly<Record<string, LoaderOptions>> = {
  "in order": { batchSize: 16 },
  shuffled: { batchSize: 16, shuffle: true, seed: 5, epoch: 2 },
  local: { batchSize: 16, shuffle: "local", seed: 5 },
  bucketed: { batchSize: 16, shuffle: true, seed: 5, bucket: 4 },
  packed: { tokens: 300, shuffle: true, seed: 5 },
};
const membersOf = (batches: Iterable<Batch>) => Array.from(batches, ({ sample, weight }) => [...sample].filter((_, i) => weight[i] === 1));

describe.each(Object.entries(KINDS))("%s batches", (_, options) => {
  it("have each sample once, and identical bytes in two runs", async () => {
    const first = Array.from(loader(list, options), bytesOf);
    const second: string[] = [];
    for await (const batch of loader(list, options)) second.push(bytesOf(batch));
    expect(second).toEqual(first);
    const all = membersOf(loader(list, options)).flat();
    expect([...all].sort((a, b) => a - b)).toEqual(Array.from({ length: list.size }, (_, i) => i));
  });

  it("are in one global order, with any number of ranks", () => {
    const global = membersOf(loader(list, options));
    for (const worldSize of [1, 3, 8]) {
      for (const remainder of ["pad", "drop", "uneven"] as const) {
        const ranks = Array.from({ length: worldSize }, (_, rank) => membersOf(loader(list, { ...options, worldSize, rank, remainder })));
        const dealt = global.map((_, i) => ranks[i % worldSize]![Math.floor(i / worldSize)]);
        if (remainder === "drop") {
          // Whole rounds of whole batches.
          const rounds = ranks[0]!.length;
          expect(ranks.every((own) => own.length === rounds)).toBe(true);
          expect(dealt.slice(0, rounds * worldSize)).toEqual(global.slice(0, rounds * worldSize));
          expect(global.length - rounds * worldSize).toBeLessThanOrEqual(worldSize);
        } else expect(dealt).toEqual(global);
        if (remainder === "pad") expect(new Set(ranks.map((own) => own.length)).size).toBe(1);
      }
    }
  });

  it("go on where they were left, also when 8 ranks become 3", () => {
    const whole = Array.from(loader(list, options), bytesOf);
    for (const cut of [1, 3, 7]) {
      let token: LoaderState | undefined;
      let seen = 0;
      for (const batch of loader(list, options)) {
        seen += 1;
        token = JSON.parse(JSON.stringify(batch.resume));
        if (seen === cut) break;
      }
      expect(Array.from(loader(list, { ...options, resume: token }), bytesOf)).toEqual(whole.slice(cut));
    }
    const global = membersOf(loader(list, options));
    const tokens = Array.from({ length: 8 }, (_, rank) => {
      const [batch] = loader(list, { ...options, worldSize: 8, rank, remainder: "uneven" });
      return batch!.resume;
    });
    expect(new Set(tokens.map((token) => JSON.stringify(token))).size).toBe(1);
    const ranks = [0, 1, 2].map((rank) =>
      membersOf(loader(list, { ...options, worldSize: 3, rank, remainder: "uneven", resume: tokens[0] })),
    );
    const rest = global.slice(8);
    expect(rest.map((_, i) => ranks[i % 3]![Math.floor(i / 3)])).toEqual(rest);
  });
});

describe("a token", () => {
  const options: LoaderOptions = { batchSize: 16, shuffle: true, seed: 5 };
  const tokenOf = (from: Samples, given: LoaderOptions = options): LoaderState => {
    for (const { resume } of loader(from, given)) return JSON.parse(JSON.stringify(resume));
    throw new Error("no batch");
  };

  it("belongs to its samples", () => {
    const make = (more: object) =>
      samples(db, { split: splitOf() }, { maxLength: 40, strategy: "step_through", lookBack: { count: 2000 }, ...more });
    const token = tokenOf(list);
    expect(tokenOf(make({}))).toEqual(token);
    const [batch] = loader(make({}), { ...options, resume: token });
    expect(bytesOf(batch!)).toBe(Array.from(loader(list, options), bytesOf)[1]);
    // As many samples of other subjects, cut-offs or options.
    const ids = [...db.subjectIds];
    const labels = (shift: number, hour: bigint) =>
      Labels.from(Array.from({ length: 40 }, (_, i) => ({ subjectId: ids[i + shift]!, predictionTime: 1_577_836_800_000_000n + hour })));
    const labelled = samples(db, labels(0, 0n), { maxLength: 40 });
    const own = tokenOf(labelled);
    for (const other of [
      samples(db, labels(1, 0n), { maxLength: 40 }),
      samples(db, labels(0, 1n), { maxLength: 40 }),
      samples(db, labels(0, 0n), { maxLength: 41 }),
      samples(db, labels(0, 0n), { maxLength: 40, inclusive: false }),
      samples(db, labels(0, 0n), { maxLength: 40, codes: db.codes.strings.slice(1, 4) }),
      samples(db, labels(0, 0n), { maxLength: 40, where: { code: (code: string) => code !== "" } }),
    ]) {
      expect(other.size).toBe(labelled.size);
      expect(codeOf(() => loader(other, { ...options, resume: own }))).toBe("MEDS_INVALID_ARGUMENT");
    }
  });

  it.each(Object.entries(KINDS))("of %s batches that was changed is refused, and that of the last batch is its end", (_, given) => {
    const token = tokenOf(list, given);
    const { batches, position, order } = token;
    for (const wrong of [
      { batches: batches + 1 },
      { position: position + 1 },
      { position: position - 1 },
      { batches: batches + 1, position: 2 * position },
      { batches: 0 },
      { batches: 1e9 },
      { position: 1e9 },
      { batches: -1 },
      { position: 0.5 },
      { batches: "1" },
      { batches: null },
      { position: 16n },
      { position: Number.NaN },
      { order: `${order} ` },
      { order: undefined },
      { check: undefined },
      { check: "0" },
      { seed: 6 },
      { epoch: 9 },
      { version: 2 },
    ]) {
      const resume = { ...token, ...wrong } as LoaderState;
      expect(
        codeOf(() => loader(list, { ...given, resume })),
        JSON.stringify(Object.keys(wrong)),
      ).toBe("MEDS_INVALID_ARGUMENT");
    }
    for (const resume of [null, 5, "x", [], {}])
      expect(codeOf(() => loader(list, { ...given, resume: resume as unknown as LoaderState }))).toBe("MEDS_INVALID_ARGUMENT");
    const last = [...loader(list, given)].at(-1)!.resume;
    expect([...loader(list, { ...given, resume: last })]).toEqual([]);
  });
});

describe("an order", () => {
  it("depends on seed and epoch", () => {
    const order = (seed: number, epoch: number) => membersOf(loader(list, { batchSize: 64, shuffle: true, seed, epoch })).flat();
    const all = [order(1, 0), order(2, 0), order(1, 1), order(-1, 0), order(2 ** 40 + 1, 0)].map(String);
    expect(new Set(all).size).toBe(all.length);
    expect(String(order(1, 0))).toBe(all[0]);
  });

  it("is one among all, as often as any other", () => {
    const four = samples(db, { split: splitOf() }, { maxLength: 40 });
    expect(four.size).toBeGreaterThan(4);
    const counts = new Map<number, number>();
    const draws = 3000;
    for (let epoch = 0; epoch < draws; epoch += 1) {
      const [batch] = loader(four, { batchSize: 1, shuffle: true, seed: 9, epoch, fields: [] });
      counts.set(batch!.sample[0]!, (counts.get(batch!.sample[0]!) ?? 0) + 1);
    }
    const mean = draws / four.size;
    const chi = Array.from({ length: four.size }, (_, i) => ((counts.get(i) ?? 0) - mean) ** 2 / mean).reduce((a, b) => a + b);
    expect(chi).toBeLessThan(four.size + 5 * Math.sqrt(2 * four.size));
  });

  it("keeps neighbours together where it is local", () => {
    // Many times what is mixed at once: 16 blocks of 256.
    const many = samples(db, { split: "train" }, { maxLength: 8, strategy: "step_through" });
    expect(many.size).toBeGreaterThan(5 * 4096);
    const subjects = (shuffle: boolean | "local") =>
      Array.from(loader(many, { batchSize: 64, shuffle, seed: 1, fields: [] }), ({ subject_id }) => new Set(subject_id).size);
    const mean = (sizes: number[]) => sizes.reduce((a, b) => a + b) / sizes.length;
    expect(mean(subjects("local"))).toBeLessThan(0.8 * mean(subjects(true)));
  });
});
