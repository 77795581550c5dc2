import { types } from "node:util";
import { type AsOf, type AsOfOptions, type AsOfPoints, asOf } from "../cohort/as-of.js";
import { type BinCountOptions, type BinCounts, countBins, type TimeBin } from "../cohort/bin-counts.js";
import { aggregateCodes, type CodeAggregates } from "../cohort/code-aggregates.js";
import {
  eventCountOf,
  indexIn,
  inShards,
  type Members,
  type PatientChoice,
  PatientIterator,
  type ShardChoice,
  sizeOf,
  slotsOf,
  splitOf,
  subjectIdsOf,
  subsetOf,
} from "../cohort/members.js";
import {
  type Aggregates,
  type CodeCounts,
  type CodeCountsEach,
  type CodeQueryOptions,
  type CodeRows,
  type Occurrences,
  Query,
  type QueryOptions,
} from "../cohort/query.js";
import { type WriteRowsOptions, writeRows } from "../cohort/row-file.js";
import { type RowArrays, type RowObject, type SelectOptions, selectRows, type UsualColumn } from "../cohort/select.js";
import { type WindowRows, type WindowRowsOptions, windowRows } from "../cohort/window-rows.js";
import { type LabelingOptions, labelPatients } from "../labelers/label.js";
import type { Labeler } from "../labelers/labeler.js";
import type { Labels } from "../labels/labels.js";
import type { NoteHits } from "../notes/hits.js";
import type { NoteQuery } from "../notes/pattern.js";
import type { NoteOptions } from "../notes/rows.js";
import { type NoteSearchOptions, searchNotes } from "../notes/search.js";
import { type NoteType, noteTypes } from "../notes/types.js";
import type { MapOptions, MapWithLabelsOptions, ReduceOptions } from "../passes/options.js";
import type { Pass } from "../passes/pass.js";
import type { CodeChoice } from "../store/choice.js";
import type { SubjectId } from "../store/ids.js";
import type { Store } from "../store/store.js";
import { expected } from "../support/arguments.js";
import { shownAs } from "../support/inspect.js";
import type { ModuleUrl } from "../support/module.js";
import type { TimeLike } from "../support/time.js";
import type { WritableLike } from "../support/writable.js";
import type { ArrowTable } from "../timeline/arrow.js";
import { type Patient, patientOf } from "../timeline/patient.js";
import type { AnySchema } from "../timeline/schema.js";
import type { LabelFunction, MapFunction, MapWithLabelsFunction, ReduceFunction } from "./functions.js";
import { mapLabelled, mapPatients, reducePatients } from "./run.js";

/**
 * Patients of a store in storage order: all of them, a split, or a subset. A cohort is a view: it contains
 * slots and no patients.
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
export class Cohort<S extends object = AnySchema> implements Iterable<Patient<S>> {
  /** @internal */
  readonly _store: Store;
  /** @internal Ascending; null for all patients. */
  readonly _slots: Uint32Array | null;
  /**
   * @internal The split that contains all these patients, where the caller named one. Without a split nothing
   * may be fitted on them.
   */
  readonly _split: string | null;

  /** @internal */
  constructor(store: Store, slots: Uint32Array | null, split: string | null = null) {
    this._store = store;
    this._slots = slots;
    this._split = split;
  }

  /** Number of patients. */
  get size(): number {
    return sizeOf(this);
  }

  /** Number of rows of these patients. */
  get eventCount(): number {
    return eventCountOf(this);
  }

  /** A copy of the slots, ascending: for workers and for {@link Cohort.subset}. */
  get slots(): Uint32Array {
    return slotsOf(this);
  }

  /** A copy of the subject ids, in storage order. */
  get subjectIds(): BigInt64Array {
    return subjectIdsOf(this);
  }

  /**
   * The patient with an id; undefined where the cohort does not contain it.
   *
   * @throws MedsError `MEDS_UNSAFE_NUMBER` for a number that is fractional or beyond 2^53: use a bigint for
   * such an id.
   */
  get(id: SubjectId): Patient<S> | undefined {
    const index = indexIn(this, id);
    return index < 0 ? undefined : patientOf<S>(this._store, index);
  }

  /** Whether the cohort contains a patient with this id. */
  has(id: SubjectId): boolean {
    return indexIn(this, id) >= 0;
  }

  /**
   * The patient at an index in storage order; for the whole database the index is the slot. A negative index
   * counts from the end. Undefined if there is no such patient.
   */
  at(index: number): Patient<S> | undefined {
    if (typeof index !== "number") return this._otherIndex(index);
    const slot = this._slots === null ? index : this._slots[index]!;
    const sorted = this._store.indexOf[slot];
    return sorted === undefined ? this._otherIndex(index) : patientOf<S>(this._store, sorted);
  }

  /** The patients in storage order. */
  [Symbol.iterator](): IterableIterator<Patient<S>> {
    this._store.check();
    return new PatientIterator<S>(this);
  }

  /**
   * The chosen patients of this cohort as a view, in storage order, each once.
   *
   * @throws MedsError `MEDS_UNKNOWN_SUBJECT` for an id or slot that is not in the cohort: filter with {@link
   * Cohort.has} where that is expected.
   */
  subset(choice: PatientChoice): Cohort<S> {
    return this._view(subsetOf(this, choice));
  }

  /**
   * The patients of a split, as a view.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT` where the dataset does not have a split of that name.
   */
  split(name: string): Cohort<S> {
    return this._view(splitOf(this, name));
  }

  /**
   * The patients in some shards (files of the store), as a view: `[0, 3]`, or `{ from: 0, to: 4 }` for 0 to 3.
   * Shards are counted from 0; their number is `db.metadata.shards`. A patient is never in two shards.
   *
   * Queries and passes over it read only the files of these shards. So several machines can each ask about
   * some shards; {@link mergeResults} makes their results one.
   *
   * @throws MedsError `MEDS_OUT_OF_RANGE` for a shard that does not exist.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const first = db.split("train").shards({ to: 1 });
   * console.log(first.size, (await first.countCodes()).events[db.codes.id("MEDS_BIRTH") ?? 0]);
   * db.close();
   * ```
   */
  shards(choice: ShardChoice): Cohort<S> {
    return this._view(inShards(this, choice));
  }

  /**
   * What `JSON.stringify` writes: which patients these are, without their rows. A patient can also be
   * written: `JSON.stringify(patient)`.
   */
  toJSON(): { readonly path: string; readonly eventCount: number; readonly subjectIds: readonly string[] } {
    return { path: this._store.path, eventCount: this.eventCount, subjectIds: Array.from(this.subjectIds, String) };
  }

  /**
   * The rows of many windows at once: for each subject its rows up to a time, as {@link Timeline.until}, {@link
   * Timeline.between} and {@link Timeline.last} cut them, without an object for each. A subject may occur any
   * number of times, in any order. The call finds all rows now, in native code on all cores, and returns when
   * it is done; a column is copied when it is first read.
   *
   * @param times The end of each window. A number or bigint is microseconds since 1970-01-01.
   * @throws MedsError `MEDS_UNKNOWN_SUBJECT` for a subject that is not in the cohort; `MEDS_INVALID_ARGUMENT`
   * for arrays of different lengths and for a window that ends before it starts; what {@link
   * Timeline.between} throws for times; `MEDS_CORRUPT`, `MEDS_CLOSED`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const ids = db.subjectIds;
   * const times = Array.from(ids, () => new Date("2100-01-01")); // prediction times, for example
   * const { size, offsets, codeIds, numericValues } = db.windows(ids, times, { last: 256, inclusive: false });
   * for (let w = 0; w < size; w += 1) {
   *   let sum = 0;
   *   for (let i = offsets[w]!; i < offsets[w + 1]!; i += 1) if (numericValues[i]! > 0) sum += numericValues[i]!;
   *   console.log(ids[w], sum, db.codes.strings[codeIds[offsets[w]!]!]);
   * }
   * db.close();
   * ```
   */
  windows(
    subjectIds: BigInt64Array | ArrayLike<SubjectId>,
    times: BigInt64Array | ArrayLike<TimeLike>,
    options?: WindowRowsOptions,
  ): WindowRows<S> {
    return windowRows<S>(this._store, this._slots, subjectIds, times, options);
  }

  // Queries: native code answers them for all patients at once, on all cores, off the main thread. Closing
  // the database does not disturb a query that is running: its result is right, and in memory of its own.

  /**
   * Numbers of rows and patients per code id. With windows: rows in all windows, and windows that contain the
   * code.
   *
   * @throws MedsError as a rejection, like all queries: `MEDS_CANCELLED`, `MEDS_CORRUPT`, `MEDS_CLOSED` where
   * the database was closed before; for windows `MEDS_UNKNOWN_SUBJECT` for a subject that is not in the
   * cohort, `MEDS_INVALID_ARGUMENT` for arrays of different lengths and for a window that ends before it
   * starts, and what {@link Timeline.between} throws for times.
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
  async countCodes(options?: QueryOptions & { readonly by?: undefined }): Promise<CodeCounts>;
  /**
   * Numbers of rows per code and bin of time: year, month, day or a run of days, in UTC. Without `codes`, of
   * all codes. Exact for every time of int64. Static rows have no time: their number is `withoutTime`.
   *
   * Costs about 2 ns per row and thread for years of all codes; less for a few codes, more for days of many
   * codes (about 30 ns), whose result can be as long as the rows.
   *
   * @throws MedsError as the form without `by`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { codeIds, bins, counts } = await db.countCodes({ by: "year" });
   * for (let i = 0; i < Math.min(5, counts.length); i += 1) console.log(db.codes.strings[codeIds[i]!], bins[i], counts[i]);
   * const weekly = await db.countCodes({ by: { days: 7 }, codes: db.codes.withPrefix("LAB//") });
   * console.log(weekly.counts.length, weekly.withoutTime);
   * db.close();
   * ```
   */
  async countCodes<B extends TimeBin>(options: BinCountOptions<B>): Promise<BinCounts<B>>;
  async countCodes(options?: QueryOptions & { readonly by?: TimeBin | undefined }): Promise<CodeCounts | BinCounts> {
    const by = options?.by;
    if (options !== undefined && by !== undefined) return countBins(this, { ...options, by });
    return new Query(this._store, this._slots, options).countCodes();
  }

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
  async countCodesEach(options?: CodeQueryOptions): Promise<CodeCountsEach> {
    return new Query(this._store, this._slots, options).countCodesEach(options?.codes);
  }

  /**
   * For each patient or window, its first row that has one of the codes. Static rows (without a time) come
   * first. Of several rows at one time, the first is the one that the source has first.
   *
   * @throws MedsError as {@link Cohort.countCodes}; `MEDS_INVALID_ARGUMENT` for a value that cannot be a
   * code.
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
  async firstOf(codes: CodeChoice, options?: QueryOptions): Promise<Occurrences> {
    return new Query(this._store, this._slots, options).occurrences("firstOf", codes);
  }

  /**
   * For each patient or window, its last row that has one of the codes: see {@link Cohort.firstOf}. Of
   * several rows at one time, the last is the one that the source has last.
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
  async lastOf(codes: CodeChoice, options?: QueryOptions): Promise<Occurrences> {
    return new Query(this._store, this._slots, options).occurrences("lastOf", codes);
  }

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
  async aggregate(options?: CodeQueryOptions): Promise<Aggregates> {
    return new Query(this._store, this._slots, options).aggregate(options?.codes);
  }

  /**
   * Number of rows and patients, sum, mean, standard deviation, minimum and maximum of the numeric values per
   * code, over all patients or windows. Sums are exact and rounded once, when they are read: the result does
   * not depend on threads, nor on the order and parts in which patients are read ({@link mergeResults}).
   *
   * @throws MedsError as {@link Cohort.countCodes}.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { valueCount, mean, std } = await db.split("train").aggregateCodes();
   * for (const id of db.codes.withPrefix("LAB//")) console.log(db.codes.strings[id], valueCount[id], mean[id], std[id]);
   * db.close();
   * ```
   */
  async aggregateCodes(options?: CodeQueryOptions): Promise<CodeAggregates> {
    return aggregateCodes(this, options);
  }

  /**
   * The rows that have one of the codes: their indexes, for each patient that has such a row (with windows:
   * for each window, empty ones included).
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
  async rowsWithCode(codes: CodeChoice, options?: QueryOptions): Promise<CodeRows> {
    return new Query(this._store, this._slots, options).rowsWithCode(codes);
  }

  /**
   * The types of notes, with their numbers, those with the most notes first. {@link NoteOptions} says which rows are
   * notes.
   *
   * @throws MedsError as {@link Cohort.countCodes}; `MEDS_INVALID_ARGUMENT` where the store does not have a column of
   * texts; `MEDS_UNKNOWN_SPLIT`; `MEDS_UNKNOWN_COLUMN`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const { name, notes, patients, longest } of await db.notes({ split: "train" })) console.log(name, notes, patients, longest);
   * db.close();
   * ```
   */
  async notes(options?: NoteOptions): Promise<NoteType[]> {
    return noteTypes(this, options);
  }

  /**
   * Searches the texts of notes for words or a regular expression, in one pass. With `until` or `windows`, only notes that
   * are known then are searched.
   *
   * @throws MedsError as {@link Cohort.notes}; `MEDS_INVALID_ARGUMENT` for a regular expression with a look-ahead, a
   * look-behind or a reference to a group: {@link NoteQuery}.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const hits = await db.searchNotes(["chest pain", "dyspnea"], { until: "2020-01-01", limit: 10 });
   * console.log(hits.matches, "in", hits.notesFound, "of", hits.notesSearched, "notes");
   * for (const { subjectId, event, snippet } of hits) console.log(subjectId, event.date, snippet);
   * db.close();
   * ```
   */
  async searchNotes(query: NoteQuery, options?: NoteSearchOptions): Promise<NoteHits> {
    return searchNotes(this, query, options);
  }

  /**
   * The last row of some codes at each label, moment or window: an as-of join. The result has one entry per
   * label, in their order: value, time, code id, row, and `has`, which is 0 where there is no such row.
   *
   * A row counts if its time is at or before the label's prediction time (`inclusive: false`: before it) and,
   * with `maxAge`, not older than that. Of several rows at one time, the last in the order of the store
   * counts. Rows without a value do not count, unless `with: "row"`. Static rows do not count, unless
   * `static: true`; they are the oldest. The label of a moment that does not exist has no row.
   *
   * Each patient's rows are read once, for all of its labels, and only as far back as needed. Further
   * `columns` are read in this thread, about 0.2 µs per value.
   *
   * @throws MedsError as {@link Cohort.firstOf}; `MEDS_UNKNOWN_COLUMN`.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * // Heart failure before the first urgent admission: age then, and the last creatinine of the 30 days before.
   * const admission = await db.firstOf("HOSPITAL_ADMISSION//URGENT*");
   * const failure = await db.firstOf("ICD10CM//I50*", { windows: { until: admission, inclusive: false } });
   * const birth = await db.firstOf("MEDS_BIRTH");
   * const creatinine = await db.asof(admission, "LAB//50912*", { maxAge: "30d", inclusive: false });
   * for (let i = 0; i < admission.subjectIds.length; i += 1) {
   *   if (failure.has[i] === 0) continue;
   *   const years = Number(admission.times[i]! - birth.times[i]!) / 31_556_952_000_000;
   *   console.log(admission.subjectIds[i], years, creatinine.values[i]); // NaN: no value
   * }
   * db.close();
   * ```
   */
  async asof(points: AsOfPoints, codes: CodeChoice, options?: AsOfOptions): Promise<AsOf> {
    return (await asOf(this, "asof", points, { codes }, options)).codes!;
  }

  /**
   * {@link Cohort.asof} for several sets of codes at once, by name: one result per set, all aligned to the
   * labels. Each patient's rows are still read only once.
   *
   * @throws MedsError as {@link Cohort.asof}.
   * @example
   * ```ts
   * import { Labels, PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const labels = Labels.from([{ subjectId: db.at(0)!.subjectId, predictionTime: new Date("2100-01-01"), booleanValue: true }]);
   * const { labs, creatinine } = await db.asofEach(labels, {
   *   labs: "LAB//*",
   *   creatinine: "LAB//50912*",
   * });
   * console.log(labs.values[0], labs.times[0], creatinine.has[0]);
   * db.close();
   * ```
   */
  async asofEach<K extends string>(
    points: AsOfPoints,
    sets: { readonly [name in K]: CodeChoice },
    options?: AsOfOptions,
  ): Promise<{ readonly [name in K]: AsOf }> {
    if (typeof sets !== "object" || sets === null || Symbol.iterator in sets || types.isRegExp(sets))
      expected("sets", sets, 'an object of codes by name, such as { creatinine: "LAB//creatinine" }');
    return (await asOf(this, "asofEach", points, sets, options)) as { readonly [name in K]: AsOf };
  }

  /**
   * The rows that have one of the codes, as a flat table in the order of the patients, or of the windows. A
   * row is in the table once for every window that contains it.
   *
   * `as: "arrays"` (the default) returns typed arrays with masks, {@link RowArrays}; `"objects"` an array of
   * plain objects, {@link RowObject}; `"arrow"` a `Table` of the package apache-arrow. The columns are copied
   * by native code on all cores, once; the table is in memory (about twice as long as it is made). Text that
   * the store does not code, and nested values, are decoded in this thread. For rows that do not fit into
   * memory, write them to a file: {@link Cohort.writeRows}.
   *
   * @throws MedsError as {@link Cohort.firstOf}; `MEDS_UNKNOWN_COLUMN`; `MEDS_MISSING_PACKAGE` for `"arrow"`
   * without the package.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { length, columns, valid } = await db.select({ codes: db.codes.withPrefix("LAB//") });
   * for (let i = 0; i < Math.min(3, length); i += 1) {
   *   if (valid.numeric_value![i] === 1) console.log(columns.subject_id[i], columns.time[i], columns.code[i], columns.numeric_value[i]);
   * }
   * console.log(await db.split("train").select({ columns: ["subject_id", "time", "code"], limit: 2, as: "objects" }));
   * db.close();
   * ```
   */
  async select<const N extends string = UsualColumn>(options?: SelectOptions<N, "arrays">): Promise<RowArrays<N>>;
  async select<const N extends string = UsualColumn>(
    options: SelectOptions<N, "objects"> & { readonly as: "objects" },
  ): Promise<RowObject<N>[]>;
  async select(options: SelectOptions<string, "arrow"> & { readonly as: "arrow" }): Promise<ArrowTable>;
  async select(options?: SelectOptions<string, "arrays" | "objects" | "arrow">): Promise<RowArrays | RowObject[] | ArrowTable> {
    return selectRows(this, options);
  }

  /**
   * Writes the rows of {@link Cohort.select} to a Parquet, CSV or Arrow file, or to a stream (in CSV, unless
   * `format` is set). A file appears complete or not at all, and replaces a file of that name. About a million
   * rows are in memory at a time; a patient or window is never divided.
   *
   * In Parquet and Arrow, `subject_id` is int64, times are timestamp[us], codes are strings, and other columns
   * have their types (Parquet has no durations: they are int64 there). In CSV, times are ISO 8601, a null is
   * empty and an empty text is `""`; times beyond the calendar are microseconds.
   *
   * @throws MedsError as {@link Cohort.select}; `MEDS_NOT_FOUND` where the folder of the file is missing; `MEDS_IO`, `MEDS_PERMISSION`
   * or `MEDS_DISK_FULL` for a file that cannot be written, `MEDS_IO` for a stream that is closed; `MEDS_INVALID_ARGUMENT` for a path without
   * a format, or in the store.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const { rows } = await db.split("train").writeRows("labs.parquet", { codes: db.codes.withPrefix("LAB//"), columns: "all" });
   * console.log(rows);
   * db.close();
   * ```
   */
  async writeRows(to: string | WritableLike, options?: WriteRowsOptions): Promise<{ readonly rows: number }> {
    return writeRows(this, to, options);
  }

  // Passes: threads open the store by its path and run functions of the caller. All chunks of patients have
  // about as many events.

  /**
   * Runs a function over all patients in worker threads, and streams its results. The function is called once
   * per worker, with an iterable of the patients that the worker takes, chunk by chunk. See {@link
   * MapFunction} for its arguments and results.
   *
   * The function is given itself, and sent to the threads by its source text: it may use its arguments and
   * what is global in every thread, but no variables of the program around it. Pass those as `args`;
   * `await import("package")` in it finds packages from the current folder. Or it is given as a module that
   * exports it: `new URL("./pass.mjs", import.meta.url)`, or `.ts` where Node.js loads TypeScript.
   *
   * Results come in the order of the patients by default. The pass begins when its first result is read. It
   * ends however the loop is left. Workers wait for a slow reader.
   *
   * The threads stay for ten seconds after a pass, with the store open and modules loaded, and end with
   * `close()`; they do not keep a program running. The first pass takes about 0.1 s to start two threads, a
   * later one about a millisecond. Variables of a module live as long as its thread: keep what a pass adds up
   * inside of the function. If the module's file has changed, new threads read it (changes of files that it
   * imports are not seen). Threads of a pass that an error, a signal or `break` ended end too.
   *
   * A pass of at most 100,000 rows (10,000 where the threads are ready) runs in the caller's thread if
   * `threads` and `signal` are not set and the function, or labeler, only computes: a function that is given
   * itself, is not async and uses only globals of the language.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a function that uses variables around it, a relative path,
   * a module of another kind, args that cannot be cloned and wrong options; `MEDS_NOT_FOUND` where the module
   * does not exist; what {@link Pass} throws while it runs.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const long = db.map(
   *   function* (patients, { least }) {
   *     for (const patient of patients) if (patient.length >= least) yield { id: patient.subjectId, rows: patient.length };
   *   },
   *   { args: { least: 100 } },
   * );
   * for await (const { id, rows } of long) console.log(id, rows);
   * db.close();
   * ```
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
  map<T, A = undefined>(run: MapFunction<T, A, S>, options?: MapOptions<A>): Pass<T>;
  map<T, A>(run: ModuleUrl | MapFunction<T, A, S>, options?: MapOptions<A>): Pass<T> {
    return mapPatients<T, A>(this._store, this.slots, run, options);
  }

  /**
   * Like {@link Cohort.map}, but each patient comes with its labels: the function iterates over pairs of a
   * patient and its labels. The table of labels may have any order; the labels of a patient come in the order
   * of the table. {@link Pass.report} counts labels of subjects that are unknown or outside of this cohort.
   *
   * @throws MedsError as {@link Cohort.map}.
   * @example
   * ```ts
   * import { Labels, PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const labels = Labels.from([{ subjectId: db.at(0)!.subjectId, predictionTime: new Date("2100-01-01"), booleanValue: true }]);
   * const pass = db.mapWithLabels(function* (pairs) {
   *   for (const [patient, own] of pairs) for (const label of own) yield patient.until(label.predictionTime).length;
   * }, labels);
   * console.log(await pass.toArray(), pass.report.unknownLabels);
   * db.close();
   * ```
   */
  mapWithLabels<T = unknown, A = unknown>(module: ModuleUrl, labels: Labels, options?: MapWithLabelsOptions<A>): Pass<T>;
  mapWithLabels<T, A = undefined>(run: MapWithLabelsFunction<T, A, S>, labels: Labels, options?: MapWithLabelsOptions<A>): Pass<T>;
  mapWithLabels<T, A>(run: ModuleUrl | MapWithLabelsFunction<T, A, S>, labels: Labels, options?: MapWithLabelsOptions<A>): Pass<T> {
    return mapLabelled<T, A>(this._store, this.slots, run, labels, options);
  }

  /**
   * Runs a function over all patients in worker threads and merges its results, one per worker, in order of
   * the workers. The function is given as for {@link Cohort.map}.
   *
   * Which patients a worker reads depends on time, so the last bits of a sum of floating-point numbers may
   * differ between runs. With `per: "chunk"` the function is called per chunk and its results are merged in
   * order of the patients: the total is then the same to the last bit for any number of threads.
   *
   * A chunk has patients of one shard, and depends on no other shard. So `db.shards(…).map(run, { per: "chunk"
   * })` yields the same results elsewhere: merge those of all shards one by one, in order of the shards, and the
   * total is that of `db.reduce(run, { per: "chunk", … })` to the last bit, whatever `merge` does. If each machine
   * merges its own results first, `merge` must be associative, and `initial` must not change what is merged into
   * it: counts and sets are, sums of floating-point numbers are not.
   *
   * Typed arrays of 64 KiB or more in a result (itself, or up to two levels deep in plain objects and arrays)
   * are moved to the caller's thread, not copied: the function's own reference to such an array is empty
   * afterwards. Make the array in the function.
   *
   * @throws MedsError as {@link Cohort.map} and {@link Pass}, all as a rejection.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const counts = await db.reduce(
   *   (patients, { codes }) => {
   *     const found = new Float64Array(codes);
   *     for (const patient of patients) for (const id of patient.codeIds) found[id]! += 1;
   *     return found;
   *   },
   *   {
   *     args: { codes: db.codes.size + 1 }, // ids count from 1
   *     initial: new Float64Array(db.codes.size + 1),
   *     merge: (total, part) => total.map((count, id) => count + part[id]!),
   *   },
   * );
   * console.log(counts[db.codes.id("MEDS_BIRTH") ?? 0]);
   * db.close();
   * ```
   */
  async reduce<R, P = R, A = unknown>(module: ModuleUrl, options: ReduceOptions<R, P, A>): Promise<R>;
  async reduce<R, P = R, A = undefined>(run: ReduceFunction<P, A, S>, options: ReduceOptions<R, P, A>): Promise<R>;
  async reduce<R, P, A>(run: ModuleUrl | ReduceFunction<P, A, S>, options: ReduceOptions<R, P, A>): Promise<R> {
    return reducePatients<R, P, A>(this._store, this.slots, run, options);
  }

  /**
   * Makes labels, in worker threads: by a labeler of this package ({@link outcomeWithin}, {@link labValue},
   * {@link predictionTimes}), or by a function that is called for each patient ({@link LabelFunction}), given
   * as for {@link Cohort.map}. Labels are in the order of the patients; those of a labeler of this package are
   * also in the order of time.
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
  async label<A = unknown>(labeler: Labeler | ModuleUrl, options?: LabelingOptions<A>): Promise<Labels>;
  async label<A = undefined>(labeler: LabelFunction<A, S>, options?: LabelingOptions<A>): Promise<Labels>;
  async label<A>(labeler: Labeler | ModuleUrl | LabelFunction<A, S>, options?: LabelingOptions<A>): Promise<Labels> {
    return labelPatients(this._store, this.slots, labeler, options);
  }

  /** An index that counts from the end, is outside, is not a number, or is used after close(). */
  private _otherIndex(index: number): Patient<S> | undefined {
    const size = this.size;
    if (!Number.isInteger(index)) expected("index", index, "a whole number, an index in storage order (get(id) finds a patient by id)");
    return index < 0 && index + size >= 0 ? this.at(index + size) : undefined;
  }

  private _view({ _store: store, _slots: slots, _split: split }: Members): Cohort<S> {
    return new Cohort<S>(store, slots, split);
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { _store: store, _split: split } = this;
    if (!store.live) return shownAs("Cohort", { closed: store.path });
    return shownAs("Cohort", { path: store.path, split, patients: this.size, events: this.eventCount });
  }
}
