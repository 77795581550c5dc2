// The public API of meds-reader. Made by `npm run api` from src/: change it there.

declare global {
  interface SymbolConstructor {
    /** Node has it since 20; the ES2022 library does not know it yet. */
    readonly dispose: unique symbol;
  }
}

/** A subject id as callers give it: any int64 as bigint, or a safe integer. */
export type SubjectId = number | bigint;
/**
 * A shard for other native code in this process, by the [Arrow C Data Interface](https://arrow.apache.org/docs/format/CDataInterface.html): the
 * addresses of an `ArrowSchema` and an `ArrowArray`, a struct whose fields are the columns of the shard's file (`subject_id`, `events`, `sparse`; a
 * slot a patient). No buffer is copied: they are those of the mapping.
 *
 * Whoever imports it (nanoarrow, Arrow C++, arrow-rs, an add-on of yours) takes it over, moving the structs and clearing their `release`, and calls
 * `release` when done, on any thread. Until the import has returned keep this object: the addresses are its own. What nobody has imported is
 * released by {@link ArrowExport.release}, or when this object is collected. What was exported holds a share of the mapping and stays whole after
 * `db.close()`. It is to be read only.
 */
export declare class ArrowExport {
  /** Made by this package only. */
  protected constructor();
  /** Address of the `ArrowSchema`. */
  readonly schema: bigint;
  /** Address of the `ArrowArray`. */
  readonly array: bigint;
  /** Releases what nobody has imported; the addresses hold released structs from then on. May be called twice. */
  release(): void;
  /** As {@link ArrowExport.release}. */
  [Symbol.dispose](): void;
}
/** Any typed array that a column can be viewed through. */
export type TypedArray = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array;
/**
 * A value as JavaScript sees it: bool is boolean; integers to 32 bits and floats are number; (u)int64 is bigint; decimal is string; timestamp,
 * duration and time are microseconds as number (nanoseconds, and times beyond 2^53 µs, as bigint); date is days since 1970-01-01 as number; utf8 is string; binary is a
 * copied Uint8Array; a list is an array; a struct is an object; a map is an array of [key, value].
 */
export type Value = boolean | number | bigint | string | Uint8Array | readonly (Value | null)[] | {
  readonly [name: string]: Value | null;
};
/** A code of the store. */
export interface Code {
  /** Its id: the number in {@link Timeline.codeIds}, 1 or more. */
  readonly id: number;
  /** The code itself. */
  readonly code: string;
  /** Rows that have it, over ALL patients: for display, never for fitting. */
  readonly events: number;
  /** Patients that have it, over ALL patients: for display, never for fitting. */
  readonly patients: number;
  /** From the source's codes.parquet; null where that has none. */
  readonly description: string | null;
  /** `parent_codes` of the source's codes.parquet, of all its rows of the code; empty where that has none. */
  readonly parents: readonly string[];
}
/**
 * A run of code ids [begin, end). Ids follow the codes' UTF-8 bytes, so the codes with a common prefix are such a run.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const labs = db.codes.withPrefix("LAB//");
 * for (const id of labs) console.log(id, db.codes.strings[id]);
 * console.log(db.at(0)?.withCode(labs).length);
 * db.close();
 * ```
 */
export declare class CodeRange {
  /** Made by this package only. */
  protected constructor();
  /** The first id. */
  readonly begin: number;
  /** One more than the last id. */
  readonly end: number;
  /** Number of codes. */
  get length(): number;
  /** Is a code id in the range. */
  has(id: number): boolean;
  /** The ids in order. */
  [Symbol.iterator](): Iterator<number>;
}
/**
 * Which codes: one or many, as strings, ids, or runs of ids such as `db.codes.withPrefix("LAB//")`; `db.codes.withAncestor(…)` gives ids. Codes that no
 * event has select nothing.
 */
export type CodeChoice = string | number | CodeRange | Iterable<string | number | CodeRange>;
/**
 * The table of codes: id to string and back, counts, descriptions, parents and the other columns of the source's codes.parquet. One table for all
 * shards. Ids run from 1, in order of the codes' UTF-8 bytes; 0 is unused and free for padding.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * for (const { id, code, events, description } of db.codes) {
 *   if (events > 1000) console.log(id, code, description);
 * }
 * const id = db.codes.id("MEDS_BIRTH"); // undefined where no event has it
 * console.log(id === undefined ? "no births" : db.codes.strings[id]);
 * db.close();
 * ```
 */
export declare class CodeTable implements Iterable<Code> {
  /** Made by this package only. */
  protected constructor();
  /** Number of codes. */
  readonly size: number;
  /**
   * Every code, by id; the entry at 0 is unused and `undefined`. Decoded whole on first use (0.1 µs a code). The array outlives `close()`.
   */
  get strings(): readonly string[];
  /** The id of a code, or undefined where no event has it. */
  id(code: string): number | undefined;
  /** The codes that begin with `prefix`, compared as UTF-8 bytes; every code for "". */
  withPrefix(prefix: string): CodeRange;
  /**
   * The code and all codes that reach it through `parent_codes` of the source's codes.parquet, in any number of steps, also through codes that no event
   * has: ids, ascending. Empty where no event has any of them.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const diabetes = db.codes.withAncestor("ICD10CM/E08-E13");
   * const { slots } = await db.rowsWithCode(diabetes); // patients that have one of them
   * console.log(diabetes.length, slots.length);
   * db.close();
   * ```
   */
  withAncestor(code: string): Uint32Array;
  /** What the store knows of a code id; undefined for 0 and ids outside the table. */
  get(id: number): Code | undefined;
  /** Names of the columns that {@link CodeTable.value} reads: those of the source's codes.parquet, and `events` and `patients`. */
  get columnNames(): readonly string[];
  /**
   * A column of the source's codes.parquet for a code id; null where it has none, and for 0 and ids outside the table. A known MEDS column that the
   * source lacks is null too.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` for a name that is no column of the table.
   */
  value(name: string, id: number): Value | null;
  /** The codes in order of id. */
  [Symbol.iterator](): Iterator<Code>;
  /** What `JSON.stringify` writes: the codes in order of id. */
  toJSON(): readonly Code[];
}
/** What `JSON.stringify` makes of a value: see {@link Event.toJSON}. */
export type JsonValue = boolean | number | string | null | readonly JsonValue[] | {
  readonly [name: string]: JsonValue;
};
/**
 * The values that a coded column's indexes stand for: one for the whole store, the same in every shard. Entry 0 is unused (it stands for null).
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const unit = db.at(0)?.column("unit");
 * console.log(unit?.dictionary?.length, unit?.dictionary?.at(1));
 * db.close();
 * ```
 */
export declare class Dictionary<T = Value> {
  /** Made by this package only. */
  protected constructor();
  /** Number of entries, the unused entry 0 included. */
  readonly length: number;
  /** The value of an index; null for 0 and for an index outside the dictionary. */
  at(index: number): T | null;
  /** Every entry in order of index; entry 0 is null. */
  toArray(): (T | null)[];
  /** The entries in order of index; entry 0 is null. */
  [Symbol.iterator](): Iterator<T | null>;
  /** What `JSON.stringify` writes: the entries in order of index, each as in {@link Event.toJSON}. */
  toJSON(): readonly JsonValue[];
}
/** One column of the events. */
export interface ColumnInfo {
  /** Its name in the source. */
  readonly name: string;
  /** The source's Arrow type, such as `float`, `large_utf8`, `timestamp[us]`, `list<int32>`. */
  readonly type: string;
  /** Does any row of the whole store hold null. */
  readonly nullable: boolean;
  /** `dense`: a slot for every row; `sparse`: only the rows that have a value. */
  readonly storage: "dense" | "sparse";
  /** Dictionary-coded: values are ids of a dictionary that is the same for the whole store. */
  readonly coded: boolean;
  /** The type of the values in the store, which may be narrower (`large_utf8` is stored as `utf8`). */
  readonly stored: string;
  /** Null rows over the whole store. */
  readonly nulls: number;
}
/** Something the conversion dropped, skipped, changed or repaired. */
export interface Note {
  /**
   * `dropped`, `skipped`, `converted`, `repaired`, `missing` (a file that the source does not have) or `warning`. `dropped` is for a table that loses more than a tenth of its rows:
   * the message names the table, the rows dropped of how many, their share, why, and what keeps them; these notes come first, and are errors with `strict`.
   */
  readonly kind: string;
  /** What and why. */
  readonly message: string;
  /** How many; of `dropped`, rows. */
  readonly count: number;
}
/** How far a piece of work is. */
export interface Progress {
  /** What is being done. */
  readonly phase: "start" | "wait" | "plan" | "transform" | "measure" | "sort" | "write" | "check" | "finish";
  /** Rows done in this phase, and rows in all (0 while unknown). */
  readonly done: number;
  readonly total: number;
  /** Bytes done in this phase, and bytes in all (0 while unknown). */
  readonly bytes: number;
  readonly bytesTotal: number;
}
/** How to watch and stop a piece of work. */
export interface WorkOptions {
  /** Called at the start, ten times a second while the work runs, and at its end. An error that it throws ends the work and rejects the promise. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Stops the work: the promise rejects with `MEDS_CANCELLED`, and nothing is left behind. */
  readonly signal?: AbortSignalLike | undefined;
}
/** What this package needs of an `AbortSignal`; the standard one fits. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void, options?: {
    once?: boolean;
  }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
/** Columns that every MEDS dataset has, and how their values are typed. */
export interface StandardColumns {
  /** Microseconds since 1970-01-01; null for a static row. */
  time: number;
  code: string;
  numeric_value: number;
}
/** The schema of a store about which nothing was said: any name, any value. */
export interface AnySchema {
  [column: string]: Value;
}
/** Names of the columns of a schema. */
export type ColumnName<S extends object> = Extract<keyof S | keyof StandardColumns, string>;
/** What a column's rows hold: null is in the type, but for `code`, which MEDS never leaves null. */
export type ColumnValue<S extends object, N extends string> = N extends "code" ? string : N extends keyof StandardColumns ? StandardColumns[N] | null : N extends keyof S ? S[N] | null : never;
/** A point in time: microseconds since 1970-01-01 UTC as a safe integer or bigint, or a `Date`. */
export type TimeLike = number | bigint | Date;
/**
 * What this package promises of a `Table` of apache-arrow. Name the type itself for the rest of it: `await db.toArrow<Table>()`, after
 * `import type { Table } from "apache-arrow"`.
 */
export interface ArrowTable {
  readonly numRows: number;
  readonly numCols: number;
  readonly schema: {
    readonly fields: readonly {
      readonly name: string;
      readonly nullable: boolean;
    }[];
  };
  readonly batches: readonly unknown[];
  /** A column by name; null where there is none. */
  getChild(name: string): ArrowVector | null;
}
/** A column of an {@link ArrowTable}. */
export interface ArrowVector extends Iterable<unknown> {
  readonly length: number;
  /** Null where the row has no value. */
  get(index: number): unknown;
}
/** How a window by time is cut. */
export interface WindowOptions {
  /** Rows at the very time of the bound belong to the window. Default: true. */
  readonly inclusive?: boolean | undefined;
  /** The patient's static rows (no time) belong to the window. Default: true. */
  readonly static?: boolean | undefined;
}
/** How {@link Timeline.between} cuts. */
export interface BetweenOptions {
  /** Which bounds' own rows belong to the window: both (true, the default), neither (false), or one of them. */
  readonly inclusive?: boolean | "start" | "end" | undefined;
  /** The patient's static rows (no time) belong to the window. Default: true. */
  readonly static?: boolean | undefined;
}
/**
 * One column of a timeline: `at(i)` for any column, arrays for the ones that have them.
 *
 * | column | `values` | `indexes`, `dictionary` | `rows` |
 * | --- | --- | --- | --- |
 * | dense, numbers | view, a slot a row | - | - |
 * | dense, coded | decoded copy, a slot a row | view of ids, 0 = null | - |
 * | sparse, numbers | view, a slot a value | - | which row each value is of |
 * | sparse, coded | decoded copy, a slot a value | view of ids | which row each value is of |
 * | text, bool, nested | decoded copy | - | where sparse |
 *
 * Views become copies where the timeline's rows are not one run (see {@link Timeline}). Null slots of a dense view hold NaN (floats), the int64
 * minimum (64-bit integers and times; the same bits, 2^63, for uint64) or 0: `isNull(i)` tells.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open<{ unit: string }>("demo.medsdb");
 * const patient = db.at(0)!;
 * const unit = patient.column("unit");
 * for (let i = 0; i < patient.length; i += 1) {
 *   const value = unit.at(i); // string | null
 *   if (value !== null) console.log(patient.codeAt(i), value);
 * }
 * db.close();
 * ```
 */
export declare class Column<T = Value | null> implements Iterable<T> {
  /** Made by this package only. */
  protected constructor();
  /** Number of rows: the timeline's. */
  readonly length: number;
  /** Name, types and storage. */
  get info(): ColumnInfo;
  /**
   * The value of a row, counted from the end where negative; null where the row has none.
   *
   * @throws MedsError `MEDS_OUT_OF_RANGE` outside the timeline; `MEDS_CORRUPT` where the store is damaged.
   */
  at(i: number): T;
  /** Is the row without a value. */
  isNull(i: number): boolean;
  /** The values: a slot a row where dense, a slot for each of {@link Column.rows} where sparse. See the table above. */
  get values(): TypedArray | readonly T[];
  /** Ids of a coded column's values in {@link Column.dictionary}, 0 = null; undefined where it is not coded. Slots as in `values`. */
  get indexes(): Uint8Array | Uint16Array | Uint32Array | undefined;
  /** What the ids of a coded column stand for; undefined where it is not coded. */
  get dictionary(): Dictionary<NonNullable<T>> | undefined;
  /** The rows of the timeline where a sparse column has a value, ascending; undefined where it is dense. */
  get rows(): Uint16Array | Uint32Array | undefined;
  /**
   * A dense copy, a slot a row: a typed array for numbers of fixed width (null = NaN for floats, the filler of 64-bit integers
   * and times as above, 0 for the rest), a Uint8Array of 0 and 1 for bool (null = 0), else an array of values.
   */
  toArray(): TypedArray | T[];
  /** The values in order, null included. */
  [Symbol.iterator](): Iterator<T>;
  /** What `JSON.stringify` writes: the values in order, each as in {@link Event.toJSON}. */
  toJSON(): readonly JsonValue[];
}
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
export declare class Row<S extends object = AnySchema> {
  /** Made by this package only. */
  protected constructor();
  /**
   * As {@link Event.time}.
   *
   * @throws MedsError `MEDS_TIME_RANGE` outside 1684 to 2255: read {@link Row.timeMicros}.
   */
  get time(): number | null;
  /** As {@link Event.timeMicros}. */
  get timeMicros(): bigint | null;
  /** The code. */
  get code(): string;
  /** The numeric value; null where there is none. */
  get numericValue(): number | null;
  /**
   * The value of a column; null where the row has none, and for a column that it was not given.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` for a name that is no column of the event.
   */
  get<N extends ColumnName<S>>(name: N): ColumnValue<S, N> | null;
  /** The row with other values in some columns. */
  with(changes: RowChanges<S>): Row<S>;
}
/**
 * One row of a patient: a code at a time, perhaps with a value. It is an index into the mapping and holds no data itself; after `close()` each of
 * its getters throws `MEDS_CLOSED`.
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
export declare class Event<S extends object = AnySchema> {
  /** Made by this package only. */
  protected constructor();
  /**
   * Microseconds since 1970-01-01; null for a static row.
   *
   * @throws MedsError `MEDS_TIME_RANGE` outside 1684 to 2255, where a number is not exact: read {@link Event.timeMicros}.
   */
  get time(): number | null;
  /** Microseconds since 1970-01-01, exact for every int64; null for a static row. */
  get timeMicros(): bigint | null;
  /** The time as a `Date`, cut to the millisecond; null for a static row. For people: it costs more than {@link Event.time}. */
  get date(): Date | null;
  /** The row has no time: it describes the patient as such. Static rows come first. */
  get isStatic(): boolean;
  /** The code. */
  get code(): string;
  /** The code's id in {@link PatientDatabase.codes}, 1 or more. */
  get codeId(): number;
  /** The numeric value; null where there is none. NaN is a value: it means that the source holds a NaN. */
  get numericValue(): number | null;
  /**
   * The value of a column; null where the row has none.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` for a name that is no column.
   */
  get<N extends ColumnName<S>>(name: N): ColumnValue<S, N>;
  /**
   * The row with other values in some columns, for the function of {@link transform}. The store stays as it is.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for `undefined`, a code that is no string, a time that is none, and `subject_id`.
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
  with(changes: RowChanges<S>): Row<S>;
  /** Every column by name, as {@link Event.get} gives it. */
  toObject(): {
    [N in ColumnName<S>]: ColumnValue<S, N>;
  };
  /**
   * What `JSON.stringify` writes: every column by name, null included. Times stay microseconds; 64-bit integers and times beyond 2^53 become decimal
   * text, bytes base64, and NaN and infinities text, so that nothing is rounded or lost.
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
  toJSON(): {
    readonly [column: string]: JsonValue;
  };
}
/**
 * Called for each row: time in microseconds since 1970-01-01 (NaN for a static row), code, numeric value (NaN where there is none), index.
 */
export type Visitor = (time: number, code: string, value: number, index: number) => void;
/** A timeline's own copy of its rows, safe to keep after `close()` and to post to a worker. */
export interface TimelineCopy {
  readonly subjectId: bigint;
  readonly staticCount: number;
  /** int64 microseconds; static rows hold the int64 minimum. */
  readonly times: BigInt64Array;
  readonly codeIds: Uint8Array | Uint16Array | Uint32Array;
  /** NaN where there is none. */
  readonly numericValues: Float32Array | Float64Array;
  /** The columns that were asked for, as {@link Column.toArray} gives them. */
  readonly columns: {
    readonly [name: string]: TypedArray | readonly unknown[];
  };
}
/**
 * Rows of one patient in order: static rows (no time) first, then by time. A whole patient, or a window of one. Making a window costs a binary
 * search and copies nothing. Index i means the same row in every accessor; `times`, `codeIds` and the other arrays are views of the mapping where
 * the rows stand together, and copies where a window has static rows before a gap (`from`, `between`) or was chosen by code.
 *
 * Views are not to be posted to a worker (the whole shard would be cloned): post {@link Timeline.copy}.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const patient = db.at(0)!;
 * const history = patient.until(new Date("2100-01-01")).last(512);
 * const { codeIds, numericValues } = history; // typed arrays, a slot a row
 * for (let i = 0; i < history.length; i += 1) {
 *   if (history.timeAt(i) > 0 && numericValues[i]! > 100) console.log(db.codes.strings[codeIds[i]!]);
 * }
 * db.close();
 * ```
 */
export declare class Timeline<S extends object = AnySchema> implements Iterable<Event<S>> {
  /** Made by this package only. */
  protected constructor();
  /** Number of rows. */
  readonly length: number;
  /** Number of static rows: those at 0 to staticCount - 1. */
  readonly staticCount: number;
  /** The subject's id, any int64. */
  get subjectId(): bigint;
  /** The patient's place in storage order: `db.at(slot)`. */
  get slot(): number;
  /** Time of the first row that has one, in microseconds since 1970-01-01; null where none has. */
  get firstTime(): number | null;
  /** Time of the last row, in microseconds since 1970-01-01; null where no row has one. */
  get lastTime(): number | null;
  /** int64 microseconds since 1970-01-01, a slot a row; static rows hold the int64 minimum. Slow in loops (bigints): see {@link Timeline.timeAt}. */
  get times(): BigInt64Array;
  /** Times as 32-bit words, [low, high] a row: `words[2 * i + 1] * 2 ** 32 + (words[2 * i] >>> 0)` microseconds. For hot loops. */
  get timeWords(): Int32Array;
  /** Code ids, a slot a row: indexes into `db.codes.strings`. */
  get codeIds(): Uint8Array | Uint16Array | Uint32Array;
  /** Numeric values, a slot a row; NaN where there is none (all NaN where the source has no such column). */
  get numericValues(): Float32Array | Float64Array;
  /**
   * Time of a row in microseconds since 1970-01-01; NaN for a static row.
   *
   * @throws MedsError `MEDS_TIME_RANGE` outside 1684 to 2255; `MEDS_OUT_OF_RANGE` outside the timeline.
   */
  timeAt(i: number): number;
  /** Code of a row. Throws `MEDS_OUT_OF_RANGE` outside the timeline. */
  codeAt(i: number): string;
  /** The row at an index, from the end where it is negative; undefined outside the timeline. */
  at(i: number): Event<S> | undefined;
  /** The rows in order, a fresh {@link Event} each. By hand: read a result's `value` before you ask for the next one. */
  [Symbol.iterator](): IterableIterator<Event<S>>;
  /**
   * Calls `visit` for each row with what most loops want: faster than events, because nothing is made. A static row's time and a missing value are
   * NaN.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * let tall = 0;
   * db.at(0)!.forEach((time, code, value) => {
   *   if (code.startsWith("LAB//") && value > 100) tall += 1;
   * });
   * db.close();
   * ```
   */
  forEach(visit: Visitor): void;
  /** The rows at or before a time, with the static rows: what is known then. */
  until(time: TimeLike, options?: WindowOptions): Timeline<S>;
  /** The rows at or after a time, with the static rows. */
  from(time: TimeLike, options?: WindowOptions): Timeline<S>;
  /**
   * The rows between two times, both included by default, with the static rows.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` where `end` lies before `start`.
   */
  between(start: TimeLike, end: TimeLike, options?: BetweenOptions): Timeline<S>;
  /** The first `count` rows, static rows first; all where there are fewer. */
  first(count: number): Timeline<S>;
  /** The last `count` rows; all where there are fewer. Static rows are the first rows and fall away first. */
  last(count: number): Timeline<S>;
  /** The rows from `begin` up to but not including `end`, counted from the end where negative: as `Array.prototype.slice`. */
  slice(begin?: number, end?: number): Timeline<S>;
  /**
   * The rows that have one of the codes, given as strings, ids, or ranges of ids such as `db.codes.withPrefix("LAB//")`. A code that no event has
   * selects nothing.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for anything else.
   */
  withCode(...codes: readonly (string | number | CodeRange)[]): Timeline<S>;
  /**
   * A handle on one column of these rows, for loops: `column.at(i)` and arrays.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` for a name that is no column.
   */
  column<N extends ColumnName<S>>(name: N): Column<ColumnValue<S, N>>;
  /** A copy of the rows that outlives `close()` and may be posted to a worker, with the further columns that are named. */
  copy(columns?: readonly ColumnName<S>[]): TimelineCopy;
  /** What `JSON.stringify` writes: the subject's id as text (ids go beyond 2^53), and each row as {@link Event.toJSON} gives it. */
  toJSON(): {
    readonly [name: string]: JsonValue;
  };
  /**
   * The rows as a Table of the package `apache-arrow`, which must be installed: `time`, `code` and the other columns of `db.columns`. Dense columns
   * are views of the mapping where the rows are runs (a record batch each: two where static rows stand before a gap), copies where they were
   * chosen by code; sparse columns are dense copies, null where a row has no value. After `close()` the views are empty.
   *
   * @throws MedsError `MEDS_MISSING_PACKAGE` where apache-arrow is not installed; `MEDS_CORRUPT` where the store is damaged.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const table = await db.at(0)!.last(10).toArrow();
   * console.log(table.numRows, table.getChild("code")?.get(0));
   * db.close();
   * ```
   */
  toArrow<T = ArrowTable>(): Promise<T>;
}
/**
 * One patient: the whole timeline, and what the store knows of the subject.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const patient = db.at(0)!;
 * console.log(patient.subjectId, patient.split, patient.length, patient.birthTime);
 * console.log(patient.at(-1)?.code);
 * db.close();
 * ```
 */
export declare class Patient<S extends object = AnySchema> extends Timeline<S> {
  /** Made by this package only. */
  protected constructor();
  /** The split that subject_splits.parquet puts the subject in (`train`, `tuning`, `held_out`, …); null where in none. */
  get split(): string | null;
  /**
   * Time of the first row with a birth code, in microseconds since 1970-01-01; null where there is none. Birth codes are `MEDS_BIRTH`,
   * `SNOMED/184099003` and `SNOMED/3950001`, alone or followed by `//…`. Looks through the rows: keep the result.
   */
  get birthTime(): number | null;
  /** Time of the first row with a death code (`MEDS_DEATH`, `SNOMED/419620001`), as {@link Patient.birthTime}. */
  get deathTime(): number | null;
  /** As {@link Timeline.toJSON}, with the split. */
  toJSON(): {
    readonly [name: string]: JsonValue;
  };
}
/** Which patients a cohort contains: subject ids, or slots (a patient's index in storage order: {@link Timeline.slot}). */
export type PatientChoice = Iterable<SubjectId> | {
  readonly ids: Iterable<SubjectId>;
} | {
  readonly slots: Iterable<number>;
};
/**
 * Windows of many patients at once: every array has one entry per window. The bounds work as in {@link Timeline.between},
 * {@link Timeline.from} and {@link Timeline.until}. A subject may have any number of windows, in any order.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const train = db.split("train");
 * const end = BigInt64Array.from(train, (patient) => BigInt(patient.lastTime ?? 0)); // prediction times, for example
 * const { offsets, codeIds, counts } = await train.countCodesEach({ windows: { subjectIds: train.subjectIds, end, inclusive: false, last: 512 } });
 * console.log("codes of the first window:", codeIds.subarray(0, offsets[1]), counts.subarray(0, offsets[1]));
 * db.close();
 * ```
 */
export interface Windows {
  /** The subject of each window. */
  readonly subjectIds: BigInt64Array | ArrayLike<SubjectId>;
  /** Rows at or after these times (an array of bigints: microseconds since 1970-01-01). Default: from the beginning. */
  readonly start?: BigInt64Array | ArrayLike<TimeLike> | undefined;
  /** Rows at or before these times. Default: to the end. */
  readonly end?: BigInt64Array | ArrayLike<TimeLike> | undefined;
  /** Whether rows exactly at the bounds belong to the window: at both (true, the default), at neither (false), or at one of them. */
  readonly inclusive?: boolean | "start" | "end" | undefined;
  /** Whether the patient's static rows (without a time) belong to each window. Default: true. */
  readonly static?: boolean | undefined;
  /** The most rows of a window: the last ones are kept. Static rows come first, so they are left out first. Default: all rows. */
  readonly last?: number | undefined;
}
/** Options of a query over many patients. */
export interface QueryOptions {
  /** The result has one group per window, in the order of the windows. Default: one group per patient of the cohort, in storage order. */
  readonly windows?: Windows | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** Stops the query: the promise rejects with `MEDS_CANCELLED`. */
  readonly signal?: AbortSignalLike | undefined;
}
/** Options of a query about some codes. */
export interface CodeQueryOptions extends QueryOptions {
  /** Only these codes. Default: all. */
  readonly codes?: CodeChoice | undefined;
}
/** The result of {@link Cohort.countCodes}: one entry per code id, as in `db.codes.strings`; entry 0 is 0. */
export interface CodeCounts {
  /** Rows that have the code. A row counts once for every window that contains it. */
  readonly events: Float64Array;
  /** Patients that have the code; with windows, windows that contain it. */
  readonly patients: Uint32Array;
}
/** The result of {@link Cohort.countCodesEach}: group g has the entries `offsets[g]` up to, but not including, `offsets[g + 1]`. */
export interface CodeCountsEach {
  /** One entry more than there are groups. */
  readonly offsets: Float64Array;
  /** Ascending within a group. */
  readonly codeIds: Uint32Array;
  /** Rows that have the code, 1 or more. */
  readonly counts: Uint32Array;
}
/** The result of {@link Cohort.firstOf} and {@link Cohort.lastOf}: one entry per group. */
export interface Occurrences {
  /** Index of the row in the patient's whole timeline; -1 where there is no row. */
  readonly rows: Int32Array;
  /** Its time, in microseconds since 1970-01-01; the int64 minimum for a static row, and where there is no row. */
  readonly times: BigInt64Array;
  /** Its code id; 0 where there is no row. */
  readonly codeIds: Uint32Array;
}
/**
 * The result of {@link Cohort.aggregate}: one entry for each code of a group that has at least one row. Group g has the entries `offsets[g]` up
 * to, but not including, `offsets[g + 1]`. Figures of values are NaN where the rows have no value. A value that is itself NaN counts, and makes
 * sum, mean, min and max NaN.
 */
export interface Aggregates {
  /** One entry more than there are groups. */
  readonly offsets: Float64Array;
  /** Ascending within a group. */
  readonly codeIds: Uint32Array;
  /** Rows, 1 or more. */
  readonly count: Uint32Array;
  /** Rows with a numeric value. */
  readonly valueCount: Uint32Array;
  /** Sum of the values: float64, added in the order of the rows. */
  readonly sum: Float64Array;
  /** `sum / valueCount`. */
  readonly mean: Float64Array;
  /** The smallest value. */
  readonly min: Float64Array;
  /** The largest value. */
  readonly max: Float64Array;
  /** The value of the last row that has one. */
  readonly last: Float64Array;
}
/** The result of {@link Cohort.rowsWithCode}: group g has the entries `offsets[g]` up to, but not including, `offsets[g + 1]` of `rows`. */
export interface CodeRows {
  /** The patient of each group: `db.at(slot)`. Without windows, only patients that have one of the codes have a group. */
  readonly slots: Uint32Array;
  /** One entry more than there are groups. */
  readonly offsets: Float64Array;
  /** Indexes of rows in the patient's whole timeline, ascending within a group. */
  readonly rows: Uint32Array;
}
/** A length of time: microseconds as a safe integer or bigint, or a sum of units, such as `{ days: 30 }` or `{ hours: 36, minutes: 30 }`. */
export type Duration = number | bigint | {
  readonly weeks?: number;
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly microseconds?: number;
};
/**
 * Which subject belongs to which split: `train`, `tuning`, `held_out`, or what else a dataset has. A subject is in one split or in none.
 *
 * A store has its dataset's splits already: `db.splits`, `db.split(name)`. This is for splits that are published beside the data.
 *
 * @example
 * ```ts
 * import { Labels, Splits } from "meds-reader";
 *
 * const splits = Splits.from({ train: [1, 2], held_out: [3] });
 * const labels = Labels.from([
 *   { subjectId: 1, predictionTime: new Date("2150-03-01"), booleanValue: true },
 *   { subjectId: 4, predictionTime: new Date("2150-03-01"), booleanValue: false },
 * ]);
 * console.log(splits.of(3), labels.inSplit(splits, "train").labels.size); // held_out 1
 * ```
 */
export declare class Splits {
  /** Made by this package only. */
  protected constructor();
  /** Names of the splits, in order of their first subject. */
  readonly names: readonly string[];
  /** Number of subjects that have a split. */
  readonly size: number;
  /**
   * Reads splits as they are published, known by their columns:
   *
   * - MEDS's `subject_splits.parquet` (`subject_id`, or `patient_id` in older ones, and `split`; null there means no split), or the folder of a dataset
   *   that has one in `metadata`. Its names stay as they are: they are those of the store.
   * - CSV with `subject_id`, `omop_person_id`, `PatientID` or `patient_id`, and `split` or `split_name`: EHRSHOT's `person_id_map.csv`, FEMR's
   *   `main_split.csv`, INSPECT's cohort. `val`, `valid` and `validation` become `tuning`, `test` becomes `held_out`.
   *
   * @throws MedsError `MEDS_SPLIT_CONFLICT` for a subject in two splits; `MEDS_NOT_FOUND`; `MEDS_MISSING_COLUMN`; `MEDS_COLUMN_TYPE`;
   * `MEDS_NULL_VALUE` for a row without subject; `MEDS_SOURCE_DAMAGED`; `MEDS_TABLE_FORMAT`.
   * @example
   * ```ts
   * import { Splits } from "meds-reader";
   *
   * const splits = await Splits.open("demo/metadata/subject_splits.parquet");
   * for (const name of splits.names) console.log(name, splits.ids(name).length);
   * ```
   */
  static open(path: string): Promise<Splits>;
  /**
   * Splits given in memory: of each its subjects.
   *
   * @throws MedsError `MEDS_SPLIT_CONFLICT` for a subject in two splits; `MEDS_UNSAFE_NUMBER`; `MEDS_INVALID_ARGUMENT`.
   */
  static from(splits: {
    readonly [name: string]: Iterable<SubjectId>;
  }): Splits;
  /**
   * The split of a subject; null where it is in none.
   *
   * @throws MedsError `MEDS_UNSAFE_NUMBER` for a number that is no exact id.
   */
  of(id: SubjectId): string | null;
  /**
   * A copy of a split's subject ids, in the order in which they stand in the source.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT`.
   */
  ids(name: string): BigInt64Array;
  /** What `JSON.stringify` writes: how many subjects each split has. */
  toJSON(): {
    readonly [name: string]: number;
  };
}
/** What a label may hold: the columns of MEDS's label schema, and `is_censored`. */
export type LabelColumn = "boolean_value" | "integer_value" | "float_value" | "categorical_value" | "is_censored";
/**
 * One label: a subject and a time of prediction, and what is to be predicted, if anything. The members are those of MEDS's label schema, in
 * JavaScript's spelling. A value that is null, or not there, is missing.
 */
export interface Label {
  readonly subjectId: SubjectId;
  /** Data up to and including this time may be used. Microseconds since 1970-01-01 as a safe integer or bigint, or a Date. */
  readonly predictionTime: TimeLike;
  readonly booleanValue?: boolean | null | undefined;
  readonly integerValue?: number | bigint | null | undefined;
  readonly floatValue?: number | null | undefined;
  readonly categoricalValue?: string | null | undefined;
  /**
   * Was follow-up cut off before the outcome was known: minutes (`floatValue`) are then those to the end of follow-up, and `booleanValue` is missing,
   * because censored is not false.
   */
  readonly isCensored?: boolean | null | undefined;
}
/** A label as {@link Labels.at} gives it. */
export interface LabelRow {
  readonly subjectId: bigint;
  /** Microseconds since 1970-01-01. */
  readonly predictionTime: bigint;
  readonly booleanValue: boolean | null;
  readonly integerValue: bigint | null;
  readonly floatValue: number | null;
  readonly categoricalValue: string | null;
  readonly isCensored: boolean | null;
}
/** How labels are named. */
export interface LabelOptions {
  /** Name of the task; by default the name of the folder or file, or of INSPECT's column. */
  readonly task?: string | undefined;
}
/** How {@link Labels.open} reads. */
export interface OpenLabelsOptions extends LabelOptions {
  /** INSPECT's cohort tables: the column that holds the task (`12_month_mortality`, `pe_positive_nlp`). Default: the only one. */
  readonly column?: string | undefined;
  /**
   * INSPECT's cohort tables: the prediction is made so long before the study. Default: one day for `pe` and `pe_…` (pulmonary embolism is what the
   * study found: its order and its report must not be known yet), none for all others.
   */
  readonly shift?: Duration | undefined;
}
/** How {@link Labels.write} writes. */
export interface WriteLabelsOptions {
  /** Replace the Parquet files that the folder has. Default: false. */
  readonly force?: boolean | undefined;
}
/** Labels of a split, and what became of the others: {@link Labels.inSplit}. */
export interface SplitLabels<L extends Labels = Labels> {
  readonly labels: L;
  /** Labels of subjects of another split. */
  readonly otherSplit: number;
  /** Labels of subjects that are in no split, and those subjects. */
  readonly noSplit: number;
  readonly noSplitSubjects: number;
}
/** Some labels: by index, or those of which a function says yes. */
export type LabelChoice = Iterable<number> | ((label: LabelRow, index: number) => boolean);
/**
 * A table of labels: when something is to be predicted about whom, and what. In the order of its files. What is to be predicted may be missing
 * altogether (a table of times of prediction).
 *
 * Source of the definitions: the label schema of MEDS 0.4 (`subject_id`, `prediction_time`, `boolean_value`, `integer_value`, `float_value`,
 * `categorical_value`).
 *
 * @example
 * ```ts
 * import { Labels } from "meds-reader";
 *
 * const labels = Labels.from([
 *   { subjectId: 1, predictionTime: new Date("2150-03-01T12:00:00Z"), booleanValue: true },
 *   { subjectId: 2, predictionTime: new Date("2151-07-09T08:30:00Z"), booleanValue: false },
 * ]);
 * console.log(labels.size, labels.columns, labels.at(0)?.booleanValue);
 * ```
 */
export declare class Labels implements Iterable<LabelRow> {
  /** Made by this package only. */
  protected constructor();
  /** Name of the task. */
  readonly task: string;
  /** Number of labels. */
  readonly size: number;
  /**
   * Reads a task as it is published:
   *
   * - MEDS: a folder of Parquet files in its label schema, at any depth and in order of their paths, or one such file. Also older files: any unit of
   *   time (nanoseconds are rounded down), `patient_id`, all value columns of which the unused ones are null, float64 values. Files without rows are
   *   fine, names that begin with a dot or `_` are passed over. `is_censored` is read where there is one.
   * - EHRSHOT: `labeled_patients.csv`, or its folder where that has no Parquet files. `boolean` becomes `boolean_value`, `categorical` (classes, the
   *   14 bits of `chexpert`) `integer_value`, `numerical` `float_value`, `survival` `float_value` in minutes with `is_censored`. Times keep their
   *   seconds, which EHRSHOT's own loader sets to 0.
   * - INSPECT: a cohort table with `PatientID`, `StudyTime` (or `patient_id`, `procedure_time`) and tasks as True, False or Censored, in CSV or TSV:
   *   see `column` and `shift`. Censored has no `boolean_value` and `is_censored` true.
   *
   * A time without a zone is UTC. Rows are counted from 0 in messages.
   *
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` for a folder without labels; `MEDS_MISSING_COLUMN` without `subject_id` or `prediction_time`,
   * and for a CSV of another kind; `MEDS_COLUMN_TYPE` for a column or cell of the wrong type; `MEDS_NULL_VALUE` for a label without subject or time;
   * `MEDS_VALUE_RANGE` for what does not fit int64; `MEDS_INVALID_ARGUMENT` for a table with several tasks where `column` is not given;
   * `MEDS_SOURCE_DAMAGED`; `MEDS_TABLE_FORMAT` for a folder, or a Parquet file in one, of Delta, Iceberg, Hudi or the like.
   * @example
   * ```ts
   * import { Labels } from "meds-reader";
   *
   * const labels = await Labels.open("demo/labels/length_of_stay");
   * console.log(labels.task, labels.size, labels.columns);
   * ```
   */
  static open(path: string, options?: OpenLabelsOptions): Promise<Labels>;
  /**
   * The tasks of a folder of labels, in order of their names' bytes: each folder below it that holds Parquet files, at once or in shards (`train`,
   * `tuning`, `held_out`, `0`, …), or a `labeled_patients.csv`; and each such file in the folder itself. A name may hold `/`; joined to the folder it
   * is what {@link Labels.open} takes. `.` stands for the folder itself where it has nothing but shards.
   *
   * @throws MedsError `MEDS_NOT_FOUND`.
   * @example
   * ```ts
   * import { join } from "node:path";
   * import { Labels } from "meds-reader";
   *
   * for (const task of await Labels.tasks("demo/labels")) {
   *   const labels = await Labels.open(join("demo/labels", task), { task });
   *   console.log(task, labels.size);
   * }
   * ```
   */
  static tasks(root: string): Promise<string[]>;
  /**
   * Several tasks as one table: a row for each (subject, prediction time) that any of them has, in the order in which they first occur. Several labels
   * of a task for one pair are kept: the k-th meets the k-th of the other tasks, so that each label stands in exactly one row.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT`.
   * @example
   * ```ts
   * import { Labels } from "meds-reader";
   *
   * const at = { subjectId: 1, predictionTime: new Date("2150-03-01") };
   * const both = Labels.join({
   *   mortality: Labels.from([{ ...at, booleanValue: false }]),
   *   stay: Labels.from([{ ...at, floatValue: 3.5 }, { ...at, subjectId: 2, floatValue: 1 }]),
   * });
   * console.log(both.size, both.of("stay").at(1)?.floatValue, both.of("mortality").at(1)?.booleanValue); // 2 1 null
   * ```
   */
  static join(tables: {
    readonly [task: string]: Labels;
  }): JointLabels;
  /**
   * Labels given in memory.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a value of the wrong type, one beyond int64, or a category that is no sound Unicode;
   * `MEDS_UNSAFE_NUMBER` for an inexact id or time.
   */
  static from(rows: Iterable<Label>, options?: LabelOptions): Labels;
  /** The columns of which some label has a value; none for a table of times only. */
  get columns(): readonly LabelColumn[];
  /** A copy of the subjects' ids, a slot a label. */
  get subjectIds(): BigInt64Array;
  /** A copy of the times of prediction, in microseconds since 1970-01-01, a slot a label. */
  get predictionTimes(): BigInt64Array;
  /** The categories of `categorical_value`, in order of their first label; empty where there is no such column. */
  get categories(): readonly string[];
  /** A label, from the end where the index is negative; undefined outside. */
  at(i: number): LabelRow | undefined;
  /** The labels in order. */
  [Symbol.iterator](): IterableIterator<LabelRow>;
  /**
   * Some of the labels: by index, in the order given, or those of which a function says yes.
   *
   * @throws MedsError `MEDS_OUT_OF_RANGE` for an index that is none.
   */
  select(choice: LabelChoice): Labels;
  /**
   * The labels of a split's subjects, in order. Subjects in no split are in none: they are left out, and counted.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT`, `MEDS_INVALID_ARGUMENT`.
   */
  inSplit(splits: Splits, name: string): SplitLabels;
  /**
   * Writes the labels as a task of MEDS's label schema: `labels.parquet` in a folder, which is made. Columns: `subject_id` (int64), `prediction_time`
   * (timestamp[us]) and of `boolean_value` (bool), `integer_value` (int64), `float_value` (float32: values are rounded to it) and `categorical_value`
   * (string) those that have a value. Where some label is censored there is `is_censored` (bool) too, which MEDS's schema has not: leave such labels
   * out with {@link Labels.select} for readers that insist on it.
   *
   * The folder has all labels or is as it was: they are written beside it and moved. `force` replaces the Parquet files that the folder has.
   *
   * @throws MedsError `MEDS_LABELS_EXIST` where the folder has files, with `force` where some are no Parquet files; `MEDS_VALUE_RANGE` for a value
   * beyond float32; `MEDS_PERMISSION`, `MEDS_DISK_FULL`, `MEDS_IO`.
   * @example
   * ```ts
   * import { Labels } from "meds-reader";
   *
   * const labels = Labels.from([{ subjectId: 1, predictionTime: new Date("2150-03-01"), booleanValue: true }]);
   * await labels.write("tasks/mortality/first_24h", { force: true });
   * ```
   */
  write(dir: string, options?: WriteLabelsOptions): Promise<void>;
  /** What `JSON.stringify` writes. */
  toJSON(): {
    readonly task: string;
    readonly size: number;
    readonly columns: readonly LabelColumn[];
  };
}
/**
 * Several tasks joined on subject and time of prediction: {@link Labels.join} makes it. Itself a table of times of prediction without values, which
 * `samples` takes like any other: one window a row, for all tasks.
 */
export declare class JointLabels extends Labels {
  /** Made by this package only. */
  protected constructor();
  /** Names of the tasks, in the order given. */
  readonly tasks: readonly string[];
  /**
   * A task's labels in the rows of this table: label i is that of row i, with all values null where the task has none there.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a task that was not joined.
   */
  of(task: string): Labels;
  /**
   * Of each row 1 where the task has a label, also one without a value (a censored one), and 0 where it has none.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a task that was not joined.
   */
  has(task: string): Uint8Array;
  /** Some of the rows, with all tasks: {@link Labels.select}. */
  select(choice: LabelChoice): JointLabels;
  /** The rows of a split's subjects, with all tasks: {@link Labels.inSplit}. */
  inSplit(splits: Splits, name: string): SplitLabels<JointLabels>;
}
/** A module: its file URL (a `URL`, or its text), or an absolute path. */
export type ModuleUrl = string | {
  readonly href: string;
};
/** How a pass over patients is run. */
export interface PassOptions<A = unknown> {
  /** Worker threads. Default: as many as the machine runs at once; never more than there are chunks of work. */
  readonly threads?: number | undefined;
  /** Handed to the function: anything that can be cloned to another thread. */
  readonly args?: A | undefined;
  /** The function's name among the module's exports. Default: `default`. */
  readonly exportName?: string | undefined;
  /** Ends the pass with `MEDS_CANCELLED`, and its workers, in whatever they do. */
  readonly signal?: AbortSignalLike | undefined;
}
/** How {@link Cohort.map} runs and gives results. */
export interface MapOptions<A = unknown> extends PassOptions<A> {
  /** Results in order of the patients (true, the default), or as they come. */
  readonly ordered?: boolean | undefined;
}
/** How {@link Cohort.mapWithLabels} runs. */
export interface MapWithLabelsOptions<A = unknown> extends MapOptions<A> {
  /** Patients without a label: left out (`omit`, the default), or given with an empty array (`include`). */
  readonly unlabelled?: "omit" | "include" | undefined;
}
/** How {@link Cohort.reduce} runs, and how the chunks' results become one. */
export interface ReduceOptions<R, P = R, A = unknown> extends PassOptions<A> {
  /** What the first chunk's result is merged into, and the result where there are no patients. */
  readonly initial: R;
  /** Merges a chunk's result into the total of those before it; called in order of the patients, on the caller's thread. */
  readonly merge: (total: R, part: P) => R;
}
/**
 * Codes, or a function that returns for each code of the table whether it is chosen. The function does not get the number of rows of a code:
 * that number would also count held-out patients.
 */
export type CodePredicate = CodeChoice | ((code: Pick<Code, "id" | "code" | "description" | "parents">) => boolean);
/**
 * Which codes a labeler means: as everywhere (strings, ids, ranges of ids, a function of the code), or all that begin with one of some prefixes:
 * `{ prefix: "HOSPITAL_ADMISSION" }`. Compared as they are asked of a store, so that a labeler serves for several stores, where it holds no ids.
 */
export type LabelCodes = CodePredicate | {
  readonly prefix: string | readonly string[];
};
/**
 * Until when a patient is observed: the last row (`last_event`, the default), the first row with a death code (`death`), or the last row with some
 * codes of an end of observation. Where a patient has no such row, the last row.
 */
export type FollowUp = "last_event" | "death" | {
  readonly until: LabelCodes;
};
/** The time after a time of prediction in which something may happen. */
export interface Horizon {
  /**
   * How long after the time of prediction it ends; `record`: with the patient's record, whenever that is. Nothing is censored then, and false means
   * "not as long as anybody looked", which says less of patients who left early.
   */
  readonly horizon: Duration | "record";
  /** How long after the time of prediction it begins. Default: at once. */
  readonly gap?: Duration | undefined;
  /**
   * Which bounds belong to it: neither (false), both (true, as in FEMR), or one of them. Default: `end`, so that what stands at the very time of
   * prediction, and may be known then, is no outcome.
   */
  readonly inclusive?: boolean | "start" | "end" | undefined;
}
/** What a module's function gives for a patient: labels, one of them or many, or nothing. The subject may be left out. */
export type AskedLabel = Omit<Label, "subjectId"> & {
  readonly subjectId?: Label["subjectId"];
};
export type Asked = Iterable<AskedLabel> | AskedLabel | null | undefined;
/** Where a time of prediction is moved to. */
export interface Moved {
  /** Later by so much. Default: not at all. */
  readonly offset?: Duration | undefined;
  /** Then to 23:59:00 UTC of its day, as FEMR's `move_datetime_to_end_of_day` does. Default: no. */
  readonly endOfDay?: boolean | undefined;
}
/** Times of prediction at rows with some codes. */
export interface AtRows extends Moved {
  readonly codes: LabelCodes;
}
/**
 * Times of prediction at visits: at a row that begins one, or at the end that belongs to it. A visit is over at the first row with an `end` code at or
 * after its beginning, and at or before the beginning of the next; no row ends two. Beginnings at the same time are one. Visits of which the end is not
 * known give no time and are counted (`noEnd`), and so are those that are over before the time of prediction (`over`).
 */
export interface AtVisits extends Moved {
  /** Codes of beginnings: `{ prefix: "HOSPITAL_ADMISSION" }` in MIMIC's MEDS, `{ prefix: "Visit/" }` in OMOP's. */
  readonly start: LabelCodes;
  /** Codes of ends, or the column of the beginning's own row that holds the time of its end: `{ column: "end" }` in OMOP's MEDS. */
  readonly end: LabelCodes | {
    readonly column: string;
  };
  /** A column that beginning and end share, such as `hadm_id`: visits may then overlap. Beginnings without a value have no end. */
  readonly by?: string | undefined;
  /** Default: `start`. */
  readonly at?: "start" | "end" | undefined;
}
/**
 * When something is to be predicted about a patient: at every distinct time of the record (`events`), at rows, or at visits. Each time once, ascending.
 */
export type PredictionTimes = "events" | AtRows | AtVisits;
/** What {@link outcomeWithin} labels. */
export interface OutcomeOptions extends Horizon {
  /** The codes of the outcome. */
  readonly outcome: LabelCodes;
  /** When it is to be predicted. Default: `events`, at every distinct time of the record. */
  readonly at?: PredictionTimes | undefined;
  /** Until when a patient is observed. Default: `last_event`. */
  readonly followUp?: FollowUp | undefined;
  /**
   * What becomes of times of prediction at which an outcome stands: a label like any other (`keep`, the default), or none (`skip`, counted as
   * `atOutcome`: FEMR's `CodeLabeler`). With a gap they are kept, as the horizon does not reach them.
   */
  readonly atOutcome?: "keep" | "skip" | undefined;
}
/**
 * Labels times of prediction by whether an outcome follows within a horizon, in three values: true where one does, even where the patient is not
 * observed to the end; else censored (`isCensored`, no value) where the patient's observation ends before the horizon does; else false. What nobody
 * saw the end of is never false.
 *
 * With `inclusive: true` the labels that are not censored are those of FEMR's `TimeHorizonEventLabeler` (`horizon: "record"` for its infinite one;
 * `atOutcome: "skip"` where it does not allow labels at the time of an outcome).
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for a horizon that ends before it begins and for wrong options; when it is applied, what
 * {@link predictionTimes} throws.
 * @example
 * ```ts
 * import { outcomeWithin, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const death = outcomeWithin({ outcome: { prefix: "MEDS_DEATH" }, horizon: { days: 30 }, at: { codes: { prefix: "HOSPITAL_ADMISSION" } } });
 * const labels = await db.label(death, { task: "death_in_30_days" });
 * const known = labels.select(({ isCensored }) => isCensored !== true);
 * console.log(labels.size, known.size);
 * db.close();
 * ```
 */
export declare function outcomeWithin(options: OutcomeOptions): Labeler;
/** Classes of a numeric value, from the usual one to the gravest. */
export interface Thresholds {
  /** Codes of the measurement. All must be in one unit: values are compared as they stand, rows in other units are left out by `where`. */
  readonly codes: LabelCodes;
  /** From mild to grave: ascending where high values are grave, descending where low ones are. A value's class is the number of them that it passes. */
  readonly thresholds: readonly number[];
  /** When a value passes a threshold. Default: `>=`. */
  readonly passes?: ">" | ">=" | "<" | "<=" | undefined;
  /** Names of the classes, one more than thresholds: labels are then categorical. Else boolean with one threshold, integer with more. */
  readonly classes?: readonly string[] | undefined;
  /** Only rows that have one of some values in a column: `{ unit: ["mmol/L"] }`. Others are counted (`elsewhere`). */
  readonly where?: {
    readonly [column: string]: readonly (string | number | bigint | boolean | null)[];
  } | undefined;
}
/** Each measurement is to be predicted, some time before it. */
export interface EachValue extends Thresholds {
  /** How long before. Default: a minute, as in EHRSHOT. */
  readonly before?: Duration | undefined;
}
/** At times of prediction, a measurement in the horizon is to be predicted. */
export interface ValueWithin extends Thresholds, Horizon {
  readonly at: PredictionTimes;
  /** The first of the horizon (the default), or the gravest. */
  readonly pick?: "first" | "gravest" | undefined;
  /** Until when a patient is observed. Default: `last_event`. */
  readonly followUp?: FollowUp | undefined;
}
/**
 * Labels by the class of a numeric value: how many thresholds it passes, 0 for a usual one. Either each measurement, to be predicted some time before
 * it; or, with `at`, the first or gravest one in the horizon of each time of prediction, in three values: the class; censored where observation ends
 * before the horizon does and what is still to come might change the class (the first is not there yet, or the gravest is not of the gravest class); no
 * label, counted as `unmeasured`, where nothing was measured in a horizon that was observed to its end. Rows without a value are no measurements.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for wrong options; when it is applied, what {@link predictionTimes} throws.
 * @example
 * ```ts
 * import { labValue, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const potassium = labValue({
 *   codes: { prefix: "LAB//" },
 *   thresholds: [5.5, 6, 7],
 *   passes: ">",
 *   classes: ["usual", "mild", "moderate", "severe"],
 * });
 * const labels = await db.label(potassium, { task: "hyperkalemia" });
 * console.log(labels.size, labels.categories);
 * db.close();
 * ```
 */
export declare function labValue(options: EachValue | ValueWithin): Labeler;
/**
 * A labeler of this package: {@link outcomeWithin}, {@link labValue} or {@link predictionTimes} make it, {@link Cohort.label} applies it. It belongs to no
 * store, where it holds no code ids.
 */
export declare abstract class Labeler {
  /** The name of the task, where none is given to {@link Cohort.label}. */
  readonly task: string;
}
/** How {@link Cohort.label} runs. */
export interface LabelingOptions<A = unknown> extends PassOptions<A> {
  /** Name of the task. Default: the labeler's, or `labels`. */
  readonly task?: string | undefined;
  /** Keeps some labels of each patient, drawn by a seed. Default: all. */
  readonly sample?: LabelSample | undefined;
  /** Called with what was counted, once, before the promise is fulfilled. */
  readonly onReport?: ((report: LabelingReport) => void) | undefined;
}
/** Which labels of a patient are kept. Which they are depends on the seed, the subject's id and the times of prediction, and on nothing else. */
export interface LabelSample {
  /** Labels of a patient at most. 1 or more. */
  readonly count: number;
  /** Any safe integer. Default: 0. */
  readonly seed?: number | undefined;
  /** Draws among labels that are not censored only, as FEMR does. Default: among all. */
  readonly uncensored?: boolean | undefined;
}
/** What {@link Cohort.label} counted. */
export interface LabelingReport {
  /** Patients looked at, and those that have a label. */
  readonly patients: number;
  readonly labelledPatients: number;
  readonly labels: number;
  readonly censored: number;
  /** Labels with `booleanValue` true, and false. */
  readonly positive: number;
  readonly negative: number;
  /**
   * What gave no label, by reason: `noEnd` and `over` (visits, see {@link AtVisits}), `atOutcome` ({@link OutcomeOptions.atOutcome}), `unmeasured` and
   * `elsewhere` (values, see {@link labValue} and {@link Thresholds.where}), `unsampled` ({@link LabelSample}).
   */
  readonly skipped: ReadonlyMap<string, number>;
}
/** What a pass reads. */
export interface PassReport {
  /** Patients that the function is given. */
  readonly patients: number;
  /** Chunks that they are cut into: about as many events each. */
  readonly chunks: number;
  /** Labels that patients are given with; 0 without labels, as all that follows. */
  readonly labels: number;
  /** Labels of subjects that the database has not, and those subjects. */
  readonly unknownLabels: number;
  readonly unknownSubjects: number;
  /** Labels of subjects of the database that are not in this cohort. */
  readonly outsideLabels: number;
  /** Patients of the cohort that have no label, whether they are left out or not. */
  readonly unlabelledPatients: number;
}
/**
 * A pass over patients in worker threads: an async iterable of its results; {@link Cohort.map} makes it. It begins when its first result is asked for,
 * and anew with each loop. However the loop is left, its workers end. A slow reader slows them down: a few batches of results wait for it, no more.
 * Who calls `next()` by hand calls `return()` too, where it stops before the end.
 *
 * Closing the database does not disturb a pass: workers have the store open themselves.
 */
export declare class Pass<T = unknown> implements AsyncIterable<T> {
  /** Made by this package only. */
  protected constructor();
  /** What is read. */
  readonly report: PassReport;
  /**
   * The results.
   *
   * @throws MedsError `MEDS_PASS_FAILED` where the function throws or its module cannot be loaded: the message names the subject that was being
   * read, `cause` is what was thrown; `MEDS_CANCELLED`; `MEDS_STORE_REPLACED` and what opening a store throws.
   */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined>;
  /**
   * All results at once, as an array.
   *
   * @throws MedsError as the iteration does.
   */
  toArray(): Promise<T[]>;
}
/**
 * Patients of a store in storage order: all of them, a split, or a subset. A cohort is a view: it contains slots and no patients.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const train = db.split("train");
 * const first = train.subset({ slots: train.slots.slice(0, 10) });
 * for (const patient of first) console.log(patient.subjectId, patient.length);
 * db.close();
 * ```
 */
export declare class Cohort<S extends object = AnySchema> implements Iterable<Patient<S>> {
  /** Made by this package only. */
  protected constructor();
  /** Number of patients. */
  get size(): number;
  /** Number of rows of these patients. */
  get eventCount(): number;
  /** A copy of the slots, ascending: for workers and for {@link Cohort.subset}. */
  get slots(): Uint32Array;
  /** A copy of the subject ids, in storage order. */
  get subjectIds(): BigInt64Array;
  /**
   * The patient with an id; undefined where the cohort does not contain it.
   *
   * @throws MedsError `MEDS_UNSAFE_NUMBER` for a number that is fractional or beyond 2^53: use a bigint for such an id.
   */
  get(id: SubjectId): Patient<S> | undefined;
  /** Whether the cohort contains a patient with this id. */
  has(id: SubjectId): boolean;
  /** The patient at an index in storage order (for the whole database: the slot); negative indexes count from the end; undefined outside. */
  at(place: number): Patient<S> | undefined;
  /** The patients in storage order. */
  [Symbol.iterator](): IterableIterator<Patient<S>>;
  /**
   * The chosen patients of this cohort as a view, in storage order, each once.
   *
   * @throws MedsError `MEDS_UNKNOWN_SUBJECT` for an id or slot that is not in the cohort: filter with {@link Cohort.has} where that is expected.
   */
  subset(choice: PatientChoice): Cohort<S>;
  /**
   * The patients of a split, as a view.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT` where the dataset does not have a split of that name.
   */
  split(name: string): Cohort<S>;
  /** What `JSON.stringify` writes: which patients these are, without their rows. A patient can also be written: `JSON.stringify(patient)`. */
  toJSON(): {
    readonly path: string;
    readonly eventCount: number;
    readonly subjectIds: readonly string[];
  };
  /**
   * Numbers of rows and patients per code id. With windows: rows in all windows, and windows that contain the code.
   *
   * @throws MedsError as a rejection, like all queries: `MEDS_CANCELLED`, `MEDS_CORRUPT`, `MEDS_CLOSED` where the database was closed before;
   * for windows `MEDS_UNKNOWN_SUBJECT` for a subject that is not in the cohort, `MEDS_INVALID_ARGUMENT` for arrays of different lengths and
   * for a window that ends before it starts, and what {@link Timeline.between} throws for times.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { events, patients } = await db.split("train").countCodes();
   * const common = db.codes.strings.filter((_, id) => patients[id]! >= 10); // a vocabulary that saw only train
   * console.log(common.length, events[db.codes.id("MEDS_BIRTH") ?? 0]);
   * db.close();
   * ```
   */
  countCodes(options?: QueryOptions): Promise<CodeCounts>;
  /**
   * Number of rows per code, for each patient or window.
   *
   * @throws MedsError as {@link Cohort.countCodes}.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { offsets, codeIds, counts } = await db.countCodesEach({ codes: db.codes.withPrefix("LAB//") });
   * for (let slot = 0; slot < db.size; slot += 1) {
   *   for (let i = offsets[slot]!; i < offsets[slot + 1]!; i += 1) console.log(slot, db.codes.strings[codeIds[i]!], counts[i]);
   * }
   * db.close();
   * ```
   */
  countCodesEach(options?: CodeQueryOptions): Promise<CodeCountsEach>;
  /**
   * For each patient or window, its first row that has one of the codes. Static rows (without a time) come first.
   *
   * @throws MedsError as {@link Cohort.countCodes}; `MEDS_INVALID_ARGUMENT` for a value that cannot be a code.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { rows, times } = await db.firstOf("MEDS_BIRTH");
   * rows.forEach((row, slot) => {
   *   if (row >= 0) console.log(db.at(slot)!.subjectId, times[slot]); // microseconds since 1970-01-01, bigint
   * });
   * db.close();
   * ```
   */
  firstOf(codes: CodeChoice, options?: QueryOptions): Promise<Occurrences>;
  /**
   * For each patient or window, its last row that has one of the codes: see {@link Cohort.firstOf}.
   *
   * @throws MedsError as {@link Cohort.firstOf}.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { rows, codeIds } = await db.split("train").lastOf(["MEDS_DEATH", db.codes.withPrefix("LAB//")]);
   * console.log(rows[0], db.codes.strings[codeIds[0]!]);
   * db.close();
   * ```
   */
  lastOf(codes: CodeChoice, options?: QueryOptions): Promise<Occurrences>;
  /**
   * Count, sum, mean, minimum, maximum and last numeric value per code, for each patient or window.
   *
   * @throws MedsError as {@link Cohort.countCodes}.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const windows = { subjectIds: db.subjectIds, end: Array.from(db, () => new Date("2100-01-01")) };
   * const { offsets, codeIds, mean } = await db.aggregate({ windows, codes: db.codes.withPrefix("LAB//") });
   * for (let i = 0; i < offsets[1]!; i += 1) console.log(db.codes.strings[codeIds[i]!], mean[i]);
   * db.close();
   * ```
   */
  aggregate(options?: CodeQueryOptions): Promise<Aggregates>;
  /**
   * The rows that have one of the codes: their indexes, for each patient that has such a row (with windows: for each window, empty ones included).
   *
   * @throws MedsError as {@link Cohort.firstOf}.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { slots, offsets, rows } = await db.rowsWithCode(db.codes.withPrefix("LAB//"));
   * slots.forEach((slot, g) => {
   *   const patient = db.at(slot)!;
   *   for (let i = offsets[g]!; i < offsets[g + 1]!; i += 1) console.log(patient.subjectId, patient.at(rows[i]!)?.numericValue);
   * });
   * db.close();
   * ```
   */
  rowsWithCode(codes: CodeChoice, options?: QueryOptions): Promise<CodeRows>;
  /**
   * Runs a function of a module over all patients in worker threads, and streams its results. Workers import the module themselves, so it is
   * named by a URL: `new URL("./pass.mjs", import.meta.url)`. See {@link MapFunction} for the function's arguments and result.
   *
   * The chunks depend on the patients only, so results do not depend on the number of threads. The pass begins when its first result is read.
   * It ends, with its workers, however the loop is left. Workers wait for a slow reader.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a relative path, a module that is neither .mjs nor .js, args that cannot be cloned and wrong
   * options; `MEDS_NOT_FOUND` where the module does not exist; what {@link Pass} throws while it runs.
   * @example
   * ```ts
   * import { writeFileSync } from "node:fs";
   * import { PatientDatabase } from "meds-reader";
   *
   * const module = new URL("./longest.mjs", import.meta.url);
   * writeFileSync(
   *   module,
   *   "export default function* (patients, { least }) { for (const p of patients) if (p.length >= least) yield [p.subjectId, p.length]; }",
   * );
   * const db = PatientDatabase.open("demo.medsdb");
   * for await (const [subjectId, rows] of db.map<[bigint, number]>(module, { args: { least: 100 } })) console.log(subjectId, rows);
   * db.close();
   * ```
   */
  map<T = unknown, A = unknown>(module: ModuleUrl, options?: MapOptions<A>): Pass<T>;
  /**
   * Like {@link Cohort.map}, but each patient comes with its labels: the function iterates over pairs of a patient and its labels. The table of
   * labels may have any order; the labels of a patient come in the order of the table. {@link Pass.report} counts labels of subjects that are
   * unknown or outside of this cohort.
   *
   * @throws MedsError as {@link Cohort.map}.
   * @example
   * ```ts
   * import { writeFileSync } from "node:fs";
   * import { Labels, PatientDatabase } from "meds-reader";
   *
   * const module = new URL("./known.mjs", import.meta.url);
   * writeFileSync(
   *   module,
   *   "export default function* (pairs) { for (const [p, labels] of pairs) for (const l of labels) yield p.until(l.predictionTime).length; }",
   * );
   * const db = PatientDatabase.open("demo.medsdb");
   * const labels = Labels.from([{ subjectId: db.at(0)!.subjectId, predictionTime: new Date("2100-01-01"), booleanValue: true }]);
   * const pass = db.mapWithLabels<number>(module, labels);
   * console.log(await pass.toArray(), pass.report.unknownLabels);
   * db.close();
   * ```
   */
  mapWithLabels<T = unknown, A = unknown>(module: ModuleUrl, labels: Labels, options?: MapWithLabelsOptions<A>): Pass<T>;
  /**
   * Runs a function of a module over chunks of patients in worker threads and merges its results, in order of the patients. The result is the
   * same for any number of threads, to the last bit of a floating-point number.
   *
   * @throws MedsError as {@link Cohort.map} and {@link Pass}, all as a rejection.
   * @example
   * ```ts
   * import { writeFileSync } from "node:fs";
   * import { PatientDatabase } from "meds-reader";
   *
   * const module = new URL("./rows.mjs", import.meta.url);
   * writeFileSync(module, "export default (patients) => { let rows = 0; for (const p of patients) rows += p.length; return rows; }");
   * const db = PatientDatabase.open("demo.medsdb");
   * const rows = await db.reduce<number>(module, { initial: 0, merge: (total, part) => total + part });
   * console.log(rows === db.eventCount);
   * db.close();
   * ```
   */
  reduce<R, P = R, A = unknown>(module: ModuleUrl, options: ReduceOptions<R, P, A>): Promise<R>;
  /**
   * Makes labels, in worker threads: by a labeler of this package ({@link outcomeWithin}, {@link labValue}, {@link predictionTimes}), or by a
   * function of a module that is called for each patient ({@link LabelFunction}). Labels are in the order of the patients; those of a labeler of
   * this package are also in the order of time.
   *
   * @throws MedsError as {@link Cohort.map} and {@link Pass}, all as a rejection.
   * @example
   * ```ts
   * import { outcomeWithin, PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const labels = await db.split("train").label(outcomeWithin({ outcome: { prefix: "MEDS_DEATH" }, horizon: { days: 365 } }), {
   *   sample: { count: 1, seed: 7 },
   *   onReport: ({ positive, negative, censored }) => console.log(positive, negative, censored),
   * });
   * console.log(labels.size, labels.at(0)?.isCensored);
   * db.close();
   * ```
   */
  label<A = unknown>(labeler: Labeler | ModuleUrl, options?: LabelingOptions<A>): Promise<Labels>;
}
/**
 * Which part of a patient's known rows a window takes. With n rows (or events) and windows of w:
 *
 * - `to_end`: the last w.
 * - `from_start`: the first w.
 * - `random`: w of them, the start drawn evenly from 0 to n - w; rows in the middle stand in more windows than those at the ends.
 * - `balanced_random`: the start drawn evenly from -(w - 1) to n - 1 and the window cut to what is there, so that each row stands in a window with
 *   the same probability; windows at the ends are shorter.
 * - `step_through`: windows at 0, stride, 2 stride, …, the last one anchored at the end: a sample each.
 *
 * Where n is at most w, all take everything. As in meds-torch-data (`SubsequenceSamplingStrategy`).
 */
export type Strategy = "to_end" | "from_start" | "random" | "balanced_random" | "step_through";
/** A length of time, or a number of rows (events, where `unit` says so) that are kept. */
export type Reach = Duration | {
  readonly count: number;
};
/** How {@link samples} cuts windows. */
export interface SampleOptions {
  /** Rows (events, where `unit` says so) of a window at most, static ones included where they are prepended. 1 to 2^31 - 1. */
  readonly maxLength: number;
  /** Default: `to_end`. */
  readonly strategy?: Strategy | undefined;
  /** What `maxLength`, `stride`, `overlap` and counts count: rows (the default), or events, all rows of a distinct time. */
  readonly unit?: "measurements" | "events" | undefined;
  /**
   * With `step_through`: from one window's start to the next's, 1 to `maxLength`: a longer step would leave rows out. Either this or `overlap`; default:
   * `maxLength`, windows side by side. Where prepended static rows leave a window less room than this, the step is that room.
   */
  readonly stride?: number | undefined;
  /** With `step_through`: how much two windows share, less than `maxLength`; the step is what is left of a window's room then, at least 1. */
  readonly overlap?: number | undefined;
  /** Rows at the very time of the cut-off are known (true, the default, as MEDS defines a prediction time) or not. With labels only. */
  readonly inclusive?: boolean | undefined;
  /** The cut-off lies so much before the prediction time (with labels only); as a count, so many of the last known rows are left out. Default: none. */
  readonly gap?: Reach | undefined;
  /**
   * Only rows this much before the cut-off (with labels only): (cut-off - lookBack, cut-off], or [cut-off - lookBack, cut-off) where it is exclusive; as a
   * count, only so many of the last. Default: all.
   */
  readonly lookBack?: Reach | undefined;
  /**
   * Static rows beside the sequence (`include`, the default), at its beginning (`prepend`; where they would fill it, the first `maxLength - 1`, which
   * the report counts), or not at all (`omit`).
   */
  readonly static?: "include" | "prepend" | "omit" | undefined;
  /**
   * What is static: rows without a time (`null`, the default), or also all rows up to and including the date of birth, UTC (`birth`: FEMR's rule, for
   * data from OMOP, where gender and race have the time of birth).
   */
  readonly staticUntil?: "null" | "birth" | undefined;
  /** Only rows with these codes. Default: all. */
  readonly codes?: CodePredicate | undefined;
  /**
   * Only rows of which each function here says yes to the value of the column it is named after (null where the row has none). A function goes to no
   * other thread: such samples are for loaders without `workers`.
   */
  readonly where?: {
    readonly [column: string]: (value: never) => boolean;
  } | undefined;
  /** Codes whose rows have a date and no time of day. On the cut-off's own day (UTC) nobody knows whether they lie before it: they are dropped. With labels only. */
  readonly dateOnly?: CodePredicate | undefined;
  /** Codes whose rows are dropped where they stand at the very time of the cut-off (billing codes at the time of discharge, say). With labels only. */
  readonly excludeAtCutoff?: CodePredicate | undefined;
  /**
   * Columns that were known later than their row, each with the column that has the time when it was (itself, where it is that time): a sample reads
   * null where that time is after the cut-off, or missing. With labels only. Default: `{ end: "end" }` where the data has a time `end` (the end of a
   * visit).
   */
  readonly knownLater?: {
    readonly [column: string]: string;
  } | undefined;
  /** Only subjects of this split. Default for labels: all subjects. */
  readonly split?: string | undefined;
}
/** Samples without labels: each patient of a split, whole timelines. A split must be named: nothing is trained on patients that nobody assigned. */
export interface Pretraining {
  readonly split: string;
}
/** What became of the labels (or patients) that were given. Nothing is left out without being counted here. */
export interface SampleReport {
  /** Labels, or patients where there are no labels. */
  readonly given: number;
  /** Samples made of them; more with `step_through`. */
  readonly samples: number;
  /** Labels of subjects that the database has not, and those subjects. */
  readonly unknownLabels: number;
  readonly unknownSubjects: number;
  /** Labels of subjects that are not in the cohort or split that was asked for. */
  readonly otherSplit: number;
  /** Labels of subjects that no split has, where a split was asked for. */
  readonly noSplit: number;
  /** With labels: samples without a known row but static ones. Without labels: patients left out for that. */
  readonly empty: number;
  /** With `static: "prepend"`: labels (patients) with more static rows than a window has places before its own rows; the first of them are kept. */
  readonly staticCut: number;
  /**
   * Rows that stand at the very time of a sample's cut-off and belong to its window or what it is taken from, by the first part of their code: were
   * they really known then? `excludeAtCutoff` drops them by code.
   */
  readonly atCutoff: ReadonlyMap<string, number>;
}
/** One sample, as people look at it. Batches are made without it. */
export interface Sample {
  readonly subjectId: bigint;
  /** Microseconds since 1970-01-01; null without labels. */
  readonly predictionTime: bigint | null;
  readonly label: LabelRow | null;
  /** The static rows. */
  readonly static: Timeline;
  /** The rows of the window. */
  readonly timeline: Timeline;
}
/** What a draw depends on: with the same two numbers the windows of `random` strategies are the same, on any machine. */
export interface DrawOptions {
  readonly seed?: number | undefined;
  readonly epoch?: number | undefined;
}
/**
 * A list of windows of patients' timelines, each as known at a cut-off; {@link samples} makes it. It holds where windows lie and copies no rows. Of a
 * window nothing can be read but rows at or before the cut-off: {@link loader} proves it of each batch.
 */
export declare class Samples {
  /** Made by this package only. */
  protected constructor();
  /** Number of samples. */
  readonly size: number;
  /** The labels, one of which each sample belongs to; null where there are none. */
  readonly labels: Labels | null;
  /** What became of all labels or patients that were given. */
  readonly report: SampleReport;
  /**
   * A sample, from the end where the index is negative; undefined outside. The windows of `random` strategies depend on seed and epoch.
   *
   * @throws MedsError `MEDS_CLOSED`; `MEDS_INVALID_ARGUMENT`.
   */
  at(i: number, options?: DrawOptions): Sample | undefined;
  /** The samples in order, with the windows of seed 0 and epoch 0. */
  [Symbol.iterator](): IterableIterator<Sample>;
  /** What `JSON.stringify` writes. */
  toJSON(): object;
}
/**
 * Windows of patients' timelines to train or evaluate on: one for each label, of what was known at its prediction time; or, with `{ split }`, of each
 * patient of a split, for pre-training. `db` may be a cohort: labels of other subjects are then left out, and counted.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for a wrong option, `MEDS_UNKNOWN_SPLIT`, `MEDS_UNKNOWN_COLUMN`, `MEDS_CLOSED`.
 * @example
 * ```ts
 * import { Labels, PatientDatabase, samples } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const labels = Labels.from([{ subjectId: db.at(0)!.subjectId, predictionTime: new Date("2100-01-01"), booleanValue: true }]);
 * const list = samples(db, labels, { maxLength: 512 });
 * console.log(list.size, list.report, list.at(0)?.timeline.length);
 * const pretraining = samples(db, { split: "train" }, { maxLength: 512, strategy: "random" });
 * console.log(pretraining.size);
 * db.close();
 * ```
 */
export declare function samples<S extends object>(db: Cohort<S>, source: Labels | Pretraining, options: SampleOptions): Samples;
/** What {@link Vocabulary.fit} makes. */
export interface VocabularyOptions {
  /** Only codes with at least so many rows. Default: 1. */
  readonly minCount?: number | undefined;
  /** Only codes of at least so many patients. Default: 1. */
  readonly minPatients?: number | undefined;
  /** At most so many codes: those with the most rows. Special tokens and bins are not counted. Default: all. */
  readonly top?: number | undefined;
  /** Further special tokens, with ids from 2 on. PAD is 0 and UNK 1 always. Names of no code: `special` finds them, and `idOf` codes. */
  readonly special?: readonly string[] | undefined;
  /**
   * The token that a code becomes (null: UNK); codes of one token share its id and statistics. No name of a special token. It is asked while fitting
   * only: a code that no training patient has is UNK, whatever this would say of it. Not with `ancestors`. Default: each code is a token.
   */
  readonly token?: ((code: string) => string | null) | undefined;
  /**
   * The codes' ancestors through `parent_codes` are tokens too, with the rows and patients of all their descendants, and a row stands for a bag of
   * tokens: field `bag` of batches. Default: false.
   */
  readonly ancestors?: boolean | undefined;
  /** `z-score`: `numeric_value` of batches is (x - mean) / std of the row's token. Default: `raw`. */
  readonly values?: "raw" | "z-score" | undefined;
  /** So many quantile bins, 2 to 65,536, for the values of each token: field `value_bin` of batches. Default: none. */
  readonly bins?: number | undefined;
  /** With `bins`: a row with a value has the token of its code and bin in place of its code's. Default: false. */
  readonly binTokens?: boolean | undefined;
}
/** What a vocabulary was asked to be, as it is saved. */
export interface FittedOptions {
  readonly minCount: number;
  readonly minPatients: number;
  readonly top: number | null;
  readonly ancestors: boolean;
  readonly values: "raw" | "z-score";
  /** 0: none. */
  readonly bins: number;
  readonly binTokens: boolean;
}
/** A code (or what several codes became), as it was among the fitted rows. */
export interface Token {
  readonly code: string;
  /** The codes that it stands for. */
  readonly codes: readonly string[];
  /** Rows that have it; with ancestors those of its descendants too. */
  readonly rows: number;
  /** Patients that have such a row. */
  readonly patients: number;
  /** Of the finite values of its own rows: their number, mean and standard deviation (divided by the number). Null without. */
  readonly values: {
    readonly count: number;
    readonly mean: number;
    readonly std: number;
  } | null;
  /** Bounds of its bins, ascending: one fewer than there are bins. Null without values, or where no bins were asked for. */
  readonly edges: readonly number[] | null;
}
/** How much of some rows a vocabulary knows. */
export interface Coverage {
  readonly rows: number;
  /** Rows whose code is UNK. */
  readonly unknownRows: number;
  /** Rows that no token of the vocabulary stands for: with ancestors fewer than `unknownRows`, else as many. */
  readonly uncoveredRows: number;
  /** Distinct codes of the rows. */
  readonly codes: number;
  readonly unknownCodes: number;
  /** Rows with a numeric value. Those of infinite value count in no mean, standard deviation or bin. */
  readonly values: number;
  readonly infiniteValues: number;
}
/**
 * Which store something was fitted on. It stands in a file of its own beside the fitted one (`NAME.provenance.json`): a store's id changes with every
 * held-out patient, and the fitted file must not.
 */
export interface Provenance {
  /** Id of what was fitted. */
  readonly of: string;
  /** Content id and fingerprint of the store: {@link Metadata.id}. */
  readonly store: string;
  readonly fingerprint: string;
}
/**
 * Which number a model knows a code by, fitted on the patients of a split: 0 is PAD, 1 UNK, then come special tokens, then codes, those with the most
 * rows first (equally many: in order of their UTF-8 bytes), then bins of values, in order of their codes. With what is needed to scale values.
 *
 * It knows codes as strings and no ids of a store, so it applies to any store: that of another hospital, or of the same data converted again. Its file
 * depends on nothing but the rows it was fitted on and the source's `codes.parquet` (that only with `ancestors`): not on other subjects, nor on rows
 * past a cut-off, nor on the order of subjects in files.
 *
 * @example
 * ```ts
 * import { loader, PatientDatabase, samples, Vocabulary } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const vocabulary = await Vocabulary.fit(db.split("train"), { minPatients: 2, values: "z-score" });
 * console.log(vocabulary.size, vocabulary.tokens.slice(0, 5), vocabulary.coverage(db.split("train")));
 * const list = samples(db, { split: "train" }, { maxLength: 64 });
 * for (const batch of loader(list, { batchSize: 8, vocabulary })) {
 *   console.log(batch.code[0], vocabulary.decode(batch)[0], batch.numeric_value[0]);
 * }
 * db.close();
 * ```
 */
export declare class Vocabulary {
  /** Made by this package only. */
  protected constructor();
  /** 32 hexadecimal digits, equal for equal vocabularies: what batches name their ids by. */
  readonly id: string;
  /** Number of ids, PAD and UNK among them: the rows of an embedding table. */
  readonly size: number;
  /**
   * What each id stands for, for people. A bin is written as its code and bounds: `LAB//50912 [0.7, 0.9)`. A code may be called as a special token is
   * (`[UNK]`): it has another id all the same.
   */
  readonly tokens: readonly string[];
  /** Ids of PAD, UNK and the other special tokens. */
  readonly special: ReadonlyMap<string, number>;
  /** The codes with what was counted of them, in order of id. */
  readonly entries: readonly Token[];
  /** Name of the split, and whether all its patients' rows were fitted on or those that samples may know. */
  readonly split: string;
  readonly of: "patients" | "samples";
  /** Subjects that were fitted on. */
  readonly subjects: number;
  readonly options: FittedOptions;
  /** Coverage of the rows that were fitted on. */
  readonly fitted: Coverage;
  /** The store that it was fitted on; null where its file has no provenance beside it. */
  readonly provenance: Provenance | null;
  /**
   * Counts the codes and values of the patients of a split: `db.split("train")` or a subset of it, all their rows; or {@link Samples} of a named split,
   * the rows that are known at some cut-off of each subject. There a row counts once, however many windows hold it, and whether or not the window's
   * length and strategy would take it; rows that filters leave out do not count.
   *
   * @throws MedsError as a rejection: `MEDS_NO_SPLIT` for a whole database or labels without a split; `MEDS_INVALID_ARGUMENT`; `MEDS_METADATA` where
   * ancestors are asked for and codes.parquet cannot be read; `MEDS_CLOSED`.
   * @example
   * ```ts
   * import { PatientDatabase, Vocabulary } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const vocabulary = await Vocabulary.fit(db.split("train"), { top: 5000, bins: 10, binTokens: true, special: ["[CLS]"] });
   * console.log(vocabulary.size, vocabulary.special.get("[CLS]"), vocabulary.entries[0]);
   * db.close();
   * ```
   */
  static fit<S extends object>(source: Cohort<S> | Samples, options?: VocabularyOptions): Promise<Vocabulary>;
  /**
   * Reads what {@link Vocabulary.write} wrote.
   *
   * @throws MedsError as a rejection: `MEDS_NOT_FOUND`, `MEDS_IO`, `MEDS_FITTED_FILE` where the file is damaged or holds something else.
   */
  static open(path: string): Promise<Vocabulary>;
  /**
   * A vocabulary out of what {@link Vocabulary.toJSON} gave: to hand one to a worker.
   *
   * @throws MedsError `MEDS_FITTED_FILE`.
   */
  static from(json: unknown): Vocabulary;
  /** Writes it as JSON, and the store that it was fitted on beside it, as `NAME.provenance.json`. @throws MedsError `MEDS_IO` as a rejection. */
  write(path: string): Promise<void>;
  /** What the file holds, and `JSON.stringify` writes. Plain data: it may be posted to a worker. */
  toJSON(): {
    readonly [name: string]: unknown;
  };
  /** The id of a code; undefined where the vocabulary has not got it. Special tokens are no codes: {@link Vocabulary.special} has their ids. */
  idOf(code: string): number | undefined;
  /**
   * A store's code ids as the vocabulary's: entry i for the code whose id is i in that store, UNK where the vocabulary has it not, PAD at 0. Bins of values
   * are not in it: `code` of batches has them.
   */
  table<S extends object>(db: Cohort<S>): Int32Array;
  /**
   * With `ancestors`, the bag of each of a store's codes: those of code id i are `tokens` from `offsets[i]` up to, but not including, `offsets[i + 1]`,
   * ascending; each weighs one divided by their number, as in FEMR's hierarchical tokenizer.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a vocabulary without ancestors.
   */
  bags<S extends object>(db: Cohort<S>): {
    readonly offsets: Int32Array;
    readonly tokens: Int32Array;
  };
  /** How much of some patients' rows, or of the rows that samples may know, the vocabulary has: of any store and split. */
  coverage<S extends object>(source: Cohort<S> | Samples): Coverage;
  /**
   * What stands at each place of a batch, as text.
   *
   * @throws MedsError `MEDS_OTHER_IDS` as {@link Vocabulary.check}, `MEDS_INVALID_ARGUMENT`.
   */
  decode(batch: Pick<Batch, "code" | "code_ids">): string[];
  /**
   * Throws where a batch's codes are no ids of this vocabulary: those of a store, since its loader was given none, or of another vocabulary. They would
   * look like ids of this one, and mean other codes.
   *
   * @throws MedsError `MEDS_OTHER_IDS`.
   */
  check(batch: Pick<Batch, "code_ids">): void;
}
/** When a patient's follow-up ends: at the last event, at death, or at the last event with a code. */
export type Censoring = "last_event" | "death" | {
  readonly code: string;
};
/** How {@link TimeToEvent.fit} chooses tasks. */
export interface TimeToEventOptions {
  /** Its codes are the tasks, in its order; with its ancestors, where it has them. */
  readonly vocabulary: Vocabulary;
  /** At most so many of its codes. Default: 8192. */
  readonly tasks?: number | undefined;
  /** Number of time bins, 1 to 65,536. Default: 8. */
  readonly bins?: number | undefined;
  /** Tasks of which a smaller share of the predictions has an outcome are left out. Default: 0.001. */
  readonly minFraction?: number | undefined;
  /**
   * Where follow-up ends: at the patient's last event (the default, as in FEMR), at `death` (the last event where there is none), or at the last row with a
   * code, such as one for the end of observation (the last event where there is none). What comes after it is no outcome.
   */
  readonly censoring?: Censoring | undefined;
  /** Rows with a numeric or text value are outcomes too. Default: false, as in FEMR. */
  readonly withValues?: boolean | undefined;
}
/** One task: the first row of a code, or of its descendants, strictly after the time of prediction. */
export interface TimeToEventTask {
  readonly code: string;
  /** Predictions with an outcome, and without. */
  readonly uncensored: number;
  readonly censored: number;
  /** Mean seconds to the outcome or the end of follow-up, and outcomes a second: `uncensored / (uncensored + censored) / meanSeconds`. */
  readonly meanSeconds: number;
  readonly rate: number;
}
/**
 * Targets of a batch for P predictions, sparse: the tasks of prediction p that have an outcome are `task[offsets[p]]` up to, but not including,
 * `task[offsets[p + 1]]`; all others are censored at `censor_time[p]`. Times are seconds from the prediction.
 */
export interface TimeToEventTargets {
  /** `[P]`, ascending: the place of each prediction in the batch's `code`, taken as flat. */
  readonly index: Int32Array;
  /** `[P]`. */
  readonly censor_time: Float32Array;
  /** `[P + 1]`. */
  readonly offsets: Int32Array;
  /** Numbers of tasks, ascending for each prediction, and seconds to their outcomes. */
  readonly task: Int32Array;
  readonly time: Float32Array;
}
/** What {@link TimeToEvent.dense} gives, row-major `[P, bins, tasks]`. */
export interface DenseTargets {
  readonly shape: readonly [
    predictions: number,
    bins: number,
    tasks: number
  ];
  /** 1 where the outcome lies in the bin. */
  readonly is_event: Uint8Array;
  /** log2 of the seconds in the bin before outcome or censoring; minus infinity where there are none. */
  readonly log_time: Float32Array;
}
/**
 * Tasks for time-to-event pre-training (MOTOR): when does each of many codes come next? Fitted on the patients of a split, saved with its time bins.
 *
 * Predictions stand at the last row of each distinct time after birth that has an outcome of some task later; outcomes are strictly later, anywhere in
 * the patient and not only in the window, even past a cut-off: these are labels. As FEMR's `MOTORTask`, but for its fitting, which takes the last row of
 * a day, and draws 100,000 times for the percentiles: here both obey the one rule, and up to four million times are all taken.
 *
 * @example
 * ```ts
 * import { loader, PatientDatabase, samples, TimeToEvent, Vocabulary } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const train = db.split("train");
 * const vocabulary = await Vocabulary.fit(train, { ancestors: true });
 * const timeToEvent = await TimeToEvent.fit(train, { vocabulary, tasks: 100, bins: 4 });
 * const list = samples(db, { split: "train" }, { maxLength: 64 });
 * for (const batch of loader(list, { tokens: 256, vocabulary, timeToEvent, fields: ["code", "age_days", "time_to_event"] })) {
 *   const { shape, is_event } = timeToEvent.dense(batch.time_to_event);
 *   console.log(shape, is_event.length, batch.time_to_event.index);
 * }
 * db.close();
 * ```
 */
export declare class TimeToEvent {
  /** Made by this package only. */
  protected constructor();
  /** 32 hexadecimal digits, equal for equal tasks. */
  readonly id: string;
  readonly tasks: readonly TimeToEventTask[];
  /** Bounds of the bins in seconds, one more than there are bins: from 0 to infinity. */
  readonly timeBins: readonly number[];
  /** The split it was fitted on. */
  readonly split: string;
  readonly censoring: Censoring;
  readonly withValues: boolean;
  /** The store that it was fitted on; null where its file has no provenance beside it. */
  readonly provenance: Provenance | null;
  /**
   * Counts outcomes of the patients of a split, or of samples of a split (of these, only what is known at the last cut-off of each subject).
   *
   * @throws MedsError as a rejection: `MEDS_NO_SPLIT`, `MEDS_INVALID_ARGUMENT`, `MEDS_NO_DATA` where no task has an outcome, `MEDS_CLOSED`.
   */
  static fit<S extends object>(source: Cohort<S> | Samples, options: TimeToEventOptions): Promise<TimeToEvent>;
  /** Reads what {@link TimeToEvent.write} wrote. @throws MedsError as a rejection: `MEDS_NOT_FOUND`, `MEDS_IO`, `MEDS_FITTED_FILE`. */
  static open(path: string): Promise<TimeToEvent>;
  /** Out of what {@link TimeToEvent.toJSON} gave: to hand one to a worker. @throws MedsError `MEDS_FITTED_FILE`. */
  static from(json: unknown): TimeToEvent;
  /** Writes it as JSON, and the store that it was fitted on beside it, as `NAME.provenance.json`. @throws MedsError `MEDS_IO` as a rejection. */
  write(path: string): Promise<void>;
  /** What the file holds, and `JSON.stringify` writes. */
  toJSON(): {
    readonly [name: string]: unknown;
  };
  /**
   * A batch's targets for each time bin and task, as FEMR's models take them: in a bin [start, end), whether the outcome lies in it, and the log2 of the
   * seconds that pass in it before outcome or censoring.
   */
  dense(targets: TimeToEventTargets): DenseTargets;
}
/** What a batch can hold of each row, event or sample; only what is asked for is filled. Shapes: see {@link Batch}. */
export interface FieldArrays {
  /** Code of each row: the store's id, or the vocabulary's; 0 = PAD. BigInt64Array where `codeType` is `int64`. */
  readonly code: Int32Array;
  /**
   * Numeric value of each row, as float32; 0 where it has none. With a vocabulary that was fitted with `values: "z-score"`: (x - mean) / std of the row's
   * token; 0 where its values were all the same (std 0); masked for a code without fitted values (UNK) and for infinite values.
   */
  readonly numeric_value: Float32Array;
  /** 1 where the row has a numeric value (a real NaN is none here), else 0. */
  readonly numeric_value_mask: Uint8Array;
  /** Days (from differences in float64: exact where times lie within 2^53 µs) since the kept row before it, also where that lies before the window; 0 for a patient's first row and for static rows. */
  readonly time_delta_days: Float32Array;
  /** Microseconds since 1970-01-01; the int64 minimum for static rows without a time, 0 for PAD. */
  readonly time: BigInt64Array;
  /** Days since birth, as known at the cut-off; 0 where there is none, or for static rows. */
  readonly age_days: Float32Array;
  /** 1 where `age_days` is known. */
  readonly age_days_mask: Uint8Array;
  /** 1 for static rows that are prepended. */
  readonly static_mask: Uint8Array;
  /** With a vocabulary that has bins: the bin of each row's value, from 1; 0 where it has no value, or its code no bins. */
  readonly value_bin: Int32Array;
  /** With a vocabulary that has ancestors: the tokens of each place. Not in nested batches. */
  readonly bag: BagArrays;
  /**
   * The target of each place, as in CLMBR: the code of the patient's next row that the samples keep and know, also where that lies just past the window;
   * 0 for none: at PAD, static rows and UNK, and where the next row is UNK or there is none. Not in nested batches.
   */
  readonly next_code: Int32Array;
  /**
   * The same for all codes of the next distinct time, since the order within a time means nothing: at the last place of each time (of those that are not
   * UNK); none where the window ends amid a time's rows. Not in nested batches.
   */
  readonly next_codes: CodeSets;
  /** With `timeToEvent`: what comes when. Not in nested batches. */
  readonly time_to_event: TimeToEventTargets;
}
/**
 * Tokens of places, for an embedding bag (sum): those of place i are `tokens` from `offsets[i]` up to, but not including, `offsets[i + 1]`; none for PAD.
 * A code and its ancestors weigh one divided by their number, the bin of its value 1 (where bins are tokens): as in FEMR's hierarchical tokenizer.
 */
export interface BagArrays {
  readonly offsets: Int32Array;
  readonly tokens: Int32Array;
  readonly weights: Float32Array;
}
/** Codes of places: those of place i are `codes` from `offsets[i]` up to, but not including, `offsets[i + 1]`, ascending. */
export interface CodeSets {
  readonly offsets: Int32Array;
  readonly codes: Int32Array;
}
/** Name of a field of {@link Batch} that can be asked for. */
export type BatchField = keyof FieldArrays;
/** What a batch holds where nothing else is asked for. */
export type DefaultField = "code" | "numeric_value" | "numeric_value_mask" | "time_delta_days" | "time";
/** Where the arrays of a batch come from: memory of the caller's own, at least so many bytes, for each array by its name. It is cleared. */
export type Allocate = (name: string, bytes: number) => ArrayBufferLike;
/** What every batch holds, whatever fields were asked for. B is the number of samples. */
export interface BatchBase {
  /**
   * Shape of `code` and the other fields, row-major: `[B, S]` padded, `[B, E, M]` nested (events, rows of each; fields of time are `[B, E]`), `[T]`
   * packed.
   */
  readonly shape: readonly number[];
  /** Which ids `code` holds: `store` or `vocabulary`, and that store's or vocabulary's id. {@link Vocabulary.check} compares it. */
  readonly code_ids: string;
  /** Subject of each sample. */
  readonly subject_id: BigInt64Array;
  /** Prediction time of each sample in microseconds since 1970-01-01; the int64 minimum without labels. */
  readonly prediction_time: BigInt64Array;
  /** Days from birth to the cut-off; 0 where `prediction_age_days_mask` is 0: no birth is known, or there is no cut-off. */
  readonly prediction_age_days: Float32Array;
  readonly prediction_age_days_mask: Uint8Array;
  /** Number of each sample in {@link Samples}. */
  readonly sample: Uint32Array;
  /** 1; 0 for a sample that only fills up a batch (`remainder: "pad"`), which no loss and no metric may count. */
  readonly weight: Float32Array;
  /** Samples that the label or patient of each sample has: more than 1 with `step_through`. */
  readonly n_windows: Uint32Array;
  /** Places that each sample fills: rows (events in nested batches), prepended static ones included. */
  readonly length: Int32Array;
  /** Where each sample's first row, and what follows its last one, stand in the patient's timeline; both 0 where there is none. */
  readonly row_begin: Int32Array;
  readonly row_end: Int32Array;
  /** `[B, N]` with `static: "include"`, else `[B, 0]`: the static rows of each sample, 0 = PAD. */
  readonly static_shape: readonly [
    number,
    number
  ];
  readonly static_code: Int32Array | BigInt64Array;
  readonly static_numeric_value: Float32Array;
  readonly static_numeric_value_mask: Uint8Array;
  /** Labels, `[B]`, null where the labels have no such column; the masks are 1 where a label has a value. */
  readonly boolean_value: Uint8Array | null;
  readonly boolean_value_mask: Uint8Array | null;
  readonly integer_value: BigInt64Array | null;
  readonly integer_value_mask: Uint8Array | null;
  readonly float_value: Float32Array | null;
  readonly float_value_mask: Uint8Array | null;
  /** Index into `labels.categories`; -1 where missing. */
  readonly categorical_value: Int32Array | null;
  readonly is_censored: Uint8Array | null;
  /** Nested only: 1 for each event of `[B, E]` that is one. */
  readonly event_mask: Uint8Array | null;
  /** Packed only: of each place the number of its sample in the batch, from 1; 0 = PAD. */
  readonly segment_ids: Int32Array | null;
  /** Packed only, `[B + 1]`: where each sample begins, and where the last one ends. */
  readonly cu_seqlens: Int32Array | null;
  /** Packed only: of each place its number in its sample, from 0. */
  readonly positions: Int32Array | null;
  /** With this as `resume`, a loader goes on after this batch; plain data for JSON. */
  readonly resume: LoaderState;
}
/** Samples as arrays, ready for tensors: see {@link BatchBase} and {@link FieldArrays}. Fields that were not asked for have length 0. */
export type Batch<F extends BatchField = DefaultField> = BatchBase & {
  readonly [K in F]: FieldArrays[K];
};
/** Where a loader stands in an epoch. */
export interface LoaderState {
  readonly version: 1;
  readonly seed: number;
  readonly epoch: number;
  /** Batches of all ranks that were taken. */
  readonly batches: number;
  /** Samples in the order that they were made of. */
  readonly position: number;
  /** What the order depends on besides: the samples themselves, and how batches are formed of them. */
  readonly order: string;
  /** Tells a token that was changed. */
  readonly check: string;
}
/** How {@link loader} makes batches. */
export interface LoaderOptions<F extends BatchField = DefaultField> {
  /** Samples of a batch; not with `tokens`. 1 to 2^31 - 1, as all sizes here. */
  readonly batchSize?: number | undefined;
  /**
   * Packs samples one after another into batches of at most so many rows, as FEMR does: no padding but at the end. At least the samples' `maxLength`
   * (where that counts events, a sample of more rows than this is an error when its turn comes). Not with `layout`, `bucket` or `padding: "left"`.
   */
  readonly tokens?: number | undefined;
  /** `padded` (`[B, S]`, the default) or `nested` (`[B, E, M]`: events, rows of each). */
  readonly layout?: "padded" | "nested" | undefined;
  /** On which side PAD stands. Default: `right`. */
  readonly padding?: "right" | "left" | undefined;
  /**
   * Pad to the longest sample of the batch (the default), or always to `maxLength` (or `tokens`). `max` needs a `maxLength` that counts what stands in a
   * row of the batch: measurements where it is padded, events where it is nested (whose third axis, rows of an event, is as long as the batch needs).
   */
  readonly padTo?: "longest" | "max" | undefined;
  /** Only these fields. Default: code, numeric_value, numeric_value_mask, time_delta_days, time. */
  readonly fields?: readonly F[] | undefined;
  /** `int64` for exported ONNX models. Default: `int32`. */
  readonly codeType?: "int32" | "int64" | undefined;
  /**
   * `code` and the targets hold the ids of this vocabulary, and not the store's: 0 = PAD, 1 = UNK. `numeric_value` holds z-scores where it was fitted with
   * them. The store may be another than the one that it was fitted on.
   */
  readonly vocabulary?: Vocabulary | undefined;
  /** Tasks of the field `time_to_event`. */
  readonly timeToEvent?: TimeToEvent | undefined;
  /** A random order (true), one that keeps neighbours in the store near each other (`local`), or the order of the samples (false, the default). */
  readonly shuffle?: boolean | "local" | undefined;
  /** Of the order and of the windows of `random` strategies. Any safe integer. Default: 0. */
  readonly seed?: number | undefined;
  /** Another number gives another order and other windows. Default: 0. */
  readonly epoch?: number | undefined;
  /** Puts samples of about the same length together, among so many batches: less padding. Not with `tokens`, which pads nothing. Default: none. */
  readonly bucket?: number | undefined;
  /** This process's number among `worldSize`. Default: 0 of 1. */
  readonly rank?: number | undefined;
  readonly worldSize?: number | undefined;
  /**
   * What becomes of batches that do not go round: `pad` (every rank has as many, all full; what is repeated has weight 0), `drop`, or `uneven` (every
   * sample once). Default: `uneven` for one rank, else `pad`.
   */
  readonly remainder?: "pad" | "drop" | "uneven" | undefined;
  /**
   * {@link BatchBase.resume} of the last batch that was used: begins right after it, also with another number of ranks. It belongs to its samples
   * (subjects, cut-offs and options) and its order: with others, or changed, it is an error.
   */
  readonly resume?: LoaderState | undefined;
  /** Memory for a batch's arrays, by name. Not with `workers`, whose memory is handed over. Default: fresh memory. */
  readonly allocate?: Allocate | undefined;
  /**
   * With `for await`: so many worker threads (1024 at most) make batches ahead of time, and this thread is free. Not with `allocate`, nor for samples
   * that are filtered by `where`: functions go to no other thread. Default: 0.
   */
  readonly workers?: number | undefined;
  /** Ends the iteration with `MEDS_CANCELLED`. */
  readonly signal?: AbortSignalLike | undefined;
}
/**
 * The batches of one epoch, for `for…of` and `for await…of`; {@link loader} makes it. Every iteration begins anew. Batches are formed of the one global
 * order first and dealt to the ranks then, in turn: so the order is the same for any number of ranks.
 */
export declare class Loader<F extends BatchField = DefaultField> implements Iterable<Batch<F>>, AsyncIterable<Batch<F>> {
  /** Made by this package only. */
  protected constructor();
  /** The fields that are filled. */
  readonly fields: ReadonlySet<BatchField>;
  /** What `categorical_value` points into. */
  readonly categories: readonly string[];
  /** The batches in order, made as they are asked for. */
  [Symbol.iterator](): Generator<Batch<F>, void, undefined>;
  /** The same, made ahead by `workers`, or with a turn of the event loop between batches. */
  [Symbol.asyncIterator](): AsyncGenerator<Batch<F>, void, undefined>;
}
/**
 * Makes batches of samples: `for (const batch of loader(…))`, or `for await`. Row-major typed arrays, ready for tensors; ids of the store's codes, 0 = PAD.
 * An iteration is one epoch.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for a wrong option; while batches are made `MEDS_CANCELLED`, `MEDS_CLOSED`, and `MEDS_LEAK` where a
 * damaged store has a row past the cut-off.
 * @example
 * ```ts
 * import { loader, PatientDatabase, samples } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const list = samples(db, { split: "train" }, { maxLength: 64, strategy: "random" });
 * for await (const batch of loader(list, { batchSize: 8, shuffle: true, seed: 1 })) {
 *   const [size, length] = batch.shape;
 *   console.log(size, length, batch.code.length, batch.numeric_value[0], batch.subject_id[0]);
 * }
 * db.close();
 * ```
 */
export declare function loader<F extends BatchField = DefaultField>(samples: Samples, options: LoaderOptions<F>): Loader<F>;
/** A writable stream of Node's: a file's, `process.stdout`, a socket. Named by what it has, so that these types need none of Node's. */
export interface WritableLike {
  write(chunk: Uint8Array): boolean;
  end(): unknown;
}
/**
 * Writes the batches of a loader to a stream as Arrow IPC, or to a file, which is there whole or not at all: `pyarrow.ipc.open_stream` reads it. Every
 * batch is a record batch with a row a sample: the fields that were asked for as fixed-size lists (`padTo: "max"` makes them equally long in all
 * batches), static rows as lists, labels with their nulls, subject_id, prediction_time, sample, weight and length. `time` is null at PAD and at static
 * rows without a time. Without samples the stream has a schema and no batch. Needs the package apache-arrow. Gives the number of batches.
 *
 * @throws MedsError `MEDS_MISSING_PACKAGE`; `MEDS_IO` for a file that cannot be written; `MEDS_INVALID_ARGUMENT` for batches that are not padded, or
 * not all of one width.
 * @example
 * ```ts
 * import { loader, PatientDatabase, samples, writeBatches } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const list = samples(db, { split: "train" }, { maxLength: 64 });
 * await writeBatches(loader(list, { batchSize: 8, padTo: "max" }), "batches.arrows");
 * db.close();
 * ```
 */
export declare function writeBatches<F extends BatchField>(loader: Loader<F>, out: WritableLike | string): Promise<{
  batches: number;
  samples: number;
}>;
interface OmopOptions {
  /**
   * Where the vocabulary is, where the tables do not have it, or not all of it: the folder of an Athena download (CONCEPT.csv, CONCEPT_RELATIONSHIP.csv, CONCEPT_ANCESTOR.csv), its
   * `.zip`, a single file of concepts such as `2b_concept.csv`, or a DuckDB database; CSV or Parquet. Of a concept that several have, the table `concept` of the tables counts first, then
   * the vocabularies in order; a note counts concepts that differ. Default: none.
   */
  readonly vocabulary?: string | readonly string[] | undefined;
  /**
   * Rows whose concept is 0 or not in the vocabulary become events with the code `UNMAPPED/<table>/<source value>`, where `<table>` is
   * what their column "table" says. Default: false, they are dropped and counted in the notes.
   */
  readonly keepUnmapped?: boolean | undefined;
  /**
   * Codes are concept ids, `OMOP/320128` (of the source concept where that is not 0, else of the standard concept), so that no vocabulary is needed; so are units and values that are
   * concepts. The column `source_value` (text, null where the source has none) keeps what the source calls the code. Rows of concept 0 need `keepUnmapped` too. Default: false.
   */
  readonly conceptIds?: boolean | undefined;
  /**
   * Tables in CSV only: leave out rows whose number of fields is not that of the header, and count them in the notes. Default: false, they are refused with
   * `MEDS_SOURCE_DAMAGED`.
   */
  readonly skipBadRows?: boolean | undefined;
}
/** How to convert. */
export interface ConvertOptions extends WorkOptions, OmopOptions {
  /** Convert only these columns, and always `subject_id`, `time` and `code`. Default: all columns. */
  readonly columns?: readonly string[] | undefined;
  /** Convert all columns except these. */
  readonly exclude?: readonly string[] | undefined;
  /**
   * Merge and sort subjects whose rows are not contiguous or whose times go backwards. Default: false, they are an error. The summary reports the
   * repair. Two files with the same rows remain an error (`MEDS_DUPLICATE_FILE`): their events would count twice. `reuse` and
   * {@link PatientDatabase.from} accept the store with or without this option.
   */
  readonly repair?: boolean | undefined;
  /** Replace a store that exists at the target. Default: false. */
  readonly force?: boolean | undefined;
  /** Keep the store at the target where it was made from this source with these options; replace any other store there. Default: false. */
  readonly reuse?: boolean | undefined;
  /**
   * For very large sources: `reuse` and {@link PatientDatabase.from} compare the names, sizes and modification times of the source's files. They
   * read the files only where these differ from those of the conversion, which must also have had this option. A file that is rewritten with
   * the same size and time is then not noticed. Default: false, the contents are compared; files that are known to be unchanged are not read again.
   */
  readonly trustTimes?: boolean | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /**
   * The most memory to use, in bytes. Default: 512 MiB. A `meds_reader` database needs more: the texts that several subjects share (at most
   * 1 GiB per column), and one subject's record of each column that is being read.
   */
  readonly memory?: number | undefined;
  /** Bytes per shard. Default: 512 MiB. */
  readonly shardBytes?: number | undefined;
  /**
   * Also write an inverted index: for each code, the patients that have it and their rows. It makes searches for the rows of rare codes faster.
   * The summary reports its bytes. Default: false. `reuse` and `from` also accept a store with an index where this option is false.
   */
  readonly index?: boolean | undefined;
  /** Folder for temporary files, of `repair` and of a source that is unpacked. Default: beside the store. */
  readonly temp?: string | undefined;
  /**
   * Fail with `MEDS_ROWS_DROPPED`, before anything is written, where the conversion drops more than a tenth of a table's rows: where its notes
   * have one of kind `dropped`. With `reuse` this applies to the conversion that made the store. Only OMOP tables can lose rows. Default: false.
   */
  readonly strict?: boolean | undefined;
}
/** What a conversion did. */
export interface Summary {
  /** Path of the store. */
  readonly store: string;
  /** The store existed already (option `reuse`): nothing was written. */
  readonly reused: boolean;
  readonly patients: number;
  readonly events: number;
  readonly codes: number;
  readonly columns: number;
  readonly shards: number;
  readonly sourceBytes: number;
  readonly storeBytes: number;
  /** Bytes of the inverted index, which are part of `storeBytes`; 0 without an index. */
  readonly indexBytes: number;
  /** Seconds of work, without `fsyncSeconds`. */
  readonly seconds: number;
  /** Seconds to save the files on the disk. */
  readonly fsyncSeconds: number;
  /** What was dropped, skipped, changed or repaired, and why. Notes of kind `dropped` come first: tables that lose more than a tenth of their rows. */
  readonly notes: readonly Note[];
}
/**
 * Converts a source into a store, on its own threads and in bounded memory. The source is MEDS (a folder with `data/**\/*.parquet` and
 * `metadata/`, or one Parquet file), or a database of `meds_reader` (Python; version 2, recognized by its file `meds_reader.version`). Either may
 * be in a `.zip`, `.tar.gz` or `.tar`, which is unpacked beside the store during the conversion. A database does not keep empty texts: a text
 * that was "" in its own source is null. The store appears complete or not at all. Missing folders above it are made. Where its path is a link to
 * a store, the store behind the link is meant.
 *
 * OMOP CDM 5.3 or 5.4 tables (a folder of CSV, CSV.gz or Parquet, an archive of one, or a DuckDB database) first become a MEDS dataset in a
 * temporary folder, as meds_etl makes it. This requires that the package `@duckdb/node-api` is installed.
 *
 * @throws MedsError `MEDS_STORE_EXISTS`, `MEDS_NO_DATA`, `MEDS_SOURCE_DAMAGED`, `MEDS_SOURCE_VERSION`, `MEDS_TABLE_FORMAT`, `MEDS_DUPLICATE_FILE`,
 * `MEDS_NOT_CONTIGUOUS`, `MEDS_TIME_ORDER`,
 * `MEDS_SCHEMA_CONFLICT`, `MEDS_CANCELLED`, `MEDS_DISK_FULL` and others that name the file and the subject. For OMOP tables also `MEDS_MISSING_PACKAGE`
 * where DuckDB is not installed, `MEDS_NO_VOCABULARY` where their vocabulary is missing, and `MEDS_ROWS_DROPPED` with `strict`.
 * @example
 * ```ts
 * import { convert } from "meds-reader";
 *
 * const summary = await convert("demo", "other.medsdb", { exclude: ["text_value"], onProgress: ({ phase, done, total }) => console.log(phase, done, total) });
 * console.log(summary.patients, summary.events);
 * ```
 */
export declare function convert(source: string, store: string, options?: ConvertOptions): Promise<Summary>;
/** How to write a store as a MEDS dataset: see {@link PatientDatabase.export}. */
export interface DatasetOptions extends WorkOptions {
  /**
   * Round the values of a `numeric_value` that is float64 in the store to MEDS's float32, and count the values that change. Default: false, every
   * value is kept. Then MEDS's own validation refuses the column, and a note reports this.
   */
  readonly float32?: boolean | undefined;
  /** Compression of the Parquet files. Default: `zstd`. */
  readonly compression?: "zstd" | "snappy" | undefined;
  /** The most rows per Parquet file. A patient is never divided, so a file of one patient may have more. Default: 5,000,000. */
  readonly rowsPerFile?: number | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
}
/** The result of {@link PatientDatabase.export}. */
export interface Exported {
  /** Path of the dataset. */
  readonly out: string;
  readonly patients: number;
  readonly events: number;
  /** Parquet files below `data/`. */
  readonly files: number;
  /** Bytes of all files. */
  readonly bytes: number;
  readonly seconds: number;
  /** What differs from the source of the store, and why. */
  readonly notes: readonly Note[];
}
/**
 * What the source says of itself, and what became of it.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * console.log(db.metadata.dataset?.dataset_name, db.metadata.notes);
 * db.close();
 * ```
 */
export declare class Metadata {
  /** Made by this package only. */
  protected constructor();
  /** The store's content id: 32 hexadecimal digits; equal for equal sources and options (an index changes nothing in it). */
  readonly id: string;
  /** Files of the source's metadata folder, relative to it, as they stand in the store's `metadata/`. */
  readonly files: readonly string[];
  /** What the conversion skipped, changed or repaired, and why. */
  readonly notes: readonly Note[];
  /** Bytes of the store's files. */
  readonly bytes: number;
  /** Bytes of the inverted index among them (`convert(…, { index: true })`); 0 where the store has none. */
  readonly indexBytes: number;
  /** Number of shards. */
  readonly shards: number;
  /**
   * `dataset.json` (dataset_name, dataset_version, etl_name, meds_version, created_at, …); null where the source has none. NaN and infinities, which
   * Python writes and JSON has not, are null here; the store's copy of the file is the source's, byte for byte.
   *
   * @throws MedsError `MEDS_METADATA` where it is no JSON object.
   */
  get dataset(): Readonly<Record<string, unknown>> | null;
  /** What `JSON.stringify` writes. */
  toJSON(): {
    readonly [name: string]: unknown;
  };
}
/** How to open a store. */
export interface OpenOptions {
  /** Check every byte first. For a large store this takes seconds instead of milliseconds. Default: false. */
  readonly verify?: boolean | undefined;
}
/** How {@link PatientDatabase.from} converts and opens. */
export interface FromOptions extends Omit<ConvertOptions, "force" | "reuse">, OpenOptions {
  /** Path of the store. Default: `SOURCE.medsdb`, beside the source. */
  readonly store?: string | undefined;
}
/**
 * A MEDS dataset, open for reading. Files are mapped and not read: opening takes milliseconds, and a column that is never used takes no memory.
 * Times are microseconds since 1970-01-01.
 *
 * A type parameter declares the types of further columns: `PatientDatabase.open<{ unit: string; hadm_id: bigint }>(path)`. Then a name that is
 * not among them is a type error.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * console.log(db.size, db.eventCount, db.splits);
 * for (const patient of db.split("train")) {
 *   const last = patient.at(-1);
 *   console.log(patient.subjectId, last?.date, last?.code);
 * }
 * db.close();
 * ```
 */
export declare class PatientDatabase<S extends object = AnySchema> extends Cohort<S> {
  /** Made by this package only. */
  protected constructor();
  /**
   * Opens a store. Its manifest, index of patients and codes are checked now. A shard is checked when its first patient is read.
   *
   * @throws MedsError `MEDS_NOT_FOUND`, `MEDS_NOT_A_STORE`, `MEDS_STORE_VERSION`, `MEDS_CORRUPT`, `MEDS_UNSUPPORTED_RUNTIME`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open<{ unit: string }>("demo.medsdb", { verify: true });
   * console.log(db.at(0)?.at(-1)?.get("unit"));
   * db.close();
   * ```
   */
  static open<S extends object = AnySchema>(path: string, options?: OpenOptions): PatientDatabase<S>;
  /**
   * Opens the store of a source (any that {@link convert} takes). Where the store is missing, or the source has changed, it is made first. Several
   * processes may do this at the same time: one converts, and the others wait. A store that is damaged is an error, and is not replaced.
   *
   * @throws MedsError as {@link convert} and {@link PatientDatabase.open} do.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = await PatientDatabase.from("demo");
   * console.log(db.size);
   * db.close();
   * ```
   */
  static from<S extends object = AnySchema>(source: string, options?: FromOptions): Promise<PatientDatabase<S>>;
  /** All columns except `subject_id`: name, type in the source, nullable, storage. */
  get columns(): readonly ColumnInfo[];
  /** The table of codes. */
  get codes(): CodeTable;
  /** Number of patients with rows per split; empty where the source does not have splits. */
  get splits(): ReadonlyMap<string, number>;
  /** `dataset.json`, the notes of the conversion, and the names of the metadata files. */
  get metadata(): Metadata;
  /** Number of shards, the files that contain the events: see {@link PatientDatabase.exportC}. */
  get shardCount(): number;
  /**
   * All patients as a Table of the package `apache-arrow`, which must be installed. It has one row per patient in storage order, one record batch
   * per shard, and the columns of the shards' files (`subject_id`; `events`, a list of structs; `sparse`, a struct of lists). Nothing is copied.
   * All offsets are checked first. After `close()` its buffers are empty: reading it returns nothing, or throws errors of apache-arrow.
   *
   * @throws MedsError `MEDS_MISSING_PACKAGE` where apache-arrow is not installed; `MEDS_CORRUPT` where the store is damaged.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const table = await db.toArrow();
   * console.log(table.numRows, table.schema.fields.map((field) => field.name));
   * db.close();
   * ```
   */
  toArrow<T = ArrowTable>(): Promise<T>;
  /**
   * Passes a shard to other native code in this process, without a copy. {@link ArrowExport} describes who owns the memory, and for how long. The
   * name follows pyarrow's `_export_to_c`. The whole structure of the shard is checked first (offsets, dictionary indexes, text): this takes some
   * tenths of a second for 512 MiB.
   *
   * @throws MedsError `MEDS_OUT_OF_RANGE` for a shard that does not exist; `MEDS_CORRUPT` where the store is damaged.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (let shard = 0; shard < db.shardCount; shard += 1) {
   *   const exported = db.exportC(shard);
   *   // addon.importArrow(exported.schema, exported.array); it owns the structs from now on
   *   exported.release(); // does nothing after an import
   * }
   * db.close();
   * ```
   */
  exportC(shard: number): ArrowExport;
  /**
   * Writes the store as a MEDS 0.4 dataset: Parquet files `data/SPLIT/N.parquet` (`data/N.parquet` for patients without a split), and metadata that
   * MEDS's own validation (the Python package `meds`) accepts. Subjects ascend in each file, and a subject's rows keep the store's order. A split
   * whose name is not safe as the name of a folder is written to a folder with another name; a note reports it. A store made from the dataset has
   * the same patients, rows, splits and codes; the order of its patients follows the files. The dataset appears complete or not at all.
   *
   * @throws MedsError `MEDS_STORE_EXISTS` where the path exists; `MEDS_STORE_REPLACED` where this store was replaced by another one;
   * `MEDS_CORRUPT`, `MEDS_CANCELLED`, `MEDS_DISK_FULL`, `MEDS_PERMISSION`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { files, bytes, notes } = await db.export("demo-meds");
   * console.log(files, bytes, notes);
   * db.close();
   * ```
   */
  export(out: string, options?: DatasetOptions): Promise<Exported>;
  /** Path of the store, to open it in a worker. */
  get path(): string;
  /** Unmaps the store. Later use of anything from it throws `MEDS_CLOSED`, and its typed arrays have length 0. May be called twice. */
  close(): void;
  /** The same as {@link PatientDatabase.close}: `using db = PatientDatabase.open(path)`. */
  [Symbol.dispose](): void;
}
/** What the function of a pass gets besides patients and `args`. */
export interface PassContext {
  /** The store, open in this thread: its codes, splits and metadata. */
  readonly db: PatientDatabase;
  /** The index of the chunk of this call, and the number of chunks. */
  readonly chunk: number;
  readonly chunks: number;
}
/**
 * The function of a module for {@link Cohort.map}. It is called once per chunk of patients, and may iterate over them more than once. Where it
 * returns an array or an iterator (such as a generator's), sync or async, each item is a result. Any other value but undefined is one result.
 * Results are cloned to the caller's thread.
 *
 * @example
 * ```ts
 * import type { MapFunction } from "meds-reader";
 *
 * const longest: MapFunction<{ id: bigint; rows: number }, { least: number }> = function* (patients, { least }) {
 *   for (const patient of patients) if (patient.length >= least) yield { id: patient.subjectId, rows: patient.length };
 * };
 * export default longest;
 * ```
 */
export type MapFunction<T = unknown, A = unknown, S extends object = AnySchema> = (patients: Iterable<Patient<S>>, args: A, context: PassContext) => Iterable<T> | AsyncIterable<T> | T | Promise<Iterable<T> | AsyncIterable<T> | T>;
/** The function of a module for {@link Cohort.mapWithLabels}: like {@link MapFunction}, with each patient's labels in the order of the table. */
export type MapWithLabelsFunction<T = unknown, A = unknown, S extends object = AnySchema> = (patients: Iterable<readonly [
  patient: Patient<S>,
  labels: readonly LabelRow[]
]>, args: A, context: PassContext) => Iterable<T> | AsyncIterable<T> | T | Promise<Iterable<T> | AsyncIterable<T> | T>;
/** The function of a module for {@link Cohort.reduce}: its return value, also an array, is the chunk's result. */
export type ReduceFunction<P = unknown, A = unknown, S extends object = AnySchema> = (patients: Iterable<Patient<S>>, args: A, context: PassContext) => P | Promise<P>;
/**
 * The function of a module for {@link Cohort.label}. It is called for each patient, and returns one label, several labels or nothing.
 *
 * @example
 * ```ts
 * import type { LabelFunction } from "meds-reader";
 *
 * const long: LabelFunction = (patient) => {
 *   const { lastTime } = patient;
 *   return lastTime === null ? [] : [{ predictionTime: lastTime, booleanValue: patient.length > 1000 }];
 * };
 * export default long;
 * ```
 */
export type LabelFunction<A = unknown, S extends object = AnySchema> = (patient: Patient<S>, args: A, context: PassContext) => Iterable<AskedLabel> | AskedLabel | null | undefined | Promise<Iterable<AskedLabel> | AskedLabel | null | undefined>;
/**
 * A table of times of prediction without anything to predict: admissions, say, or their ends.
 *
 * @throws MedsError when it is applied: `MEDS_INVALID_ARGUMENT` for what is no choice of times, `MEDS_UNKNOWN_COLUMN`, `MEDS_COLUMN_TYPE`.
 * @example
 * ```ts
 * import { PatientDatabase, predictionTimes } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const discharges = await db.label(
 *   predictionTimes({ start: { prefix: "HOSPITAL_ADMISSION" }, end: { prefix: "HOSPITAL_DISCHARGE" }, at: "end" }),
 * );
 * console.log(discharges.size, discharges.columns);
 * db.close();
 * ```
 */
export declare function predictionTimes(at: PredictionTimes): Labeler;
/** Which selection of few labels is meant. */
export interface ShotChoice {
  /** Labels of each class; -1 for all. */
  readonly k: number;
  /** Which draw. Default: 0. */
  readonly replicate?: number | undefined;
  /** A task that has several (`chexpert`) is told which. Default: the only one. */
  readonly subTask?: string | undefined;
}
/** Labels to learn from and to test on, all of them `boolean_value`. */
export interface ShotSelection {
  readonly train: Labels;
  readonly tuning: Labels;
  /** All labels of held-out subjects, whatever k. */
  readonly held_out: Labels;
  readonly report: ShotReport;
}
/** How a selection fits the labels. */
export interface ShotReport {
  /** Entries of the file that no label of the table has the subject and time of: they are not in the selection. */
  readonly unmatched: {
    readonly train: number;
    readonly tuning: number;
  };
  /** Entries whose value is not what the label's own would be as true or false: the file's is taken. */
  readonly differing: {
    readonly train: number;
    readonly tuning: number;
  };
}
/**
 * EHRSHOT's few-shot selections (`few_shots_data.json`, `all_shots_data.json`), taken as they are: for each sub-task, k and replicate, which labels to
 * train and tune on.
 *
 * An entry of the file means a label by subject and time, and stands as often in the selection as in the file (a class that is short was drawn with
 * repeats). Its value is the file's, which is true or false for every task. Times are compared to the minute: EHRSHOT sets the seconds to 0 when it
 * loads labels and so the file has none; the selection keeps the time of the label. Several labels of a subject in one minute are taken in turn, those
 * with the file's value first.
 *
 * Source: the selections of the EHRSHOT benchmark (Wornow et al. 2023).
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { Labels, Shots, Splits } from "meds-reader";
 *
 * // Really: Labels.open("benchmark/guo_icu"), Splits.open("splits/person_id_map.csv"), Shots.open("benchmark/guo_icu/all_shots_data.json").
 * const predictionTime = new Date("2150-03-01T12:30:59Z");
 * const labels = Labels.from([1, 2, 3].map((subjectId) => ({ subjectId, predictionTime, booleanValue: subjectId > 1 })));
 * const splits = Splits.from({ train: [1], tuning: [2], held_out: [3] });
 * const draw = {
 *   patient_ids_train_k: [1],
 *   label_times_train_k: ["2150-03-01T12:30:00"],
 *   label_values_train_k: [0],
 *   patient_ids_val_k: [2],
 *   label_times_val_k: ["2150-03-01T12:30:00"],
 *   label_values_val_k: [1],
 * };
 * writeFileSync("few_shots_data.json", JSON.stringify({ guo_icu: { 1: { 0: draw } } }));
 *
 * const shots = await Shots.open("few_shots_data.json");
 * for (const k of shots.sizes()) {
 *   const { train, tuning, held_out, report } = shots.select(labels, splits, { k, replicate: 0 });
 *   console.log(k, train.size, tuning.size, held_out.size, report.unmatched);
 * }
 * ```
 */
export declare class Shots {
  /** Made by this package only. */
  protected constructor();
  /** The file. */
  readonly path: string;
  /** The sub-tasks: the task itself, or the findings of `chexpert`. */
  readonly subTasks: readonly string[];
  /**
   * Reads a `*_shots_data.json`.
   *
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_SOURCE_DAMAGED` for what is no JSON object.
   */
  static open(path: string): Promise<Shots>;
  /**
   * The k that a sub-task has, ascending, -1 (all labels) last.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a sub-task that the file has not; `MEDS_SOURCE_DAMAGED`.
   */
  sizes(subTask?: string): readonly number[];
  /**
   * The replicates that a sub-task has for a k, ascending.
   *
   * @throws MedsError as {@link Shots.sizes}, also for a k that the file has not.
   */
  replicates(k: number, subTask?: string): readonly number[];
  /**
   * Labels of a selection. `labels` are all of the task's, with their own values: those of held-out subjects are made true or false as EHRSHOT does
   * ({@link Shots.binary}).
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a selection that the file has not; `MEDS_SPLIT_CONFLICT` where the file trains or tunes on a subject
   * that the splits put elsewhere; `MEDS_UNKNOWN_SPLIT` where no subject is held out; `MEDS_COLUMN_TYPE`; `MEDS_SOURCE_DAMAGED`.
   */
  select(labels: Labels, splits: Splits, choice: ShotChoice): ShotSelection;
  /**
   * Labels as true or false, as EHRSHOT scores a sub-task: labs (`lab_…`) are true from 1 on, a finding of `chexpert` is its bit (of 14, "No Finding"
   * the highest), and what has `boolean_value` is taken as it is. A label without a value stays without.
   *
   * @throws MedsError `MEDS_COLUMN_TYPE` for labels that have no such value, `MEDS_VALUE_RANGE` for a `chexpert` value of more than 14 bits.
   */
  static binary(labels: Labels, subTask: string): Labels;
}
/** Which patients to keep, and how. With several choices a patient must meet all of them. At least one choice is required. */
export interface FilterOptions extends WorkOptions {
  /**
   * Subject ids, or the path of a file that lists them: a text file with one id per line, CSV with a column `subject_id` or `patient_id`, or
   * Parquet with such a column (`.parquet`).
   */
  readonly ids?: Iterable<SubjectId> | string | undefined;
  /** A split of the store. */
  readonly split?: string | undefined;
  /** Codes: a patient must have at least one of them. A text that ends in `*`, and is not a code itself, means all codes that begin with it. */
  readonly withCode?: string | readonly string[] | undefined;
  /** Ids and codes that are not in the store are counted in the summary's notes. Default: false, they are an error. */
  readonly ignoreMissing?: boolean | undefined;
  /** Replace a store that exists at the target. Default: false. */
  readonly force?: boolean | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** The most memory to use, in bytes. Default: 512 MiB. */
  readonly memory?: number | undefined;
  /** Bytes of a shard. Default: those of the store. */
  readonly shardBytes?: number | undefined;
  /** Also write an inverted index. Default: true where the store has one. */
  readonly index?: boolean | undefined;
}
/**
 * Writes some of a store's patients as a new store. Their rows are copied in the store's order, and all counts (codes, nulls, splits) are
 * made again: the result is the store that a conversion of only these patients would make. `subject_splits.parquet` keeps only their rows; all
 * other metadata files are copied unchanged. The manifest records which store the new one was made from, and how. Where no file is needed,
 * {@link Cohort.subset} makes a view.
 *
 * @throws MedsError `MEDS_UNKNOWN_SUBJECT` for ids that are not in the store (the message lists the first ten); `MEDS_UNKNOWN_SPLIT`;
 * `MEDS_INVALID_ARGUMENT` for codes that no event has, and where no patients are chosen; `MEDS_STORE_EXISTS`; what {@link PatientDatabase.open}
 * throws; `MEDS_PERMISSION`, `MEDS_DISK_FULL` and other failures of the system.
 * @example
 * ```ts
 * import { filter } from "meds-reader";
 *
 * const { patients, events } = await filter("demo.medsdb", "train.medsdb", { split: "train", withCode: "LAB//*" });
 * console.log(patients, events);
 * ```
 */
export declare function filter(store: string, out: string, options: FilterOptions): Promise<Summary>;
/** Which dataset to make. Sizes set here replace those of the preset. */
export interface GenerateOptions extends WorkOptions {
  /** A size by name: `demo` (100 patients, 100,000 events; the default), `medium` (1,000 and 5.7 million), `ehrshot` (6,739 and 42 million). */
  readonly preset?: "demo" | "medium" | "ehrshot" | undefined;
  /** Number of patients. */
  readonly patients?: number | undefined;
  /** Number of events, including static ones; at least 4 per patient. Default: 1,000 per patient. */
  readonly events?: number | undefined;
  /** Number of distinct codes to draw from. Default: 300 to 30,000, growing with the number of events. */
  readonly codes?: number | undefined;
  /** The same seed makes the same bytes. Default: 0. */
  readonly seed?: number | undefined;
  /** Number of Parquet files: 1 (`data/data.parquet`, the default), or 3 and more (`data/train/0.parquet`, …). */
  readonly files?: number | undefined;
  /** Subject ids: ascending numbers of eight digits (`sequential`, the default), or hashes that use all 64 bits (`hashed`). */
  readonly ids?: "sequential" | "hashed" | undefined;
  /** Compression of the Parquet files. Default: `snappy`. */
  readonly compression?: "snappy" | "zstd" | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
}
/** The result of {@link generate}. */
export interface Generated {
  /** Path of the dataset. */
  readonly out: string;
  readonly patients: number;
  readonly events: number;
  /** Codes that events were drawn from. In a small dataset some rare codes occur in no event. */
  readonly codes: number;
  /** Parquet files below `data/`. */
  readonly files: number;
  /** Rows per task below `labels/`. */
  readonly labels: Readonly<Record<string, number>>;
  /** Bytes of all files. */
  readonly bytes: number;
  readonly seconds: number;
}
/**
 * Makes a synthetic MEDS dataset of realistic shape. It is for trials of software, never for conclusions about patients. It appears complete or
 * not at all.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for sizes that do not fit together and for a folder that is not empty; `MEDS_CANCELLED`,
 * `MEDS_DISK_FULL`, `MEDS_PERMISSION`.
 * @example
 * ```ts
 * import { generate } from "meds-reader";
 *
 * const made = await generate("synthetic", { patients: 20, seed: 1 });
 * console.log(made.patients, made.events);
 * ```
 */
export declare function generate(out: string, options?: GenerateOptions): Promise<Generated>;
/**
 * The codes of {@link MedsError}. Programs match on them: a code is never renamed, a new cause gets a new one.
 *
 * `MEDS_CLOSED`, `MEDS_UNKNOWN_COLUMN`, `MEDS_UNKNOWN_SPLIT`, `MEDS_UNKNOWN_SUBJECT`, `MEDS_UNSAFE_NUMBER` and `MEDS_OUT_OF_RANGE` come from
 * reading; `MEDS_PASS_FAILED` from what a caller's own function threw in a worker thread (it is the `cause`); `MEDS_BUNDLED` from importing the package in
 * a bundle that contains a copy of it; the others from opening, converting and verifying too.
 */
export type MedsErrorCode = "MEDS_BUNDLED" | "MEDS_CANCELLED" | "MEDS_CLOSED" | "MEDS_COLUMN_TYPE" | "MEDS_CORRUPT" | "MEDS_DISK_FULL" | "MEDS_DUPLICATE_FILE" | "MEDS_FITTED_FILE" | "MEDS_INTERNAL" | "MEDS_INVALID_ARGUMENT" | "MEDS_IO" | "MEDS_LABELS_EXIST" | "MEDS_LEAK" | "MEDS_METADATA" | "MEDS_MISSING_COLUMN" | "MEDS_MISSING_PACKAGE" | "MEDS_NOT_A_STORE" | "MEDS_NOT_CONTIGUOUS" | "MEDS_NOT_FOUND" | "MEDS_NO_DATA" | "MEDS_NO_SPLIT" | "MEDS_NO_VOCABULARY" | "MEDS_NULL_VALUE" | "MEDS_OTHER_IDS" | "MEDS_OUT_OF_RANGE" | "MEDS_PASS_FAILED" | "MEDS_PATIENT_TOO_LARGE" | "MEDS_PERMISSION" | "MEDS_ROWS_DROPPED" | "MEDS_SCHEMA_CONFLICT" | "MEDS_SOURCE_CHANGED" | "MEDS_SOURCE_DAMAGED" | "MEDS_SOURCE_VERSION" | "MEDS_SPLIT_CONFLICT" | "MEDS_STORE_EXISTS" | "MEDS_STORE_REPLACED" | "MEDS_STORE_VERSION" | "MEDS_TABLE_FORMAT" | "MEDS_TIME_ORDER" | "MEDS_TIME_RANGE" | "MEDS_UNKNOWN_COLUMN" | "MEDS_UNKNOWN_SPLIT" | "MEDS_UNKNOWN_SUBJECT" | "MEDS_UNSAFE_NUMBER" | "MEDS_UNSUPPORTED_RUNTIME" | "MEDS_VALUE_RANGE";
/**
 * Every error that this package throws on purpose: a stable `code` for programs, a sentence with the remedy for people.
 *
 * @example
 * ```ts
 * import { MedsError, PatientDatabase } from "meds-reader";
 *
 * try {
 *   PatientDatabase.open("no-such-store.medsdb");
 * } catch (error) {
 *   if (error instanceof MedsError) console.log(error.code); // MEDS_NOT_FOUND
 * }
 * ```
 */
export declare class MedsError extends Error {
  readonly name: string;
  /** The stable code, `MEDS_…`. */
  readonly code: MedsErrorCode;
  /** The file or folder that the error is about, where there is one. */
  readonly path: string | undefined;
  /** Made by this package; there is no need to make one. */
  constructor(code: MedsErrorCode, message: string, options?: {
    path?: string | undefined;
    cause?: unknown;
  });
}
/** A column of a source. */
export interface InspectedColumn {
  readonly name: string;
  /** Its type in the source; null where the source does not have types (CSV). */
  readonly type: string | null;
}
/** A table of OMOP CDM. */
export interface InspectedTable {
  /** Its name in lower case. */
  readonly name: string;
  readonly files: number;
  readonly rows: number;
  readonly columns: readonly InspectedColumn[];
}
/** The codes that have the same text before their first `/`. */
export interface CodePrefix {
  readonly prefix: string;
  /** Rows with such a code. */
  readonly rows: number;
  /** Those rows that have a time. */
  readonly timed: number;
  /** Those rows whose time is exactly midnight: most likely dates, of events whose hour is not known. */
  readonly midnight: number;
}
/** What a folder or file is. */
export interface Inspection {
  readonly path: string;
  /** `meds`: a dataset; `parquet`: a single Parquet file; `store`: a store of this package; `meds_reader`: a database of that program; `omop`: OMOP CDM. */
  readonly format: "meds" | "parquet" | "store" | "meds_reader" | "omop";
  /** The version of the format, from the source or from its columns; null where neither shows it. */
  readonly version: string | null;
  /** Files that contain rows. */
  readonly files: number;
  /** Bytes of these files. */
  readonly bytes: number;
  /** Rows of events (for OMOP: of all tables); null where they could not be read. */
  readonly rows: number | null;
  /** Subjects; null where they could not be counted. */
  readonly subjects: number | null;
  /** Columns of the events; empty for OMOP, where each table has its own. */
  readonly columns: readonly InspectedColumn[];
  /** The tables of OMOP CDM, by name; empty for every other format. */
  readonly tables: readonly InspectedTable[];
  /**
   * What a conversion would drop, skip or change, and why; for a store, what its conversion did. Notes of kind `dropped` come first, as in
   * {@link Summary.notes}.
   */
  readonly notes: readonly Note[];
  /** Why the source cannot be converted as it is: the message of the error that `convert` would throw; null where it can be converted. */
  readonly problem: string | null;
  /** The code of that error. */
  readonly problemCode: MedsErrorCode | null;
  /**
   * Codes by prefix, the most frequent first; null where a problem prevents it. For OMOP tables these are the codes that `convert` would make with
   * the same options. There a date becomes the last second of its day, which does not count as midnight.
   */
  readonly prefixes: readonly CodePrefix[] | null;
}
/** How to look at a source. */
export interface InspectOptions extends WorkOptions, OmopOptions {
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** OMOP tables only: the most memory for the search of their codes, in bytes. Default: 512 MiB. */
  readonly memory?: number | undefined;
}
/**
 * Reports what a folder or file is, and what is in it, without a conversion: a MEDS dataset, a single Parquet file, a store, a `meds_reader`
 * database, or OMOP CDM in CSV, Parquet or a DuckDB database. For OMOP all rows are read, and the package `@duckdb/node-api` looks up their codes.
 * A `.zip`, `.tar.gz` or `.tar` of a dataset, tables or database is unpacked into the system's temporary folder and removed afterwards.
 *
 * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` for anything else, with what was looked for and what was found; `MEDS_PERMISSION` and other
 * failures of the system.
 * @example
 * ```ts
 * import { inspect } from "meds-reader";
 *
 * const found = await inspect("demo");
 * console.log(found.format, found.version, found.rows, found.subjects, found.problem);
 * for (const { prefix, timed, midnight } of found.prefixes ?? []) console.log(prefix, midnight / timed);
 * ```
 */
export declare function inspect(source: string, options?: InspectOptions): Promise<Inspection>;
/** How to verify. */
export interface VerifyOptions extends WorkOptions, Pick<OmopOptions, "vocabulary"> {
  /** Stop after this many differences. Default: 100. */
  readonly limit?: number | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** OMOP tables only: the most memory for their import, in bytes. Default: 512 MiB. */
  readonly memory?: number | undefined;
  /** OMOP tables only: folder for temporary files. Default: beside the store. */
  readonly temp?: string | undefined;
}
/** Where a store is damaged, or differs from its source. */
export interface Difference {
  /** What is there and what was expected. */
  readonly message: string;
  /** File of the store, relative to it; null for the source as a whole. */
  readonly path: string | null;
  /** Subject id, as decimal text: ids can exceed 2^53. */
  readonly subject: string | null;
  /** Row of the patient, from 0. */
  readonly row: number | null;
  readonly column: string | null;
}
/** The result of {@link verify}. */
export interface Verification {
  /** True where nothing differs. */
  readonly ok: boolean;
  /** The differences, up to the limit. */
  readonly differences: readonly Difference[];
}
/**
 * Checks every byte and invariant of a store. With a source it also compares every value of every column with the source. OMOP tables are imported
 * again for that, with the options of the store, into a temporary folder. Their form may differ from that of the conversion (Parquet instead of CSV).
 *
 * @throws MedsError where the store or the source cannot be opened at all; `MEDS_CANCELLED`; for OMOP tables also what {@link convert} throws.
 * @example
 * ```ts
 * import { verify } from "meds-reader";
 *
 * const { ok, differences } = await verify("demo.medsdb", "demo");
 * console.log(ok, differences);
 * ```
 */
export declare function verify(store: string, source?: string, options?: VerifyOptions): Promise<Verification>;
/** Rows, by their codes (a text that ends in `*` stands for all codes that begin so), or by the values of a column. */
export type RowChoice = {
  readonly codes: string | readonly string[];
} | {
  readonly column: string;
  readonly values: string | readonly string[];
};
type ChosenRows = {
  readonly codes: readonly string[];
} | {
  readonly column: string;
  readonly values: readonly string[];
};
interface BirthOptions {
  /** Microseconds, as decimal text; absent: nothing is left out. */
  readonly drop?: string;
  /** Absent: `end`, where the store has it. */
  readonly end?: string;
}
interface BillingOptions {
  readonly billing: ChosenRows;
  readonly visits: ChosenRows;
  readonly visit: string;
  readonly end: string;
}
interface MidnightOptions {
  readonly codes: readonly string[];
  /** Absent: `end`, where the store has it. */
  readonly end?: string;
}
interface VisitOptions {
  readonly visits: ChosenRows;
  readonly visit: string;
  /** Absent: `end`, where the store has it. */
  readonly end?: string;
}
type StepPlan = {
  readonly name: "billing_to_visit_end";
  readonly options: BillingOptions;
} | {
  readonly name: "visit_start_to_first_event";
  readonly options: VisitOptions;
} | {
  readonly name: "midnight_to_day_end";
  readonly options: MidnightOptions;
} | {
  readonly name: "before_birth_to_birth";
  readonly options: BirthOptions;
} | {
  readonly name: "icd10_to_icd10cm";
  readonly options: object;
};
/** A ready transform, for {@link transform}. */
export declare class ReadyTransform {
  /** Made by this package only. */
  protected constructor();
  /** Its name and options in full, as the manifest of the store keeps them. */
  readonly plan: StepPlan;
}
/** Which rows are of billing and of visits: see {@link billingToVisitEnd}. */
export interface BillingToVisitEnd {
  /** Rows of billing. Default: column `clarity_table` is one of STARR's tables of bills, as in FEMR. */
  readonly billing?: RowChoice | undefined;
  /** Rows that say when a visit ends. Default: column `clarity_table` is `shc_pat_enc` or `lpch_pat_enc`. */
  readonly visits?: RowChoice | undefined;
  /** The column that says to which visit a row belongs. Default: `visit_id`. */
  readonly visit?: string | undefined;
  /** The column of the times at which rows end (`timestamp[us]`). Default: `end`. */
  readonly end?: string | undefined;
}
/**
 * Billing codes to the end of their visit: bills are written when a visit is over, but some extracts date them at its start, where they tell a model
 * the diagnosis days before it was made. A row of billing that is dated before the end of its visit moves there, and so does its own end. Rows that
 * name no visit, or one without an end, stay, and are counted; of several ends of a visit the latest counts.
 *
 * FEMR's `move_billing_codes`. Where one code stands at one time in several visits, FEMR moves that of the lowest visit and leaves the others at the
 * start; here each goes to the end of its own.
 *
 * @example
 * ```ts
 * import { billingToVisitEnd } from "meds-reader";
 *
 * const stanford = billingToVisitEnd();
 * const mine = billingToVisitEnd({ billing: { codes: "ICD10CM/*" }, visits: { column: "table", values: "visit" } });
 * console.log(stanford.plan, mine.plan);
 * ```
 */
export declare function billingToVisitEnd(options?: BillingToVisitEnd): ReadyTransform;
/** Which rows are of visits: see {@link visitStartToFirstEvent}. */
export interface VisitStartToFirstEvent {
  /** Rows that say when a visit starts. Default: column `table` is `visit`, as meds_etl has it. */
  readonly visits?: RowChoice | undefined;
  /** The column that says to which visit a row belongs. Default: `visit_id`. */
  readonly visit?: string | undefined;
  /** The column of the times at which rows end. Default: `end`, where the store has it. */
  readonly end?: string | undefined;
}
/**
 * The start of a visit to the visit's first event: where only the day of a visit is known, it is dated at midnight, before the patient came. The earliest
 * rows of a visit move to the first other row of the same visit that is dated after them, an exact start too; their ends are then not before it. A visit
 * without such a row stays, and so do later rows of the visit itself, such as its end.
 *
 * FEMR's `move_visit_start_to_first_event_start`, where visits with rows at several times are an error.
 *
 * @example
 * ```ts
 * import { visitStartToFirstEvent } from "meds-reader";
 *
 * console.log(visitStartToFirstEvent({ visits: { codes: "HOSPITAL_ADMISSION*" }, visit: "hadm_id" }).plan);
 * ```
 */
export declare function visitStartToFirstEvent(options?: VisitStartToFirstEvent): ReadyTransform;
/** Which rows are known by day: see {@link midnightToDayEnd}. */
export interface MidnightToDayEnd {
  /** Codes; a text that ends in `*` stands for all codes that begin so, `*` for all codes. */
  readonly codes: string | readonly string[];
  /** The column of the times at which rows end. Default: `end`, where the store has it. */
  readonly end?: string | undefined;
}
/**
 * Rows at exactly midnight to 23:59 of their day: what is known by day only is dated at its first moment, before it happened, and a prediction made
 * at noon would know what came in the evening. Their ends at midnight move likewise. {@link inspect} tells by code prefix how many rows stand at
 * midnight. Rows of birth stay.
 *
 * FEMR's `move_to_day_end` does it with all rows, births among them.
 *
 * @example
 * ```ts
 * import { midnightToDayEnd } from "meds-reader";
 *
 * console.log(midnightToDayEnd({ codes: ["ICD10CM/*", "CPT4/*"] }).plan);
 * ```
 */
export declare function midnightToDayEnd(options: MidnightToDayEnd): ReadyTransform;
/** What becomes of rows before birth: see {@link beforeBirthToBirth}. */
export interface BeforeBirthToBirth {
  /** Rows that lie before birth by more than this are left out, and counted. Default: none is; FEMR leaves out what lies more than 30 days before. */
  readonly drop?: Duration | undefined;
  /** The column of the times at which rows end. Default: `end`, where the store has it. */
  readonly end?: string | undefined;
}
/**
 * Rows before birth to birth (the earliest row with a birth code, see {@link Patient.birthTime}); their ends are then not before it. Rows of a patient
 * without a time of birth stay, and such patients are counted. FEMR's `move_pre_birth`.
 *
 * @example
 * ```ts
 * import { beforeBirthToBirth } from "meds-reader";
 *
 * console.log(beforeBirthToBirth({ drop: { days: 30 } }).plan);
 * ```
 */
export declare function beforeBirthToBirth(options?: BeforeBirthToBirth): ReadyTransform;
/**
 * Codes `ICD10/…` to `ICD10CM/…`: diagnoses of American hospitals are ICD-10-CM, whatever the extract calls them. FEMR's `switch_to_icd10cm`. The store's
 * `codes.parquet` stays as it is: the new codes have the descriptions that it gives them under their new names.
 *
 * @example
 * ```ts
 * import { icd10ToIcd10cm, transform } from "meds-reader";
 *
 * const { notes } = await transform("demo.medsdb", "renamed.medsdb", icd10ToIcd10cm());
 * console.log(notes);
 * ```
 */
export declare function icd10ToIcd10cm(): ReadyTransform;
/** What a transform's function may give for a patient: rows in any order. */
export type TransformedRow<S extends object = AnySchema> = Event<S> | Row<S> | NewRow<S>;
/**
 * The function of a module for {@link transform}: of each patient the rows that the new store is to have. Events are kept as they are, with all columns;
 * `event.with({ … })` changes some; `{ time, code, … }` is a new row. Rows are put in order of time, static ones first; rows of one time stay in the order
 * in which they are given. null, or no row at all, leaves the patient out.
 *
 * @example
 * ```ts
 * import type { TransformFunction } from "meds-reader";
 *
 * // Systolic and diastolic pressure of one row, "120/80", as two.
 * const split: TransformFunction<{ code: string }, { text_value: string }> = function* (patient, { code }) {
 *   for (const event of patient) {
 *     const pressures = event.code === code ? event.get("text_value")?.split("/") : undefined;
 *     if (pressures === undefined) yield event;
 *     else for (const [i, name] of ["systolic", "diastolic"].entries()) yield event.with({ code: `${code}//${name}`, numeric_value: Number(pressures[i]), text_value: null });
 *   }
 * };
 * export default split;
 * ```
 */
export type TransformFunction<A = unknown, S extends object = AnySchema> = (patient: Patient<S>, args: A, context: PassContext) => Given<S> | Promise<Given<S>>;
type Given<S extends object> = Iterable<TransformedRow<S>> | AsyncIterable<TransformedRow<S>> | null;
/** How {@link transform} runs, and what the new store is like. */
export interface TransformOptions<A = unknown> extends PassOptions<A>, Pick<WorkOptions, "onProgress"> {
  /** New columns, by name, and their types as `db.columns` names them: `float32`, `int64`, `utf8`, `bool`, `timestamp[us]`, … not nested ones. */
  readonly columns?: Readonly<Record<string, string>> | undefined;
  /** Replace a store that stands at the target. */
  readonly force?: boolean | undefined;
  /** Bytes of memory for writing the store to stay below. Default: 512 MiB. Each worker thread has its own memory beside it, and the rows of one patient. */
  readonly memory?: number | undefined;
  /** Bytes of a shard. Default: those of the store. */
  readonly shardBytes?: number | undefined;
  /** Write an inverted index too. Default: where the store has one. */
  readonly index?: boolean | undefined;
  /** Folder for temporary files, of about the size of the source's Parquet. Default: beside the new store. */
  readonly temp?: string | undefined;
}
/**
 * Writes a store of changed rows: a function of a module is asked of every patient, in worker threads, and ready transforms
 * ({@link billingToVisitEnd}, {@link visitStartToFirstEvent}, {@link midnightToDayEnd}, {@link beforeBirthToBirth}, {@link icd10ToIcd10cm}) are taken after it, in
 * the order given. Rows that nothing changes keep every value of every column, bit by bit. The result is an ordinary store, laid out as a conversion lays it out; its metadata
 * folder is that of the first. The manifest keeps of which store, and how, it was made; the summary's notes count what was changed. It appears whole or not at all.
 *
 * @throws MedsError `MEDS_PASS_FAILED` where the function throws, or gives what is no row of its patient: the message names the subject, `cause` is
 * what was thrown; `MEDS_UNKNOWN_COLUMN`, `MEDS_COLUMN_TYPE` where a ready transform needs a column that the store has not, or another type;
 * `MEDS_STORE_EXISTS`, `MEDS_CANCELLED`; what {@link PatientDatabase.open} throws, and what the system refuses.
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { beforeBirthToBirth, transform } from "meds-reader";
 *
 * const module = new URL("./without-notes.mjs", import.meta.url);
 * writeFileSync(module, 'export default (patient) => [...patient].filter((event) => !event.code.startsWith("NOTE//"));');
 * const { events, notes } = await transform("demo.medsdb", "quiet.medsdb", [module, beforeBirthToBirth()]);
 * console.log(events, notes);
 * ```
 */
export declare function transform<A = unknown>(store: string, out: string, transforms: ModuleUrl | ReadyTransform | readonly (ModuleUrl | ReadyTransform)[], options?: TransformOptions<A>): Promise<Summary>;


export {};
