// Rows of tables of labels: some of one table, and all of several.
import { type LabelTable, MISSING } from "./table.js";

/** The labels of several tables, one after another. */
export function concatenated(tables: readonly LabelTable[]): LabelTable {
  if (tables.length === 1) return tables[0]!;
  const starts: number[] = [];
  let size = 0;
  for (const { subjectIds } of tables) {
    starts.push(size);
    size += subjectIds.length;
  }
  /** An array of all labels; `of` is the part that a table has of it. */
  const all = <A extends { set(from: A, at: number): void }>(array: A, of: (table: LabelTable) => A | undefined): A => {
    for (const [t, table] of tables.entries()) {
      const own = of(table);
      if (own !== undefined) array.set(own, starts[t]!);
    }
    return array;
  };
  const any = (name: keyof LabelTable) => tables.some((table) => table[name] !== null);
  const truths = (name: "boolean" | "censored") =>
    any(name) ? all(new Uint8Array(size).fill(MISSING), (table) => table[name] ?? undefined) : null;
  const valid = (name: "integer" | "float") => all(new Uint8Array(size), (table) => table[name]?.valid);
  return {
    subjectIds: all(new BigInt64Array(size), (table) => table.subjectIds),
    predictionTimes: all(new BigInt64Array(size), (table) => table.predictionTimes),
    boolean: truths("boolean"),
    integer: any("integer") ? { values: all(new BigInt64Array(size), (table) => table.integer?.values), valid: valid("integer") } : null,
    float: any("float") ? { values: all(new Float64Array(size), (table) => table.float?.values), valid: valid("float") } : null,
    categorical: any("categorical") ? categoriesOf(tables, starts, size) : null,
    censored: truths("censored"),
  };
}

/** The categories of several tables, each once. */
function categoriesOf(tables: readonly LabelTable[], starts: readonly number[], size: number): LabelTable["categorical"] {
  const known = new Map<string, number>();
  const indexes = new Int32Array(size).fill(-1);
  for (const [t, { categorical }] of tables.entries()) {
    if (categorical === null) continue;
    const own = categorical.categories.map((name) => {
      const index = known.get(name) ?? known.size;
      known.set(name, index);
      return index;
    });
    for (const [row, index] of categorical.indexes.entries()) indexes[starts[t]! + row] = own[index] ?? -1;
  }
  return { indexes, categories: [...known.keys()] };
}

/** Some rows of a table, in the order of `rows`. */
export function rowsOf(table: LabelTable, rows: readonly number[]): LabelTable {
  const { subjectIds, predictionTimes } = table;
  return {
    subjectIds: BigInt64Array.from(rows, (row) => subjectIds[row]!),
    predictionTimes: BigInt64Array.from(rows, (row) => predictionTimes[row]!),
    ...valuesOf(table, rows),
  };
}

/** The values of some rows; row -1 is a missing label. */
export function valuesOf(table: LabelTable, rows: readonly number[]): Omit<LabelTable, "subjectIds" | "predictionTimes"> {
  const { boolean, integer, float, categorical, censored } = table;
  const truths = (from: Uint8Array) => Uint8Array.from(rows, (row) => from[row] ?? MISSING);
  const valid = (from: Uint8Array) => Uint8Array.from(rows, (row) => from[row] ?? 0);
  return {
    boolean: boolean && truths(boolean),
    integer: integer && { values: BigInt64Array.from(rows, (row) => integer.values[row] ?? 0n), valid: valid(integer.valid) },
    float: float && { values: Float64Array.from(rows, (row) => float.values[row] ?? 0), valid: valid(float.valid) },
    categorical: categorical && {
      indexes: Int32Array.from(rows, (row) => categorical.indexes[row] ?? -1),
      categories: categorical.categories,
    },
    censored: censored && truths(censored),
  };
}
