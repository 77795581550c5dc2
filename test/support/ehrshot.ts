// A task of EHRSHOT in its published shape, with few-shot selections by EHRSHOT's own rules.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder, place } from "./folder.js";

export const FINDINGS =
  "No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Lesion,Lung Opacity,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices".split(
    ",",
  );
export const KS = [1, 2, 4, -1];

export interface Row {
  readonly id: number;
  /** As in the CSV, with seconds. */
  readonly time: string;
  readonly value: number;
}

/** The time that EHRSHOT's loader reads: seconds are 0. */
const minute = (time: string) => `${time.slice(0, 17)}00`;
export const micros = (time: string) => BigInt(Date.parse(`${time}Z`)) * 1000n;
export const splitOf = (id: number) => (["train", "train", "val", "test"] as const)[id % 4]!;

/** Truth by sub-task, by EHRSHOT's rules. */
function truth(task: string, subTask: string, value: number): number {
  if (task === "chexpert") return Number(value.toString(2).padStart(14, "0")[FINDINGS.indexOf(subTask)]);
  return task.startsWith("lab_") ? Number(value >= 1) : value;
}

/**
 * One draw of the file: k labels per class in some order of the class, with repeats if the class is too
 * small.
 */
function draw(
  rows: readonly Row[],
  y: (row: Row) => number,
  k: number,
  replicate: number,
): { ids: number[]; times: string[]; values: number[]; idxs: number[] } {
  const classes = [...new Set(rows.map(y))].sort();
  const picked =
    k === -1
      ? [...rows.keys()]
      : classes.flatMap((c) => {
          const own = [...rows.keys()].filter((i) => y(rows[i]!) === c);
          return Array.from({ length: k }, (_, i) => own[(i * 7 + replicate) % own.length]!);
        });
  return {
    ids: picked.map((i) => rows[i]!.id),
    times: picked.map((i) => minute(rows[i]!.time)),
    values: picked.map((i) => y(rows[i]!)),
    idxs: picked,
  };
}

/** Writes a task of the benchmark; returns its folder, the splits' file and the selections' file. */
export function benchmark(task: string, rows: readonly Row[], root = folder("ehrshot")): { dir: string; splits: string; json: string } {
  const isBoolean = task !== "chexpert" && !task.startsWith("lab_");
  const lines = rows.map(
    ({ id, time, value }) => `${id},${time},${isBoolean ? `boolean,${value === 1 ? "True" : "False"}` : `categorical,${value}`}`,
  );
  writeFileSync(
    place(root, "benchmark", task, "labeled_patients.csv"),
    ["patient_id,prediction_time,label_type,value", ...lines, ""].join("\n"),
  );
  const ids = [...new Set(rows.map(({ id }) => id))];
  writeFileSync(
    place(root, "splits", "person_id_map.csv"),
    ["split,omop_person_id", ...ids.map((id) => `${splitOf(id)},${id}`), ""].join("\n"),
  );
  const byTime = [...rows].sort((a, b) => a.id - b.id || (minute(a.time) < minute(b.time) ? -1 : 1));
  const subTasks = task === "chexpert" ? FINDINGS : [task];
  const data = Object.fromEntries(
    subTasks.map((subTask) => [
      subTask,
      Object.fromEntries(
        KS.map((k) => [
          k,
          Object.fromEntries(
            [0, 1].map((replicate) => {
              const part = (split: string) =>
                draw(
                  byTime.filter(({ id }) => splitOf(id) === split),
                  ({ value }) => truth(task, subTask, value),
                  k,
                  replicate,
                );
              const [train, val] = [part("train"), part("val")];
              return [
                replicate,
                {
                  patient_ids_train_k: train.ids,
                  patient_ids_val_k: val.ids,
                  label_times_train_k: train.times,
                  label_times_val_k: val.times,
                  label_values_train_k: isBoolean ? train.values.map(Boolean) : train.values,
                  label_values_val_k: isBoolean ? val.values.map(Boolean) : val.values,
                  train_idxs: train.idxs,
                  val_idxs: val.idxs,
                },
              ];
            }),
          ),
        ]),
      ),
    ]),
  );
  const json = join(root, "benchmark", task, "all_shots_data.json");
  writeFileSync(json, JSON.stringify(data));
  return { dir: join(root, "benchmark", task), splits: join(root, "splits", "person_id_map.csv"), json };
}
