import type { Labels } from "../labels/labels.js";
import { MISSING } from "../labels/labels.js";
import type { Memory } from "../support/memory.js";

/** The label columns of a batch, for the rows of the label table. */
export function labelColumns(labels: Labels | null, rows: Int32Array, memory: Memory) {
  const table = labels?._table;
  const truths = (name: string, values: Uint8Array | null | undefined): Uint8Array | null => {
    if (values === null || values === undefined) return null;
    const out = memory.array(name, Uint8Array, rows.length);
    for (let b = 0; b < rows.length; b += 1) out[b] = values[rows[b]!] === 1 ? 1 : 0;
    return out;
  };
  const valid = (name: string, is: ((row: number) => boolean) | null): Uint8Array | null => {
    if (is === null) return null;
    const out = memory.array(name, Uint8Array, rows.length);
    for (let b = 0; b < rows.length; b += 1) out[b] = is(rows[b]!) ? 1 : 0;
    return out;
  };
  const { boolean = null, integer = null, float = null, categorical = null, censored = null } = table ?? {};
  const integers = integer && memory.array("integer_value", BigInt64Array, rows.length);
  const floats = float && memory.array("float_value", Float32Array, rows.length);
  const categories = categorical && memory.array("categorical_value", Int32Array, rows.length);
  for (let b = 0; b < rows.length; b += 1) {
    const row = rows[b]!;
    if (integers !== null) integers[b] = integer!.values[row]!;
    if (floats !== null) floats[b] = float!.values[row]!;
    if (categories !== null) categories[b] = categorical!.indexes[row]!;
  }
  return {
    boolean_value: truths("boolean_value", boolean),
    boolean_value_mask: valid("boolean_value_mask", boolean && ((row) => boolean[row] !== MISSING)),
    integer_value: integers,
    integer_value_mask: valid("integer_value_mask", integer && ((row) => integer.valid[row] === 1)),
    float_value: floats,
    float_value_mask: valid("float_value_mask", float && ((row) => float.valid[row] === 1)),
    categorical_value: categories,
    is_censored: truths("is_censored", censored),
  };
}
