// Shards and timelines as tables of apache-arrow. The package is loaded on first use, so it is optional.
import type { Data, RecordBatch, Struct, Table } from "apache-arrow";
import { Cursor } from "../store/cursor.js";
import type { Node } from "../store/mapped-file.js";
import type { NativeScan } from "../store/native.js";
import type { Shard } from "../store/shard.js";
import type { Store } from "../store/store.js";
import { fail, MedsError } from "../support/errors.js";
import type { Rows } from "./rows.js";

/**
 * The part of an apache-arrow `Table` that this package declares. For the whole type, write
 * `await db.toArrow<Table>()` after `import type { Table } from "apache-arrow"`.
 */
export interface ArrowTable {
  readonly numRows: number;
  readonly numCols: number;
  readonly schema: { readonly fields: readonly { readonly name: string; readonly nullable: boolean }[] };
  readonly batches: readonly unknown[];
  /** A column by name; null for an unknown name. */
  getChild(name: string): ArrowVector | null;
}

/** A column of an {@link ArrowTable}. */
export interface ArrowVector extends Iterable<unknown> {
  readonly length: number;
  /** Null where the row has no value. */
  get(index: number): unknown;
}

export type Apache = typeof import("apache-arrow");

/** The package apache-arrow. `what` names the function that needs it, for the error. */
export async function apache(what: string): Promise<Apache> {
  try {
    return await import("apache-arrow");
  } catch (cause) {
    const message = `${what} requires the package apache-arrow, which cannot be loaded. Install it: npm install apache-arrow.`;
    throw new MedsError("MEDS_MISSING_PACKAGE", message, { cause });
  }
}

/** A store's patients: one row per patient, one batch per shard. */
export async function storeTable(store: Store): Promise<Table> {
  store.check();
  const arrow = await apache("toArrow()");
  // The store may have been closed meanwhile.
  store.check();
  const table = new arrow.Table(store.manifest.shards.map((_, index) => batchOf(arrow, store.shard(index))));
  scans.set(table, store.scan(null));
  return table;
}

/** The scan of a table: its shards are read in order as long as the table is in use. */
const scans = new WeakMap<Table, NativeScan>();

/** A timeline's rows: one batch per run of rows. */
export async function timelineTable(rows: Rows & { readonly _shard: Shard; readonly _patient: number }): Promise<Table> {
  const shard = rows._shard;
  shard.check();
  if (shard.withheld.length > 0) {
    const names = shard.withheld.join(", ");
    fail(
      "MEDS_LEAK",
      `The table would contain values of ${names} that were not known at the cut-off. Take the rows from the patient's own timeline.`,
    );
  }
  const arrow = await apache("toArrow()");
  shard.check();
  const batch = batchOf(arrow, shard).data as Data<Struct>;
  const [, events, sparse] = batch.children as [Data, Data, Data?];
  const dense = events.children[0] as Data<Struct>;
  const lists = sparse?.children ?? [];
  const fields = [
    ...dense.type.children,
    ...lists.map((list, i) => new arrow.Field((sparse as Data<Struct>).type.children[i]!.name, list.children[0]!.children[1]!.type, true)),
  ];
  // Files have dense columns, then sparse ones.
  const order = shard.store.columns.map((column) => fields.findIndex(({ name }) => name === column.name));
  const inOrder = <T>(of: readonly T[]) => order.map((index) => of[index]!);
  const schema = new arrow.Schema(inOrder(fields));
  const batches = runsOf(rows).map(({ begin, length, list }) => {
    const columns = list === null ? dense.slice(begin, length).children : dense.children.map((data) => take(arrow, data, list));
    const copies = lists.map((data) => {
      const [row, value] = data.children[0]!.children as [Data, Data];
      return take(arrow, value, entriesOf(shard, rows._patient, data, row, list ?? { begin, length }));
    });
    return new arrow.RecordBatch(
      schema,
      new arrow.Data(new arrow.Struct(schema.fields), 0, length, 0, undefined, inOrder([...columns, ...copies])),
    );
  });
  return new arrow.Table(schema, batches);
}

const batches = new WeakMap<Shard, RecordBatch>();

/** A shard's record batch. All its arrays are views of the mapping. */
function batchOf(arrow: Apache, shard: Shard): RecordBatch {
  let batch = batches.get(shard);
  if (batch === undefined) {
    const { file } = shard;
    // apache-arrow does not check offsets before it reads them, so all are checked here.
    const prove = (node: Node) => {
      if (node.offsets !== null) file.offsets(node);
      node.children.forEach(prove);
    };
    file.fields.forEach(prove);
    batch = arrow.tableFromIPC(new Uint8Array(file.buffer)).batches[0]!;
    batches.set(shard, batch);
  }
  return batch;
}

/** Rows of the shard: a run, or a list of them. */
interface Run {
  readonly begin: number;
  readonly length: number;
  readonly list: Uint32Array | null;
}

function runsOf({ length, _begin, _gap, staticCount, _rows: list }: Rows): Run[] {
  if (list !== null || _gap === 0) return [{ begin: _begin, length, list }];
  return [
    { begin: _begin, length: staticCount, list },
    { begin: _begin + staticCount + _gap, length: length - staticCount, list },
  ];
}

/** The entry of each row in a sparse column, or -1. */
function entriesOf(
  shard: Shard,
  patient: number,
  list: Data,
  row: Data,
  rows: Uint32Array | { begin: number; length: number },
): Int32Array {
  const cursor = new Cursor(row.values as Uint16Array | Uint32Array, shard.fault);
  const offsets = list.valueOffsets as Int32Array;
  cursor.turn(offsets[patient]!, offsets[patient + 1]!);
  const base = shard.offsets[patient]!;
  const at = rows instanceof Uint32Array ? (i: number) => rows[i]! : (i: number) => rows.begin + i;
  return Int32Array.from({ length: rows.length }, (_, i) => cursor.find(at(i) - base));
}

/**
 * A dense copy of some entries of an array as in a file (at offset 0); null where an index is -1. A
 * dictionary is shared.
 */
function take(arrow: Apache, data: Data, entries: ArrayLike<number>): Data {
  const { type, stride, values, valueOffsets, children, dictionary } = data;
  const { length } = entries;
  const bitmap = new Uint8Array((length + 7) >> 3);
  let nulls = length;
  for (let i = 0; i < length; i += 1) {
    if (entries[i]! < 0 || !data.getValid(entries[i]!)) continue;
    bitmap[i >> 3]! |= 1 << (i & 7);
    nulls -= 1;
  }
  const made = (buffers: unknown[], below: Data[] = []) =>
    new arrow.Data(type, 0, length, nulls, [...buffers, nulls === 0 ? undefined : bitmap] as never, below, dictionary);
  if (arrow.DataType.isNull(type)) return new arrow.Data(type, 0, length, length);
  if (arrow.DataType.isStruct(type)) {
    return made(
      [undefined, undefined],
      children.map((child) => take(arrow, child, entries)),
    );
  }
  if (arrow.DataType.isBool(type)) {
    const bits = new Uint8Array(bitmap.length);
    for (let i = 0; i < length; i += 1) {
      const entry = entries[i]!;
      if (entry >= 0 && (values[entry >> 3]! >> (entry & 7)) & 1) bits[i >> 3]! |= 1 << (i & 7);
    }
    return made([undefined, bits]);
  }
  if (valueOffsets === undefined) {
    const copy = new (values.constructor as new (length: number) => typeof values)(length * stride);
    for (let i = 0; i < length; i += 1) {
      for (let part = 0; entries[i]! >= 0 && part < stride; part += 1) copy[i * stride + part] = values[entries[i]! * stride + part]!;
    }
    return made([undefined, copy]);
  }
  const offsets = new Int32Array(length + 1);
  const inner: number[] = [];
  for (let i = 0; i < length; i += 1) {
    const entry = entries[i]!;
    if (entry >= 0) for (let at = valueOffsets[entry]!; at < valueOffsets[entry + 1]!; at += 1) inner.push(at);
    offsets[i + 1] = inner.length;
  }
  if (children.length > 0) return made([offsets, undefined], [take(arrow, children[0]!, inner)]);
  return made([offsets, Uint8Array.from(inner, (at) => values[at]!)]);
}
