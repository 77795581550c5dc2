import type { Shard } from "../store/shard.js";
import { type JsonValue, jsonOf } from "../store/values/json.js";
import { dateOf, shownTime } from "../support/time.js";
import { Row, type RowChanges } from "./row.js";
import type { AnySchema, ColumnName, ColumnValue } from "./schema.js";

const INFINITY = Number.POSITIVE_INFINITY;

/**
 * One row of a patient: a code with a time and perhaps a value. It is an index into the mapped file and
 * contains no data itself: after `close()` all its getters throw `MEDS_CLOSED`.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open<{ unit: string }>("demo.medsdb");
 * for (const event of db.at(0)!) {
 *   if (event.numericValue !== null) console.log(event.date, event.code, event.numericValue, event.get("unit"));
 * }
 * db.close();
 * ```
 */
export class Event<S extends object = AnySchema> {
  /** @internal */
  readonly _shard: Shard;
  /** @internal Its row in the shard. */
  readonly _row: number;
  /** @internal The patient's row in the shard. */
  readonly _patient: number;

  /** @internal */
  constructor(shard: Shard, row: number, patient: number) {
    this._shard = shard;
    this._row = row;
    this._patient = patient;
  }

  /**
   * Microseconds since 1970-01-01; null for a static row.
   *
   * @throws MedsError `MEDS_TIME_RANGE` outside 1684 to 2255, where a number is not exact: read
   * {@link Event.timeMicros}.
   */
  get time(): number | null {
    // No call on the common path: V8 would then allocate the event (48 bytes), and every read would cost
    // twice as much.
    const shard = this._shard;
    const words = shard.timeWords;
    const at = 2 * this._row;
    const low = words[at]!;
    const high = words[at + 1]!;
    if (high >= -2097152 && high < 2097152) return high * 4294967296 + (low >>> 0);
    return high === -2147483648 && low === 0 && shard.minimumIsNull ? null : shard.oddTime(this._row);
  }

  /** Microseconds since 1970-01-01, exact for every int64; null for a static row. */
  get timeMicros(): bigint | null {
    return this._shard.micros(this._row);
  }

  /**
   * The time as a `Date`, rounded down to the millisecond; null for a static row. For display: it costs more
   * than {@link Event.time}.
   */
  get date(): Date | null {
    const micros = this._shard.micros(this._row);
    return micros === null ? null : dateOf(micros);
  }

  /** The row has no time: it describes the patient as a whole. Static rows come first. */
  get isStatic(): boolean {
    return this._shard.micros(this._row) === null;
  }

  /** The code. */
  get code(): string {
    const shard = this._shard;
    return shard.codeStrings[shard.codeIds[this._row]!] ?? shard.loadCode(this._row);
  }

  /** The code's id in {@link PatientDatabase.codes}, 1 or more. */
  get codeId(): number {
    return this._shard.codeIds[this._row] ?? this._shard.fault("a row is outside its shard");
  }

  /** The numeric value, or null. NaN is a value: it means that the source contains NaN. */
  get numericValue(): number | null {
    const shard = this._shard;
    const value = shard.numericValues[this._row]!;
    if (value <= INFINITY) return value;
    return shard.nanIsNull && value !== undefined ? null : shard.oddValue(this._row);
  }

  /**
   * The value of a column, or null.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` for a name that is not a column.
   */
  get<N extends ColumnName<S>>(name: N): ColumnValue<S, N> {
    return this._shard.fieldOf(name).value(this._row, this._patient) as ColumnValue<S, N>;
  }

  /**
   * The row with other values in some columns, for the function of {@link transform}. The store does not
   * change.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for `undefined`, a code that is not a string, an invalid time,
   * and `subject_id`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const event = db.at(0)!.at(-1)!;
   * console.log(event.with({ code: event.code.toLowerCase() }).code);
   * db.close();
   * ```
   */
  with(changes: RowChanges<S>): Row<S> {
    return new Row<S>(this, null, changes);
  }

  /** The values of all columns by name, as {@link Event.get} returns them. */
  toObject(): { [N in ColumnName<S>]: ColumnValue<S, N> } {
    const shard = this._shard;
    const entries = shard.store.columns.map(({ name }, index) => [name, shard.field(index).value(this._row, this._patient)]);
    return Object.fromEntries(entries) as { [N in ColumnName<S>]: ColumnValue<S, N> };
  }

  /**
   * What `JSON.stringify` writes: all columns by name, including null. Times stay microseconds. 64-bit
   * integers and times beyond 2^53 become decimal text, bytes become base64, NaN and infinities become text,
   * so that nothing is rounded or lost.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * console.log(JSON.stringify(db.at(0)?.at(-1))); // {"time":…,"code":"…","numeric_value":null,…}
   * db.close();
   * ```
   */
  toJSON(): { readonly [column: string]: JsonValue } {
    const shard = this._shard;
    const entries = shard.store.columns.map(({ name }, index) => [name, jsonOf(shard.field(index).value(this._row, this._patient))]);
    return Object.fromEntries(entries);
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    if (!this._shard.live) return { closed: this._shard.store.path };
    const shown = (index: number) => {
      try {
        return this._shard.field(index).value(this._row, this._patient);
      } catch (error) {
        // One value that cannot be read must not hide the rest of the row.
        return error;
      }
    };
    const columns = this._shard.store.columns.map(({ name }, index) => [name, name === "time" ? shownTime(this.timeMicros) : shown(index)]);
    return Object.fromEntries(columns);
  }
}
