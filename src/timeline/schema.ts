import type { Value } from "../store/values/vector.js";

/** Columns that every MEDS dataset has, and how their values are typed. */
export interface StandardColumns {
  /** Microseconds since 1970-01-01; null for a static row. */
  time: number;
  code: string;
  numeric_value: number;
}

/** The schema of a store about which nothing was said: any name, any value. */
export interface AnySchema {
  [column: string]: Value;
}

/** Names of the columns of a schema. */
export type ColumnName<S extends object> = Extract<keyof S | keyof StandardColumns, string>;

/** What a column's rows hold: null is in the type, but for `code`, which MEDS never leaves null. */
export type ColumnValue<S extends object, N extends string> = N extends "code"
  ? string
  : N extends keyof StandardColumns
    ? StandardColumns[N] | null
    : N extends keyof S
      ? S[N] | null
      : never;
