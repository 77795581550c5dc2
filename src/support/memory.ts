import { arrayOf, conflict, shown } from "./arguments.js";

/**
 * Returns the memory for an array of a batch: a buffer of at least `bytes` bytes for the array `name`. The
 * loader fills it with zeros first.
 */
export type Allocate = (name: string, bytes: number) => ArrayBufferLike;

/** A class of typed arrays. */
export type ArrayClass<A> = {
  new (length: number): A;
  new (buffer: ArrayBufferLike, offset: number, length: number): A;
  BYTES_PER_ELEMENT: number;
};

/** Makes the arrays of a batch, filled with zeros: in new memory, or in that of {@link Allocate}. */
export class Memory {
  constructor(private readonly allocate: Allocate | undefined) {}

  array<A extends { fill(value: never): A }>(name: string, type: ArrayClass<A>, length: number): A {
    if (this.allocate === undefined) return arrayOf(`The array ${name} of a batch`, type, length);
    const bytes = length * type.BYTES_PER_ELEMENT;
    const buffer: unknown = this.allocate(name, bytes);
    const fits = (buffer instanceof ArrayBuffer || buffer instanceof SharedArrayBuffer) && buffer.byteLength >= bytes;
    if (!fits)
      conflict(
        `\`allocate\` returned ${shown(buffer)} for "${name}". It must return an ArrayBuffer or SharedArrayBuffer of at least ${bytes} bytes.`,
      );
    new Uint8Array(buffer as ArrayBuffer, 0, bytes).fill(0);
    return new type(buffer as ArrayBuffer, 0, length);
  }
}
