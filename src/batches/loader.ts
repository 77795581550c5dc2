import { createHash } from "node:crypto";
import { drawOf, type Samples, seedOf } from "../samples/samples.js";
import type { AbortSignalLike } from "../store/native.js";
import { arrayOf, failGiven, INT32_MAX, namesIn, oneOf, optionsOf, shown, wholeOf } from "../support/arguments.js";
import { fail, MedsError } from "../support/errors.js";
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
  /** Samples of a batch; not with `tokens`. 1 to 2^31 - 1, as all sizes here. */
  readonly batchSize?: number | undefined;
  /**
   * Packs samples one after another into batches of at most so many rows, as FEMR does: no padding but at the end. At least the samples' `maxLength`
   * (where that counts events, a sample of more rows than this is an error when its turn comes). Not with `layout`, `bucket` or `padding: "left"`.
   */
  readonly tokens?: number | undefined;
  /** `padded` (`[B, S]`, the default) or `nested` (`[B, E, M]`: events, rows of each). */
  readonly layout?: "padded" | "nested" | undefined;
  /** On which side PAD stands. Default: `right`. */
  readonly padding?: "right" | "left" | undefined;
  /**
   * Pad to the longest sample of the batch (the default), or always to `maxLength` (or `tokens`). `max` needs a `maxLength` that counts what stands in a
   * row of the batch: measurements where it is padded, events where it is nested (whose third axis, rows of an event, is as long as the batch needs).
   */
  readonly padTo?: "longest" | "max" | undefined;
  /** Only these fields. Default: code, numeric_value, numeric_value_mask, time_delta_days, time. */
  readonly fields?: readonly F[] | undefined;
  /** `int64` for exported ONNX models. Default: `int32`. */
  readonly codeType?: "int32" | "int64" | undefined;
  /**
   * `code` and the targets hold the ids of this vocabulary, and not the store's: 0 = PAD, 1 = UNK. `numeric_value` holds z-scores where it was fitted with
   * them. The store may be another than the one that it was fitted on.
   */
  readonly vocabulary?: Vocabulary | undefined;
  /** Tasks of the field `time_to_event`. */
  readonly timeToEvent?: TimeToEvent | undefined;
  /** A random order (true), one that keeps neighbours in the store near each other (`local`), or the order of the samples (false, the default). */
  readonly shuffle?: boolean | "local" | undefined;
  /** Of the order and of the windows of `random` strategies. Any safe integer. Default: 0. */
  readonly seed?: number | undefined;
  /** Another number gives another order and other windows. Default: 0. */
  readonly epoch?: number | undefined;
  /** Puts samples of about the same length together, among so many batches: less padding. Not with `tokens`, which pads nothing. Default: none. */
  readonly bucket?: number | undefined;
  /** This process's number among `worldSize`. Default: 0 of 1. */
  readonly rank?: number | undefined;
  readonly worldSize?: number | undefined;
  /**
   * What becomes of batches that do not go round: `pad` (every rank has as many, all full; what is repeated has weight 0), `drop`, or `uneven` (every
   * sample once). Default: `uneven` for one rank, else `pad`.
   */
  readonly remainder?: "pad" | "drop" | "uneven" | undefined;
  /**
   * {@link BatchBase.resume} of the last batch that was used: begins right after it, also with another number of ranks. It belongs to its samples
   * (subjects, cut-offs and options) and its order: with others, or changed, it is an error.
   */
  readonly resume?: LoaderState | undefined;
  /** Memory for a batch's arrays, by name. Not with `workers`, whose memory is handed over. Default: fresh memory. */
  readonly allocate?: Allocate | undefined;
  /**
   * With `for await`: so many worker threads (1024 at most) make batches ahead of time, and this thread is free. Not with `allocate`, nor for samples
   * that are filtered by `where`: functions go to no other thread. Default: 0.
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

/** Threads that a loader may have. */
const MOST_WORKERS = 1024;

/** Keeps what it draws apart from windows and order. */
const BUCKETS = 3_000_000;

/** Samples of one batch, before it is given to a rank. */
interface Group {
  readonly members: Uint32Array;
  /** Samples in the order up to the end of this batch. */
  readonly position: number;
}

/**
 * The batches of one epoch, for `for…of` and `for await…of`; {@link loader} makes it. Every iteration begins anew. Batches are formed of the one global
 * order first and dealt to the ranks then, in turn: so the order is the same for any number of ranks.
 */
export class Loader<F extends BatchField = DefaultField> implements Iterable<Batch<F>>, AsyncIterable<Batch<F>> {
  /** The fields that are filled. */
  readonly fields: ReadonlySet<BatchField>;
  /** What `categorical_value` points into. */
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
  /** What the order depends on besides seed and epoch, once somebody asked. */
  private order: string | undefined;

  /** @internal */
  constructor(
    private readonly samples: Samples,
    options: LoaderOptions<F>,
  ) {
    const given =
      optionsOf(options as LoaderOptions<F> | undefined) ?? failGiven("The value for options", options, "an object with batchSize");
    namesIn("loader", given, KNOWN);
    const { tokens, batchSize, bucket, resume, shuffle = false, seed = 0, epoch = 0, rank = 0, worldSize = 1 } = given;
    if ((tokens === undefined) === (batchSize === undefined)) failGiven("batchSize", batchSize, "either batchSize or tokens");
    this.tokens = tokens === undefined ? null : wholeOf("tokens", tokens, 1, INT32_MAX);
    this.batchSize = batchSize === undefined ? 0 : wholeOf("batchSize", batchSize, 1, INT32_MAX);
    this.bucket = bucket === undefined ? 1 : wholeOf("bucket", bucket, 1, INT32_MAX);
    const plan = samples._plan;
    const layout = oneOf("layout", given.layout, ["padded", "nested"]);
    const padding = oneOf("padding", given.padding, ["right", "left"]);
    const padTo = oneOf("padTo", given.padTo, ["longest", "max"]);
    if (this.tokens !== null) {
      if (given.layout !== undefined) failGiven("layout", given.layout, "no layout with tokens: packed batches are flat");
      if (given.bucket !== undefined) failGiven("bucket", bucket, "no bucket with tokens: packed batches have no padding");
      if (padding === "left") failGiven("padding", padding, 'no padding "left" with tokens');
      if (!plan.byEvent && plan.maxLength > this.tokens) failGiven("tokens", tokens, `at least the samples' maxLength, ${plan.maxLength}`);
    }
    // A window of so many events has any number of rows.
    if (padTo === "max" && this.tokens === null && (layout === "nested") !== plan.byEvent)
      failGiven(
        "padTo",
        padTo,
        'it where maxLength counts what stands in a row of the batch: unit "events" with layout "nested", else "measurements"',
      );
    const most = padTo === "max" ? (this.tokens ?? plan.maxLength) : null;
    if (typeof shuffle !== "boolean" && shuffle !== "local") failGiven("shuffle", shuffle, 'true, false or "local"');
    this.shuffle = shuffle;
    this.seed = seedOf("seed", seed);
    this.epoch = seedOf("epoch", epoch);
    this.worldSize = wholeOf("worldSize", worldSize, 1, INT32_MAX);
    this.rank = wholeOf("rank", rank, 0, this.worldSize - 1);
    this.remainder =
      given.remainder === undefined && this.worldSize === 1 ? "uneven" : oneOf("remainder", given.remainder, ["pad", "drop", "uneven"]);
    const { signal } = given;
    if (signal !== undefined && typeof signal?.addEventListener !== "function") failGiven("signal", signal, "an AbortSignal");
    this.signal = signal;
    if (given.allocate !== undefined && typeof given.allocate !== "function")
      failGiven("allocate", given.allocate, "a function (name, bytes) => ArrayBuffer");
    const { vocabulary, timeToEvent } = given;
    if (vocabulary !== undefined && !(vocabulary instanceof Vocabulary)) failGiven("vocabulary", vocabulary, "a Vocabulary");
    if (timeToEvent !== undefined && !(timeToEvent instanceof TimeToEvent))
      failGiven("timeToEvent", timeToEvent, "what TimeToEvent.fit gives");
    this.fields = fieldsOf(given.fields);
    checkFields(this.fields, this.tokens === null && layout === "nested", vocabulary, timeToEvent);
    this.categories = samples.labels?.categories ?? [];
    const { workers } = given;
    this.workers = workers === undefined ? 0 : wholeOf("workers", workers, 0, MOST_WORKERS);
    if (this.workers > 0 && plan.where.length > 0)
      failGiven(
        "workers",
        workers,
        "no workers with `where`: functions go to no other thread (filter by `codes`, or make batches in this one)",
      );
    if (this.workers > 0 && given.allocate !== undefined)
      failGiven("allocate", given.allocate, "no allocate with workers: their memory is handed over");
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

  /** The batches in order, made as they are asked for. */
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

  /** The same, made ahead by `workers`, or with a turn of the event loop between batches. */
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
      // Timers, sockets and signals have their turn.
      await new Promise(setImmediate);
    }
  }

  /** @internal A batch of no samples: the types of the others. */
  _none(): Batch<F> {
    const job = { members: new Uint32Array(0), weights: new Float32Array(0), resume: this.state(0, 0) };
    return this.batcher.make(job, this.draw) as unknown as Batch<F>;
  }

  /** @internal Does PAD stand on the left. */
  get _left(): boolean {
    return this.layout.left;
  }

  /** The shards that an epoch reads ahead: those of which it reads most, unless its order would have them evicted before they are used. */
  private scanned(): readonly number[] {
    const { samples, shuffle } = this;
    return shuffle === true && !samples._store.fits ? [] : samples._dense;
  }

  private check(): void {
    const { signal, samples } = this;
    if (signal?.aborted) throw new MedsError("MEDS_CANCELLED", "Loading was cancelled.", { cause: signal.reason });
    samples._store.check();
  }

  /** This rank's batches, not made yet. */
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

  /** The rank's part of a round, or none. */
  private deal(round: readonly Group[], dealt: number): Job | null {
    const { rank, remainder } = this;
    const size = this.batchSize;
    const isWhole = round.length === this.worldSize && (size === 0 || round.every(({ members }) => members.length === size));
    if (!isWhole && remainder === "drop") return null;
    const group = round[rank];
    if (group === undefined && remainder === "uneven") return null;
    const resume = this.state(dealt, round.at(-1)!.position);
    const own = group?.members ?? new Uint32Array(0);
    // What fills up: the round's first samples again.
    const filled = remainder === "pad" ? (group === undefined ? round[0]!.members : padded(own, size, round[0]!.members)) : own;
    const weights = new Float32Array(filled.length).fill(1, 0, own.length);
    return { members: filled, weights, resume };
  }

  /** All batches from where the loader begins, as samples. */
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

  /** As many samples as fit, one after another. */
  private *packs(order: Uint32Array, from: number, tokens: number): Generator<Group> {
    let begin = from;
    let filled = 0;
    for (let at = from; at < order.length; at += 1) {
      const length = this.batcher.lengthOf(order[at]!, this.draw);
      if (length > tokens) failGiven("tokens", tokens, `room for sample ${order[at]}, which has ${length} rows`);
      if (filled + length > tokens) {
        yield { members: order.subarray(begin, at), position: at };
        begin = at;
        filled = 0;
      }
      filled += length;
    }
    if (begin < order.length) yield { members: order.subarray(begin), position: order.length };
  }

  /** Samples of some batches by length, cut into batches, these in a random order; a batch that is not full stays the last. */
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

  /** A token of the same order. */
  private resumed(token: LoaderState): LoaderState {
    const wanted = "the resume of a batch, as it was";
    if (typeof token !== "object" || token === null || token.version !== 1) return failGiven("resume", token, wanted);
    const own = this.state(
      wholeOf("resume.batches", token.batches, 0, this.samples.size),
      wholeOf("resume.position", token.position, 0, this.samples.size),
    );
    for (const name of ["seed", "epoch", "order"] as const) {
      if (token[name] === own[name]) continue;
      const what = name === "order" ? "samples (subjects, cut-offs, options), their number, batchSize, tokens, bucket and shuffle" : name;
      fail(
        "MEDS_INVALID_ARGUMENT",
        `resume was taken from another order: its ${what}: ${shown(token[name])}, here ${shown(own[name])}. Make the samples and the loader with the same.`,
      );
    }
    // It would begin at a place where no batch ends.
    if (token.check !== own.check) failGiven("resume.check", token.check, wanted);
    return own;
  }
}

/** Fields that need what was not given; and what was given for a field that nobody asked for. */
function checkFields(
  fields: ReadonlySet<BatchField>,
  isNested: boolean,
  vocabulary: Vocabulary | undefined,
  tasks: TimeToEvent | undefined,
): void {
  const flat = FLAT_FIELDS.find((field) => fields.has(field));
  if (isNested && flat !== undefined) failGiven("A field", flat, 'it in flat batches only: without layout "nested"');
  if (fields.has("value_bin") && !vocabulary?.options.bins) failGiven("A field", "value_bin", "a vocabulary that was fitted with bins too");
  if (fields.has("bag") && !vocabulary?.options.ancestors)
    failGiven("A field", "bag", "a vocabulary that was fitted with ancestors: true too");
  if (fields.has("time_to_event") && tasks === undefined) failGiven("A field", "time_to_event", "the option timeToEvent too");
  if (!fields.has("time_to_event") && tasks !== undefined) failGiven("timeToEvent", tasks, 'it with fields: ["time_to_event", …] only');
}

/** Members with some more, up to a number. */
function padded(members: Uint32Array, size: number, more: Uint32Array): Uint32Array {
  if (members.length >= size) return members;
  const all = arrayOf("A batch's samples", Uint32Array, size);
  all.set(members);
  for (let i = members.length; i < size; i += 1) all[i] = more[i % more.length]!;
  return all;
}

/** Samples as they lie in the store. */
function stored({ size, _index: index, _store: store }: Samples): Uint32Array {
  return Uint32Array.from({ length: size }, (_, i) => i).sort((a, b) => store.slotOf(index[a]!) - store.slotOf(index[b]!) || a - b);
}

/**
 * Makes batches of samples: `for (const batch of loader(…))`, or `for await`. Row-major typed arrays, ready for tensors; ids of the store's codes, 0 = PAD.
 * An iteration is one epoch.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for a wrong option; while batches are made `MEDS_CANCELLED`, `MEDS_CLOSED`, and `MEDS_LEAK` where a
 * damaged store has a row past the cut-off.
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
  if (typeof samples !== "object" || samples === null || !("_plan" in samples)) failGiven("samples", samples, "what samples(db, …) gives");
  return new Loader<F>(samples, options);
}
