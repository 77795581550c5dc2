import type { NativeExport } from "./native.js";

/**
 * A shard for other native code in this process, by the
 * [Arrow C Data Interface](https://arrow.apache.org/docs/format/CDataInterface.html): the addresses of an
 * `ArrowSchema` and an `ArrowArray`. The array is a struct whose fields are the columns of the shard's file
 * (`subject_id`, `events`, `sparse`), with one entry per patient. No buffer is copied: the buffers are those
 * of the mapping.
 *
 * The importer (nanoarrow, Arrow C++, arrow-rs, an add-on of yours) takes ownership: it moves the structs,
 * clears their `release`, and calls `release` when it is done, on any thread. Keep this object until the
 * import has returned, because it owns the addresses. An export that was not imported is released by {@link
 * ArrowExport.release}, or when this object is collected. Exported data share the mapping and stay valid
 * after `db.close()`. The importer must not write to them.
 */
export class ArrowExport {
  /** Address of the `ArrowSchema`. */
  readonly schema: bigint;
  /** Address of the `ArrowArray`. */
  readonly array: bigint;
  private readonly native: NativeExport;

  /** @internal */
  constructor(native: NativeExport) {
    this.native = native;
    this.schema = native.schema;
    this.array = native.array;
  }

  /** Releases what was not imported; the addresses then point to released structs. May be called twice. */
  release(): void {
    this.native.release();
  }

  /** As {@link ArrowExport.release}. */
  [Symbol.dispose](): void {
    this.release();
  }
}
