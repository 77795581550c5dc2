import { existsSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { exactIds, IdTable, type SubjectId } from "../store/ids.js";
import { expected, pathOf, textOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { shownAs } from "../support/inspect.js";
import { withIo } from "../support/io.js";
import { CsvTable } from "../tables/csv.js";
import { failNull, filled, readParquet, type Wanted } from "../tables/parquet.js";

/** Names of EHRSHOT, INSPECT and FEMR for MEDS's splits. */
const CANONICAL: ReadonlyMap<string, string> = new Map([
  ["val", "tuning"],
  ["valid", "tuning"],
  ["validation", "tuning"],
  ["test", "held_out"],
]);

/**
 * The split of each subject: `train`, `tuning`, `held_out`, or any other name. A subject is in one split or
 * in none.
 *
 * A store already has the splits of its dataset: `db.splits`, `db.split(name)`. Use this class for splits
 * that are published beside the data.
 *
 * @example
 * ```ts
 * import { Labels, Splits } from "meds-reader";
 *
 * const splits = Splits.from({ train: [1, 2], held_out: [3] });
 * const labels = Labels.from([
 *   { subjectId: 1, predictionTime: new Date("2150-03-01"), booleanValue: true },
 *   { subjectId: 4, predictionTime: new Date("2150-03-01"), booleanValue: false },
 * ]);
 * console.log(splits.of(3), labels.inSplit(splits, "train").labels.size); // held_out 1
 * ```
 */
export class Splits {
  /** Names of the splits, in order of their first subject. */
  readonly names: readonly string[];
  /** Number of subjects in a split. */
  readonly size: number;
  private readonly subjects: BigInt64Array;
  private readonly table: IdTable;
  /** For each subject the index of its split in `names`. */
  private readonly split: Int32Array;

  /** @internal */
  constructor(assigned: ReadonlyMap<bigint, string>) {
    this.names = [...new Set(assigned.values())];
    this.size = assigned.size;
    this.subjects = BigInt64Array.from(assigned.keys());
    this.table = new IdTable(new Int32Array(this.subjects.buffer), false);
    const indexes = new Map(this.names.map((name, i) => [name, i]));
    this.split = Int32Array.from(assigned.values(), (name) => indexes.get(name)!);
  }

  /**
   * Reads splits in any form in which they are published. The columns of the file show which form it is:
   *
   * - MEDS's `subject_splits.parquet` (`subject_id`, or `patient_id` in older files, and `split`; null means
   *   no split), or the folder of a dataset with such a file in `metadata`. Its names are kept, because they
   *   are those of the store.
   * - CSV with `subject_id`, `omop_person_id`, `PatientID` or `patient_id`, and `split` or `split_name`:
   *   EHRSHOT's `person_id_map.csv`, FEMR's `main_split.csv`, INSPECT's cohort. `val`, `valid` and
   *   `validation` become `tuning`; `test` becomes `held_out`.
   *
   * @throws MedsError `MEDS_SPLIT_CONFLICT` for a subject in two splits; `MEDS_NOT_FOUND`;
   * `MEDS_MISSING_COLUMN`; `MEDS_COLUMN_TYPE`; `MEDS_NULL_VALUE` for a row without a subject;
   * `MEDS_SOURCE_DAMAGED`; `MEDS_TABLE_FORMAT`.
   * @example
   * ```ts
   * import { Splits } from "meds-reader";
   *
   * const splits = await Splits.open("demo/metadata/subject_splits.parquet");
   * for (const name of splits.names) console.log(name, splits.ids(name).length);
   * ```
   */
  static async open(path: string): Promise<Splits> {
    const file = fileOf(pathOf("path", path));
    const assigned = new Map<bigint, string>();
    const assign = (id: bigint, split: string) => assignTo(assigned, id, split, file);
    if (/^\.[ct]sv$/i.test(extname(file))) await readCsvSplits(file, assign);
    else await readParquetSplits(file, assign);
    return new Splits(assigned);
  }

  /**
   * Makes splits from the subject ids of each split.
   *
   * @throws MedsError `MEDS_SPLIT_CONFLICT` for a subject in two splits; `MEDS_UNSAFE_NUMBER`;
   * `MEDS_INVALID_ARGUMENT`.
   */
  static from(splits: { readonly [name: string]: Iterable<SubjectId> }): Splits {
    if (typeof splits !== "object" || splits === null)
      expected("The argument of Splits.from", splits, "an object such as { train: [1, 2], held_out: [3] }");
    const assigned = new Map<bigint, string>();
    for (const [name, ids] of Object.entries(splits)) {
      if (typeof ids !== "object" || ids === null || !(Symbol.iterator in ids))
        expected(`The split ${JSON.stringify(name)}`, ids, "an iterable of subject ids");
      for (const id of exactIds([...ids], `the split ${name}`)) assignTo(assigned, id, name, undefined);
    }
    return new Splits(assigned);
  }

  /**
   * The split of a subject; null if it is in none.
   *
   * @throws MedsError `MEDS_UNSAFE_NUMBER` for a number that is not an exact id.
   */
  of(id: SubjectId): string | null {
    const at = this.table.find(id);
    return at < 0 ? null : this.names[this.split[at]!]!;
  }

  /**
   * A copy of a split's subject ids, in the order of the file or object that the splits were made from.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT`.
   */
  ids(name: string): BigInt64Array {
    const index = this.names.indexOf(this._known(name));
    return this.subjects.filter((_, at) => this.split[at] === index);
  }

  /** @internal The name, if there is a split of that name. */
  _known(name: string): string {
    if (this.names.includes(textOf("name", name, "the name of a split"))) return name;
    const has = this.names.map((split) => JSON.stringify(split)).join(", ");
    fail("MEDS_UNKNOWN_SPLIT", `There is no split ${JSON.stringify(name)}. The splits are: ${has || "none"}.`);
  }

  /** The value that `JSON.stringify` writes: the number of subjects in each split. */
  toJSON(): { readonly [name: string]: number } {
    return Object.fromEntries(this.names.map((name) => [name, this.ids(name).length]));
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return shownAs("Splits", Object.fromEntries([["size", this.size], ...this.names.map((name) => [name, this.ids(name).length])]));
  }
}

/** Throws for a subject in two splits: a model must not be tested on a subject that it was trained on. */
function assignTo(assigned: Map<bigint, string>, id: bigint, split: string, path: string | undefined): void {
  const other = assigned.get(id) ?? split;
  if (other !== split) {
    const where = path === undefined ? "" : `${path}: `;
    fail(
      "MEDS_SPLIT_CONFLICT",
      `${where}subject ${id} is in two splits, ${JSON.stringify(other)} and ${JSON.stringify(split)}. Remove it from one of them.`,
      path,
    );
  }
  assigned.set(id, split);
}

function fileOf(path: string): string {
  if (!existsSync(path)) fail("MEDS_NOT_FOUND", `${path}: there is no such file or folder of splits. Check the path.`, path);
  if (!withIo(path, () => statSync(path)).isDirectory()) return path;
  const found = ["subject_splits.parquet", "patient_splits.parquet"]
    .flatMap((name) => [join(path, "metadata", name), join(path, name)])
    .find((file) => existsSync(file));
  return (
    found ??
    fail(
      "MEDS_NOT_FOUND",
      `${path}: this folder does not contain metadata/subject_splits.parquet. Use the path of the file that contains the splits.`,
      path,
    )
  );
}

const COLUMNS = {
  subject_id: { kind: "integer", required: true, older: "patient_id" },
  split: { kind: "text", required: true },
} as const satisfies Record<string, Wanted>;

const REMEDY = "Each row must name a subject and its split. Correct the file.";

async function readParquetSplits(path: string, assign: (id: bigint, split: string) => void): Promise<void> {
  const { rows, columns } = await readParquet(path, "splits", COLUMNS);
  const ids = filled(path, rows, "subject_id", columns.subject_id, REMEDY);
  for (const [row, id] of ids.entries()) {
    const name = columns.split?.values[row] ?? -1;
    if (name >= 0) assign(id, columns.split!.texts[name]!);
  }
}

async function readCsvSplits(path: string, assign: (id: bigint, split: string) => void): Promise<void> {
  const table = await CsvTable.open(path);
  const id = ["subject_id", "omop_person_id", "PatientID", "patient_id"].find((name) => table.has(name));
  const split = ["split", "split_name"].find((name) => table.has(name));
  if (id === undefined || split === undefined) {
    const has = table.header.map((name) => JSON.stringify(name)).join(", ");
    const names = "subject_id, omop_person_id, PatientID or patient_id, and a column split or split_name";
    fail("MEDS_MISSING_COLUMN", `${path}: a file of splits must have a column ${names}. The columns of this file: ${has || "none"}.`, path);
  }
  for (let row = 0; row < table.size; row += 1) {
    const name = table.text(row, split);
    const subject = table.integer(row, id) ?? failNull(path, row, id, REMEDY);
    if (name !== null) assign(subject, CANONICAL.get(name) ?? name);
  }
}
