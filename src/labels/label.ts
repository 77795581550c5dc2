// One label, options about labels, and a table made of labels in memory.

import { exactIds, type SubjectId } from "../store/ids.js";
import { expected } from "../support/arguments.js";
import type { Duration } from "../support/duration.js";
import { isDate } from "../support/realm.js";
import { exactTimes, TIMES, type TimeLike } from "../support/time.js";
import { LabelBuilder, type LabelTable } from "./table/table.js";

/**
 * One label: a subject, a prediction time, and the value to predict, if there is one. The members are those
 * of MEDS's label schema, in JavaScript's spelling. A value that is null or omitted counts as missing.
 */
export interface Label {
  readonly subjectId: SubjectId;
  /**
   * A model may use data up to and including this time. Microseconds since 1970-01-01 as a safe integer or
   * bigint, a Date, or ISO 8601 text.
   */
  readonly predictionTime: TimeLike;
  readonly booleanValue?: boolean | null | undefined;
  readonly integerValue?: number | bigint | null | undefined;
  readonly floatValue?: number | null | undefined;
  readonly categoricalValue?: string | null | undefined;
  /**
   * True if follow-up ended before the outcome was known. Then `booleanValue` is missing, because censored is
   * not false. If `floatValue` is a time in minutes, it is the time to the end of follow-up.
   */
  readonly isCensored?: boolean | null | undefined;
}

/** A label as {@link Labels.at} returns it. */
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

/** How labels are named. */
export interface LabelOptions {
  /** Name of the task. Default: the name of the task's folder or file, or of INSPECT's column. */
  readonly task?: string | undefined;
}

/** How {@link Labels.open} reads. */
export interface OpenLabelsOptions extends LabelOptions {
  /**
   * INSPECT's tables: the column that contains the task (`12_month_mortality`, `pe_positive_nlp`).
   * Default: the only one.
   */
  readonly column?: string | undefined;
  /**
   * INSPECT's tables: how long before the study the prediction is made. Default: one day for `pe` and
   * `pe_…`, because the study finds pulmonary embolism, and neither its order nor its report may be known
   * yet; 0 for all other tasks.
   */
  readonly shift?: Duration | undefined;
}

/** How {@link Labels.write} writes. */
export interface WriteLabelsOptions {
  /** Replace the Parquet files that are in the folder. Default: false. */
  readonly force?: boolean | undefined;
}

/** Some labels: by index, or those for which a function returns true. */
export type LabelChoice = Iterable<number> | ((label: LabelRow, index: number) => boolean);

/**
 * A lone surrogate is not a character: a file would contain "�" in its place, and two categories would become
 * one.
 */
const isText = (value: unknown) => typeof value === "string" && !/\p{Surrogate}/u.test(value);
const isTruth = (value: unknown) => typeof value === "boolean";
const isWhole = (value: number | bigint) => (typeof value === "bigint" ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value));

/** A table of labels in memory. */
export function tableOf(labels: Iterable<Label>): LabelTable {
  if (typeof labels !== "object" || labels === null || !(Symbol.iterator in labels))
    expected("The first argument of Labels.from", labels, "an iterable of labels");
  const all = [...labels];
  const wrong = all.findIndex((label) => typeof label !== "object" || label === null);
  if (wrong >= 0) expected(`Label ${wrong}`, all[wrong], "an object such as { subjectId, predictionTime, booleanValue }");
  const wide = all.findIndex(({ subjectId: id }) => typeof id === "bigint" && !isWhole(id));
  if (wide >= 0) expected(`subjectId of label ${wide}`, all[wide]!.subjectId, "a whole number that fits int64");
  const subjectIds = exactIds(
    all.map(({ subjectId }) => subjectId),
    "the labels",
  );
  const timeless = all.findIndex(({ predictionTime: time }) => !["number", "bigint", "string"].includes(typeof time) && !isDate(time));
  if (timeless >= 0) expected(`predictionTime of label ${timeless}`, all[timeless]!.predictionTime, TIMES);
  const predictionTimes = exactTimes(
    all.map(({ predictionTime }) => predictionTime),
    () => {},
  );
  const builder = new LabelBuilder();
  for (const [i, label] of all.entries()) {
    const value = <T>(name: string, found: T | null | undefined, isRight: (value: T) => boolean, what: string): T | null => {
      if (found === null || found === undefined) return null;
      return isRight(found) ? found : expected(`${name} of label ${i}`, found, what);
    };
    const integer = value("integerValue", label.integerValue, isWhole, "a safe whole number, or a bigint that fits int64");
    builder.add(subjectIds[i]!, predictionTimes[i]!, {
      boolean_value: value("booleanValue", label.booleanValue, isTruth, "true, false or null"),
      integer_value: integer === null ? null : BigInt(integer),
      float_value: value("floatValue", label.floatValue, (found) => typeof found === "number", "a number or null"),
      categorical_value: value("categoricalValue", label.categoricalValue, isText, "a string without lone surrogates, or null"),
      is_censored: value("isCensored", label.isCensored, isTruth, "true, false or null"),
    });
  }
  return builder.finish();
}
