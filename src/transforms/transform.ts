import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { PatientDatabase } from "../database/database.js";
import type { Summary } from "../operations/convert.js";
import { type ModuleFunction, type ModuleUrl, moduleOf } from "../passes/module.js";
import { checkedOptions, type PassContext, type PassOptions } from "../passes/options.js";
import { NO_LABELS, Pass } from "../passes/pass.js";
import { withWorkFolder } from "../sources/workfolder.js";
import type { Note } from "../store/manifest.js";
import { type Progress, refuseTaken, runJob, type WorkOptions } from "../store/native.js";
import type { Store } from "../store/store.js";
import { countIn, failGiven, flagOf, optionsOf, pathOf, textOf } from "../support/arguments.js";
import { fail, MedsError } from "../support/errors.js";
import { isWithin, withIo } from "../support/io.js";
import type { Event } from "../timeline/event.js";
import type { Patient } from "../timeline/patient.js";
import type { NewRow, Row } from "../timeline/row.js";
import type { AnySchema } from "../timeline/schema.js";
import { isGivable } from "./cells.js";
import { type AddedColumn, typesOf } from "./part.js";
import { ReadyTransform } from "./ready.js";
import { stepOf } from "./step.js";
import { type Transformed, transforming } from "./transforming.js";

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
export type TransformFunction<A = unknown, S extends object = AnySchema> = (
  patient: Patient<S>,
  args: A,
  context: PassContext,
) => Given<S> | Promise<Given<S>>;

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
export async function transform<A = unknown>(
  store: string,
  out: string,
  transforms: ModuleUrl | ReadyTransform | readonly (ModuleUrl | ReadyTransform)[],
  options?: TransformOptions<A>,
): Promise<Summary> {
  const checked = checkedOptions("transform", options, ["onProgress", "columns", "force", "memory", "shardBytes", "index", "temp"]);
  const { onProgress, columns, exportName, force, memory, shardBytes, index, temp } = options ?? {};
  for (const [name, value] of Object.entries({ force, index })) flagOf(name, value, false);
  for (const [name, value] of Object.entries({ memory, shardBytes })) countIn(name, value);
  if (temp !== undefined) pathOf("temp", temp);
  if (onProgress !== undefined && typeof onProgress !== "function") failGiven("onProgress", onProgress, "a function");
  const { module, ready } = parted(transforms, exportName);
  if (module === null && checked.args !== undefined) failGiven("args", checked.args, "it with a module, or leave it out");
  const paths = { store: pathOf("store", store), out: pathOf("out", out) };
  if (isWithin(paths.out, paths.store) || isWithin(paths.store, paths.out))
    fail("MEDS_INVALID_ARGUMENT", `${paths.out}: this is the store, or lies in it, or holds it. Choose another path.`, paths.out);
  refuseTaken(paths.out, force === true);

  const begun = performance.now();
  const db = PatientDatabase.open(paths.store);
  try {
    const from = db._store;
    const added = addedOf(columns, from);
    const types = typesOf(from, added);
    // Before any thread begins: a step that has not what it needs would else fail in each.
    for (const plan of ready) stepOf(plan, types);
    if (from.manifest.shards.length === 0)
      fail("MEDS_NO_DATA", `${paths.store}: the store has no patients, so there is nothing to transform.`, paths.store);
    // Before any thread begins, too: the module is the one that they load, and what cannot be kept would be told when all is done.
    const made = { transform: recorded(from, { module, ready, args: checked.args, added }) };

    return await withWorkFolder(paths.out, temp, "transform", async (folder) => {
      const data = join(folder, "data");
      mkdirSync(data);
      from.native.copyMetadata(join(folder, "metadata"));
      const pass = new Pass<Transformed>({
        store: from,
        slots: db.slots,
        module,
        mode: "value",
        ...checked,
        ordered: true,
        reader: transforming({ folder: data, added, steps: ready }),
        labelsOf: null,
        report: NO_LABELS,
      });
      const counts = await watched(pass, from.manifest.counts.events, onProgress);
      // A dataset has files, also where no patient is left.
      if (readdirSync(data).length === 0) from.native.changing(0, added).write(join(data, "none.parquet"), NOBODY, []);
      const before = (performance.now() - begun) / 1000;
      const plan = {
        source: folder,
        store: paths.out,
        force,
        threads: checked.threads,
        memory,
        shardBytes: shardBytes ?? from.manifest.options.shardBytes,
        index: index ?? from.manifest.options.index,
        temp,
        provenance: {
          notes: [...from.manifest.notes.filter(({ kind }) => kind !== "warning"), ...counts],
          narrow: paths.store,
          types: Object.fromEntries([...from.columns, ...added].map(({ name, type }) => [name, type])),
          made,
        },
      };
      const summary = await runJob<Summary>("convert", plan, { onProgress, signal: checked.signal });
      return { ...summary, sourceBytes: db.metadata.bytes, seconds: before + summary.seconds };
    });
  } finally {
    db.close();
  }
}

const NOBODY = { patients: new Uint32Array(0), lengths: new Uint32Array(0), rows: new Uint32Array(0) };

/** The module, which sees patients as they are, and what follows it. */
function parted(transforms: ModuleUrl | ReadyTransform | readonly (ModuleUrl | ReadyTransform)[], exportName: string | undefined) {
  const list = Array.isArray(transforms)
    ? (transforms as readonly (ModuleUrl | ReadyTransform)[])
    : [transforms as ModuleUrl | ReadyTransform];
  if (list.length === 0) failGiven("transforms", list, "a module, a ready transform, or several");
  const [first, ...others] = list;
  const module = first instanceof ReadyTransform ? null : moduleOf(first!, exportName);
  if (module === null && exportName !== undefined) failGiven("exportName", exportName, "it with a module, or leave it out");
  const steps = module === null ? list : others;
  const ready = steps.map((step) =>
    step instanceof ReadyTransform
      ? step.plan
      : failGiven(
          "transforms",
          step,
          "one module at most, and it first: it is asked of the patients of the store. For several, transform several times",
        ),
  );
  return { module, ready };
}

function addedOf(columns: Readonly<Record<string, string>> | undefined, { columns: known }: Store): AddedColumn[] {
  return Object.entries(optionsOf(columns) ?? {}).map(([name, type]) => {
    textOf(`columns.${name}`, type, 'a type such as "float32", "int64", "utf8" or "timestamp[us]"');
    if (name === "" || name === "subject_id" || known.some((column) => column.name === name))
      failGiven("A new column", name, "a name that no column of the store has; the store's own need not be declared");
    if (!isGivable(type)) {
      const known = "int64, float32, utf8, bool or timestamp[us]";
      fail(
        "MEDS_INVALID_ARGUMENT",
        `column ${JSON.stringify(name)}: ${JSON.stringify(type)} is no type that a new column can have. Give one such as ${known}.`,
      );
    }
    return { name, type };
  });
}

/** Waits for a pass to end; gives the notes of what it did. */
async function watched(pass: Pass<Transformed>, total: number, onProgress: ((progress: Progress) => void) | undefined): Promise<Note[]> {
  const all = new Map<string, number>();
  let done = 0;
  const report = () => onProgress?.({ phase: "transform", done, total, bytes: 0, bytesTotal: 0 });
  report();
  for await (const { rows, counts } of pass) {
    for (const [key, count] of counts) all.set(key, (all.get(key) ?? 0) + count);
    done += rows;
    report();
  }
  return Array.from(all, ([key, count]) => {
    const [kind = "", ...message] = key.split(": ");
    return { kind, message: message.join(": "), count };
  });
}

interface Recorded {
  readonly module: ModuleFunction | null;
  readonly ready: readonly object[];
  readonly args: unknown;
  readonly added: readonly AddedColumn[];
}

/** What the manifest keeps: plain data, without null. */
function recorded(from: Store, { module, ready, args, added }: Recorded): object {
  const about = module === null ? {} : { module: { name: basename(module.path), exportName: module.name, sha256: hashOf(module.path) } };
  return {
    from: from.manifest.fingerprint,
    ...about,
    // As text: what was given may hold anything.
    ...(args === undefined ? {} : { args: textOfArgs(args) }),
    ...(added.length === 0 ? {} : { columns: added }),
    ...(ready.length === 0 ? {} : { ready }),
    ...(from.manifest.options.transform === undefined ? {} : { before: listed(from.manifest.options.transform) }),
  };
}

/** What a manifest keeps of transforms, the last one first; in older ones each holds the one before it. */
function listed({ before, ...own }: { readonly before?: object }): readonly object[] {
  if (before === undefined) return [own];
  return [own, ...(Array.isArray(before) ? (before as readonly object[]) : listed(before))];
}

/** Arguments as JSON; what it has no word for (maps, sets, 64-bit integers, NaN) is written as arrays and text, and never left out. */
function textOfArgs(args: unknown): string {
  const plain = (_: string, item: unknown) => {
    if (typeof item === "bigint" || (typeof item === "number" && !Number.isFinite(item))) return String(item);
    return item instanceof Map || item instanceof Set || (ArrayBuffer.isView(item) && Symbol.iterator in item)
      ? [...(item as Iterable<unknown>)]
      : item;
  };
  try {
    return JSON.stringify(args, plain);
  } catch (error) {
    const [reason] = (error as Error).message.split("\n");
    const found = `args cannot be kept in the manifest (${reason}). Give plain values, arrays and maps, none of which holds itself.`;
    throw new MedsError("MEDS_INVALID_ARGUMENT", found, { cause: error });
  }
}

function hashOf(path: string): string {
  const bytes = withIo(path, () => readFileSync(path));
  return createHash("sha256").update(bytes).digest("hex");
}
