import {
  eventCountOf,
  indexIn,
  type Members,
  type PatientChoice,
  PatientIterator,
  sizeOf,
  slotsOf,
  splitOf,
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
import { type LabelingOptions, labelPatients } from "../labelers/label.js";
import type { Labeler } from "../labelers/labeler.js";
import type { Labels } from "../labels/labels.js";
import type { ModuleUrl } from "../passes/module.js";
import type { MapOptions, MapWithLabelsOptions, ReduceOptions } from "../passes/options.js";
import type { Pass } from "../passes/pass.js";
import type { CodeChoice } from "../store/choice.js";
import type { SubjectId } from "../store/ids.js";
import type { Store } from "../store/store.js";
import { expected } from "../support/arguments.js";
import { shownAs } from "../support/inspect.js";
import { type Patient, patientOf } from "../timeline/patient.js";
import type { AnySchema } from "../timeline/schema.js";
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
    const store = this._store;
    return BigInt64Array.from(this.slots, (slot) => store.ids[store.indexOf[slot]!]!);
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
   * What `JSON.stringify` writes: which patients these are, without their rows. A patient can also be
   * written: `JSON.stringify(patient)`.
   */
  toJSON(): { readonly path: string; readonly eventCount: number; readonly subjectIds: readonly string[] } {
    return { path: this._store.path, eventCount: this.eventCount, subjectIds: Array.from(this.subjectIds, String) };
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
  async countCodes(options?: QueryOptions): Promise<CodeCounts> {
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
   * first.
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

  // Passes: worker threads open the store by its path and run functions of the caller. All chunks of patients
  // have about as many events.

  /**
   * Runs a function of a module over all patients in worker threads, and streams its results. Workers import
   * the module themselves, so it is named by a URL: `new URL("./pass.mjs", import.meta.url)`. See {@link
   * MapFunction} for the function's arguments and result.
   *
   * The chunks depend on the patients only, so results do not depend on the number of threads. The pass
   * begins when its first result is read. It ends, with its workers, however the loop is left. Workers wait
   * for a slow reader.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a relative path, a module that is neither .mjs nor .js,
   * args that cannot be cloned and wrong options; `MEDS_NOT_FOUND` where the module does not exist; what
   * {@link Pass} throws while it runs.
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
  map<T = unknown, A = unknown>(module: ModuleUrl, options?: MapOptions<A>): Pass<T> {
    return mapPatients<T, A>(this._store, this.slots, module, options);
  }

  /**
   * Like {@link Cohort.map}, but each patient comes with its labels: the function iterates over pairs of a
   * patient and its labels. The table of labels may have any order; the labels of a patient come in the order
   * of the table. {@link Pass.report} counts labels of subjects that are unknown or outside of this cohort.
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
  mapWithLabels<T = unknown, A = unknown>(module: ModuleUrl, labels: Labels, options?: MapWithLabelsOptions<A>): Pass<T> {
    return mapLabelled<T, A>(this._store, this.slots, module, labels, options);
  }

  /**
   * Runs a function of a module over chunks of patients in worker threads and merges its results, in order of
   * the patients. The result is the same for any number of threads, to the last bit of a floating-point
   * number.
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
  async reduce<R, P = R, A = unknown>(module: ModuleUrl, options: ReduceOptions<R, P, A>): Promise<R> {
    return reducePatients<R, P, A>(this._store, this.slots, module, options);
  }

  /**
   * Makes labels, in worker threads: by a labeler of this package ({@link outcomeWithin}, {@link labValue},
   * {@link predictionTimes}), or by a function of a module that is called for each patient ({@link
   * LabelFunction}). Labels are in the order of the patients; those of a labeler of this package are also in
   * the order of time.
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
  async label<A = unknown>(labeler: Labeler | ModuleUrl, options?: LabelingOptions<A>): Promise<Labels> {
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
