import { types } from "node:util";
import { conflict, expected, shown } from "../support/arguments.js";
import { isDate } from "../support/realm.js";
import { boundOf, failTimeRange, type TimeLike } from "../support/time.js";
import type { Event } from "./event.js";
import type { AnySchema, ColumnName, ColumnValue } from "./schema.js";

/**
 * New values for some columns of a row, by their names in the store. `time` is a time, or null for a static
 * row. Other columns have values as {@link Event.get} returns them, or null.
 */
export type RowChanges<S extends object = AnySchema> = {
  readonly [N in ColumnName<S>]?: N extends "time" ? TimeLike | null : ColumnValue<S, N> | (string extends N ? Date : never);
};

/** A new row, not based on an event of the store. Columns that it does not name are null. */
export type NewRow<S extends object = AnySchema> = RowChanges<S> & {
  /** Microseconds since 1970-01-01, or a `Date`; null for a static row. */
  readonly time: TimeLike | null;
  readonly code: string;
};

/**
 * A row for another store: an event with changes, or a new row. {@link Event.with} creates it, for the
 * function of {@link transform}.
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
  /** @internal The event that it changes; null for a new row. */
  readonly _event: Event<S> | null;
  /** @internal The new values by column, with the exact time. */
  readonly _changes: ReadonlyMap<string, unknown>;

  /** @internal */
  constructor(event: Event<S> | null, before: ReadonlyMap<string, unknown> | null, changes: object) {
    if (typeof changes !== "object" || changes === null) expected("The argument of with()", changes, 'an object such as { code: "A" }');
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

  /** The numeric value, or null. */
  get numericValue(): number | null {
    return this._changes.has("numeric_value") ? (this._changes.get("numeric_value") as number | null) : (this._event?.numericValue ?? null);
  }

  /**
   * The value of a column, or null. A new row has null in columns that it does not name.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` for a name that is not a column of the event.
   */
  get<N extends ColumnName<S>>(name: N): ColumnValue<S, N> | null {
    if (name === "time") return this.time as ColumnValue<S, N>;
    if (this._changes.has(name)) {
      const value = this._changes.get(name);
      return (isDate(value) ? boundOf(value) : value) as ColumnValue<S, N>;
    }
    return this._event?.get(name) ?? null;
  }

  /** The row with other values in some columns. */
  with(changes: RowChanges<S>): Row<S> {
    return new Row(this._event, this._changes, changes);
  }
}

/** Checks a new value. Whether it fits the type of the column is checked when the row is written. */
function changeOf(name: string, value: unknown): unknown {
  const what = `The value for the column ${JSON.stringify(name)}`;
  if (name === "subject_id") conflict(`${what} is ${shown(value)}. Rows stay with their patient: remove subject_id.`);
  if (value === undefined) expected(what, value, "a value, or null for no value; leave the name out to keep the old value");
  if (name === "code") return typeof value === "string" ? value : expected(what, value, "a string, because every row has a code");
  if (name === "time") return value === null ? null : BigInt(boundOf(value as TimeLike));
  // Rows are written later. A Date or array that the function reuses would otherwise give all of them its
  // last value.
  if (isDate(value)) return new Date(value);
  return types.isUint8Array(value) ? Uint8Array.from(value) : value;
}
