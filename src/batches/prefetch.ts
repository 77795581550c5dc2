// Worker threads make batches ahead of time. Each thread opens the store by its path. The batches arrive in
// order.
import { Threads } from "../passes/threads.js";
import { drawOf, Samples } from "../samples/samples.js";
import type { NativeScan } from "../store/native.js";
import { startWorker } from "../store/package-files.js";
import { Store } from "../store/store.js";
import { fail } from "../support/errors.js";
import { ownArraysIn } from "../support/realm.js";
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
  const threads = new Threads<Job, Batch<BatchField>>({
    count,
    ahead: AHEAD,
    start: () => startWorker("batch-worker.js", { workerData: setting }),
  });
  const batches: Promise<Batch<BatchField>>[] = [];
  const request = (): void => {
    const { done, value } = jobs.next();
    if (done === true) return;
    // Copied: the members are a view into the memory of the whole order.
    const batch = threads.run({ ...value, members: value.members.slice() });
    // An error is thrown when its batch is due. Until then, no code waits for the promise.
    batch.catch(() => {});
    batches.push(batch);
  };
  try {
    for (let i = 0; i < count * AHEAD; i += 1) request();
    for (let next = batches.shift(); next !== undefined; next = batches.shift()) {
      const batch = await next;
      // The threads of a program in a vm context answer with arrays of Node's own realm.
      if (!(batch.length instanceof Int32Array)) ownArraysIn(batch);
      check();
      request();
      yield batch;
    }
  } finally {
    await threads.end();
  }
}

/**
 * Makes the batches of jobs in a worker. It opens the store at the first job, so that an error is an answer
 * too.
 */
export function batchMaker(setting: Setting): (job: Job) => Batch<BatchField> {
  let open: ReturnType<typeof opened> | undefined;
  const draw = drawOf(setting.seed, setting.epoch);
  return (job) => {
    open ??= opened(setting);
    return open.batcher.make(job, draw);
  };
}

/** The batcher and the scan of the thread. Both end with the epoch. */
function opened({ path, id, samples, plan, scanned }: Setting): { readonly batcher: Batcher; readonly scan: NativeScan } {
  const store = new Store(path, false);
  if (store.manifest.id !== id)
    fail("MEDS_STORE_REPLACED", `${path}: the store was replaced after it was opened. Open it again, then make new samples.`, path);
  return { batcher: new Batcher(Samples._revived(store, samples), plan), scan: store.native.scan(scanned) };
}
