import { type LabelingOptions, labelPatients } from "../labelers/label.js";
import type { Labeler } from "../labelers/labeler.js";
import { Labels } from "../labels/labels.js";
import { LabelledPatients } from "../passes/labelled.js";
import { type ModuleUrl, moduleOf } from "../passes/module.js";
import { checkedOptions, type MapOptions, type MapWithLabelsOptions, type ReduceOptions } from "../passes/options.js";
import { NO_LABELS, Pass } from "../passes/pass.js";
import type { CodeChoice } from "../store/codes.js";
import { failUnknown, type SubjectId } from "../store/ids.js";
import type { NativeScan } from "../store/native.js";
import type { Store } from "../store/store.js";
import { failGiven, flagOf, oneOf, shown } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { type Patient, patientOf } from "../timeline/patient.js";
import type { AnySchema } from "../timeline/schema.js";
import {
  type Aggregates,
  type CodeCounts,
  type CodeCountsEach,
  type CodeQueryOptions,
  type CodeRows,
  type Occurrences,
  Query,
  type QueryOptions,
} from "./query.js";

/** Which patients a cohort is made of: subject ids, or slots (places in storage order: {@link Timeline.slot}). */
export type PatientChoice = Iterable<SubjectId> | { readonly ids: Iterable<SubjectId> } | { readonly slots: Iterable<number> };

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
export class Cohort<S extends object = AnySchema> implements Iterable<Patient<S>> {
  /** @internal */
  readonly _store: Store;
  /** @internal Ascending; null for all. */
  readonly _slots: Uint32Array | null;
  /** @internal The split that was named, of which these are all patients or some; null where none was: nothing may be fitted on them. */
  readonly _split: string | null;

  /** @internal */
  constructor(store: Store, slots: Uint32Array | null, split: string | null = null) {
    this._store = store;
    this._slots = slots;
    this._split = split;
  }

  /** Number of patients. */
  get size(): number {
    this._store.check();
    return this._slots === null ? this._store.size : this._slots.length;
  }

  /** Number of rows of these patients. */
  get eventCount(): number {
    const store = this._store;
    store.check();
    if (this._slots === null) return store.manifest.counts.events;
    return this._slots.reduce((sum, slot) => sum + store.eventsOf[store.indexOf[slot]!]!, 0);
  }

  /** A copy of the slots, ascending: what workers and {@link Cohort.subset} take. */
  get slots(): Uint32Array {
    this._store.check();
    return this._slots?.slice() ?? Uint32Array.from({ length: this._store.size }, (_, slot) => slot);
  }

  /** A copy of the subject ids, in storage order. */
  get subjectIds(): BigInt64Array {
    const store = this._store;
    return BigInt64Array.from(this.slots, (slot) => store.ids[store.indexOf[slot]!]!);
  }

  /**
   * The patient with an id; undefined where the cohort has none.
   *
   * @throws MedsError `MEDS_UNSAFE_NUMBER` for a number that is fractional or beyond 2^53: give such an id as bigint.
   */
  get(id: SubjectId): Patient<S> | undefined {
    const index = this._store.find(id);
    if (index < 0 || (this._slots !== null && !includes(this._slots, this._store.slotOf(index)))) return undefined;
    return patientOf<S>(this._store, index);
  }

  /** Does the cohort have a patient with an id. */
  has(id: SubjectId): boolean {
    const index = this._store.find(id);
    return index >= 0 && (this._slots === null || includes(this._slots, this._store.slotOf(index)));
  }

  /** The patient at a place in storage order (in the whole database: the slot), from the end where negative; undefined outside. */
  at(place: number): Patient<S> | undefined {
    if (typeof place !== "number") return this._oddPlace(place);
    const slot = this._slots === null ? place : this._slots[place]!;
    const index = this._store.indexOf[slot];
    return index === undefined ? this._oddPlace(place) : patientOf<S>(this._store, index);
  }

  /** The patients in storage order. */
  [Symbol.iterator](): IterableIterator<Patient<S>> {
    this._store.check();
    return new PatientIterator<S>(this);
  }

  /**
   * The chosen patients of this cohort as a view, in storage order, each once.
   *
   * @throws MedsError `MEDS_UNKNOWN_SUBJECT` for an id or slot that the cohort has not: filter with {@link Cohort.has} where that is expected.
   */
  subset(choice: PatientChoice): Cohort<S> {
    const store = this._store;
    store.check();
    const slots: number[] = [];
    if (choice instanceof Cohort && choice._store !== store)
      fail(
        "MEDS_INVALID_ARGUMENT",
        "These patients are of another database, where slots mean other patients. Choose by ids: { ids: cohort.subjectIds }.",
      );
    const [kind, members] = chosen(choice);
    if (kind === "slots") {
      for (const slot of members as Iterable<number>) {
        if (!(Number.isInteger(slot) && this._includes(slot))) failUnknown(`slot ${shown(slot)}`, store.path);
        slots.push(slot);
      }
    } else {
      for (const id of members as Iterable<SubjectId>) {
        const index = store.find(id);
        if (index < 0 || !this._includes(store.slotOf(index))) failUnknown(`subject ${id}`, store.path);
        slots.push(store.slotOf(index));
      }
    }
    return new Cohort<S>(store, Uint32Array.from(new Set(slots)).sort(), this._split);
  }

  /**
   * The patients of a split, as a view.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT` where the dataset has no split of that name.
   */
  split(name: string): Cohort<S> {
    const store = this._store;
    store.check();
    store.checkSplit("name", name);
    return new Cohort<S>(
      store,
      this.slots.filter((slot) => store.split(store.indexOf[slot]!) === name),
      name,
    );
  }

  /** What `JSON.stringify` writes: which patients these are, and not what they hold. Each patient can be written: `JSON.stringify(patient)`. */
  toJSON(): { readonly path: string; readonly eventCount: number; readonly subjectIds: readonly string[] } {
    return { path: this._store.path, eventCount: this.eventCount, subjectIds: Array.from(this.subjectIds, String) };
  }

  // What follows is asked of all patients at once: in native code, on all cores, off the main thread. Closing the database does not disturb a query
  // that is under way: its result is the right one, in memory of its own.

  /**
   * Rows and patients by code id. With windows: rows in all windows, and windows that have the code.
   *
   * @throws MedsError as a rejection, as all queries: `MEDS_CANCELLED`, `MEDS_CORRUPT`, `MEDS_CLOSED` where the database was closed before;
   * for windows `MEDS_UNKNOWN_SUBJECT` for a subject that the cohort has not, `MEDS_INVALID_ARGUMENT` for arrays of different lengths and for a
   * window that ends before it starts, and what {@link Timeline.between} throws for times.
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
   * Rows by code, for each patient or window.
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
   * The first row of each patient or window that has one of the codes. Static rows are the first rows.
   *
   * @throws MedsError as {@link Cohort.countCodes}; `MEDS_INVALID_ARGUMENT` for what is no code.
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
   * The last such row: see {@link Cohort.firstOf}.
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
   * Count, sum, mean, least, greatest and last numeric value of each code, for each patient or window.
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
   * Where the codes stand: of each patient that has one of them (of each window, empty ones included) the indexes of its rows.
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

  // What follows runs functions of the caller's own in worker threads, which open the store by its path: each gets a chunk of patients of about as many
  // events as any other's.

  /**
   * Runs a function of a module over all patients in worker threads, and streams what it gives. The module is named by a URL, as workers import it
   * themselves: `new URL("./pass.mjs", import.meta.url)`. See {@link MapFunction} for what the function gets and may give.
   *
   * How patients are cut into chunks depends on the patients alone, so results do not depend on the number of threads. The pass begins when its results
   * are asked for; it ends, workers too, however the loop is left. Workers wait for a slow reader.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a relative path, a module that is neither .mjs nor .js, args that cannot be cloned and wrong options;
   * `MEDS_NOT_FOUND` where there is no such module; what {@link Pass} throws while it runs.
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
    const { slots } = this;
    const checked = checkedOptions("map", options, ["ordered"]);
    const { exportName, ordered } = options ?? {};
    return new Pass<T>({
      store: this._store,
      slots,
      module: moduleOf(module, exportName),
      mode: "stream",
      ...checked,
      ordered: flagOf("ordered", ordered, true),
      labelsOf: null,
      report: NO_LABELS,
    });
  }

  /**
   * As {@link Cohort.map}, and each patient comes with its labels: the function walks through pairs of patient and labels. Labels may stand in any
   * order; a patient gets its own in the order of the table. {@link Pass.report} counts labels of subjects that are unknown or outside of this cohort.
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
    const { slots } = this;
    const checked = checkedOptions("mapWithLabels", options, ["ordered", "unlabelled"]);
    const { exportName, ordered, unlabelled } = options ?? {};
    if (!(labels instanceof Labels)) failGiven("labels", labels, "what Labels.open, Labels.from or db.label gives");
    const given = new LabelledPatients(this._store, slots, labels, oneOf("unlabelled", unlabelled, ["omit", "include"]) === "include");
    return new Pass<T>({
      store: this._store,
      slots: given.slots,
      module: moduleOf(module, exportName),
      mode: "stream",
      ...checked,
      ordered: flagOf("ordered", ordered, true),
      labelsOf: given.of,
      report: given.report,
    });
  }

  /**
   * Runs a function of a module over chunks of patients in worker threads and merges what it returns, in order of the patients. The result is the same
   * for any number of threads, to the last bit of a floating-point number.
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
    const { slots } = this;
    const checked = checkedOptions("reduce", options, ["initial", "merge"]);
    const { exportName, initial, merge } =
      (options as ReduceOptions<R, P, A> | undefined) ?? failGiven("The value for options", options, "{ initial, merge }");
    if (typeof merge !== "function") failGiven("merge", merge, "a function (total, part) => total");
    if (!("initial" in options)) failGiven("initial", initial, "what the first part is merged into, such as 0");
    const pass = new Pass<P>({
      store: this._store,
      slots,
      module: moduleOf(module, exportName),
      mode: "value",
      ...checked,
      ordered: true,
      labelsOf: null,
      report: NO_LABELS,
    });
    let total = initial;
    for await (const part of pass) total = merge(total, part);
    return total;
  }

  /**
   * Makes labels, in worker threads: by a labeler of this package ({@link outcomeWithin}, {@link labValue}, {@link predictionTimes}), or by a function
   * of a module that is asked of each patient ({@link LabelFunction}). In order of the patients, and by time where the labeler is of this package.
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

  /** A place that is counted from the end, lies outside, or is asked of a closed store. */
  private _oddPlace(place: number): Patient<S> | undefined {
    const size = this.size;
    if (!Number.isInteger(place)) failGiven("place", place, "a whole number: a place in the order of patients; get(id) looks an id up");
    return place < 0 && place + size >= 0 ? this.at(place + size) : undefined;
  }

  private _includes(slot: number): boolean {
    return this._slots === null ? slot >= 0 && slot < this._store.size : includes(this._slots, slot);
  }
}

/** Patients that are read before a scan begins. */
const FEW = 2;

class PatientIterator<S extends object> implements IterableIterator<Patient<S>> {
  private place = 0;
  private readonly size: number;
  private scan: NativeScan | undefined;

  constructor(private readonly cohort: Cohort<S>) {
    this.size = cohort.size;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<Patient<S>> {
    if (this.place === this.size) return this.return();
    // Not for the first few: to begin a scan costs more than to read them.
    if (this.scan === undefined && this.place >= FEW) this.scan = this.cohort._store.scan(this.cohort._slots);
    const value = this.cohort.at(this.place) as Patient<S>;
    this.place += 1;
    return { done: false, value };
  }

  /** A loop was left, which may go on later from where it was. */
  return(): IteratorReturnResult<undefined> {
    this.scan?.end();
    this.scan = undefined;
    return { done: true, value: undefined };
  }
}

/** What a choice chooses by, and what it names. */
function chosen(choice: PatientChoice): ["ids" | "slots", Iterable<unknown>] {
  // A string can be walked too, letter by letter: never what is meant.
  const object: object = typeof choice === "object" && choice !== null ? choice : {};
  const kind = "slots" in object ? "slots" : "ids";
  const members: unknown = "slots" in object ? object.slots : "ids" in object ? object.ids : object;
  if (typeof members === "object" && members !== null && Symbol.iterator in members) return [kind, members as Iterable<unknown>];
  return failGiven("the choice of patients", choice, "an iterable of subject ids, { ids } or { slots }");
}

/** Is a slot among ascending ones. */
function includes(slots: Uint32Array, slot: number): boolean {
  let low = 0;
  let high = slots.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (slots[middle]! < slot) low = middle + 1;
    else high = middle;
  }
  return slots[low] === slot;
}
