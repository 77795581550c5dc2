import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { LabelRow } from "../labels/labels.js";
import type { AbortSignalLike } from "../store/native.js";
import type { Store } from "../store/store.js";
import { MedsError } from "../support/errors.js";
import { chunksOf } from "./chunks.js";
import { type Message, MORE, received, type Task } from "./messages.js";
import type { ModuleFunction } from "./module.js";
import type { ReaderPlan } from "./reader.js";
import { Threads } from "./threads.js";
import { work } from "./work.js";

/** What a pass reads. */
export interface PassReport {
  /** Patients that the function is given. */
  readonly patients: number;
  /** Chunks that they are cut into: about as many events each. */
  readonly chunks: number;
  /** Labels that patients are given with; 0 without labels, as all that follows. */
  readonly labels: number;
  /** Labels of subjects that the database has not, and those subjects. */
  readonly unknownLabels: number;
  readonly unknownSubjects: number;
  /** Labels of subjects of the database that are not in this cohort. */
  readonly outsideLabels: number;
  /** Patients of the cohort that have no label, whether they are left out or not. */
  readonly unlabelledPatients: number;
}

/** What a pass is to do. */
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
  /** The labels of each of some slots; null where patients are read without. */
  readonly labelsOf: ((slots: Uint32Array) => LabelRow[][]) | null;
  readonly report: Omit<PassReport, "patients" | "chunks">;
}

/** {@link PassPlan.report} of a pass without labels. */
export const NO_LABELS = { labels: 0, unknownLabels: 0, unknownSubjects: 0, outsideLabels: 0, unlabelledPatients: 0 } as const;

/**
 * A pass over patients in worker threads: an async iterable of its results; {@link Cohort.map} makes it. It begins when its first result is asked for,
 * and anew with each loop. However the loop is left, its workers end. A slow reader slows them down: a few batches of results wait for it, no more.
 * Who calls `next()` by hand calls `return()` too, where it stops before the end.
 *
 * Closing the database does not disturb a pass: workers have the store open themselves.
 */
export class Pass<T = unknown> implements AsyncIterable<T> {
  /** What is read. */
  readonly report: PassReport;
  private readonly chunks: readonly Uint32Array[];
  private readonly plan: PassPlan;

  /** @internal What a worker does with a task. */
  static readonly _work = work;

  /** @internal */
  constructor(plan: PassPlan) {
    this.plan = plan;
    this.chunks = chunksOf(plan.store, plan.slots);
    this.report = Object.freeze({ patients: plan.slots.length, chunks: this.chunks.length, ...plan.report });
  }

  /**
   * The results.
   *
   * @throws MedsError `MEDS_PASS_FAILED` where the function throws or its module cannot be loaded: the message names the subject that was being
   * read, `cause` is what was thrown; `MEDS_CANCELLED`; `MEDS_STORE_REPLACED` and what opening a store throws.
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
   * @throws MedsError as the iteration does.
   */
  async toArray(): Promise<T[]> {
    const all: T[] = [];
    for await (const result of this) all.push(result);
    return all;
  }
}

/** A chunk under way: what has come of it and was not read yet. */
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
  private readonly threads: Threads;
  private readonly dense: readonly number[];
  private begun = 0;
  private closing: Promise<void> | null = null;
  private failure: MedsError | null = null;
  private wake: () => void = () => {};
  private readonly abort = () => {
    this.failure = cancelled(this.plan.signal);
    // Not when the reader asks again: it may be long in coming.
    void this.close();
    this.wake();
  };

  constructor(
    private readonly plan: PassPlan,
    private readonly chunks: readonly Uint32Array[],
    private readonly count: number,
  ) {
    this.dense = plan.store.native.dense(plan.slots);
    this.threads = new Threads(count, (error) => this.fail(error));
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

  /** Throws where the pass as a whole has failed. */
  check(): void {
    if (this.failure !== null) throw this.failure;
  }

  /** Ends the workers, whatever they do; done once none is left. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /** A thread failed outside of the function (a promise that it left behind, say), ran out of memory, or exited: the pass fails at once. */
  private fail(error: unknown): void {
    // Threads that are being ended exit too.
    if (this.closing !== null) return;
    const path = this.plan.module?.path;
    const message = `${this.name()}: its worker thread ended (${String(error)}).`;
    this.failure ??= new MedsError("MEDS_PASS_FAILED", message, { path, cause: error });
    this.wake();
  }

  private async end(): Promise<void> {
    this.plan.signal?.removeEventListener("abort", this.abort);
    for (const { port } of this.streams) port.close();
    await this.threads.end();
  }

  /**
   * Hands out chunks: twice as many as there are threads, so that a thread whose chunk waits to be read has another to do. They are begun in order, so
   * the one that is read next is always under way.
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
    this.threads.add({
      path: store.path,
      id: store.manifest.id,
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
    });
    return stream;
  }

  /** Those shards of the whole pass's scan in which a chunk's slots are. */
  private scannedBy(slots: Uint32Array): number[] {
    const { shardOf, indexOf } = this.plan.store;
    const [first, last] = [slots[0]!, slots[slots.length - 1]!].map((slot) => shardOf[indexOf[slot]!]!) as [number, number];
    return this.dense.filter((shard) => shard >= first && shard <= last);
  }

  private thrown({ stage, subject, error }: Message & { kind: "error" }): MedsError {
    const cause = received(error);
    // The store's own faults are told as they are: the function has no part in them.
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
