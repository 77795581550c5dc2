// Worker threads that take tasks from one queue. No library is used: tinypool, used before, ends the process
// if a second thread fails while the pool is being destroyed, and does not notice a thread that exits by
// itself.
import type { Worker } from "node:worker_threads";
import { startWorker } from "../store/package-files.js";
import type { Task } from "./messages.js";

/** The threads of a pass. Each thread starts at once and runs one task at a time. */
export class Threads {
  private readonly workers: readonly Worker[];
  private readonly idle: Worker[];
  private readonly waiting: Task[] = [];

  /** Calls `failed` if a thread throws outside of a task's function, or exits. */
  constructor(count: number, failed: (error: unknown) => void) {
    this.workers = Array.from({ length: count }, () => startWorker("worker.js"));
    this.idle = [...this.workers];
    for (const worker of this.workers) {
      worker.on("message", () => {
        this.idle.push(worker);
        this.next();
      });
      worker.on("error", failed);
      // Node emits `exit` after `error`.
      worker.on("exit", () => failed("it called process.exit"));
    }
  }

  /** Runs a task when a thread is free. Results arrive through the task's port. */
  add(task: Task): void {
    this.waiting.push(task);
    this.next();
  }

  /** Ends all threads at once. Resolves when the last one has ended. */
  async end(): Promise<void> {
    // A thread that finishes in the meantime must not receive a task, because the task's port is closed.
    this.waiting.length = 0;
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }

  private next(): void {
    if (this.idle.length === 0 || this.waiting.length === 0) return;
    const task = this.waiting.shift()!;
    this.idle.shift()!.postMessage(task, [task.port]);
  }
}
