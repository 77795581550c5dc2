// Labels of the EHRSHOT benchmark: labeled_patients.csv.
import type { CsvTable } from "../../tables/csv.js";
import { LabelBuilder, type LabelValues, NO_VALUES } from "../table/table.js";
import { type LabelFormat, subjectAndTime } from "./format.js";

export const EHRSHOT: LabelFormat = {
  about: "EHRSHOT's labeled_patients.csv has patient_id, prediction_time, label_type and value",
  fileName: "labeled_patients.csv",
  options: [],
  matches: ({ csv }) => csv?.has("patient_id", "prediction_time", "label_type", "value") ?? false,
  async read({ csv }) {
    const table = csv!;
    const builder = new LabelBuilder();
    for (let row = 0; row < table.size; row += 1) {
      const [subject, time] = subjectAndTime(table, row, "patient_id", "prediction_time");
      builder.add(subject, time, valuesOf(table, row));
    }
    return { table: builder.finish() };
  },
};

/**
 * A value by its type, as EHRSHOT's own loader and its conversion to MEDS read it: classes are whole numbers,
 * survival is minutes.
 */
function valuesOf(table: CsvTable, row: number): LabelValues {
  switch (table.text(row, "label_type")) {
    case "boolean":
      return { ...NO_VALUES, boolean_value: table.truth(row, "value") };
    case "categorical":
      return { ...NO_VALUES, integer_value: table.integer(row, "value") };
    case "numerical":
    case "numeric":
      return { ...NO_VALUES, float_value: table.number(row, "value") };
    case "survival":
      return { ...NO_VALUES, float_value: table.number(row, "value"), is_censored: table.truth(row, "is_censored") };
    default:
      return table.failCell("MEDS_COLUMN_TYPE", row, "label_type", "boolean, categorical, numerical or survival");
  }
}
