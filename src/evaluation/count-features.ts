// Counts of codes as features: what EHRSHOT's count baseline uses.
import type { Cohort } from "../database/cohort.js";
import { Labels } from "../labels/labels.js";
import { expected } from "../support/arguments.js";
import type { AbortSignalLike } from "../support/signal.js";
import { readOntology } from "../vocabulary/ontology.js";
import { type FeatureMatrix, MatrixBuilder } from "./feature-matrix.js";

/** Labels per query, so that the counts of few labels are in memory twice. */
const PIECE = 4096;
const YEAR = 365.25 * 86_400_000_000;

/** The column of a patient's age. */
const AGE = "age in years";

/**
 * Features of labels that were known at their prediction times: the age in years, and how often each code, or
 * a code below it (`parent_codes` of codes.parquet), occurs at or before the prediction time, static rows
 * included. Columns depend on the codes of the store only, so that matrices of different labels fit together.
 * Source: the count baseline of EHRSHOT (Wornow et al. 2023), FEMR's `AgeFeaturizer` and `CountFeaturizer`
 * with ontology expansion.
 *
 * @throws MedsError `MEDS_UNKNOWN_SUBJECT` for a label of a subject that is not in `db`: choose labels with
 * `labels.select(({ subjectId }) => db.has(subjectId))`; `MEDS_CLOSED`; `MEDS_METADATA`.
 * @example
 * ```ts
 * import { countFeatures, Labels, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const labels = Labels.from([{ subjectId: db.at(0)!.subjectId, predictionTime: new Date("2100-01-01") }]);
 * const features = await countFeatures(db, labels);
 * console.log(features.rows, features.names.length, features.names[features.indexes[0]!], features.values[0]);
 * db.close();
 * ```
 */
export async function countFeatures<S extends object>(db: Cohort<S>, labels: Labels): Promise<FeatureMatrix> {
  if (typeof db !== "object" || db === null || !("_store" in db)) expected("db", db, "a PatientDatabase or one of its cohorts");
  if (!(labels instanceof Labels)) expected("labels", labels, "a Labels object");
  return new CountFeatures(db as unknown as Cohort).of(labels);
}

/** The columns of a store, made once for all tasks. */
export class CountFeatures {
  private columns: { readonly names: readonly string[]; readonly ofCode: readonly Int32Array[] } | undefined;

  constructor(
    private readonly db: Cohort,
    private readonly threads = 0,
    private readonly signal?: AbortSignalLike,
  ) {}

  /** The features of labels: row i belongs to label i. */
  async of(labels: Labels): Promise<FeatureMatrix> {
    this.db._store.check();
    this.columns ??= await this.columnsOfStore();
    const { names, ofCode } = this.columns;
    const builder = new MatrixBuilder();
    // The sums of the current row, and which columns have one.
    const [sums, touched] = [new Float64Array(names.length), new Int32Array(names.length)];
    const { subjectIds, predictionTimes } = labels._table;
    for (let begin = 0; begin < labels.size; begin += PIECE) {
      const piece = [subjectIds, predictionTimes].map((column) => column.subarray(begin, begin + PIECE)) as [BigInt64Array, BigInt64Array];
      const [{ offsets, codeIds, counts }, ages] = await this.ask(...piece);
      for (let i = 0; i < piece[0].length; i += 1) {
        builder.add(0, ages[i]!);
        let size = 0;
        for (let at = offsets[i]!; at < offsets[i + 1]!; at += 1)
          for (const column of ofCode[codeIds[at]!]!) {
            if (sums[column] === 0) touched[size++] = column;
            sums[column]! += counts[at]!;
          }
        for (const column of touched.subarray(0, size).sort()) {
          builder.add(column, sums[column]!);
          sums[column] = 0;
        }
        builder.end();
      }
    }
    return builder.finish(names);
  }

  private async ask(subjectIds: BigInt64Array, end: BigInt64Array) {
    const { db, threads, signal } = this;
    const options = { windows: { subjectIds, end }, threads, signal };
    const { birthCodes: ranges } = db._store;
    const births: number[] = [];
    for (let at = 0; at < ranges.length; at += 2) for (let id = ranges[at]!; id < ranges[at + 1]!; id += 1) births.push(id);
    const ages = new Float64Array(end.length);
    if (births.length > 0) {
      const { has, times } = await db.firstOf(births, options);
      for (let i = 0; i < ages.length; i += 1) if (has[i] === 1) ages[i] = Number(end[i]! - times[i]!) / YEAR;
    }
    return [await db.countCodesEach(options), ages] as const;
  }

  /** The columns: age, the codes of the store in order of their ids, then ancestors that no row has. */
  private async columnsOfStore() {
    const { codes } = this.db._store;
    const ontology = await readOntology(this.db._store);
    const { strings } = codes;
    const columns = new Map<string, number>([[AGE, 0]]);
    for (let id = 1; id <= codes.size; id += 1) columns.set(strings[id]!, id);
    const ofCode = Array.from({ length: codes.size + 1 }, (_, id) => {
      if (id === 0) return new Int32Array();
      const own = ontology.ancestors(strings[id]!).map((name) => {
        const known = columns.get(name) ?? columns.size;
        columns.set(name, known);
        return known;
      });
      return Int32Array.from(own);
    });
    return { names: [...columns.keys()], ofCode };
  }
}
