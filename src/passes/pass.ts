import { availableParallelism } from "node:os";
import type { Store } from "../store/store.js";
import { shownAs } from "../support/inspect.js";
import type { AbortSignalLike } from "../support/signal.js";
import { type Chunks, chunksOf } from "./chunks.js";
import type { LabelPlan } from "./label-slots.js";
import type { PassFunction, Work } from "./messages.js";
import { Pool } from "./pool.js";
import type { ReaderPlan } from "./reader.js";
import { cancelled, Run } from "./run.js";
import { servePasses } from "./worker-thread.js";

/** The input of a pass. */
export interface PassReport {
  /** Patients that are passed to the function. */
  readonly patients: number;
  /** Chunks of these patients, with about the same number of events each. */
  readonly chunks: number;
  /** Labels that are passed with the patients. Without labels, this and the following numbers are 0. */
  readonly labels: number;
  /** Labels of subjects that are not in the database, and the number of those subjects. */
  readonly unknownLabels: number;
  readonly unknownSubjects: number;
  /** Labels of subjects of the database that are not in this cohort. */
  readonly outsideLabels: number;
  /** Patients of the cohort without a label, whether they are left out or not. */
  readonly unlabelledPatients: number;
}

/** The description of a pass. */
export interface PassPlan {
  readonly store: Store;
  readonly slots: Uint32Array;
  readonly run: PassFunction | null;
  readonly mode: Work["mode"];
  readonly per: Work["per"];
  readonly args: unknown;
  /** Undefined where the caller did not choose: a small pass then runs in the caller's thread. */
  readonly threads: number | undefined;
  readonly ordered: boolean;
  readonly signal: AbortSignalLike | undefined;
  readonly reader?: ReaderPlan;
  readonly labels: LabelPlan | null;
  readonly report: Omit<PassReport, "patients" | "chunks">;
}

/** {@link PassPlan.report} of a pass without labels. */
export const NO_LABELS = { labels: 0, unknownLabels: 0, unknownSubjects: 0, outsideLabels: 0, unlabelledPatients: 0 } as const;

/**
 * The longest pass, by rows or by the milliseconds that its function took last time, that runs in the caller's
 * thread: where threads must be started first, and where they are ready. To start two threads takes 60 ms (and
 * 100 ms of processor time), to use two that are ready 1 to 2 ms. A new function takes 5 to 50 ns a row, and 1.2
 * µs if it makes a string per row: so a small pass costs at most as much as the threads, and usually much less.
 */
const SMALL_COLD = { rows: 100_000, millis: 60 };
const SMALL_WARM = { rows: 10_000, millis: 8 };

/**
 * A pass over patients: an async iterable of its results. {@link Cohort.map} makes it. Each loop starts the
 * pass from the beginning, at its first request for a result. The pass ends when the loop ends, even if it
 * ends early. A slow loop slows the pass down: only a few messages of results wait for it. If you call
 * `next()` yourself and stop before the end, call `return()` too.
 *
 * Closing the database does not affect a pass: its threads open the store themselves. They keep the program
 * alive until the pass ends. A function that may never end therefore needs a `signal`: aborting it ends the
 * threads at once.
 */
export class Pass<T = unknown> implements AsyncIterable<T> {
  /** What is read. */
  readonly report: PassReport;
  private readonly chunks: Chunks;
  private readonly plan: PassPlan;
  private readonly work: Work;
  private readonly pool: Pool;

  /** @internal Runs the tasks of passes in a worker thread. */
  static _serve(): void {
    servePasses();
  }

  /** @internal */
  constructor(plan: PassPlan) {
    const { store, slots, run, args, mode, per, labels, reader = null } = plan;
    this.plan = plan;
    this.chunks = chunksOf(store, slots);
    this.report = Object.freeze({ patients: slots.length, chunks: this.chunks.count, ...plan.report });
    this.pool = Pool.of(store);
    const scanned = store.native.dense(slots);
    const { path, manifest, int64 } = store;
    // A worker's only result belongs to no chunk.
    const ordered = plan.ordered && !(mode === "value" && per === "worker");
    this.work = { path, id: manifest.id, int64, chunks: this.chunks, scanned, run, args, mode, per, ordered, labels, reader };
  }

  /**
   * The results.
   *
   * @throws MedsError `MEDS_PASS_FAILED` where the function throws or its module cannot be loaded: the
   * message names the subject that the function was reading, and `cause` is the thrown value;
   * `MEDS_CANCELLED`; `MEDS_STORE_REPLACED`; the errors of opening a store.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    const { work, pool } = this;
    const { signal } = this.plan;
    if (signal?.aborted) throw cancelled(signal);
    if (this.chunks.count === 0) return;
    const run = new Run({ work, pool, threads: this.threads(), signal });
    try {
      for (let batch = await run.next(); batch !== null; batch = await run.next()) {
        for (const result of batch) {
          run.check();
          yield result as T;
        }
      }
    } finally {
      await run.close();
    }
  }

  /**
   * All results at once, as an array.
   *
   * @throws MedsError The errors of the iteration.
   */
  async toArray(): Promise<T[]> {
    const all: T[] = [];
    for await (const result of this) all.push(result);
    return all;
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { patients, chunks } = this.report;
    return shownAs("Pass", { patients, chunks, threads: this.plan.threads });
  }

  /** The number of threads of a run; 0 for the caller's thread. */
  private threads(): number {
    const { threads } = this.plan;
    const most = Math.min(threads ?? availableParallelism(), this.chunks.count);
    return threads === undefined && this.mayRunHere() && this.isSmall(most) ? 0 : most;
  }

  private isSmall(threads: number): boolean {
    const { chunks, pool } = this;
    const { run } = this.plan;
    const { rows, millis } = pool.isWarm(threads, run) ? SMALL_WARM : SMALL_COLD;
    const cost = pool.costOf(run);
    return cost === undefined ? chunks.events <= rows : cost * chunks.events <= millis;
  }

  /**
   * Can the pass do nothing in the caller's thread that a thread of its own would contain. A module may do
   * anything, and may be the program itself. A signal must stop an endless function.
   */
  private mayRunHere(): boolean {
    const { run, signal } = this.plan;
    return signal === undefined && (run === null || (run.kind === "inline" && run.isPlain));
  }
}
