import { once } from "node:events";
import type { LabelRow } from "../labels/labels.js";
import type { NativeScan } from "../store/native.js";
import type { Store } from "../store/store.js";
import { fail } from "../support/errors.js";
import type { Patient } from "../timeline/patient.js";
import { CREDIT, type Message, OwnFault, sent, type Task } from "./messages.js";
import { readerOf } from "./reader.js";
import { owned } from "./result-copy.js";

/** Maximum number of results per message, and how long the first one waits for others, in milliseconds. */
const BATCH = 64;
const MILLIS = 20;

/** The database that a worker reads. */
export interface OpenDatabase {
  readonly _store: Store;
  at(slot: number): Patient | undefined;
}

/** The last argument of a pass's function: the public type PassContext names the class of the database. */
interface Context {
  readonly db: OpenDatabase;
  readonly chunk: number;
  readonly chunks: number;
}

type Given = Patient | readonly [Patient, readonly LabelRow[]];
type ModuleFunction = (patients: Iterable<Given>, args: unknown, context: Context) => unknown;

/** Runs a task in a worker thread. Never throws: errors are sent like results. */
export async function work(open: () => OpenDatabase, task: Task): Promise<void> {
  const { port } = task;
  const send = (message: Message) => port.postMessage(message);
  let stage: "store" | "load" | "run" = "store";
  let reading: Reading | null = null;
  let scan: NativeScan | null = null;
  try {
    const db = same(open(), task);
    scan = db._store.native.scan(task.scanned);
    stage = "load";
    const found = task.module === null ? null : await load(task.module, task.reader === null ? "patients" : "patient");
    stage = "run";
    reading = new Reading(db, task);
    const context: Context = { db, chunk: task.chunk, chunks: task.chunks };
    const outbox = new Outbox(task, send);
    if (task.reader !== null) {
      const ask = found === null ? null : (patient: Patient) => (found as (...given: unknown[]) => unknown)(patient, task.args, context);
      const reader = readerOf(task.reader, { store: db._store, chunk: task.chunk, ask });
      for (const patient of reading.patients()) await reader.read(patient);
      outbox.add(reader.result());
    } else {
      const given = await (found as ModuleFunction)(reading, task.args, context);
      if (task.mode === "value") outbox.add(given);
      else await stream(given, outbox);
    }
    outbox.flush();
    send({ kind: "end" });
  } catch (error) {
    const own = error instanceof OwnFault;
    send({ kind: "error", stage: own ? "store" : stage, subject: reading?.subject ?? null, error: sent(own ? error.fault : error) });
  } finally {
    scan?.end();
  }
}

/** Checks that the store was not replaced: the same slots would be other patients. */
function same(db: OpenDatabase, { id, path }: Task): OpenDatabase {
  if (db._store.manifest.id !== id)
    fail("MEDS_STORE_REPLACED", `${path}: the store was replaced after it was opened. Open it again, then start again.`, path);
  return db;
}

async function load({ url, path, name }: NonNullable<Task["module"]>, given: string): Promise<(...args: never[]) => unknown> {
  const found: unknown = ((await import(url)) as Record<string, unknown>)[name];
  if (typeof found !== "function") {
    const wanted = name === "default" ? `export default function (${given}, args, context) { … }` : `export function ${name}(…) { … }`;
    fail("MEDS_INVALID_ARGUMENT", `${path}: its export "${name}" is not a function. Write: ${wanted}`, path);
  }
  return found as (...args: never[]) => unknown;
}

/** The patients of a task, in order. `subject` is the patient that is being read. */
class Reading implements Iterable<Given> {
  subject: bigint | null = null;

  constructor(
    private readonly db: OpenDatabase,
    private readonly task: Task,
  ) {}

  *patients(): Generator<Patient> {
    for (const slot of this.task.slots) {
      const patient = this.db.at(slot)!;
      this.subject = patient.subjectId;
      yield patient;
    }
  }

  *[Symbol.iterator](): Iterator<Given> {
    const { labels } = this.task;
    let i = 0;
    for (const patient of this.patients()) {
      yield labels === null ? patient : [patient, labels[i]!];
      i += 1;
    }
  }
}

/** Sends the result or results of a function. */
async function stream(given: unknown, outbox: Outbox): Promise<void> {
  if (isMany(given)) {
    for (const result of given) if (outbox.add(result)) await outbox.room();
  } else if (typeof given === "object" && given !== null && Symbol.asyncIterator in given) {
    for await (const result of given as AsyncIterable<unknown>) if (outbox.add(result)) await outbox.room();
  } else if (given !== undefined) outbox.add(given);
}

/**
 * Whether a value is an array or an iterator. A string, a Map or a typed array is iterable too, but it is one
 * result.
 */
function isMany(given: unknown): given is Iterable<unknown> {
  if (Array.isArray(given)) return true;
  const isIterable = typeof given === "object" && given !== null && Symbol.iterator in given;
  return isIterable && "next" in given && typeof given.next === "function";
}

/** Collects results into messages. Never sends more messages than the main thread has allowed. */
class Outbox {
  private batch: unknown[] = [];
  private since = 0;
  private credit = CREDIT;

  constructor(
    private readonly task: Task,
    private readonly send: (message: Message) => void,
  ) {
    task.port.on("message", () => {
      this.credit += 1;
    });
  }

  /** Takes a result. Returns true if the caller must await {@link Outbox.room} before the next one. */
  add(result: unknown): boolean {
    if (this.batch.length === 0) this.since = performance.now();
    this.batch.push(owned(result));
    if (this.batch.length >= BATCH || performance.now() - this.since > MILLIS) this.flush();
    return this.credit <= 0;
  }

  flush(): void {
    if (this.batch.length === 0) return;
    const results = this.batch;
    this.batch = [];
    this.credit -= 1;
    try {
      this.send({ kind: "results", results });
    } catch (error) {
      const reason = (error as Error).message;
      fail(
        "MEDS_INVALID_ARGUMENT",
        `A result cannot be cloned to the caller's thread (${reason}). Return plain values, arrays, maps and typed arrays.`,
      );
    }
  }

  /** Waits until the main thread has taken a message. */
  async room(): Promise<void> {
    while (this.credit <= 0) await once(this.task.port, "message");
  }
}
