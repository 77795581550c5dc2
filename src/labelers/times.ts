import type { Store } from "../store/store.js";
import { expected, flagOf, namesIn, oneOf, textOf } from "../support/arguments.js";
import { type Duration, durationOf } from "../support/duration.js";
import { fail } from "../support/errors.js";
import { dayOf } from "../support/time.js";
import type { Patient } from "../timeline/patient.js";
import { type LabelCodes, membersOf } from "./codes.js";
import type { Skipped } from "./labeler.js";

/** How a prediction time is moved. */
export interface Moved {
  /** Moves it later by this length of time. Default: 0. */
  readonly offset?: Duration | undefined;
  /**
   * Then moves it to 23:59:00 UTC of its day, as FEMR's `move_datetime_to_end_of_day` does. Default: false.
   */
  readonly endOfDay?: boolean | undefined;
}

/** Prediction times at rows with some codes. */
export interface AtRows extends Moved {
  readonly codes: LabelCodes;
}

/**
 * Prediction times at visits: at the start of a visit or at its end. A visit ends at the first row with an
 * `end` code at or after its start and not after the start of the next visit. A row ends at most one visit.
 * Starts at the same time are one start. Visits without a known end have no prediction time and are counted
 * (`noEnd`). So are visits that end before the prediction time (`over`).
 */
export interface AtVisits extends Moved {
  /**
   * Codes of the starts: `{ prefix: "HOSPITAL_ADMISSION" }` in MIMIC's MEDS, `{ prefix: "Visit/" }` in
   * OMOP's.
   */
  readonly start: LabelCodes;
  /**
   * Codes of the ends, or the column in the row of the start that contains the time of the end: `{ column:
   * "end" }` in OMOP's MEDS.
   */
  readonly end: LabelCodes | { readonly column: string };
  /**
   * A column with the same value at start and end, such as `hadm_id`: visits may then overlap. Starts without
   * a value have no end.
   */
  readonly by?: string | undefined;
  /** Default: `start`. */
  readonly at?: "start" | "end" | undefined;
}

/**
 * The prediction times of a patient: every distinct time of the record (`events`), times of rows, or times of
 * visits. They ascend, and each time occurs once.
 */
export type PredictionTimes = "events" | AtRows | AtVisits;

/** {@link PredictionTimes} of one store: plain data for workers. */
export type TimesPlan =
  | { readonly kind: "events" }
  | { readonly kind: "rows"; readonly codes: Uint8Array; readonly move: Move }
  | {
      readonly kind: "visits";
      readonly start: Uint8Array;
      readonly end: Uint8Array | EndColumn;
      readonly by: string | null;
      readonly atEnd: boolean;
      readonly move: Move;
    };

/** A column of timestamps, and whether it counts nanoseconds. */
interface EndColumn {
  readonly column: string;
  readonly nanos: boolean;
}

interface Move {
  readonly offset: bigint;
  readonly endOfDay: boolean;
}

export function timesPlan(store: Store, at: PredictionTimes): TimesPlan {
  if (at === "events") return { kind: "events" };
  if (typeof at !== "object" || at === null) return expected("at", at, '"events", { codes } or { start, end }');
  const known = "codes" in at ? ["codes", "offset", "endOfDay"] : ["start", "end", "by", "at", "offset", "endOfDay"];
  namesIn("`at`", at, known);
  const move = { offset: durationOf("at.offset", at.offset ?? 0), endOfDay: flagOf("at.endOfDay", at.endOfDay, false) };
  if ("codes" in at) return { kind: "rows", codes: membersOf("at.codes", store.codes, at.codes), move };
  const { end } = at;
  const isColumn = typeof end === "object" && end !== null && "column" in end;
  if (isColumn) namesIn("`at.end`", end, ["column"]);
  return {
    kind: "visits",
    start: membersOf("at.start", store.codes, at.start),
    end: isColumn ? timeColumn(store, end.column) : membersOf("at.end", store.codes, end),
    by: at.by === undefined ? null : columnOf(store, "at.by", at.by),
    atEnd: oneOf("at.at", at.at, ["start", "end"]) === "end",
    move,
  };
}

function columnOf(store: Store, name: string, column: string): string {
  store.columnAt(textOf(name, column, "the name of a column"));
  return column;
}

function timeColumn(store: Store, column: string): EndColumn {
  const { type, stored } = store.column(columnOf(store, "at.end.column", column))!;
  if (!type.startsWith("timestamp")) {
    fail(
      "MEDS_COLUMN_TYPE",
      `${store.path}: column ${JSON.stringify(column)} is of type ${type}, not a time. Name a column of times in \`at.end.column\`.`,
      store.path,
    );
  }
  return { column, nanos: stored.startsWith("timestamp[ns") };
}

/** The prediction times of a patient; they ascend, and each time occurs once. */
export function timesOf(plan: TimesPlan, patient: Patient, skipped: Skipped): bigint[] {
  const times = plan.kind === "visits" ? visitTimes(plan, patient, skipped) : rowTimes(plan, patient);
  const sorted = times.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted.filter((time, i) => i === 0 || time !== sorted[i - 1]);
}

/** Ascending indexes of the rows with a time whose code is a member. */
export function rowsWith(members: Uint8Array, patient: Patient): number[] {
  const { codeIds, length } = patient;
  const rows: number[] = [];
  for (let i = patient.staticCount; i < length; i += 1) if (members[codeIds[i]!] === 1) rows.push(i);
  return rows;
}

function rowTimes(plan: Exclude<TimesPlan, { kind: "visits" }>, patient: Patient): bigint[] {
  const { times } = patient;
  if (plan.kind === "events") return Array.from(times.subarray(patient.staticCount));
  return rowsWith(plan.codes, patient).map((row) => moved(times[row]!, plan.move));
}

function visitTimes(plan: TimesPlan & { kind: "visits" }, patient: Patient, skipped: Skipped): bigint[] {
  const found: bigint[] = [];
  for (const { start, end } of visitsOf(plan, patient)) {
    if (end === null) {
      skipped.add("noEnd");
      continue;
    }
    const time = moved(plan.atEnd ? end : start, plan.move);
    if (!plan.atEnd && time > end) skipped.add("over");
    else found.push(time);
  }
  return found;
}

interface Visit {
  readonly start: bigint;
  readonly end: bigint | null;
}

/** A patient's visits in order of their starts. */
function visitsOf(plan: TimesPlan & { kind: "visits" }, patient: Patient): Visit[] {
  const { times } = patient;
  const key = plan.by === null ? null : patient.column(plan.by);
  const keyOf = (row: number) => (key === null ? "" : (key.at(row) as unknown));
  const seen = new Set<string>();
  const starts = rowsWith(plan.start, patient).filter((row) => {
    const name = `${times[row]} ${String(keyOf(row))}`;
    return !seen.has(name) && seen.add(name);
  });
  const { end } = plan;
  if (!(end instanceof Uint8Array)) {
    const ends = patient.column(end.column);
    return starts.map((row) => {
      const time = microsOf(ends.at(row) as unknown, end.nanos);
      return { start: times[row]!, end: time !== null && time >= times[row]! ? time : null };
    });
  }
  const free = rowsWith(end, patient);
  return starts.map((row, i) => {
    const start = times[row]!;
    // With a shared value, start and end belong together at any distance.
    const next = key === null && i + 1 < starts.length ? times[starts[i + 1]!]! : null;
    const at = free.findIndex((other) => times[other]! >= start && (key === null || (keyOf(row) !== null && keyOf(other) === keyOf(row))));
    const time = at < 0 ? null : times[free[at]!]!;
    if (time === null || (next !== null && time > next)) return { start, end: null };
    free.splice(at, 1);
    return { start, end: time };
  });
}

/** A value of a column of timestamps in microseconds; fractions of a microsecond are cut off. */
function microsOf(value: unknown, nanos: boolean): bigint | null {
  if (typeof value !== "number" && typeof value !== "bigint") return null;
  return nanos ? BigInt(value) / 1000n : BigInt(value);
}

const LAST_MINUTE = 86_340_000_000n;

function moved(time: bigint, { offset, endOfDay }: Move): bigint {
  const later = time + offset;
  if (!endOfDay) return later;
  return dayOf(later) + LAST_MINUTE;
}
