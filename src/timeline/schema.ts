import type { Value } from "../store/values/vector.js";

/** The columns that every MEDS dataset has, and the types of their values. */
export interface StandardColumns {
  /** Microseconds since 1970-01-01; null for a static row. */
  time: number;
  code: string;
  numeric_value: number;
}

/** The default schema of a store: any name, any value. */
export interface AnySchema {
  [column: string]: Value;
}

/** Names of the columns of a schema. */
export type ColumnName<S extends object> = Extract<keyof S | keyof StandardColumns, string>;

/** The type of a column's values. It includes null, except for `code`, which is never null in MEDS. */
export type ColumnValue<S extends object, N extends string> = N extends "code"
  ? string
  : N extends keyof StandardColumns
    ? StandardColumns[N] | null
    : N extends keyof S
      ? S[N] | null
      : never;

/** The values of all columns of a row, by name. */
export type ColumnValues<S extends object> = { [N in ColumnName<S>]: ColumnValue<S, N> };

/** The values of a row, by name, without the columns that have no value. */
export type PresentValues<S extends object> = { [N in ColumnName<S>]?: NonNullable<ColumnValue<S, N>> };

/** The name of a column, and its value in a row. */
export type ColumnEntry<S extends object> = { [N in ColumnName<S>]: [name: N, value: NonNullable<ColumnValue<S, N>>] }[ColumnName<S>];
