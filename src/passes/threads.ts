// Worker threads that take tasks from one queue. Not a library's: tinypool, which stood here, ends the process where a second thread fails while the pool
// is being destroyed, and does not notice a thread that exits by itself.
import type { Worker } from "node:worker_threads";
import { startWorker } from "../store/package-files.js";
import type { Task } from "./messages.js";

/** The threads of a pass. Each begins at once, and has one task at a time. */
export class Threads {
  private readonly workers: readonly Worker[];
  private readonly idle: Worker[];
  private readonly waiting: Task[] = [];

  /** `failed` is told what a thread threw that ended, outside of any task's function, or that it exited. */
  constructor(count: number, failed: (error: unknown) => void) {
    this.workers = Array.from({ length: count }, () => startWorker("worker.js"));
    this.idle = [...this.workers];
    for (const worker of this.workers) {
      worker.on("message", () => {
        this.idle.push(worker);
        this.next();
      });
      worker.on("error", failed);
      // After the error, where there was one.
      worker.on("exit", () => failed("it called process.exit"));
    }
  }

  /** Has a task done when a thread is free; what comes of it comes by the task's port. */
  add(task: Task): void {
    this.waiting.push(task);
    this.next();
  }

  /** Ends all threads, whatever they do; done once none is left. */
  async end(): Promise<void> {
    // A thread that is done in the meantime must get no task, whose port is closed by now.
    this.waiting.length = 0;
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }

  private next(): void {
    if (this.idle.length === 0 || this.waiting.length === 0) return;
    const task = this.waiting.shift()!;
    this.idle.shift()!.postMessage(task, [task.port]);
  }
}
