// Columns of labels, and how they are made, taken from and joined. Nothing here knows of files.

/** What a label may hold: the columns of MEDS's label schema, and `is_censored`. */
export type LabelColumn = "boolean_value" | "integer_value" | "float_value" | "categorical_value" | "is_censored";

/** The columns of a table of labels. Each is null where no label has a value of it. */
export interface LabelTable {
  readonly subjectIds: BigInt64Array;
  readonly predictionTimes: BigInt64Array;
  /** 0, 1, or {@link MISSING}. */
  readonly boolean: Uint8Array | null;
  /** With the labels that have one: any int64 is a value. */
  readonly integer: { readonly values: BigInt64Array; readonly valid: Uint8Array } | null;
  readonly float: { readonly values: Float64Array; readonly valid: Uint8Array } | null;
  /** Index into `categories`, -1 where missing. */
  readonly categorical: { readonly indexes: Int32Array; readonly categories: readonly string[] } | null;
  /** 0, 1, or {@link MISSING}. */
  readonly censored: Uint8Array | null;
}

/** No truth value. */
export const MISSING = 255;

/** The values of a label, by column. */
export type LabelValues = {
  readonly boolean_value: boolean | null;
  readonly integer_value: bigint | null;
  readonly float_value: number | null;
  readonly categorical_value: string | null;
  readonly is_censored: boolean | null;
};

/** A label without a value. */
export const NO_VALUES: LabelValues = {
  boolean_value: null,
  integer_value: null,
  float_value: null,
  categorical_value: null,
  is_censored: null,
};

/** Makes a table, label by label. A column that never had a value is left out. */
export class LabelBuilder {
  private readonly subjects: bigint[] = [];
  private readonly times: bigint[] = [];
  private readonly booleans: number[] = [];
  private readonly integers: (bigint | null)[] = [];
  private readonly floats: (number | null)[] = [];
  private readonly categoricals: number[] = [];
  private readonly censored: number[] = [];
  private readonly categories = new Map<string, number>();

  /** Labels so far. */
  get size(): number {
    return this.subjects.length;
  }

  add(subjectId: bigint, predictionTime: bigint, values: LabelValues): void {
    const truth = (value: boolean | null) => (value === null ? MISSING : Number(value));
    this.subjects.push(subjectId);
    this.times.push(predictionTime);
    this.booleans.push(truth(values.boolean_value));
    this.integers.push(values.integer_value);
    this.floats.push(values.float_value);
    this.censored.push(truth(values.is_censored));
    const category = values.categorical_value;
    if (category !== null && !this.categories.has(category)) this.categories.set(category, this.categories.size);
    this.categoricals.push(category === null ? -1 : this.categories.get(category)!);
  }

  finish(): LabelTable {
    const truths = (values: readonly number[]) => (values.every((value) => value === MISSING) ? null : Uint8Array.from(values));
    const valid = (values: readonly unknown[]) => Uint8Array.from(values, (value) => (value === null ? 0 : 1));
    const any = (values: readonly unknown[]) => values.some((value) => value !== null);
    return {
      subjectIds: BigInt64Array.from(this.subjects),
      predictionTimes: BigInt64Array.from(this.times),
      boolean: truths(this.booleans),
      integer: any(this.integers)
        ? { values: BigInt64Array.from(this.integers, (value) => value ?? 0n), valid: valid(this.integers) }
        : null,
      float: any(this.floats) ? { values: Float64Array.from(this.floats, (value) => value ?? 0), valid: valid(this.floats) } : null,
      categorical:
        this.categories.size > 0 ? { indexes: Int32Array.from(this.categoricals), categories: [...this.categories.keys()] } : null,
      censored: truths(this.censored),
    };
  }
}

/** Some rows of a table, in the order given. */
export function rowsOf(table: LabelTable, rows: readonly number[]): LabelTable {
  const { subjectIds, predictionTimes } = table;
  return {
    subjectIds: BigInt64Array.from(rows, (row) => subjectIds[row]!),
    predictionTimes: BigInt64Array.from(rows, (row) => predictionTimes[row]!),
    ...valuesOf(table, rows),
  };
}

/** The values of some rows; -1 stands for a label that is not there. */
function valuesOf(table: LabelTable, rows: readonly number[]): Omit<LabelTable, "subjectIds" | "predictionTimes"> {
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

/** Tables joined: one row a (subject, time), and of each table its values in those rows. */
export interface Joined {
  readonly times: LabelTable;
  readonly tables: readonly LabelTable[];
  /** Of each table 1 in the rows in which it has a label. */
  readonly has: readonly Uint8Array[];
}

/**
 * Joins tables on subject and time of prediction, in the order in which the pairs first occur. The k-th label that a table has for a pair meets the
 * k-th of every other table, so that each label stands in exactly one row: a cross product would repeat labels, and grow without bound.
 */
export function joined(tables: readonly LabelTable[]): Joined {
  /** The rows of a (subject, time), and how many of them the table under way has used. */
  type Pair = { readonly rows: number[]; table: number; used: number };
  const pairs = new Map<bigint, Map<bigint, Pair>>();
  const subjectIds: bigint[] = [];
  const predictionTimes: bigint[] = [];
  const placed = tables.map((table, t) => {
    const rows: number[] = [];
    for (let row = 0; row < table.subjectIds.length; row += 1) {
      const subject = table.subjectIds[row]!;
      const time = table.predictionTimes[row]!;
      const times = pairs.get(subject) ?? new Map<bigint, Pair>();
      const pair = times.get(time) ?? { rows: [], table: t, used: 0 };
      pairs.set(subject, times.set(time, pair));
      if (pair.table !== t) Object.assign(pair, { table: t, used: 0 });
      if (pair.used === pair.rows.length) {
        pair.rows.push(subjectIds.length);
        subjectIds.push(subject);
        predictionTimes.push(time);
      }
      rows[pair.rows[pair.used]!] = row;
      pair.used += 1;
    }
    return rows;
  });
  const times = {
    subjectIds: BigInt64Array.from(subjectIds),
    predictionTimes: BigInt64Array.from(predictionTimes),
    ...{ boolean: null, integer: null, float: null, categorical: null, censored: null },
  };
  const own = placed.map((rows) => Array.from(subjectIds, (_, at) => rows[at] ?? -1));
  return {
    times,
    tables: tables.map((table, t) => ({ ...times, ...valuesOf(table, own[t]!) })),
    has: own.map((rows) => Uint8Array.from(rows, (row) => (row < 0 ? 0 : 1))),
  };
}
