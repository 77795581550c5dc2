// Predictions in the format of meds-evaluation: one file per model, one row per label, exactly these five
// columns.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { parquetWriteFile } from "hyparquet-writer";

const COLUMNS = {
  subject_id: { type: "INT64" },
  prediction_time: { type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "MICROS" } },
  boolean_value: { type: "BOOLEAN" },
  predicted_boolean_value: { type: "BOOLEAN" },
  predicted_boolean_probability: { type: "DOUBLE" },
};
const written = new Set();

/** Writes the probability of each label, in order. A probability of at least 0.5 predicts true. */
export function writePredictions(filename, labels, probabilities) {
  if (written.has(filename)) throw new Error(`${filename}: Two tasks have this name. Rename the file or folder of one of them.`);
  written.add(filename);
  mkdirSync(dirname(filename), { recursive: true });
  const data = [
    [...labels].map(({ subjectId }) => BigInt(subjectId)),
    [...labels].map(({ predictionTime }) => predictionTime),
    [...labels].map(({ booleanValue }) => booleanValue),
    probabilities.map((probability) => probability >= 0.5),
    probabilities,
  ];
  const schema = Object.entries(COLUMNS).map(([name, element]) => ({ ...element, name, repetition_type: "OPTIONAL" }));
  const columnData = Object.keys(COLUMNS).map((name, i) => ({ name, data: data[i] }));
  parquetWriteFile({ filename, columnData, schema: [{ name: "schema", num_children: schema.length }, ...schema] });
}
