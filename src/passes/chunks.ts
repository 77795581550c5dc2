import type { Store } from "../store/store.js";
import { shared } from "./board.js";

/** Events of a chunk, at least where there are enough: to take a chunk then costs little beside reading it. */
const LEAST = 4096;
/** About how many chunks a large pass has: enough to keep many threads evenly busy. */
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
 * Cuts slots into chunks of about the same number of events, in order. The chunks depend on the patients
 * only, not on the number of threads, so that sums of floating-point numbers per chunk are the same for any
 * number of threads. A chunk ends before the patient that would exceed its share, so a patient with a very
 * long timeline has a chunk of its own.
 */
export function chunksOf(store: Store, slots: Uint32Array): Chunks {
  const costOf = (slot: number) => store.eventsOf[store.indexOf[slot]!]! + PATIENT;
  let total = 0;
  for (const slot of slots) total += costOf(slot);
  const share = Math.max(LEAST, Math.ceil(total / MOST));
  const bounds: number[] = [0];
  let begin = 0;
  let filled = 0;
  for (let i = 0; i < slots.length; i += 1) {
    const cost = costOf(slots[i]!);
    if (i > begin && filled + cost > share) {
      bounds.push(i);
      begin = i;
      filled = 0;
    }
    filled += cost;
  }
  if (begin < slots.length) bounds.push(slots.length);
  const count = bounds.length - 1;
  return { slots: shared(slots), bounds: shared(Uint32Array.from(bounds)), count, events: total - PATIENT * slots.length };
}
