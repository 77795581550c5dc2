import type { Samples } from "../../samples/samples.js";
import type { Window } from "../../samples/window.js";
import { fail } from "../../support/errors.js";
import type { Memory } from "../../support/memory.js";
import { DAY, numberAt } from "../../support/time.js";
import { Clock } from "../../text/clock.js";
import { binAt, type Translation } from "../../vocabulary/translation.js";
import { type BatchField, FIELDS, type FieldArrays, ROW_FIELDS, type RowField } from "./fields.js";
import { LIST, RUN_WORDS, STATICS, WORD } from "./run.js";

/** Microseconds per day as a float64. */
const DAY_MICROS = Number(DAY);

const NONE_WORD = new Int32Array(0);
const NONE_DOUBLE = new Float64Array(0);

/** The fields that the native side fills: every element of their arrays, PAD included. */
const MOVED: ReadonlySet<RowField> = new Set(["code", "numeric_value", "numeric_value_mask", "time_delta_days", "time"]);

/** What {@link Filler} fills, and how. */
export interface FillPlan {
  readonly fields: ReadonlySet<BatchField>;
  readonly codeType: "int32" | "int64";
  /** Null: `code` contains the ids of the store. */
  readonly translation: Translation | null;
  /** Number of threads that move rows; 0 for all cores. */
  readonly threads: number;
}

/**
 * Number of positions in the flat arrays of a batch. They differ in nested batches, where a time is stored
 * once per event.
 */
export interface Positions {
  readonly positions: number;
  readonly timePositions: number;
}

/** The arrays of the fields that {@link Filler} fills. */
export type RowArrays = { readonly [F in Exclude<RowField, "code">]: FieldArrays[F] } & {
  readonly code: Int32Array | BigInt64Array;
};

/**
 * The arrays of fields that are not requested. All batches share them: with new ones for each batch, garbage
 * collection made batches of 8 samples a fifth slower.
 */
const NO_ROWS = Object.fromEntries(ROW_FIELDS.map((field) => [field, new FIELDS[field].array(0)])) as unknown as RowArrays;
const NO_WIDE_ROWS: RowArrays = { ...NO_ROWS, code: new BigInt64Array(0) };

/**
 * The arrays of the requested fields, those of {@link MOVED} with any contents and the others zero. Arrays of
 * fields that are not requested have length 0. `prefix` goes before the names that {@link Memory} receives.
 */
function rowArrays({ fields, codeType }: FillPlan, size: Positions, memory: Memory, prefix: string): RowArrays {
  const arrays: { -readonly [F in RowField]: ArrayBufferView } = { ...(codeType === "int64" ? NO_WIDE_ROWS : NO_ROWS) };
  for (const field of ROW_FIELDS) {
    if (!fields.has(field)) continue;
    const { array, per } = FIELDS[field];
    const type = field === "code" && codeType === "int64" ? BigInt64Array : array;
    const length = per === "time" ? size.timePositions : size.positions;
    const name = `${prefix}${field}`;
    arrays[field] = MOVED.has(field)
      ? memory.room(name, type as typeof Int32Array, length)
      : memory.array(name, type as typeof Int32Array, length);
  }
  return arrays as unknown as RowArrays;
}

/** Collects the positions of all rows in the flat arrays of one batch, then moves all rows at once. */
export class Filler {
  readonly arrays: RowArrays;
  private readonly translation: Translation | null;
  private readonly writesAges: boolean;
  private readonly writesBins: boolean;
  private readonly threads: number;
  private runs = new Int32Array(64 * RUN_WORDS);
  private words = 0;
  /** Rows that are not consecutive in the shard. */
  private list = new Uint32Array(0);
  private listed = 0;

  constructor(plan: FillPlan, size: Positions, memory: Memory, prefix = "") {
    const { fields, translation } = plan;
    this.arrays = rowArrays(plan, size, memory, prefix);
    this.threads = plan.threads;
    this.translation = translation;
    this.writesAges = fields.has("age_days") || fields.has("age_days_mask");
    const hasBinTokens = fields.has("code") && translation !== null && translation.binToken !== null;
    this.writesBins = fields.has("value_bin") || hasBinTokens;
  }

  /**
   * Rows [from, to) of a sample's window go to the positions from `position` on; the first `timeCount` of
   * their times go to those from `timePosition` on.
   */
  rows(window: Window, sample: number, from: number, to: number, position: number, timePosition: number, timeCount: number): void {
    if (from === to) return;
    const { begin, rows, previous } = window;
    const before = from > 0 ? window.row(from - 1) : previous < 0 ? window.row(0) : previous;
    if (rows === null) {
      this.run(window, sample, begin + from, to - from, position, timePosition, timeCount, before);
      return;
    }
    this.run(window, sample, this.listed, to - from, position, timePosition, timeCount, LIST);
    this.reserve(1 + to - from);
    this.list[this.listed] = before;
    this.list.set(rows.subarray(begin + from, begin + to), this.listed + 1);
    this.listed += 1 + to - from;
  }

  /** Does the same for the first `count` static rows. */
  statics(window: Window, sample: number, count: number, position: number, timePosition: number, timeCount: number): void {
    if (count === 0) return;
    this.run(window, sample, this.listed, count, position, timePosition, timeCount, STATICS);
    this.reserve(count);
    this.list.set(window.statics.subarray(0, count), this.listed);
    this.listed += count;
    const { static_mask: mask } = this.arrays;
    if (mask.length > 0) mask.fill(1, position, position + count);
  }

  /** Adds a run: its words in the order of {@link WORD}. */
  private run(
    { shard, patient }: Window,
    sample: number,
    begin: number,
    count: number,
    position: number,
    timePosition: number,
    timeCount: number,
    kind: number,
  ): void {
    if (this.words === this.runs.length) {
      const runs = new Int32Array(2 * this.words);
      runs.set(this.runs);
      this.runs = runs;
    }
    const { runs, words } = this;
    runs[words] = sample;
    runs[words + 1] = shard.number;
    runs[words + 2] = patient;
    runs[words + 3] = begin;
    runs[words + 4] = count;
    runs[words + 5] = position;
    runs[words + 6] = timePosition;
    runs[words + 7] = timeCount;
    runs[words + 8] = kind;
    this.words = words + RUN_WORDS;
  }

  private reserve(count: number): void {
    if (this.listed + count <= this.list.length) return;
    const list = new Uint32Array(2 * (this.listed + count));
    list.set(this.list.subarray(0, this.listed));
    this.list = list;
  }

  /**
   * Moves the rows. The native side proves for each row that it belongs to the patient and is known at the
   * sample's cut-off. It uses the row's own time, not the bounds of the window: a row after the cut-off would
   * be worse than no batch.
   */
  finish({ _store: store, _plan: plan }: Samples, windows: readonly Window[], cutoffs: BigInt64Array): void {
    const { translation, list, arrays, threads } = this;
    const runs = this.runs.subarray(0, this.words);
    const late = store.native.fill(
      { runs, list, cutoffs, inclusive: plan.inclusive, threads },
      { ids: translation?.ids ?? NONE_WORD, mean: translation?.mean ?? NONE_DOUBLE, std: translation?.std ?? NONE_DOUBLE },
      {
        code: arrays.code,
        value: arrays.numeric_value,
        mask: arrays.numeric_value_mask,
        days: arrays.time_delta_days,
        time: arrays.time,
      },
    );
    if (late !== null) failLate(windows[late[0]!]!, late[1]!);
    for (let run = 0; run < runs.length && (this.writesBins || this.writesAges); run += RUN_WORDS) {
      const window = windows[runs[run + WORD.sample]!]!;
      if (this.writesBins && window.shard.hasValues) this.writeBins(window, run);
      if (this.writesAges && runs[run + WORD.kind] !== STATICS) this.writeAges(window, run);
    }
  }

  /** Row in the shard of a run's i-th row. */
  private rowOf(run: number, i: number): number {
    const { runs, list } = this;
    const begin = runs[run + WORD.begin]!;
    const kind = runs[run + WORD.kind]!;
    return kind >= 0 ? begin + i : list[begin + i + (kind === LIST ? 1 : 0)]!;
  }

  /** Bins of values: the field `value_bin`, and tokens of bins instead of codes. */
  private writeBins({ shard: { codeIds, numericValues } }: Window, run: number): void {
    const { runs } = this;
    const { value_bin: out, code } = this.arrays;
    const translation = this.translation as Translation;
    const { binToken } = translation;
    const count = runs[run + WORD.count]!;
    const position = runs[run + WORD.position]!;
    for (let i = 0; i < count; i += 1) {
      const row = this.rowOf(run, i);
      const id = codeIds[row]!;
      const bin = binAt(translation, id, numericValues[row]!);
      out[position + i] = bin;
      if (bin === 0 || binToken === null || binToken[id] === 0 || code.length === 0) continue;
      const token = binToken[id]! + bin - 1;
      if (code instanceof Int32Array) code[position + i] = token;
      else code[position + i] = BigInt(token);
    }
  }

  private writeAges(window: Window, run: number): void {
    const born = window.birthNumber();
    if (Number.isNaN(born)) return;
    const { runs } = this;
    const { age_days: ages, age_days_mask: mask } = this.arrays;
    const { timeWords } = window.shard;
    const position = runs[run + WORD.time_position]!;
    const count = runs[run + WORD.time_count]!;
    for (let i = 0; i < count; i += 1) {
      const row = this.rowOf(run, i);
      ages[position + i] = (numberAt(timeWords, row) - born) / DAY_MICROS;
      mask[position + i] = 1;
    }
  }
}

function failLate(window: Window, row: number): never {
  const clock = new Clock();
  const { shard, first, index, cutoff } = window;
  const subject = shard.store.ids[index]!;
  fail(
    "MEDS_LEAK",
    `${shard.file.path}: row ${row - first} of subject ${subject} is at ${clock.iso(shard.times[row]!)}, after the sample's cut-off at ${clock.iso(cutoff)}. The rows of the store are out of order. Verify the store, then convert its source again.`,
    shard.file.path,
  );
}
