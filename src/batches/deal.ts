import type { Samples } from "../samples/samples.js";
import { arrayOf } from "../support/arguments.js";
import type { Job } from "./batcher.js";
import { type Group, type Grouping, groupsOf } from "./groups.js";
import type { Ranks } from "./options.js";
import { orderOf } from "./order.js";
import type { Progress, Start } from "./progress.js";

/** The batches of one rank. */
export interface Deal {
  /** The samples that this rank may receive; null: all. */
  readonly members: Uint32Array | null;
  /** Its jobs. `lengthOf` returns the number of rows of a sample. */
  jobs(lengthOf: (sample: number) => number): Iterable<Job>;
  /** Where a loader begins after some steps of every rank, or at the end of the epoch. Not for packed batches. */
  after(steps: number): Start;
}

/** One order of all samples. Its batches are dealt to the ranks in turn. */
export class GlobalDeal implements Deal {
  readonly members = null;

  constructor(
    private readonly samples: Samples,
    private readonly grouping: Grouping,
    private readonly ranks: Ranks,
    private readonly progress: Progress,
    private readonly start: Start,
  ) {}

  *jobs(lengthOf: (sample: number) => number): Generator<Job> {
    const { samples, grouping, start } = this;
    const { worldSize } = this.ranks;
    const members = grouping.shuffle === "local" ? samples._stored : new Uint32Array(samples.size).map((_, i) => i);
    let round: Group[] = [];
    let dealt = start.batches;
    for (const group of groupsOf(orderOf(members, grouping), grouping, start, lengthOf)) {
      round.push(group);
      if (round.length < worldSize) continue;
      dealt += worldSize;
      const job = this.deal(round, dealt);
      if (job !== null) yield job;
      round = [];
    }
    const job = round.length === 0 ? null : this.deal(round, dealt + round.length);
    if (job !== null) yield job;
  }

  after(steps: number): Start {
    const { samples, start, grouping, ranks } = this;
    const batches = Math.min(start.batches + steps * ranks.worldSize, Math.ceil(samples.size / grouping.batchSize));
    return { batches, position: Math.min(samples.size, batches * grouping.batchSize) };
  }

  /** The job of this rank in a round of batches, or null. */
  private deal(round: readonly Group[], dealt: number): Job | null {
    const { rank, worldSize, remainder } = this.ranks;
    const size = this.grouping.batchSize;
    const isWhole = round.length === worldSize && (size === 0 || round.every(({ members }) => members.length === size));
    if (!isWhole && remainder === "drop") return null;
    const group = round[rank];
    if (group === undefined && remainder === "uneven") return null;
    const resume = this.progress.state({ batches: dealt, position: round.at(-1)!.position });
    const own = group?.members ?? new Uint32Array(0);
    // Fills up with the first samples of the round.
    const filled = remainder === "pad" ? (group === undefined ? round[0]!.members : padded(own, size, round[0]!.members)) : own;
    return jobOf(filled, own.length, resume);
  }
}

/** A job whose first `count` members count; the others only fill it up. */
export function jobOf(members: Uint32Array, count: number, resume: Job["resume"]): Job {
  return { members, weights: new Float32Array(members.length).fill(1, 0, count), resume };
}

/** Members, filled up to `size` with samples of `more`. */
export function padded(members: Uint32Array, size: number, more: Uint32Array): Uint32Array {
  if (members.length >= size) return members;
  const all = arrayOf("The sample list of a batch", Uint32Array, size);
  all.set(members);
  for (let i = members.length; i < size; i += 1) all[i] = more[i % more.length]!;
  return all;
}
