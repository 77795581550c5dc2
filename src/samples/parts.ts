import type { Store } from "../store/store.js";
import { conflict } from "../support/arguments.js";

/** A part may be larger or smaller by this part of itself at each end, if it then ends where a shard does. */
const SLACK = 1 / 32;

/** What is needed of {@link Samples}. */
interface Stored {
  readonly size: number;
  readonly _store: Store;
  readonly _index: Uint32Array;
  readonly _stored: Uint32Array;
}

/**
 * Samples divided among ranks that read only their own shards. The samples in storage order are cut into parts
 * with equal numbers of samples. A cut moves to the nearest border of two shards, if that changes a part by at
 * most a 32nd. A shard with a cut inside belongs to both ranks. The parts depend on the samples and on the number
 * of ranks only: they are the same in every epoch and for every seed.
 */
export class Parts {
  /** Number of parts: that of the ranks, or 1 if there are no samples. */
  readonly count: number;
  private readonly cuts: Uint32Array;

  constructor(
    private readonly samples: Stored,
    worldSize: number,
  ) {
    const { size, _stored: stored } = samples;
    if (size > 0 && worldSize > size)
      conflict(
        `\`worldSize\` is ${worldSize}, more than the number of samples (${size}). With \`order: "local"\` each rank has samples of its own: use fewer ranks.`,
      );
    const count = size === 0 ? 1 : worldSize;
    this.count = count;
    const most = (SLACK * size) / count;
    const borders = this.borders(stored);
    this.cuts = new Uint32Array(count + 1);
    let near = 0;
    for (let rank = 1; rank <= count; rank += 1) {
      const even = Math.round((rank * size) / count);
      while (near + 1 < borders.length && Math.abs(borders[near + 1]! - even) <= Math.abs(borders[near]! - even)) near += 1;
      this.cuts[rank] = Math.abs(borders[near]! - even) <= most ? borders[near]! : even;
    }
  }

  /** Samples of a rank in storage order. */
  of(rank: number): Uint32Array {
    return this.samples._stored.subarray(this.cuts[rank] ?? 0, this.cuts[rank + 1] ?? 0);
  }

  /** Positions in storage order where the samples of another shard begin, and the end. */
  private borders(stored: Uint32Array): number[] {
    const found = [0];
    for (let at = 1; at < stored.length; at += 1) if (this.shardOf(stored[at]!) !== this.shardOf(stored[at - 1]!)) found.push(at);
    return [...found, stored.length];
  }

  private shardOf(sample: number): number {
    const { _store: store, _index: index } = this.samples;
    return store.shardOf[index[sample]!]!;
  }
}

/** The numbers of samples, given their rows in patients.arrow, in storage order. */
export function storedOrder(store: Store, index: Uint32Array): Uint32Array {
  const next = new Uint32Array(store.size + 1);
  for (const row of index) next[store.slotOf(row) + 1]! += 1;
  for (let slot = 1; slot < next.length; slot += 1) next[slot]! += next[slot - 1]!;
  const order = new Uint32Array(index.length);
  for (let sample = 0; sample < index.length; sample += 1) {
    const slot = store.slotOf(index[sample]!);
    order[next[slot]!] = sample;
    next[slot]! += 1;
  }
  return order;
}
