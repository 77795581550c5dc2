// Reads of files that are not in memory. Single pages, one after another, leave a fast disk idle: what is read
// next is requested first, several ranges at once.
import type { TypedArray } from "./mapped-file.js";
import type { NativeHandle } from "./native.js";

/** Timelines in a row whose rows were all in memory, after which the shard counts as warm. */
const WARM = 64;
/** Rows that a scan requests at a time. */
const STEP = 1 << 19;
/** Bytes of a page, at least: ranges within one page need no request. */
const PAGE = 4096;

/** Rows of a timeline: the patient's static rows, a gap, then the rest. */
interface Run {
  readonly length: number;
  readonly staticCount: number;
  readonly _begin: number;
  readonly _gap: number;
  readonly _rows: Uint32Array | null;
}

/** An array of a shard, and its elements per row. */
interface Part {
  readonly array: TypedArray;
  readonly width: number;
}

/**
 * What timelines read of a shard that is not in memory. The arrays that the last timeline read are requested
 * together when the next one reads its first.
 */
export class ColdReads {
  /** Number of active scans, which request rows by themselves. */
  private scans = 0;
  private timeline: object | null = null;
  private last: readonly Part[] = [];
  private current: Part[] = [];
  private found = 0;

  constructor(
    private readonly native: NativeHandle,
    private readonly shard: number,
    /** False if the store is larger than the memory: then rows that were read once leave it again. */
    private readonly fits: boolean,
    /** Called when everything is in memory. */
    private readonly warm: () => void,
  ) {}

  /** A timeline reads rows of an array now. */
  read(rows: Run, array: TypedArray, width: number): void {
    if (this.timeline !== rows) {
      this.timeline = rows;
      if (this.current.length > 0) this.last = this.current;
      this.current = [{ array, width }];
      if (this.scans === 0) this.request(rows, this.arrays);
      return;
    }
    if (this.current.some((part) => part.array === array)) return;
    const part = { array, width };
    this.current.push(part);
    if (this.scans === 0 && !this.last.some((other) => other.array === array)) this.request(rows, [part]);
  }

  /** Begins a scan. */
  scan(): ColdScan {
    this.scans += 1;
    return new ColdScan(
      (from, to) => this.requestRows(from, to),
      (from, to) => {
        if (!this.fits) this.native.release(this.shard, ranges(this.arrays, from, to));
      },
      () => {
        this.scans -= 1;
      },
    );
  }

  /** The arrays that this timeline and the one before have read. */
  private get arrays(): readonly Part[] {
    const { last, current } = this;
    return [...current, ...last.filter(({ array }) => !current.some((part) => part.array === array))];
  }

  private request({ length, staticCount, _begin, _gap, _rows: list }: Run, parts: readonly Part[]): void {
    if (list !== null || length === 0) return;
    // Rows before a gap are the patient's first: mostly few, and in one page.
    const begin = _gap === 0 ? _begin : _begin + _gap + staticCount;
    const wanted = ranges(parts, begin, _begin + _gap + length);
    if (wanted.length === 2 && wanted[1]! < PAGE) return;
    this.found = this.native.request(this.shard, wanted) ? 0 : this.found + 1;
    if (this.found >= WARM && this.fits) this.warm();
  }

  private requestRows(from: number, to: number): void {
    this.native.request(this.shard, ranges(this.arrays, from, to));
  }
}

/** Offset and length, in bytes, of rows in each array. */
function ranges(parts: readonly Part[], from: number, to: number): Float64Array {
  const found = new Float64Array(2 * parts.length);
  parts.forEach(({ array, width }, i) => {
    const end = Math.min(to * width, array.length);
    found[2 * i] = array.byteOffset + from * width * array.BYTES_PER_ELEMENT;
    found[2 * i + 1] = Math.max(0, end - from * width) * array.BYTES_PER_ELEMENT;
  });
  return found;
}

/** A scan of a shard: it requests the next rows, and releases those behind it. */
export class ColdScan {
  private requested = 0;
  private released = -1;

  constructor(
    private readonly request: (from: number, to: number) => void,
    private readonly release: (from: number, to: number) => void,
    /** Ends the scan. */
    readonly end: () => void,
  ) {}

  /** The scan has come to this row. */
  reach(row: number): void {
    if (this.released < 0) this.released = row;
    if (row + STEP / 2 < this.requested) return;
    const from = Math.max(row, this.requested);
    this.requested = row + STEP + STEP / 2;
    this.request(from, this.requested);
    if (row - STEP > this.released) {
      this.release(this.released, row - STEP);
      this.released = row - STEP;
    }
  }
}
