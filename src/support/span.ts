import { type Duration, durationOf } from "./duration.js";
export type Span = Duration;
export type SpanPlan = { readonly micros: bigint };
export function spanOf(name: string, span: Span): SpanPlan {
  return { micros: durationOf(name, span) };
}
export function laterBy(micros: bigint, span: SpanPlan): bigint {
  return micros + span.micros;
}
export function earlierBy(micros: bigint, span: SpanPlan): bigint {
  return micros - span.micros;
}
