// Labels of INSPECT as released: a row per study, whose patient and time are in the table study_mapping beside it.
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fail } from "../../support/errors.js";
import { withIo } from "../../support/io.js";
import { CsvTable } from "../../tables/csv.js";
import { failNull } from "../../tables/parquet.js";
import { type LabelFormat, REMEDY } from "./format.js";
import { labelsOfTask, tasksIn } from "./inspect-tasks.js";

const STUDY = "impression_id";
const PATIENT = "person_id";
/** Where a study has no time of its procedure, that of its note. */
const TIMES = ["procedure_DATETIME", "note_DATETIME"];

export const INSPECT_RELEASE: LabelFormat = {
  about: "INSPECT's labels_DATE.tsv has impression_id and tasks, beside study_mapping_DATE.tsv",
  tables: /^labels(_\d{8})?\.[ct]sv$/i,
  tasks: tasksIn,
  options: ["column", "shift"],
  matches: ({ csv }) => csv?.has(STUDY) ?? false,
  async read({ path, csv }, options) {
    const studies = await studiesIn(mappingBeside(path));
    const leftOut = { withoutStudy: 0, withoutTime: 0 };
    const found = labelsOfTask(csv!, options, (row) => {
      const id = studyAt(csv!, row) ?? failNull(path, row, STUDY, "Every label must name its study. Correct the file.");
      const study = studies.get(id);
      if (study === undefined) leftOut.withoutStudy += 1;
      else if (study.time === null) leftOut.withoutTime += 1;
      else return [study.subject, study.time];
      return null;
    });
    return { ...found, leftOut };
  },
};

/** The id of a study, also where pandas has written it as `3.0`. */
const studyAt = (table: CsvTable, row: number): string | undefined =>
  table
    .text(row, STUDY)
    ?.trim()
    .replace(/^(\d+)\.0*$/, "$1");

/** The table of studies in the folder of the labels. */
function mappingBeside(path: string): string {
  const folder = dirname(path);
  const found = withIo(folder, () => readdirSync(folder)).filter((name) => /^study_mapping(_\d{8})?\.[ct]sv$/i.test(name));
  if (found.length === 1) return join(folder, found[0]!);
  return fail(
    found.length === 0 ? "MEDS_NOT_FOUND" : "MEDS_INVALID_ARGUMENT",
    found.length === 0
      ? `${path}: there is no study_mapping_DATE.tsv beside this file. It has the patient and time of each study: put it there.`
      : `${path}: there are several tables of studies beside this file: ${found.sort().join(", ")}. Keep the one of the same release.`,
    path,
  );
}

interface Study {
  readonly subject: bigint;
  /** Null for a study without a time: no record as of then can be read. */
  readonly time: bigint | null;
}

/** The studies by their ids. A study with several images has several rows, which must agree. */
async function studiesIn(path: string): Promise<Map<string, Study>> {
  const table = await CsvTable.open(path);
  const times = TIMES.filter((name) => table.has(name));
  if (times.length === 0)
    fail("MEDS_MISSING_COLUMN", `${path}: there is no column ${TIMES.map((name) => `"${name}"`).join(" or ")}. Add one of these.`, path);
  const found = new Map<string, Study>();
  for (let row = 0; row < table.size; row += 1) {
    const id = studyAt(table, row) ?? failNull(path, row, STUDY, "Every row must name its study. Correct the file.");
    const subject = table.integer(row, PATIENT) ?? failNull(path, row, PATIENT, REMEDY);
    const time = times.reduce<bigint | null>((first, name) => first ?? table.time(row, name), null);
    const known = found.get(id);
    if (known !== undefined && (known.subject !== subject || known.time !== time))
      fail("MEDS_SCHEMA_CONFLICT", `${path}: row ${row}: the study ${id} has two patients or two times. Correct the file.`, path);
    found.set(id, { subject, time });
  }
  return found;
}
