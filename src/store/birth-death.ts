import { numberAt, wordsOf } from "../support/time.js";
import type { Store } from "./store.js";

/**
 * Birth codes: that of MEDS, and those that FEMR's OMOP exports write. Each is a whole code, or is followed
 * by `//` and more.
 */
export const BIRTH = ["MEDS_BIRTH", "SNOMED/184099003", "SNOMED//184099003", "SNOMED/3950001", "SNOMED//3950001"];

/** Is this a birth code. */
export function isBirth(code: string): boolean {
  return BIRTH.some((birth) => code.startsWith(birth) && (code.length === birth.length || code.startsWith("//", birth.length)));
}

/** Not searched yet, and not found. */
const UNKNOWN = -2;
const NONE = -1;

/**
 * The first row with a birth code, per patient. It is searched once, because batches need it for every
 * sample.
 */
export class Births {
  private readonly rows: Int32Array;
  private readonly times: BigInt64Array;
  private readonly words: Int32Array;

  constructor(private readonly store: Store) {
    this.rows = new Int32Array(store.ids.length).fill(UNKNOWN);
    this.times = new BigInt64Array(store.ids.length);
    this.words = wordsOf(this.times);
  }

  /**
   * Time of birth, in microseconds, of the patient in row `index` of patients.arrow; null where the rows
   * before `end` (a row of the shard) do not contain it.
   */
  known(index: number, end: number): bigint | null {
    return this.isKnown(index, end) ? this.times[index]! : null;
  }

  /** The same as a float64; NaN where it is not known. Batches need one per sample, and no bigints. */
  knownNumber(index: number, end: number): number {
    return this.isKnown(index, end) ? numberAt(this.words, index) : Number.NaN;
  }

  private isKnown(index: number, end: number): boolean {
    let row = this.rows[index]!;
    if (row === UNKNOWN) row = this.find(index);
    return row !== NONE && row < end;
  }

  private find(index: number): number {
    const { store } = this;
    const ranges = store.birthCodes;
    const { offsets, codeIds, times } = store.shard(store.shardOf[index]!);
    const patient = store.rowOf[index]!;
    const end = ranges.length > 0 ? offsets[patient + 1]! : 0;
    for (let row = offsets[patient]! + store.staticOf[index]!; row < end; row += 1) {
      const id = codeIds[row]!;
      for (let at = 0; at < ranges.length; at += 2) {
        if (id < ranges[at]! || id >= ranges[at + 1]!) continue;
        this.times[index] = times[row]!;
        this.rows[index] = row;
        return row;
      }
    }
    this.rows[index] = NONE;
    return NONE;
  }
}
