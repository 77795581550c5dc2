import { Buffer } from "node:buffer";
import type { Bitmap } from "../mapped-file.js";
import type { Vector } from "./vector.js";

// Node's own slices: twice as fast on short text as toString or TextDecoder, but missing in its types.
declare module "node:buffer" {
  interface Buffer {
    latin1Slice(begin: number, end: number): string;
    utf8Slice(begin: number, end: number): string;
  }
}

/** Text, decoded from the mapping on demand. */
export class TextVector implements Vector {
  readonly array = null;
  private readonly text: Buffer;

  constructor(
    readonly length: number,
    private readonly offsets: Int32Array,
    bytes: Uint8Array,
    private readonly ascii: boolean,
    private readonly valid: Bitmap | null,
  ) {
    this.text = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  }

  at(index: number): string | null {
    if (this.valid !== null && !this.valid.has(index)) return null;
    const begin = this.offsets[index]!;
    const end = this.offsets[index + 1]!;
    return this.ascii ? this.text.latin1Slice(begin, end) : this.text.utf8Slice(begin, end);
  }

  /**
   * Compares the bytes of an entry with `other`: negative, 0 or positive. `prefix`: only as many of them as
   * `other` has.
   */
  compare(index: number, other: Uint8Array, prefix: boolean): number {
    const begin = this.offsets[index]!;
    const end = prefix ? Math.min(this.offsets[index + 1]!, begin + other.length) : this.offsets[index + 1]!;
    return this.text.compare(other, 0, other.length, begin, end);
  }
}

/** binary, as copies: a view of the mapping would expose the whole shard through its `buffer`. */
export class BinaryVector implements Vector {
  readonly array = null;

  constructor(
    readonly length: number,
    private readonly offsets: Int32Array,
    private readonly bytes: Uint8Array,
    private readonly valid: Bitmap | null,
  ) {}

  at(index: number): Uint8Array | null {
    if (this.valid !== null && !this.valid.has(index)) return null;
    return this.bytes.slice(this.offsets[index]!, this.offsets[index + 1]!);
  }
}

/** fixed_size_binary, as copies. */
export class FixedBinaryVector implements Vector {
  readonly array = null;

  constructor(
    readonly length: number,
    private readonly width: number,
    private readonly bytes: Uint8Array,
    private readonly valid: Bitmap | null,
  ) {}

  at(index: number): Uint8Array | null {
    if (this.valid !== null && !this.valid.has(index)) return null;
    return this.bytes.slice(index * this.width, (index + 1) * this.width);
  }
}
