import { existsSync, readFileSync } from "node:fs";
import { expected, namesIn, optionsOf, pathOf, textOf } from "../support/arguments.js";
import { fail, MedsError } from "../support/errors.js";
import { shownAs } from "../support/inspect.js";
import { withIo } from "../support/io.js";
import { isoMicros } from "../tables/csv.js";
import { Labels } from "./labels.js";
import { Splits } from "./splits.js";
import { LabelBuilder, NO_VALUES } from "./table/table.js";

/** Which selection of a file of few-shot selections to use. */
export interface ShotChoice {
  /** The number of labels per class, as in the file; -1 means all labels. */
  readonly k: number;
  /** The number of the draw. Default: 0. */
  readonly replicate?: number | undefined;
  /** The sub-task of a task that has several (`chexpert`). Default: the only one. */
  readonly subTask?: string | undefined;
}

/** Labels for training, tuning and testing. All have their values in `boolean_value`. */
export interface ShotSelection {
  readonly train: Labels;
  readonly tuning: Labels;
  /** All labels of held-out subjects, the same for every k. */
  readonly held_out: Labels;
  readonly report: ShotReport;
}

/** How well a selection fits the labels. */
export interface ShotReport {
  /**
   * Entries of the file for which the table has no label with the same subject and time. They are not in the
   * selection.
   */
  readonly unmatched: { readonly train: number; readonly tuning: number };
  /** Entries whose value (true or false) differs from that of the label. The value of the file is used. */
  readonly differing: { readonly train: number; readonly tuning: number };
}

/** The findings of `chexpert`, from the highest bit of its values to the lowest. */
export const FINDINGS: readonly string[] = [
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

/** The file's names of MEDS's splits. */
const PARTS = { train: "train", tuning: "val" } as const;
type Part = keyof typeof PARTS;

/** The labels of a part, and the numbers of entries that do not fit them. */
type Taken = { readonly labels: Labels; readonly unmatched: number; readonly differing: number };

/** One draw of the file. */
type Draw = { readonly ids: readonly unknown[]; readonly times: readonly unknown[]; readonly values: readonly unknown[] };

/**
 * EHRSHOT's few-shot selections (`few_shots_data.json`, `all_shots_data.json`): for each sub-task, k and
 * replicate, the labels to train and tune on.
 *
 * An entry of the file names a label by subject and time. The selection contains the label as often as the
 * file does, because a class with few labels was drawn with repeats. Its value is that of the file, which is
 * true or false for every task. Times are compared to the minute: EHRSHOT sets the seconds to 0 when it loads
 * labels, so the file has none. The selection keeps the time of the label. If a subject has several labels in
 * one minute, they are used in turn, those with the file's value first.
 *
 * Source: the selections of the EHRSHOT benchmark (Wornow et al. 2023).
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { Labels, Shots, Splits } from "meds-reader";
 *
 * // With EHRSHOT's files: Labels.open("benchmark/guo_icu"), Splits.open("splits/person_id_map.csv"), Shots.open("benchmark/guo_icu/all_shots_data.json").
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
  private readonly minutes = new WeakMap<Labels, ReadonlyMap<string, readonly number[]>>();

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
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_SOURCE_DAMAGED` for a file that is not a JSON object.
   */
  static async open(path: string): Promise<Shots> {
    if (!existsSync(pathOf("path", path))) fail("MEDS_NOT_FOUND", `${path}: there is no such file of selections. Check the path.`, path);
    const bytes = withIo(path, () => readFileSync(path));
    let data: unknown;
    try {
      data = JSON.parse(bytes.toString("utf8"));
    } catch (cause) {
      const found = `${path}: this file cannot be read as JSON (${(cause as Error).message}). Download it again.`;
      throw new MedsError("MEDS_SOURCE_DAMAGED", found, { path, cause });
    }
    return new Shots(path, objectOf(path, data, "the file"));
  }

  /**
   * The values of k of a sub-task, ascending, with -1 (all labels) last.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a sub-task that is not in the file; `MEDS_SOURCE_DAMAGED`.
   */
  sizes(subTask?: string): readonly number[] {
    const sizes = numbersOf(this._bySize(subTask)[1]);
    return [...sizes.filter((k) => k >= 0), ...sizes.filter((k) => k < 0)];
  }

  /**
   * The replicates of a sub-task for one k, ascending.
   *
   * @throws MedsError as {@link Shots.sizes}, also for a k that is not in the file.
   */
  replicates(k: number, subTask?: string): readonly number[] {
    return numbersOf(this._byReplicate(k, subTask)[2]);
  }

  /**
   * The labels of a selection. `labels` are all labels of the task, with their own values: those of held-out
   * subjects become true or false as in EHRSHOT ({@link Shots.binary}).
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a selection that is not in the file; `MEDS_SPLIT_CONFLICT`
   * if the file trains or tunes on a subject of another split; `MEDS_UNKNOWN_SPLIT` if no subject is held
   * out; `MEDS_COLUMN_TYPE`; `MEDS_SOURCE_DAMAGED`.
   */
  select(labels: Labels, splits: Splits, choice: ShotChoice): ShotSelection {
    if (!(labels instanceof Labels)) expected("labels", labels, "a Labels object");
    if (!(splits instanceof Splits)) expected("splits", splits, "a Splits object");
    const given = optionsOf(choice as ShotChoice | undefined) ?? expected("The choice", choice, "an object such as { k: 8 }");
    namesIn("the choice of shots", given, ["k", "replicate", "subTask"]);
    const { k, replicate = 0, subTask: named } = given;
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
   * Labels as true or false, in the way in which EHRSHOT scores a sub-task: labs (`lab_…`) are true from 1
   * on, a finding of `chexpert` is one bit of 14 ("No Finding" is the highest), and a `boolean_value` is
   * kept. A label without a value keeps none.
   *
   * @throws MedsError `MEDS_COLUMN_TYPE` for labels without such a value, `MEDS_VALUE_RANGE` for a `chexpert`
   * value of more than 14 bits.
   */
  static binary(labels: Labels, subTask: string): Labels {
    if (!(labels instanceof Labels)) expected("labels", labels, "a Labels object");
    const truth = truthOf(labels, textOf("subTask", subTask));
    const builder = new LabelBuilder();
    for (let row = 0; row < labels.size; row += 1) {
      const { subjectId, predictionTime } = labels.at(row)!;
      builder.add(subjectId, predictionTime, { ...NO_VALUES, boolean_value: truth(row) });
    }
    const found = builder.finish();
    // These labels have truth values even where all of them are missing.
    const task = labels.task === subTask ? subTask : `${labels.task}/${subTask}`;
    return new Labels(task, { ...found, boolean: found.boolean ?? new Uint8Array(labels.size).fill(255) });
  }

  private _part(part: Part, draw: unknown, labels: Labels, binary: Labels, splits: Splits): Taken {
    const { ids, times, values } = drawOf(this.path, draw, PARTS[part]);
    const minutes = this._minutesOf(labels);
    const uses = new Map<string, number>();
    const builder = new LabelBuilder();
    let [unmatched, differing] = [0, 0];
    for (const [i, listed] of ids.entries()) {
      const id = idOf(this.path, listed);
      const value = truthIn(this.path, values[i]);
      const own = splits.of(id);
      if (own !== part) {
        const where = own === null ? "in no split" : `in split ${JSON.stringify(own)}`;
        fail(
          "MEDS_SPLIT_CONFLICT",
          `${this.path}: subject ${id} is in ${part} here, but ${where} of \`splits\`. Use the splits that belong to this file.`,
          this.path,
        );
      }
      const key = keyOf(id, timeOf(this.path, times[i]));
      const all = minutes.get(key);
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
  private _minutesOf(labels: Labels): ReadonlyMap<string, readonly number[]> {
    const known = this.minutes.get(labels);
    if (known !== undefined) return known;
    const minutes = new Map<string, number[]>();
    const { subjectIds, predictionTimes } = labels;
    for (let row = 0; row < labels.size; row += 1) {
      const key = keyOf(subjectIds[row]!, predictionTimes[row]!);
      const rows = minutes.get(key);
      if (rows === undefined) minutes.set(key, [row]);
      else rows.push(row);
    }
    this.minutes.set(labels, minutes);
    return minutes;
  }

  private _bySize(named: string | undefined): [subTask: string, bySize: Readonly<Record<string, unknown>>] {
    const has = this.subTasks.map((name) => JSON.stringify(name)).join(", ");
    const subTask = named ?? (this.subTasks.length === 1 ? this.subTasks[0]! : expected("subTask", named, `one of ${has}`));
    if (!this.subTasks.includes(subTask)) expected("subTask", subTask, `one of ${has}`);
    return [subTask, objectOf(this.path, this.data[subTask], subTask)];
  }

  private _byReplicate(k: number, named: string | undefined): [subTask: string, where: string, draws: Readonly<Record<string, unknown>>] {
    const [subTask, bySize] = this._bySize(named);
    const where = `${subTask}, k ${k}`;
    return [subTask, where, objectOf(this.path, this._member(bySize, k, subTask, "k"), where)];
  }

  private _member(from: Readonly<Record<string, unknown>>, number: number, where: string, name: string): unknown {
    if (!Object.hasOwn(from, String(number)))
      expected(name, number, `one of ${Object.keys(from).join(", ") || "none"} (${where} of ${this.path})`);
    return from[String(number)];
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return shownAs("Shots", { path: this.path, subTasks: this.subTasks.length });
  }
}

/** The truth value of each row for a sub-task. */
function truthOf(labels: Labels, subTask: string): (row: number) => boolean | null {
  if (labels.columns.includes("boolean_value")) return (row) => labels.at(row)!.booleanValue;
  const finding = FINDINGS.indexOf(subTask);
  const isLab = subTask.startsWith("lab_");
  const numbers = labels.columns.some((column) => column !== "is_censored");
  if (numbers && finding < 0 && !isLab) {
    const has = labels.columns.join(", ");
    fail(
      "MEDS_COLUMN_TYPE",
      `Labels "${labels.task}" have ${has}, and ${subTask} does not define which of these values are true. Use labels with boolean_value.`,
    );
  }
  return (row) => {
    const { integerValue, floatValue, categoricalValue } = labels.at(row)!;
    const value = integerValue ?? floatValue ?? categoricalValue;
    if (value === null) return null;
    const number = Number(value);
    if (Number.isNaN(number))
      fail(
        "MEDS_COLUMN_TYPE",
        `Labels "${labels.task}": label ${row} is ${JSON.stringify(String(value))}, and values of ${subTask} must be numbers.`,
      );
    if (isLab) return number >= 1;
    if (!(Number.isInteger(number) && number >= 0 && number < 2 ** FINDINGS.length))
      fail(
        "MEDS_VALUE_RANGE",
        `Labels "${labels.task}": label ${row} is ${number}, and a value of chexpert must be a whole number of ${FINDINGS.length} bits.`,
      );
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
  return failShape(path, `${what} is not an object`);
}

function drawOf(path: string, draw: unknown, part: string): Draw {
  const from = objectOf(path, draw, "a replicate");
  const list = (name: string): readonly unknown[] => {
    const found = from[`${name}_${part}_k`];
    return Array.isArray(found) ? found : failShape(path, `a replicate does not have the list ${name}_${part}_k`);
  };
  const [ids, times, values] = [list("patient_ids"), list("label_times"), list("label_values")];
  if (ids.length !== times.length || ids.length !== values.length) failShape(path, `the lists of a replicate for ${part} differ in length`);
  return { ids, times, values };
}

function idOf(path: string, id: unknown): bigint {
  if (typeof id !== "number" || !Number.isInteger(id)) failShape(path, `the patient id ${JSON.stringify(id)} is not a whole number`);
  // JSON.parse has already rounded it: it may be the id of another patient.
  if (!Number.isSafeInteger(id))
    fail("MEDS_UNSAFE_NUMBER", `${path}: the patient id ${id} is beyond 2^53, where JSON.parse rounds ids. Use smaller ids.`, path);
  return BigInt(id);
}

function timeOf(path: string, time: unknown): bigint {
  const micros = typeof time === "string" ? isoMicros(time) : undefined;
  return micros ?? failShape(path, `the time ${JSON.stringify(time)} does not have the form 2020-01-31T12:00:00`);
}

function truthIn(path: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  return value === 0 || value === 1 ? value === 1 : failShape(path, `the value ${JSON.stringify(value)} is neither 0 nor 1`);
}

function failShape(path: string, found: string): never {
  fail("MEDS_SOURCE_DAMAGED", `${path}: ${found}. This file is not a *_shots_data.json of EHRSHOT. Download it again.`, path);
}
