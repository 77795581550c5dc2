import { types } from "node:util";
import { expected, lengthOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { HIGH } from "../support/time.js";

/** A subject id as callers give it: any int64 as bigint, or a safe integer. */
export type SubjectId = number | bigint;

const scratch = new BigInt64Array(1);
const scratchWords = new Int32Array(scratch.buffer);

/** Look-ups by binary search before the hash table is made: a process that reads few patients starts sooner. */
const FEW = 64;

/**
 * From subject id to its row in patients.arrow: an open-addressed hash table over the two 32-bit words of the
 * id, so that a look-up creates neither a bigint nor a string.
 */
export class IdTable {
  private readonly words: Int32Array;
  private buckets = new Int32Array(0);
  private shift = 0;
  private mask = 0;
  private asked = 0;

  /** `words`: low and high word of each id, in row order. `ascend`: are the ids known to ascend. */
  constructor(words: Int32Array, ascend: boolean) {
    this.words = words;
    if (!ascend) this.make();
  }

  private make(): void {
    const { words } = this;
    const count = words.length >> 1;
    // At most half full: a miss ends after two steps on average.
    let bits = 2;
    while (1 << bits < count * 2) bits += 1;
    this.buckets = new Int32Array(1 << bits);
    this.shift = 32 - bits;
    this.mask = (1 << bits) - 1;
    for (let row = 0; row < count; row += 1) {
      let at = this.home(words[2 * row]!, words[2 * row + 1]!);
      while (this.buckets[at] !== 0) at = (at + 1) & this.mask;
      this.buckets[at] = row + 1;
    }
  }

  /** The row of an id, or -1. */
  find(id: SubjectId): number {
    if (typeof id === "number") {
      if (!Number.isSafeInteger(id)) failUnsafe(id);
      return this.probe(id | 0, Math.floor(id / HIGH));
    }
    if (typeof id !== "bigint") failKind(id);
    const number = Number(id);
    if (Number.isSafeInteger(number)) return this.probe(number | 0, Math.floor(number / HIGH));
    scratch[0] = id;
    // An id beyond 64 bits matches no subject; the array kept only its low bits.
    return scratch[0] === id ? this.probe(scratchWords[0]!, scratchWords[1]!) : -1;
  }

  /** The first row that has the id of a row. */
  firstOf(row: number): number {
    return this.probe(this.words[2 * row]!, this.words[2 * row + 1]!);
  }

  private probe(low: number, high: number): number {
    if (this.mask === 0) return this.first(low, high);
    const { words, buckets, mask } = this;
    let at = this.home(low, high);
    for (;;) {
      const row = buckets[at]! - 1;
      if (row < 0 || (words[2 * row] === low && words[2 * row + 1] === high)) return row;
      at = (at + 1) & mask;
    }
  }

  /** A look-up before there is a table. */
  private first(low: number, high: number): number {
    this.asked += 1;
    if (this.asked > FEW) {
      this.make();
      return this.probe(low, high);
    }
    const { words } = this;
    let begin = 0;
    let end = words.length >> 1;
    while (begin < end) {
      const middle = (begin + end) >>> 1;
      const above = words[2 * middle + 1]!;
      if (above < high || (above === high && words[2 * middle]! >>> 0 < low >>> 0)) begin = middle + 1;
      else end = middle;
    }
    return words[2 * begin] === low && words[2 * begin + 1] === high ? begin : -1;
  }

  private home(low: number, high: number): number {
    return Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> this.shift;
  }
}

/** Exact ids of many subjects. An id beyond 64 bits matches no subject. */
export function exactIds(ids: BigInt64Array | ArrayLike<SubjectId>, path: string): BigInt64Array {
  if (types.isBigInt64Array(ids)) return ids;
  const exact = new BigInt64Array(lengthOf("subjectIds", ids));
  for (let i = 0; i < exact.length; i += 1) {
    const id = ids[i];
    if (typeof id === "number" && !Number.isSafeInteger(id)) failUnsafe(id);
    if (typeof id !== "number" && typeof id !== "bigint") failKind(id);
    exact[i] = BigInt(id);
    if (exact[i] !== BigInt(id)) failUnknown(`subject ${id}`, path);
  }
  return exact;
}

/** Throws `MEDS_UNKNOWN_SUBJECT` for a subject or slot that is not in the cohort. */
export function failUnknown(who: string, path: string): never {
  fail("MEDS_UNKNOWN_SUBJECT", `${path}: ${who} is not in this cohort. Keep only the ids for which has(id) is true.`, path);
}

function failKind(id: unknown): never {
  expected("The subject id", id, "a bigint or a whole number");
}

function failUnsafe(id: number): never {
  fail(
    "MEDS_UNSAFE_NUMBER",
    `${id} is not an exact subject id: it has a fraction, or is beyond 2^53, where a number cannot represent every id. Use a bigint, such as 123n.`,
  );
}
