// The functions of a caller, and what they get: their types name the database, so they are above passes and
// labelers.
import type { AskedLabel } from "../labelers/labeling.js";
import type { LabelRow } from "../labels/labels.js";
import type { Patient } from "../timeline/patient.js";
import type { AnySchema } from "../timeline/schema.js";
import type { PatientDatabase } from "./database.js";

/** What the function of a pass receives in addition to patients and `args`. */
export interface PassContext {
  /** The store, open in this thread: its codes, splits and metadata. */
  readonly db: PatientDatabase;
  /** The index of the chunk that is being read, and the number of chunks. */
  readonly chunk: number;
  readonly chunks: number;
  /** The number of this worker, from 0, and the number of workers. */
  readonly worker: number;
  readonly workers: number;
}

/**
 * The function of {@link Cohort.map}. It is called once per worker (with `per: "chunk"` once per chunk), and
 * only if there are patients for it. It may iterate over the patients more than once: each loop begins at the
 * first patient and reads the same ones. If it stops early, the other workers read the chunks that it has not
 * taken.
 *
 * Where it returns an array or an iterator (such as a generator's), sync or async, each item is a result. Any
 * other value except undefined is one result. Results are cloned to the caller's thread. What a generator
 * yields is cloned at once; what a function returns is cloned at its end, but typed arrays of 64 KiB or more
 * are moved: see {@link Cohort.reduce}.
 *
 * @example
 * ```ts
 * import { type MapFunction, PatientDatabase } from "meds-reader";
 *
 * const longest: MapFunction<{ id: bigint; rows: number }, { least: number }> = function* (patients, { least }) {
 *   for (const patient of patients) if (patient.length >= least) yield { id: patient.subjectId, rows: patient.length };
 * };
 * const db = PatientDatabase.open("demo.medsdb");
 * console.log(await db.map(longest, { args: { least: 100 } }).toArray());
 * db.close();
 * ```
 */
export type MapFunction<T = unknown, A = unknown, S extends object = AnySchema> = (
  patients: Iterable<Patient<S>>,
  args: A,
  context: PassContext,
) => Iterable<T> | AsyncIterable<T> | T | Promise<Iterable<T> | AsyncIterable<T> | T>;

/**
 * The function of {@link Cohort.mapWithLabels}: like {@link MapFunction}, with each patient's
 * labels in the order of the table.
 */
export type MapWithLabelsFunction<T = unknown, A = unknown, S extends object = AnySchema> = (
  patients: Iterable<readonly [patient: Patient<S>, labels: readonly LabelRow[]]>,
  args: A,
  context: PassContext,
) => Iterable<T> | AsyncIterable<T> | T | Promise<Iterable<T> | AsyncIterable<T> | T>;

/**
 * The function of {@link Cohort.reduce}, called as a {@link MapFunction}: its return value (even an array) is
 * one part.
 */
export type ReduceFunction<P = unknown, A = unknown, S extends object = AnySchema> = (
  patients: Iterable<Patient<S>>,
  args: A,
  context: PassContext,
) => P | Promise<P>;

/**
 * The function of {@link Cohort.label}. It is called for each patient, and returns one label,
 * several labels or nothing.
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
export type LabelFunction<A = unknown, S extends object = AnySchema> = (
  patient: Patient<S>,
  args: A,
  context: PassContext,
) => Iterable<AskedLabel> | AskedLabel | null | undefined | Promise<Iterable<AskedLabel> | AskedLabel | null | undefined>;
