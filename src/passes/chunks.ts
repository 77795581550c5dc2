import type { Store } from "../store/store.js";

/** Events that a chunk has at least, so that handing it over costs little beside reading it. */
const LEAST = 4096;
/** Chunks that work is cut into at most: enough to keep many threads evenly busy. */
const MOST = 256;
/** What a patient costs beside its events, in events. */
const PATIENT = 8;

/**
 * Cuts slots into runs of about as many events each, in order. How they are cut depends on the patients alone and not on the number of threads, so
 * that sums of floating-point numbers are the same for any number of them. A run ends before the patient that would carry it past its share: a
 * patient with a very long timeline stands alone.
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
