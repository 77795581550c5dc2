// Where a worker of a pass runs: in a thread of the pool, or in the caller's thread.
import type { MessageChannel, MessagePort } from "node:worker_threads";
import { type Message, MORE } from "./messages.js";
import type { Link } from "./outbox.js";
import type { Pool, PoolThread } from "./pool.js";
import { type Share, work } from "./work.js";

/** A worker, as the run drives it. */
export interface Lane {
  begin(): void;
  /** The reader has read a message for which the worker waits. */
  more(): void;
  /** Ends the worker unless it has ended. With `isDone` the pass is complete without it. */
  close(isDone: boolean): Promise<void>;
}

type Hear = (message: Message) => void;
/** Hears of a worker that cannot send its error. */
type Failed = (error: unknown, what: string) => void;

/** A worker in a thread of the pool. */
export class InThread implements Lane {
  private readonly port: MessagePort;
  /** Is the thread no longer this lane's: given back, or lost. */
  private isBack = false;

  constructor(
    private readonly pool: Pool,
    private readonly thread: PoolThread,
    private readonly share: Share,
    private readonly channel: MessageChannel,
    private readonly hear: Hear,
    private readonly failed: Failed,
  ) {
    this.port = channel.port1;
  }

  begin(): void {
    const { thread, share, channel } = this;
    this.port.on("message", (message: Message) => {
      if (message.kind === "end") this.giveBack(message.isClean);
      this.hear(message);
    });
    thread.failed = (error) => {
      this.isBack = true;
      this.failed(error, "its worker thread ended");
    };
    // Results and errors arrive through the port, except an error that cannot be sent, for example because its
    // `code` getter throws. `failed` reports a thread that ends, before its tasks are rejected.
    thread.run({ ...share, port: channel.port2 }).then(
      (isClean) => this.giveBack(isClean),
      (error: unknown) => {
        // A thread that was given back may be ended by the next pass before it has answered.
        if (!this.isBack) this.failed(error, "its task failed");
      },
    );
  }

  more(): void {
    this.port.postMessage(MORE);
  }

  async close(isDone: boolean): Promise<void> {
    this.port.close();
    if (this.isBack) return;
    // A thread that starts late finds no chunk left, and is of use to the next pass.
    if (isDone) this.thread.release();
    else {
      this.isBack = true;
      await this.pool.end(this.thread);
    }
  }

  private giveBack(isClean: boolean): void {
    if (this.isBack) return;
    this.isBack = true;
    this.pool.giveBack(this.thread, isClean);
  }
}

/** A worker in the caller's thread. */
export class InThisThread implements Lane {
  private resume: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;
  private isStopped = false;

  constructor(
    private readonly pool: Pool,
    private readonly share: Share,
    private readonly hear: Hear,
    private readonly failed: Failed,
  ) {}

  begin(): void {
    const { pool, share } = this;
    const link: Link = {
      isRemote: false,
      send: (message) => {
        if (!this.isStopped) this.hear(message);
      },
      more: () => this.paused(),
      settled: async () => true,
    };
    // The function may change its arguments.
    const own = { ...share, work: { ...share.work, args: structuredClone(share.work.args) } };
    pool.inThisThread((opened) => work(opened, own, link)).catch((error: unknown) => this.failed(error, "its task failed"));
  }

  /** On the next turn of the event loop, which must not wait for a long stream of results. */
  more(): void {
    const { resume } = this;
    this.resume = null;
    setImmediate(() => resume?.resolve());
  }

  async close(): Promise<void> {
    this.isStopped = true;
    this.resume?.reject(new Error("The loop was left."));
    this.resume = null;
  }

  private paused(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.isStopped) reject(new Error("The loop was left."));
      else this.resume = { resolve, reject };
    });
  }
}
