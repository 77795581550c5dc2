// Threads that live with a store: a pass borrows them and returns them, with their store open and their
// modules loaded. A thread that failed, was stopped or has unfinished business ends instead.
import { startWorker } from "../store/package-files.js";
import type { Store } from "../store/store.js";
import type { PassFunction, Task } from "./messages.js";
import { Opened } from "./opener.js";
import { Threads } from "./threads.js";

/** Milliseconds after which unused threads end: each takes memory, also what its functions have kept. */
const IDLE = 10_000;

/** The most functions whose costs are remembered. */
const REMEMBERED = 1000;

/** What a thread of a pool answers: nothing of the pass is left in it, such as a timer or an open file. */
export type IsClean = boolean;

/** A thread, and the files that it has imported for passes. */
export class PoolThread {
  /** Called if the thread ends by itself. */
  failed: ((error: unknown) => void) | null = null;
  private readonly threads: Threads<Task, IsClean>;
  private readonly versions = new Map<string, string>();
  private isOver = false;

  constructor(private readonly lost: (thread: PoolThread) => void) {
    this.threads = new Threads({
      count: 1,
      // A thread is given back just before it answers. The next task must leave at once: the pass may end, and
      // close the task's port, before the thread has answered.
      ahead: 2,
      start: () => startWorker("worker.js"),
      failed: (error) => {
        if (this.isOver) return;
        this.isOver = true;
        this.lost(this);
        this.failed?.(error);
      },
    });
  }

  /** Has the thread not imported an older version of the function's file. */
  fits(run: PassFunction | null): boolean {
    if (run?.kind !== "module") return true;
    const version = this.versions.get(run.url);
    return version === undefined || version === run.version;
  }

  /** Runs a task. Rejects where the thread ends first, or its error cannot be sent. */
  run(task: Task): Promise<IsClean> {
    const { run } = task.work;
    if (run?.kind === "module") this.versions.set(run.url, run.version);
    this.threads.keepAlive(true);
    return this.threads.run(task, [task.port]);
  }

  /** Lets the process end while the thread runs. */
  release(): void {
    this.threads.keepAlive(false);
  }

  /** Ends the thread at once. */
  end(): Promise<void> {
    this.isOver = true;
    return this.threads.end();
  }
}

/** The threads of a store, and its database in this thread. */
export class Pool {
  private static readonly pools = new WeakMap<Store, Pool>();
  private idle: PoolThread[] = [];
  private readonly here = new Opened();
  /** Milliseconds per row that functions took last, by their text. */
  private readonly costs = new Map<string, number>();
  private running = 0;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  /** The pool of a store. Threads start when a pass needs them. */
  static of(store: Store): Pool {
    let pool = Pool.pools.get(store);
    if (pool === undefined) {
      const made = new Pool();
      pool = made;
      Pool.pools.set(store, made);
      store.whenClosed(() => made.close());
    }
    return pool;
  }

  /** Would a pass find all its threads ready. */
  isWarm(count: number, run: PassFunction | null): boolean {
    return this.idle.filter((thread) => thread.fits(run)).length >= count;
  }

  /** Remembers what a function cost, in milliseconds per row. */
  learn(run: PassFunction | null, cost: number): void {
    if (run?.kind !== "inline") return;
    if (this.costs.size >= REMEMBERED) this.costs.clear();
    this.costs.set(run.source, cost);
  }

  /** Milliseconds per row that a function took last; undefined for a new one. */
  costOf(run: PassFunction | null): number | undefined {
    return run?.kind === "inline" ? this.costs.get(run.source) : undefined;
  }

  /** Threads for a pass: unused ones, and new ones. */
  borrow(count: number, run: PassFunction | null): PoolThread[] {
    // Those that were used last: their data are in the caches.
    const fitting = this.idle.filter((thread) => thread.fits(run)).slice(-count);
    // A thread that has imported an older version of the file is of no use any more.
    for (const thread of this.idle.filter((other) => !other.fits(run))) void this.end(thread);
    this.idle = this.idle.filter((thread) => !fitting.includes(thread));
    const threads = fitting;
    try {
      while (threads.length < count) threads.push(new PoolThread((lost) => this.forget(lost)));
    } catch (error) {
      for (const thread of threads) void this.end(thread);
      throw error;
    }
    return threads;
  }

  /** Takes back a thread that has finished its task. */
  giveBack(thread: PoolThread, isClean: IsClean): void {
    thread.failed = null;
    thread.release();
    if (!isClean || this.isClosed) void this.end(thread);
    else {
      this.idle.push(thread);
      this.wait();
    }
  }

  /** Ends a thread at once. */
  end(thread: PoolThread): Promise<void> {
    this.forget(thread);
    return thread.end();
  }

  /** Runs a function with the database of this thread, which is opened on first use. */
  async inThisThread<T>(use: (opened: Opened) => Promise<T>): Promise<T> {
    this.running += 1;
    try {
      return await use(this.here);
    } finally {
      this.running -= 1;
      if (this.isClosed && this.running === 0) this.here.close();
      else this.wait();
    }
  }

  /** Ends what no pass uses. Passes that run now end their own threads. */
  private close(): void {
    this.isClosed = true;
    this.trim();
  }

  private trim(): void {
    clearTimeout(this.timer);
    for (const thread of this.idle.splice(0)) void thread.end();
    if (this.running === 0) this.here.close();
  }

  private wait(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.trim(), IDLE).unref();
  }

  private forget(thread: PoolThread): void {
    this.idle = this.idle.filter((other) => other !== thread);
  }
}
