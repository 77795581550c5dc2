import { failGiven } from "../support/arguments.js";
import { boundOf, failTimeRange, type TimeLike } from "../support/time.js";
import type { Event } from "./event.js";
import type { AnySchema, ColumnName, ColumnValue } from "./schema.js";

/**
 * What is to stand in some columns of a row, by their names in the store: `time` as a time (null makes the row static), any other column as
 * {@link Event.get} gives its values, null for no value.
 */
export type RowChanges<S extends object = AnySchema> = {
  readonly [N in ColumnName<S>]?: N extends "time" ? TimeLike | null : ColumnValue<S, N> | (string extends N ? Date : never);
};

/** A row that no event of the store stands behind. Columns that it does not name are null. */
export type NewRow<S extends object = AnySchema> = RowChanges<S> & {
  /** Microseconds since 1970-01-01, or a `Date`; null for a static row. */
  readonly time: TimeLike | null;
  readonly code: string;
};

/**
 * A row on its way into another store: an event with changes, or a new row. {@link Event.with} makes it, for what {@link transform} calls.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const row = db.at(0)!.at(-1)!.with({ code: "RENAMED", numeric_value: null });
 * console.log(row.code, row.numericValue, row.time);
 * db.close();
 * ```
 */
export class Row<S extends object = AnySchema> {
  /** @internal The event that it was; null for a new row. */
  readonly _event: Event<S> | null;
  /** @internal What is different, by column; the time exact. */
  readonly _changes: ReadonlyMap<string, unknown>;

  /** @internal */
  constructor(event: Event<S> | null, before: ReadonlyMap<string, unknown> | null, changes: object) {
    if (typeof changes !== "object" || changes === null) failGiven("What is to change", changes, 'an object such as { code: "A" }');
    const all = new Map(before);
    for (const [name, value] of Object.entries(changes)) all.set(name, changeOf(name, value));
    this._event = event;
    this._changes = all;
  }

  /**
   * As {@link Event.time}.
   *
   * @throws MedsError `MEDS_TIME_RANGE` outside 1684 to 2255: read {@link Row.timeMicros}.
   */
  get time(): number | null {
    const micros = this.timeMicros;
    if (micros === null) return null;
    const time = Number(micros);
    return Number.isSafeInteger(time) ? time : failTimeRange(micros);
  }

  /** As {@link Event.timeMicros}. */
  get timeMicros(): bigint | null {
    const time = this._changes.get("time");
    return time === undefined ? (this._event?.timeMicros ?? null) : (time as bigint | null);
  }

  /** The code. */
  get code(): string {
    return (this._changes.get("code") as string | undefined) ?? this._event!.code;
  }

  /** The numeric value; null where there is none. */
  get numericValue(): number | null {
    return this._changes.has("numeric_value") ? (this._changes.get("numeric_value") as number | null) : (this._event?.numericValue ?? null);
  }

  /**
   * The value of a column; null where the row has none, and for a column that it was not given.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` for a name that is no column of the event.
   */
  get<N extends ColumnName<S>>(name: N): ColumnValue<S, N> | null {
    if (name === "time") return this.time as ColumnValue<S, N>;
    if (this._changes.has(name)) {
      const value = this._changes.get(name);
      return (value instanceof Date ? boundOf(value) : value) as ColumnValue<S, N>;
    }
    return this._event?.get(name) ?? null;
  }

  /** The row with other values in some columns. */
  with(changes: RowChanges<S>): Row<S> {
    return new Row(this._event, this._changes, changes);
  }
}

/** A value that a row is given. What the column's type does not hold is found where the row is written. */
function changeOf(name: string, value: unknown): unknown {
  const what = `The value for the column ${JSON.stringify(name)}`;
  if (name === "subject_id") failGiven(what, value, "rows without it: they stay with their patient");
  if (value === undefined) failGiven(what, value, "a value, or null for none; leave the name out to keep what is there");
  if (name === "code") return typeof value === "string" ? value : failGiven(what, value, "a code: every row has one");
  if (name === "time") return value === null ? null : BigInt(boundOf(value as TimeLike));
  // Rows are written later: a Date or an array that a function uses again would give each of them the last one's value.
  if (value instanceof Date) return new Date(value);
  return value instanceof Uint8Array ? Uint8Array.from(value) : value;
}
