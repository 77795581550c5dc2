import type { Field } from "../store/field.js";
import type { Shard } from "../store/shard.js";
import type { Value } from "../store/values/vector.js";
import { fail } from "../support/errors.js";
import { NO_CUTOFF } from "./cutoff.js";

/**
 * Columns whose values become known after the time of their row, each with the column of that later time. For
 * example, the row of a visit has the time of its start, and its `end` reveals the length of stay.
 */
export type Later = ReadonlyMap<number, number>;

/**
 * Is a value known, so is its own time (in microseconds) not after the last time at which something is known? Without
 * a time the value is not known.
 */
export function isKnown(shard: Shard, row: number, patient: number, timeColumn: number, limit: bigint): boolean {
  const time = shard.field(timeColumn).value(row, patient);
  if (time === null) return false;
  if (typeof time === "bigint") return time <= limit;
  if (typeof time !== "number")
    fail(
      "MEDS_COLUMN_TYPE",
      `${shard.store.path}: the column of times at which values become known contains a ${typeof time}. Name a column of times in \`knownLater\`.`,
      shard.store.path,
    );
  return time <= Number(limit);
}

/**
 * A view of a shard in which values of later columns are null as long as they are not known. Everything else
 * is the shard itself. Timelines, events and windows made over the view read their columns through it.
 */
export function guarded(shard: Shard, patient: number, later: Later, limit: bigint): Shard {
  if (later.size === 0 || limit === NO_CUTOFF) return shard;
  const fields = new Map<number, Field>();
  const field = (column: number): Field => {
    const timeColumn = later.get(column);
    const own = shard.field(column);
    if (timeColumn === undefined) return own;
    const known =
      fields.get(column) ?? guardedField(own, (row) => isKnown(shard, row, patient, timeColumn, limit), shard.offsets[patient]!);
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
        `The arrays of column "${name}" contain values that were not known at the cut-off. Read the column row by row (event.get, column.at), which returns null for these values.`,
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
