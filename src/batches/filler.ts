import type { Samples } from "../samples/samples.js";
import type { Window } from "../samples/window.js";
import { fail } from "../support/errors.js";
import { DAY, HIGH } from "../support/time.js";
import { binAt, type Translation } from "../vocabulary/translation.js";
import type { BatchField, Memory } from "./fields.js";

/** Microseconds per day as a float64. */
const DAY_MICROS = Number(DAY);

const NONE_FLOAT = new Float32Array(0);
const NONE_BYTE = new Uint8Array(0);
const NONE_WORD = new Int32Array(0);
const NONE_DOUBLE = new Float64Array(0);

/**
 * Length of a run of rows in `runs`, and the two kinds of runs whose rows are in a list: as in
 * `crates/query/src/batch.rs`.
 */
const RUN = 9;
const LIST = -1;
const STATICS = -2;

/**
 * Collects the positions of all rows in the flat arrays of one batch, then moves all rows at once. `places`
 * counts the positions of rows, `moments` the positions of times. They differ in nested batches only, where a
 * time is stored once per event. Arrays that are not requested are empty.
 */
export class Filler {
  readonly code: Int32Array | BigInt64Array;
  readonly numeric_value: Float32Array;
  readonly numeric_value_mask: Uint8Array;
  readonly time_delta_days: Float32Array;
  readonly time: BigInt64Array;
  readonly age_days: Float32Array;
  readonly age_days_mask: Uint8Array;
  readonly static_mask: Uint8Array;
  readonly value_bin: Int32Array;
  private readonly writesAges: boolean;
  private readonly writesBins: boolean;
  private readonly runs: number[] = [];
  /** Rows that are not consecutive in the shard. */
  private list = new Uint32Array(0);
  private listed = 0;

  constructor(
    memory: Memory,
    fields: ReadonlySet<BatchField>,
    places: number,
    moments: number,
    private readonly translation: Translation | null,
    codeType: "int32" | "int64",
    prefix = "",
  ) {
    const name = (field: BatchField) => `${prefix}${field}`;
    const floats = (field: BatchField, length: number) =>
      fields.has(field) ? memory.array(name(field), Float32Array, length) : NONE_FLOAT;
    const bytes = (field: BatchField, length: number) => (fields.has(field) ? memory.array(name(field), Uint8Array, length) : NONE_BYTE);
    const codes = fields.has("code") ? places : 0;
    this.code = codeType === "int64" ? memory.array(name("code"), BigInt64Array, codes) : memory.array(name("code"), Int32Array, codes);
    this.numeric_value = floats("numeric_value", places);
    this.numeric_value_mask = bytes("numeric_value_mask", places);
    this.time_delta_days = floats("time_delta_days", moments);
    this.time = fields.has("time") ? memory.array(name("time"), BigInt64Array, moments) : new BigInt64Array(0);
    this.age_days = floats("age_days", moments);
    this.age_days_mask = bytes("age_days_mask", moments);
    this.static_mask = bytes("static_mask", places);
    this.value_bin = fields.has("value_bin") ? memory.array(name("value_bin"), Int32Array, places) : new Int32Array(0);
    this.writesAges = fields.has("age_days") || fields.has("age_days_mask");
    const hasBinTokens = fields.has("code") && translation !== null && translation.binToken !== null;
    this.writesBins = fields.has("value_bin") || hasBinTokens;
  }

  /**
   * Rows [from, to) of a sample's window go to the positions from `place` on; the first `moments` of their
   * times go to those from `moment` on.
   */
  rows(window: Window, sample: number, from: number, to: number, place: number, moment: number, moments: number): void {
    if (from === to) return;
    const { begin, rows, previous } = window;
    const before = from > 0 ? window.row(from - 1) : previous < 0 ? window.row(0) : previous;
    if (rows === null) {
      this.run(window, sample, begin + from, to - from, place, moment, moments, before);
      return;
    }
    this.run(window, sample, this.listed, to - from, place, moment, moments, LIST);
    this.reserve(1 + to - from);
    this.list[this.listed] = before;
    this.list.set(rows.subarray(begin + from, begin + to), this.listed + 1);
    this.listed += 1 + to - from;
  }

  /** Does the same for the first `count` static rows. */
  statics(window: Window, sample: number, count: number, place: number, moment: number, moments: number): void {
    if (count === 0) return;
    this.run(window, sample, this.listed, count, place, moment, moments, STATICS);
    this.reserve(count);
    this.list.set(window.statics.subarray(0, count), this.listed);
    this.listed += count;
    if (this.static_mask.length > 0) this.static_mask.fill(1, place, place + count);
  }

  private run(
    { shard, patient }: Window,
    sample: number,
    begin: number,
    count: number,
    place: number,
    moment: number,
    moments: number,
    kind: number,
  ): void {
    this.runs.push(sample, shard.number, patient, begin, count, place, moment, moments, kind);
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
    const { translation, list, runs } = this;
    const late = store.native.fill(
      { runs: Int32Array.from(runs), list, cutoffs, inclusive: plan.inclusive },
      { ids: translation?.ids ?? NONE_WORD, mean: translation?.mean ?? NONE_DOUBLE, std: translation?.std ?? NONE_DOUBLE },
      { code: this.code, value: this.numeric_value, mask: this.numeric_value_mask, days: this.time_delta_days, time: this.time },
    );
    if (late !== null) failLate(windows[late[0]!]!, late[1]!);
    for (let at = 0; at < runs.length && (this.writesBins || this.writesAges); at += RUN) {
      const window = windows[runs[at]!]!;
      if (this.writesBins && window.shard.hasValues) this.writeBins(window, at);
      if (this.writesAges && runs[at + 8] !== STATICS) this.writeAges(window, at);
    }
  }

  /** Row in the shard of a run's i-th row. */
  private rowOf(run: number, i: number): number {
    const { runs, list } = this;
    const begin = runs[run + 3]!;
    const kind = runs[run + 8]!;
    return kind >= 0 ? begin + i : list[begin + i + (kind === LIST ? 1 : 0)]!;
  }

  /** Bins of values: the field `value_bin`, and tokens of bins instead of codes. */
  private writeBins({ shard: { codeIds, numericValues } }: Window, run: number): void {
    const { value_bin: out, code, runs } = this;
    const translation = this.translation as Translation;
    const { binToken } = translation;
    const count = runs[run + 4]!;
    const place = runs[run + 5]!;
    for (let i = 0; i < count; i += 1) {
      const row = this.rowOf(run, i);
      const id = codeIds[row]!;
      const bin = binAt(translation, id, numericValues[row]!);
      out[place + i] = bin;
      if (bin === 0 || binToken === null || binToken[id] === 0 || code.length === 0) continue;
      const token = binToken[id]! + bin - 1;
      if (code instanceof Int32Array) code[place + i] = token;
      else code[place + i] = BigInt(token);
    }
  }

  private writeAges(window: Window, run: number): void {
    const birth = window.birth();
    if (birth === null) return;
    const { age_days: ages, age_days_mask: mask, runs } = this;
    const { timeWords } = window.shard;
    const born = Number(birth);
    const moment = runs[run + 6]!;
    const count = runs[run + 7]!;
    for (let i = 0; i < count; i += 1) {
      const row = this.rowOf(run, i);
      ages[moment + i] = (timeWords[2 * row + 1]! * HIGH + (timeWords[2 * row]! >>> 0) - born) / DAY_MICROS;
      mask[moment + i] = 1;
    }
  }
}

function failLate(window: Window, row: number): never {
  const { shard, first, index, cutoff } = window;
  const subject = shard.store.ids[index]!;
  fail(
    "MEDS_LEAK",
    `${shard.file.path}: row ${row - first} of subject ${subject} is at ${shard.times[row]} µs, after the sample's cut-off at ${cutoff} µs. The rows of the store are out of order. Verify the store, then convert its source again.`,
    shard.file.path,
  );
}
