// Parquet files with footers that no writer makes.
import { readFileSync, writeFileSync } from "node:fs";

const MAGIC = Buffer.from("PAR1");

/** A Parquet file of these bytes before its footer, and this footer. */
function withFooter(data: Uint8Array, footer: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([data, footer, length, MAGIC]);
}

/** Replaces the footer of a file. `edit` gets one character per byte. */
export function editFooter(path: string, edit: (footer: string) => string): void {
  const bytes = readFileSync(path);
  const start = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  const footer = bytes.toString("latin1", start, bytes.length - 8);
  const edited = edit(footer);
  if (edited === footer) throw new Error("the edit changes nothing");
  writeFileSync(path, withFooter(bytes.subarray(0, start), Buffer.from(edited, "latin1")));
}

const text = (value: string): number[] => [0x18, value.length, ...Buffer.from(value)];
const INT64 = 0x04;
const BYTE_ARRAY = 0x0c;
const UTF8 = 0x00;
const TIMESTAMP_MICROS = 0x14;
const leaf = (name: string, type: number, converted?: number): number[] => [
  ...[0x15, type, 0x25, 0x02],
  ...text(name),
  ...(converted === undefined ? [] : [0x25, converted]),
  0,
];

/** A Parquet file without rows: ids, times and codes, and a column of `levels` groups, each inside the one before. */
export function writeNested(path: string, levels: number): void {
  const columns = [
    leaf("subject_id", INT64),
    leaf("time", INT64, TIMESTAMP_MICROS),
    leaf("prediction_time", INT64, TIMESTAMP_MICROS),
    leaf("code", BYTE_ARRAY, UTF8),
  ];
  const group = [0x35, 0x02, ...text("g"), 0x15, 0x02, 0];
  const nested = [...Array.from({ length: levels }, () => group), leaf("x", INT64)];
  const root = [0x48, 4, ...Buffer.from("root"), 0x15, (columns.length + 1) * 2, 0];
  const elements = [root, ...columns, ...nested];
  const count = elements.length < 0x80 ? [elements.length] : [(elements.length & 0x7f) | 0x80, elements.length >> 7];
  const footer = [0x15, 0x02, 0x19, 0xfc, ...count, ...elements.flat(), 0x16, 0, 0x19, 0x0c, 0];
  writeFileSync(path, withFooter(MAGIC, Uint8Array.from(footer)));
}
