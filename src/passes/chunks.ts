import type { Store } from "../store/store.js";

/** Least number of events in a chunk: sending the chunk then costs little compared with reading it. */
const LEAST = 4096;
/** Maximum number of chunks: enough to keep many threads evenly busy. */
const MOST = 256;
/** Cost of a patient in addition to its events, in events. */
const PATIENT = 8;

/**
 * Cuts slots into chunks of about the same number of events, in order. The chunks depend on the patients
 * only, not on the number of threads, so that sums of floating-point numbers are the same for any number of
 * threads. A chunk ends before the patient that would exceed its share, so a patient with a very long
 * timeline has a chunk of its own.
 */
export function chunksOf(store: Store, slots: Uint32Array): Uint32Array[] {
  const costOf = (slot: number) => store.eventsOf[store.indexOf[slot]!]! + PATIENT;
  let total = 0;
  for (const slot of slots) total += costOf(slot);
  const share = Math.max(LEAST, Math.ceil(total / MOST));
  const chunks: Uint32Array[] = [];
  let begin = 0;
  let filled = 0;
  for (let i = 0; i < slots.length; i += 1) {
    const cost = costOf(slots[i]!);
    if (i > begin && filled + cost > share) {
      chunks.push(slots.slice(begin, i));
      begin = i;
      filled = 0;
    }
    filled += cost;
  }
  if (begin < slots.length) chunks.push(slots.slice(begin));
  return chunks;
}
