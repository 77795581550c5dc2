export type { ArrowTable, ArrowVector } from "./arrow.js";
export type { Batch, BatchBase, LoaderState } from "./batches/batch.js";
export type { Allocate, BagArrays, BatchField, CodeSets, DefaultField, FieldArrays } from "./batches/fields.js";
export { Loader, type LoaderOptions, loader } from "./batches/loader.js";
export { type WritableLike, writeBatches } from "./batches/stream.js";
export { type Code, type CodeChoice, CodeRange, CodeTable } from "./codes.js";
export { Cohort, type PatientChoice } from "./cohort.js";
export { Column } from "./column.js";
export { type ConvertOptions, convert, type Summary } from "./convert.js";
export { type FromOptions, type OpenOptions, PatientDatabase } from "./database.js";
export type { DatasetOptions, Exported } from "./dataset.js";
export { Dictionary } from "./dictionary.js";
export { MedsError, type MedsErrorCode } from "./errors.js";
export { Event } from "./event.js";
export { ArrowExport } from "./export.js";
export { type FilterOptions, filter } from "./filter.js";
export { type Generated, type GenerateOptions, generate } from "./generate.js";
export type { SubjectId } from "./ids.js";
export {
  type CodePrefix,
  type InspectedColumn,
  type InspectedTable,
  type Inspection,
  type InspectOptions,
  inspect,
} from "./inspect.js";
export type { JsonValue } from "./json.js";
export type { LabelCodes } from "./labelers/codes.js";
export type { FollowUp } from "./labelers/follow.js";
export type { Horizon } from "./labelers/horizon.js";
export type { LabelFunction, LabelingOptions, LabelingReport, LabelSample } from "./labelers/label.js";
export { Labeler } from "./labelers/labeler.js";
export type { Asked, AskedLabel } from "./labelers/labeling.js";
export { type OutcomeOptions, outcomeWithin } from "./labelers/outcome.js";
export { predictionTimes } from "./labelers/prediction.js";
export type { AtRows, AtVisits, Moved, PredictionTimes } from "./labelers/times.js";
export { type EachValue, labValue, type Thresholds, type ValueWithin } from "./labelers/value.js";
export {
  JointLabels,
  type Label,
  type LabelChoice,
  type LabelColumn,
  type LabelOptions,
  type LabelRow,
  Labels,
  type OpenLabelsOptions,
  type SplitLabels,
  type WriteLabelsOptions,
} from "./labels/labels.js";
export { type ShotChoice, type ShotReport, type ShotSelection, Shots } from "./labels/shots.js";
export { Splits } from "./labels/splits.js";
export type { ColumnInfo, Note } from "./manifest.js";
export type { TypedArray } from "./mapped.js";
export { Metadata } from "./metadata.js";
export type { AbortSignalLike, Progress, WorkOptions } from "./native.js";
export type { ModuleUrl } from "./passes/module.js";
export type {
  MapFunction,
  MapOptions,
  MapWithLabelsFunction,
  MapWithLabelsOptions,
  PassContext,
  PassOptions,
  ReduceFunction,
  ReduceOptions,
} from "./passes/options.js";
export { Pass, type PassReport } from "./passes/pass.js";
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
export { type NewRow, Row, type RowChanges } from "./row.js";
export type { Duration } from "./samples/duration.js";
export type { CodePredicate, Reach, SampleOptions, Strategy } from "./samples/options.js";
export { type DrawOptions, type Pretraining, type Sample, type SampleReport, Samples, samples } from "./samples/samples.js";
export type { AnySchema, ColumnName, ColumnValue, StandardColumns } from "./schema.js";
export type { Censoring } from "./targets/course.js";
export {
  type DenseTargets,
  TimeToEvent,
  type TimeToEventOptions,
  type TimeToEventTargets,
  type TimeToEventTask,
} from "./targets/time-to-event.js";
export type { TimeLike } from "./time.js";
export { Timeline, type TimelineCopy, type Visitor } from "./timeline.js";
export type { RowChoice } from "./transforms/choice.js";
export {
  type BeforeBirthToBirth,
  type BillingToVisitEnd,
  beforeBirthToBirth,
  billingToVisitEnd,
  icd10ToIcd10cm,
  type MidnightToDayEnd,
  midnightToDayEnd,
  ReadyTransform,
  type VisitStartToFirstEvent,
  visitStartToFirstEvent,
} from "./transforms/ready.js";
export { type TransformedRow, type TransformFunction, type TransformOptions, transform } from "./transforms/transform.js";
export type { Value } from "./values/vector.js";
export { type Difference, type Verification, type VerifyOptions, verify } from "./verify.js";
export type { Provenance } from "./vocabulary/file.js";
export type { Coverage, Token } from "./vocabulary/fit.js";
export type { FittedOptions, VocabularyOptions } from "./vocabulary/options.js";
export { Vocabulary } from "./vocabulary/vocabulary.js";
export type { BetweenOptions, WindowOptions } from "./window.js";
