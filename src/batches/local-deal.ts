import { Parts } from "../samples/parts.js";
import type { Samples } from "../samples/samples.js";
import { conflict } from "../support/arguments.js";
import type { Leg } from "./batch.js";
import type { Job } from "./batcher.js";
import { type Deal, jobOf, padded } from "./deal.js";
import { type Grouping, groupsOf } from "./groups.js";
import type { Ranks } from "./options.js";
import { orderOf } from "./order.js";
import type { Progress, Start } from "./progress.js";

/**
 * Each rank has an order of its own, of the samples of its part of the store. After a resume with another number of
 * ranks, the parts are those of that number, without the samples that were taken before.
 */
export class LocalDeal implements Deal {
  readonly members: Uint32Array;
  /** All samples of this rank, to fill up batches with. */
  private readonly whole: Uint32Array;
  /** By rank: the number of samples. */
  private readonly sizes: readonly number[];
  /** The stretches before, and the steps of this one that were done. */
  private readonly past: readonly Leg[];
  private readonly from: number;
  /** Batches and samples of the stretches before. */
  private readonly before = { batches: 0, position: 0 };

  constructor(
    samples: Samples,
    private readonly grouping: Grouping,
    private readonly ranks: Ranks,
    private readonly progress: Progress,
    { legs = [] }: Start,
  ) {
    const { rank, worldSize } = ranks;
    const last = legs.at(-1);
    const isSame = last?.worldSize === worldSize;
    this.past = isSame ? legs.slice(0, -1) : legs;
    this.from = isSame ? last.steps : 0;
    const taken = new Uint8Array(samples.size);
    for (const leg of this.past) this.take(samples, leg, taken);
    const parts = new Parts(samples, worldSize);
    this.sizes = Array.from({ length: parts.count }, (_, other) => countOf(parts.of(other), taken));
    this.whole = parts.of(rank);
    this.members = rest(this.whole, taken);
  }

  *jobs(lengthOf: (sample: number) => number): Generator<Job> {
    const { members, whole, grouping, from } = this;
    const { rank, remainder } = this.ranks;
    const { batchSize } = grouping;
    const groups = groupsOf(this.orderOf(members, rank), grouping, { batches: from, position: 0 }, lengthOf)[Symbol.iterator]();
    const rounds = this.rounds();
    for (let step = from + 1; step <= rounds; step += 1) {
      const group = groups.next();
      const own = group.done === true ? new Uint32Array(0) : group.value.members;
      const filled = remainder === "pad" ? padded(own, batchSize, own.length > 0 ? own : whole) : own;
      yield jobOf(filled, own.length, this.progress.state(this.at(step)));
    }
  }

  after(steps: number): Start {
    return this.at(Math.min(this.from + steps, Math.ceil(mostOf(this.sizes) / this.grouping.batchSize)));
  }

  /** The number of steps of this rank. */
  private rounds(): number {
    const { sizes, ranks, grouping } = this;
    const { batchSize } = grouping;
    if (ranks.remainder === "uneven") return Math.ceil(this.members.length / batchSize);
    return ranks.remainder === "drop" ? Math.floor(leastOf(sizes) / batchSize) : Math.ceil(mostOf(sizes) / batchSize);
  }

  /** Where a loader begins after some steps of this stretch: batches and samples of all ranks. */
  private at(steps: number): Start {
    const { past, before, sizes } = this;
    const { batchSize } = this.grouping;
    let { batches, position } = before;
    for (const size of sizes) {
      batches += Math.min(steps, Math.ceil(size / batchSize));
      position += Math.min(steps * batchSize, size);
    }
    return { batches, position, legs: steps === 0 ? past : [...past, { worldSize: this.ranks.worldSize, steps }] };
  }

  /** Marks the samples that the ranks of an earlier stretch received. */
  private take(samples: Samples, { worldSize, steps }: Leg, taken: Uint8Array): void {
    const { batchSize, bucket } = this.grouping;
    const parts = new Parts(samples, worldSize);
    for (let rank = 0; rank < parts.count; rank += 1) {
      const members = rest(parts.of(rank), taken);
      const count = Math.min(steps * batchSize, members.length);
      if (count < members.length && steps % bucket !== 0)
        conflict(
          `\`resume\` is from step ${steps} with \`worldSize: ${worldSize}\`. With \`order: "local"\` and \`bucket: ${bucket}\` the number of ranks can change only after a multiple of ${bucket} steps. Use the \`resume\` of such a step, or the same \`worldSize\`.`,
        );
      this.before.batches += Math.min(steps, Math.ceil(members.length / batchSize));
      this.before.position += count;
      for (const sample of this.orderOf(members, rank).subarray(0, count)) taken[sample] = 1;
    }
  }

  /** The order of samples that are given in storage order. */
  private orderOf(members: Uint32Array, rank: number): Uint32Array {
    return orderOf(this.grouping.shuffle === "local" ? members : members.slice().sort(), this.grouping, rank);
  }
}

/** The members that were not taken. */
function rest(members: Uint32Array, taken: Uint8Array): Uint32Array {
  return members.filter((sample) => taken[sample] === 0);
}

function countOf(members: Uint32Array, taken: Uint8Array): number {
  let count = 0;
  for (const sample of members) if (taken[sample] === 0) count += 1;
  return count;
}

// Math.max(...sizes) fails for more ranks than a call has arguments.
const mostOf = (sizes: readonly number[]) => sizes.reduce((most, size) => Math.max(most, size), 0);
const leastOf = (sizes: readonly number[]) => sizes.reduce((least, size) => Math.min(least, size), Number.POSITIVE_INFINITY);
