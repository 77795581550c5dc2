// Rows of two tables that are about the same subject at the same time.

/** The pairs of subject and time of a table's rows. */
export interface Moments {
  readonly subjectIds: BigInt64Array;
  readonly predictionTimes: BigInt64Array;
}

/** For each row of a table, the row of another one for the same subject and time. */
export interface Matches {
  /** -1 where the other table has none. */
  readonly rows: Int32Array;
  /** Rows of the other table for a subject and time that this table does not have. */
  readonly extra: number;
  /** Further rows of the other table for a subject and time that already has one. */
  readonly duplicates: number;
}

/** The rows of each pair of subject and time. */
export function indexOf({ subjectIds, predictionTimes }: Moments): (subject: bigint, time: bigint) => readonly number[] | undefined {
  const rows = new Map<bigint, Map<bigint, number[]>>();
  for (let row = 0; row < subjectIds.length; row += 1) {
    const subject = subjectIds[row]!;
    const times = rows.get(subject) ?? new Map<bigint, number[]>();
    rows.set(subject, times);
    const own = times.get(predictionTimes[row]!);
    if (own === undefined) times.set(predictionTimes[row]!, [row]);
    else own.push(row);
  }
  return (subject, time) => rows.get(subject)?.get(time);
}

/**
 * Joins on subject and time. The k-th row of a pair takes the other table's k-th row. If that table has only
 * one, all rows of the pair take it: a model says the same about the same patient at the same time.
 */
export function matched(table: Moments, other: Moments): Matches {
  const find = indexOf(other);
  const used = new Map<readonly number[], number>();
  const rows = new Int32Array(table.subjectIds.length).fill(-1);
  for (let row = 0; row < rows.length; row += 1) {
    const own = find(table.subjectIds[row]!, table.predictionTimes[row]!);
    if (own === undefined) continue;
    const use = used.get(own) ?? 0;
    used.set(own, use + 1);
    rows[row] = own.length === 1 ? own[0]! : (own[use] ?? -1);
  }
  let [reached, taken] = [0, 0];
  for (const [own, uses] of used) {
    reached += own.length;
    taken += Math.min(uses, own.length);
  }
  return { rows, extra: other.subjectIds.length - reached, duplicates: reached - taken };
}
