import { fail } from "../../support/errors.js";
import { HIGH } from "../../support/time.js";
import type { Bitmap, TypedArray } from "../mapped-file.js";
import type { Vector } from "./vector.js";

/** Arrays whose elements are JavaScript numbers. */
export type NumberArray = Exclude<TypedArray, BigInt64Array | BigUint64Array>;

/** Integers of up to 32 bits, floats, and date32 (days since 1970-01-01). */
export class NumberVector implements Vector {
  readonly length: number;

  constructor(
    readonly array: NumberArray,
    private readonly valid: Bitmap | null,
  ) {
    this.length = array.length;
  }

  at(index: number): number | null {
    return this.valid === null || this.valid.has(index) ? this.array[index]! : null;
  }
}

/** int64 and uint64, and times in nanoseconds. */
export class BigVector implements Vector {
  readonly length: number;

  constructor(
    readonly array: BigInt64Array | BigUint64Array,
    private readonly valid: Bitmap | null,
  ) {
    this.length = array.length;
  }

  at(index: number): bigint | null {
    return this.valid === null || this.valid.has(index) ? this.array[index]! : null;
  }
}

/** int64 and uint64 as numbers, never rounded. */
export class ExactVector implements Vector {
  readonly length: number;
  /** Low and high word of each value. */
  readonly words: Int32Array;
  private readonly isSigned: boolean;

  constructor(
    readonly array: BigInt64Array | BigUint64Array,
    private readonly valid: Bitmap | null,
    private readonly refuse: (value: bigint) => never,
  ) {
    this.length = array.length;
    this.words = new Int32Array(array.buffer, array.byteOffset, array.length * 2);
    this.isSigned = array instanceof BigInt64Array;
  }

  at(index: number): number | null {
    if (this.valid !== null && !this.valid.has(index)) return null;
    const high = this.words[2 * index + 1]!;
    const value = (this.isSigned ? high : high >>> 0) * HIGH + (this.words[2 * index]! >>> 0);
    return Number.isSafeInteger(value) ? value : this.refuse(this.array[index]!);
  }
}

/** Throws `MEDS_UNSAFE_NUMBER` for an integer that a number would round. */
export function failUnsafe(path: string, column: string, value: bigint): never {
  fail(
    "MEDS_UNSAFE_NUMBER",
    `${path}: the column ${JSON.stringify(column)} contains ${value}, which a number cannot express exactly. Read the column as bigints: open the store without int64: "number", and use column.at(i) or event.get(name).`,
    path,
  );
}

/** 64-bit times and durations, as microseconds; a bigint beyond 2^53 µs, never a rounded number. */
export class MicrosVector implements Vector {
  readonly length: number;
  /** Low and high word of each value. */
  readonly words: Int32Array;

  constructor(
    readonly array: BigInt64Array,
    private readonly valid: Bitmap | null,
    /** Microseconds in a unit. */
    readonly micros: number,
  ) {
    this.length = array.length;
    this.words = new Int32Array(array.buffer, array.byteOffset, array.length * 2);
  }

  /** A bigint where a number is not exact: 9999-12-31 is a common value for "open end". */
  at(index: number): number | bigint | null {
    if (this.valid !== null && !this.valid.has(index)) return null;
    const value = (this.words[2 * index + 1]! * HIGH + (this.words[2 * index]! >>> 0)) * this.micros;
    return Number.isSafeInteger(value) ? value : this.array[index]! * BigInt(this.micros);
  }
}

/** 32-bit times of day, as microseconds. */
export class ShortTimeVector implements Vector {
  readonly length: number;

  constructor(
    readonly array: Int32Array,
    private readonly valid: Bitmap | null,
    private readonly micros: number,
  ) {
    this.length = array.length;
  }

  at(index: number): number | null {
    return this.valid === null || this.valid.has(index) ? this.array[index]! * this.micros : null;
  }
}

const DAY_MILLIS = 86_400_000;

/** date64: milliseconds in the file, days here (with a fraction where there is a time of day). */
export class DateVector implements Vector {
  readonly length: number;

  constructor(
    readonly array: BigInt64Array,
    private readonly valid: Bitmap | null,
  ) {
    this.length = array.length;
  }

  at(index: number): number | null {
    return this.valid === null || this.valid.has(index) ? Number(this.array[index]!) / DAY_MILLIS : null;
  }
}

/** bool: one bit per entry. */
export class BoolVector implements Vector {
  readonly array = null;

  constructor(
    readonly length: number,
    private readonly bits: Bitmap,
    private readonly valid: Bitmap | null,
  ) {}

  at(index: number): boolean | null {
    return this.valid === null || this.valid.has(index) ? this.bits.has(index) : null;
  }
}

/** Decimals, as exact text. */
export class DecimalVector implements Vector {
  readonly array = null;

  constructor(
    readonly length: number,
    private readonly words: BigUint64Array,
    private readonly wordsEach: number,
    private readonly scale: number,
    private readonly valid: Bitmap | null,
  ) {}

  at(index: number): string | null {
    if (this.valid !== null && !this.valid.has(index)) return null;
    let unscaled = 0n;
    for (let word = this.wordsEach - 1; word >= 0; word -= 1) unscaled = (unscaled << 64n) | this.words[index * this.wordsEach + word]!;
    return decimalText(BigInt.asIntN(64 * this.wordsEach, unscaled), this.scale);
  }
}

/** `unscaled` times 10^-scale. */
function decimalText(unscaled: bigint, scale: number): string {
  if (scale <= 0) return (unscaled * 10n ** BigInt(-scale)).toString();
  const sign = unscaled < 0n ? "-" : "";
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
