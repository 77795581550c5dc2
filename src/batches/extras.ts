// Fields that need more of a patient than the rows of the window, or that have several entries per position.
// They are computed after the layout has placed the windows.
import type { Window } from "../samples/window.js";
import type { Shard } from "../store/shard.js";
import { ListBuilder } from "../targets/lists.js";
import { fillNext, type KnownToken, putNextSets } from "../targets/next.js";
import type { TimeToEvent } from "../targets/time-to-event.js";
import { UNK } from "../vocabulary/options.js";
import { binTokenAt, type Translation, tokenAt } from "../vocabulary/translation.js";
import type { Layout, Shaped } from "./batch.js";
import type { BagArrays, BatchField, Memory } from "./fields.js";

/** Fields of flat batches only (padded and packed), where a position is a row. */
export const FLAT_FIELDS: readonly BatchField[] = ["bag", "next_code", "next_codes", "time_to_event"];

// New arrays for each batch: a worker transfers its arrays, and a shared array would be detached for the next
// batch.
const noWords = () => new Int32Array(0);
const noFloats = () => new Float32Array(0);

/** The requested fields of this file; empty arrays for the others. */
export function extrasOf(
  windows: readonly Window[],
  { starts, places }: Shaped,
  prepends: boolean,
  layout: Layout,
  tasks: TimeToEvent | null,
  memory: Memory,
) {
  const { fields, translation } = layout;
  const token = knownToken(translation);
  const next = fields.has("next_code") ? memory.array("next_code", Int32Array, places) : noWords();
  const sets = new ListBuilder(fields.has("next_codes") ? places : 0);
  for (let b = 0; b < starts.length; b += 1) {
    if (fields.has("next_code")) fillNext(next, windows[b]!, starts[b]!, token);
    if (fields.has("next_codes")) putNextSets(sets, windows[b]!, starts[b]!, token);
  }
  return {
    bag: fields.has("bag")
      ? bagsOf(windows, starts, places, prepends, translation!, memory)
      : { offsets: noWords(), tokens: noWords(), weights: noFloats() },
    next_code: next,
    next_codes: fields.has("next_codes")
      ? { offsets: sets.offsets(memory, "next_codes.offsets"), codes: sets.values(memory, "next_codes.codes") }
      : { offsets: noWords(), codes: noWords() },
    time_to_event: tasks?._targets(windows, starts, memory) ?? {
      index: noWords(),
      censor_time: noFloats(),
      offsets: noWords(),
      task: noWords(),
      time: noFloats(),
    },
  };
}

function knownToken(translation: Translation | null): KnownToken {
  if (translation === null) return (shard: Shard, row: number) => shard.codeIds[row]!;
  return (shard: Shard, row: number) => {
    const token = tokenAt(translation, shard, row);
    return token === UNK ? 0 : token;
  };
}

function bagsOf(
  windows: readonly Window[],
  starts: Int32Array,
  places: number,
  prepends: boolean,
  translation: Translation,
  memory: Memory,
): BagArrays {
  const { offsets: begins, items } = translation.bags!;
  const lists = new ListBuilder(places);
  const weights: number[] = [];
  const put = (shard: Shard, row: number, place: number): void => {
    const id = shard.codeIds[row]!;
    const bag = Array.from(items.subarray(begins[id], begins[id + 1]));
    for (const _ of bag) weights.push(1 / bag.length);
    const bin = binTokenAt(translation, id, shard.hasValues ? shard.numericValues[row]! : Number.NaN);
    if (bin > 0) {
      bag.push(bin);
      weights.push(1);
    }
    lists.put(place, bag);
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
