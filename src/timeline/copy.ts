import type { TypedArray } from "../store/mapped-file.js";
import { textsIn } from "../support/arguments.js";
import type { ColumnName } from "./schema.js";
import type { Timeline } from "./timeline.js";

/** A copy of a timeline's rows. It may be used after `close()` and posted to a worker. */
export interface TimelineCopy {
  readonly subjectId: bigint;
  readonly staticCount: number;
  /** int64 microseconds since 1970-01-01; static rows contain the int64 minimum. */
  readonly times: BigInt64Array;
  readonly codeIds: Uint8Array | Uint16Array | Uint32Array;
  /** NaN for null. */
  readonly numericValues: Float32Array | Float64Array;
  /** The requested columns, as {@link Column.toArray} returns them. */
  readonly columns: { readonly [name: string]: TypedArray | readonly unknown[] };
}

/** Copies the rows of a timeline, with the named further columns. */
export function copyOf<S extends object>(line: Timeline<S>, columns: readonly ColumnName<S>[]): TimelineCopy {
  textsIn("columns", columns);
  return {
    subjectId: line.subjectId,
    staticCount: line.staticCount,
    times: line.times.slice(),
    codeIds: line.codeIds.slice(),
    numericValues: line.numericValues.slice(),
    columns: Object.fromEntries(columns.map((name) => [name, line.column(name).toArray()])),
  };
}
