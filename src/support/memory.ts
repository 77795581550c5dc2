import { Buffer } from "node:buffer";
import { types } from "node:util";
import { arrayOf, conflict, shown } from "./arguments.js";

/**
 * Returns the memory for an array of a batch: a buffer of at least `bytes` bytes for the array `name`. The
 * loader writes all of these bytes.
 */
export type Allocate = (name: string, bytes: number) => ArrayBufferLike;

/** A class of typed arrays. */
export type ArrayClass<A> = {
  new (length: number): A;
  new (buffer: ArrayBufferLike, offset: number, length: number): A;
  BYTES_PER_ELEMENT: number;
};

/** Sizes between these, in bytes, are taken as they are from the system. Smaller ones gain nothing. */
const LEAST_ROOM = 1 << 13;
const MOST_ROOM = 2 ** 31;

/**
 * A new array of which the caller writes every element. Until then it contains anything. Throws as {@link
 * arrayOf}.
 */
export function roomOf<A>(name: string, type: ArrayClass<A>, length: number): A {
  const bytes = length * type.BYTES_PER_ELEMENT;
  if (!(bytes >= LEAST_ROOM && bytes <= MOST_ROOM)) return arrayOf(name, type, length);
  let buffer: ArrayBufferLike;
  try {
    // Not from Node's pool, so the buffer is not shared and can be transferred.
    ({ buffer } = Buffer.allocUnsafeSlow(bytes));
  } catch {
    return arrayOf(name, type, length);
  }
  return new type(buffer, 0, length);
}

/** Makes the arrays of a batch: in new memory, or in that of {@link Allocate}. */
export class Memory {
  constructor(private readonly allocate: Allocate | undefined) {}

  /** Memory whose arrays are overwritten by the next arrays of the same names. */
  static reused(): Memory {
    const buffers = new Map<string, ArrayBuffer>();
    return new Memory((name, bytes) => {
      const old = buffers.get(name);
      if (old !== undefined && old.byteLength >= bytes) return old;
      // Somewhat larger, because batches differ in size.
      const { buffer } = arrayOf<Uint8Array<ArrayBuffer>>(`The array ${name} of a batch`, Uint8Array, Math.ceil(bytes * 1.125));
      buffers.set(name, buffer);
      return buffer;
    });
  }

  /** An array of zeros. */
  array<A>(name: string, type: ArrayClass<A>, length: number): A {
    if (this.allocate === undefined) return arrayOf(`The array ${name} of a batch`, type, length);
    const buffer = this.given(name, length * type.BYTES_PER_ELEMENT);
    new Uint8Array(buffer as ArrayBuffer, 0, length * type.BYTES_PER_ELEMENT).fill(0);
    return new type(buffer, 0, length);
  }

  /** An array of which the caller writes every element. Until then it contains anything. */
  room<A>(name: string, type: ArrayClass<A>, length: number): A {
    if (this.allocate === undefined) return roomOf(`The array ${name} of a batch`, type, length);
    return new type(this.given(name, length * type.BYTES_PER_ELEMENT), 0, length);
  }

  /** The user's memory for an array. */
  private given(name: string, bytes: number): ArrayBufferLike {
    const buffer: unknown = this.allocate?.(name, bytes);
    const fits = types.isAnyArrayBuffer(buffer) && buffer.byteLength >= bytes;
    if (!fits)
      conflict(
        `\`allocate\` returned ${shown(buffer)} for "${name}". It must return an ArrayBuffer or SharedArrayBuffer of at least ${bytes} bytes.`,
      );
    return buffer as ArrayBufferLike;
  }
}
