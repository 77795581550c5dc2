import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { LabelRow } from "../labels/labels.js";
import type { AbortSignalLike } from "../store/native.js";
import { startWorker } from "../store/package-files.js";
import type { Store } from "../store/store.js";
import { MedsError } from "../support/errors.js";
import { shownAs } from "../support/inspect.js";
import { chunksOf } from "./chunks.js";
import { type Message, MORE, received, type Task } from "./messages.js";
import type { ModuleFunction } from "./module.js";
import type { ReaderPlan } from "./reader.js";
import { serve } from "./serve.js";
import { Threads } from "./threads.js";
import { type OpenDatabase, work } from "./work.js";

/** The input of a pass. */
export interface PassReport {
  /** Patients that are passed to the function. */
  readonly patients: number;
  /** Chunks of these patients, with about the same number of events each. */
  readonly chunks: number;
  /** Labels that are passed with the patients. Without labels, this and the following numbers are 0. */
  readonly labels: number;
  /** Labels of subjects that are not in the database, and the number of those subjects. */
  readonly unknownLabels: number;
  readonly unknownSubjects: number;
  /** Labels of subjects of the database that are not in this cohort. */
  readonly outsideLabels: number;
  /** Patients of the cohort without a label, whether they are left out or not. */
  readonly unlabelledPatients: number;
}

/** The description of a pass. */
export interface PassPlan {
  readonly store: Store;
  readonly slots: Uint32Array;
  readonly module: ModuleFunction | null;
  readonly mode: Task["mode"];
  readonly args: unknown;
  readonly threads: number;
  readonly ordered: boolean;
  readonly signal: AbortSignalLike | undefined;
  readonly reader?: ReaderPlan;
  /** Returns the labels for each slot; null where patients are read without labels. */
  readonly labelsOf: ((slots: Uint32Array) => LabelRow[][]) | null;
  readonly report: Omit<PassReport, "patients" | "chunks">;
}

/** {@link PassPlan.report} of a pass without labels. */
export const NO_LABELS = { labels: 0, unknownLabels: 0, unknownSubjects: 0, outsideLabels: 0, unlabelledPatients: 0 } as const;

/**
 * A pass over patients in worker threads: an async iterable of its results. {@link Cohort.map} makes it. Each
 * loop starts the pass from the beginning, at its first request for a result. The workers end when the loop
 * ends, even if it ends early. A slow loop slows the workers down: only a few messages of results wait for
 * it. If you call `next()` yourself and stop before the end, call `return()` too.
 *
 * Closing the database does not affect a pass: the workers open the store themselves.
 */
export class Pass<T = unknown> implements AsyncIterable<T> {
  /** What is read. */
  readonly report: PassReport;
  private readonly chunks: readonly Uint32Array[];
  private readonly plan: PassPlan;

  /** @internal Runs the tasks of passes in a worker thread. The store is opened once per thread. */
  static _serve(open: (path: string, options: Pick<Task, "int64">) => OpenDatabase): void {
    let db: OpenDatabase | undefined;
    serve((task: Task) => {
      const opened = () => {
        db ??= open(task.path, { int64: task.int64 });
        return db;
      };
      return work(opened, task);
    });
  }

  /** @internal */
  constructor(plan: PassPlan) {
    this.plan = plan;
    this.chunks = chunksOf(plan.store, plan.slots);
    this.report = Object.freeze({ patients: plan.slots.length, chunks: this.chunks.length, ...plan.report });
  }

  /**
   * The results.
   *
   * @throws MedsError `MEDS_PASS_FAILED` where the function throws or its module cannot be loaded: the
   * message names the subject that the function was reading, and `cause` is the thrown value;
   * `MEDS_CANCELLED`; `MEDS_STORE_REPLACED`; the errors of opening a store.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    const { plan, chunks } = this;
    if (plan.signal?.aborted) throw cancelled(plan.signal);
    if (chunks.length === 0) return;
    const run = new Run(plan, chunks, Math.min(plan.threads, chunks.length));
    try {
      for (let batch = await run.next(); batch !== null; batch = await run.next()) {
        for (const result of batch) {
          run.check();
          yield result as T;
        }
      }
    } finally {
      await run.close();
    }
  }

  /**
   * All results at once, as an array.
   *
   * @throws MedsError The errors of the iteration.
   */
  async toArray(): Promise<T[]> {
    const all: T[] = [];
    for await (const result of this) all.push(result);
    return all;
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { patients, chunks } = this.report;
    return shownAs("Pass", { patients, chunks, threads: this.plan.threads });
  }
}

/** A chunk in progress, and its results that the loop has not read yet. */
interface Stream {
  readonly port: MessagePort;
  readonly batches: (readonly unknown[])[];
  /** Nothing more comes: it is whole, or failed. */
  ended: boolean;
  failure: MedsError | null;
}

/** One iteration of a pass. */
class Run {
  private readonly streams: Stream[] = [];
  private readonly threads: Threads<Task, void>;
  private readonly dense: readonly number[];
  private begun = 0;
  private closing: Promise<void> | null = null;
  private failure: MedsError | null = null;
  private wake: () => void = () => {};
  private readonly abort = () => {
    this.failure = cancelled(this.plan.signal);
    // Closes at once: the loop's next request may be late.
    void this.close();
    this.wake();
  };

  constructor(
    private readonly plan: PassPlan,
    private readonly chunks: readonly Uint32Array[],
    private readonly count: number,
  ) {
    this.dense = plan.store.native.dense(plan.slots);
    this.threads = new Threads({ count, ahead: 1, start: () => startWorker("worker.js"), failed: (error) => this.fail(error) });
    plan.signal?.addEventListener("abort", this.abort, { once: true });
  }

  /** The next results, or null after the last. */
  async next(): Promise<readonly unknown[] | null> {
    for (;;) {
      this.check();
      this.begin();
      if (this.streams.length === 0) return null;
      const { ordered } = this.plan;
      const ready = this.streams.findIndex((stream, i) => (i === 0 || !ordered) && (stream.batches.length > 0 || stream.ended));
      const stream = this.streams[ready];
      const batch = stream?.batches.shift();
      if (stream === undefined) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      } else if (batch !== undefined) {
        if (!stream.ended) stream.port.postMessage(MORE);
        return batch;
      } else if (stream.failure !== null) {
        throw stream.failure;
      } else {
        this.streams.splice(ready, 1);
      }
    }
  }

  /** Throws if the pass as a whole has failed. */
  check(): void {
    if (this.failure !== null) throw this.failure;
  }

  /** Ends all workers at once. Resolves when the last one has ended. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /**
   * A thread failed outside of the function (for example in a promise that the function did not await), ran
   * out of memory, or exited; or its error could not be sent. The pass fails at once.
   */
  private fail(error: unknown, what = "its worker thread ended"): void {
    // Terminated threads exit too.
    if (this.closing !== null) return;
    const path = this.plan.module?.path;
    const message = `${this.name()}: ${what} (${String(error)}).`;
    this.failure ??= new MedsError("MEDS_PASS_FAILED", message, { path, cause: error });
    this.wake();
  }

  private async end(): Promise<void> {
    this.plan.signal?.removeEventListener("abort", this.abort);
    for (const { port } of this.streams) port.close();
    await this.threads.end();
  }

  /**
   * Starts chunks: twice as many as there are threads, so that a thread whose results wait to be read has
   * another chunk. Chunks start in order, so that the chunk that is read next is always in progress.
   */
  private begin(): void {
    while (this.begun < this.chunks.length && this.streams.length < 2 * this.count) {
      this.streams.push(this.start(this.begun));
      this.begun += 1;
    }
  }

  private start(chunk: number): Stream {
    const { store, module, args, mode, reader = null, labelsOf } = this.plan;
    const { port1, port2 } = new MessageChannel();
    const stream: Stream = { port: port1, batches: [], ended: false, failure: null };
    port1.on("message", (message: Message) => {
      if (message.kind === "results") stream.batches.push(message.results);
      else {
        stream.ended = true;
        stream.failure = message.kind === "error" ? this.thrown(message) : null;
        port1.close();
      }
      this.wake();
    });
    const slots = this.chunks[chunk]!;
    const task: Task = {
      path: store.path,
      id: store.manifest.id,
      int64: store.int64,
      chunk,
      chunks: this.chunks.length,
      slots,
      scanned: this.scannedBy(slots),
      module,
      args,
      mode,
      labels: labelsOf === null ? null : labelsOf(slots),
      reader,
      port: port2,
    };
    // Results and errors arrive through the port, except an error that cannot be sent, for example because its
    // `code` getter throws. `failed` reports a thread that ends, before its tasks are rejected.
    this.threads.run(task, [port2]).catch((error: unknown) => this.fail(error, "its task failed"));
    return stream;
  }

  /** Those shards of the pass's scan that contain the chunk's slots. */
  private scannedBy(slots: Uint32Array): number[] {
    const { shardOf, indexOf } = this.plan.store;
    const [first, last] = [slots[0]!, slots[slots.length - 1]!].map((slot) => shardOf[indexOf[slot]!]!) as [number, number];
    return this.dense.filter((shard) => shard >= first && shard <= last);
  }

  private thrown({ stage, subject, error }: Message & { kind: "error" }): MedsError {
    const cause = received(error);
    // Errors of the store are passed on unchanged: they are not errors of the function.
    if (stage === "store" && cause instanceof MedsError) return cause;
    const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    const when =
      stage === "load" ? "could not be loaded" : subject === null ? "failed before it read a patient" : `failed at subject ${subject}`;
    return new MedsError("MEDS_PASS_FAILED", `${this.name()} ${when}: ${text}`, { path: this.plan.module?.path, cause });
  }

  private name(): string {
    return this.plan.module?.path ?? this.plan.reader!.who;
  }
}

function cancelled(signal: AbortSignalLike | undefined): MedsError {
  return new MedsError("MEDS_CANCELLED", "The pass was cancelled.", { cause: signal?.reason });
}
