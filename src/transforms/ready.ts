// The ready transforms of this package: they correct common mistakes in extracts of hospital records.
import { expected, namesIn, optionsOf, textOf } from "../support/arguments.js";
import { type Duration, durationOf } from "../support/duration.js";
import { choiceOf, codesOf, END, type RowChoice, type RowCodes, VISIT } from "./choice.js";
import type { StepPlan } from "./step.js";

/** A ready transform, for {@link transform}. */
export class ReadyTransform {
  /** Its name and all its options, as in the manifest of the store. */
  readonly plan: StepPlan;

  /** @internal */
  constructor(plan: StepPlan) {
    this.plan = Object.freeze(plan);
  }
}

/**
 * The tables of STARR (Stanford) that contain bills, and those that contain encounters, as FEMR lists them.
 */
const BILLS = ["pat_enc_dx", "hsp_acct_dx_list", "arpb_transactions"];
const HOSPITALS = ["shc", "lpch"];
const BILLING = { column: "clarity_table", values: HOSPITALS.flatMap((hospital) => BILLS.map((table) => `${hospital}_${table}`)) };
const ENCOUNTERS = { column: "clarity_table", values: HOSPITALS.map((hospital) => `${hospital}_pat_enc`) };
const VISITS = { column: "table", values: ["visit"] };

/** The rows of billing and of visits: see {@link billingToVisitEnd}. */
export interface BillingToVisitEnd {
  /** Rows of billing. Default: the column `clarity_table` is one of STARR's tables of bills, as in FEMR. */
  readonly billing?: RowChoice | undefined;
  /** Rows with the end of a visit. Default: the column `clarity_table` is `shc_pat_enc` or `lpch_pat_enc`. */
  readonly visits?: RowChoice | undefined;
  /** The column with the visit of a row. Default: `visit_id`. */
  readonly visit?: string | undefined;
  /** The column with the end times of rows (`timestamp[us]`). Default: `end`. */
  readonly end?: string | undefined;
}

/**
 * Moves billing codes to the end of their visit. Bills are written after a visit, but some extracts date them
 * at its start. There they reveal a diagnosis to a model days before it was made. A billing row that is dated
 * before the end of its visit moves to that end, and so does the row's own end. Rows without a visit, or
 * whose visit has no end, stay and are counted. Where a visit has several ends, the latest is used.
 *
 * Equivalent to FEMR's `move_billing_codes`, with one difference: where several visits have the same code at
 * the same time, FEMR moves the code of the lowest visit and leaves the others at the start. Here each code
 * moves to the end of its own visit.
 *
 * @example
 * ```ts
 * import { billingToVisitEnd } from "meds-reader";
 *
 * const stanford = billingToVisitEnd();
 * const mine = billingToVisitEnd({ billing: { codes: "ICD10CM/*" }, visits: { column: "table", values: "visit" } });
 * console.log(stanford.plan, mine.plan);
 * ```
 */
export function billingToVisitEnd(options?: BillingToVisitEnd): ReadyTransform {
  const {
    billing = BILLING,
    visits = ENCOUNTERS,
    visit = VISIT,
    end = END,
  } = checked("billingToVisitEnd", options, ["billing", "visits", "visit", "end"]);
  return new ReadyTransform({
    name: "billing_to_visit_end",
    options: {
      billing: choiceOf("billing", billing),
      visits: choiceOf("visits", visits),
      visit: columnOf("visit", visit),
      end: columnOf("end", end),
    },
  });
}

/** The rows of visits: see {@link visitStartToFirstEvent}. */
export interface VisitStartToFirstEvent {
  /** Rows with the start of a visit. Default: the column `table` is `visit`, as in meds_etl. */
  readonly visits?: RowChoice | undefined;
  /** The column with the visit of a row. Default: `visit_id`. */
  readonly visit?: string | undefined;
  /** The column with the end times of rows. Default: `end`, where the store has this column. */
  readonly end?: string | undefined;
}

/**
 * Moves the start of a visit to its first event. Where only the day of a visit is known, it is dated at
 * midnight, before the patient came. The earliest rows of a visit move to the time of the first other row of
 * the same visit that is dated after them, even if their time is exact. Their end times move there too, if
 * they were earlier. A visit without such a row stays, and so do later rows of the visit itself, such as its
 * end.
 *
 * Equivalent to FEMR's `move_visit_start_to_first_event_start`, except that FEMR reports an error for visits
 * with rows at several times.
 *
 * @example
 * ```ts
 * import { visitStartToFirstEvent } from "meds-reader";
 *
 * console.log(visitStartToFirstEvent({ visits: { codes: "HOSPITAL_ADMISSION*" }, visit: "hadm_id" }).plan);
 * ```
 */
export function visitStartToFirstEvent(options?: VisitStartToFirstEvent): ReadyTransform {
  const { visits = VISITS, visit = VISIT, end } = checked("visitStartToFirstEvent", options, ["visits", "visit", "end"]);
  return new ReadyTransform({
    name: "visit_start_to_first_event",
    options: { visits: choiceOf("visits", visits), visit: columnOf("visit", visit), ...ended(end) },
  });
}

/** The rows of which only the day is known: see {@link midnightToDayEnd}. */
export interface MidnightToDayEnd {
  /** Codes. A string that ends in `*` means all codes with this prefix, and `*` means all codes. */
  readonly codes: RowCodes;
  /** The column with the end times of rows. Default: `end`, where the store has this column. */
  readonly end?: string | undefined;
}

/**
 * Moves rows from exactly midnight to 23:59 of their day. An event of which only the day is known is dated at
 * the first moment of the day, before it happened: a prediction at noon would know an event of the evening.
 * Ends at midnight move too. {@link inspect} reports by code prefix how many rows are at midnight. Birth rows
 * stay.
 *
 * FEMR's `move_to_day_end` moves all rows, including births.
 *
 * @example
 * ```ts
 * import { midnightToDayEnd } from "meds-reader";
 *
 * console.log(midnightToDayEnd({ codes: ["ICD10CM/*", "CPT4/*"] }).plan);
 * ```
 */
export function midnightToDayEnd(options: MidnightToDayEnd): ReadyTransform {
  const { codes, end } = checked("midnightToDayEnd", options, ["codes", "end"]);
  return new ReadyTransform({ name: "midnight_to_day_end", options: { codes: codesOf("codes", codes!), ...ended(end) } });
}

/** Options of {@link beforeBirthToBirth}. */
export interface BeforeBirthToBirth {
  /**
   * Rows that are more than this before birth are left out and counted. Default: no row is left out. FEMR
   * leaves out rows more than 30 days before.
   */
  readonly drop?: Duration | undefined;
  /** The column with the end times of rows. Default: `end`, where the store has this column. */
  readonly end?: string | undefined;
}

/**
 * Moves rows before birth to the birth (the earliest row with a birth code, see {@link Patient.birthTime}).
 * Their end times, if they were earlier, move there too. Rows of a patient without a time of birth stay, and
 * such patients are counted. Equivalent to FEMR's `move_pre_birth`.
 *
 * @example
 * ```ts
 * import { beforeBirthToBirth } from "meds-reader";
 *
 * console.log(beforeBirthToBirth({ drop: { days: 30 } }).plan);
 * ```
 */
export function beforeBirthToBirth(options?: BeforeBirthToBirth): ReadyTransform {
  const { drop, end } = checked("beforeBirthToBirth", options, ["drop", "end"]);
  return new ReadyTransform({
    name: "before_birth_to_birth",
    options: { ...(drop === undefined ? {} : { drop: String(durationOf("drop", drop)) }), ...ended(end) },
  });
}

/**
 * Renames codes `ICD10/…` to `ICD10CM/…`: diagnoses of American hospitals are ICD-10-CM, whatever name the
 * extract uses. Equivalent to FEMR's `switch_to_icd10cm`. The store's `codes.parquet` does not change: a
 * renamed code has the description that the file lists for its new name.
 *
 * @example
 * ```ts
 * import { icd10ToIcd10cm, transform } from "meds-reader";
 *
 * const { notes } = await transform("demo.medsdb", "renamed.medsdb", icd10ToIcd10cm());
 * console.log(notes);
 * ```
 */
export function icd10ToIcd10cm(): ReadyTransform {
  return new ReadyTransform({ name: "icd10_to_icd10cm", options: {} });
}

function checked<O extends object>(what: string, options: O | undefined, known: readonly (keyof O & string)[]): Partial<O> {
  const given = optionsOf(options) ?? {};
  namesIn(what, given, known);
  return given;
}

function columnOf(name: string, column: string): string {
  return textOf(name, column, "the name of a column") === "" ? expected(name, column, "the name of a column") : column;
}

function ended(end: string | undefined): { readonly end?: string } {
  return end === undefined ? {} : { end: columnOf("end", end) };
}
