import { existsSync, readFileSync } from "node:fs";
import { failGiven, optionsOf, pathOf, textOf } from "../support/arguments.js";
import { fail, MedsError } from "../support/errors.js";
import { withIo } from "../support/io.js";
import { isoMicros } from "../tables/csv.js";
import { Labels } from "./labels.js";
import { Splits } from "./splits.js";
import { LabelBuilder, NO_VALUES } from "./table.js";

/** Which selection of few labels is meant. */
export interface ShotChoice {
  /** Labels of each class; -1 for all. */
  readonly k: number;
  /** Which draw. Default: 0. */
  readonly replicate?: number | undefined;
  /** A task that has several (`chexpert`) is told which. Default: the only one. */
  readonly subTask?: string | undefined;
}

/** Labels to learn from and to test on, all of them `boolean_value`. */
export interface ShotSelection {
  readonly train: Labels;
  readonly tuning: Labels;
  /** All labels of held-out subjects, whatever k. */
  readonly held_out: Labels;
  readonly report: ShotReport;
}

/** How a selection fits the labels. */
export interface ShotReport {
  /** Entries of the file that no label of the table has the subject and time of: they are not in the selection. */
  readonly unmatched: { readonly train: number; readonly tuning: number };
  /** Entries whose value is not what the label's own would be as true or false: the file's is taken. */
  readonly differing: { readonly train: number; readonly tuning: number };
}

/** The findings of `chexpert`, from the highest bit of its values to the lowest. */
const FINDINGS: readonly string[] = [
  "No Finding",
  "Enlarged Cardiomediastinum",
  "Cardiomegaly",
  "Lung Lesion",
  "Lung Opacity",
  "Edema",
  "Consolidation",
  "Pneumonia",
  "Atelectasis",
  "Pneumothorax",
  "Pleural Effusion",
  "Pleural Other",
  "Fracture",
  "Support Devices",
];

/** What the file calls MEDS's splits. */
const PARTS = { train: "train", tuning: "val" } as const;
type Part = keyof typeof PARTS;

/** The labels of a part, and what of the file does not fit them. */
type Taken = { readonly labels: Labels; readonly unmatched: number; readonly differing: number };

/** One draw, as the file holds it. */
type Draw = { readonly ids: readonly unknown[]; readonly times: readonly unknown[]; readonly values: readonly unknown[] };

/**
 * EHRSHOT's few-shot selections (`few_shots_data.json`, `all_shots_data.json`), taken as they are: for each sub-task, k and replicate, which labels to
 * train and tune on.
 *
 * An entry of the file means a label by subject and time, and stands as often in the selection as in the file (a class that is short was drawn with
 * repeats). Its value is the file's, which is true or false for every task. Times are compared to the minute: EHRSHOT sets the seconds to 0 when it
 * loads labels and so the file has none; the selection keeps the time of the label. Several labels of a subject in one minute are taken in turn, those
 * with the file's value first.
 *
 * Source: the selections of the EHRSHOT benchmark (Wornow et al. 2023).
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { Labels, Shots, Splits } from "meds-reader";
 *
 * // Really: Labels.open("benchmark/guo_icu"), Splits.open("splits/person_id_map.csv"), Shots.open("benchmark/guo_icu/all_shots_data.json").
 * const predictionTime = new Date("2150-03-01T12:30:59Z");
 * const labels = Labels.from([1, 2, 3].map((subjectId) => ({ subjectId, predictionTime, booleanValue: subjectId > 1 })));
 * const splits = Splits.from({ train: [1], tuning: [2], held_out: [3] });
 * const draw = {
 *   patient_ids_train_k: [1],
 *   label_times_train_k: ["2150-03-01T12:30:00"],
 *   label_values_train_k: [0],
 *   patient_ids_val_k: [2],
 *   label_times_val_k: ["2150-03-01T12:30:00"],
 *   label_values_val_k: [1],
 * };
 * writeFileSync("few_shots_data.json", JSON.stringify({ guo_icu: { 1: { 0: draw } } }));
 *
 * const shots = await Shots.open("few_shots_data.json");
 * for (const k of shots.sizes()) {
 *   const { train, tuning, held_out, report } = shots.select(labels, splits, { k, replicate: 0 });
 *   console.log(k, train.size, tuning.size, held_out.size, report.unmatched);
 * }
 * ```
 */
export class Shots {
  /** The file. */
  readonly path: string;
  /** The sub-tasks: the task itself, or the findings of `chexpert`. */
  readonly subTasks: readonly string[];
  private readonly places = new WeakMap<Labels, ReadonlyMap<string, readonly number[]>>();

  /** @internal */
  constructor(
    path: string,
    private readonly data: Readonly<Record<string, unknown>>,
  ) {
    this.path = path;
    this.subTasks = Object.keys(data);
  }

  /**
   * Reads a `*_shots_data.json`.
   *
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_SOURCE_DAMAGED` for what is no JSON object.
   */
  static async open(path: string): Promise<Shots> {
    if (!existsSync(pathOf("path", path))) fail("MEDS_NOT_FOUND", `${path}: there is no such file of selections.`, path);
    const bytes = withIo(path, () => readFileSync(path));
    let data: unknown;
    try {
      data = JSON.parse(bytes.toString("utf8"));
    } catch (cause) {
      const found = `${path}: it cannot be read as JSON (${(cause as Error).message}). Fetch it again.`;
      throw new MedsError("MEDS_SOURCE_DAMAGED", found, { path, cause });
    }
    return new Shots(path, objectOf(path, data, "the file"));
  }

  /**
   * The k that a sub-task has, ascending, -1 (all labels) last.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a sub-task that the file has not; `MEDS_SOURCE_DAMAGED`.
   */
  sizes(subTask?: string): readonly number[] {
    const sizes = numbersOf(this._bySize(subTask)[1]);
    return [...sizes.filter((k) => k >= 0), ...sizes.filter((k) => k < 0)];
  }

  /**
   * The replicates that a sub-task has for a k, ascending.
   *
   * @throws MedsError as {@link Shots.sizes}, also for a k that the file has not.
   */
  replicates(k: number, subTask?: string): readonly number[] {
    return numbersOf(this._byReplicate(k, subTask)[2]);
  }

  /**
   * Labels of a selection. `labels` are all of the task's, with their own values: those of held-out subjects are made true or false as EHRSHOT does
   * ({@link Shots.binary}).
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a selection that the file has not; `MEDS_SPLIT_CONFLICT` where the file trains or tunes on a subject
   * that the splits put elsewhere; `MEDS_UNKNOWN_SPLIT` where no subject is held out; `MEDS_COLUMN_TYPE`; `MEDS_SOURCE_DAMAGED`.
   */
  select(labels: Labels, splits: Splits, choice: ShotChoice): ShotSelection {
    if (!(labels instanceof Labels)) failGiven("labels", labels, "Labels");
    if (!(splits instanceof Splits)) failGiven("splits", splits, "Splits");
    const {
      k,
      replicate = 0,
      subTask: named,
    } = optionsOf(choice as ShotChoice | undefined) ?? failGiven("The choice", choice, "an object such as { k: 8 }");
    const [subTask, where, draws] = this._byReplicate(k, named);
    const draw = this._member(draws, replicate, where, "replicate");
    const binary = Shots.binary(labels, subTask);
    const train = this._part("train", draw, labels, binary, splits);
    const tuning = this._part("tuning", draw, labels, binary, splits);
    return {
      train: train.labels,
      tuning: tuning.labels,
      held_out: binary.inSplit(splits, "held_out").labels,
      report: {
        unmatched: { train: train.unmatched, tuning: tuning.unmatched },
        differing: { train: train.differing, tuning: tuning.differing },
      },
    };
  }

  /**
   * Labels as true or false, as EHRSHOT scores a sub-task: labs (`lab_…`) are true from 1 on, a finding of `chexpert` is its bit (of 14, "No Finding"
   * the highest), and what has `boolean_value` is taken as it is. A label without a value stays without.
   *
   * @throws MedsError `MEDS_COLUMN_TYPE` for labels that have no such value, `MEDS_VALUE_RANGE` for a `chexpert` value of more than 14 bits.
   */
  static binary(labels: Labels, subTask: string): Labels {
    if (!(labels instanceof Labels)) failGiven("labels", labels, "Labels");
    const truth = truthOf(labels, textOf("subTask", subTask));
    const builder = new LabelBuilder();
    for (let row = 0; row < labels.size; row += 1) {
      const { subjectId, predictionTime } = labels.at(row)!;
      builder.add(subjectId, predictionTime, { ...NO_VALUES, boolean_value: truth(row) });
    }
    const found = builder.finish();
    // Also where no label has a value, truth values are what these labels are of.
    const task = labels.task === subTask ? subTask : `${labels.task}/${subTask}`;
    return new Labels(task, { ...found, boolean: found.boolean ?? new Uint8Array(labels.size).fill(255) });
  }

  private _part(part: Part, draw: unknown, labels: Labels, binary: Labels, splits: Splits): Taken {
    const { ids, times, values } = drawOf(this.path, draw, PARTS[part]);
    const places = this._placesOf(labels);
    const uses = new Map<string, number>();
    const builder = new LabelBuilder();
    let [unmatched, differing] = [0, 0];
    for (const [i, given] of ids.entries()) {
      const id = idOf(this.path, given);
      const value = truthIn(this.path, values[i]);
      const own = splits.of(id);
      if (own !== part) {
        const elsewhere = own === null ? "in no split" : `in ${JSON.stringify(own)}`;
        fail(
          "MEDS_SPLIT_CONFLICT",
          `${this.path}: subject ${id} is for ${part}, and ${elsewhere} by the splits. They belong to other data.`,
          this.path,
        );
      }
      const key = keyOf(id, timeOf(this.path, times[i]));
      const all = places.get(key);
      if (all === undefined) {
        unmatched += 1;
        continue;
      }
      const same = all.filter((row) => binary.at(row)!.booleanValue === value);
      if (same.length === 0) differing += 1;
      const rows = same.length === 0 ? all : same;
      const use = uses.get(`${key}/${value}`) ?? 0;
      uses.set(`${key}/${value}`, use + 1);
      builder.add(id, labels.at(rows[use % rows.length]!)!.predictionTime, { ...NO_VALUES, boolean_value: value });
    }
    return { labels: new Labels(binary.task, builder.finish()), unmatched, differing };
  }

  /** The rows of each subject and minute. */
  private _placesOf(labels: Labels): ReadonlyMap<string, readonly number[]> {
    const known = this.places.get(labels);
    if (known !== undefined) return known;
    const places = new Map<string, number[]>();
    const { subjectIds, predictionTimes } = labels;
    for (let row = 0; row < labels.size; row += 1) {
      const key = keyOf(subjectIds[row]!, predictionTimes[row]!);
      const rows = places.get(key);
      if (rows === undefined) places.set(key, [row]);
      else rows.push(row);
    }
    this.places.set(labels, places);
    return places;
  }

  private _bySize(named: string | undefined): [subTask: string, bySize: Readonly<Record<string, unknown>>] {
    const has = this.subTasks.map((name) => JSON.stringify(name)).join(", ");
    const subTask = named ?? (this.subTasks.length === 1 ? this.subTasks[0]! : failGiven("subTask", named, `one of ${has}`));
    if (!this.subTasks.includes(subTask)) failGiven("subTask", subTask, `one of ${has}`);
    return [subTask, objectOf(this.path, this.data[subTask], subTask)];
  }

  private _byReplicate(k: number, named: string | undefined): [subTask: string, where: string, draws: Readonly<Record<string, unknown>>] {
    const [subTask, bySize] = this._bySize(named);
    const where = `${subTask}, k ${k}`;
    return [subTask, where, objectOf(this.path, this._member(bySize, k, subTask, "k"), where)];
  }

  private _member(from: Readonly<Record<string, unknown>>, number: number, where: string, name: string): unknown {
    if (!Object.hasOwn(from, String(number)))
      failGiven(name, number, `one of ${Object.keys(from).join(", ") || "none"} (${where} of ${this.path})`);
    return from[String(number)];
  }
}

/** What the labels say of a sub-task, by row. */
function truthOf(labels: Labels, subTask: string): (row: number) => boolean | null {
  if (labels.columns.includes("boolean_value")) return (row) => labels.at(row)!.booleanValue;
  const finding = FINDINGS.indexOf(subTask);
  const isLab = subTask.startsWith("lab_");
  const numbers = labels.columns.some((column) => column !== "is_censored");
  if (numbers && finding < 0 && !isLab) {
    const has = labels.columns.join(", ");
    fail(
      "MEDS_COLUMN_TYPE",
      `${labels.task}: nothing says which of its values are true for ${subTask}: it has ${has}. Give labels with boolean_value.`,
    );
  }
  return (row) => {
    const { integerValue, floatValue, categoricalValue } = labels.at(row)!;
    const value = integerValue ?? floatValue ?? categoricalValue;
    if (value === null) return null;
    const number = Number(value);
    if (Number.isNaN(number))
      fail("MEDS_COLUMN_TYPE", `${labels.task}: label ${row} is ${JSON.stringify(String(value))}; ${subTask} needs numbers.`);
    if (isLab) return number >= 1;
    if (!(Number.isInteger(number) && number >= 0 && number < 2 ** FINDINGS.length))
      fail("MEDS_VALUE_RANGE", `${labels.task}: label ${row} is ${number}; a value of chexpert has ${FINDINGS.length} bits.`);
    return ((number >> (FINDINGS.length - 1 - finding)) & 1) === 1;
  };
}

const MINUTE = 60_000_000n;

function keyOf(id: bigint, time: bigint): string {
  const minute = time / MINUTE;
  return `${id}/${time < 0n && minute * MINUTE !== time ? minute - 1n : minute}`;
}

function numbersOf(from: Readonly<Record<string, unknown>>): number[] {
  return Object.keys(from)
    .map(Number)
    .sort((a, b) => a - b);
}

function objectOf(path: string, value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  return failShape(path, `${what} is no object`);
}

function drawOf(path: string, draw: unknown, part: string): Draw {
  const from = objectOf(path, draw, "a replicate");
  const list = (name: string): readonly unknown[] => {
    const found = from[`${name}_${part}_k`];
    return Array.isArray(found) ? found : failShape(path, `a replicate has no list ${name}_${part}_k`);
  };
  const [ids, times, values] = [list("patient_ids"), list("label_times"), list("label_values")];
  if (ids.length !== times.length || ids.length !== values.length) failShape(path, `the lists of a replicate for ${part} differ in length`);
  return { ids, times, values };
}

function idOf(path: string, id: unknown): bigint {
  if (typeof id !== "number" || !Number.isInteger(id)) failShape(path, `the patient id ${JSON.stringify(id)} is no whole number`);
  // JSON has rounded it already: it may be another patient's.
  if (!Number.isSafeInteger(id)) fail("MEDS_UNSAFE_NUMBER", `${path}: the patient id ${id} lies beyond 2^53, where JSON skips ids.`, path);
  return BigInt(id);
}

function timeOf(path: string, time: unknown): bigint {
  const micros = typeof time === "string" ? isoMicros(time) : undefined;
  return micros ?? failShape(path, `the time ${JSON.stringify(time)} is not as 2020-01-31T12:00:00`);
}

function truthIn(path: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  return value === 0 || value === 1 ? value === 1 : failShape(path, `the value ${JSON.stringify(value)} is neither 0 nor 1`);
}

function failShape(path: string, found: string): never {
  fail("MEDS_SOURCE_DAMAGED", `${path}: ${found}. It is no *_shots_data.json of EHRSHOT; fetch it again.`, path);
}
