// The columns of a table of labels, and how they are built label by label.

/** The columns of values that a label may have: those of MEDS's label schema, and `is_censored`. */
export type LabelColumn = "boolean_value" | "integer_value" | "float_value" | "categorical_value" | "is_censored";

/** The columns of a table of labels. A column without any value is null. */
export interface LabelTable {
  readonly subjectIds: BigInt64Array;
  readonly predictionTimes: BigInt64Array;
  /** 0, 1, or {@link MISSING}. */
  readonly boolean: Uint8Array | null;
  /** `valid` is 1 for each label that has a value: every int64 may be one. */
  readonly integer: { readonly values: BigInt64Array; readonly valid: Uint8Array } | null;
  readonly float: { readonly values: Float64Array; readonly valid: Uint8Array } | null;
  /** For each label the index of its category, -1 where it has none. */
  readonly categorical: { readonly indexes: Int32Array; readonly categories: readonly string[] } | null;
  /** 0, 1, or {@link MISSING}. */
  readonly censored: Uint8Array | null;
}

/** Stands for a missing truth value. */
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

/** Builds a table, label by label. A column without any value is left out. */
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
