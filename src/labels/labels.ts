import { fail } from "../errors.js";
import { failGiven, optionsOf, pathOf, shown } from "../given.js";
import { exactIds, type SubjectId } from "../ids.js";
import { exactTimes, type TimeLike } from "../time.js";
import { readLabelFiles } from "./files.js";

/**
 * One label: a subject and a time of prediction, and what is to be predicted, if anything. The members are those of MEDS's label schema, in
 * JavaScript's spelling. A value that is null, or not there, is missing.
 */
export interface Label {
  readonly subjectId: SubjectId;
  /** Data up to and including this time may be used. Microseconds since 1970-01-01 as a safe integer or bigint, or a Date. */
  readonly predictionTime: TimeLike;
  readonly booleanValue?: boolean | null | undefined;
  readonly integerValue?: number | bigint | null | undefined;
  readonly floatValue?: number | null | undefined;
  readonly categoricalValue?: string | null | undefined;
  /** Survival labels: the value (minutes, or true and false) is that of the end of follow-up, and not of the outcome. */
  readonly isCensored?: boolean | null | undefined;
}

/** A label as {@link Labels.at} gives it. */
export interface LabelRow {
  readonly subjectId: bigint;
  /** Microseconds since 1970-01-01. */
  readonly predictionTime: bigint;
  readonly booleanValue: boolean | null;
  readonly integerValue: bigint | null;
  readonly floatValue: number | null;
  readonly categoricalValue: string | null;
  readonly isCensored: boolean | null;
}

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

/** How {@link Labels.open} reads. */
export interface LabelOptions {
  /** Name of the task; by default the name of the folder or file. */
  readonly task?: string | undefined;
}

/**
 * A table of labels: when something is to be predicted about whom, and what. In the order of its files. What is to be predicted may be missing
 * altogether (a table of times of prediction).
 *
 * Source of the definitions: the label schema of MEDS 0.4 (`subject_id`, `prediction_time`, `boolean_value`, `integer_value`, `float_value`,
 * `categorical_value`).
 *
 * @example
 * ```ts
 * import { Labels } from "meds-reader";
 *
 * const labels = Labels.from([
 *   { subjectId: 1, predictionTime: new Date("2150-03-01T12:00:00Z"), booleanValue: true },
 *   { subjectId: 2, predictionTime: new Date("2151-07-09T08:30:00Z"), booleanValue: false },
 * ]);
 * console.log(labels.size, labels.columns, labels.at(0)?.booleanValue);
 * ```
 */
export class Labels implements Iterable<LabelRow> {
  /** Name of the task. */
  readonly task: string;
  /** Number of labels. */
  readonly size: number;
  /** @internal */
  readonly _table: LabelTable;

  /** @internal */
  constructor(task: string, table: LabelTable) {
    this.task = task;
    this.size = table.subjectIds.length;
    this._table = table;
  }

  /**
   * Reads a task: a folder of Parquet files in MEDS's label schema, at any depth and in order of their paths, or one such file. Also reads older
   * files: any unit of time, `patient_id`, all value columns of which the unused ones are null, float64 values. Files without rows are fine.
   *
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` for a folder without Parquet files; `MEDS_MISSING_COLUMN` without `subject_id` or
   * `prediction_time`; `MEDS_COLUMN_TYPE`; `MEDS_NULL_VALUE` for a label without subject or time; `MEDS_SOURCE_DAMAGED`.
   * @example
   * ```ts
   * import { Labels } from "meds-reader";
   *
   * const labels = await Labels.open("demo/labels/in_hospital_mortality");
   * console.log(labels.task, labels.size, labels.columns);
   * ```
   */
  static async open(path: string, options?: LabelOptions): Promise<Labels> {
    const { task } = optionsOf(options) ?? {};
    const { name, table } = await readLabelFiles(pathOf("path", path));
    return new Labels(task ?? name, table);
  }

  /**
   * Labels given in memory.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a value of the wrong type, `MEDS_UNSAFE_NUMBER` for an inexact id or time.
   */
  static from(rows: Iterable<Label>, options?: LabelOptions): Labels {
    const { task } = optionsOf(options) ?? {};
    if (typeof rows !== "object" || rows === null || !(Symbol.iterator in rows)) failGiven("The labels", rows, "an iterable of labels");
    const all = [...rows];
    const wrong = all.findIndex((row) => typeof row !== "object" || row === null);
    if (wrong >= 0) failGiven(`Label ${wrong}`, all[wrong], "an object such as { subjectId, predictionTime, booleanValue }");
    const subjectIds = exactIds(
      all.map(({ subjectId }) => subjectId),
      "the labels",
    );
    const predictionTimes = exactTimes(
      all.map(({ predictionTime }) => predictionTime),
      () => {},
    );
    const builder = new LabelBuilder();
    for (const [i, row] of all.entries()) {
      const value = <T>(name: string, given: T | null | undefined, right: (given: T) => boolean, wanted: string): T | null => {
        if (given === null || given === undefined) return null;
        return right(given) ? given : failGiven(`${name} of label ${i}`, given, wanted);
      };
      const whole = (given: number | bigint) => typeof given === "bigint" || Number.isSafeInteger(given);
      const integer = value("integerValue", row.integerValue, whole, "a whole number or bigint");
      builder.add(subjectIds[i]!, predictionTimes[i]!, {
        boolean_value: value("booleanValue", row.booleanValue, (given) => typeof given === "boolean", "true, false or null"),
        integer_value: integer === null ? null : BigInt(integer),
        float_value: value("floatValue", row.floatValue, (given) => typeof given === "number", "a number or null"),
        categorical_value: value("categoricalValue", row.categoricalValue, (given) => typeof given === "string", "a string or null"),
        is_censored: value("isCensored", row.isCensored, (given) => typeof given === "boolean", "true, false or null"),
      });
    }
    return new Labels(task ?? "labels", builder.finish());
  }

  /** The columns of which some label has a value; none for a table of times only. */
  get columns(): readonly LabelColumn[] {
    const { boolean, integer, float, categorical, censored } = this._table;
    const named = {
      boolean_value: boolean,
      integer_value: integer,
      float_value: float,
      categorical_value: categorical,
      is_censored: censored,
    };
    return (Object.keys(named) as LabelColumn[]).filter((name) => named[name] !== null);
  }

  /** A copy of the subjects' ids, a slot a label. */
  get subjectIds(): BigInt64Array {
    return this._table.subjectIds.slice();
  }

  /** A copy of the times of prediction, in microseconds since 1970-01-01, a slot a label. */
  get predictionTimes(): BigInt64Array {
    return this._table.predictionTimes.slice();
  }

  /** The categories of `categorical_value`, in order of their first label; empty where there is no such column. */
  get categories(): readonly string[] {
    return this._table.categorical?.categories ?? [];
  }

  /** A label, from the end where the index is negative; undefined outside. */
  at(i: number): LabelRow | undefined {
    if (!Number.isInteger(i)) failGiven("The index of a label", i, "a whole number");
    const row = i < 0 ? i + this.size : i;
    if (!(row >= 0 && row < this.size)) return undefined;
    const { subjectIds, predictionTimes, boolean, integer, float, categorical, censored } = this._table;
    const truth = (values: Uint8Array | null) => (values === null || values[row] === MISSING ? null : values[row] === 1);
    const category = categorical?.indexes[row] ?? -1;
    return {
      subjectId: subjectIds[row]!,
      predictionTime: predictionTimes[row]!,
      booleanValue: truth(boolean),
      integerValue: integer?.valid[row] === 1 ? integer.values[row]! : null,
      floatValue: float?.valid[row] === 1 ? float.values[row]! : null,
      categoricalValue: category < 0 ? null : categorical!.categories[category]!,
      isCensored: truth(censored),
    };
  }

  /** The labels in order. */
  *[Symbol.iterator](): IterableIterator<LabelRow> {
    for (let i = 0; i < this.size; i += 1) yield this.at(i)!;
  }

  /**
   * Some of the labels: by index, in the order given, or those of which a function says yes.
   *
   * @throws MedsError `MEDS_OUT_OF_RANGE` for an index that is none.
   */
  select(choice: Iterable<number> | ((label: LabelRow, index: number) => boolean)): Labels {
    const rows: number[] = [];
    if (typeof choice === "function") {
      for (let i = 0; i < this.size; i += 1) if (choice(this.at(i)!, i)) rows.push(i);
    } else {
      if (typeof choice !== "object" || choice === null || !(Symbol.iterator in choice))
        failGiven("The choice of labels", choice, "indexes or a function");
      for (const row of choice) {
        if (!(Number.isInteger(row) && row >= 0 && row < this.size))
          fail("MEDS_OUT_OF_RANGE", `There is no label ${shown(row)}: the table has ${this.size}, from 0.`);
        rows.push(row);
      }
    }
    const { subjectIds, predictionTimes, boolean, integer, float, categorical, censored } = this._table;
    const taken = <A extends Uint8Array | Int32Array | Float64Array | BigInt64Array>(from: A): A => {
      const into = new (from.constructor as new (length: number) => A)(rows.length);
      for (const [i, row] of rows.entries()) into[i] = from[row]!;
      return into;
    };
    return new Labels(this.task, {
      subjectIds: taken(subjectIds),
      predictionTimes: taken(predictionTimes),
      boolean: boolean && taken(boolean),
      integer: integer && { values: taken(integer.values), valid: taken(integer.valid) },
      float: float && { values: taken(float.values), valid: taken(float.valid) },
      categorical: categorical && { indexes: taken(categorical.indexes), categories: categorical.categories },
      censored: censored && taken(censored),
    });
  }

  /** What `JSON.stringify` writes. */
  toJSON(): { readonly task: string; readonly size: number; readonly columns: readonly LabelColumn[] } {
    return { task: this.task, size: this.size, columns: this.columns };
  }
}

/** The values of a label, by column. */
export type LabelValues = {
  readonly boolean_value: boolean | null;
  readonly integer_value: bigint | null;
  readonly float_value: number | null;
  readonly categorical_value: string | null;
  readonly is_censored: boolean | null;
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
