import { failCorrupt, MedsError } from "../support/errors.js";

/** The typed arrays that a column can be viewed through. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** Dictionary ids, in the narrowest type for the dictionary. */
export type IndexArray = Uint8Array | Uint16Array | Uint32Array;

/** Row numbers of a sparse column. They have 16 bits where that is enough for every patient of the store. */
export type RowArray = Uint16Array | Uint32Array;

type ArrayType<A> = new (buffer: ArrayBuffer, offset: number, length: number) => A;

/** A range of bytes of the file. */
export interface Span {
  readonly offset: number;
  readonly bytes: number;
}

/** An Arrow type (`crates/store/src/types.rs`). */
export interface ArrowType {
  readonly id: string;
  readonly unit?: "s" | "ms" | "us" | "ns";
  readonly width?: number;
  readonly scale?: number;
}

/** A field of the file, and where its buffers are (`crates/store/src/layout.rs`). */
export interface Node {
  readonly name: string;
  readonly type: ArrowType;
  readonly nullable: boolean;
  readonly length: number;
  readonly nullCount: number;
  readonly validity: Span | null;
  readonly offsets: Span | null;
  readonly data: Span | null;
  readonly children: readonly Node[];
  readonly dictionary: { readonly indexWidth: number; readonly values: Node } | null;
}

/**
 * One mapped Arrow file: the buffer, its fields, and typed arrays over their buffers. Nothing here copies.
 */
export class MappedFile {
  readonly path: string;
  readonly buffer: ArrayBuffer;
  readonly fields: readonly Node[];
  /** Checks a buffer of offsets before its first use. */
  private readonly prove: (offset: number) => void;

  constructor(path: string, buffer: ArrayBuffer, layout: string, prove: (offset: number) => void) {
    this.path = path;
    this.buffer = buffer;
    this.fields = JSON.parse(layout) as Node[];
    this.prove = prove;
  }

  /** The top-level field with this name. */
  find(name: string): Node | undefined {
    return this.fields.find((node) => node.name === name);
  }

  /** A top-level field that the format requires. */
  need(name: string): Node {
    return this.find(name) ?? failCorrupt(this.path, `the field ${name} is missing`);
  }

  /** `length` elements of a buffer. */
  array<A extends TypedArray>(type: ArrayType<A>, span: Span | null, length: number): A {
    const offset = span === null || length === 0 ? 0 : span.offset;
    if (span === null && length > 0) failCorrupt(this.path, "a field has no values");
    try {
      return new type(this.buffer, offset, length);
    } catch (error) {
      throw new MedsError("MEDS_CORRUPT", `${this.path}: a buffer is outside the file. Convert the source again.`, {
        path: this.path,
        cause: error,
      });
    }
  }

  /** A buffer's bytes. */
  bytes(span: Span | null): Uint8Array {
    return this.array(Uint8Array, span, span === null ? 0 : span.bytes);
  }

  /** The validity bitmap, or null where every entry has a value. */
  validity(node: Node): Bitmap | null {
    return node.validity === null || node.nullCount === 0 ? null : new Bitmap(this.bytes(node.validity));
  }

  /** The int32 offsets of a list, map, text or binary field, checked to ascend and to stay inside. */
  offsets(node: Node): Int32Array {
    if (node.length > 0 && node.offsets !== null) this.prove(node.offsets.offset);
    return this.provedOffsets(node);
  }

  /** Offsets that the native side checked when it returned the file. */
  provedOffsets(node: Node): Int32Array {
    // Arrow allows a field without entries to omit its only offset.
    if (node.length === 0) return new Int32Array(1);
    return this.array(Int32Array, node.offsets, node.length + 1);
  }

  /** The row numbers of a sparse column. */
  rows(node: Node): RowArray {
    if (node.type.id === "uint16") return this.array(Uint16Array, node.data, node.length);
    if (node.type.id === "uint32") return this.array(Uint32Array, node.data, node.length);
    return failCorrupt(this.path, `the rows of a sparse column are of type ${node.type.id}`);
  }

  /** The dictionary indexes of a coded field. */
  indexes(node: Node): IndexArray {
    const width = node.dictionary?.indexWidth;
    if (width === 1) return this.array(Uint8Array, node.data, node.length);
    if (width === 2) return this.array(Uint16Array, node.data, node.length);
    if (width === 4) return this.array(Uint32Array, node.data, node.length);
    return failCorrupt(this.path, `the field ${node.name} has indexes of ${width} bytes`);
  }
}

/** One bit per entry, least significant first. */
export class Bitmap {
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Is the bit of an entry set. */
  has(index: number): boolean {
    return ((this.bytes[index >>> 3]! >>> (index & 7)) & 1) === 1;
  }
}
