import { createHash } from "node:crypto";
import { drawOf, type Samples, seedOf } from "../samples/samples.js";
import type { AbortSignalLike } from "../store/native.js";
import { arrayOf, conflict, expected, INT32_MAX, namesIn, oneOf, optionsOf, shown, wholeOf } from "../support/arguments.js";
import { MedsError } from "../support/errors.js";
import { Random } from "../support/random.js";
import { TimeToEvent } from "../targets/time-to-event.js";
import { Vocabulary } from "../vocabulary/vocabulary.js";
import { type Batch, Batcher, type Job, type Layout, type LoaderState } from "./batch.js";
import { FLAT_FIELDS } from "./extras.js";
import { type Allocate, type BatchField, type DefaultField, fieldsOf } from "./fields.js";
import { orderOf } from "./order.js";
import { prefetched } from "./prefetch.js";

/** How {@link loader} makes batches. */
export interface LoaderOptions<F extends BatchField = DefaultField> {
  /** Samples per batch; not with `tokens`. 1 to 2^31 - 1, as all sizes here. */
  readonly batchSize?: number | undefined;
  /**
   * Packs samples one after another into batches of at most this many rows, as FEMR does: padding occurs only
   * at the end of a batch. It must be at least the samples' `maxLength`. Where `maxLength` counts events, a
   * sample with more rows than `tokens` is an error when its batch is made. Not with `layout`, `bucket` or
   * `padding: "left"`.
   */
  readonly tokens?: number | undefined;
  /** `padded` (`[B, S]`, the default) or `nested` (`[B, E, M]`: E events per sample, M rows per event). */
  readonly layout?: "padded" | "nested" | undefined;
  /** The side of PAD. Default: `right`. */
  readonly padding?: "right" | "left" | undefined;
  /**
   * Pads to the longest sample of the batch (the default), or always to `maxLength` (or `tokens`). `max`
   * requires a `maxLength` that counts the same as the second axis of the batch: measurements with layout
   * `padded`, events with `nested`. The third axis of nested batches, rows per event, is always as long as
   * the batch needs.
   */
  readonly padTo?: "longest" | "max" | undefined;
  /** Fills only these fields. Default: code, numeric_value, numeric_value_mask, time_delta_days, time. */
  readonly fields?: readonly F[] | undefined;
  /** Type of `code`: `int64` for exported ONNX models. Default: `int32`. */
  readonly codeType?: "int32" | "int64" | undefined;
  /**
   * `code` and the targets contain the tokens of this vocabulary instead of the store's ids: 0 = PAD, 1 =
   * UNK. `numeric_value` contains z-scores if the vocabulary was fitted with them. The vocabulary may be
   * fitted on another store.
   */
  readonly vocabulary?: Vocabulary | undefined;
  /** Tasks of the field `time_to_event`. */
  readonly timeToEvent?: TimeToEvent | undefined;
  /**
   * A random order (true), a random order that keeps neighbours in the store near each other (`local`), or
   * the order of the samples (false, the default).
   */
  readonly shuffle?: boolean | "local" | undefined;
  /** Seed of the order and of the windows of `random` strategies. Any safe integer. Default: 0. */
  readonly seed?: number | undefined;
  /** Each epoch has its own order and windows. Any safe integer. Default: 0. */
  readonly epoch?: number | undefined;
  /**
   * Sorts the samples of this many batches by length, so that batches need less padding. Not with `tokens`:
   * packed batches need no padding. Default: 1, not sorted.
   */
  readonly bucket?: number | undefined;
  /** Index of this process among `worldSize` processes. Default: 0 of 1. */
  readonly rank?: number | undefined;
  readonly worldSize?: number | undefined;
  /**
   * How to treat the last batches when they cannot be divided evenly: `pad` (all ranks receive the same
   * number of full batches; repeated samples have weight 0), `drop` (removes them), or `uneven` (each sample
   * occurs exactly once). Default: `uneven` for one rank, else `pad`.
   */
  readonly remainder?: "pad" | "drop" | "uneven" | undefined;
  /**
   * {@link BatchBase.resume} of the last used batch: the loader begins directly after it, also with another
   * number of ranks. The token is valid for the same samples (subjects, cut-offs and options) and the same
   * order only; otherwise, or if it was changed, it is an error.
   */
  readonly resume?: LoaderState | undefined;
  /**
   * Returns the memory of a batch's arrays, by name. Not with `workers`, which transfer their own memory.
   * Default: new memory.
   */
  readonly allocate?: Allocate | undefined;
  /**
   * With `for await`: the number of worker threads (at most 1024) that make batches ahead of time, so that
   * this thread stays free. Not with `allocate` or for samples that are filtered by `where`: functions cannot
   * be sent to worker threads. Default: 0.
   */
  readonly workers?: number | undefined;
  /** Ends the iteration with `MEDS_CANCELLED`. */
  readonly signal?: AbortSignalLike | undefined;
}

const KNOWN: readonly (keyof LoaderOptions)[] = [
  "batchSize",
  "tokens",
  "layout",
  "padding",
  "padTo",
  "fields",
  "codeType",
  "vocabulary",
  "timeToEvent",
  "shuffle",
  "seed",
  "epoch",
  "bucket",
  "rank",
  "worldSize",
  "remainder",
  "resume",
  "allocate",
  "workers",
  "signal",
];

/** Maximum of `workers`. */
const MOST_WORKERS = 1024;

/** Random stream of buckets: different from the streams of windows and order. */
const BUCKETS = 3_000_000;

/** Samples of one batch, before a rank receives it. */
interface Group {
  readonly members: Uint32Array;
  /** Number of samples in the order up to the end of this batch. */
  readonly position: number;
}

/**
 * The batches of one epoch, for `for…of` and `for await…of`. {@link loader} makes it. Each iteration starts
 * from the beginning. The samples of the one global order are combined into batches first. Then the ranks
 * receive the batches in turn, so that the order is the same for any number of ranks.
 */
export class Loader<F extends BatchField = DefaultField> implements Iterable<Batch<F>>, AsyncIterable<Batch<F>> {
  /** The filled fields. */
  readonly fields: ReadonlySet<BatchField>;
  /** The texts that `categorical_value` indexes. */
  readonly categories: readonly string[];
  private readonly layout: Layout;
  private readonly batcher: Batcher;
  private readonly workers: number;
  private readonly batchSize: number;
  private readonly tokens: number | null;
  private readonly bucket: number;
  private readonly shuffle: boolean | "local";
  private readonly seed: number;
  private readonly epoch: number;
  private readonly rank: number;
  private readonly worldSize: number;
  private readonly remainder: "pad" | "drop" | "uneven";
  private readonly start: Pick<LoaderState, "batches" | "position">;
  private readonly signal: AbortSignalLike | undefined;
  private readonly draw: Random;
  /** Identifies the samples and the way of batching; computed when first needed. */
  private order: string | undefined;

  /** @internal */
  constructor(
    private readonly samples: Samples,
    options: LoaderOptions<F>,
  ) {
    const given =
      optionsOf(options as LoaderOptions<F> | undefined) ?? expected("options", options, "an object with `batchSize` or `tokens`");
    namesIn("loader", given, KNOWN);
    const { tokens, batchSize, bucket, resume, shuffle = false, seed = 0, epoch = 0, rank = 0, worldSize = 1 } = given;
    if ((tokens === undefined) === (batchSize === undefined))
      conflict(
        `${tokens === undefined ? "Neither" : "Both"} \`batchSize\` ${tokens === undefined ? "nor" : "and"} \`tokens\` ${tokens === undefined ? "is" : "are"} set. Set exactly one of them.`,
      );
    this.tokens = tokens === undefined ? null : wholeOf("tokens", tokens, 1, INT32_MAX);
    this.batchSize = batchSize === undefined ? 0 : wholeOf("batchSize", batchSize, 1, INT32_MAX);
    this.bucket = bucket === undefined ? 1 : wholeOf("bucket", bucket, 1, INT32_MAX);
    const plan = samples._plan;
    const layout = oneOf("layout", given.layout, ["padded", "nested"]);
    const padding = oneOf("padding", given.padding, ["right", "left"]);
    const padTo = oneOf("padTo", given.padTo, ["longest", "max"]);
    if (this.tokens !== null) {
      if (given.layout !== undefined) conflict("`layout` cannot be combined with `tokens`: packed batches are flat. Remove one of them.");
      if (given.bucket !== undefined)
        conflict("`bucket` cannot be combined with `tokens`: it reduces padding, and packed batches have hardly any. Remove one of them.");
      if (padding === "left") conflict('`padding: "left"` cannot be combined with `tokens`. Remove one of them.');
      if (!plan.byEvent && plan.maxLength > this.tokens)
        expected("tokens", tokens, `at least the samples' \`maxLength\`, ${plan.maxLength}`);
    }
    // A window of maxLength events may have any number of rows.
    if (padTo === "max" && this.tokens === null && (layout === "nested") !== plan.byEvent)
      conflict(
        layout === "nested"
          ? '`padTo: "max"` with layout "nested" requires a `maxLength` in events. Make the samples with `unit: "events"`.'
          : '`padTo: "max"` with layout "padded" requires a `maxLength` in measurements. Make the samples with `unit: "measurements"`, or set `layout: "nested"`.',
      );
    const most = padTo === "max" ? (this.tokens ?? plan.maxLength) : null;
    if (typeof shuffle !== "boolean" && shuffle !== "local") expected("shuffle", shuffle, 'true, false or "local"');
    this.shuffle = shuffle;
    this.seed = seedOf("seed", seed);
    this.epoch = seedOf("epoch", epoch);
    this.worldSize = wholeOf("worldSize", worldSize, 1, INT32_MAX);
    this.rank = wholeOf("rank", rank, 0, this.worldSize - 1);
    this.remainder =
      given.remainder === undefined && this.worldSize === 1 ? "uneven" : oneOf("remainder", given.remainder, ["pad", "drop", "uneven"]);
    const { signal } = given;
    if (signal !== undefined && typeof signal?.addEventListener !== "function") expected("signal", signal, "an AbortSignal");
    this.signal = signal;
    if (given.allocate !== undefined && typeof given.allocate !== "function")
      expected("allocate", given.allocate, "a function (name, bytes) => ArrayBuffer");
    const { vocabulary, timeToEvent } = given;
    if (vocabulary !== undefined && !(vocabulary instanceof Vocabulary)) expected("vocabulary", vocabulary, "a Vocabulary");
    if (timeToEvent !== undefined && !(timeToEvent instanceof TimeToEvent))
      expected("timeToEvent", timeToEvent, "the result of TimeToEvent.fit");
    this.fields = fieldsOf(given.fields);
    checkFields(this.fields, this.tokens === null && layout === "nested", vocabulary, timeToEvent);
    this.categories = samples.labels?.categories ?? [];
    const { workers } = given;
    this.workers = workers === undefined ? 0 : wholeOf("workers", workers, 0, MOST_WORKERS);
    if (this.workers > 0 && plan.where.length > 0)
      conflict(
        "`workers` cannot be combined with `where`: functions cannot be sent to worker threads. Filter by `codes`, or set `workers: 0`.",
      );
    if (this.workers > 0 && given.allocate !== undefined)
      conflict("`allocate` cannot be combined with `workers`: they transfer their own memory. Remove one of them.");
    this.layout = {
      kind: this.tokens === null ? layout : "packed",
      left: padding === "left",
      places: most,
      fields: this.fields,
      codeType: oneOf("codeType", given.codeType, ["int32", "int64"]),
      translation: vocabulary?._for(samples._store) ?? null,
      timeToEvent: timeToEvent?.toJSON() ?? null,
      allocate: given.allocate,
    };
    this.batcher = new Batcher(samples, this.layout);
    this.start = resume === undefined ? { batches: 0, position: 0 } : this.resumed(resume);
    this.draw = drawOf(this.seed, this.epoch);
  }

  /** The batches in order. Each batch is made when the loop requests it. */
  *[Symbol.iterator](): Generator<Batch<F>, void, undefined> {
    this.check();
    const scan = this.samples._store.native.scan(this.scanned());
    try {
      for (const job of this.jobs()) {
        this.check();
        yield this.batcher.make(job, this.draw) as unknown as Batch<F>;
      }
    } finally {
      scan.end();
    }
  }

  /** The same batches, made ahead of time by `workers`, or with a turn of the event loop between batches. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Batch<F>, void, undefined> {
    if (this.workers > 0) {
      const { samples, layout, seed, epoch, workers } = this;
      yield* prefetched(this.jobs(), { samples, layout, seed, epoch, scanned: this.scanned() }, workers, () =>
        this.check(),
      ) as AsyncGenerator<Batch<F>>;
      return;
    }
    for (const batch of this) {
      yield batch;
      // Lets timers, sockets and signals run.
      await new Promise(setImmediate);
    }
  }

  /** @internal A batch without samples: it has the array types of the others. */
  _none(): Batch<F> {
    const job = { members: new Uint32Array(0), weights: new Float32Array(0), resume: this.state(0, 0) };
    return this.batcher.make(job, this.draw) as unknown as Batch<F>;
  }

  /** @internal Whether PAD is on the left. */
  get _left(): boolean {
    return this.layout.left;
  }

  /**
   * The shards that an epoch reads ahead: those it reads densely. Empty where the order would cause their
   * pages to be evicted before use.
   */
  private scanned(): readonly number[] {
    const { samples, shuffle } = this;
    return shuffle === true && !samples._store.fits ? [] : samples._dense;
  }

  private check(): void {
    const { signal, samples } = this;
    if (signal?.aborted) throw new MedsError("MEDS_CANCELLED", "Loading was cancelled.", { cause: signal.reason });
    samples._store.check();
  }

  /** The jobs of this rank. */
  private *jobs(): Generator<Job> {
    const { worldSize } = this;
    let round: Group[] = [];
    let dealt = this.start.batches;
    for (const group of this.groups()) {
      round.push(group);
      if (round.length < worldSize) continue;
      dealt += worldSize;
      const job = this.deal(round, dealt);
      if (job !== null) yield job;
      round = [];
    }
    const job = round.length === 0 ? null : this.deal(round, dealt + round.length);
    if (job !== null) yield job;
  }

  /** The job of this rank in a round of batches, or null. */
  private deal(round: readonly Group[], dealt: number): Job | null {
    const { rank, remainder } = this;
    const size = this.batchSize;
    const isWhole = round.length === this.worldSize && (size === 0 || round.every(({ members }) => members.length === size));
    if (!isWhole && remainder === "drop") return null;
    const group = round[rank];
    if (group === undefined && remainder === "uneven") return null;
    const resume = this.state(dealt, round.at(-1)!.position);
    const own = group?.members ?? new Uint32Array(0);
    // Fills up with the first samples of the round.
    const filled = remainder === "pad" ? (group === undefined ? round[0]!.members : padded(own, size, round[0]!.members)) : own;
    const weights = new Float32Array(filled.length).fill(1, 0, own.length);
    return { members: filled, weights, resume };
  }

  /** The groups of all ranks, from the loader's start. */
  private *groups(): Generator<Group> {
    const { samples, start, batchSize } = this;
    if (samples.size === 0) return;
    const order = orderOf(samples.size, this.shuffle, this.seed, this.epoch, () => stored(samples));
    if (this.tokens !== null) yield* this.packs(order, start.position, this.tokens);
    else if (this.bucket > 1) yield* this.buckets(order, start.batches);
    else {
      for (let begin = start.batches * batchSize; begin < order.length; begin += batchSize) {
        const members = order.subarray(begin, begin + batchSize);
        yield { members, position: begin + members.length };
      }
    }
  }

  /** Packed batches: consecutive samples, as many as fit. */
  private *packs(order: Uint32Array, from: number, tokens: number): Generator<Group> {
    let begin = from;
    let filled = 0;
    for (let at = from; at < order.length; at += 1) {
      const length = this.batcher.lengthOf(order[at]!, this.draw);
      if (length > tokens)
        conflict(`Sample ${order[at]} has ${length} rows, more than \`tokens\` (${tokens}). Raise \`tokens\` or lower \`maxLength\`.`);
      if (filled + length > tokens) {
        yield { members: order.subarray(begin, at), position: at };
        begin = at;
        filled = 0;
      }
      filled += length;
    }
    if (begin < order.length) yield { members: order.subarray(begin), position: order.length };
  }

  /**
   * Sorts the samples of `bucket` batches by length, cuts them into batches and shuffles the batches. A batch
   * that is not full stays last.
   */
  private *buckets(order: Uint32Array, dealt: number): Generator<Group> {
    const { batchSize, bucket, batcher, draw } = this;
    const whole = batchSize * bucket;
    for (let pool = Math.floor(dealt / bucket); pool * whole < order.length; pool += 1) {
      const members = order.subarray(pool * whole, (pool + 1) * whole);
      const lengths = new Map(Array.from(members, (sample) => [sample, batcher.lengthOf(sample, draw)]));
      const sorted = members.slice().sort((a, b) => lengths.get(a)! - lengths.get(b)!);
      const full = Math.floor(sorted.length / batchSize);
      const turn = this.shuffle === false ? Uint32Array.from({ length: full }, (_, i) => i) : this.turns(pool, full);
      const count = Math.ceil(sorted.length / batchSize);
      for (let i = pool * bucket < dealt ? dealt - pool * bucket : 0; i < count; i += 1) {
        const begin = (i < full ? turn[i]! : i) * batchSize;
        yield { members: sorted.subarray(begin, begin + batchSize), position: pool * whole + Math.min(sorted.length, (i + 1) * batchSize) };
      }
    }
  }

  private turns(pool: number, count: number): Uint32Array {
    return new Random(this.seed, this.epoch, BUCKETS + pool).permutation(count);
  }

  private state(batches: number, position: number): LoaderState {
    const { seed, epoch, samples } = this;
    this.order ??= [samples._identity, samples.size, this.batchSize, this.tokens, this.bucket, this.shuffle].join(" ");
    const { order } = this;
    const check = createHash("sha256").update(JSON.stringify([seed, epoch, batches, position, order]));
    return { version: 1, seed, epoch, batches, position, order, check: check.digest("hex").slice(0, 16) };
  }

  /** Checks a resume token: it must belong to the same order. */
  private resumed(token: LoaderState): LoaderState {
    const wanted = "the unchanged `resume` of a batch";
    if (typeof token !== "object" || token === null || token.version !== 1) return expected("resume", token, wanted);
    const own = this.state(
      wholeOf("resume.batches", token.batches, 0, this.samples.size),
      wholeOf("resume.position", token.position, 0, this.samples.size),
    );
    for (const name of ["seed", "epoch", "order"] as const) {
      if (token[name] === own[name]) continue;
      const same =
        name === "order"
          ? "samples (subjects, cut-offs and options), `batchSize`, `tokens`, `bucket` and `shuffle` as for the batch"
          : `\`${name}\``;
      conflict(
        `\`resume\` belongs to another order: its \`${name}\` is ${shown(token[name])}, and here it is ${shown(own[name])}. Use the same ${same}.`,
      );
    }
    // A changed token could begin in the middle of a batch.
    if (token.check !== own.check) conflict("`resume` was changed: its `check` does not match. Pass the unchanged `resume` of a batch.");
    return own;
  }
}

/** Fields that require an option, and options that require a field. */
function checkFields(
  fields: ReadonlySet<BatchField>,
  isNested: boolean,
  vocabulary: Vocabulary | undefined,
  tasks: TimeToEvent | undefined,
): void {
  const flat = FLAT_FIELDS.find((field) => fields.has(field));
  if (isNested && flat !== undefined) conflict(`Field "${flat}" is not available with layout "nested".`);
  if (fields.has("value_bin") && !vocabulary?.options.bins)
    conflict('Field "value_bin" requires a `vocabulary` that was fitted with `bins`.');
  if (fields.has("bag") && !vocabulary?.options.ancestors)
    conflict('Field "bag" requires a `vocabulary` that was fitted with `ancestors: true`.');
  if (fields.has("time_to_event") && tasks === undefined) conflict('Field "time_to_event" requires the option `timeToEvent`.');
  if (!fields.has("time_to_event") && tasks !== undefined)
    conflict('`timeToEvent` requires the field "time_to_event". Add it to `fields`, or remove `timeToEvent`.');
}

/** Members, filled up to `size` with samples of `more`. */
function padded(members: Uint32Array, size: number, more: Uint32Array): Uint32Array {
  if (members.length >= size) return members;
  const all = arrayOf("The sample list of a batch", Uint32Array, size);
  all.set(members);
  for (let i = members.length; i < size; i += 1) all[i] = more[i % more.length]!;
  return all;
}

/** Samples in storage order. */
function stored({ size, _index: index, _store: store }: Samples): Uint32Array {
  return Uint32Array.from({ length: size }, (_, i) => i).sort((a, b) => store.slotOf(index[a]!) - store.slotOf(index[b]!) || a - b);
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
