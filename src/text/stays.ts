// The visits of a patient, each for itself.
import type { Value } from "../store/values/vector.js";
import type { EventTypes } from "./event-types.js";
import type { Known } from "./known.js";

/** A visit. */
export interface Stay {
  /** Its rows, in order. All have a time. */
  readonly rows: number[];
  /** The row that names it: the first one of the type `visit`, else -1. */
  name: number;
  /** Times of its beginning, and of its end as known at the cut-off; null where no known row says it. */
  from: bigint;
  to: bigint | null;
}

/** The visits, in the order of their first rows. A row without a visit belongs to none. */
export function staysOf(known: Known, types: EventTypes): Stay[] {
  if (!known.hasVisits) return [];
  const byKey = new Map<Value, Stay>();
  for (let i = known.staticCount; i < known.length; i += 1) {
    const key = known.visit(i);
    if (key === null) continue;
    let stay = byKey.get(key);
    if (stay === undefined) {
      stay = { rows: [], name: -1, from: BigInt(known.time(i)!), to: null };
      byKey.set(key, stay);
    }
    stay.rows.push(i);
    if (!isVisit(types.of(known, i))) continue;
    const time = BigInt(known.time(i)!);
    const end = known.end(i);
    if (stay.name < 0) {
      stay.name = i;
      stay.from = time;
      stay.to = end === null ? null : BigInt(end);
    } else if (!known.hasEnds && types.isDischarge(known.code(i))) stay.to = time;
  }
  return [...byKey.values()];
}

/** Is this the type of the visit itself, not of a part of it. */
export function isVisit(type: string): boolean {
  return type === "visit" || type === "visit_occurrence";
}
