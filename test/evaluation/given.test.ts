// Predictions that were made already: files of them, those of one split, and a benchmark of them.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchmark, Labels, type Leaderboard, type PatientDatabase, Predictions, type Score, Shots, Splits } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { FINDINGS } from "../support/ehrshot.js";
import { rejected, thrown } from "../support/errors.js";
import { changed, contents, files, folder, place } from "../support/folder.js";
import { duckFile } from "../support/labels.js";
import { ABSENT, isTrue, ward } from "../support/ward.js";

const root = folder("given");
let db: PatientDatabase;
let [labels, splits] = ["", ""];
let icu: Labels;
let held: Splits;

beforeAll(async () => {
  ({ db, labels, splits } = await ward());
  icu = await Labels.open(join(labels, "guo_icu"));
  held = Splits.from(Object.fromEntries([...db.splits.keys()].map((name) => [name, db.split(name).subjectIds])));
  return () => db.close();
});

/** A probability that is not that of any other label. */
const p = (id: bigint) => (isTrue(Number(id)) ? 0.5 : 0.25) + Number(id % 100n) / 1024;
const time = (at: bigint) => new Date(Number(at / 1000n)).toISOString();

/** Predictions as CSV; with the label where `names` is set. */
function csv(
  path: string,
  of: Iterable<{ subjectId: bigint; predictionTime: bigint; booleanValue: boolean | null }>,
  names = true,
): string {
  const lines = [...of].map(({ subjectId, predictionTime, booleanValue }) =>
    [subjectId, time(predictionTime), ...(names ? [booleanValue === true ? "True" : "False"] : []), p(subjectId)].join(","),
  );
  const header = ["subject_id", "prediction_time", ...(names ? ["boolean_value"] : []), "predicted_boolean_probability"].join(",");
  writeFileSync(place(path), [header, ...lines, ""].join("\n"));
  return path;
}

describe("predictions in CSV, whose error said that they are no Parquet,", () => {
  it("are those of Parquet", async () => {
    const from = Predictions.from(icu, Array.from(icu.subjectIds, p));
    const parquet = join(root, "icu.parquet");
    await from.write(parquet);
    const [a, b] = [await Predictions.open(csv(join(root, "icu.csv"), icu)), await Predictions.open(parquet)];
    expect([...a]).toEqual([...b]);
    expect(a.size).toBe(81);
    writeFileSync(join(root, "icu.tsv"), readFileSync(join(root, "icu.csv"), "utf8").replaceAll(",", "\t"));
    expect([...(await Predictions.open(join(root, "icu.tsv")))]).toEqual([...b]);
    expect((await meds("score", join(root, "icu.csv"), "--resamples", "9")).stdout).toContain("81 samples of 81 subjects");
  });

  it.each<[string, string, string, RegExp]>([
    [
      "no subject",
      "prediction_time,boolean_value,predicted_boolean_value\n",
      "MEDS_MISSING_COLUMN",
      /no column "subject_id".*"prediction_time"/,
    ],
    ["no label", "subject_id,prediction_time,predicted_boolean_value\n", "MEDS_MISSING_COLUMN", /no column "boolean_value"/],
    [
      "no prediction",
      "subject_id,prediction_time,boolean_value\n1,2015-01-01,True\n",
      "MEDS_MISSING_COLUMN",
      /neither a predicted_boolean_p/,
    ],
    [
      "a missing probability",
      "subject_id,prediction_time,boolean_value,predicted_boolean_probability\n1,2015-01-01,True,0.5\n1,2015-01-01,True,\n",
      "MEDS_NULL_VALUE",
      /row 1 has no predicted_boolean_probability/,
    ],
    [
      "a missing label",
      "subject_id,prediction_time,boolean_value,predicted_boolean_probability\n1,2015-01-01,True,0.5\n1,2015-01-01,,0.5\n",
      "MEDS_NULL_VALUE",
      /row 1 has no boolean_value/,
    ],
    [
      "a logit",
      "subject_id,prediction_time,boolean_value,predicted_boolean_probability\n1,2015-01-01,True,1.5\n",
      "MEDS_VALUE_RANGE",
      /row 0 has the probability 1.5/,
    ],
    [
      "a text",
      "subject_id,prediction_time,boolean_value,predicted_boolean_probability\n1,2015-01-01,True,high\n",
      "MEDS_COLUMN_TYPE",
      /row 0, column "predicted_boolean_probability": "high"/,
    ],
  ])("with %s are refused", async (name, text, code, message) => {
    const path = join(root, `${name}.csv`);
    writeFileSync(path, text);
    const error = await rejected(Predictions.open(path));
    expect([error.code, error.path, error.message]).toEqual([code, path, expect.stringMatching(message)]);
  });

  it("need no label beside labels, nor in Parquet", async () => {
    const path = csv(join(root, "unlabelled.csv"), icu, false);
    const found = await Predictions.open(path, { labels: icu });
    expect([...found]).toEqual([...Predictions.from(icu, Array.from(icu.subjectIds, p))]);
    expect(found.report).toMatchObject({ missing: 0, extra: 0, differing: 0 });
    const parquet = await duckFile(
      join(root, "unlabelled.parquet"),
      `SELECT subject_id, prediction_time::TIMESTAMP prediction_time, predicted_boolean_probability FROM '${path}'`,
    );
    expect([...(await Predictions.open(parquet, { labels: icu }))]).toEqual([...found]);
    expect(await rejected(Predictions.open(parquet))).toMatchObject({ code: "MEDS_MISSING_COLUMN" });
    expect(await rejected(Predictions.open(path, { labels: 5 as never }))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
  });
});

describe("a folder of predictions", () => {
  it("is read file by file; of several tasks, or with other columns in each file, it is refused", async () => {
    const task = join(root, "task");
    const half = (rest: number) => icu.select(({ subjectId }) => Number(subjectId) % 2 === rest);
    for (const rest of [0, 1]) {
      const own = half(rest);
      await Predictions.from(own, Array.from(own.subjectIds, p)).write(place(task, `${rest}.parquet`));
    }
    expect([...(await Predictions.open(task))].map(({ subjectId }) => subjectId)).toEqual([...half(0).subjectIds, ...half(1).subjectIds]);
    await duckFile(
      join(task, "2.parquet"),
      "SELECT 1::BIGINT subject_id, TIMESTAMP '2015-01-01' prediction_time, true boolean_value, true predicted_boolean_value",
    );
    expect(await rejected(Predictions.open(task))).toMatchObject({ code: "MEDS_SCHEMA_CONFLICT", path: join(task, "2.parquet") });
    for (const name of ["guo_icu", "guo_los"]) copyFileSync(join(task, "0.parquet"), place(root, "two", `${name}.parquet`));
    const error = await rejected(Predictions.open(join(root, "two")));
    expect([error.code, error.message]).toEqual([
      "MEDS_SEVERAL_TASKS",
      expect.stringMatching(/contains the predictions of 2 tasks: "guo_icu/),
    ]);
    mkdirSync(join(root, "empty"));
    expect(await rejected(Predictions.open(join(root, "empty")))).toMatchObject({ code: "MEDS_NO_DATA" });
    expect(await rejected(Predictions.open(join(root, "absent")))).toMatchObject({ code: "MEDS_NOT_FOUND" });
  });
});

describe("predictions on all splits", () => {
  it("are divided by split, and counted", () => {
    const all = Predictions.from(icu, Array.from(icu.subjectIds, p));
    const parts = held.names.map((name) => all.inSplit(held, name));
    expect(parts.map(({ predictions, otherSplit }) => predictions.size + otherSplit)).toEqual(parts.map(() => 80));
    expect(parts.map(({ noSplit, noSplitSubjects }) => [noSplit, noSplitSubjects])).toEqual(parts.map(() => [1, 1]));
    const { predictions } = all.inSplit(held, "held_out");
    expect([...predictions]).toEqual([...all].filter(({ subjectId }) => held.of(subjectId) === "held_out"));
    expect(thrown(() => all.inSplit(held, "test"))).toMatchObject({ code: "MEDS_UNKNOWN_SPLIT" });
    expect(thrown(() => all.inSplit({} as never, "train"))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
  });

  it("are scored on one: score had no --split", async () => {
    const path = csv(join(root, "all.csv"), icu);
    const dataset = db.path.replace(/\.medsdb$/, "");
    const heldOut = icu.inSplit(held, "held_out").labels;
    const expected = Predictions.from(heldOut, Array.from(heldOut.subjectIds, p)).score({ resamples: 0 });
    for (const from of [db.path, dataset])
      for (const more of [[], ["--labels", join(labels, "guo_icu")]]) {
        const { code, stdout, stderr } = await meds(
          "score",
          path,
          "--split",
          "held_out",
          "--splits",
          from,
          "--resamples",
          "0",
          "--json",
          ...more,
        );
        expect([code, stderr]).toEqual([0, ""]);
        const { report, others, split, ...score } = JSON.parse(stdout) as Score & { report: object; others: object; split: string };
        expect([score, split]).toEqual([JSON.parse(JSON.stringify(expected)), "held_out"]);
        const noSplit = { otherSplit: 60, noSplit: 1, noSplitSubjects: 1 };
        expect([report, others]).toEqual(
          more.length === 0 ? [null, noSplit] : [expect.objectContaining({ labels: 20, missing: 0, extra: 61 }), null],
        );
      }
    // EHRSHOT's file also has the subject that the store does not have.
    const ofFile = await meds("score", path, "--split", "held_out", "--splits", splits, "--resamples", "0", "--json");
    expect((JSON.parse(ofFile.stdout) as Score).samples).toBe(21);
    const plain = await meds("score", path, "--split", "held_out", "--splits", db.path, "--resamples", "0");
    expect(plain.stdout).toMatch(
      /20 samples of 20 subjects in held_out[\s\S]*60 predictions are of subjects in other splits[\s\S]*1 predictions are of subjects in no split/,
    );
    const both = await meds("score", path, "--against", path, "--split", "held_out", "--splits", db.path, "--resamples", "9");
    expect(both.stdout).toContain("20 samples of 20 subjects that both predict");
    for (const args of [
      ["--split", "held_out"],
      ["--splits", db.path],
    ]) {
      const wrong = await meds("score", path, ...args);
      expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("require each other")]);
    }
    const unknown = await meds("score", path, "--split", "test", "--splits", db.path);
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/^MEDS_UNKNOWN_SPLIT.*"held_out"/)]);
  }, 60_000);
});

describe("a benchmark of predictions", () => {
  const options = { resamples: 20, seed: 3 };
  const run = async (name: string, predictions: string, more: object = {}) => {
    const out = join(root, "results", name);
    return { out, board: await benchmark(db, { labels, splits, out, predictions, ...options, ...more }) };
  };

  it("scores those of the baseline as the baseline: own predictions could only be scored task by task", async () => {
    const out = join(root, "baseline");
    const baseline = await benchmark(db, { labels, splits, out, shots: [-1], ...options });
    const { board, out: own } = await run("baseline", join(out, "predictions"));
    const scored = baseline.tasks.filter(({ predictions }) => predictions !== null);
    expect(scored.length).toBeGreaterThan(2);
    for (const { task, subTask, predictions, runs, labels: counts } of scored) {
      const found = board.tasks.find((one) => one.task === task && one.subTask === subTask)!;
      expect([found.predictions, found.runs[0]!.score, found.labels]).toEqual([predictions, runs[0]!.score, counts]);
      expect(found.runs).toHaveLength(1);
    }
    const written = (path: string) => contents(join(path, "predictions"));
    expect(changed(written(own), written(out))).toEqual([]);
    expect(board).toMatchObject({
      dataset: baseline.dataset,
      seed: 3,
      resamples: 20,
      shots: [],
      model: { name: "Predictions (predictions)" },
    });
    // The baseline does not predict a finding that all labels to train on do not have.
    const missing = FINDINGS.filter((finding) => scored.every(({ subTask }) => subTask !== finding));
    expect(missing.length).toBeGreaterThan(0);
    for (const subTask of missing)
      expect(board.leftOut).toContainEqual({
        task: "chexpert",
        subTask,
        k: null,
        reason: expect.stringMatching(/^there are no predictions: neither chexpert\//),
      });
    expect(JSON.parse(readFileSync(join(own, "leaderboard.json"), "utf8"))).toEqual(board);
  });

  it("takes TASK.csv, TASK/*.parquet and TASK.parquet, and reports what is missing or left over", async () => {
    const mine = join(root, "mine");
    const heldOut = icu.inSplit(held, "held_out").labels;
    // Of all splits but two held-out labels, and of a subject that has no label.
    csv(
      join(mine, "guo_icu.csv"),
      [...icu].filter(({ subjectId }) => subjectId !== heldOut.at(0)!.subjectId),
      false,
    );
    const anemia = Shots.binary(await Labels.open(join(labels, "lab_anemia")), "lab_anemia");
    for (const rest of [0, 1]) {
      const own = anemia.select(({ subjectId }) => Number(subjectId) % 2 === rest);
      await Predictions.from(own, Array.from(own.subjectIds, p)).write(place(mine, "lab_anemia", `${rest}.parquet`));
    }
    csv(join(mine, "guo_icuu.csv"), icu);
    writeFileSync(join(mine, "readme.txt"), "");
    const { board, out } = await run("mine", mine);
    const found = new Map(board.tasks.map((task) => [task.subTask, task]));
    expect(found.get("guo_icu")!.leftOut).toEqual({ unknownSubjects: 1, noSplit: 0, otherSplit: 0, unlabelled: 0, noFeatures: 1 });
    expect(found.get("guo_icu")!.labels.held_out.labels).toBe(19);
    expect(found.get("guo_icu")!.runs[0]).toMatchObject({
      train: null,
      strength: null,
      unmatched: 61,
      score: { samples: 19, samplesEquallyWeighted: { auroc: 1 } },
    });
    expect(found.get("lab_anemia")!.runs[0]!.score.samples).toBe(20);
    const reasons = board.leftOut.map(({ subTask, reason }) => `${subTask}: ${reason}`);
    expect(reasons).toContain("guo_icu: 61 predictions are of other splits, or have no label");
    expect(reasons).toContain("guo_icuu: guo_icuu.csv of the predictions was not used: no task has this name");
    expect(reasons.filter((reason) => reason.includes("there are no predictions: neither"))).toHaveLength(FINDINGS.length);
    expect(files(out)).toEqual([
      "leaderboard.json",
      "leaderboard.md",
      "leaderboard.svg",
      "predictions/guo_icu.parquet",
      "predictions/lab_anemia.parquet",
    ]);
    const text = readFileSync(join(out, "leaderboard.md"), "utf8");
    for (const part of [
      "# Leaderboard: Predictions (mine)",
      db.metadata.id,
      "held_out 21",
      "Seed 3, 20 resamples",
      "| task | predictions |",
      "1 labels of held-out subjects without a prediction",
    ])
      expect(text).toContain(part);
    expect(text).not.toMatch(/per class|replicate|strength|null/i);
    expect(readFileSync(join(out, "leaderboard.svg"), "utf8")).not.toContain("per class");
  });

  it("takes a file for the only task, and nothing of tasks that are not wanted is left over", async () => {
    const mine = csv(join(root, "one", "guo_icu.csv"), icu);
    csv(join(root, "one", "lab_anemia.csv"), icu);
    const [file, whole] = [await run("file", mine, { tasks: ["guo_icu"] }), await run("whole", join(root, "one"), { tasks: ["guo_icu"] })];
    expect(file.board.tasks).toEqual(whole.board.tasks);
    expect(whole.board.leftOut).toEqual([expect.objectContaining({ reason: "61 predictions are of other splits, or have no label" })]);
    expect(await rejected(run("several", mine))).toMatchObject({
      code: "MEDS_INVALID_ARGUMENT",
      message: expect.stringMatching(/3 tasks/),
    });
    expect(await rejected(run("absent", join(root, "absent")))).toMatchObject({ code: "MEDS_NOT_FOUND" });
  });

  it("reports predictions that cannot be read, or match no label, and scores the others", async () => {
    const mine = join(root, "wrong");
    csv(join(mine, "guo_icu.csv"), icu);
    writeFileSync(place(mine, "lab_anemia.csv"), "subject_id\n1\n");
    csv(join(mine, "chexpert", "Edema.csv"), [{ subjectId: BigInt(ABSENT), predictionTime: 0n, booleanValue: true }]);
    const { board } = await run("wrong", mine);
    expect(board.tasks.filter(({ runs }) => runs.length > 0).map(({ subTask }) => subTask)).toEqual(["guo_icu"]);
    const reasonOf = (name: string) => board.leftOut.filter(({ subTask }) => subTask === name).map(({ reason }) => reason);
    expect(reasonOf("lab_anemia")).toEqual([expect.stringMatching(/^MEDS_MISSING_COLUMN: .*lab_anemia\.csv/)]);
    expect(reasonOf("Edema")).toEqual([
      "1 predictions are of other splits, or have no label",
      "no held-out label has a value and a prediction",
    ]);
  });

  it("is a command; options for models that are fitted are a mistake", async () => {
    const mine = csv(join(root, "command", "guo_icu.csv"), icu);
    const args = ["benchmark", db.path, "--labels", labels, "--splits", splits, "--predictions", join(mine, ".."), "--resamples", "0"];
    const { code, stdout, stderr } = await meds(...args, "--out", join(root, "cli"));
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/Predictions \(command\)[\s\S]*guo_icu +– +20 +1\.000[\s\S]*left out: lab_anemia: there are no predictions/);
    const asJson = await meds(...args, "--out", join(root, "cli2"), "--json");
    expect((JSON.parse(asJson.stdout) as Leaderboard).shots).toEqual([]);
    for (const more of [
      ["--shots", "all"],
      ["--replicates", "2"],
      ["--embeddings", "x.parquet"],
      ["--threads", "1"],
    ]) {
      const wrong = await meds(...args, "--out", join(root, "cli3"), ...more);
      expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining(`--predictions and ${more[0]} cannot be combined`)]);
    }
    expect(await rejected(run("both", join(mine, ".."), { shots: [-1] }))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
  }, 60_000);
});
