export type { ArrowTable, ArrowVector } from "./arrow.js";
export { type Code, type CodeChoice, CodeRange, CodeTable } from "./codes.js";
export { Cohort, type PatientChoice } from "./cohort.js";
export { Column } from "./column.js";
export {
  type ConvertOptions,
  convert,
  type Difference,
  type Generated,
  type GenerateOptions,
  generate,
  type Summary,
  type Verification,
  type VerifyOptions,
  verify,
} from "./convert.js";
export { type FromOptions, type OpenOptions, PatientDatabase } from "./database.js";
export { Dictionary } from "./dictionary.js";
export { MedsError, type MedsErrorCode } from "./errors.js";
export { Event } from "./event.js";
export { ArrowExport } from "./export.js";
export type { SubjectId } from "./ids.js";
export type { JsonValue } from "./json.js";
export type { ColumnInfo, Note } from "./manifest.js";
export type { TypedArray } from "./mapped.js";
export { Metadata } from "./metadata.js";
export type { AbortSignalLike, Progress, WorkOptions } from "./native.js";
export { Patient } from "./patient.js";
export type {
  Aggregates,
  CodeCounts,
  CodeCountsEach,
  CodeQueryOptions,
  CodeRows,
  Occurrences,
  QueryOptions,
  Windows,
} from "./query.js";
export type { AnySchema, ColumnName, ColumnValue, StandardColumns } from "./schema.js";
export type { TimeLike } from "./time.js";
export { Timeline, type TimelineCopy, type Visitor } from "./timeline.js";
export type { Value } from "./values/vector.js";
export type { BetweenOptions, WindowOptions } from "./window.js";
