import { HIGH } from "../../support/time.js";
import type { Bitmap, TypedArray } from "../mapped-file.js";
import type { Vector } from "./vector.js";

/** Arrays whose elements are JavaScript numbers. */
export type NumberArray = Exclude<TypedArray, BigInt64Array | BigUint64Array>;

/** Integers to 32 bits, floats, and date32 (days since 1970-01-01). */
export class NumberVector implements Vector {
  readonly length: number;

  constructor(
    readonly array: NumberArray,
    private readonly valid: Bitmap | null,
  ) {
    this.length = array.length;
  }

  at(slot: number): number | null {
    return this.valid === null || this.valid.has(slot) ? this.array[slot]! : null;
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

  at(slot: number): bigint | null {
    return this.valid === null || this.valid.has(slot) ? this.array[slot]! : null;
  }
}

/** 64-bit times and durations, as microseconds; a time beyond 2^53 µs is an error rather than a rounded number. */
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

  /** A bigint where a number is not exact: 9999-12-31 is a common stand-in for "open end". */
  at(slot: number): number | bigint | null {
    if (this.valid !== null && !this.valid.has(slot)) return null;
    const value = (this.words[2 * slot + 1]! * HIGH + (this.words[2 * slot]! >>> 0)) * this.micros;
    return Number.isSafeInteger(value) ? value : this.array[slot]! * BigInt(this.micros);
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

  at(slot: number): number | null {
    return this.valid === null || this.valid.has(slot) ? this.array[slot]! * this.micros : null;
  }
}

const DAY_MILLIS = 86_400_000;

/** date64: milliseconds in the file, days (with a fraction where it holds a time of day) here. */
export class DateVector implements Vector {
  readonly length: number;

  constructor(
    readonly array: BigInt64Array,
    private readonly valid: Bitmap | null,
  ) {
    this.length = array.length;
  }

  at(slot: number): number | null {
    return this.valid === null || this.valid.has(slot) ? Number(this.array[slot]!) / DAY_MILLIS : null;
  }
}

/** bool: a bit a slot. */
export class BoolVector implements Vector {
  readonly array = null;

  constructor(
    readonly length: number,
    private readonly bits: Bitmap,
    private readonly valid: Bitmap | null,
  ) {}

  at(slot: number): boolean | null {
    return this.valid === null || this.valid.has(slot) ? this.bits.has(slot) : null;
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

  at(slot: number): string | null {
    if (this.valid !== null && !this.valid.has(slot)) return null;
    let unscaled = 0n;
    for (let word = this.wordsEach - 1; word >= 0; word -= 1) unscaled = (unscaled << 64n) | this.words[slot * this.wordsEach + word]!;
    return decimalText(BigInt.asIntN(64 * this.wordsEach, unscaled), this.scale);
  }
}

/** `unscaled` times 10^-scale. */
export function decimalText(unscaled: bigint, scale: number): string {
  if (scale <= 0) return (unscaled * 10n ** BigInt(-scale)).toString();
  const sign = unscaled < 0n ? "-" : "";
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
