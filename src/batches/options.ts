import type { Samples } from "../samples/samples.js";
import {
  conflict,
  expected,
  flagOf,
  functionIn,
  INT32_MAX,
  namesIn,
  oneOf,
  optionsOf,
  seedOf,
  signalIn,
  wholeOf,
} from "../support/arguments.js";
import type { Allocate } from "../support/memory.js";
import type { AbortSignalLike } from "../support/signal.js";
import { TimeToEvent } from "../targets/time-to-event.js";
import { Vocabulary } from "../vocabulary/vocabulary.js";
import type { LoaderState } from "./batch.js";
import type { BatchPlan } from "./batcher.js";
import { type BatchField, type DefaultField, FIELD_NAMES, fieldsOf, isRowField } from "./fields/fields.js";
import type { Grouping } from "./groups.js";

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
   * UNK (a code that is not in the vocabulary). `numeric_value` contains z-scores if the vocabulary was fitted
   * with them. The vocabulary may be fitted on another store.
   */
  readonly vocabulary?: Vocabulary | undefined;
  /** Tasks of the field `time_to_event`. */
  readonly timeToEvent?: TimeToEvent | undefined;
  /**
   * A random order (true), a random order that keeps neighbours in the store near each other (`local`), or
   * the order of the samples (false, the default). `local` puts blocks of 256 samples that are stored one after
   * another in a random order, and mixes the samples of every 16 blocks: a batch has samples of up to 16 places
   * of the store, and samples that are more than 4,096 apart in the order are from different blocks. It reads
   * less if many samples are of the same patients. Every order depends only on the samples, seed and epoch:
   * not on workers or memory, and on ranks only with `order: "local"`.
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
   * `global` (the default): there is one order of all samples, and the ranks receive its batches in turn, so that
   * the number of ranks changes nothing else. `local`: each rank has the samples of its own part of the store, in
   * an order of its own, and reads no other shard: {@link samplesPlan} names its shards. The parts have equal
   * numbers of samples (within 6 %, see there), and stay the same in every epoch. With one rank, both are the same.
   * `local` is not for `tokens`: the number of packed batches of other ranks depends on rows that are not here. Use
   * it with `shuffle: "local"` to also keep neighbours together within a part.
   */
  readonly order?: "global" | "local" | undefined;
  /**
   * How to treat the last batches when they cannot be divided evenly: `pad` (all ranks receive the same
   * number of full batches; repeated samples have weight 0), `drop` (removes them), or `uneven` (each sample
   * occurs exactly once). With `order: "local"`, the last batches are those that not every rank has. Default:
   * `uneven` for one rank, else `pad`.
   */
  readonly remainder?: "pad" | "drop" | "uneven" | undefined;
  /**
   * {@link BatchBase.resume} of the last used batch: the loader begins directly after it, also with another
   * number of ranks. With `order: "local"`, the samples that no rank has received yet are then divided anew, each
   * to the rank whose part it is in (with `bucket`: after a multiple of `bucket` steps). The token is valid for the same samples (subjects, cut-offs and options) and the same
   * order only; otherwise, or if it was changed, it is an error.
   */
  readonly resume?: LoaderState | undefined;
  /**
   * Returns the memory of a batch's arrays, by name. Not with `workers`, which transfer their own memory.
   * Default: new memory.
   */
  readonly allocate?: Allocate | undefined;
  /**
   * Each batch overwrites the arrays of the batch before: copy what must outlive it. Batches of 256 windows of
   * 512 rows take half the time, because their memory stays in the processor's cache and is never collected.
   * Not with `allocate` or `workers`. Default: false.
   */
  readonly reuse?: boolean | undefined;
  /**
   * With `for await`: the number of worker threads (at most 1024) that make batches ahead of time, so that
   * this thread stays free. Not with `allocate` or for samples that are filtered by `where`: functions cannot
   * be sent to worker threads. Default: 0.
   */
  readonly workers?: number | undefined;
  /**
   * Number of threads (at most 1024) that share a batch of more than some thousand rows; 0 uses all cores.
   * Batches are the same for any number. Default: 0; with `workers`, which make several batches at once, 1.
   */
  readonly threads?: number | undefined;
  /** Ends the iteration with `MEDS_CANCELLED`. */
  readonly signal?: AbortSignalLike | undefined;
}

const KNOWN = Object.keys({
  batchSize: true,
  tokens: true,
  layout: true,
  padding: true,
  padTo: true,
  fields: true,
  codeType: true,
  vocabulary: true,
  timeToEvent: true,
  shuffle: true,
  seed: true,
  epoch: true,
  bucket: true,
  rank: true,
  worldSize: true,
  order: true,
  remainder: true,
  resume: true,
  allocate: true,
  reuse: true,
  workers: true,
  threads: true,
  signal: true,
} satisfies Record<keyof LoaderOptions, true>);

/** Maximum of `workers` and of `threads`. */
const MOST_WORKERS = 1024;

/** This process among all processes of a training run. */
export interface Ranks {
  readonly rank: number;
  readonly worldSize: number;
  readonly order: "global" | "local";
  readonly remainder: "pad" | "drop" | "uneven";
}

/** The checked options of a loader. */
export interface LoaderPlan {
  readonly batch: BatchPlan;
  readonly grouping: Grouping;
  readonly ranks: Ranks;
  readonly workers: number;
  readonly signal: AbortSignalLike | undefined;
  /** Not checked yet: that needs the samples' identity. */
  readonly resume: LoaderState | undefined;
}

/** Checks the options of a loader. */
export function loaderPlan<F extends BatchField>(samples: Samples, options: LoaderOptions<F>): LoaderPlan {
  const given =
    optionsOf(options as LoaderOptions<F> | undefined) ?? expected("options", options, "an object with `batchSize` or `tokens`");
  namesIn("loader", given, KNOWN);
  const grouping = checkedGrouping(given);
  const batch = checkedBatch(samples, given, grouping.tokens);
  const { signal } = given;
  signalIn("signal", signal);
  return { batch, grouping, ranks: checkedRanks(given), workers: checkedWorkers(samples, given), signal, resume: given.resume };
}

/** How samples are combined into batches, and in which order. */
function checkedGrouping({ tokens, batchSize, bucket, shuffle = false, seed = 0, epoch = 0 }: LoaderOptions<BatchField>): Grouping {
  if (tokens === undefined && batchSize === undefined) conflict("Neither `batchSize` nor `tokens` is set. Set one of them.");
  if (tokens !== undefined && batchSize !== undefined) conflict("`batchSize` cannot be combined with `tokens`. Remove one of them.");
  if (tokens !== undefined && bucket !== undefined)
    conflict("`bucket` cannot be combined with `tokens`: it reduces padding, and packed batches have hardly any. Remove one of them.");
  if (typeof shuffle !== "boolean" && shuffle !== "local") expected("shuffle", shuffle, 'true, false or "local"');
  return {
    tokens: tokens === undefined ? null : wholeOf("tokens", tokens, 1, INT32_MAX),
    batchSize: batchSize === undefined ? 0 : wholeOf("batchSize", batchSize, 1, INT32_MAX),
    bucket: bucket === undefined ? 1 : wholeOf("bucket", bucket, 1, INT32_MAX),
    shuffle,
    seed: seedOf("seed", seed),
    epoch: seedOf("epoch", epoch),
  };
}

function checkedRanks({ rank = 0, worldSize = 1, remainder, ...given }: LoaderOptions<BatchField>): Ranks {
  const size = wholeOf("worldSize", worldSize, 1, INT32_MAX);
  const order = oneOf("order", given.order, ["global", "local"]);
  if (order === "local" && given.tokens !== undefined)
    conflict(
      '`order: "local"` cannot be combined with `tokens`: how many packed batches another rank has depends on rows that are not here. Use `batchSize`, or the global order.',
    );
  return {
    order,
    rank: wholeOf("rank", rank, 0, size - 1),
    worldSize: size,
    remainder: remainder === undefined && size === 1 ? "uneven" : oneOf("remainder", remainder, ["pad", "drop", "uneven"]),
  };
}

function checkedWorkers(samples: Samples, { workers, allocate, reuse }: LoaderOptions<BatchField>): number {
  const count = workers === undefined ? 0 : wholeOf("workers", workers, 0, MOST_WORKERS);
  if (count > 0 && samples._plan.where.length > 0)
    conflict(
      "`workers` cannot be combined with `where`: functions cannot be sent to worker threads. Filter by `codes`, or set `workers: 0`.",
    );
  if (count > 0 && allocate !== undefined)
    conflict("`allocate` cannot be combined with `workers`: they transfer their own memory. Remove one of them.");
  if (count > 0 && reuse === true)
    conflict("`reuse` cannot be combined with `workers`: they make batches ahead, each in its own memory. Remove one of them.");
  return count;
}

/** The contents and the layout of batches. */
function checkedBatch(samples: Samples, given: LoaderOptions<BatchField>, tokens: number | null): BatchPlan {
  const plan = samples._plan;
  const layout = oneOf("layout", given.layout, ["padded", "nested"]);
  const padding = oneOf("padding", given.padding, ["right", "left"]);
  const padTo = oneOf("padTo", given.padTo, ["longest", "max"]);
  if (tokens !== null) {
    if (given.layout !== undefined) conflict("`layout` cannot be combined with `tokens`: packed batches are flat. Remove one of them.");
    if (padding === "left") conflict('`padding: "left"` cannot be combined with `tokens`. Remove one of them.');
    if (!plan.byEvent && plan.maxLength > tokens) expected("tokens", tokens, `at least the samples' \`maxLength\`, ${plan.maxLength}`);
  }
  // A window of maxLength events may have any number of rows.
  if (padTo === "max" && tokens === null && (layout === "nested") !== plan.byEvent)
    conflict(
      layout === "nested"
        ? '`padTo: "max"` with layout "nested" requires a `maxLength` in events. Make the samples with `unit: "events"`.'
        : '`padTo: "max"` with layout "padded" requires a `maxLength` in measurements. Make the samples with `unit: "measurements"`, or set `layout: "nested"`.',
    );
  const { allocate, vocabulary, timeToEvent } = given;
  const reuse = flagOf("reuse", given.reuse, false);
  if (reuse && allocate !== undefined)
    conflict("`reuse` cannot be combined with `allocate`, which can reuse memory itself. Remove one of them.");
  functionIn("allocate", allocate, "a function (name, bytes) => ArrayBuffer");
  if (vocabulary !== undefined && !(vocabulary instanceof Vocabulary)) expected("vocabulary", vocabulary, "a Vocabulary");
  if (timeToEvent !== undefined && !(timeToEvent instanceof TimeToEvent))
    expected("timeToEvent", timeToEvent, "the result of TimeToEvent.fit");
  const fields = fieldsOf(given.fields);
  checkFields(fields, tokens === null && layout === "nested", vocabulary, timeToEvent);
  return {
    layout: tokens === null ? layout : "packed",
    left: padding === "left",
    width: padTo === "max" ? (tokens ?? plan.maxLength) : null,
    prepends: plan.statics === "prepend",
    fields,
    codeType: oneOf("codeType", given.codeType, ["int32", "int64"]),
    translation: vocabulary?._for(samples._store) ?? null,
    timeToEvent: timeToEvent?.toJSON() ?? null,
    threads: wholeOf("threads", given.threads ?? (given.workers ? 1 : 0), 0, MOST_WORKERS),
    allocate,
    reuse,
  };
}

/** Fields that require an option, and options that require a field. */
function checkFields(
  fields: ReadonlySet<BatchField>,
  isNested: boolean,
  vocabulary: Vocabulary | undefined,
  tasks: TimeToEvent | undefined,
): void {
  const flat = FIELD_NAMES.find((field) => fields.has(field) && !isRowField(field));
  if (isNested && flat !== undefined)
    conflict(`Field "${flat}" is not available with layout "nested". Remove the field, or use layout "padded".`);
  if (fields.has("value_bin") && !vocabulary?.options.bins)
    conflict('Field "value_bin" requires a `vocabulary` that was fitted with `bins`. Pass one, or remove the field.');
  if (fields.has("bag") && !vocabulary?.options.ancestors)
    conflict('Field "bag" requires a `vocabulary` that was fitted with `ancestors: true`. Pass one, or remove the field.');
  if (fields.has("time_to_event") && tasks === undefined)
    conflict('Field "time_to_event" requires the option `timeToEvent`. Set it, or remove the field.');
  if (!fields.has("time_to_event") && tasks !== undefined)
    conflict('`timeToEvent` requires the field "time_to_event". Add it to `fields`, or remove `timeToEvent`.');
}
