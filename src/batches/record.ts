// A batch as an Arrow record batch: one row per sample, a fixed-size list per field.
import { types as isType } from "node:util";
import type { Data, DataType, RecordBatch, Schema } from "apache-arrow";
import { conflict } from "../support/arguments.js";
import { NO_TIME } from "../support/time.js";
import type { Apache } from "../timeline/arrow.js";
import type { Batch } from "./batch.js";
import { type BatchField, FIELD_NAMES, FIELDS } from "./fields/fields.js";

type Column = { readonly name: string; readonly data: Data; readonly nullable: boolean };
type Valid = ((i: number) => boolean) | null;

/** What a record batch needs of a loader. */
export interface RecordSource {
  readonly fields: ReadonlySet<BatchField>;
  readonly categories: readonly string[];
  readonly _left: boolean;
}

/** A batch as a record batch. It must have the schema of the record batch before it, if there is one. */
export function recordOf(arrow: Apache, batch: Batch<BatchField>, source: RecordSource, before: Schema | undefined): RecordBatch {
  const [, , ...more] = batch.shape;
  if (batch.segment_ids !== null || more.length > 0)
    conflict('Only padded batches can be streamed. Make the loader without `tokens` and without layout "nested".');
  const make = new Columns(arrow, batch);
  const columns = [
    ...sampleColumns(make, batch),
    ...fieldColumns(make, batch, source),
    ...staticColumns(make, batch),
    ...labelColumns(make, batch, source.categories),
  ];
  const schema = new arrow.Schema(columns.map(({ name, data, nullable }) => new arrow.Field(name, data.type, nullable)));
  if (before !== undefined && !arrow.util.compareSchemas(before, schema))
    conflict('The batches differ in width. Make the loader with `padTo: "max"`.');
  const struct = new arrow.Struct(schema.fields);
  const length = batch.sample.length;
  const children = columns.map(({ data }) => data);
  return new arrow.RecordBatch(before ?? schema, arrow.makeData({ type: struct, length, nullCount: 0, children }) as never);
}

/** Makes the columns of a record batch. */
class Columns {
  readonly types: ReturnType<typeof typesOf>;
  private readonly size: number;
  private readonly width: number;
  private readonly staticWidth: number;

  constructor(
    readonly arrow: Apache,
    { shape: [size = 0, width = 0], static_shape }: Batch<BatchField>,
  ) {
    this.types = typesOf(arrow);
    this.size = size;
    this.width = width;
    this.staticWidth = static_shape[1];
  }

  /** One value per sample. */
  plain(name: string, values: ArrayBufferView, type: DataType, valid: Valid = null): Column {
    const { arrow, size } = this;
    const data = arrow.makeData({ type, length: size, ...validity(size, valid), data: values } as never) as Data;
    return { name, data, nullable: valid !== null };
  }

  /** Booleans, one per sample. */
  bool(name: string, values: Uint8Array, valid: Valid = null): Column {
    const bits = packed(this.size, (i) => values[i] === 1);
    return this.plain(name, bits, this.types.bool, valid);
  }

  /** One value per position. */
  fixed(name: string, values: ArrayBufferView, type: DataType, valid: Valid): Column {
    const { arrow, size, width } = this;
    const length = size * width;
    const child = arrow.makeData({ type, length, ...validity(length, valid), data: values } as never) as Data;
    const list = new arrow.FixedSizeList(width, new arrow.Field("item", type, valid !== null));
    return { name, data: arrow.makeData({ type: list, length: size, nullCount: 0, child } as never) as Data, nullable: false };
  }

  /** One value per static row. */
  statics(name: string, values: ArrayBufferView, type: DataType): Column {
    const { arrow, size, staticWidth } = this;
    const child = arrow.makeData({ type, length: size * staticWidth, nullCount: 0, data: values } as never) as Data;
    const valueOffsets = Int32Array.from({ length: size + 1 }, (_, i) => i * staticWidth);
    const list = new arrow.List(new arrow.Field("item", type, false));
    const data = arrow.makeData({ type: list, length: size, nullCount: 0, valueOffsets, child } as never) as Data;
    return { name, data, nullable: false };
  }

  /** Texts, one per sample; null where missing. */
  texts(name: string, values: readonly (string | null)[]): Column {
    const { arrow } = this;
    return { name, data: arrow.vectorFromArray(values, new arrow.Utf8()).data[0] as Data, nullable: true };
  }
}

function sampleColumns(make: Columns, { subject_id, prediction_time, sample, weight, length }: Batch<BatchField>): Column[] {
  const { types } = make;
  return [
    make.plain("subject_id", subject_id, types.int64),
    make.plain("prediction_time", prediction_time, types.time, (i) => prediction_time[i] !== NO_TIME),
    make.plain("sample", sample, types.uint32),
    make.plain("weight", weight, types.float32),
    make.plain("length", length, types.int32),
  ];
}

/** The requested fields. `time` is a timestamp, null at PAD and at static rows without a time. */
function fieldColumns(make: Columns, batch: Batch<BatchField>, { fields, _left: left }: RecordSource): Column[] {
  return FIELD_NAMES.filter((field) => fields.has(field)).map((field) => {
    const values = batch[field];
    if (FIELDS[field].per === "list" || !ArrayBuffer.isView(values))
      return conflict(`Field "${field}" does not have one value per position, so it cannot be streamed. Make the loader without it.`);
    if (field === "time") return make.fixed(field, values, make.types.time, hasTime(batch, left));
    return make.fixed(field, values, make.types.of(values), null);
  });
}

/** Whether a position has a time. */
function hasTime({ time, shape: [, width = 0], length }: Batch<BatchField>, left: boolean): (position: number) => boolean {
  const words = new Int32Array(time.buffer, time.byteOffset, 2 * time.length);
  return (position) => {
    const row = Math.floor(position / width);
    const at = position - row * width;
    const filled = length[row]!;
    return (left ? at >= width - filled : at < filled) && !(words[2 * position] === 0 && words[2 * position + 1] === -(2 ** 31));
  };
}

function staticColumns(make: Columns, { static_code, static_numeric_value, static_numeric_value_mask }: Batch<BatchField>): Column[] {
  return [
    make.statics("static_code", static_code, make.types.of(static_code)),
    make.statics("static_numeric_value", static_numeric_value, make.types.float32),
    make.statics("static_numeric_value_mask", static_numeric_value_mask, make.types.uint8),
  ];
}

/** The label columns, null where a label has no value. */
function labelColumns(make: Columns, batch: Batch<BatchField>, categories: readonly string[]): Column[] {
  const { boolean_value, boolean_value_mask, integer_value, integer_value_mask, float_value, float_value_mask } = batch;
  const { categorical_value, is_censored } = batch;
  const { types } = make;
  const columns: Column[] = [];
  if (boolean_value !== null) columns.push(make.bool("boolean_value", boolean_value, (i) => boolean_value_mask![i] === 1));
  if (integer_value !== null) columns.push(make.plain("integer_value", integer_value, types.int64, (i) => integer_value_mask![i] === 1));
  if (float_value !== null) columns.push(make.plain("float_value", float_value, types.float32, (i) => float_value_mask![i] === 1));
  if (categorical_value !== null) {
    const texts = Array.from(categorical_value, (index) => (index < 0 ? null : categories[index]!));
    columns.push(make.texts("categorical_value", texts));
  }
  if (is_censored !== null) columns.push(make.bool("is_censored", is_censored));
  return columns;
}

function typesOf(arrow: Apache) {
  const int64 = new arrow.Int64();
  const int32 = new arrow.Int32();
  const float32 = new arrow.Float32();
  const uint8 = new arrow.Uint8();
  const of = (values: ArrayBufferView): DataType => {
    if (isType.isBigInt64Array(values)) return int64;
    return isType.isFloat32Array(values) ? float32 : isType.isUint8Array(values) ? uint8 : int32;
  };
  return { int64, int32, float32, uint8, uint32: new arrow.Uint32(), bool: new arrow.Bool(), time: new arrow.TimestampMicrosecond(), of };
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
