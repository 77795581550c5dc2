// Texts as a Parquet table with a row per text.
import type { LabelRow } from "../labels/labels.js";
import { tableFile, type WrittenColumn } from "../store/native.js";
import type { LabelText } from "./label-text.js";

/** Bytes of texts that are gathered before they are written. */
const PIECE = 8 << 20;

/** The bytes of the file. A column that has no value is all null. */
export async function* parquetOf(texts: AsyncIterable<LabelText>): AsyncGenerator<Uint8Array> {
  const file = tableFile();
  let [rows, size]: [LabelText[], number] = [[], 0];
  let isEmpty = true;
  for await (const text of texts) {
    rows.push(text);
    size += text.bytes.length;
    if (size < PIECE) continue;
    const bytes = file.add(columnsOf(rows));
    [rows, size, isEmpty] = [[], 0, false];
    if (bytes.length > 0) yield bytes;
  }
  if (rows.length > 0 || isEmpty) yield file.add(columnsOf(rows));
  yield file.finish();
}

function columnsOf(rows: readonly LabelText[]): WrittenColumn[] {
  const plain = { isTime: false, valid: null, texts: [] as string[] };
  const whole = (name: string, read: (text: LabelText) => bigint | number | null): WrittenColumn => ({
    ...plain,
    name,
    values: BigInt64Array.from(rows, (text) => BigInt(read(text) ?? 0)),
    valid: Uint8Array.from(rows, (text) => (read(text) === null ? 0 : 1)),
  });
  const words = (name: string, textOf: (text: LabelText) => string | null): WrittenColumn => ({
    ...plain,
    name,
    values: Int32Array.from(rows, (text, i) => (textOf(text) === null ? -1 : i)),
    texts: rows.map((text) => textOf(text) ?? ""),
  });
  const labelOf =
    <T>(read: (label: LabelRow) => T) =>
    ({ label }: LabelText): T | null =>
      label === null ? null : read(label);
  const float = labelOf(({ floatValue }) => floatValue);
  const truth = labelOf(({ booleanValue }) => booleanValue);
  return [
    whole("subject_id", ({ subjectId }) => subjectId),
    { ...whole("prediction_time", ({ predictionTime }) => predictionTime), isTime: true },
    words("text", ({ text }) => text),
    whole("tokens", ({ tokens }) => tokens),
    whole("rows", (text) => text.rows),
    whole("rows_kept", ({ rowsKept }) => rowsKept),
    whole("rows_left_out", ({ rowsLeftOut }) => rowsLeftOut),
    { ...plain, name: "boolean_value", values: Uint8Array.from(rows, (text) => ({ true: 1, false: 0 })[String(truth(text))] ?? 255) },
    whole(
      "integer_value",
      labelOf(({ integerValue }) => integerValue),
    ),
    {
      ...plain,
      name: "float_value",
      values: Float32Array.from(rows, (text) => float(text) ?? 0),
      valid: Uint8Array.from(rows, (text) => (float(text) === null ? 0 : 1)),
    },
    words(
      "categorical_value",
      labelOf(({ categoricalValue }) => categoricalValue),
    ),
    words("instruction_id", ({ instruction }) => instruction?.id ?? null),
  ];
}
