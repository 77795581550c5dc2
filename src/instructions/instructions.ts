import { indexIn } from "../cohort/members.js";
import type { Cohort } from "../database/cohort.js";
import { type Label, Labels } from "../labels/labels.js";
import { expected, flagOf, namesIn, optionsOf, pathOf, textOf } from "../support/arguments.js";
import { shownAs } from "../support/inspect.js";
import { lazy } from "../support/lazy.js";
import { type Patient, patientOf } from "../timeline/patient.js";
import type { AnySchema } from "../timeline/schema.js";
import type { Timeline } from "../timeline/timeline.js";
import type { Instruction, InstructionColumns, InstructionReport } from "./instruction.js";

const instructionFiles = lazy(() => import("./files.js"));

/** How {@link Instructions.open} reads. */
export interface OpenInstructionsOptions {
  /** Names of columns that the files have instead of the known ones. */
  readonly columns?: InstructionColumns | undefined;
  /** Leave out rows whose column `is_selected_ehr` says no. Default: true. */
  readonly selectedOnly?: boolean | undefined;
}

/** An instruction, and the record that it is about. */
export interface InstructionTimeline<S extends object = AnySchema> {
  readonly instruction: Instruction;
  /** The rows up to and including the time of the instruction; all rows of the patient where it has none. */
  readonly timeline: Timeline<S>;
}

/**
 * Instructions of clinicians, each about the record of one patient as of a time, with reference responses.
 *
 * Source of the definitions: MedAlign (github.com/som-shahlab/medalign; doi 10.1609/aaai.v38i20.30205). Its files are
 * under a data use agreement and were not at hand: what is known of them is from public code.
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { Instructions, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const id = db.at(0)!.subjectId;
 * writeFileSync("questions.csv", `instruction_id,question,person_id,time\n7,Which tests were done?,${id},2020-01-01\n`);
 * const instructions = await Instructions.open("questions.csv");
 * for (const { instruction, timeline } of instructions.of(db)) console.log(instruction.text, timeline.length);
 * db.close();
 * ```
 */
export class Instructions implements Iterable<Instruction> {
  readonly report: InstructionReport;
  private readonly all: readonly Instruction[];

  /** @internal */
  constructor(all: readonly Instruction[], report: InstructionReport) {
    this.all = all;
    this.report = report;
  }

  /**
   * Reads instructions and responses: a CSV or TSV file, a folder with such files (those without a column
   * `instruction_id` are ignored), or several of these. Rows with one id are one instruction.
   *
   * Columns that public code reads from MedAlign's files: `instruction_id`, `question`, `person_id`,
   * `is_selected_ehr` (yes or no), `annotator_num`, `clinician_response` (HELM, medalign_scenario_helper.py);
   * `filename` (`124.xml`), `evidence`, `submitter_specialty` of release 1.3 (other public programs);
   * `human_assigned_subcategory_1` (the public sample data/instructions-sample.csv, which has no patients). Assumed,
   * since no public code has a column for it: the time until when the record is known, in `prediction_time`,
   * `time` or `date`; also `instruction`, `subject_id`, `patient_id`, `subcategory`, `category` and `annotator`. Other
   * names: `columns`.
   *
   * A date is its first moment; a time without a zone is UTC.
   *
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` for a folder without such files; `MEDS_MISSING_COLUMN`;
   * `MEDS_NULL_VALUE` for a row without an id or text; `MEDS_COLUMN_TYPE` for a time or subject that is not one;
   * `MEDS_SCHEMA_CONFLICT` for one id with two texts, patients or times; `MEDS_SOURCE_DAMAGED`.
   */
  static async open(path: string | readonly string[], options?: OpenInstructionsOptions): Promise<Instructions> {
    const { columns, selectedOnly } = optionsOf(options) ?? {};
    namesIn("Instructions.open", options ?? {}, ["columns", "selectedOnly"]);
    const paths = (Array.isArray(path) ? path : [path]).map((one: string) => pathOf("path", one));
    const named = optionsOf(columns) ?? {};
    const { COLUMN_NAMES, readInstructions } = await instructionFiles();
    namesIn("columns", named, COLUMN_NAMES);
    for (const [member, name] of Object.entries(named)) if (name !== undefined) textOf(`columns.${member}`, name, "the name of a column");
    const { instructions, report } = await readInstructions(paths, named, flagOf("selectedOnly", selectedOnly, true));
    return new Instructions(instructions, report);
  }

  /** Number of instructions. */
  get size(): number {
    return this.all.length;
  }

  /** The instruction at an index; a negative index counts from the end. Undefined outside. */
  at(i: number): Instruction | undefined {
    if (!Number.isInteger(i)) expected("The index of an instruction", i, "a whole number");
    return this.all.at(i);
  }

  /** The instructions, in the order of the files. */
  [Symbol.iterator](): IterableIterator<Instruction> {
    return this.all[Symbol.iterator]();
  }

  /** Some of the instructions: those for which a function returns true. */
  filter(test: (instruction: Instruction) => boolean): Instructions {
    if (typeof test !== "function") expected("test", test, "a function of an instruction");
    return new Instructions(
      this.all.filter((instruction) => test(instruction)),
      this.report,
    );
  }

  /**
   * The instructions with the records that they are about. Instructions for patients that are not in `db` are left out
   * and listed in `absent`.
   *
   * @throws MedsError `MEDS_CLOSED`.
   */
  of<S extends object>(db: Cohort<S>): InstructionTimelines<S> {
    if (typeof db !== "object" || db === null || !("_store" in db)) expected("db", db, "a PatientDatabase or one of its cohorts");
    db._store.check();
    return new InstructionTimelines(db, this.all);
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return shownAs("Instructions", { size: this.size, files: this.report.files.length });
  }
}

/** Instructions joined to a database: {@link Instructions.of} makes it. */
export class InstructionTimelines<S extends object = AnySchema> implements Iterable<InstructionTimeline<S>> {
  /** Number of instructions whose patient is in the database. */
  readonly size: number;
  /** Instructions that are left out: they name no patient, or one that is not there or has no time at all. */
  readonly absent: readonly Instruction[];
  /**
   * A label without a value per instruction, at its time; at the time of the patient's last row where it has none.
   * `samples`, `texts` and the like take them: label i is that of instruction i.
   */
  readonly labels: Labels;
  /** @internal By label. */
  readonly _instructions: readonly Instruction[];
  private readonly db: Cohort<S>;
  private readonly indexes: readonly number[];

  /** @internal */
  constructor(db: Cohort<S>, all: readonly Instruction[]) {
    const [known, absent, indexes, labels]: [Instruction[], Instruction[], number[], Label[]] = [[], [], [], []];
    for (const instruction of all) {
      const { subjectId, time } = instruction;
      const index = subjectId === null ? -1 : indexIn(db, subjectId);
      const predictionTime = index < 0 ? null : (time ?? lastTime(patientOf(db._store, index)));
      if (predictionTime === null) {
        absent.push(instruction);
        continue;
      }
      known.push(instruction);
      indexes.push(index);
      labels.push({ subjectId: subjectId!, predictionTime });
    }
    this.db = db;
    this.size = known.length;
    this.absent = absent;
    this.labels = Labels.from(labels, { task: "instructions" });
    this._instructions = known;
    this.indexes = indexes;
  }

  /**
   * An instruction and its record; a negative index counts from the end. Undefined outside.
   *
   * @throws MedsError `MEDS_CLOSED`.
   */
  at(i: number): InstructionTimeline<S> | undefined {
    if (!Number.isInteger(i)) expected("The index of an instruction", i, "a whole number");
    const instruction = this._instructions.at(i);
    if (instruction === undefined) return undefined;
    this.db._store.check();
    const patient = patientOf<S>(this.db._store, this.indexes.at(i)!);
    return { instruction, timeline: instruction.time === null ? patient : patient.until(instruction.time) };
  }

  /** The instructions in order. */
  *[Symbol.iterator](): IterableIterator<InstructionTimeline<S>> {
    for (let i = 0; i < this.size; i += 1) yield this.at(i)!;
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return shownAs("InstructionTimelines", { size: this.size, absent: this.absent.length });
  }
}

/** The time of a patient's last row; null where no row has one. */
function lastTime(patient: Patient<object>): bigint | null {
  return patient.staticCount < patient.length ? patient.at(-1)!.timeMicros : null;
}
