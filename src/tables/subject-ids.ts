// Lists of subject ids in files.
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { pathOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { withIo } from "../support/io.js";
import { CsvTable } from "./csv.js";
import { failNull, filled, readParquet } from "./parquet.js";

/**
 * Subject ids from a file, in its order: a text file with one id per line, CSV with a column `subject_id` or
 * `patient_id`, or Parquet with such a column (`.parquet`).
 *
 * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_MISSING_COLUMN`; `MEDS_INVALID_ARGUMENT` or `MEDS_COLUMN_TYPE` for
 * what is not an int64; `MEDS_NULL_VALUE`; `MEDS_SOURCE_DAMAGED`.
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { PatientDatabase, readSubjectIds } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * writeFileSync("ids.txt", `${db.at(0)!.subjectId}\n`);
 * console.log(db.subset(await readSubjectIds("ids.txt")).size);
 * db.close();
 * ```
 */
export async function readSubjectIds(path: string): Promise<BigInt64Array> {
  return BigInt64Array.from(await idsIn(pathOf("path", path)));
}

const COLUMNS = { subject_id: { kind: "integer", required: true, older: "patient_id" } } as const;
const REMEDY = "Every row must name a subject. Fix the file.";

/** The ids in a file. */
export async function idsIn(path: string): Promise<bigint[]> {
  const kind = extname(path).toLowerCase();
  if (kind === ".parquet") {
    const { rows, columns } = await readParquet(path, "lists of subjects", COLUMNS);
    return [...filled(path, rows, "subject_id", columns.subject_id, REMEDY)];
  }
  const found: bigint[] = [];
  if (kind === ".csv" || kind === ".tsv") {
    const table = await CsvTable.open(path);
    const name = ["subject_id", "patient_id"].find((column) => table.has(column));
    if (name === undefined)
      fail(
        "MEDS_MISSING_COLUMN",
        `${path}: this list of subjects does not have a column "subject_id" or "patient_id". Add or rename the column.`,
        path,
      );
    for (let row = 0; row < table.size; row += 1) found.push(table.integer(row, name) ?? failNull(path, row, name, REMEDY));
  } else {
    const lines = withIo(path, () => readFileSync(path, "utf8"))
      .replace(/^\ufeff/, "")
      .split(/\r?\n/);
    for (const [i, line] of lines.entries()) {
      const text = line.trim();
      // The first line may be a header.
      if (text === "" || (i === 0 && /^(subject|patient)_id$/.test(text))) continue;
      if (!/^[+-]?\d+$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text))
        fail(
          "MEDS_INVALID_ARGUMENT",
          `${path}: line ${i + 1}, ${JSON.stringify(text.slice(0, 40))}, is not a subject id. Write one int64 per line.`,
          path,
        );
      found.push(BigInt(text));
    }
  }
  return found;
}
