// What a folder of labels is: one task, or several.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { benchmark, Labels, type PatientDatabase } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { rejected } from "../support/errors.js";
import { folder, place } from "../support/folder.js";
import { duckFile } from "../support/labels.js";
import { runs } from "../support/property.js";
import { IDS, isTrue, ward } from "../support/ward.js";

let db: PatientDatabase;
let [labels, splits] = ["", ""];
beforeAll(async () => {
  ({ db, labels, splits } = await ward());
  return () => db.close();
});

let number = 0;
/** A folder with these files; each has a label of its own. */
async function made(...paths: readonly string[]): Promise<string> {
  const root = join(folder("tasks"), "root");
  for (const path of paths) {
    number += 1;
    if (path.endsWith(".csv"))
      writeFileSync(place(root, path), `patient_id,prediction_time,label_type,value\n${number},2015-01-01,boolean,True\n`);
    else
      await duckFile(join(root, path), `SELECT ${number}::BIGINT subject_id, TIMESTAMP '2015-01-01' prediction_time, true boolean_value`);
  }
  return root;
}

describe("the labels of several tasks", () => {
  it.each<[string, string[], string[]]>([
    ["folders, as EHRSHOT in MEDS", ["guo_icu/labels.parquet", "guo_los/labels.parquet"], ["guo_icu", "guo_los"]],
    ["folders, as EHRSHOT", ["guo_icu/labeled_patients.csv", "guo_los/labeled_patients.csv"], ["guo_icu", "guo_los"]],
    [
      "folders with shards, and names with /",
      ["mortality/in_icu/train/0.parquet", "mortality/in_icu/held_out/0.parquet", "mortality/later/0.parquet"],
      ["mortality/in_icu", "mortality/later"],
    ],
    [
      "files",
      ["ICU_Mortality_first_24h.parquet", "readmission_30d.parquet"],
      ["ICU_Mortality_first_24h.parquet", "readmission_30d.parquet"],
    ],
    ["names that begin with a number", ["30d/0.parquet", "12_month.parquet"], ["12_month.parquet", "30d"]],
    ["tasks and a file with all labels", ["labels.parquet", "a/0.parquet", "b/0.parquet"], ["a", "b", "labels.parquet"]],
  ])("in %s were mixed silently; they are an error that names them", async (_, paths, tasks) => {
    const root = await made(...paths);
    expect(await Labels.tasks(root)).toEqual(tasks);
    const error = await rejected(Labels.open(root));
    expect(error).toMatchObject({ code: "MEDS_SEVERAL_TASKS", path: root });
    expect(error.message).toContain(`${tasks.length} tasks: ${tasks.map((task) => JSON.stringify(task)).join(", ")}.`);
    expect(error.message).toContain(join(root, tasks[0]!));
    for (const task of tasks) expect((await Labels.open(join(root, task))).size).toBe(task === "mortality/in_icu" ? 2 : 1);
  });

  it("are the same error in text, batches and score", async () => {
    const predictions = join(folder("predictions"), "p.parquet");
    await duckFile(
      predictions,
      "SELECT 1::BIGINT subject_id, TIMESTAMP '2015-01-01' prediction_time, true boolean_value, 0.5::FLOAT predicted_boolean_probability",
    );
    for (const args of [
      ["text", db.path, "--out", "-"],
      ["batches", db.path, "--out", join(folder("batches"), "x.arrows")],
      ["score", predictions],
    ]) {
      const { code, stdout, stderr } = await meds(...args, "--labels", labels);
      expect([code, stdout, stderr]).toEqual([1, "", expect.stringMatching(/^MEDS_SEVERAL_TASKS: .*3 tasks: "chexpert", "guo_icu"/)]);
    }
  }, 30_000);

  it("more than ten are counted", async () => {
    const root = await made(...Array.from({ length: 12 }, (_, i) => `task_${String.fromCharCode(97 + i)}/0.parquet`));
    expect((await rejected(Labels.open(root))).message).toContain('"task_j" and 2 others.');
  });
});

describe("the labels of one task", () => {
  it.each<[string, string[]]>([
    ["one file", ["0.parquet"]],
    ["one file of any name", ["mine.parquet"]],
    ["numbered files", ["0.parquet", "1.parquet", "10.parquet"]],
    ["files as programs name them", ["data_0.parquet", "data_1.parquet"]],
    ["files of Spark", ["part-00000-6f1d.c000.snappy.parquet", "part-00001-6f1d.c000.snappy.parquet"]],
    ["files of Hugging Face", ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]],
    ["folders of splits", ["train/0.parquet", "train/1.parquet", "tuning/0.parquet", "held_out/0.parquet"]],
    ["folders of shards in those of splits", ["train/0/a.parquet", "train/1/b.parquet", "held_out/0/a.parquet"]],
    ["folders of columns", ["year=2019/x.parquet", "year=2020/x.parquet"]],
    ["numbered folders", ["0/labels.parquet", "1/labels.parquet"]],
    ["one deeper folder beside its files", ["0.parquet", "deeper/1.parquet"]],
  ])("as %s are one task", async (_, paths) => {
    const root = await made(...paths);
    expect((await Labels.tasks(root)).length).toBe(1);
    const found = await Labels.open(root);
    expect([found.task, found.size]).toEqual(["root", paths.length]);
    expect(await Labels.tasks(join(root, ".."))).toEqual(["root"]);
    // The parts of a task have its name too.
    if (paths[0] !== "mine.parquet" && !paths[0]!.includes("/x"))
      expect((await Labels.open(join(root, paths[0]!))).task).toMatch(/^root$|^a$/);
  });

  it("one level below the path are read, and are called as their folder", async () => {
    for (const file of ["0.parquet", "labeled_patients.csv"]) {
      const found = await Labels.open(await made(`guo_icu/${file}`));
      expect([found.task, found.size]).toEqual(["guo_icu", 1]);
    }
  });

  it("are found in the folder of a dataset, whose data and metadata are no tasks", async () => {
    const dataset = ["data/train/0.parquet", "metadata/codes.parquet", "metadata/subject_splits.parquet"];
    expect(await Labels.tasks(await made(...dataset, "labels/a/0.parquet", "labels/b/0.parquet"))).toEqual(["labels/a", "labels/b"]);
    const found = await Labels.open(await made(...dataset, "labels/a/0.parquet"));
    expect([found.task, found.size]).toEqual(["a", 1]);
    expect(await Labels.tasks(await made("metadata/0.parquet", "labels/a/0.parquet"))).toEqual(["labels/a", "metadata"]);
  });

  it("split into any parts are the same labels", async () => {
    const part = fc.stringMatching(/^(\d{1,3}|part-\d|data_\d|train|tuning|held_out)$/);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.tuple(fc.constantFrom("", "train/", "0/"), part).map((two) => two.join("")),
          { minLength: 1, maxLength: 5 },
        ),
        async (paths) => {
          const root = await made(...paths.map((path) => `${path}.parquet`));
          const found = await Labels.open(root);
          expect([found.task, found.size, await Labels.tasks(join(root, ".."))]).toEqual(["root", paths.length, ["root"]]);
        },
      ),
      { numRuns: runs },
    );
  });

  it('in its own folder were the task "0" in a benchmark', async () => {
    const root = folder("one");
    const rows = IDS.map((id) => ({ subjectId: id, predictionTime: new Date("2015-01-01"), booleanValue: isTrue(id) }));
    await Labels.from(rows).write(join(root, "written"));
    await duckFile(join(root, "signal", "0.parquet"), `FROM '${join(root, "written", "labels.parquet")}'`);
    const options = { shots: [-1], resamples: 0, splits };
    const names = [];
    for (const [i, path] of [join(root, "signal"), join(root, "written"), join(labels, "guo_icu")].entries()) {
      const { tasks } = await benchmark(db, { labels: path, out: join(root, `out${i}`), ...options });
      names.push(tasks.map(({ task, predictions, runs }) => [task, predictions, runs.length]));
    }
    expect(names).toEqual(["signal", "written", "guo_icu"].map((name) => [[name, `predictions/${name}.parquet`, 1]]));
    const { stdout } = await meds("info", db.path, "--labels", join(root, "signal"), "--json");
    expect((JSON.parse(stdout) as { tasks: { task: string }[] }).tasks.map(({ task }) => task)).toEqual(["signal"]);
  });
});

it("a folder without labels says which files it wants", async () => {
  const root = folder("none");
  mkdirSync(join(root, "empty"));
  const error = await rejected(Labels.open(root));
  expect(error).toMatchObject({ code: "MEDS_NO_DATA", path: root });
  expect(error.message).toContain("no .parquet file and no labeled_patients.csv");
});
