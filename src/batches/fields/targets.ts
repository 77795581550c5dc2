// The targets of a batch: they need more of a patient than the rows of the window.
import type { Window } from "../../samples/window.js";
import type { Shard } from "../../store/shard.js";
import type { Memory } from "../../support/memory.js";
import { ListBuilder } from "../../targets/lists.js";
import { fillNext, type KnownToken, putNextSets } from "../../targets/next.js";
import type { TimeToEvent, TimeToEventTargets } from "../../targets/time-to-event.js";
import { UNK } from "../../vocabulary/options.js";
import { type Translation, tokenAt } from "../../vocabulary/translation.js";
import type { BatchField, CodeSets, FieldArrays, FlatField } from "./fields.js";

/** The windows of a flat batch after their rows have positions. */
export interface FlatRows {
  readonly windows: readonly Window[];
  /** For each sample, the position of its first row that is not prepended; empty for nested batches. */
  readonly starts: Int32Array;
  /** Number of positions of the batch. */
  readonly positions: number;
  readonly prepends: boolean;
}

const NO_CODE = new Int32Array(0);
const NO_CODES: CodeSets = { offsets: new Int32Array(0), codes: new Int32Array(0) };
const NO_TIMES: TimeToEventTargets = {
  index: new Int32Array(0),
  censor_time: new Float32Array(0),
  offsets: new Int32Array(0),
  task: new Int32Array(0),
  time: new Float32Array(0),
};

/** The requested targets; arrays of length 0 for the others. */
export function targetsOf(
  { windows, starts, positions }: FlatRows,
  fields: ReadonlySet<BatchField>,
  translation: Translation | null,
  tasks: TimeToEvent | null,
  memory: Memory,
): Pick<FieldArrays, Exclude<FlatField, "bag">> {
  const token = knownToken(translation);
  const next = fields.has("next_code") ? memory.array("next_code", Int32Array, positions) : NO_CODE;
  const sets = new ListBuilder(fields.has("next_codes") ? positions : 0);
  for (let b = 0; b < starts.length; b += 1) {
    if (fields.has("next_code")) fillNext(next, windows[b]!, starts[b]!, token);
    if (fields.has("next_codes")) putNextSets(sets, windows[b]!, starts[b]!, token);
  }
  return {
    next_code: next,
    next_codes: fields.has("next_codes")
      ? { offsets: sets.offsets(memory, "next_codes.offsets"), codes: sets.values(memory, "next_codes.codes") }
      : NO_CODES,
    time_to_event: tasks?._targets(windows, starts, memory) ?? NO_TIMES,
  };
}

/** The token of a row; 0 for UNK. */
function knownToken(translation: Translation | null): KnownToken {
  if (translation === null) return (shard: Shard, row: number) => shard.codeIds[row]!;
  return (shard: Shard, row: number) => {
    const token = tokenAt(translation, shard, row);
    return token === UNK ? 0 : token;
  };
}
