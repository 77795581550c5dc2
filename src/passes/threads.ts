// Worker threads that take tasks from one queue. No library is used: tinypool, used before, ends the process
// if a second thread fails while the pool is being destroyed, and does not notice a thread that exits by
// itself.
import type { Transferable, Worker } from "node:worker_threads";
import { MedsError } from "../support/errors.js";
import { type Answer, type Question, received } from "./messages.js";

/** A task that waits for a thread. */
interface Waiting<T, R> {
  readonly task: T;
  readonly transfer: readonly Transferable[];
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/** A worker thread, and its unanswered tasks in the order in which they were sent. */
interface Thread<T, R> {
  readonly worker: Worker;
  readonly asked: Waiting<T, R>[];
}

/** How {@link Threads} run. */
export interface ThreadsOptions {
  readonly count: number;
  /**
   * Number of tasks that a thread has at once: with more than 1, it need not wait for this thread between
   * tasks.
   */
  readonly ahead: number;
  readonly start: () => Worker;
  /** Called if a thread throws outside of a task, or exits. */
  readonly failed?: (error: unknown) => void;
}

/** Threads that run tasks of type T with results of type R: see {@link serve}. Each thread starts at once. */
export class Threads<T, R> {
  private readonly all: readonly Worker[];
  private readonly ahead: number;
  private threads: readonly Thread<T, R>[];
  private readonly waiting: Waiting<T, R>[] = [];
  private failure: unknown = null;

  constructor({ count, ahead, start, failed = () => {} }: ThreadsOptions) {
    this.ahead = ahead;
    this.all = started(count, start);
    this.threads = this.all.map((worker) => ({ worker, asked: [] }));
    for (const thread of this.threads) {
      const { worker } = thread;
      worker.on("message", (answer: Answer<R>) => this.answered(thread, answer));
      worker.on("error", (error) => {
        this.lose(thread, error);
        failed(error);
      });
      // Node emits `exit` after `error`.
      worker.on("exit", () => {
        this.lose(thread, new MedsError("MEDS_INTERNAL", "A worker thread ended before it answered."));
        failed("it called process.exit");
      });
    }
  }

  /** Runs a task when a thread is free. Rejects with the task's error, or with that of its thread. */
  run(task: T, transfer: readonly Transferable[] = []): Promise<R> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ task, transfer, resolve, reject });
      this.next();
    });
  }

  /** Whether the threads keep the process alive. They do at first. */
  keepAlive(isKept: boolean): void {
    for (const worker of this.all) {
      if (isKept) worker.ref();
      else worker.unref();
    }
  }

  /** Ends all threads at once. Resolves when the last one has ended. Tasks that still wait never run. */
  async end(): Promise<void> {
    // A thread that finishes in the meantime must not receive a task, because the task's port is closed.
    this.waiting.length = 0;
    await Promise.all(this.all.map((worker) => worker.terminate()));
  }

  private answered(thread: Thread<T, R>, answer: Answer<R>): void {
    const { resolve, reject } = thread.asked.shift()!;
    this.next();
    if (answer.kind === "done") resolve(answer.result);
    else reject(received(answer.error));
  }

  /** Rejects the tasks of a thread that has ended, and all tasks if it was the last one. */
  private lose(thread: Thread<T, R>, error: unknown): void {
    if (!this.threads.includes(thread)) return;
    this.failure ??= error;
    this.threads = this.threads.filter((other) => other !== thread);
    for (const { reject } of thread.asked.splice(0)) reject(error);
    this.next();
  }

  /** Sends waiting tasks to the threads with the fewest tasks. */
  private next(): void {
    while (this.waiting.length > 0) {
      const [first, ...others] = this.threads;
      if (first === undefined) {
        for (const { reject } of this.waiting.splice(0)) reject(this.failure);
        return;
      }
      const thread = others.reduce((least, other) => (other.asked.length < least.asked.length ? other : least), first);
      if (thread.asked.length >= this.ahead) return;
      const waiting = this.waiting.shift()!;
      thread.asked.push(waiting);
      const question: Question<T> = { kind: "task", task: waiting.task };
      thread.worker.postMessage(question, waiting.transfer);
    }
  }
}

/** Starts workers. If one of them cannot be started, those before it end. */
function started(count: number, start: () => Worker): Worker[] {
  const workers: Worker[] = [];
  try {
    while (workers.length < count) workers.push(start());
  } catch (error) {
    for (const worker of workers) {
      worker.on("error", () => {}); // The error below is reported.
      void worker.terminate();
    }
    throw error;
  }
  return workers;
}
