import type { Shard } from "../../store/shard.js";
import type { Memory } from "../../support/memory.js";
import { ListBuilder } from "../../targets/lists.js";
import { binTokenAt, type Translation } from "../../vocabulary/translation.js";
import type { BagArrays } from "./fields.js";
import type { FlatRows } from "./targets.js";

/** The field `bag`. */
export function bagOf({ windows, starts, positions, prepends }: FlatRows, translation: Translation, memory: Memory): BagArrays {
  const { offsets: begins, items } = translation.bags!;
  const lists = new ListBuilder(positions);
  const weights: number[] = [];
  const put = (shard: Shard, row: number, position: number): void => {
    const id = shard.codeIds[row]!;
    const bag = Array.from(items.subarray(begins[id], begins[id + 1]));
    for (const _ of bag) weights.push(1 / bag.length);
    const bin = binTokenAt(translation, id, shard.hasValues ? shard.numericValues[row]! : Number.NaN);
    if (bin > 0) {
      bag.push(bin);
      weights.push(1);
    }
    lists.put(position, bag);
  };
  for (let b = 0; b < starts.length; b += 1) {
    const window = windows[b]!;
    const statics = prepends ? window.staticCount : 0;
    for (let i = 0; i < statics; i += 1) put(window.shard, window.statics[i]!, starts[b]! - statics + i);
    for (let i = 0; i < window.length; i += 1) put(window.shard, window.row(i), starts[b]! + i);
  }
  const own = memory.array("bag.weights", Float32Array, weights.length);
  own.set(weights);
  return { offsets: lists.offsets(memory, "bag.offsets"), tokens: lists.values(memory, "bag.tokens"), weights: own };
}

/** The field `bag` where it is not requested. */
export const NO_BAG: BagArrays = { offsets: new Int32Array(0), tokens: new Int32Array(0), weights: new Float32Array(0) };
