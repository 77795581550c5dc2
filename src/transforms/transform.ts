import { availableParallelism } from "node:os";
import type { PatientDatabase } from "../database/database.js";
import type { PassContext } from "../database/functions.js";
import type { Summary } from "../operations/convert.js";
import { type CheckedOptions, checkedOptions, type PassOptions } from "../passes/options.js";
import { readerKind } from "../passes/reader.js";
import { refuseTaken, type WorkOptions } from "../store/native.js";
import { conflict, countIn, expected, flagOf, functionIn, pathOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { isWithin } from "../support/io.js";
import { lazy } from "../support/lazy.js";
import { type ModuleFunction, type ModuleUrl, moduleOf } from "../support/module.js";
import type { Event } from "../timeline/event.js";
import type { Patient } from "../timeline/patient.js";
import type { NewRow, Row } from "../timeline/row.js";
import type { AnySchema } from "../timeline/schema.js";
import type { TransformTask } from "./reader.js";
import { ReadyTransform } from "./ready.js";
import type { StepPlan } from "./step.js";

/** A row that the function of a transform may return for a patient. */
export type TransformedRow<S extends object = AnySchema> = Event<S> | Row<S> | NewRow<S>;

/**
 * The function of a module for {@link transform}. It returns, for each patient, the rows of the new store. An
 * event is kept unchanged with all its columns, `event.with({ … })` changes some columns, and
 * `{ time, code, … }` is a new row. The rows may be in any order: they are sorted by time, static rows first,
 * and rows of the same time keep their order. null, or no rows, leaves the patient out.
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
export type TransformFunction<A = unknown, S extends object = AnySchema> = (
  patient: Patient<S>,
  args: A,
  context: PassContext,
) => Given<S> | Promise<Given<S>>;

type Given<S extends object> = Iterable<TransformedRow<S>> | AsyncIterable<TransformedRow<S>> | null;

/** Options of {@link transform}. */
export interface TransformOptions<A = unknown> extends PassOptions<A>, Pick<WorkOptions, "onProgress"> {
  /** Number of worker threads, 1 or more. Default: the number of threads that the machine can run at once. */
  readonly threads?: number | undefined;
  /**
   * Types of new columns, by name, as in `db.columns`: `float32`, `int64`, `utf8`, `bool`, `timestamp[us]`,
   * …, but not nested types.
   */
  readonly columns?: Readonly<Record<string, string>> | undefined;
  /** Replace an existing store at `out`. */
  readonly force?: boolean | undefined;
  /**
   * Limit in bytes for the memory that writing the store uses. Default: 512 MiB. Each worker thread needs its
   * own memory and the rows of one patient in addition.
   */
  readonly memory?: number | undefined;
  /** Bytes per shard. Default: as in the store. */
  readonly shardBytes?: number | undefined;
  /** Write an inverted index. Default: true where the store has one. */
  readonly index?: boolean | undefined;
  /**
   * Folder for temporary files. They take about as much space as the Parquet files of the source. Default:
   * beside the new store.
   */
  readonly temp?: string | undefined;
}

/**
 * Writes a store with changed rows. A function of a module is called for every patient, in worker threads.
 * Then the ready transforms ({@link billingToVisitEnd}, {@link visitStartToFirstEvent}, {@link
 * midnightToDayEnd}, {@link beforeBirthToBirth}, {@link icd10ToIcd10cm}) are applied in the given order.
 * Unchanged rows keep every value of every column, bit by bit. The result is an ordinary store with the
 * layout of a conversion and a copy of the first store's metadata folder. Its manifest records which store it
 * was made from, and how. The summary's notes count the changes. The store appears complete or not at all.
 *
 * @throws MedsError `MEDS_PASS_FAILED` where the function throws, or returns something that is not a row of
 * its patient: the message contains the subject, and `cause` is what was thrown. `MEDS_UNKNOWN_COLUMN` or
 * `MEDS_COLUMN_TYPE` if a ready transform needs a column that the store does not have, or has with another
 * type. `MEDS_STORE_EXISTS`, `MEDS_CANCELLED`, the errors of {@link PatientDatabase.open}, and errors of the
 * system.
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
export async function transform<A = unknown>(
  store: string,
  out: string,
  transforms: ModuleUrl | ReadyTransform | readonly (ModuleUrl | ReadyTransform)[],
  options?: TransformOptions<A>,
): Promise<Summary> {
  const request = requestOf(store, out, transforms, options);
  refuseTaken(request.out, request.force === true);
  const { changedStore } = await work();
  return changedStore(request, transforming);
}

const work = lazy(() => import("./changed-store.js"));
const reader = lazy(() => import("./reader.js"));

/** The reader of a transform, for a pass. */
const transforming = readerKind<TransformTask>("The transform", async (task, context) => {
  const { Transforming } = await reader();
  return new Transforming(task, context);
});

type Transforms = ModuleUrl | ReadyTransform | readonly (ModuleUrl | ReadyTransform)[];

/** Checked arguments of {@link transform}. */
export interface Request extends CheckedOptions, Omit<TransformOptions, keyof PassOptions> {
  readonly threads: number;
  readonly store: string;
  readonly out: string;
  readonly module: ModuleFunction | null;
  readonly ready: readonly StepPlan[];
}

function requestOf<A>(store: string, out: string, transforms: Transforms, options: TransformOptions<A> | undefined): Request {
  const checked = checkedOptions("transform", options, ["onProgress", "columns", "force", "memory", "shardBytes", "index", "temp"], 1);
  const { onProgress, columns, exportName, force, memory, shardBytes, index, temp } = options ?? {};
  for (const [name, value] of Object.entries({ force, index })) flagOf(name, value, false);
  for (const [name, value] of Object.entries({ memory, shardBytes })) countIn(name, value);
  if (temp !== undefined) pathOf("temp", temp);
  functionIn("onProgress", onProgress);
  const { module, ready } = modulesOf(transforms, exportName);
  if (module === null && checked.args !== undefined) conflict("`args` requires a module. Add the module, or remove `args`.");
  const paths = { store: pathOf("store", store), out: pathOf("out", out) };
  if (isWithin(paths.out, paths.store) || isWithin(paths.store, paths.out))
    fail("MEDS_INVALID_ARGUMENT", `${paths.out}: this is the source store, is inside it, or contains it. Choose another path.`, paths.out);
  const threads = checked.threads ?? availableParallelism();
  return { ...checked, ...paths, threads, module, ready, onProgress, columns, force, memory, shardBytes, index, temp };
}

/** The module, which reads the unchanged patients, and the ready transforms after it. */
function modulesOf(transforms: Transforms, exportName: string | undefined) {
  const list = Array.isArray(transforms)
    ? (transforms as readonly (ModuleUrl | ReadyTransform)[])
    : [transforms as ModuleUrl | ReadyTransform];
  if (list.length === 0) expected("transforms", list, "a module, a ready transform, or a list of these");
  const [first, ...others] = list;
  const module = first instanceof ReadyTransform ? null : moduleOf(first!, exportName);
  if (module === null && exportName !== undefined) conflict("`exportName` requires a module. Add the module, or remove `exportName`.");
  const steps = module === null ? list : others;
  const ready = steps.map((step) =>
    step instanceof ReadyTransform
      ? step.plan
      : conflict("Only the first of `transforms` may be a module, because it reads the patients of the store. Transform once per module."),
  );
  return { module, ready };
}
