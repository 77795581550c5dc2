// Fields that need more of a patient than the window's rows, or have any number of entries a place. Their windows are placed already.
import type { Window } from "../samples/window.js";
import type { Shard } from "../shard.js";
import { ListBuilder } from "../targets/lists.js";
import { fillNext, type KnownToken, putNextSets } from "../targets/next.js";
import type { TimeToEventTargets } from "../targets/time-to-event.js";
import { UNK } from "../vocabulary/options.js";
import type { Translation } from "../vocabulary/translation.js";
import type { Layout, Shaped } from "./batch.js";
import type { BagArrays, BatchField, CodeSets, Memory } from "./fields.js";

/** Fields that only flat batches have: a place is a row there. */
export const FLAT_FIELDS: readonly BatchField[] = ["bag", "next_code", "next_codes", "time_to_event"];

const NONE_WORD = new Int32Array(0);
const NONE_FLOAT = new Float32Array(0);
const NO_BAGS: BagArrays = { offsets: NONE_WORD, tokens: NONE_WORD, weights: NONE_FLOAT };
const NO_SETS: CodeSets = { offsets: NONE_WORD, codes: NONE_WORD };
const NO_TARGETS: TimeToEventTargets = { index: NONE_WORD, censor_time: NONE_FLOAT, offsets: NONE_WORD, task: NONE_WORD, time: NONE_FLOAT };

/** The fields that were asked for. */
export function extrasOf(windows: readonly Window[], { starts, places }: Shaped, prepends: boolean, layout: Layout, memory: Memory) {
  const { fields, translation, timeToEvent } = layout;
  const token = knownToken(translation);
  const next = fields.has("next_code") ? memory.array("next_code", Int32Array, places) : NONE_WORD;
  const sets = new ListBuilder(fields.has("next_codes") ? places : 0);
  for (let b = 0; b < starts.length; b += 1) {
    if (fields.has("next_code")) fillNext(next, windows[b]!, starts[b]!, token);
    if (fields.has("next_codes")) putNextSets(sets, windows[b]!, starts[b]!, token);
  }
  return {
    bag: fields.has("bag") ? bagsOf(windows, starts, places, prepends, translation!, memory) : NO_BAGS,
    next_code: next,
    next_codes: fields.has("next_codes")
      ? { offsets: sets.offsets(memory, "next_codes.offsets"), codes: sets.values(memory, "next_codes.codes") }
      : NO_SETS,
    time_to_event: timeToEvent?._targets(windows, starts, memory) ?? NO_TARGETS,
  };
}

function knownToken(translation: Translation | null): KnownToken {
  if (translation === null) return (shard: Shard, row: number) => shard.codeIds[row]!;
  return (shard: Shard, row: number) => {
    const token = translation.tokenAt(shard, row);
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
    const bin = translation.binTokenAt(id, shard.hasValues ? shard.numericValues[row]! : Number.NaN);
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
