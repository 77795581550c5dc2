// Tables of labels joined on subject and prediction time.
import { valuesOf } from "./rows.js";
import type { LabelTable } from "./table.js";

/** Joined tables: one row for each pair of subject and time, and each table's values in those rows. */
export interface Joined {
  readonly times: LabelTable;
  readonly tables: readonly LabelTable[];
  /** For each table: 1 in the rows in which it has a label. */
  readonly has: readonly Uint8Array[];
}

/**
 * Joins tables on subject and prediction time, in the order in which the pairs first occur. The k-th label of
 * a table for a pair is in one row with the k-th of every other table. Each label is so in exactly one row: a
 * cross product would repeat labels, and grow without bound.
 */
export function joined(tables: readonly LabelTable[]): Joined {
  /** The rows of a pair of subject and time, and how many of them the current table has used. */
  type Pair = { readonly rows: number[]; table: number; used: number };
  const pairs = new Map<bigint, Map<bigint, Pair>>();
  const subjectIds: bigint[] = [];
  const predictionTimes: bigint[] = [];
  const rowsOfTables = tables.map((table, t) => {
    const rows: number[] = [];
    for (let row = 0; row < table.subjectIds.length; row += 1) {
      const subject = table.subjectIds[row]!;
      const time = table.predictionTimes[row]!;
      const times = pairs.get(subject) ?? new Map<bigint, Pair>();
      const pair = times.get(time) ?? { rows: [], table: t, used: 0 };
      pairs.set(subject, times.set(time, pair));
      if (pair.table !== t) Object.assign(pair, { table: t, used: 0 });
      if (pair.used === pair.rows.length) {
        pair.rows.push(subjectIds.length);
        subjectIds.push(subject);
        predictionTimes.push(time);
      }
      rows[pair.rows[pair.used]!] = row;
      pair.used += 1;
    }
    return rows;
  });
  const times = {
    subjectIds: BigInt64Array.from(subjectIds),
    predictionTimes: BigInt64Array.from(predictionTimes),
    ...{ boolean: null, integer: null, float: null, categorical: null, censored: null },
  };
  const own = rowsOfTables.map((rows) => Array.from(subjectIds, (_, at) => rows[at] ?? -1));
  return {
    times,
    tables: tables.map((table, t) => ({ ...times, ...valuesOf(table, own[t]!) })),
    has: own.map((rows) => Uint8Array.from(rows, (row) => (row < 0 ? 0 : 1))),
  };
}
