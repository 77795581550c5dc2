// Reads a slot of an apache-arrow array from its buffers, as our reader returns it: `get` of apache-arrow
// rounds times to milliseconds.
import { type Data, DataType, type Decimal, type Table, TimeUnit } from "apache-arrow";

const text = new TextDecoder("utf-8", { ignoreBOM: true });

/** Slot `i` of an array. */
export function slotOf(data: Data, i: number): unknown {
  const { type, values, valueOffsets, children } = data;
  if (DataType.isNull(type) || !data.getValid(i)) return null;
  if (DataType.isDictionary(type)) return slotOf(data.dictionary!.data[0]!, values[i]);
  if (DataType.isBool(type)) return ((values[(data.offset + i) >> 3]! >> ((data.offset + i) & 7)) & 1) === 1;
  if (DataType.isUtf8(type)) return text.decode(values.subarray(valueOffsets[i], valueOffsets[i + 1]));
  if (DataType.isBinary(type)) return Uint8Array.from(values.subarray(valueOffsets[i], valueOffsets[i + 1]));
  if (DataType.isFixedSizeBinary(type)) return Uint8Array.from(values.subarray(i * type.byteWidth, (i + 1) * type.byteWidth));
  if (DataType.isDecimal(type)) return decimal(values.subarray(i * data.stride, (i + 1) * data.stride), type);
  if (DataType.isTimestamp(type) || DataType.isTime(type) || DataType.isDuration(type))
    return type.unit === TimeUnit.NANOSECOND ? values[i] : Number(values[i]);
  if (DataType.isList(type) || DataType.isMap(type)) {
    const [begin, end] = [valueOffsets[i]!, valueOffsets[i + 1]!];
    const items = Array.from({ length: end - begin }, (_, k) => slotOf(children[0]!, begin + k));
    return DataType.isMap(type) ? items.map((pair) => Object.values(pair as object)) : items;
  }
  if (DataType.isStruct(type)) return Object.fromEntries(type.children.map(({ name }, k) => [name, slotOf(children[k]!, i)]));
  return values[i];
}

function decimal(words: Uint32Array, { scale }: Decimal): string {
  const bits = BigInt(32 * words.length);
  const unscaled = BigInt.asIntN(
    Number(bits),
    words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n),
  );
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return (unscaled < 0n ? "-" : "") + (scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`);
}

/** All values of a column. */
export function columnOf(table: Table, name: string): unknown[] {
  return table.getChild(name)!.data.flatMap((data) => Array.from({ length: data.length }, (_, i) => slotOf(data, i)));
}
