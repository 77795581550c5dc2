// The work of transform(): it runs the steps in a pass, which writes the changed rows as a dataset, and converts
// that dataset.
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PatientDatabase } from "../database/database.js";
import type { Summary } from "../operations/convert.js";
import { NO_LABELS, Pass } from "../passes/pass.js";
import type { ReaderPlan } from "../passes/reader.js";
import { withWorkFolder } from "../sources/workfolder.js";
import type { Note } from "../store/manifest.js";
import { type Progress, runJob } from "../store/native.js";
import type { Store } from "../store/store.js";
import { conflict, optionsOf, shown, textOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { isGivable } from "./cells.js";
import { type AddedColumn, typesOf } from "./part.js";
import type { Transformed, TransformTask } from "./reader.js";
import { recordOf } from "./record.js";
import { stepOf } from "./step.js";
import type { Request } from "./transform.js";

/** Makes the plan of the reader that changes the patients. */
type Transforming = (task: TransformTask) => ReaderPlan;

/** Writes the store that a request asks for. */
export async function changedStore(request: Request, transforming: Transforming): Promise<Summary> {
  const begun = performance.now();
  const db = PatientDatabase.open(request.store);
  try {
    const added = addedOf(request.columns, db._store);
    checkSteps(db._store, request, added);
    // Before any work: this hashes the module that the threads load, and reports arguments that cannot be
    // recorded.
    const made = { transform: recordOf(db._store, request, added) };
    return await withWorkFolder(request.out, request.temp, "transform", async (folder) => {
      const counts = await writeRows(db, request, transforming, added, folder);
      const before = (performance.now() - begun) / 1000;
      const provenance = { ...provenanceOf(db._store, request, added), notes: notesOf(db._store, counts), made };
      const plan = { ...planOf(db._store, request), source: folder, provenance };
      const summary = await runJob<Summary>("convert", plan, { onProgress: request.onProgress, signal: request.signal });
      return { ...summary, sourceBytes: db.metadata.bytes, seconds: before + summary.seconds };
    });
  } finally {
    db.close();
  }
}

/**
 * Checks the steps before any thread starts: a step without its column would otherwise fail in every thread.
 */
function checkSteps(from: Store, { store, ready }: Request, added: readonly AddedColumn[]): void {
  const types = typesOf(from, added);
  for (const plan of ready) stepOf(plan, types);
  if (from.manifest.shards.length === 0)
    fail("MEDS_NO_DATA", `${store}: the store has no patients, so there is nothing to transform.`, store);
}

const NO_PATIENTS = { patients: new Uint32Array(0), lengths: new Uint32Array(0), rows: new Uint32Array(0) };

/** Writes the changed rows as a dataset into a folder. Returns notes of what was changed. */
async function writeRows(
  db: PatientDatabase,
  request: Request,
  transforming: Transforming,
  added: readonly AddedColumn[],
  folder: string,
): Promise<Note[]> {
  const { _store: from, slots } = db;
  const { module, ready, threads, args, signal, onProgress } = request;
  const data = join(folder, "data");
  mkdirSync(data);
  from.native.copyMetadata(join(folder, "metadata"));
  const pass = new Pass<Transformed>({
    store: from,
    slots,
    run: module,
    mode: "value",
    per: "chunk",
    threads,
    args,
    signal,
    ordered: true,
    reader: transforming({ folder: data, added, steps: ready }),
    labels: null,
    report: NO_LABELS,
  });
  const counts = await runPass(pass, from.manifest.counts.events, onProgress);
  // A dataset must have a file, also where no patient is left.
  if (readdirSync(data).length === 0) from.native.changing(0, added).write(join(data, "none.parquet"), NO_PATIENTS, []);
  return counts;
}

/** The options of the conversion of the changed rows. */
function planOf({ manifest }: Store, request: Request): object {
  const { out, force, threads, memory, shardBytes, index, temp } = request;
  return {
    store: out,
    force,
    threads,
    memory,
    shardBytes: shardBytes ?? manifest.options.shardBytes,
    index: index ?? manifest.options.index,
    temp,
  };
}

/** The store whose patients may be missing in the new one, and the types that its columns had in the source. */
function provenanceOf({ columns }: Store, { store }: Request, added: readonly AddedColumn[]): object {
  return { narrow: store, types: Object.fromEntries([...columns, ...added].map(({ name, type }) => [name, type])) };
}

/** The notes of the new store: those of the old one without warnings, and the counts of changes. */
function notesOf({ manifest }: Store, counts: readonly Note[]): Note[] {
  return [...manifest.notes.filter(({ kind }) => kind !== "warning"), ...counts];
}

function addedOf(columns: Readonly<Record<string, string>> | undefined, { columns: known }: Store): AddedColumn[] {
  return Object.entries(optionsOf(columns) ?? {}).map(([name, type]) => {
    textOf(`columns.${name}`, type, 'a type such as "float32", "int64", "utf8" or "timestamp[us]"');
    if (name === "" || name === "subject_id" || known.some((column) => column.name === name))
      conflict(
        `${shown(name)} cannot be the name of a new column. Use a name that is not in the store; its own columns need no declaration.`,
      );
    if (!isGivable(type)) {
      const known = "int64, float32, utf8, bool or timestamp[us]";
      fail(
        "MEDS_INVALID_ARGUMENT",
        `column ${JSON.stringify(name)}: a new column cannot have the type ${JSON.stringify(type)}. Use a type such as ${known}.`,
      );
    }
    return { name, type };
  });
}

/** Runs a pass to its end. Returns notes of what it did. */
async function runPass(pass: Pass<Transformed>, total: number, onProgress: ((progress: Progress) => void) | undefined): Promise<Note[]> {
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
