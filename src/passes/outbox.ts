import type { Board } from "./board.js";
import type { Message } from "./messages.js";
import { cloning } from "./result-copy.js";

/** Maximum number of results per message, and how long the first one waits for others, in milliseconds. */
const BATCH = 64;
const MILLIS = 20;

/** How a worker of a pass reaches the reader of its results. */
export interface Link {
  /** Is the function in a thread of its own. */
  readonly isRemote: boolean;
  send(message: Message, transfer?: readonly ArrayBuffer[]): void;
  /** Resolves when the reader has read a message. */
  more(): Promise<void>;
  /**
   * Waits for what the function has left behind, such as a promise that it did not await: its error must not
   * reach the next pass. Resolves to whether nothing is left, such as a timer.
   */
  settled(): Promise<boolean>;
}

/** Collects results into messages. Never sends more messages than the reader allows. */
export class Outbox {
  /** The last chunk that the worker has taken, to which results belong; -1 for none. */
  chunk = -1;
  private batch: unknown[] = [];
  private moved: ArrayBuffer[] = [];
  private since = 0;
  private sent = 0;

  constructor(
    private readonly board: Board,
    private readonly worker: number,
    private readonly link: Link,
  ) {}

  /** Must the caller await {@link Outbox.room} before the next result. */
  get isFull(): boolean {
    return this.board.isFull(this.worker, this.sent);
  }

  /**
   * Takes a result, to which nothing else may refer: see {@link copied} and {@link last}. Its buffers in
   * `moved` are moved. Returns {@link Outbox.isFull}.
   */
  add(result: unknown, moved: readonly ArrayBuffer[] = []): boolean {
    if (this.batch.length === 0) this.since = performance.now();
    this.batch.push(result);
    if (moved.length > 0) this.moved.push(...moved);
    if (this.batch.length >= BATCH || performance.now() - this.since > MILLIS) this.flush();
    return this.isFull;
  }

  flush(): void {
    const { batch: results, moved } = this;
    if (results.length === 0) return;
    this.batch = [];
    this.moved = [];
    this.sent += 1;
    cloning(() => this.link.send({ kind: "results", chunk: this.chunk, results }, moved));
  }

  /** The worker leaves its chunk: sends its results, or says so where the reader waits for that. */
  leave(): void {
    const hasResults = this.batch.length > 0;
    const isAwaited = this.board.leave(this.chunk, this.sent + (hasResults ? 1 : 0));
    if (hasResults) this.flush();
    else if (isAwaited) this.link.send({ kind: "left" });
  }

  /** Waits until the reader has read a message. */
  async room(): Promise<void> {
    while (this.isFull) {
      this.board.wait(this.worker);
      if (this.isFull) await this.link.more();
    }
  }
}
