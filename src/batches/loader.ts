import type { Residence } from "../samples/residence.js";
import { drawOf, type Samples } from "../samples/samples.js";
import { conflict, expected, INT32_MAX, wholeOf } from "../support/arguments.js";
import { MedsError } from "../support/errors.js";
import { shownAs } from "../support/inspect.js";
import type { Random } from "../support/random.js";
import type { AbortSignalLike } from "../support/signal.js";
import type { Batch, LoaderState } from "./batch.js";
import { Batcher, type Job } from "./batcher.js";
import { type Deal, GlobalDeal } from "./deal.js";
import type { BatchField, DefaultField } from "./fields/fields.js";
import { LocalDeal } from "./local-deal.js";
import { Lookahead } from "./lookahead.js";
import { type LoaderOptions, type LoaderPlan, loaderPlan } from "./options.js";
import { prefetched } from "./prefetch.js";
import { Progress } from "./progress.js";

/** The beginning of an epoch. */
const START = { batches: 0, position: 0 };

/** Batches whose rows are requested from the disk before they are made. */
const AHEAD = 2;

/** What MEDS_CANCELLED says. */
export const CANCELLED = "Loading was cancelled.";

/**
 * The batches of one epoch, for `for…of` and `for await…of`. {@link loader} makes it. Each iteration starts
 * from the beginning. The samples of the one global order are combined into batches first. Then the ranks
 * receive the batches in turn, so that the order is the same for any number of ranks; except with `order: "local"`.
 */
export class Loader<F extends BatchField = DefaultField> implements Iterable<Batch<F>>, AsyncIterable<Batch<F>> {
  /** The filled fields. */
  readonly fields: ReadonlySet<BatchField>;
  /** The texts that `categorical_value` indexes. */
  readonly categories: readonly string[];
  private readonly plan: LoaderPlan;
  private readonly batcher: Batcher;
  private readonly progress: Progress;
  private readonly deal: Deal;
  private readonly residence: Residence;
  private readonly draw: Random;

  /** @internal */
  constructor(
    private readonly samples: Samples,
    options: LoaderOptions<F>,
  ) {
    const plan = loaderPlan(samples, options);
    const { batch, grouping, ranks, resume } = plan;
    const isLocal = ranks.order === "local";
    this.plan = plan;
    this.fields = batch.fields;
    this.categories = samples.labels?.categories ?? [];
    this.batcher = new Batcher(samples, batch);
    this.progress = new Progress(samples, grouping, isLocal);
    const start = resume === undefined ? START : this.progress.checked(resume);
    this.deal = new (isLocal ? LocalDeal : GlobalDeal)(samples, grouping, ranks, this.progress, start);
    this.residence = samples._residence(this.deal.members);
    this.draw = drawOf(grouping.seed, grouping.epoch);
  }

  /** The batches in order. Each batch is made when the loop requests it. */
  *[Symbol.iterator](): Generator<Batch<F>, void, undefined> {
    this.check();
    const { isCold } = this.residence;
    const scan = this.samples._store.native.scan(this.scanned(isCold));
    try {
      for (const job of this.announced(AHEAD, isCold)) {
        this.check();
        yield this.batcher.make(job, this.draw) as unknown as Batch<F>;
      }
    } finally {
      scan.end();
    }
  }

  /** The same batches, made ahead of time by `workers`, or with a turn of the event loop between batches. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Batch<F>, void, undefined> {
    const { workers, batch, grouping } = this.plan;
    if (workers > 0) {
      const { seed, epoch } = grouping;
      const { isCold } = this.residence;
      const setting = { samples: this.samples, plan: batch, seed, epoch, scanned: this.scanned(isCold) };
      yield* prefetched(this.announced(0, isCold), setting, workers, () => this.check()) as AsyncGenerator<Batch<F>>;
      return;
    }
    for (const made of this) {
      yield made;
      // Lets timers, sockets and signals run.
      await new Promise(setImmediate);
    }
  }

  /**
   * The token to resume with ({@link LoaderOptions.resume}) after some more steps of every rank, without making
   * their batches: a trainer need not keep the token of each batch, only count its steps. Not with `tokens`, where
   * the rows decide how many samples a batch has. At most the end of the epoch.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT`.
   * @example
   * ```ts
   * import { loader, PatientDatabase, samples } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const list = samples(db, { split: "train" }, { maxLength: 64 });
   * const options = { batchSize: 4, shuffle: true } as const;
   * // 4 processes took 3 steps. Now there are 2.
   * const resume = loader(list, { ...options, worldSize: 4 }).after(3);
   * for (const batch of loader(list, { ...options, worldSize: 2, rank: 1, resume })) console.log(batch.sample);
   * db.close();
   * ```
   */
  after(steps: number): LoaderState {
    const { grouping } = this.plan;
    if (grouping.tokens !== null)
      conflict("`after` is not available with `tokens`: the rows decide how many samples a batch has. Use the `resume` of a batch.");
    return this.progress.state(this.deal.after(wholeOf("steps", steps, 0, INT32_MAX)));
  }

  /** @internal A batch without samples: it has the array types of the others. */
  _none(): Batch<F> {
    const job = { members: new Uint32Array(0), weights: new Float32Array(0), resume: this.progress.state(START) };
    return this.batcher.make(job, this.draw) as unknown as Batch<F>;
  }

  /** @internal */
  get _signal(): AbortSignalLike | undefined {
    return this.plan.signal;
  }

  /** @internal Whether PAD is on the left. */
  get _left(): boolean {
    return this.plan.batch.left;
  }

  /**
   * The shards that an epoch reads ahead: those it reads densely. Empty where the order would cause their
   * pages to be evicted before use.
   */
  private scanned(isCold: boolean): readonly number[] {
    const { samples, plan, residence } = this;
    if (plan.grouping.shuffle === false) return residence.dense;
    const store = samples._store;
    // In any order, a scan is worth its bytes only if an eighth of all rows are read.
    const many = 8 * samples.size * samples._plan.maxLength >= store.manifest.counts.events;
    return residence.fits && (many || !isCold) ? residence.dense : [];
  }

  /** The jobs, each after the rows of the next `ahead` ones were requested. */
  private *announced(ahead: number, isCold: boolean): Generator<Job> {
    const { samples, fields, draw, residence, batcher } = this;
    const lookahead = new Lookahead(samples, fields, draw, residence, isCold);
    const waiting: Job[] = [];
    let failed: { error: unknown } | undefined;
    const jobs = this.deal.jobs((sample) => batcher.lengthOf(sample, draw))[Symbol.iterator]();
    for (;;) {
      try {
        const { done, value } = jobs.next();
        if (done === true) break;
        lookahead.announce(value.members);
        waiting.push(value);
      } catch (error) {
        // Thrown when the jobs before it are done.
        failed = { error };
        break;
      }
      if (waiting.length > ahead) yield waiting.shift()!;
    }
    yield* waiting;
    if (failed !== undefined) throw failed.error;
  }

  private check(): void {
    const { signal } = this.plan;
    if (signal?.aborted) throw new MedsError("MEDS_CANCELLED", CANCELLED, { cause: signal.reason });
    this.samples._store.check();
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { batchSize, seed, epoch } = this.plan.grouping;
    return shownAs("Loader", { samples: this.samples.size, batchSize, seed, epoch, fields: [...this.fields].join(", ") });
  }
}

/**
 * Makes batches of samples: `for (const batch of loader(…))`, or `for await`. Batches are row-major typed
 * arrays, ready for tensors. `code` contains ids of the store's codes or tokens of the vocabulary, 0 = PAD.
 * One iteration is one epoch.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for a wrong option; during the iteration `MEDS_CANCELLED`,
 * `MEDS_CLOSED`, and `MEDS_LEAK` where a damaged store has a row after the cut-off.
 * @example
 * ```ts
 * import { loader, PatientDatabase, samples } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const list = samples(db, { split: "train" }, { maxLength: 64, strategy: "random" });
 * for await (const batch of loader(list, { batchSize: 8, shuffle: true, seed: 1 })) {
 *   const [size, length] = batch.shape;
 *   console.log(size, length, batch.code.length, batch.numeric_value[0], batch.subject_id[0]);
 * }
 * db.close();
 * ```
 */
export function loader<F extends BatchField = DefaultField>(samples: Samples, options: LoaderOptions<F>): Loader<F> {
  if (typeof samples !== "object" || samples === null || !("_plan" in samples))
    expected("samples", samples, "the result of samples(db, …)");
  return new Loader<F>(samples, options);
}
