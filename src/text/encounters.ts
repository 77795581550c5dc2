// The encounters of a patient: visits, and what happened between them.
import type { Value } from "../store/values/vector.js";
import type { Known } from "./known.js";
import { END, type Moments } from "./moments.js";

/** Moments [begin, end). */
export interface Encounter {
  readonly begin: number;
  readonly end: number;
  /** Microseconds since 1970-01-01, of the visits or of the first and last moment. */
  readonly from: number;
  readonly to: number;
  /** The first row of the visit that begins first; -1 outside of visits. */
  readonly visit: number;
}

/** Moments without a visit are one encounter as long as no pause between two of them is longer. */
const PAUSE = 24 * 3_600_000_000;

interface Stay {
  readonly from: number;
  to: number;
  readonly row: number;
}

/**
 * Encounters in the order of time. Each moment belongs to exactly one. A visit lasts from its first known row to its
 * last one, or to its known end. Visits that overlap are one encounter.
 *
 * @param lasts Does a row's end extend its visit: is it the visit itself, not a prescription.
 */
export function encountersOf(known: Known, moments: Moments, lasts: (row: number) => boolean): Encounter[] {
  const stays = joined(staysOf(known, moments, lasts));
  const { length, times } = moments;
  const found: Encounter[] = [];
  let next = 0;
  for (let i = 0; i < length; ) {
    const begin = i;
    let last = times[i]!;
    while (next < stays.length && stays[next]!.to < last) next += 1;
    const stay = next < stays.length ? stays[next]! : null;
    const isInside = stay !== null && stay.from <= last;
    const until = isInside ? stay.to : (stay?.from ?? Number.POSITIVE_INFINITY);
    for (i += 1; i < length; i += 1) {
      const now = times[i]!;
      if (isInside ? now > until : now - last > PAUSE || now >= until) break;
      last = now;
    }
    if (isInside) found.push({ begin, end: i, from: stay.from, to: stay.to, visit: stay.row });
    else found.push({ begin, end: i, from: times[begin]!, to: last, visit: -1 });
  }
  return found;
}

function staysOf(known: Known, { length, times, rows, parts }: Moments, lasts: (row: number) => boolean): Stay[] {
  if (!known.hasVisits) return [];
  const byKey = new Map<Value, Stay>();
  let [lastKey, last]: [Value | null, Stay | null] = [null, null];
  for (let i = 0; i < length; i += 1) {
    const row = rows[i]!;
    const key = known.visit(row);
    if (key === null || (parts[i] === END && !lasts(row))) continue;
    const time = times[i]!;
    // Most rows have the visit of the row before.
    if (key !== lastKey) {
      [lastKey, last] = [key, byKey.get(key) ?? null];
      if (last === null) {
        last = { from: time, to: time, row };
        byKey.set(key, last);
      }
    }
    last!.to = time;
  }
  return [...byKey.values()];
}

/** Visits that do not overlap, in the order of time. */
function joined(stays: Stay[]): Stay[] {
  stays.sort((a, b) => a.from - b.from || a.row - b.row);
  const found: Stay[] = [];
  for (const stay of stays) {
    const last = found.at(-1);
    if (last === undefined || stay.from > last.to) found.push(stay);
    else if (stay.to > last.to) last.to = stay.to;
  }
  return found;
}
