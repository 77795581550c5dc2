// The public API of meds-reader. Made by `npm run api` from src/: change it there.

declare global {
  interface SymbolConstructor {
    /** Node has it since 20; the ES2022 library does not know it yet. */
    readonly dispose: unique symbol;
  }
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
  /** `parent_codes` of the source's codes.parquet; empty where that has none. */
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
/** A subject id as callers give it: any int64 as bigint, or a safe integer. */
export type SubjectId = number | bigint;
/** What `JSON.stringify` makes of a value: see {@link Event.toJSON}. */
export type JsonValue = boolean | number | string | null | readonly JsonValue[] | {
  readonly [name: string]: JsonValue;
};
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
/** Something the conversion skipped, changed or repaired. */
export interface Note {
  /** `skipped`, `converted`, `repaired` or `warning`. */
  readonly kind: string;
  /** What and why. */
  readonly message: string;
  /** How many. */
  readonly count: number;
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
/** A point in time: microseconds since 1970-01-01 UTC as a safe integer or bigint, or a `Date`. */
export type TimeLike = number | bigint | Date;
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
/** Which patients a cohort is made of: subject ids, or slots (places in storage order: {@link Timeline.slot}). */
export type PatientChoice = Iterable<SubjectId> | {
  readonly ids: Iterable<SubjectId>;
} | {
  readonly slots: Iterable<number>;
};
/**
 * Patients of a store in storage order: all of them, a split, or a subset. A view: it holds slots, never patients.
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
  /** A copy of the slots, ascending: what workers and {@link Cohort.subset} take. */
  get slots(): Uint32Array;
  /** A copy of the subject ids, in storage order. */
  get subjectIds(): BigInt64Array;
  /**
   * The patient with an id; undefined where the cohort has none.
   *
   * @throws MedsError `MEDS_UNSAFE_NUMBER` for a number that is fractional or beyond 2^53: give such an id as bigint.
   */
  get(id: SubjectId): Patient<S> | undefined;
  /** Does the cohort have a patient with an id. */
  has(id: SubjectId): boolean;
  /** The patient at a place in storage order (in the whole database: the slot), from the end where negative; undefined outside. */
  at(place: number): Patient<S> | undefined;
  /** The patients in storage order. */
  [Symbol.iterator](): IterableIterator<Patient<S>>;
  /**
   * The chosen patients of this cohort as a view, in storage order, each once.
   *
   * @throws MedsError `MEDS_UNKNOWN_SUBJECT` for an id or slot that the cohort has not: filter with {@link Cohort.has} where that is expected.
   */
  subset(choice: PatientChoice): Cohort<S>;
  /**
   * The patients of a split, as a view.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT` where the dataset has no split of that name.
   */
  split(name: string): Cohort<S>;
  /** What `JSON.stringify` writes: which patients these are, and not what they hold. Each patient can be written: `JSON.stringify(patient)`. */
  toJSON(): {
    readonly path: string;
    readonly eventCount: number;
    readonly subjectIds: readonly string[];
  };
}
/** How far a piece of work is. */
export interface Progress {
  /** What is being done. */
  readonly phase: "start" | "wait" | "plan" | "measure" | "sort" | "write" | "check" | "finish";
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
/** How to convert. */
export interface ConvertOptions extends WorkOptions {
  /** Only these columns, besides `subject_id`, `time` and `code`. Default: all. */
  readonly columns?: readonly string[] | undefined;
  /** All columns but these. */
  readonly exclude?: readonly string[] | undefined;
  /**
   * Merge and sort subjects that are not contiguous or whose times go backwards, instead of refusing them. Reported in the summary. A store that was
   * made so is its source's store for `reuse` and {@link PatientDatabase.from} with and without this option.
   */
  readonly repair?: boolean | undefined;
  /** Replace a store that stands at the target. */
  readonly force?: boolean | undefined;
  /** Return the store that stands at the target where it was made from this very source with these options; replace a store that was not. */
  readonly reuse?: boolean | undefined;
  /** Threads; 0, the default, for all cores. */
  readonly threads?: number | undefined;
  /** Bytes of memory to stay below. Default: 512 MiB. */
  readonly memory?: number | undefined;
  /** Bytes of a shard. Default: 512 MiB. */
  readonly shardBytes?: number | undefined;
  /** Folder for temporary files. Default: beside the store. */
  readonly temp?: string | undefined;
}
/** What a conversion did. */
export interface Summary {
  /** Path of the store. */
  readonly store: string;
  /** The store was there already (option `reuse`), nothing was written. */
  readonly reused: boolean;
  readonly patients: number;
  readonly events: number;
  readonly codes: number;
  readonly columns: number;
  readonly shards: number;
  readonly sourceBytes: number;
  readonly storeBytes: number;
  /** Seconds of work, without those of `fsyncSeconds`. */
  readonly seconds: number;
  /** Seconds until the disk had all of it. */
  readonly fsyncSeconds: number;
  /** What was skipped, changed or repaired, and why. */
  readonly notes: readonly Note[];
}
/**
 * Converts a MEDS dataset (a folder with `data/**\/*.parquet` and `metadata/`) into a store, on threads of its own and in bounded memory. The store
 * appears whole or not at all. Folders above it are made; where the path is a link to a store, that store is meant.
 *
 * @throws MedsError `MEDS_STORE_EXISTS`, `MEDS_NO_DATA`, `MEDS_NOT_CONTIGUOUS`, `MEDS_TIME_ORDER`, `MEDS_SCHEMA_CONFLICT`, `MEDS_CANCELLED`,
 * `MEDS_DISK_FULL` and others that name file and subject.
 * @example
 * ```ts
 * import { convert } from "meds-reader";
 *
 * const summary = await convert("demo", "other.medsdb", { exclude: ["text_value"], onProgress: ({ phase, done, total }) => console.log(phase, done, total) });
 * console.log(summary.patients, summary.events);
 * ```
 */
export declare function convert(source: string, store: string, options?: ConvertOptions): Promise<Summary>;
/** How to verify. */
export interface VerifyOptions extends WorkOptions {
  /** Stop after this many differences. Default: 100. */
  readonly limit?: number | undefined;
  /** Threads; 0, the default, for all cores. */
  readonly threads?: number | undefined;
}
/** A place where a store is damaged, or differs from its source. */
export interface Difference {
  /** What was found and what was expected. */
  readonly message: string;
  /** File of the store, relative to it; null for the source as a whole. */
  readonly path: string | null;
  /** Subject id, as decimal text: ids go beyond 2^53. */
  readonly subject: string | null;
  /** Row of the patient, from 0. */
  readonly row: number | null;
  readonly column: string | null;
}
/** What a verification found. */
export interface Verification {
  /** Nothing differs. */
  readonly ok: boolean;
  /** What differs, up to the limit. */
  readonly differences: readonly Difference[];
}
/**
 * Checks every byte and invariant of a store and, given its source, every value of every column against it.
 *
 * @throws MedsError where the store cannot be opened at all.
 * @example
 * ```ts
 * import { verify } from "meds-reader";
 *
 * const { ok, differences } = await verify("demo.medsdb", "demo");
 * console.log(ok, differences);
 * ```
 */
export declare function verify(store: string, source?: string, options?: VerifyOptions): Promise<Verification>;
/** What dataset to make. Sizes that are given come before those of the preset. */
export interface GenerateOptions extends WorkOptions {
  /** A size by name: `demo` (100 patients, 100,000 events; the default), `medium` (1,000 and 5.7 million), `ehrshot` (6,739 and 42 million). */
  readonly preset?: "demo" | "medium" | "ehrshot" | undefined;
  /** Number of patients. */
  readonly patients?: number | undefined;
  /** Number of events, static ones included; at least 4 a patient. Default: 1,000 a patient. */
  readonly events?: number | undefined;
  /** Number of distinct codes to draw from. Default: grows with the number of events, 300 to 30,000. */
  readonly codes?: number | undefined;
  /** Equal seeds make equal bytes. Default: 0. */
  readonly seed?: number | undefined;
  /** Number of Parquet files: 1 (`data/data.parquet`, the default), or 3 and more (`data/train/0.parquet`, …). */
  readonly files?: number | undefined;
  /** Subject ids: ascending ones of eight digits (the default), or hashed ones, which use all 64 bits. */
  readonly ids?: "sequential" | "hashed" | undefined;
  /** Compression of the Parquet files. Default: `snappy`. */
  readonly compression?: "snappy" | "zstd" | undefined;
  /** Threads; 0, the default, for all cores. */
  readonly threads?: number | undefined;
}
/** What was made. */
export interface Generated {
  /** Path of the dataset. */
  readonly out: string;
  readonly patients: number;
  readonly events: number;
  /** Codes that events were drawn from; in a small dataset some rare ones have no event. */
  readonly codes: number;
  /** Parquet files below `data/`. */
  readonly files: number;
  /** Rows of each task below `labels/`. */
  readonly labels: Readonly<Record<string, number>>;
  /** Bytes of all files. */
  readonly bytes: number;
  readonly seconds: number;
}
/**
 * Makes a synthetic MEDS dataset of realistic shape: for trying things out, never for conclusions about patients. It appears whole or not at all.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for sizes that do not fit each other and for a folder that holds something; `MEDS_CANCELLED`,
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
  /** The store's content id: 32 hexadecimal digits; equal for equal sources and options. */
  readonly id: string;
  /** Files of the source's metadata folder, relative to it, as they stand in the store's `metadata/`. */
  readonly files: readonly string[];
  /** What the conversion skipped, changed or repaired, and why. */
  readonly notes: readonly Note[];
  /** Bytes of the store's files. */
  readonly bytes: number;
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
  /** Check every byte first: seconds instead of milliseconds for a large store. Default: false. */
  readonly verify?: boolean | undefined;
}
/** How {@link PatientDatabase.from} converts and opens. */
export interface FromOptions extends Omit<ConvertOptions, "force" | "reuse">, OpenOptions {
  /** Where the store stands. Default: beside the source, `SOURCE.medsdb`. */
  readonly store?: string | undefined;
}
/**
 * A MEDS dataset, open for reading. Files are mapped, not read: opening takes milliseconds, and a column that is asked for nowhere costs no
 * memory. Times are microseconds since 1970-01-01.
 *
 * A type parameter gives the further columns their types: `PatientDatabase.open<{ unit: string; hadm_id: bigint }>(path)`. A name that is not in
 * it is then a type error.
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
   * Opens a store. Manifest, index of patients and codes are checked now, a shard when the first of its patients is asked for.
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
   * Opens the store of a MEDS dataset, and makes it first where there is none or the source has changed since. Any number of processes may do so
   * at once: one converts, the others wait.
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
  /** The columns but `subject_id`: name, source's type, nullable, storage. */
  get columns(): readonly ColumnInfo[];
  /** The table of codes. */
  get codes(): CodeTable;
  /** Number of patients with rows in each split; empty where the source has no splits. */
  get splits(): ReadonlyMap<string, number>;
  /** `dataset.json`, notes of the conversion, names of the metadata files. */
  get metadata(): Metadata;
  /** Path of the store, for opening it in a worker. */
  get path(): string;
  /** Unmaps the store. Later use of anything that came from it throws `MEDS_CLOSED`; raw typed-array views have length 0. May be called twice. */
  close(): void;
  /** As {@link PatientDatabase.close}: `using db = PatientDatabase.open(path)`. */
  [Symbol.dispose](): void;
}
/**
 * The codes of {@link MedsError}. Programs match on them: a code is never renamed, a new cause gets a new one.
 *
 * `MEDS_CLOSED`, `MEDS_UNKNOWN_COLUMN`, `MEDS_UNKNOWN_SPLIT`, `MEDS_UNKNOWN_SUBJECT`, `MEDS_UNSAFE_NUMBER` and `MEDS_OUT_OF_RANGE` come from
 * reading; the others from opening, converting and verifying too.
 */
export type MedsErrorCode = "MEDS_CANCELLED" | "MEDS_CLOSED" | "MEDS_COLUMN_TYPE" | "MEDS_CORRUPT" | "MEDS_DISK_FULL" | "MEDS_INTERNAL" | "MEDS_INVALID_ARGUMENT" | "MEDS_IO" | "MEDS_METADATA" | "MEDS_MISSING_COLUMN" | "MEDS_NOT_A_STORE" | "MEDS_NOT_CONTIGUOUS" | "MEDS_NOT_FOUND" | "MEDS_NO_DATA" | "MEDS_NULL_VALUE" | "MEDS_OUT_OF_RANGE" | "MEDS_PATIENT_TOO_LARGE" | "MEDS_PERMISSION" | "MEDS_SCHEMA_CONFLICT" | "MEDS_SOURCE_CHANGED" | "MEDS_SOURCE_DAMAGED" | "MEDS_SPLIT_CONFLICT" | "MEDS_STORE_EXISTS" | "MEDS_STORE_REPLACED" | "MEDS_STORE_VERSION" | "MEDS_TIME_ORDER" | "MEDS_TIME_RANGE" | "MEDS_UNKNOWN_COLUMN" | "MEDS_UNKNOWN_SPLIT" | "MEDS_UNKNOWN_SUBJECT" | "MEDS_UNSAFE_NUMBER" | "MEDS_UNSUPPORTED_RUNTIME" | "MEDS_VALUE_RANGE";
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


export {};
