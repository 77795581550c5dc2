import type { Memory } from "../support/memory.js";

/**
 * Lists of numbers, one per position of a batch, added in order of positions. The list of position i is the
 * items from `offsets[i]` up to, but not including, `offsets[i + 1]`.
 */
export class ListBuilder {
  private readonly items: number[] = [];
  private readonly counts: Int32Array;

  constructor(private readonly positions: number) {
    this.counts = new Int32Array(positions);
  }

  put(position: number, items: readonly number[]): void {
    this.counts[position] = items.length;
    for (const item of items) this.items.push(item);
  }

  offsets(memory: Memory, name: string): Int32Array {
    const offsets = memory.array(name, Int32Array, this.positions + 1);
    for (let i = 0; i < this.positions; i += 1) offsets[i + 1] = offsets[i]! + this.counts[i]!;
    return offsets;
  }

  values(memory: Memory, name: string): Int32Array {
    const values = memory.array(name, Int32Array, this.items.length);
    values.set(this.items);
    return values;
  }
}
