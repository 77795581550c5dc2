// Labels of the INSPECT cohort: a table in CSV or TSV with one column per task.
import type { CsvTable } from "../../tables/csv.js";
import { failNull } from "../../tables/parquet.js";
import { type LabelFormat, REMEDY } from "./format.js";
import { labelsOfTask } from "./inspect-tasks.js";

/** Names of the columns of subject and time, newest first. */
const NAMES = [
  ["PatientID", "StudyTime"],
  ["patient_id", "procedure_time"],
] as const;

const namesIn = (csv: CsvTable | null) => NAMES.find((names) => csv?.has(...names));

export const INSPECT: LabelFormat = {
  about: "INSPECT's cohort has PatientID, StudyTime and tasks",
  options: ["column", "shift"],
  matches: ({ csv }) => namesIn(csv) !== undefined,
  async read({ csv }, options) {
    const [patient, time] = namesIn(csv)!;
    const leftOut = { withoutStudy: 0, withoutTime: 0 };
    const found = labelsOfTask(csv!, options, (row) => {
      const subject = csv!.integer(row, patient) ?? failNull(csv!.path, row, patient, REMEDY);
      const at = csv!.time(row, time);
      if (at === null) leftOut.withoutTime += 1;
      return at === null ? null : [subject, at];
    });
    return { ...found, leftOut };
  },
};
