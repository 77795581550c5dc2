// How passes are cut into chunks: those of a shard depend on nothing else.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunksOf } from "../../src/passes/chunks.js";
import type { Store } from "../../src/store/store.js";

/** What `chunksOf` reads of a store whose shards have patients with these numbers of events. */
function storeOf(shards: readonly (readonly number[])[]): Store {
  const eventsOf = Uint32Array.from(shards.flat());
  const shardOf = Uint32Array.from(shards.flatMap((patients, shard) => patients.map(() => shard)));
  return { manifest: { shards }, eventsOf, shardOf, indexOf: eventsOf.map((_, slot) => slot) } as unknown as Store;
}

/** The slots of each chunk. */
function chunks(store: Store, slots: Uint32Array): number[][] {
  const { bounds, count, events } = chunksOf(store, slots);
  expect(events).toBe(slots.reduce((sum, slot) => sum + store.eventsOf[slot]!, 0));
  return Array.from({ length: count }, (_, chunk) => [...slots.subarray(bounds[chunk], bounds[chunk + 1])]);
}

const sizes = fc.array(fc.oneof(fc.nat({ max: 5000 }), fc.nat({ max: 3_000_000 })), { maxLength: 30 });

describe("chunks", () => {
  it("of some shards are those that the whole has there", () => {
    const cut = fc.tuple(fc.array(sizes, { minLength: 1, maxLength: 6 }), fc.infiniteStream(fc.boolean()), fc.infiniteStream(fc.boolean()));
    fc.assert(
      fc.property(cut, ([shards, inCohort, inPart]) => {
        const store = storeOf(shards);
        const chosen = shards.map(() => inPart.next().value as boolean);
        const cohort = store.indexOf.filter(() => inCohort.next().value as boolean);
        const isIn = (slot: number) => chosen[store.shardOf[slot]!]!;
        expect(chunks(store, cohort.filter(isIn))).toEqual(chunks(store, cohort).filter(([slot]) => isIn(slot!)));
      }),
      { numRuns: 300 },
    );
  });

  it("are a few hundred, however many shards share them", () => {
    for (const count of [1, 2, 8, 100]) {
      const shards = Array.from({ length: count }, () => Array.from({ length: Math.ceil(100_000 / count) }, () => 100));
      const found = chunks(storeOf(shards), Uint32Array.from(shards.flat().keys())).length;
      expect(found).toBeGreaterThan(200);
      expect(found).toBeLessThan(450);
    }
  });
});
