import type { Field } from "../store/field.js";
import type { Shard } from "../store/shard.js";
import type { Value } from "../store/values/vector.js";
import { fail } from "../support/errors.js";
import { NO_CUTOFF } from "./cutoff.js";

/**
 * Columns whose values became known later than their row: of each the column that has the time. A visit's row stands at its start, and its `end` is
 * the length of stay.
 */
export type Later = ReadonlyMap<number, number>;

/** Is a value of a row known at the cut-off: does its own time, in microseconds, lie at or before it. Without a time nothing is known. */
export function isKnown(shard: Shard, row: number, patient: number, timeColumn: number, cutoff: bigint): boolean {
  const time = shard.field(timeColumn).value(row, patient);
  if (time === null) return false;
  if (typeof time === "bigint") return time <= cutoff;
  if (typeof time !== "number")
    fail(
      "MEDS_COLUMN_TYPE",
      `${shard.store.path}: the column that says when a value was known has a ${typeof time}, and no time.`,
      shard.store.path,
    );
  return time <= Number(cutoff);
}

/**
 * A shard as a sample may read it: later columns are null where they were not known yet. Everything else is the shard itself; timelines and events made
 * over it, and all windows cut of these, read their columns through it.
 */
export function guarded(shard: Shard, patient: number, later: Later, cutoff: bigint): Shard {
  if (later.size === 0 || cutoff === NO_CUTOFF) return shard;
  const fields = new Map<number, Field>();
  const field = (column: number): Field => {
    const timeColumn = later.get(column);
    const own = shard.field(column);
    if (timeColumn === undefined) return own;
    const known =
      fields.get(column) ?? guardedField(own, (row) => isKnown(shard, row, patient, timeColumn, cutoff), shard.offsets[patient]!);
    fields.set(column, known);
    return known;
  };
  return Object.create(shard, {
    withheld: { value: Array.from(later.keys(), (column) => shard.store.columns[column]!.name) },
    field: { value: field },
    fieldOf: { value: (name: string) => field(shard.store.columnAt(name)) },
  }) as Shard;
}

function guardedField(field: Field, known: (row: number) => boolean, base: number): Field {
  const { sparse, name } = field;
  const refused = {
    get(): never {
      return fail(
        "MEDS_LEAK",
        `The arrays of "${name}" hold values that were not known at the cut-off. Read it row by row (event.get, column.at): those are null there.`,
      );
    },
  };
  return Object.create(field, {
    value: { value: (row: number, patient: number): Value | null => (known(row) ? field.value(row, patient) : null) },
    read: { value: (slot: number): Value | null => (known(sparse === null ? slot : base + sparse.rows[slot]!) ? field.read(slot) : null) },
    vector: refused,
    indexes: refused,
  }) as Field;
}
