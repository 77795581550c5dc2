import { objectOf } from "../store/shape.js";
import type { Shard } from "../store/shard.js";
import { type JsonValue, jsonOf, shownOf } from "../store/values/json.js";
import type { Singles } from "../store/values/singles.js";
import type { Value } from "../store/values/vector.js";
import { flagOf, namesIn, optionsOf } from "../support/arguments.js";
import { yearOf } from "../support/calendar.js";
import { shownTime } from "../support/time.js";
import { Row, type RowChanges } from "./row.js";
import type { AnySchema, ColumnEntry, ColumnName, ColumnValue, ColumnValues, PresentValues } from "./schema.js";

const INFINITY = Number.POSITIVE_INFINITY;

/** Which columns {@link Event.toObject} and {@link Event.toJSON} return. */
export interface ObjectOptions {
  /** Whether columns without a value are there, as null. Default: true. */
  readonly nulls?: boolean | undefined;
}

const OBJECT_OPTIONS = Object.keys({ nulls: true } satisfies Record<keyof ObjectOptions, true>);

/** Checks the options of `toObject` and `toJSON`: are columns without a value wanted. */
function nullsOf(what: string, options: ObjectOptions | undefined): boolean {
  if (options === undefined) return true;
  namesIn(what, optionsOf(options)!, OBJECT_OPTIONS);
  return flagOf("nulls", options.nulls, true);
}

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
   * The time as a `Date`, rounded down to the millisecond; null for a static row. For display: making a `Date`
   * takes ten times as long as {@link Event.time}. For years there is {@link Event.year}.
   *
   * @throws MedsError `MEDS_TIME_RANGE` for times outside the range of a `Date`, 271821 BC to 275760.
   */
  get date(): Date | null {
    const shard = this._shard;
    const words = shard.timeWords;
    const at = 2 * this._row;
    const low = words[at]!;
    const high = words[at + 1]!;
    if (high >= -2097152 && high < 2097152) return new Date(Math.floor((high * 4294967296 + (low >>> 0)) / 1000));
    return high === -2147483648 && low === 0 && shard.minimumIsNull ? null : shard.oddDate(this._row);
  }

  /**
   * The year of the time in the calendar (UTC), for any time; null for a static row. The year 0 is 1 BC. It
   * costs about 3 ns more than {@link Event.time} where rows are in order of time.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const rows = new Map<number, number>(); // by year
   * for (const patient of db) {
   *   for (const { year } of patient) if (year !== null) rows.set(year, (rows.get(year) ?? 0) + 1);
   * }
   * console.log(rows);
   * db.close();
   * ```
   */
  get year(): number | null {
    const shard = this._shard;
    const words = shard.timeWords;
    const at = 2 * this._row;
    const low = words[at]!;
    const high = words[at + 1]!;
    if (high >= -2097152 && high < 2097152) return yearOf(high * 4294967296 + (low >>> 0));
    return high === -2147483648 && low === 0 && shard.minimumIsNull ? null : shard.oddYear(this._row);
  }

  /** The row has no time: it describes the patient as a whole. Static rows come first. */
  get isStatic(): boolean {
    const shard = this._shard;
    return shard.timeWords[2 * this._row + 1]! > -2147483648 ? false : shard.micros(this._row) === null;
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

  /** The description of the code in the source's codes.parquet; null where there is none. */
  get description(): string | null {
    return this._shard.store.legend.description(this.codeId);
  }

  /**
   * The unit of the numeric value: from the row's own column of units (`unit`, `units`, `valueuom` or
   * `unit_of_measure`); if the row has none there, the unit of its code in codes.parquet, if that names
   * exactly one. Null where there is none, and for the text UNK.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const event of db.at(0)!) {
   *   if (event.numericValue !== null) console.log(event.description ?? event.code, event.numericValue, event.unit);
   * }
   * db.close();
   * ```
   */
  get unit(): string | null {
    const shard = this._shard;
    const { legend } = shard.store;
    const own = legend.unitColumn;
    return legend.unit(own < 0 ? null : shard.field(own).value(this._row, this._patient), this.codeId);
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

  /**
   * The values of all columns by name, as {@link Event.get} returns them. `{ nulls: false }` leaves out the
   * columns that have no value.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for an unknown option.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * console.log(db.at(0)?.at(-1)?.toObject({ nulls: false })); // { time: …, code: "…", unit: "…" }
   * db.close();
   * ```
   */
  toObject(): ColumnValues<S>;
  toObject(options: { readonly nulls: false }): PresentValues<S>;
  toObject(options: ObjectOptions | undefined): ColumnValues<S> | PresentValues<S>;
  toObject(options?: ObjectOptions): ColumnValues<S> | PresentValues<S> {
    if (!nullsOf("toObject", options)) return this._present((value) => value) as PresentValues<S>;
    const shard = this._shard;
    const { columns, shape } = shard.store;
    const values = new Array<unknown>(columns.length);
    for (let i = 0; i < values.length; i += 1) values[i] = shard.field(i).value(this._row, this._patient);
    return shape(values) as ColumnValues<S>;
  }

  /**
   * The columns that have a value, in the order of `db.columns`, as `[name, value]`.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const [name, value] of db.at(0)!.at(-1)!.entries()) console.log(name, value);
   * db.close();
   * ```
   */
  entries(): ColumnEntry<S>[] {
    const shard = this._shard;
    const { columns } = shard.store;
    const found: [string, Value][] = [];
    for (let i = 0; i < columns.length; i += 1) {
      const value = shard.field(i).value(this._row, this._patient);
      if (value !== null) found.push([columns[i]!.name, value]);
    }
    return found as ColumnEntry<S>[];
  }

  /**
   * What `JSON.stringify` writes: all columns by name, including null, or without it (`{ nulls: false }`).
   * Times stay microseconds. Numbers of 32 bits have their own digits (1.1, not 1.100000023841858): a reader
   * that reads them as float32 has the same bits. 64-bit integers and times beyond 2^53 become decimal text,
   * bytes become base64, NaN and infinities become text, so that nothing is rounded or lost but the sign of -0.
   *
   * `JSON.stringify` passes the key of the event, a text, which is ignored.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for an unknown option.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const event = db.at(0)?.at(-1);
   * console.log(JSON.stringify(event)); // {"time":…,"code":"…","numeric_value":null,…}
   * console.log(JSON.stringify(event?.toJSON({ nulls: false }))); // {"time":…,"code":"…","unit":"…"}
   * db.close();
   * ```
   */
  toJSON(options?: ObjectOptions | string): { readonly [column: string]: JsonValue } {
    if (typeof options !== "string" && !nullsOf("toJSON", options)) return this._present(jsonOf) as { [column: string]: JsonValue };
    const shard = this._shard;
    const { columns, shape } = shard.store;
    const values = new Array<unknown>(columns.length);
    for (let i = 0; i < values.length; i += 1) {
      const field = shard.field(i);
      const value = field.value(this._row, this._patient);
      // Most values are null or text: no call for them.
      if (value === null || typeof value === "string") values[i] = value;
      else values[i] = typeof value === "bigint" ? field.textOf(value) : jsonOf(value, field.singles);
    }
    return shape(values) as { [column: string]: JsonValue };
  }

  /** The columns that have a value, each changed by `change`. */
  private _present(change: (value: Value, singles: Singles) => unknown): { [column: string]: unknown } {
    const shard = this._shard;
    const { columns } = shard.store;
    const names: string[] = [];
    const values: unknown[] = [];
    for (let i = 0; i < columns.length; i += 1) {
      const field = shard.field(i);
      const value = field.value(this._row, this._patient);
      if (value === null) continue;
      names.push(columns[i]!.name);
      values.push(change(value, field.singles));
    }
    return objectOf(names, values);
  }

  /** @internal What `console.log` shows: numbers of 32 bits with their own digits, the time as a `Date`. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const shard = this._shard;
    if (!shard.live) return { closed: shard.store.path };
    const shown = (index: number) => {
      try {
        const field = shard.field(index);
        return shownOf(field.value(this._row, this._patient), field.singles);
      } catch (error) {
        // One value that cannot be read must not hide the rest of the row.
        return error;
      }
    };
    const { columns, shape } = shard.store;
    return shape(columns.map(({ name }, index) => (name === "time" ? shownTime(this.timeMicros) : shown(index))));
  }
}
