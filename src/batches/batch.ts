import type { Labels } from "../labels/labels.js";
import { MISSING } from "../labels/labels.js";
import { NO_CUTOFF } from "../samples/cutoff.js";
import type { Samples } from "../samples/samples.js";
import { Window } from "../samples/window.js";
import type { Random } from "../support/random.js";
import { DAY, NO_TIME } from "../support/time.js";
import { TimeToEvent } from "../targets/time-to-event.js";
import type { Translation } from "../vocabulary/translation.js";
import { extrasOf } from "./extras.js";
import { type Allocate, type BatchField, type DefaultField, type FieldArrays, Memory } from "./fields.js";
import { Filler } from "./filler.js";

/** Contents of every batch, independent of the requested fields. B is the number of samples. */
export interface BatchBase {
  /**
   * Shape of `code` and the other fields, row-major: `[B, S]` padded, `[B, E, M]` nested (E events per
   * sample, M rows per event; the fields of time are `[B, E]`), `[T]` packed.
   */
  readonly shape: readonly number[];
  /**
   * Which ids `code` contains: `store` or `vocabulary`, and the id of that store or vocabulary. {@link
   * Vocabulary.check} compares it.
   */
  readonly code_ids: string;
  /** Subject of each sample. */
  readonly subject_id: BigInt64Array;
  /** Prediction time of each sample, in microseconds since 1970-01-01; the int64 minimum without labels. */
  readonly prediction_time: BigInt64Array;
  /**
   * Days from birth to the cut-off; 0 where `prediction_age_days_mask` is 0: the birth is not known, or there
   * is no cut-off.
   */
  readonly prediction_age_days: Float32Array;
  readonly prediction_age_days_mask: Uint8Array;
  /** Index of each sample in {@link Samples}. */
  readonly sample: Uint32Array;
  /**
   * 1; 0 for a sample that only fills up a batch (`remainder: "pad"`). A loss or metric must not count such a
   * sample.
   */
  readonly weight: Float32Array;
  /** Number of samples of the same label or patient: more than 1 with `step_through`. */
  readonly n_windows: Uint32Array;
  /**
   * Number of positions that each sample fills: rows (events in nested batches), including prepended static
   * rows.
   */
  readonly length: Int32Array;
  /** Rows of each sample as [begin, end) of the patient's timeline; both 0 where the sample has no rows. */
  readonly row_begin: Int32Array;
  readonly row_end: Int32Array;
  /** `[B, N]` with `static: "include"`, else `[B, 0]`: the static rows of each sample, 0 = PAD. */
  readonly static_shape: readonly [number, number];
  readonly static_code: Int32Array | BigInt64Array;
  readonly static_numeric_value: Float32Array;
  readonly static_numeric_value_mask: Uint8Array;
  /**
   * Labels, `[B]`; null where the labels do not have the column. The masks are 1 where a label has a value.
   */
  readonly boolean_value: Uint8Array | null;
  readonly boolean_value_mask: Uint8Array | null;
  readonly integer_value: BigInt64Array | null;
  readonly integer_value_mask: Uint8Array | null;
  readonly float_value: Float32Array | null;
  readonly float_value_mask: Uint8Array | null;
  /** Index into `labels.categories`; -1 where missing. */
  readonly categorical_value: Int32Array | null;
  readonly is_censored: Uint8Array | null;
  /** Nested only, `[B, E]`: 1 for events, 0 for padding. */
  readonly event_mask: Uint8Array | null;
  /** Packed only, `[T]`: for each position, the number of its sample in the batch, from 1; 0 = PAD. */
  readonly segment_ids: Int32Array | null;
  /** Packed only, `[B + 1]`: the first position of each sample, and the end of the last sample. */
  readonly cu_seqlens: Int32Array | null;
  /** Packed only, `[T]`: the index of each position within its sample, from 0. */
  readonly positions: Int32Array | null;
  /** Pass this as `resume`: the loader continues after this batch. Plain data that JSON can store. */
  readonly resume: LoaderState;
}

/**
 * Samples as arrays, ready for tensors: see {@link BatchBase} and {@link FieldArrays}. Fields that are not
 * requested have length 0.
 */
export type Batch<F extends BatchField = DefaultField> = BatchBase & { readonly [K in F]: FieldArrays[K] };

/** The progress of a loader within an epoch. */
export interface LoaderState {
  readonly version: 1;
  readonly seed: number;
  readonly epoch: number;
  /** Number of batches taken so far, over all ranks. */
  readonly batches: number;
  /** Number of samples of the order that are in those batches. */
  readonly position: number;
  /** The rest that the order depends on: the samples themselves, and how they are combined into batches. */
  readonly order: string;
  /** Detects a changed token. */
  readonly check: string;
}

/** The description of a batch before it is made. */
export interface Job {
  readonly members: Uint32Array;
  readonly weights: Float32Array;
  readonly resume: LoaderState;
}

/** How samples are arranged in a batch. */
export interface Layout {
  readonly kind: "padded" | "nested" | "packed";
  readonly left: boolean;
  /** Fixed number of positions per sample, or per packed batch; null: as many as the longest sample needs. */
  readonly places: number | null;
  readonly fields: ReadonlySet<BatchField>;
  readonly codeType: "int32" | "int64";
  /** Null: `code` contains the ids of the store. */
  readonly translation: Translation | null;
  /**
   * Tasks of the field `time_to_event` as JSON, because a layout may be posted to a worker; null without the
   * field.
   */
  readonly timeToEvent: object | null;
  readonly allocate: Allocate | undefined;
}

/** Makes batches of one list of samples. Reuses its windows for each batch. */
export class Batcher {
  private readonly windows: Window[] = [];
  private readonly prepends: boolean;
  private readonly measuring: Window;
  private readonly tasks: TimeToEvent | null;

  constructor(
    private readonly samples: Samples,
    private readonly layout: Layout,
  ) {
    this.prepends = samples._plan.statics === "prepend";
    this.measuring = new Window(samples._store, samples._plan);
    this.tasks = layout.timeToEvent === null ? null : TimeToEvent.from(layout.timeToEvent);
  }

  /** Number of rows of a sample, including prepended static rows. */
  lengthOf(sample: number, random: Random): number {
    const window = this.measuring;
    this.samples._set(window, sample, random);
    return window.length + (this.prepends ? window.staticCount : 0);
  }

  /** Makes the batch of a job. */
  make({ members, weights, resume }: Job, random: Random): Batch<BatchField> {
    const { samples, layout, windows, prepends } = this;
    samples._store.check();
    while (windows.length < members.length) windows.push(new Window(samples._store, samples._plan));
    const cutoffs = BigInt64Array.from(members, (sample) => samples._cutoff[sample]!);
    const ends = samples._knownEnds(members, cutoffs);
    for (let b = 0; b < members.length; b += 1) samples._set(windows[b]!, members[b]!, random, ends[b]!);
    const memory = new Memory(layout.allocate);
    const shaped = SHAPES[layout.kind](windows, members.length, prepends, layout, memory);
    shaped.filler.finish(samples, windows, cutoffs);
    const own = this.traced(members, weights, cutoffs, memory);
    const extras = extrasOf(windows, shaped, prepends, layout, this.tasks, memory);
    const code_ids = layout.translation?.name ?? `store ${samples._store.manifest.id}`;
    return { ...own, ...shaped.arrays, ...fieldsIn(shaped.filler), ...extras, code_ids, resume } as Batch<BatchField>;
  }

  /** The arrays of {@link BatchBase} that do not depend on the layout. */
  private traced(members: Uint32Array, weights: Float32Array, cutoffs: BigInt64Array, memory: Memory) {
    const { samples, windows, layout } = this;
    const size = members.length;
    const subjects = memory.array("subject_id", BigInt64Array, size);
    const times = memory.array("prediction_time", BigInt64Array, size);
    const ages = memory.array("prediction_age_days", Float32Array, size);
    const agesKnown = memory.array("prediction_age_days_mask", Uint8Array, size);
    const numbers = memory.array("sample", Uint32Array, size);
    const weight = memory.array("weight", Float32Array, size);
    const counts = memory.array("n_windows", Uint32Array, size);
    const begins = memory.array("row_begin", Int32Array, size);
    const ends = memory.array("row_end", Int32Array, size);
    const rows = Int32Array.from(members, (sample) => samples._label[sample]!);
    numbers.set(members);
    weight.set(weights);
    let most = 0;
    for (let b = 0; b < size; b += 1) {
      const window = windows[b]!;
      const { index, length, first, staticCount } = window;
      subjects[b] = samples._store.ids[index]!;
      times[b] = rows[b]! < 0 ? NO_TIME : samples.labels!._table.predictionTimes[rows[b]!]!;
      counts[b] = samples._windows[members[b]!]!;
      if (length > 0) begins[b] = window.row(0) - first;
      if (length > 0) ends[b] = window.row(length - 1) - first + 1;
      if (samples._plan.statics === "include") most = Math.max(most, staticCount);
      if (samples.labels === null) continue;
      const birth = cutoffs[b] === NO_CUTOFF ? null : window.birth();
      if (birth === null) continue;
      ages[b] = (Number(cutoffs[b]!) - Number(birth)) / Number(DAY);
      agesKnown[b] = 1;
    }
    const statics = new Filler(memory, STATIC_FIELDS, size * most, 0, layout.translation, layout.codeType, "static_");
    for (let b = 0; b < size && most > 0; b += 1) statics.statics(windows[b]!, b, windows[b]!.staticCount, b * most, 0, 0);
    if (most > 0) statics.finish(samples, windows, cutoffs);
    return {
      subject_id: subjects,
      prediction_time: times,
      prediction_age_days: ages,
      prediction_age_days_mask: agesKnown,
      sample: numbers,
      weight,
      n_windows: counts,
      row_begin: begins,
      row_end: ends,
      static_shape: [size, most] as const,
      static_code: statics.code,
      static_numeric_value: statics.numeric_value,
      static_numeric_value_mask: statics.numeric_value_mask,
      ...labelsOf(samples.labels, rows, memory),
    };
  }
}

const STATIC_FIELDS: ReadonlySet<BatchField> = new Set<BatchField>(["code", "numeric_value", "numeric_value_mask"]);

function fieldsIn({
  code,
  numeric_value,
  numeric_value_mask,
  time_delta_days,
  time,
  age_days,
  age_days_mask,
  static_mask,
  value_bin,
}: Filler) {
  return { code, numeric_value, numeric_value_mask, time_delta_days, time, age_days, age_days_mask, static_mask, value_bin };
}

/** The label columns of a batch. */
function labelsOf(labels: Labels | null, rows: Int32Array, memory: Memory) {
  const table = labels?._table;
  const truths = (name: string, values: Uint8Array | null | undefined): Uint8Array | null => {
    if (values === null || values === undefined) return null;
    const out = memory.array(name, Uint8Array, rows.length);
    for (let b = 0; b < rows.length; b += 1) out[b] = values[rows[b]!] === 1 ? 1 : 0;
    return out;
  };
  const valid = (name: string, is: ((row: number) => boolean) | null): Uint8Array | null => {
    if (is === null) return null;
    const out = memory.array(name, Uint8Array, rows.length);
    for (let b = 0; b < rows.length; b += 1) out[b] = is(rows[b]!) ? 1 : 0;
    return out;
  };
  const { boolean = null, integer = null, float = null, categorical = null, censored = null } = table ?? {};
  const integers = integer && memory.array("integer_value", BigInt64Array, rows.length);
  const floats = float && memory.array("float_value", Float32Array, rows.length);
  const categories = categorical && memory.array("categorical_value", Int32Array, rows.length);
  for (let b = 0; b < rows.length; b += 1) {
    const row = rows[b]!;
    if (integers !== null) integers[b] = integer!.values[row]!;
    if (floats !== null) floats[b] = float!.values[row]!;
    if (categories !== null) categories[b] = categorical!.indexes[row]!;
  }
  return {
    boolean_value: truths("boolean_value", boolean),
    boolean_value_mask: valid("boolean_value_mask", boolean && ((row) => boolean[row] !== MISSING)),
    integer_value: integers,
    integer_value_mask: valid("integer_value_mask", integer && ((row) => integer.valid[row] === 1)),
    float_value: floats,
    float_value_mask: valid("float_value_mask", float && ((row) => float.valid[row] === 1)),
    categorical_value: categories,
    is_censored: truths("is_censored", censored),
  };
}

/** The filled arrays of a layout. */
export type Shaped = {
  readonly filler: Filler;
  /** For each sample, the position of its first row that is not prepended; empty in nested batches. */
  readonly starts: Int32Array;
  readonly places: number;
  readonly arrays: Pick<BatchBase, "shape" | "length" | "event_mask" | "segment_ids" | "cu_seqlens" | "positions">;
};
type Shape = (windows: readonly Window[], size: number, prepends: boolean, layout: Layout, memory: Memory) => Shaped;

const NONE = { event_mask: null, segment_ids: null, cu_seqlens: null, positions: null };

/** Places the rows of a window from a position on: first the prepended static rows, then its own rows. */
function fillFlat(filler: Filler, window: Window, sample: number, prepended: number, place: number): void {
  const { length } = window;
  filler.statics(window, sample, prepended, place, place, prepended);
  filler.rows(window, sample, 0, length, place + prepended, place + prepended, length);
}

const SHAPES: Readonly<Record<Layout["kind"], Shape>> = {
  padded(windows, size, prepends, layout, memory) {
    const lengths = memory.array("length", Int32Array, size);
    let longest = 0;
    for (let b = 0; b < size; b += 1) {
      lengths[b] = windows[b]!.length + (prepends ? windows[b]!.staticCount : 0);
      longest = Math.max(longest, lengths[b]!);
    }
    const places = Math.max(longest, layout.places ?? 0);
    const filler = new Filler(memory, layout.fields, size * places, size * places, layout.translation, layout.codeType);
    const starts = new Int32Array(size);
    for (let b = 0; b < size; b += 1) {
      const window = windows[b]!;
      const prepended = prepends ? window.staticCount : 0;
      const place = b * places + (layout.left ? places - lengths[b]! : 0);
      starts[b] = place + prepended;
      fillFlat(filler, window, b, prepended, place);
    }
    return { filler, starts, places: size * places, arrays: { ...NONE, shape: [size, places], length: lengths } };
  },

  packed(windows, size, prepends, layout, memory) {
    const lengths = memory.array("length", Int32Array, size);
    const starts = memory.array("cu_seqlens", Int32Array, size + 1);
    for (let b = 0; b < size; b += 1) {
      lengths[b] = windows[b]!.length + (prepends ? windows[b]!.staticCount : 0);
      starts[b + 1] = starts[b]! + lengths[b]!;
    }
    const places = Math.max(starts[size]!, layout.places ?? 0);
    const filler = new Filler(memory, layout.fields, places, places, layout.translation, layout.codeType);
    const segments = memory.array("segment_ids", Int32Array, places);
    const positions = memory.array("positions", Int32Array, places);
    const rows = new Int32Array(size);
    for (let b = 0; b < size; b += 1) {
      const window = windows[b]!;
      const prepended = prepends ? window.staticCount : 0;
      rows[b] = starts[b]! + prepended;
      fillFlat(filler, window, b, prepended, starts[b]!);
      segments.fill(b + 1, starts[b], starts[b + 1]);
      for (let i = 0, at = starts[b]!; at < starts[b + 1]!; i += 1, at += 1) positions[at] = i;
    }
    return {
      filler,
      starts: rows,
      places,
      arrays: { ...NONE, shape: [places], length: lengths, segment_ids: segments, cu_seqlens: starts, positions },
    };
  },

  nested(windows, size, prepends, layout, memory) {
    const lengths = memory.array("length", Int32Array, size);
    const events: Uint32Array[] = []; // for each window, the begin of each event and the end of the last one
    let most = 0;
    let widest = 0;
    for (let b = 0; b < size; b += 1) {
      const window = windows[b]!;
      const starts = eventStarts(window);
      events.push(starts);
      const prepended = prepends && window.staticCount > 0 ? 1 : 0;
      if (prepended > 0) widest = Math.max(widest, window.staticCount);
      for (let e = 0; e + 1 < starts.length; e += 1) widest = Math.max(widest, starts[e + 1]! - starts[e]!);
      lengths[b] = starts.length - 1 + prepended;
      most = Math.max(most, lengths[b]!);
    }
    const count = Math.max(most, layout.places ?? 0);
    const filler = new Filler(memory, layout.fields, size * count * widest, size * count, layout.translation, layout.codeType);
    const mask = memory.array("event_mask", Uint8Array, size * count);
    for (let b = 0; b < size; b += 1) {
      const window = windows[b]!;
      let event = b * count + (layout.left ? count - lengths[b]! : 0);
      mask.fill(1, event, event + lengths[b]!);
      if (prepends && window.staticCount > 0) {
        filler.statics(window, b, window.staticCount, event * widest, event, 1);
        event += 1;
      }
      const starts = events[b]!;
      for (let e = 0; e + 1 < starts.length; e += 1) {
        filler.rows(window, b, starts[e]!, starts[e + 1]!, (event + e) * widest, event + e, 1);
      }
    }
    return {
      filler,
      starts: new Int32Array(0),
      places: 0,
      arrays: { ...NONE, shape: [size, count, widest], length: lengths, event_mask: mask },
    };
  },
};

/** Index of the first row of each distinct time in a window, followed by the window's length. */
function eventStarts(window: Window): Uint32Array {
  const starts: number[] = [];
  for (let i = 0; i < window.length; i += 1) {
    const row = window.row(i);
    const before = i === 0 ? -1 : window.row(i - 1);
    if (before < 0 || !window.shard.isSameTime(row, before)) starts.push(i);
  }
  starts.push(window.length);
  return Uint32Array.from(starts);
}
