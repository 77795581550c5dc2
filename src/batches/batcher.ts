import type { Samples } from "../samples/samples.js";
import { Window } from "../samples/window.js";
import { type Allocate, Memory } from "../support/memory.js";
import type { Random } from "../support/random.js";
import { DAY, NO_TIME, numberAt, wordsOf } from "../support/time.js";
import { TimeToEvent } from "../targets/time-to-event.js";
import type { Batch, BatchBase, LoaderState } from "./batch.js";
import { bagOf, NO_BAG } from "./fields/bag.js";
import type { BagArrays, BatchField, FieldArrays, RowField } from "./fields/fields.js";
import { Filler } from "./fields/filler.js";
import { targetsOf } from "./fields/targets.js";
import { labelColumns } from "./label-columns.js";
import type { Layout, LayoutArrays, LayoutPlan } from "./layouts/layout.js";
import { nested } from "./layouts/nested.js";
import { packed } from "./layouts/packed.js";
import { padded } from "./layouts/padded.js";

const LAYOUTS: Readonly<Record<LayoutPlan["layout"], Layout>> = { padded, packed, nested };

/** How batches are made. */
export interface BatchPlan extends LayoutPlan {
  /**
   * Tasks of the field `time_to_event` as JSON, because a plan may be posted to a worker; null without the
   * field.
   */
  readonly timeToEvent: object | null;
  readonly allocate: Allocate | undefined;
  /** Whether a batch overwrites the one before. */
  readonly reuse: boolean;
}

/** The description of a batch before it is made. */
export interface Job {
  readonly members: Uint32Array;
  readonly weights: Float32Array;
  readonly resume: LoaderState;
}

/** Microseconds per day as a float64. */
const DAY_MICROS = Number(DAY);

const STATIC_FIELDS: ReadonlySet<BatchField> = new Set<BatchField>(["code", "numeric_value", "numeric_value_mask"]);

/** Makes batches of one list of samples. Reuses its windows for each batch. */
export class Batcher {
  private readonly windows: Window[] = [];
  private readonly measuring: Window;
  private readonly tasks: TimeToEvent | null;
  /** Words of int64 that batches copy: cut-offs by sample, prediction times by label. */
  private readonly cutoffs: Int32Array;
  private readonly predictionTimes: Int32Array;
  /** The memory of all batches; null where each batch has its own. */
  private readonly memory: Memory | null;

  constructor(
    private readonly samples: Samples,
    private readonly plan: BatchPlan,
  ) {
    this.measuring = new Window(samples._store, samples._plan);
    this.memory = plan.reuse ? Memory.reused() : null;
    this.cutoffs = wordsOf(samples._cutoff);
    this.predictionTimes = wordsOf(samples.labels?._table.predictionTimes ?? new BigInt64Array(0));
    this.tasks = plan.timeToEvent === null ? null : TimeToEvent.from(plan.timeToEvent);
  }

  /** Number of rows of a sample, including prepended static rows. */
  lengthOf(sample: number, random: Random): number {
    const window = this.measuring;
    this.samples._set(window, sample, random);
    return window.length + (this.plan.prepends ? window.staticCount : 0);
  }

  /** Makes the batch of a job. */
  make({ members, weights, resume }: Job, random: Random): Batch<BatchField> {
    const { samples, plan, windows } = this;
    const { fields, translation, prepends, threads } = plan;
    samples._store.check();
    while (windows.length < members.length) windows.push(new Window(samples._store, samples._plan));
    const cutoffs = new BigInt64Array(members.length);
    const cutoffWords = wordsOf(cutoffs);
    for (let b = 0; b < members.length; b += 1) copyInt64(cutoffWords, b, this.cutoffs, members[b]!);
    const ends = samples._knownEnds(members, cutoffs, threads);
    for (let b = 0; b < members.length; b += 1) samples._set(windows[b]!, members[b]!, random, ends[b]!);
    const memory = this.memory ?? new Memory(plan.allocate);
    const { filler, starts, positions, arrays } = LAYOUTS[plan.layout](windows, members.length, plan, memory);
    filler.finish(samples, windows, cutoffs);
    const flat = { windows, starts, positions, prepends };
    // Row of each sample in the label table; -1 without labels.
    const labels = new Int32Array(members.length);
    for (let b = 0; b < members.length; b += 1) labels[b] = samples._label[members[b]!]!;
    const parts = {
      own: this.sampleArrays(members, weights, cutoffs, labels, memory),
      statics: this.staticArrays(members.length, cutoffs, memory),
      columns: labelColumns(samples.labels, labels, memory),
      arrays,
      // The public type of `code` is that of the default `codeType`.
      rows: filler.arrays as Pick<FieldArrays, RowField>,
      bag: fields.has("bag") ? bagOf(flat, translation!, memory) : NO_BAG,
      targets: targetsOf(flat, fields, translation, this.tasks, memory),
    };
    return assembled(parts, translation?.name ?? `store ${samples._store.manifest.id}`, resume);
  }

  /** The arrays of {@link BatchBase} with one value per sample. */
  sampleArrays(members: Uint32Array, weights: Float32Array, cutoffs: BigInt64Array, labels: Int32Array, memory: Memory) {
    const { samples, windows } = this;
    const size = members.length;
    const subject_id = memory.array("subject_id", BigInt64Array, size);
    const prediction_time = memory.array("prediction_time", BigInt64Array, size);
    const prediction_age_days = memory.array("prediction_age_days", Float32Array, size);
    const prediction_age_days_mask = memory.array("prediction_age_days_mask", Uint8Array, size);
    const sample = memory.array("sample", Uint32Array, size);
    const weight = memory.array("weight", Float32Array, size);
    const n_windows = memory.array("n_windows", Uint32Array, size);
    const row_begin = memory.array("row_begin", Int32Array, size);
    const row_end = memory.array("row_end", Int32Array, size);
    const [ids, times, cutoffWords] = [wordsOf(subject_id), wordsOf(prediction_time), wordsOf(cutoffs)];
    const idsOf = wordsOf(samples._store.ids);
    sample.set(members);
    weight.set(weights);
    for (let b = 0; b < size; b += 1) {
      const window = windows[b]!;
      const { index, length, first } = window;
      copyInt64(ids, b, idsOf, index);
      if (labels[b]! < 0) prediction_time[b] = NO_TIME;
      else copyInt64(times, b, this.predictionTimes, labels[b]!);
      n_windows[b] = samples._windows[members[b]!]!;
      if (length > 0) row_begin[b] = window.row(0) - first;
      if (length > 0) row_end[b] = window.row(length - 1) - first + 1;
      if (samples.labels === null || !window.hasCutoff) continue;
      const born = window.birthNumber();
      if (Number.isNaN(born)) continue;
      prediction_age_days[b] = (numberAt(cutoffWords, b) - born) / DAY_MICROS;
      prediction_age_days_mask[b] = 1;
    }
    return {
      subject_id,
      prediction_time,
      prediction_age_days,
      prediction_age_days_mask,
      sample,
      weight,
      n_windows,
      row_begin,
      row_end,
    };
  }

  /** The static rows beside the sequence. */
  staticArrays(size: number, cutoffs: BigInt64Array, memory: Memory) {
    const { samples, windows, plan } = this;
    let width = 0;
    if (samples._plan.statics === "include") for (let b = 0; b < size; b += 1) width = Math.max(width, windows[b]!.staticCount);
    const filler = new Filler({ ...plan, fields: STATIC_FIELDS }, { positions: size * width, timePositions: 0 }, memory, "static_");
    for (let b = 0; b < size && width > 0; b += 1) filler.statics(windows[b]!, b, windows[b]!.staticCount, b * width, 0, 0);
    if (width > 0) filler.finish(samples, windows, cutoffs);
    const { code, numeric_value, numeric_value_mask } = filler.arrays;
    return {
      static_shape: [size, width] as const,
      static_code: code,
      static_numeric_value: numeric_value,
      static_numeric_value_mask: numeric_value_mask,
    };
  }
}

/** Copies int64 number `from` to place `to`, as words: a bigint per sample would cost more than its rows. */
function copyInt64(target: Int32Array, to: number, source: Int32Array, from: number): void {
  target[2 * to] = source[2 * from]!;
  target[2 * to + 1] = source[2 * from + 1]!;
}

/** The parts of a batch as their makers return them. */
interface BatchParts {
  readonly own: ReturnType<Batcher["sampleArrays"]>;
  readonly statics: ReturnType<Batcher["staticArrays"]>;
  readonly columns: ReturnType<typeof labelColumns>;
  readonly arrays: LayoutArrays;
  readonly rows: Pick<FieldArrays, RowField>;
  readonly bag: BagArrays;
  readonly targets: ReturnType<typeof targetsOf>;
}

/**
 * Combines the parts. Most are named member by member: with a spread of all, batches of 8 samples took twice
 * as long.
 */
function assembled(
  { own, statics, columns, arrays, rows, bag, targets }: BatchParts,
  code_ids: string,
  resume: LoaderState,
): Batch<BatchField> {
  return {
    subject_id: own.subject_id,
    prediction_time: own.prediction_time,
    prediction_age_days: own.prediction_age_days,
    prediction_age_days_mask: own.prediction_age_days_mask,
    sample: own.sample,
    weight: own.weight,
    n_windows: own.n_windows,
    row_begin: own.row_begin,
    row_end: own.row_end,
    static_shape: statics.static_shape,
    static_code: statics.static_code,
    static_numeric_value: statics.static_numeric_value,
    static_numeric_value_mask: statics.static_numeric_value_mask,
    boolean_value: columns.boolean_value,
    boolean_value_mask: columns.boolean_value_mask,
    integer_value: columns.integer_value,
    integer_value_mask: columns.integer_value_mask,
    float_value: columns.float_value,
    float_value_mask: columns.float_value_mask,
    categorical_value: columns.categorical_value,
    is_censored: columns.is_censored,
    shape: arrays.shape,
    length: arrays.length,
    event_mask: arrays.event_mask,
    segment_ids: arrays.segment_ids,
    cu_seqlens: arrays.cu_seqlens,
    positions: arrays.positions,
    code_ids,
    resume,
    ...rows,
    bag,
    ...targets,
  };
}
