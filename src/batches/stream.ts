// Batches as an Arrow IPC stream, for trainers in other languages: one record batch per batch, one row per
// sample, fixed-size lists for the positions.
import { createWriteStream } from "node:fs";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Data, DataType, RecordBatch, Schema } from "apache-arrow";
import { expected } from "../support/arguments.js";
import { writtenAside } from "../support/atomic.js";
import { fail } from "../support/errors.js";
import { NO_TIME } from "../support/time.js";
import { type Apache, apache } from "../timeline/arrow.js";
import type { Batch } from "./batch.js";
import type { BatchField } from "./fields.js";
import { FIELDS } from "./fields.js";
import { Loader } from "./loader.js";

/**
 * A writable stream of Node: of a file, `process.stdout`, a socket. Declared by its members, so that these
 * types do not depend on the types of Node.
 */
export interface WritableLike {
  write(chunk: Uint8Array): boolean;
  end(): unknown;
}

type Column = { readonly name: string; readonly data: Data; readonly nullable: boolean };

/**
 * Writes the batches of a loader as Arrow IPC to a stream or to a file. A file is complete or does not exist.
 * `pyarrow.ipc.open_stream` reads it. Each batch becomes a record batch with one row per sample: the
 * requested fields as fixed-size lists (`padTo: "max"` makes them equally long in all batches), static rows
 * as lists, labels with their nulls, subject_id, prediction_time, sample, weight and length. `time` is null
 * at PAD and at static rows without a time. Without samples the stream contains a schema and no batch.
 * Requires the package apache-arrow. Returns the number of batches and samples.
 *
 * @throws MedsError `MEDS_MISSING_PACKAGE`; `MEDS_IO` for a file that cannot be written;
 * `MEDS_INVALID_ARGUMENT` for batches that are not padded, or that differ in width.
 * @example
 * ```ts
 * import { loader, PatientDatabase, samples, writeBatches } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const list = samples(db, { split: "train" }, { maxLength: 64 });
 * await writeBatches(loader(list, { batchSize: 8, padTo: "max" }), "batches.arrows");
 * db.close();
 * ```
 */
export async function writeBatches<F extends BatchField>(
  loader: Loader<F>,
  out: WritableLike | string,
): Promise<{ batches: number; samples: number }> {
  if (!(loader instanceof Loader)) expected("loader", loader, "the result of loader(…)");
  const isPath = typeof out === "string" && out !== "" && !out.includes("\0");
  if (!isPath && typeof (out as WritableLike | undefined)?.write !== "function")
    expected("out", out, "a writable stream or the path of a file");
  const arrow = await apache("An Arrow stream");
  const count = { batches: 0, samples: 0 };
  async function* messages(): AsyncGenerator<Uint8Array> {
    let schema: Schema | undefined;
    const record = (batch: Batch<F>) =>
      recordOf(arrow, batch as unknown as Batch<BatchField>, loader as unknown as Loader<BatchField>, schema);
    // A complete stream of one batch: the schema, the batch, the end.
    const streamOf = (one: RecordBatch) => arrow.RecordBatchStreamWriter.writeAll([one]).toUint8Array(true);
    for await (const batch of loader) {
      const own = record(batch);
      const bytes = streamOf(own);
      yield bytes.subarray(schema === undefined ? 0 : schemaLength(bytes), bytes.length - END.length);
      schema ??= own.schema;
      count.batches += 1;
      count.samples += batch.sample.length;
    }
    if (schema === undefined) {
      const bytes = streamOf(record(loader._none()));
      yield bytes.subarray(0, schemaLength(bytes));
    }
    yield END;
  }
  const into = (to: Writable, end = true) => pipeline(Readable.from(messages()), to, { end });
  if (isPath) await writtenAside(out, (part) => into(createWriteStream(part, { flush: true })));
  // stdout stays open: a process has only one.
  else await into(out as Writable, (out as unknown) !== process.stdout);
  return count;
}

/** The end of a stream: a message of length 0. */
const END = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

/** Number of bytes of the first message, the schema, which does not have a body. */
function schemaLength(bytes: Uint8Array): number {
  return 8 + new DataView(bytes.buffer, bytes.byteOffset).getInt32(4, true);
}

/** A batch as a record batch. It must have the schema of the record batch before it, if there is one. */
function recordOf(
  arrow: Apache,
  batch: Batch<BatchField>,
  { fields, categories, _left: left }: Loader<BatchField>,
  before: Schema | undefined,
): RecordBatch {
  const [size = 0, width = 0, ...more] = batch.shape;
  if (batch.segment_ids !== null || more.length > 0)
    fail("MEDS_INVALID_ARGUMENT", 'Only padded batches can be streamed. Make the loader without `tokens` and without layout "nested".');
  const types = typesOf(arrow);
  const lists = (name: string, values: ArrayBufferView, type: DataType, valid: ((place: number) => boolean) | null): Column => {
    const length = size * width;
    const child = arrow.makeData({ type, length, ...validity(length, valid), data: values } as never) as Data;
    const list = new arrow.FixedSizeList(width, new arrow.Field("item", type, valid !== null));
    return { name, data: arrow.makeData({ type: list, length: size, nullCount: 0, child } as never) as Data, nullable: false };
  };
  const plain = (name: string, values: ArrayBufferView, type: DataType, valid: ((i: number) => boolean) | null = null): Column => {
    return {
      name,
      data: arrow.makeData({ type, length: size, ...validity(size, valid), data: values } as never) as Data,
      nullable: valid !== null,
    };
  };
  const ragged = (name: string, values: ArrayBufferView, type: DataType): Column => {
    const [, count] = batch.static_shape;
    const child = arrow.makeData({ type, length: size * count, nullCount: 0, data: values } as never) as Data;
    const valueOffsets = Int32Array.from({ length: size + 1 }, (_, i) => i * count);
    const list = new arrow.List(new arrow.Field("item", type, false));
    return {
      name,
      data: arrow.makeData({ type: list, length: size, nullCount: 0, valueOffsets, child } as never) as Data,
      nullable: false,
    };
  };
  const words = new Int32Array(batch.time.buffer, batch.time.byteOffset, 2 * batch.time.length);
  const hasTime = (place: number): boolean => {
    const row = Math.floor(place / width);
    const at = place - row * width;
    const filled = batch.length[row]!;
    return (left ? at >= width - filled : at < filled) && !(words[2 * place] === 0 && words[2 * place + 1] === -(2 ** 31));
  };
  const columns: Column[] = [
    plain("subject_id", batch.subject_id, types.int64),
    plain("prediction_time", batch.prediction_time, types.time, (i) => batch.prediction_time[i] !== NO_TIME),
    plain("sample", batch.sample, types.uint32),
    plain("weight", batch.weight, types.float32),
    plain("length", batch.length, types.int32),
  ];
  for (const field of FIELDS) {
    if (!fields.has(field)) continue;
    const values = batch[field];
    if (!ArrayBuffer.isView(values))
      fail(
        "MEDS_INVALID_ARGUMENT",
        `Field "${field}" does not have one value per position, so it cannot be streamed. Make the loader without it.`,
      );
    columns.push(lists(field, values, types.of(values, field === "time"), field === "time" ? hasTime : null));
  }
  columns.push(
    ragged("static_code", batch.static_code, types.of(batch.static_code, false)),
    ragged("static_numeric_value", batch.static_numeric_value, types.float32),
    ragged("static_numeric_value_mask", batch.static_numeric_value_mask, types.uint8),
  );
  const { boolean_value, boolean_value_mask, integer_value, integer_value_mask, float_value, float_value_mask, categorical_value } = batch;
  if (boolean_value !== null)
    columns.push(
      plain(
        "boolean_value",
        packed(size, (i) => boolean_value[i] === 1),
        types.bool,
        (i) => boolean_value_mask![i] === 1,
      ),
    );
  if (integer_value !== null) columns.push(plain("integer_value", integer_value, types.int64, (i) => integer_value_mask![i] === 1));
  if (float_value !== null) columns.push(plain("float_value", float_value, types.float32, (i) => float_value_mask![i] === 1));
  if (categorical_value !== null) {
    const texts = Array.from(categorical_value, (index) => (index < 0 ? null : categories[index]!));
    columns.push({ name: "categorical_value", data: arrow.vectorFromArray(texts, new arrow.Utf8()).data[0] as Data, nullable: true });
  }
  if (batch.is_censored !== null)
    columns.push(
      plain(
        "is_censored",
        packed(size, (i) => batch.is_censored![i] === 1),
        types.bool,
      ),
    );
  const schema = new arrow.Schema(columns.map(({ name, data, nullable }) => new arrow.Field(name, data.type, nullable)));
  if (before !== undefined && !arrow.util.compareSchemas(before, schema)) failWidths();
  const struct = new arrow.Struct(schema.fields);
  const children = columns.map(({ data }) => data);
  return new arrow.RecordBatch(before ?? schema, arrow.makeData({ type: struct, length: size, nullCount: 0, children }) as never);
}

function typesOf(arrow: Apache) {
  const int64 = new arrow.Int64();
  const int32 = new arrow.Int32();
  const float32 = new arrow.Float32();
  const uint8 = new arrow.Uint8();
  const time = new arrow.TimestampMicrosecond();
  const of = (values: ArrayBufferView, isTime: boolean): DataType => {
    if (values instanceof BigInt64Array) return isTime ? time : int64;
    return values instanceof Float32Array ? float32 : values instanceof Uint8Array ? uint8 : int32;
  };
  return { int64, int32, float32, uint8, uint32: new arrow.Uint32(), bool: new arrow.Bool(), time, of };
}

/** The validity of values as Arrow stores it. */
function validity(length: number, is: ((i: number) => boolean) | null): { readonly nullCount: number; readonly nullBitmap?: Uint8Array } {
  if (is === null) return { nullCount: 0 };
  const nullBitmap = packed(length, is);
  let nullCount = length;
  for (let i = 0; i < length; i += 1) if (nullBitmap[i >> 3]! & (1 << (i & 7))) nullCount -= 1;
  return { nullCount, nullBitmap };
}

/** Booleans as bits. */
function packed(size: number, is: (i: number) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(size / 8));
  for (let i = 0; i < size; i += 1) if (is(i)) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}

function failWidths(): never {
  fail("MEDS_INVALID_ARGUMENT", 'The batches differ in width. Make the loader with `padTo: "max"`.');
}
