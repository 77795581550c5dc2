// Transforms that this package has: mistakes that extracts of hospitals' records have in common.
import { failGiven, namesIn, optionsOf, textOf } from "../support/arguments.js";
import { type Duration, durationOf } from "../support/duration.js";
import { choiceOf, END, listOf, type RowChoice, VISIT } from "./choice.js";
import type { StepPlan } from "./step.js";

/** A ready transform, for {@link transform}. */
export class ReadyTransform {
  /** Its name and options in full, as the manifest of the store keeps them. */
  readonly plan: StepPlan;

  /** @internal */
  constructor(plan: StepPlan) {
    this.plan = Object.freeze(plan);
  }
}

/** The tables of STARR (Stanford) that hold bills, and those that hold encounters, as FEMR lists them. */
const BILLS = ["pat_enc_dx", "hsp_acct_dx_list", "arpb_transactions"];
const HOSPITALS = ["shc", "lpch"];
const BILLING = { column: "clarity_table", values: HOSPITALS.flatMap((hospital) => BILLS.map((table) => `${hospital}_${table}`)) };
const ENCOUNTERS = { column: "clarity_table", values: HOSPITALS.map((hospital) => `${hospital}_pat_enc`) };
const VISITS = { column: "table", values: ["visit"] };

/** Which rows are of billing and of visits: see {@link billingToVisitEnd}. */
export interface BillingToVisitEnd {
  /** Rows of billing. Default: column `clarity_table` is one of STARR's tables of bills, as in FEMR. */
  readonly billing?: RowChoice | undefined;
  /** Rows that say when a visit ends. Default: column `clarity_table` is `shc_pat_enc` or `lpch_pat_enc`. */
  readonly visits?: RowChoice | undefined;
  /** The column that says to which visit a row belongs. Default: `visit_id`. */
  readonly visit?: string | undefined;
  /** The column of the times at which rows end (`timestamp[us]`). Default: `end`. */
  readonly end?: string | undefined;
}

/**
 * Billing codes to the end of their visit: bills are written when a visit is over, but some extracts date them at its start, where they tell a model
 * the diagnosis days before it was made. A row of billing that is dated before the end of its visit moves there, and so does its own end. Rows that
 * name no visit, or one without an end, stay, and are counted; of several ends of a visit the latest counts.
 *
 * FEMR's `move_billing_codes`. Where one code stands at one time in several visits, FEMR moves that of the lowest visit and leaves the others at the
 * start; here each goes to the end of its own.
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

/** Which rows are of visits: see {@link visitStartToFirstEvent}. */
export interface VisitStartToFirstEvent {
  /** Rows that say when a visit starts. Default: column `table` is `visit`, as meds_etl has it. */
  readonly visits?: RowChoice | undefined;
  /** The column that says to which visit a row belongs. Default: `visit_id`. */
  readonly visit?: string | undefined;
  /** The column of the times at which rows end. Default: `end`, where the store has it. */
  readonly end?: string | undefined;
}

/**
 * The start of a visit to the visit's first event: where only the day of a visit is known, it is dated at midnight, before the patient came. The earliest
 * rows of a visit move to the first other row of the same visit that is dated after them, an exact start too; their ends are then not before it. A visit
 * without such a row stays, and so do later rows of the visit itself, such as its end.
 *
 * FEMR's `move_visit_start_to_first_event_start`, where visits with rows at several times are an error.
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

/** Which rows are known by day: see {@link midnightToDayEnd}. */
export interface MidnightToDayEnd {
  /** Codes; a text that ends in `*` stands for all codes that begin so, `*` for all codes. */
  readonly codes: string | readonly string[];
  /** The column of the times at which rows end. Default: `end`, where the store has it. */
  readonly end?: string | undefined;
}

/**
 * Rows at exactly midnight to 23:59 of their day: what is known by day only is dated at its first moment, before it happened, and a prediction made
 * at noon would know what came in the evening. Their ends at midnight move likewise. {@link inspect} tells by code prefix how many rows stand at
 * midnight. Rows of birth stay.
 *
 * FEMR's `move_to_day_end` does it with all rows, births among them.
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
  return new ReadyTransform({ name: "midnight_to_day_end", options: { codes: listOf("codes", codes!), ...ended(end) } });
}

/** What becomes of rows before birth: see {@link beforeBirthToBirth}. */
export interface BeforeBirthToBirth {
  /** Rows that lie before birth by more than this are left out, and counted. Default: none is; FEMR leaves out what lies more than 30 days before. */
  readonly drop?: Duration | undefined;
  /** The column of the times at which rows end. Default: `end`, where the store has it. */
  readonly end?: string | undefined;
}

/**
 * Rows before birth to birth (the earliest row with a birth code, see {@link Patient.birthTime}); their ends are then not before it. Rows of a patient
 * without a time of birth stay, and such patients are counted. FEMR's `move_pre_birth`.
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
 * Codes `ICD10/…` to `ICD10CM/…`: diagnoses of American hospitals are ICD-10-CM, whatever the extract calls them. FEMR's `switch_to_icd10cm`. The store's
 * `codes.parquet` stays as it is: the new codes have the descriptions that it gives them under their new names.
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
  return textOf(name, column, "the name of a column") === "" ? failGiven(name, column, "the name of a column") : column;
}

function ended(end: string | undefined): { readonly end?: string } {
  return end === undefined ? {} : { end: columnOf("end", end) };
}
