import type { Memory } from "../support/memory.js";

/** Lists of numbers, one a place of a batch, put in order of places: those of place i are the items from `offsets[i]` up to, but not including, `offsets[i + 1]`. */
export class ListBuilder {
  private readonly items: number[] = [];
  private readonly counts: Int32Array;

  constructor(private readonly places: number) {
    this.counts = new Int32Array(places);
  }

  put(place: number, items: readonly number[]): void {
    this.counts[place] = items.length;
    for (const item of items) this.items.push(item);
  }

  offsets(memory: Memory, name: string): Int32Array {
    const offsets = memory.array(name, Int32Array, this.places + 1);
    for (let place = 0; place < this.places; place += 1) offsets[place + 1] = offsets[place]! + this.counts[place]!;
    return offsets;
  }

  values(memory: Memory, name: string): Int32Array {
    const values = memory.array(name, Int32Array, this.items.length);
    values.set(this.items);
    return values;
  }
}
