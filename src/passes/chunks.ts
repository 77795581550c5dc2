import type { Store } from "../store/store.js";
import { shared } from "./board.js";

/** Events of a chunk, at least where there are enough: to take a chunk then costs little beside reading it. */
const LEAST = 4096;
/** About how many chunks a pass over a large store has: enough to keep many threads evenly busy. */
const MOST = 256;
/** Cost of a patient in addition to its events, in events. */
const PATIENT = 8;

/** The patients of a pass, cut into chunks, in memory that all threads share. */
export interface Chunks {
  readonly slots: Uint32Array;
  /** Chunk c has the slots from `bounds[c]` to just before `bounds[c + 1]`. */
  readonly bounds: Uint32Array;
  /** Number of chunks. */
  readonly count: number;
  /** Number of rows of all patients. */
  readonly events: number;
}

/**
 * Cuts slots into chunks of about the same number of events, in order. A chunk has patients of one shard, and
 * the chunks of a shard depend on its patients only: not on the number of threads, nor on the other shards. So
 * what a function makes of a chunk is the same to the last bit in a pass over the whole store and in one over
 * some of its shards. A chunk ends before the patient that would exceed its share, so a patient with a very
 * long timeline has a chunk of its own.
 */
export function chunksOf(store: Store, slots: Uint32Array): Chunks {
  const shards = store.manifest.shards.length;
  const shardAt = (i: number) => store.shardOf[store.indexOf[slots[i]!]!]!;
  const costAt = (i: number) => store.eventsOf[store.indexOf[slots[i]!]!]! + PATIENT;
  const costs = new Float64Array(shards);
  for (let i = 0; i < slots.length; i += 1) costs[shardAt(i)]! += costAt(i);
  const share = costs.map((cost) => Math.max(LEAST, Math.ceil(cost / Math.ceil(MOST / shards))));
  const bounds: number[] = [0];
  let [shard, filled] = [-1, 0];
  for (let i = 0; i < slots.length; i += 1) {
    const cost = costAt(i);
    const isNext = shardAt(i) !== shard || filled + cost > share[shard]!;
    if (isNext && i > 0) bounds.push(i);
    [shard, filled] = [shardAt(i), isNext ? cost : filled + cost];
  }
  if (slots.length > 0) bounds.push(slots.length);
  const events = costs.reduce((sum, cost) => sum + cost, 0) - PATIENT * slots.length;
  return { slots: shared(slots), bounds: shared(Uint32Array.from(bounds)), count: bounds.length - 1, events };
}
