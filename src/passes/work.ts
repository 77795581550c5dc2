import { types } from "node:util";
import type { Callable } from "../support/module.js";
import type { Patient } from "../timeline/patient.js";
import { Board } from "./board.js";
import { loaded } from "./callable.js";
import { OwnFault, sent, type Task, type Work } from "./messages.js";
import type { OpenDatabase, Opened } from "./opener.js";
import { type Link, Outbox } from "./outbox.js";
import { readerOf } from "./reader.js";
import { ChunkPatients, Reading, WorkerPatients } from "./reading.js";
import { copied, type Lent, last, lastHere, movedIn, repeatedIn } from "./result-copy.js";

/** The last argument of a pass's function: the public type PassContext names the class of the database. */
interface Context {
  readonly db: OpenDatabase;
  readonly chunk: number;
  readonly chunks: number;
  readonly worker: number;
  readonly workers: number;
}

/** The part of a task that is not the way to the reader of the results. */
export type Share = Omit<Task, "port">;

/** Runs a worker's share of a pass. Never throws: errors are sent like results. */
export async function work(opened: Opened, share: Share, link: Link): Promise<void> {
  const { work: plan, worker, workers, words } = share;
  const board = new Board(workers, plan.chunks.count, words);
  const outbox = new Outbox(board, worker, link);
  let stage: "store" | "load" | "run" = "store";
  let reading: Reading | null = null;
  try {
    const db = opened.of(plan);
    reading = new Reading(db, plan, board, worker, outbox);
    stage = "load";
    const found = plan.run === null ? null : await loaded(plan.run, plan.reader === null ? "patients" : "patient");
    stage = "run";
    const began = performance.now();
    // Without a chunk for this worker, the function is not called.
    if (reading.take()) await new Call(share, db, reading, outbox, link, found).run();
    const millis = performance.now() - began;
    outbox.flush();
    const isClean = await link.settled();
    // Ended first: the reader may look at the mappings when the pass is over.
    reading.end();
    link.send({ kind: "end", isClean, millis });
  } catch (error) {
    const own = error instanceof OwnFault;
    const subject = reading?.patient?.subjectId ?? null;
    link.send({ kind: "error", chunk: outbox.chunk, stage: own ? "store" : stage, subject, error: sent(own ? error.fault : error) });
  } finally {
    reading?.end();
  }
}

/** The calls of the function in one worker. */
class Call {
  private readonly plan: Work;
  private readonly lent: Lent;

  constructor(
    private readonly share: Share,
    private readonly db: OpenDatabase,
    private readonly reading: Reading,
    private readonly outbox: Outbox,
    private readonly link: Link,
    private readonly found: Callable | null,
  ) {
    this.plan = share.work;
    let own: ReadonlySet<ArrayBufferLike> | undefined;
    this.lent = (buffer) => {
      own ??= buffersIn(this.plan.args);
      return own.has(buffer) || db._store.owns(buffer);
    };
  }

  async run(): Promise<void> {
    const { reading, outbox } = this;
    if (this.plan.reader === null && this.plan.per === "worker") {
      const patients = new WorkerPatients(reading, outbox);
      const given = await this.call(patients, this.workerContext());
      if (given === undefined && !patients.isRead && this.found!.length === 1) failUnread();
      return;
    }
    do {
      const { chunk } = outbox;
      if (this.plan.reader === null) await this.call(new ChunkPatients(reading, chunk), this.chunkContext(chunk));
      else await this.read(chunk);
      if (this.outbox.isFull) await outbox.room();
    } while (reading.take());
  }

  /** Calls the function, sends its result or results, and returns what it returned. */
  private async call(patients: WorkerPatients | ChunkPatients, context: Context): Promise<unknown> {
    const found = this.found as (...args: unknown[]) => unknown;
    const given = await found(patients, this.plan.args, context);
    if (this.plan.mode === "value") this.addLast(given);
    else if (Array.isArray(given)) {
      const repeated = repeatedIn(given);
      const lent = repeated.size === 0 ? this.lent : (buffer: ArrayBufferLike) => repeated.has(buffer) || this.lent(buffer);
      for (const result of given) if (this.addLast(result, lent)) await this.outbox.room();
    } else if (isIterator(given)) {
      for (const result of given) if (this.outbox.add(copied(result))) await this.outbox.room();
    } else if (typeof given === "object" && given !== null && Symbol.asyncIterator in given) {
      for await (const result of given as AsyncIterable<unknown>) if (this.outbox.add(copied(result))) await this.outbox.room();
    } else if (given !== undefined) this.addLast(given);
    return given;
  }

  /** Has a reader read the patients of a chunk. */
  private async read(chunk: number): Promise<void> {
    const { found, plan, reading } = this;
    const context = this.chunkContext(chunk);
    const ask = found === null ? null : (patient: Patient) => (found as (...given: unknown[]) => unknown)(patient, plan.args, context);
    const reader = await readerOf(plan.reader!, { store: this.db._store, chunk, ask });
    const [begin, end] = reading.enter(chunk);
    for (let place = begin; place < end; place += 1) await reader.read(reading.at(place));
    this.outbox.add(reader.result());
  }

  /** Adds a result that the function returned. It cannot change it any more. */
  private addLast(given: unknown, lent = this.lent): boolean {
    const { link, outbox, plan } = this;
    if (!link.isRemote) {
      // Nothing else refers to the result of a function that only computes and is never called again.
      const isAlone = plan.run?.kind === "inline" && plan.run.isPlain && !plan.run.takesContext;
      const isOwn = isAlone && plan.per === "worker" && plan.args === undefined;
      return outbox.add(lastHere(given, lent, isOwn));
    }
    const result = last(given, lent);
    return outbox.add(result, movedIn(result, lent));
  }

  private workerContext(): Context {
    const { reading, db, plan, share } = this;
    return {
      db,
      get chunk() {
        return Math.max(reading.chunk, 0);
      },
      chunks: plan.chunks.count,
      worker: share.worker,
      workers: share.workers,
    };
  }

  private chunkContext(chunk: number): Context {
    const { db, plan, share } = this;
    return { db, chunk, chunks: plan.chunks.count, worker: share.worker, workers: share.workers };
  }
}

/** The function has one argument and treats it as one patient, whose properties are then undefined. */
function failUnread(): never {
  throw new TypeError(
    "It returned undefined and read no patient. It receives all patients of its thread: for (const patient of patients) { … }",
  );
}

/** Whether a value is an iterator. A string, a Map or a typed array is iterable too, but it is one result. */
function isIterator(given: unknown): given is Iterable<unknown> {
  const isIterable = typeof given === "object" && given !== null && Symbol.iterator in given;
  return isIterable && "next" in given && typeof given.next === "function";
}

/** The buffers of the arrays in a value. */
function buffersIn(value: unknown): Set<ArrayBufferLike> {
  const found = new Set<ArrayBufferLike>();
  const seen = new Set<object>();
  const look = (item: unknown): void => {
    if (typeof item !== "object" || item === null || seen.has(item)) return;
    seen.add(item);
    if (ArrayBuffer.isView(item)) found.add(item.buffer);
    else if (types.isMap(item)) {
      item.forEach((member, key) => {
        look(key);
        look(member);
      });
    } else if (types.isSet(item)) item.forEach(look);
    else Object.values(item).forEach(look);
  };
  look(value);
  return found;
}
