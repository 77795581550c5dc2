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

  /** @internal Throws for a subject in two splits. `path` is the file of the rows. */
  constructor(rows: SplitRows, path?: string) {
    const { ids, splits, table, texts } = unique(rows, path);
    const names = new Map<string, number>();
    const indexOf = texts.map(() => -1);
    this.split = splits.map((text) => {
      const name = texts[text]!;
      if (indexOf[text]! < 0) indexOf[text] = names.get(name) ?? names.set(name, names.size).size - 1;
      return indexOf[text]!;
    });
    this.names = [...names.keys()];
    this.size = ids.length;
    this.subjects = ids;
    this.table = table;
  }

  /**
   * Reads splits in any form in which they are published. The columns of the file show which form it is:
   *
   * - MEDS's `subject_splits.parquet` (`subject_id`, or `patient_id` in older files, and `split`; null means
   *   no split), or the folder of a dataset with such a file in `metadata`. Its names are kept, because they
   *   are those of the store.
   * - CSV or TSV with `subject_id`, `omop_person_id`, `PatientID`, `patient_id` or `person_id`, and `split` or
   *   `split_name`: EHRSHOT's `person_id_map.csv`, FEMR's `main_split.csv`, INSPECT's cohort and
   *   `splits_20250611.tsv`. `val`, `valid` and
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
    return new Splits(await (/^\.[ct]sv$/i.test(extname(file)) ? readCsvSplits(file) : readParquetSplits(file)), file);
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
    const texts = Object.keys(splits);
    const parts = texts.map((name) => {
      const ids = splits[name]!;
      if (typeof ids !== "object" || ids === null || !(Symbol.iterator in ids))
        expected(`The split ${JSON.stringify(name)}`, ids, "an iterable of subject ids");
      return exactIds([...ids], `the split ${name}`);
    });
    const all = new BigInt64Array(parts.reduce((sum, ids) => sum + ids.length, 0));
    const rows = { ids: all, splits: new Int32Array(all.length), texts };
    let at = 0;
    for (const [split, ids] of parts.entries()) {
      all.set(ids, at);
      rows.splits.fill(split, at, at + ids.length);
      at += ids.length;
    }
    return new Splits(rows);
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

  /** @internal The rows whose subjects are in a split, and how many others there are. */
  _rows(subjectIds: BigInt64Array, name: string): OtherSplits & { readonly rows: number[] } {
    this._known(name);
    const rows: number[] = [];
    const homeless = new Set<bigint>();
    let noSplit = 0;
    for (const [row, subject] of subjectIds.entries()) {
      const own = this.of(subject);
      if (own === name) rows.push(row);
      if (own !== null) continue;
      noSplit += 1;
      homeless.add(subject);
    }
    return { rows, otherSplit: subjectIds.length - rows.length - noSplit, noSplit, noSplitSubjects: homeless.size };
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

/** How many rows are not in a split. */
export interface OtherSplits {
  /** Rows of subjects of another split. */
  readonly otherSplit: number;
  /** Rows of subjects that are in no split, and the number of those subjects. */
  readonly noSplit: number;
  readonly noSplitSubjects: number;
}

/** Subjects and their splits, as indexes into `texts`; -1 for none. A subject may have several rows. */
interface SplitRows {
  readonly ids: BigInt64Array;
  readonly splits: Int32Array;
  readonly texts: readonly string[];
}

const isAscending = (ids: BigInt64Array) => ids.every((id, row) => row === 0 || ids[row - 1]! < id);
const tableOf = (ids: BigInt64Array, ascend: boolean) => new IdTable(new Int32Array(ids.buffer, ids.byteOffset, ids.length * 2), ascend);

/** The rows that have a split, one for each subject, and their table. */
function unique(rows: SplitRows, path: string | undefined): SplitRows & { readonly table: IdTable } {
  const { ids, splits, texts } = rows.splits.includes(-1) ? kept(rows, (row) => rows.splits[row]! >= 0) : rows;
  // As most files are: no row can be a second one, and the table is made when it is used.
  if (isAscending(ids)) return { ids, splits, texts, table: tableOf(ids, true) };
  const table = tableOf(ids, false);
  let copies = 0;
  for (let row = 0; row < ids.length; row += 1) {
    const first = table.firstOf(row);
    if (first === row) continue;
    const [one, other] = [texts[splits[first]!]!, texts[splits[row]!]!];
    if (one !== other) failConflict(ids[row]!, one, other, path);
    copies += 1;
  }
  if (copies === 0) return { ids, splits, texts, table };
  const single = kept({ ids, splits, texts }, (row) => table.firstOf(row) === row);
  return { ...single, table: tableOf(single.ids, false) };
}

function kept({ ids, splits, texts }: SplitRows, keep: (row: number) => boolean): SplitRows {
  return { ids: ids.filter((_, row) => keep(row)), splits: splits.filter((_, row) => keep(row)), texts };
}

/** A subject in two splits: a model must not be tested on a subject that it was trained on. */
function failConflict(id: bigint, one: string, other: string, path: string | undefined): never {
  const where = path === undefined ? "" : `${path}: `;
  fail(
    "MEDS_SPLIT_CONFLICT",
    `${where}subject ${id} is in two splits, ${JSON.stringify(one)} and ${JSON.stringify(other)}. Remove it from one of them.`,
    path,
  );
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

async function readParquetSplits(path: string): Promise<SplitRows> {
  const { rows, columns } = await readParquet(path, "splits", COLUMNS);
  const ids = filled(path, rows, "subject_id", columns.subject_id, REMEDY);
  const { values: splits, texts } = columns.split ?? { values: new Int32Array(rows).fill(-1), texts: [] };
  return { ids, splits, texts };
}

async function readCsvSplits(path: string): Promise<SplitRows> {
  const table = await CsvTable.open(path);
  const id = ["subject_id", "omop_person_id", "PatientID", "patient_id", "person_id"].find((name) => table.has(name));
  const split = ["split", "split_name"].find((name) => table.has(name));
  if (id === undefined || split === undefined) {
    const has = table.header.map((name) => JSON.stringify(name)).join(", ");
    const names = "subject_id, omop_person_id, PatientID, patient_id or person_id, and a column split or split_name";
    fail("MEDS_MISSING_COLUMN", `${path}: a file of splits must have a column ${names}. The columns of this file: ${has || "none"}.`, path);
  }
  const rows = { ids: new BigInt64Array(table.size), splits: new Int32Array(table.size), texts: [] as string[] };
  const known = new Map<string, number>();
  for (let row = 0; row < table.size; row += 1) {
    rows.ids[row] = table.integer(row, id) ?? failNull(path, row, id, REMEDY);
    const text = table.text(row, split);
    const name = text === null ? null : (CANONICAL.get(text) ?? text);
    rows.splits[row] = name === null ? -1 : (known.get(name) ?? known.set(name, rows.texts.push(name) - 1).size - 1);
  }
  return rows;
}
