// Labels of the INSPECT cohort: a table in CSV or TSV with one column per task.
import type { CsvTable } from "../../tables/csv.js";
import { type LabelFormat, subjectAndTime } from "./format.js";
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
    return labelsOfTask(csv!, options, (row) => subjectAndTime(csv!, row, patient, time));
  },
};
