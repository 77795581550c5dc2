import type { NativeExport } from "./native.js";

/**
 * A shard for other native code in this process, by the [Arrow C Data Interface](https://arrow.apache.org/docs/format/CDataInterface.html): the
 * addresses of an `ArrowSchema` and an `ArrowArray`, a struct whose fields are the columns of the shard's file (`subject_id`, `events`, `sparse`; a
 * slot a patient). No buffer is copied: they are those of the mapping.
 *
 * Whoever imports it (nanoarrow, Arrow C++, arrow-rs, an add-on of yours) takes it over, moving the structs and clearing their `release`, and calls
 * `release` when done, on any thread. Until the import has returned keep this object: the addresses are its own. What nobody has imported is
 * released by {@link ArrowExport.release}, or when this object is collected. What was exported holds a share of the mapping and stays whole after
 * `db.close()`. It is to be read only.
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

  /** Releases what nobody has imported; the addresses hold released structs from then on. May be called twice. */
  release(): void {
    this.native.release();
  }

  /** As {@link ArrowExport.release}. */
  [Symbol.dispose](): void {
    this.release();
  }
}
