import type { Store } from "./store.js";

/** Codes of birth: MEDS, and what OMOP exports of FEMR write. Alone, or followed by `//` and more. */
export const BIRTH = ["MEDS_BIRTH", "SNOMED/184099003", "SNOMED//184099003", "SNOMED/3950001", "SNOMED//3950001"];

/** Is a code one of birth. */
export function isBirth(code: string): boolean {
  return BIRTH.some((birth) => code.startsWith(birth) && (code.length === birth.length || code.startsWith("//", birth.length)));
}

/** Not looked for yet, and not found. */
const UNKNOWN = -2;
const NONE = -1;

/** Of each patient the first row with a birth code, looked for once: batches ask for it with every sample. */
export class Births {
  private readonly rows: Int32Array;
  private readonly times: BigInt64Array;

  constructor(private readonly store: Store) {
    this.rows = new Int32Array(store.ids.length).fill(UNKNOWN);
    this.times = new BigInt64Array(store.ids.length);
  }

  /** Time of birth of the patient in a row of patients.arrow, in microseconds, as the rows before `end` (a row of the shard) tell; null where they do not. */
  known(index: number, end: number): bigint | null {
    let row = this.rows[index]!;
    if (row === UNKNOWN) row = this.find(index);
    return row === NONE || row >= end ? null : this.times[index]!;
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
