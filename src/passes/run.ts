import { MedsError } from "../support/errors.js";
import { failureOf } from "../support/module.js";
import { node } from "../support/node.js";
import type { AbortSignalLike } from "../support/signal.js";
import { Board } from "./board.js";
import { titleOf } from "./callable.js";
import { InThisThread, InThread, type Lane } from "./lane.js";
import { type Message, received, type Work } from "./messages.js";
import type { Pool } from "./pool.js";

type Results = Message & { readonly kind: "results" };

/** A worker, as the reader of its results sees it. */
interface Worker {
  readonly lane: Lane;
  /** Messages that the reader has not read. */
  readonly messages: Results[];
  /** Number of all messages. */
  received: number;
  hasEnded: boolean;
  /** Its error, and the chunk to which it belongs. */
  failure: { readonly chunk: number; readonly error: MedsError } | null;
}

/** How a run is done. */
export interface RunPlan {
  readonly work: Work;
  readonly pool: Pool;
  /** Number of threads; 0 for this thread. */
  readonly threads: number;
  readonly signal: AbortSignalLike | undefined;
}

/** One iteration of a pass. */
export class Run {
  private readonly workers: Worker[] = [];
  private readonly board: Board;
  private readonly involved = new Set<number>();
  /** Chunks whose worker is known, and chunks whose results are all read, from the first. */
  private known = 0;
  private read = 0;
  private isDone = false;
  /** How long the workers that have ended read patients, together. */
  private millis = 0;
  private closing: Promise<void> | null = null;
  private failure: MedsError | null = null;
  private wake: () => void = () => {};
  private readonly abort = () => {
    this.failure = cancelled(this.plan.signal);
    // Closes at once: the loop's next request may be late.
    void this.close();
    this.wake();
  };

  constructor(private readonly plan: RunPlan) {
    const { work, pool, threads: count, signal } = plan;
    const workers = Math.max(1, count);
    this.board = new Board(workers, work.chunks.count);
    const share = (worker: number) => ({ work, worker, workers, words: this.board.words });
    if (count === 0) this.add((hear, failed) => new InThisThread(pool, share(0), hear, failed));
    else {
      for (const [worker, thread] of pool.borrow(count, work.run).entries())
        this.add((hear, failed) => new InThread(pool, thread, share(worker), new node.threads.MessageChannel(), hear, failed));
    }
    signal?.addEventListener("abort", this.abort, { once: true });
  }

  /** The next results, or null after the last. */
  async next(): Promise<readonly unknown[] | null> {
    const { work } = this.plan;
    for (;;) {
      this.check();
      const found = work.ordered ? this.inOrder() : work.mode === "value" ? this.byWorker() : this.any();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** Throws if the pass as a whole has failed. */
  check(): void {
    if (this.failure !== null) throw this.failure;
  }

  /** Ends all workers that still run. Resolves when the last one has ended. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private add(make: (hear: (message: Message) => void, failed: (error: unknown, what: string) => void) => Lane): void {
    const messages: Results[] = [];
    const hear = (message: Message) => this.hear(this.workers[index]!, message);
    const index = this.workers.length;
    const lane = make(hear, (error, what) => this.fail(error, what));
    this.workers.push({ lane, messages, received: 0, hasEnded: false, failure: null });
    lane.begin();
  }

  private hear(worker: Worker, message: Message): void {
    if (message.kind === "results") {
      worker.messages.push(message);
      worker.received += 1;
    } else if (message.kind === "end") {
      worker.hasEnded = true;
      this.millis += message.millis;
    } else if (message.kind === "error") {
      const error = this.thrown(message);
      worker.failure = { chunk: message.chunk, error };
      // It concerns no chunk, and all workers.
      if (message.chunk < 0) this.failure ??= error;
    }
    this.wake();
  }

  /**
   * A thread failed outside of the function (for example in a promise that the function did not await), ran
   * out of memory, or exited; or its error could not be sent. The pass fails at once.
   */
  private fail(error: unknown, what: string): void {
    // Threads that are ended exit too.
    if (this.closing !== null || this.isDone) return;
    this.failure ??= new MedsError("MEDS_PASS_FAILED", `${this.title()}: ${what} (${String(error)}).`, { ...this.path(), cause: error });
    this.wake();
  }

  /** The next results in order of the chunks; null after the last, undefined for later. */
  private inOrder(): readonly unknown[] | null | undefined {
    const { board } = this;
    for (; this.read < board.chunks; this.read += 1) {
      const chunk = this.read;
      board.await(chunk);
      const worker = this.workers[board.workerOf(chunk)];
      if (worker === undefined) return this.isOver() ? this.done() : undefined;
      const [first] = worker.messages;
      if (first?.chunk === chunk) return this.take(worker);
      const isWhole = first !== undefined || worker.hasEnded || board.isWhole(chunk, worker.received);
      if (isWhole) continue;
      if (worker.failure?.chunk === chunk) throw worker.failure.error;
      return undefined;
    }
    return this.done();
  }

  /** The results of one worker after another, once all have ended. */
  private byWorker(): readonly unknown[] | null | undefined {
    this.throwAny();
    if (!this.isOver()) return undefined;
    const worker = this.workers.find(({ messages }) => messages.length > 0);
    return worker === undefined ? this.done() : this.take(worker);
  }

  /** Results as they come. */
  private any(): readonly unknown[] | null | undefined {
    const worker = this.workers.find(({ messages }) => messages.length > 0);
    if (worker !== undefined) return this.take(worker);
    this.throwAny();
    return this.isOver() ? this.done() : undefined;
  }

  private throwAny(): void {
    for (const { failure } of this.workers) if (failure !== null) throw failure.error;
  }

  private take(worker: Worker): readonly unknown[] {
    const { results } = worker.messages.shift()!;
    if (this.board.read(this.workers.indexOf(worker))) worker.lane.more();
    return results;
  }

  /** Have all workers ended that have taken a chunk, and will no other take one. */
  private isOver(): boolean {
    const { board, workers } = this;
    if (workers.every(({ hasEnded, failure }) => hasEnded || failure !== null)) return true;
    for (; this.known < board.chunks; this.known += 1) {
      const worker = board.workerOf(this.known);
      if (worker < 0) return false;
      this.involved.add(worker);
    }
    return [...this.involved].every((worker) => workers[worker]!.hasEnded);
  }

  /** The pass is complete. Threads that were not needed may still be starting. */
  private done(): null {
    const { pool, work } = this.plan;
    this.isDone = true;
    // The workers of a stream also wait for its reader.
    if (work.mode === "value") pool.learn(work.run, this.millis / work.chunks.events);
    return null;
  }

  private async end(): Promise<void> {
    this.plan.signal?.removeEventListener("abort", this.abort);
    await Promise.all(this.workers.map(({ lane }) => lane.close(this.isDone)));
  }

  private thrown({ stage, subject, error }: Message & { kind: "error" }): MedsError {
    const cause = received(error);
    // Errors of the store are passed on unchanged: they are not errors of the function.
    if (stage === "store" && cause instanceof MedsError) return cause;
    const when =
      stage === "load" ? "could not be loaded" : subject === null ? "failed before it read a patient" : `failed at subject ${subject}`;
    return failureOf(`${this.title()} ${when}`, cause, this.path().path);
  }

  private title(): string {
    const { run, reader } = this.plan.work;
    return run === null ? reader!.who : titleOf(run);
  }

  private path(): { readonly path: string | undefined } {
    const { run } = this.plan.work;
    return { path: run?.kind === "module" ? run.path : undefined };
  }
}

export function cancelled(signal: AbortSignalLike | undefined): MedsError {
  return new MedsError("MEDS_CANCELLED", "The pass was cancelled.", { cause: signal?.reason });
}
