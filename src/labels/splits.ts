import { existsSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { exactIds, IdTable, type SubjectId } from "../store/ids.js";
import { failGiven, pathOf, textOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { withIo } from "../support/io.js";
import { CsvTable } from "../tables/csv.js";
import { failNull, readParquet, type Wanted } from "../tables/parquet.js";

/** What EHRSHOT, INSPECT and FEMR call MEDS's splits. */
const CANONICAL: ReadonlyMap<string, string> = new Map([
  ["val", "tuning"],
  ["valid", "tuning"],
  ["validation", "tuning"],
  ["test", "held_out"],
]);

/**
 * Which subject belongs to which split: `train`, `tuning`, `held_out`, or what else a dataset has. A subject is in one split or in none.
 *
 * A store has its dataset's splits already: `db.splits`, `db.split(name)`. This is for splits that are published beside the data.
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
  /** Number of subjects that have a split. */
  readonly size: number;
  private readonly subjects: BigInt64Array;
  private readonly table: IdTable;
  /** Of each subject the index of its split in `names`. */
  private readonly split: Int32Array;

  /** @internal */
  constructor(assigned: ReadonlyMap<bigint, string>) {
    this.names = [...new Set(assigned.values())];
    this.size = assigned.size;
    this.subjects = BigInt64Array.from(assigned.keys());
    this.table = new IdTable(new Int32Array(this.subjects.buffer));
    const places = new Map(this.names.map((name, i) => [name, i]));
    this.split = Int32Array.from(assigned.values(), (name) => places.get(name)!);
  }

  /**
   * Reads splits as they are published, known by their columns:
   *
   * - MEDS's `subject_splits.parquet` (`subject_id`, or `patient_id` in older ones, and `split`; null there means no split), or the folder of a dataset
   *   that has one in `metadata`. Its names stay as they are: they are those of the store.
   * - CSV with `subject_id`, `omop_person_id`, `PatientID` or `patient_id`, and `split` or `split_name`: EHRSHOT's `person_id_map.csv`, FEMR's
   *   `main_split.csv`, INSPECT's cohort. `val`, `valid` and `validation` become `tuning`, `test` becomes `held_out`.
   *
   * @throws MedsError `MEDS_SPLIT_CONFLICT` for a subject in two splits; `MEDS_NOT_FOUND`; `MEDS_MISSING_COLUMN`; `MEDS_COLUMN_TYPE`;
   * `MEDS_NULL_VALUE` for a row without subject; `MEDS_SOURCE_DAMAGED`; `MEDS_TABLE_FORMAT`.
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
   * Splits given in memory: of each its subjects.
   *
   * @throws MedsError `MEDS_SPLIT_CONFLICT` for a subject in two splits; `MEDS_UNSAFE_NUMBER`; `MEDS_INVALID_ARGUMENT`.
   */
  static from(splits: { readonly [name: string]: Iterable<SubjectId> }): Splits {
    if (typeof splits !== "object" || splits === null)
      failGiven("The splits", splits, "an object such as { train: [1, 2], held_out: [3] }");
    const assigned = new Map<bigint, string>();
    for (const [name, ids] of Object.entries(splits)) {
      if (typeof ids !== "object" || ids === null || !(Symbol.iterator in ids))
        failGiven(`The split ${name}`, ids, "an iterable of subject ids");
      for (const id of exactIds([...ids], `the split ${name}`)) assignTo(assigned, id, name, undefined);
    }
    return new Splits(assigned);
  }

  /**
   * The split of a subject; null where it is in none.
   *
   * @throws MedsError `MEDS_UNSAFE_NUMBER` for a number that is no exact id.
   */
  of(id: SubjectId): string | null {
    const at = this.table.find(id);
    return at < 0 ? null : this.names[this.split[at]!]!;
  }

  /**
   * A copy of a split's subject ids, in the order in which they stand in the source.
   *
   * @throws MedsError `MEDS_UNKNOWN_SPLIT`.
   */
  ids(name: string): BigInt64Array {
    const place = this.names.indexOf(this._known(name));
    return this.subjects.filter((_, at) => this.split[at] === place);
  }

  /** @internal A name that these splits have. */
  _known(name: string): string {
    if (this.names.includes(textOf("name", name, "the name of a split"))) return name;
    const has = this.names.map((split) => JSON.stringify(split)).join(", ");
    fail("MEDS_UNKNOWN_SPLIT", `There is no split ${JSON.stringify(name)}. There are: ${has || "none"}.`);
  }

  /** What `JSON.stringify` writes: how many subjects each split has. */
  toJSON(): { readonly [name: string]: number } {
    return Object.fromEntries(this.names.map((name) => [name, this.ids(name).length]));
  }
}

/** A model must not be tested on whom it was trained on. */
function assignTo(assigned: Map<bigint, string>, id: bigint, split: string, path: string | undefined): void {
  const other = assigned.get(id) ?? split;
  if (other !== split) {
    const where = path === undefined ? "" : `${path}: `;
    fail(
      "MEDS_SPLIT_CONFLICT",
      `${where}subject ${id} stands in two splits, ${JSON.stringify(other)} and ${JSON.stringify(split)}. A subject belongs to one.`,
      path,
    );
  }
  assigned.set(id, split);
}

function fileOf(path: string): string {
  if (!existsSync(path)) fail("MEDS_NOT_FOUND", `${path}: there is no such file or folder of splits.`, path);
  if (!withIo(path, () => statSync(path)).isDirectory()) return path;
  const found = ["subject_splits.parquet", "patient_splits.parquet"]
    .flatMap((name) => [join(path, "metadata", name), join(path, name)])
    .find((file) => existsSync(file));
  return found ?? fail("MEDS_NOT_FOUND", `${path}: there is no metadata/subject_splits.parquet. Give the file of the splits.`, path);
}

const COLUMNS = {
  subject_id: { kind: "integer", type: "int64", required: true, older: "patient_id" },
  split: { kind: "text", type: "string", required: true },
} as const satisfies Record<string, Wanted>;

const REMEDY = "Each row names a subject and its split; correct the file.";

async function readParquetSplits(path: string, assign: (id: bigint, split: string) => void): Promise<void> {
  await readParquet(path, "splits", COLUMNS, (row, { subject_id: id, split }) => {
    if (id === null) failNull(path, row, "subject_id", REMEDY);
    if (split !== null) assign(id, split);
  });
}

async function readCsvSplits(path: string, assign: (id: bigint, split: string) => void): Promise<void> {
  const table = await CsvTable.open(path);
  const id = ["subject_id", "omop_person_id", "PatientID", "patient_id"].find((name) => table.has(name));
  const split = ["split", "split_name"].find((name) => table.has(name));
  if (id === undefined || split === undefined) {
    const has = table.header.map((name) => JSON.stringify(name)).join(", ");
    const wanted = 'subject_id, omop_person_id, PatientID or patient_id, and "split" or "split_name"';
    fail("MEDS_MISSING_COLUMN", `${path}: splits need a column ${wanted}; the file has ${has || "none"}.`, path);
  }
  for (let row = 0; row < table.size; row += 1) {
    const name = table.text(row, split);
    const subject = table.integer(row, id) ?? failNull(path, row, id, REMEDY);
    if (name !== null) assign(subject, CANONICAL.get(name) ?? name);
  }
}
