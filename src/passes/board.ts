// What the threads of a pass know of one another: words in shared memory. To take a chunk costs one atomic
// addition. No message is sent and no thread waits for another one.

/** A copy of an array in memory that threads share. */
export function shared<A extends Uint8Array | Int32Array | Uint32Array | BigInt64Array | Float64Array>(array: A): A {
  const Type = array.constructor as new (buffer: SharedArrayBuffer) => A;
  const copy = new Type(new SharedArrayBuffer(array.byteLength));
  copy.set(array as never);
  return copy;
}

/** Number of messages of results that may be unread before the worker waits. */
const CREDIT = 4;

/** Place of the number of the next chunk, and of the chunk that the reader waits for plus 1 (0: none). */
const NEXT = 0;
const AWAITED = 1;
/** The words of a worker: messages that the reader has read, and whether the worker waits until it reads. */
const WORKERS = 2;
const PER_WORKER = 2;
/** The words of a chunk: its worker plus 1 (0: none yet), and the worker's messages when it left it, plus 1. */
const PER_CHUNK = 2;

/**
 * Words that say which worker has which chunk, and how much of its results was read. The threads of one pass
 * share them: the reader is the caller's thread, the workers run the function.
 */
export class Board {
  readonly words: Int32Array;
  readonly workers: number;
  readonly chunks: number;
  private readonly chunkWords: number;

  /** `words` are those of another thread's board. */
  constructor(workers: number, chunks: number, words?: Int32Array) {
    this.workers = workers;
    this.chunks = chunks;
    this.chunkWords = WORKERS + workers * PER_WORKER;
    this.words = words ?? shared(new Int32Array(this.chunkWords + chunks * PER_CHUNK));
  }

  /** The next chunk, for a worker; -1 after the last. */
  take(worker: number): number {
    const chunk = Atomics.add(this.words, NEXT, 1);
    if (chunk >= this.chunks) {
      Atomics.store(this.words, NEXT, this.chunks); // never overflows
      return -1;
    }
    Atomics.store(this.words, this.ofChunk(chunk), worker + 1);
    return chunk;
  }

  /** Does a worker have as many unread messages as it may have? `sent` is the number that it sent. */
  isFull(worker: number, sent: number): boolean {
    return sent - Atomics.load(this.words, this.ofWorker(worker)) >= CREDIT;
  }

  /** A worker will wait until the reader reads a message. It must look at {@link Board.isFull} again first. */
  wait(worker: number): void {
    Atomics.store(this.words, this.ofWorker(worker) + 1, 1);
  }

  /** The reader has read a message. Returns whether the worker waits for that. */
  read(worker: number): boolean {
    const word = this.ofWorker(worker);
    Atomics.add(this.words, word, 1);
    return Atomics.exchange(this.words, word + 1, 0) === 1;
  }

  /** A worker has sent all results of a chunk. Returns whether the reader waits for that. */
  leave(chunk: number, sent: number): boolean {
    Atomics.store(this.words, this.ofChunk(chunk) + 1, sent + 1);
    return Atomics.load(this.words, AWAITED) === chunk + 1;
  }

  /** The reader waits for a chunk. It must look at {@link Board.isWhole} again first. */
  await(chunk: number): void {
    Atomics.store(this.words, AWAITED, chunk + 1);
  }

  /** The worker that has taken a chunk; -1 for none. */
  workerOf(chunk: number): number {
    return Atomics.load(this.words, this.ofChunk(chunk)) - 1;
  }

  /** Has the reader received all results of a chunk? `received` is the number of messages from its worker. */
  isWhole(chunk: number, received: number): boolean {
    const left = Atomics.load(this.words, this.ofChunk(chunk) + 1);
    return left > 0 && received >= left - 1;
  }

  private ofWorker(worker: number): number {
    return WORKERS + worker * PER_WORKER;
  }

  private ofChunk(chunk: number): number {
    return this.chunkWords + chunk * PER_CHUNK;
  }
}
