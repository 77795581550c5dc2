// Worker threads make batches ahead of time. Each thread opens the store by its path. The batches arrive in
// order.
import type { Worker } from "node:worker_threads";
import { received, type SentError, sent } from "../passes/messages.js";
import { drawOf, Samples } from "../samples/samples.js";
import type { NativeScan } from "../store/native.js";
import { startWorker } from "../store/package-files.js";
import { Store } from "../store/store.js";
import { fail, MedsError } from "../support/errors.js";
import type { Batch } from "./batch.js";
import { Batcher, type BatchPlan, type Job } from "./batcher.js";
import type { BatchField } from "./fields/fields.js";

/** Data that each worker receives once, when it starts. */
export interface Setting {
  readonly path: string;
  /** Content id of the store: the path may contain another store by now. */
  readonly id: string;
  readonly samples: ReturnType<Samples["_plain"]>;
  readonly plan: BatchPlan;
  readonly seed: number;
  readonly epoch: number;
  /** Shards that are read sequentially. */
  readonly scanned: readonly number[];
}

/** The answer of a worker to a job. */
export type Answer = { readonly batch: Batch<BatchField> } | { readonly error: SentError };

/** Batches per worker that are in progress or ready. */
const AHEAD = 2;

/**
 * The batches of the jobs, in the order of the jobs. All workers end when the loop ends, also early or by an
 * error.
 */
export async function* prefetched(
  jobs: Iterator<Job>,
  { samples, ...rest }: { samples: Samples } & Pick<Setting, "plan" | "seed" | "epoch" | "scanned">,
  count: number,
  check: () => void,
): AsyncGenerator<Batch<BatchField>, void, undefined> {
  check();
  const setting: Setting = { path: samples._store.path, id: samples._store.manifest.id, samples: samples._plain(), ...rest };
  const workers: Worker[] = [];
  const waiting: Promise<Answer>[] = [];
  try {
    for (let i = 0; i < count; i += 1) workers.push(startWorker("batch-worker.js", { workerData: setting }));
    const queues = workers.map((worker) => new Answers(worker));
    let next = 0;
    const ask = (): void => {
      const { done, value } = jobs.next();
      if (done === true) return;
      const answer = queues[next % count]!.ask(value);
      // An error is thrown when its batch is due. Until then, no code waits for the promise.
      answer.catch(() => {});
      waiting.push(answer);
      next += 1;
    };
    for (let i = 0; i < count * AHEAD; i += 1) ask();
    for (;;) {
      const answer = waiting.shift();
      if (answer === undefined) return;
      const found = await answer;
      check();
      if ("error" in found) throw received(found.error);
      ask();
      yield found.batch;
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** The answers of a worker. They arrive in the order of the jobs. */
class Answers {
  private readonly asked: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];
  private ended: Error | null = null;

  constructor(private readonly worker: Worker) {
    worker.on("message", (answer: Answer) => this.asked.shift()?.resolve(answer));
    worker.on("error", (error) => this.end(error));
    worker.on("exit", () => this.end(new MedsError("MEDS_INTERNAL", "A worker thread ended before it made its batches.")));
  }

  ask(job: Job): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.ended !== null) {
        reject(this.ended);
        return;
      }
      this.asked.push({ resolve, reject });
      // Copied: the members are a view into the memory of the whole order.
      this.worker.postMessage({ ...job, members: job.members.slice() });
    });
  }

  private end(error: Error): void {
    this.ended ??= error;
    for (const { reject } of this.asked.splice(0)) reject(this.ended);
  }
}

/** Answers jobs in the worker. It opens the store at the first job, so that an error is an answer too. */
export function answerer(setting: Setting): (job: Job) => Answer {
  let open: ReturnType<typeof opened> | undefined;
  const draw = drawOf(setting.seed, setting.epoch);
  return (job) => {
    try {
      open ??= opened(setting);
      return { batch: open.batcher.make(job, draw) };
    } catch (thrown) {
      return { error: sent(thrown) };
    }
  };
}

/** The batcher and the scan of the thread. Both end with the epoch. */
function opened({ path, id, samples, plan, scanned }: Setting): { readonly batcher: Batcher; readonly scan: NativeScan } {
  const store = new Store(path, false);
  if (store.manifest.id !== id)
    fail("MEDS_STORE_REPLACED", `${path}: the store was replaced after it was opened. Open it again, then make new samples.`, path);
  return { batcher: new Batcher(Samples._revived(store, samples), plan), scan: store.native.scan(scanned) };
}
