export type { Batch, BatchBase, Leg, LoaderState } from "./batches/batch.js";
export type { BagArrays, BatchField, CodeSets, DefaultField, FieldArrays } from "./batches/fields/fields.js";
export { Loader, loader } from "./batches/loader.js";
export type { LoaderOptions } from "./batches/options.js";
export { writeBatches } from "./batches/stream.js";
export type { AsOf, AsOfOptions, AsOfPoints } from "./cohort/as-of.js";
export type { BinCountOptions, BinCounts, TimeBin } from "./cohort/bin-counts.js";
export type { CodeAggregates } from "./cohort/code-aggregates.js";
export type { PatientChoice, ShardChoice } from "./cohort/members.js";
export { mergeResults, type QueryResult, type ResultKind } from "./cohort/merge.js";
export { type PackedArray, type PackedMembers, type PackedResult, packResult, unpackResult } from "./cohort/packed.js";
export type {
  Aggregates,
  CodeCounts,
  CodeCountsEach,
  CodeQueryOptions,
  CodeRows,
  Occurrences,
  QueryOptions,
} from "./cohort/query.js";
export type { RowFormat, WriteRowsOptions } from "./cohort/row-file.js";
export type { RowArray, RowArrays, RowObject, RowOptions, SelectOptions, UsualColumn } from "./cohort/select.js";
export { WindowRows, type WindowRowsOptions } from "./cohort/window-rows.js";
export type { Moments, MomentWindows, Windows } from "./cohort/windows.js";
export { Cohort } from "./database/cohort.js";
export { type FromOptions, type OpenOptions, PatientDatabase } from "./database/database.js";
export type { LabelFunction, MapFunction, MapWithLabelsFunction, PassContext, ReduceFunction } from "./database/functions.js";
export type { Prefetched, PrefetchOptions, SampleList } from "./database/prefetch.js";
export { type BenchmarkOptions, benchmark } from "./evaluation/benchmark.js";
export type { Interval } from "./evaluation/bootstrap.js";
export { countFeatures } from "./evaluation/count-features.js";
export { FeatureMatrix } from "./evaluation/feature-matrix.js";
export type { Leaderboard, LeftOut, LeftOutLabels, ModelCard, RunResult, TaskResult } from "./evaluation/leaderboard.js";
export type { CalibrationBin, Metric, Metrics } from "./evaluation/metrics.js";
export {
  type OpenPredictionsOptions,
  type Prediction,
  type PredictionOptions,
  type PredictionReport,
  type PredictionRow,
  Predictions,
  type SplitPredictions,
} from "./evaluation/predictions.js";
export { LogisticRegression, type RegressionOptions } from "./evaluation/regression.js";
export type { Scale } from "./evaluation/scaled-rows.js";
export type { Comparison, MetricDifference, Score, ScoreOptions } from "./evaluation/score.js";
export type { Image, ImageReport } from "./images/image.js";
export { Images, type ImagesOfOptions, type OpenImagesOptions } from "./images/images.js";
export type { Instruction, InstructionColumns, InstructionReport, InstructionResponse } from "./instructions/instruction.js";
export { Instructions, type InstructionTimeline, InstructionTimelines, type OpenInstructionsOptions } from "./instructions/instructions.js";
export type { LabelCodes } from "./labelers/codes.js";
export type { FollowUp } from "./labelers/follow.js";
export type { Horizon } from "./labelers/horizon.js";
export type { LabelingOptions, LabelingReport, LabelSample } from "./labelers/label.js";
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
  type LabelsLeftOut,
  type OpenLabelsOptions,
  type SplitLabels,
  type WriteLabelsOptions,
} from "./labels/labels.js";
export { type ShotChoice, type ShotReport, type ShotSelection, Shots } from "./labels/shots.js";
export { Splits } from "./labels/splits.js";
export { NoteHit } from "./notes/hit.js";
export { NoteHits } from "./notes/hits.js";
export type { NoteQuery } from "./notes/pattern.js";
export type { NoteOptions } from "./notes/rows.js";
export type { NoteSearchOptions } from "./notes/search.js";
export type { NoteType } from "./notes/types.js";
export {
  type ClusterPlan,
  type ClusterPlanOptions,
  type ClusterStepOptions,
  type ClusterSteps,
  clusterStep,
  planCluster,
} from "./operations/cluster.js";
export { convert, type Summary } from "./operations/convert.js";
export type { DatasetOptions, Exported } from "./operations/export.js";
export { type FilterOptions, filter } from "./operations/filter.js";
export { type Generated, type GenerateOptions, generate } from "./operations/generate.js";
export { type InspectOptions, inspect } from "./operations/inspect.js";
export { type Difference, type Verification, type VerifyOptions, verify } from "./operations/verify.js";
export type { MapOptions, MapWithLabelsOptions, PassOptions, ReduceOptions } from "./passes/options.js";
export { Pass, type PassReport } from "./passes/pass.js";
export type { Reach, SampleOptions } from "./samples/options.js";
export { type DrawOptions, type Pretraining, type Sample, Samples, samples } from "./samples/samples.js";
export { type SamplesPlan, type SamplesPlanOptions, samplesPlan } from "./samples/samples-plan.js";
export type { SampleReport } from "./samples/selection.js";
export type { Strategy } from "./samples/strategy.js";
export type { CodePrefix, InspectedColumn, InspectedTable, Inspection } from "./sources/inspection.js";
export type { ConvertOptions } from "./sources/plan.js";
export { ArrowExport } from "./store/c-data.js";
export type { CodeChoice, CodePart, CodeTest } from "./store/choice.js";
export { type Code, type CodeStrings, CodeTable } from "./store/codes.js";
export { Dictionary } from "./store/dictionary.js";
export type { SubjectId } from "./store/ids.js";
export type { ColumnInfo, Note } from "./store/manifest.js";
export type { TypedArray } from "./store/mapped-file.js";
export { Metadata } from "./store/metadata.js";
export type { Progress, WorkOptions } from "./store/native.js";
export type { CodePredicate } from "./store/predicate.js";
export type { SearchOptions } from "./store/search.js";
export { CodeRange, CodeSelection } from "./store/selection.js";
export type { Residency } from "./store/store.js";
export type { JsonValue } from "./store/values/json.js";
export type { Value } from "./store/values/vector.js";
export type { Duration } from "./support/duration.js";
export { MedsError, type MedsErrorCode } from "./support/errors.js";
export type { ExactSums } from "./support/exact.js";
export type { Allocate } from "./support/memory.js";
export type { ModuleUrl } from "./support/module.js";
export type { AbortSignalLike } from "./support/signal.js";
export { type Span, timeAfter, timeBefore } from "./support/span.js";
export { microsOf, type TimeLike } from "./support/time.js";
export { readSubjectIds } from "./tables/subject-ids.js";
export type { TimeToEventTask } from "./targets/content.js";
export type { Censoring } from "./targets/course.js";
export type { TimeToEventOptions } from "./targets/options.js";
export { type DenseTargets, TimeToEvent, type TimeToEventTargets } from "./targets/time-to-event.js";
export type { ChatOptions } from "./text/chat.js";
export type { TextTimes } from "./text/clock.js";
export type { Concept, ConceptGroup, ConceptList } from "./text/concepts.js";
export type {
  DocumentBlock,
  DocumentItem,
  DocumentLeftOut,
  DocumentSection,
  TextDocument,
  WriteText,
} from "./text/document.js";
export { KnownEvent } from "./text/known-event.js";
export { KnownTimeline } from "./text/known-timeline.js";
export type { CodeNames } from "./text/names.js";
export type { TextFormat, TextOptions, ToTextOptions } from "./text/options.js";
export type { TextColumns } from "./text/roles.js";
export type { SectionOptions } from "./text/section.js";
export {
  type CustomOptions,
  custom,
  type SectionBlock,
  type SectionContent,
  type SectionLine,
  type WriteSection,
} from "./text/sections/custom.js";
export { demographics } from "./text/sections/demographics.js";
export { type GeneralEventsOptions, generalEvents } from "./text/sections/general-events.js";
export { type LatestValuesOptions, latestValues } from "./text/sections/latest-values.js";
export { type NotesOptions, notes } from "./text/sections/notes.js";
export type { Section } from "./text/sections/sections.js";
export { visitList } from "./text/sections/visit-list.js";
export { type VisitsOptions, visits } from "./text/sections/visits.js";
export { type SectionReport, TimelineText } from "./text/text.js";
export type { Tokenizer } from "./text/tokens.js";
export { LabelText } from "./texts/label-text.js";
export type { TextsOptions } from "./texts/options.js";
export { type TextSource, Texts, texts } from "./texts/texts.js";
export { type WriteTextsOptions, type WrittenTextsReport, writeTexts } from "./texts/write.js";
export type { ArrowTable, ArrowVector } from "./timeline/arrow.js";
export type { BetweenOptions, WindowOptions } from "./timeline/bounds.js";
export { Column } from "./timeline/column.js";
export type { TimelineCopy } from "./timeline/copy.js";
export { Event, type ObjectOptions } from "./timeline/event.js";
export { Group, type Visit, type VisitKey, type VisitOptions } from "./timeline/groups.js";
export { Patient } from "./timeline/patient.js";
export type { CodesOfRow, EventTest, HitOptions } from "./timeline/questions.js";
export { type NewRow, Row, type RowChanges } from "./timeline/row.js";
export type { AnySchema, ColumnEntry, ColumnName, ColumnValue, ColumnValues, PresentValues, StandardColumns } from "./timeline/schema.js";
export { Timeline, type Visitor } from "./timeline/timeline.js";
export type { RowChoice, RowCodePart, RowCodes } from "./transforms/choice.js";
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
export type { Provenance } from "./vocabulary/file.js";
export type { Coverage, Token } from "./vocabulary/fit.js";
export type { FittedOptions, VocabularyOptions } from "./vocabulary/options.js";
export { Vocabulary } from "./vocabulary/vocabulary.js";
