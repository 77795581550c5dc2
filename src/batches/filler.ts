import { fail, failCorrupt } from "../errors.js";
import { NO_CUTOFF } from "../samples/cutoff.js";
import { birthOf, type Window } from "../samples/window.js";
import type { Shard } from "../shard.js";
import { HIGH } from "../time.js";
import { binAt, type Translation } from "../vocabulary/translation.js";
import type { BatchField, Memory } from "./fields.js";

/** Microseconds of a day. */
const DAY = 86_400_000_000;

type Ids = Uint8Array | Uint16Array | Uint32Array;
type Values = Float32Array | Float64Array;

const NONE_FLOAT = new Float32Array(0);
const NONE_BYTE = new Uint8Array(0);
const NONE_WORD = new Int32Array(0);

/**
 * Writes windows into the flat arrays of one batch. `places` are those of rows, `moments` those of times: the same but in nested batches, where a time
 * stands once an event. Arrays that are not asked for are empty: what is written to them is lost, which costs less than to ask each time.
 */
export class Filler {
  readonly code: Int32Array | BigInt64Array;
  /** The code's array as 32-bit words, and how many there are of each. */
  private readonly codeWords: Int32Array;
  private readonly codeWidth: number;
  readonly numeric_value: Float32Array;
  private readonly valueBits: Int32Array;
  readonly numeric_value_mask: Uint8Array;
  readonly time_delta_days: Float32Array;
  readonly time: BigInt64Array;
  private readonly timeWords: Int32Array;
  readonly age_days: Float32Array;
  readonly age_days_mask: Uint8Array;
  readonly static_mask: Uint8Array;
  readonly value_bin: Int32Array;
  private readonly map: Int32Array | null;
  private readonly writesCodes: boolean;
  private readonly writesValues: boolean;
  private readonly writesAges: boolean;
  private readonly writesBins: boolean;
  /** Birth of the window's patient, as known at the cut-off; NaN without. */
  private birth = Number.NaN;

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
    this.codeWidth = codeType === "int64" ? 2 : 1;
    this.codeWords = this.code instanceof Int32Array ? this.code : wordsOf(this.code);
    this.numeric_value = floats("numeric_value", places);
    const { buffer, byteOffset, length } = this.numeric_value;
    this.valueBits = new Int32Array(buffer, byteOffset, length);
    this.numeric_value_mask = bytes("numeric_value_mask", places);
    this.time_delta_days = floats("time_delta_days", moments);
    this.time = fields.has("time") ? memory.array(name("time"), BigInt64Array, moments) : new BigInt64Array(0);
    this.timeWords = this.time.length > 0 ? wordsOf(this.time) : NONE_WORD;
    this.age_days = floats("age_days", moments);
    this.age_days_mask = bytes("age_days_mask", moments);
    this.static_mask = bytes("static_mask", places);
    this.value_bin = fields.has("value_bin") ? memory.array(name("value_bin"), Int32Array, places) : new Int32Array(0);
    this.map = translation?.ids ?? null;
    this.writesCodes = fields.has("code");
    this.writesValues = fields.has("numeric_value") || fields.has("numeric_value_mask");
    this.writesAges = fields.has("age_days") || fields.has("age_days_mask");
    const hasBinTokens = this.writesCodes && translation !== null && translation.binToken !== null;
    this.writesBins = fields.has("value_bin") || hasBinTokens;
  }

  /** Prepares for the rows of a window. */
  enter(window: Window): void {
    if (this.writesAges) this.birth = birthIn(window);
  }

  /** Codes and values of rows [from, to) of the window, from a place on. */
  rows(window: Window, from: number, to: number, place: number): void {
    const { shard, begin, rows } = window;
    this.write(shard, rows, begin + from, to - from, place);
  }

  /** The same of static rows. */
  statics(window: Window, from: number, to: number, place: number): void {
    const { shard, statics } = window;
    this.write(shard, statics, from, to - from, place);
    for (let i = from; i < to; i += 1) this.static_mask[place + i - from] = 1;
  }

  private write(shard: Shard, list: Uint32Array | null, begin: number, count: number, place: number): void {
    const { codeIds: ids, valueBits: bits } = shard;
    const values: Values | null = shard.hasValues ? shard.numericValues : null;
    if (this.writesCodes) {
      const { codeWords, codeWidth, map } = this;
      if (list === null && map === null && codeWidth === 1) codeWords.set(ids.subarray(begin, begin + count), place);
      else
        for (let i = 0; i < count; i += 1) {
          const id = ids[list === null ? begin + i : list[begin + i]!]!;
          codeWords[(place + i) * codeWidth] = map === null ? id : map[id]!;
        }
    }
    if (values === null) return;
    if (this.writesBins) this.writeBins(ids, values, list, begin, count, place);
    if (this.writesValues && this.translation !== null && this.translation.mean !== null) {
      this.writeScaled(ids, values, list, begin, count, place);
    } else if (this.writesValues && bits !== null) this.writeBits(bits, list, begin, count, place);
    else if (this.writesValues) {
      const { numeric_value: out, numeric_value_mask: mask } = this;
      for (let i = 0; i < count; i += 1) {
        const value = values[list === null ? begin + i : list[begin + i]!]!;
        // NaN fills the slots of nulls.
        const is = value === value;
        out[place + i] = is ? value : 0;
        mask[place + i] = is ? 1 : 0;
      }
    }
  }

  /** float32 values by their bits, without a branch: nobody can foresee which rows have one. What lies beyond infinity's bits is NaN. */
  private writeBits(bits: Int32Array, list: Uint32Array | null, begin: number, count: number, place: number): void {
    const { valueBits: out, numeric_value_mask: mask } = this;
    for (let i = 0; i < count; i += 1) {
      const word = bits[list === null ? begin + i : list[begin + i]!]!;
      const isNan = (0x7f800000 - (word & 0x7fffffff)) >>> 31;
      out[place + i] = word & (isNan - 1);
      mask[place + i] = 1 - isNan;
    }
  }

  private writeScaled(ids: Ids, values: Values, list: Uint32Array | null, begin: number, count: number, place: number): void {
    const { numeric_value: out, numeric_value_mask: mask } = this;
    const { mean, std } = this.translation as { readonly mean: Float64Array; readonly std: Float64Array };
    for (let i = 0; i < count; i += 1) {
      const row = list === null ? begin + i : list[begin + i]!;
      const id = ids[row]!;
      const value = values[row]!;
      const score = (value - mean[id]!) / std[id]!;
      // Infinite values have no score, though dividing by an infinite deviation would give one.
      const is = score - score === 0 && value - value === 0;
      // A small negative number by an infinite one is -0.
      out[place + i] = is ? score + 0 : 0;
      mask[place + i] = is ? 1 : 0;
    }
  }

  /** Bins of values, as a field and in place of codes. */
  private writeBins(ids: Ids, values: Values, list: Uint32Array | null, begin: number, count: number, place: number): void {
    const { value_bin: out, codeWords, codeWidth } = this;
    const translation = this.translation as Translation;
    const { binToken } = translation;
    for (let i = 0; i < count; i += 1) {
      const row = list === null ? begin + i : list[begin + i]!;
      const id = ids[row]!;
      const bin = binAt(translation, id, values[row]!);
      out[place + i] = bin;
      if (bin > 0 && binToken !== null && binToken[id]! > 0) codeWords[(place + i) * codeWidth] = binToken[id]! + bin - 1;
    }
  }

  /** Times of rows [from, to) of the window, from a moment on. */
  times(window: Window, from: number, to: number, moment: number): void {
    const { shard, begin, rows, previous } = window;
    const { timeWords } = shard;
    if (this.time_delta_days.length > 0 && from < to) {
      const { time_delta_days: deltas } = this;
      const before = from === 0 ? previous : window.row(from - 1);
      const first = window.row(from);
      let last = before < 0 ? timeOf(timeWords, first) : timeOf(timeWords, before);
      for (let i = from; i < to; i += 1) {
        const row = rows === null ? begin + i : rows[begin + i]!;
        const time = timeWords[2 * row + 1]! * HIGH + (timeWords[2 * row]! >>> 0);
        deltas[moment + i - from] = (time - last) / DAY;
        last = time;
      }
    }
    if (this.timeWords.length > 0) {
      const { timeWords: out } = this;
      if (rows === null) out.set(timeWords.subarray(2 * (begin + from), 2 * (begin + to)), 2 * moment);
      else
        for (let i = from; i < to; i += 1) {
          const row = rows[begin + i]!;
          out[2 * (moment + i - from)] = timeWords[2 * row]!;
          out[2 * (moment + i - from) + 1] = timeWords[2 * row + 1]!;
        }
    }
    if (this.writesAges && this.birth === this.birth) {
      for (let i = from; i < to; i += 1) {
        const at = moment + i - from;
        this.age_days[at] = (timeOf(timeWords, window.row(i)) - this.birth) / DAY;
        this.age_days_mask[at] = 1;
      }
    }
  }

  /** Times of prepended static rows. */
  staticTimes(window: Window, count: number, moment: number): void {
    const { shard, statics } = window;
    if (this.timeWords.length === 0) return;
    for (let i = 0; i < count; i += 1) {
      this.timeWords[2 * (moment + i)] = shard.timeWords[2 * statics[i]!]!;
      this.timeWords[2 * (moment + i) + 1] = shard.timeWords[2 * statics[i]! + 1]!;
    }
  }

  /** Days from birth to the cut-off; NaN where one of both is not there. */
  ageAtCutoff(window: Window): number {
    return window.cutoff === NO_CUTOFF ? Number.NaN : (Number(window.cutoff) - birthIn(window)) / DAY;
  }
}

/** Time of birth as known at the cut-off, in microseconds; NaN without. */
function birthIn(window: Window): number {
  const { store } = window.shard;
  const timed = window.first + store.staticOf[window.index]!;
  const birth = birthOf(store, window.shard, timed, window.known);
  return birth === null ? Number.NaN : Number(birth);
}

function timeOf(words: Int32Array, row: number): number {
  return words[2 * row + 1]! * HIGH + (words[2 * row]! >>> 0);
}

function wordsOf(array: BigInt64Array): Int32Array {
  return new Int32Array(array.buffer, array.byteOffset, 2 * array.length);
}

/**
 * Proves of a window that every row of it is its patient's and known at the cut-off, row by row, and not from how it was cut: a row too late would
 * be worse than no batch.
 */
export function prove(window: Window, inclusive: boolean): void {
  const { shard, first, patient, length, rows, begin, cutoff } = window;
  if (length === 0) return;
  // Rows ascend.
  if (!(window.row(0) >= first && window.row(length - 1) < shard.offsets[patient + 1]!))
    failCorrupt(shard.file.path, `rows ${window.row(0)} to ${window.row(length - 1)} of a sample are not its patient's`);
  if (cutoff === NO_CUTOFF) return;
  const { timeWords, times } = shard;
  const bound = Number(cutoff);
  if (Number.isSafeInteger(bound)) {
    for (let i = 0; i < length; i += 1) {
      const row = rows === null ? begin + i : rows[begin + i]!;
      const time = timeOf(timeWords, row);
      if (!(time < bound || (inclusive && time === bound))) failLate(window, row);
    }
    return;
  }
  for (let i = 0; i < length; i += 1) {
    const row = window.row(i);
    const time = times[row]!;
    if (!(time < cutoff || (inclusive && time === cutoff))) failLate(window, row);
  }
}

function failLate(window: Window, row: number): never {
  const { shard, first, index, cutoff } = window;
  const subject = shard.store.ids[index]!;
  fail(
    "MEDS_LEAK",
    `${shard.file.path}: row ${row - first} of subject ${subject} lies at ${shard.times[row]} µs, after the sample's cut-off at ${cutoff} µs. The rows are out of order: verify the store, and convert its source again.`,
    shard.file.path,
  );
}
