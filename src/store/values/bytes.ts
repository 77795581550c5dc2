import { Buffer } from "node:buffer";
import type { Bitmap } from "../mapped-file.js";
import type { Vector } from "./vector.js";

// Node's own slices: twice as fast on short text as toString or TextDecoder, and missing from its types.
declare module "node:buffer" {
  interface Buffer {
    latin1Slice(begin: number, end: number): string;
    utf8Slice(begin: number, end: number): string;
  }
}

/** Text, sliced from the mapping only when asked for. */
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

  at(slot: number): string | null {
    if (this.valid !== null && !this.valid.has(slot)) return null;
    const begin = this.offsets[slot]!;
    const end = this.offsets[slot + 1]!;
    return this.ascii ? this.text.latin1Slice(begin, end) : this.text.utf8Slice(begin, end);
  }

  /** Sign of the comparison of a slot's bytes, or of as many of them as `other` has, with `other`. */
  compare(slot: number, other: Uint8Array, prefix: boolean): number {
    const begin = this.offsets[slot]!;
    const end = prefix ? Math.min(this.offsets[slot + 1]!, begin + other.length) : this.offsets[slot + 1]!;
    return this.text.compare(other, 0, other.length, begin, end);
  }
}

/** binary, as copies: a view of the mapping would hand out the whole shard through its `buffer`. */
export class BinaryVector implements Vector {
  readonly array = null;

  constructor(
    readonly length: number,
    private readonly offsets: Int32Array,
    private readonly bytes: Uint8Array,
    private readonly valid: Bitmap | null,
  ) {}

  at(slot: number): Uint8Array | null {
    if (this.valid !== null && !this.valid.has(slot)) return null;
    return this.bytes.slice(this.offsets[slot]!, this.offsets[slot + 1]!);
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

  at(slot: number): Uint8Array | null {
    if (this.valid !== null && !this.valid.has(slot)) return null;
    return this.bytes.slice(slot * this.width, (slot + 1) * this.width);
  }
}
