// Reads instructions and responses from CSV and TSV, and joins them by the id of the instruction.
import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fail } from "../support/errors.js";
import { withIo } from "../support/io.js";
import { CsvTable } from "../tables/csv.js";
import type { Instruction, InstructionColumns, InstructionReport, InstructionResponse } from "./instruction.js";

type Member = keyof InstructionColumns;

/** Names of columns by what they say; the first that a file has counts. */
const NAMES: Readonly<Record<Member, readonly string[]>> = {
  id: ["instruction_id"],
  text: ["question", "instruction"],
  subject: ["person_id", "subject_id", "patient_id", "filename"],
  time: ["prediction_time", "time", "date"],
  category: ["human_assigned_subcategory_1", "subcategory", "category"],
  specialty: ["submitter_specialty"],
  response: ["clinician_response"],
  annotator: ["annotator_num", "annotator"],
  evidence: ["evidence"],
};

export const COLUMN_NAMES = Object.keys(NAMES) as readonly Member[];

/** What is read. */
interface Found {
  readonly instructions: readonly Instruction[];
  readonly report: InstructionReport;
}

/** A row, before its responses are joined. */
interface Draft extends Omit<Instruction, "responses"> {
  readonly responses: InstructionResponse[];
  /** For messages. */
  readonly from: string;
}

/** Reads files, or those of folders that have a column of ids. */
export async function readInstructions(paths: readonly string[], columns: InstructionColumns, selected: boolean): Promise<Found> {
  const drafts = new Map<string, Draft>();
  const responses: (InstructionResponse & { readonly id: string })[] = [];
  const files: string[] = [];
  const counts = { rows: 0, repeated: 0, notSelected: 0, orphanResponses: 0 };
  for (const { path, table } of await tablesAt(paths, columns)) {
    files.push(path);
    const reader = new Rows(table, columns);
    for (let row = 0; row < table.size; row += 1) {
      counts.rows += 1;
      if (selected && table.has("is_selected_ehr") && /^\s*(no|false|0)\s*$/i.test(table.text(row, "is_selected_ehr") ?? "")) {
        counts.notSelected += 1;
        continue;
      }
      const id = reader.id(row);
      const draft = reader.draft(row, id);
      if (draft !== null) {
        const known = drafts.get(id);
        if (known !== undefined) counts.repeated += 1;
        drafts.set(id, known === undefined ? draft : joined(known, draft));
      }
      const response = reader.response(row);
      if (response !== null) responses.push({ id, ...response });
    }
  }
  for (const { id, ...response } of responses) {
    const draft = drafts.get(id);
    if (draft === undefined) counts.orphanResponses += 1;
    else if (!draft.responses.some(({ annotator, text }) => annotator === response.annotator && text === response.text))
      draft.responses.push(response);
  }
  const instructions = Array.from(drafts.values(), ({ from, ...instruction }) => instruction);
  const without = (member: "subjectId" | "time") => instructions.filter((one) => one[member] === null).length;
  return { instructions, report: { files, ...counts, withoutSubject: without("subjectId"), withoutTime: without("time") } };
}

/** The tables of instructions or responses. */
async function tablesAt(paths: readonly string[], columns: InstructionColumns) {
  const found: { readonly path: string; readonly table: CsvTable }[] = [];
  for (const path of paths) {
    const isFolder = withIo(path, () => statSync(path)).isDirectory();
    const files = isFolder
      ? withIo(path, () => readdirSync(path))
          .filter((name) => /^[^._].*\.[ct]sv$/i.test(name))
          .sort()
      : [path];
    let some = false;
    for (const file of isFolder ? files.map((name) => join(path, name)) : files) {
      const table = await CsvTable.open(file);
      const id = columnOf(table, "id", columns);
      if (id === undefined && !isFolder) failColumn(table, "id");
      if (id === undefined) continue;
      some = true;
      found.push({ path: file, table });
    }
    if (!some)
      fail(
        "MEDS_NO_DATA",
        `${path}: this folder has no .csv or .tsv file with a column "instruction_id". Use the folder of the instructions.`,
        path,
      );
  }
  // A file that says only who answered what is of no use alone.
  const [first] = found;
  if (first !== undefined && found.every(({ table }) => columnOf(table, "text", columns) === undefined)) failColumn(first.table, "text");
  return found;
}

function columnOf(table: CsvTable, member: Member, columns: InstructionColumns): string | undefined {
  const named = columns[member];
  if (named !== undefined && table.has(named)) return named;
  return NAMES[member].find((name) => table.has(name));
}

function failColumn(table: CsvTable, member: Member): never {
  const has = table.header.map((name) => JSON.stringify(name)).join(", ");
  return fail(
    "MEDS_MISSING_COLUMN",
    `${table.path}: there is no column ${NAMES[member].map((name) => `"${name}"`).join(" or ")}. The columns of this file: ${has || "none"}. Name the right one with \`columns\`.`,
    table.path,
  );
}

/** The rows of a table. */
class Rows {
  private readonly names: Readonly<Record<Member, string | undefined>>;

  constructor(
    private readonly table: CsvTable,
    columns: InstructionColumns,
  ) {
    this.names = Object.fromEntries(COLUMN_NAMES.map((member) => [member, columnOf(table, member, columns)])) as Rows["names"];
  }

  id(row: number): string {
    const id = this.text(row, "id")?.replace(/^(\d+)\.0*$/, "$1");
    if (id !== undefined) return id;
    return fail(
      "MEDS_NULL_VALUE",
      `${this.table.path}: row ${row} has no ${this.names.id}. Every row must name an instruction. Correct the file.`,
      this.table.path,
    );
  }

  /** Null for a row of a file that has responses only. */
  draft(row: number, id: string): Draft | null {
    if (this.names.text === undefined) return null;
    const text = this.text(row, "text");
    if (text === null)
      fail(
        "MEDS_NULL_VALUE",
        `${this.table.path}: row ${row} (instruction ${id}) has no ${this.names.text}. Correct the file.`,
        this.table.path,
      );
    const time = this.names.time === undefined ? null : this.table.time(row, this.names.time);
    const [category, specialty] = [this.text(row, "category"), this.text(row, "specialty")];
    const from = `${basename(this.table.path)}, row ${row}`;
    return { id, text, subjectId: this.subject(row), time, category, specialty, responses: [], from };
  }

  response(row: number): InstructionResponse | null {
    const text = this.text(row, "response");
    return text === null ? null : { annotator: this.text(row, "annotator"), text, evidence: this.text(row, "evidence") };
  }

  /** A whole number, or the name of the file of the patient's record: `124.xml`, `EHR_124.xml`. */
  private subject(row: number): bigint | null {
    const name = this.names.subject;
    if (name !== "filename") return name === undefined ? null : this.table.integer(row, name);
    const text = this.text(row, "subject");
    if (text === null) return null;
    const digits = /^(?:EHR_)?(\d+)(?:\.xml)?$/i.exec(text)?.[1];
    if (digits === undefined) this.table.failCell("MEDS_COLUMN_TYPE", row, name, "the name of the file of a patient, such as 124.xml");
    const subject = BigInt(digits);
    if (BigInt.asIntN(64, subject) !== subject) this.table.failCell("MEDS_VALUE_RANGE", row, name, "a number that fits int64");
    return subject;
  }

  private text(row: number, member: Member): string | null {
    const name = this.names[member];
    return (name === undefined ? null : this.table.text(row, name)?.trim()) || null;
  }
}

/** Two rows of one instruction: what one of them does not say, the other does. They must not contradict each other. */
function joined(one: Draft, other: Draft): Draft {
  const plain = (text: string) => text.replaceAll(/\s+/g, " ");
  if (plain(one.text) !== plain(other.text)) failTwice(one, other, "texts");
  if (one.subjectId !== null && other.subjectId !== null && one.subjectId !== other.subjectId) failTwice(one, other, "subjects");
  if (one.time !== null && other.time !== null && one.time !== other.time) failTwice(one, other, "times");
  return {
    ...one,
    subjectId: one.subjectId ?? other.subjectId,
    time: one.time ?? other.time,
    category: one.category ?? other.category,
    specialty: one.specialty ?? other.specialty,
  };
}

function failTwice(one: Draft, other: Draft, what: string): never {
  return fail(
    "MEDS_SCHEMA_CONFLICT",
    `The instruction ${one.id} is in two rows with different ${what} (${one.from}; ${other.from}). Each id must be that of one instruction about one patient. Correct the files.`,
  );
}
