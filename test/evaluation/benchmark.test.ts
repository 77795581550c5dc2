// A benchmark over tasks in EHRSHOT's layout, and over tasks without published selections.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BenchmarkOptions, benchmark, Labels, type Leaderboard, type PatientDatabase, Predictions } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { FINDINGS } from "../support/ehrshot.js";
import { rejected } from "../support/errors.js";
import { changed, contents, files, folder } from "../support/folder.js";
import { duckFile } from "../support/labels.js";
import { IDS, isTrue, ward } from "../support/ward.js";

const root = folder("benchmark");
let db: PatientDatabase;
let [labels, splits] = ["", ""];
let number = 0;

beforeAll(async () => {
  ({ db, labels, splits } = await ward());
  return () => db.close();
});

async function run(options: Partial<BenchmarkOptions> = {}): Promise<Leaderboard & { out: string }> {
  number += 1;
  const out = join(root, String(number));
  return { ...(await benchmark(db, { labels, out, shots: [1, 4, -1], replicates: 2, resamples: 20, ...options })), out };
}

describe("a benchmark of EHRSHOT's tasks", () => {
  it("runs all sub-tasks with the published selections, and finds the signal", async () => {
    const board = await run({ splits, shots: [4, -1, 8] });
    expect(board.tasks.map(({ task, subTask }) => `${task}/${subTask}`)).toEqual([
      ...FINDINGS.map((finding) => `chexpert/${finding}`),
      "guo_icu/guo_icu",
      "lab_anemia/lab_anemia",
    ]);
    const icu = board.tasks.at(-2)!;
    expect(icu.runs.map(({ k, replicate, train, tuning }) => [k, replicate, train, tuning])).toEqual([
      [4, 0, 8, 8],
      [4, 1, 8, 8],
      [-1, 0, 40, 20],
    ]);
    expect(icu.runs.at(-1)!.score.samplesEquallyWeighted).toMatchObject({ auroc: 1, auprc: 1 });
    expect(icu.runs.every(({ converged, unmatched, differing }) => converged && unmatched + differing === 0)).toBe(true);
    expect([icu.truth, icu.selections]).toEqual(["boolean_value", "published (all_shots_data.json)"]);
    expect(icu.leftOut).toEqual({ unknownSubjects: 1, noSplit: 0, otherSplit: 0, unlabelled: 0, noFeatures: 0 });
    const positive = IDS.filter((id) => id % 4 === 3 && isTrue(id)).length;
    expect(icu.labels.held_out).toEqual({ labels: 20, positive, subjects: 20 });
    // Class 1 or higher, and one bit: the same truth as that of guo_icu.
    expect(board.tasks.at(-1)!.runs).toEqual(icu.runs);
    expect(board.tasks.find(({ subTask }) => subTask === "Edema")!.labels).toEqual(icu.labels);
    expect(board.leftOut).toContainEqual({
      task: "guo_icu",
      subTask: "guo_icu",
      k: 8,
      reason: "all_shots_data.json has no selection of this size",
    });
    expect(board.leftOut).toContainEqual({
      ...{ task: "chexpert", subTask: "Fracture", k: -1 },
      reason: "replicate 0: the labels to train on are all of one class",
    });
  });

  it("runs each column of INSPECT's labels as released, and reports studies without a time", async () => {
    const icu = [...(await Labels.open(join(labels, "guo_icu")))];
    const root = folder("inspect");
    const write = (name: string, rows: readonly string[]) => writeFileSync(join(root, `${name}_20250611.tsv`), `${rows.join("\n")}\n`);
    const time = (at: bigint) => new Date(Number(at / 1000n)).toISOString().slice(0, 19);
    write("labels", ["impression_id\t12_month_PH", ...icu.map(({ booleanValue }, i) => `${i}\t${booleanValue}`), "x\tTrue"]);
    write("study_mapping", [
      "impression_id\tperson_id\tprocedure_DATETIME",
      ...icu.map(({ subjectId, predictionTime }, i) => `${i}\t${subjectId}\t${i === 0 ? "" : time(predictionTime)}`),
    ]);
    const board = await run({ labels: root, splits, shots: [-1] });
    expect(board.tasks.map(({ task, runs }) => [task, runs.length])).toEqual([["labels_20250611.tsv/12_month_PH", 1]]);
    expect(board.leftOut.map(({ reason }) => reason)).toContain("2 labels are of studies without a patient or time");
    expect(files(board.out)).toContain("predictions/labels_20250611.tsv/12_month_PH.parquet");
  });

  it("writes what it returns, and predictions whose score is that of the leaderboard", async () => {
    const board = await run({ splits });
    const { out, ...found } = board;
    expect(JSON.parse(readFileSync(join(out, "leaderboard.json"), "utf8"))).toEqual(found);
    const written = board.tasks.flatMap(({ predictions }) => predictions ?? []);
    expect(files(out)).toEqual(["leaderboard.json", "leaderboard.md", "leaderboard.svg", ...written].sort());
    expect(written).toContain("predictions/guo_icu.parquet");
    expect(written).toContain("predictions/chexpert/No Finding.parquet");
    for (const { predictions, runs } of board.tasks) {
      if (predictions === null) continue;
      const score = (await Predictions.open(join(out, predictions))).score({ resamples: 20 });
      expect(JSON.parse(JSON.stringify(score))).toEqual(runs.at(-1)!.score);
    }
    const text = readFileSync(join(out, "leaderboard.md"), "utf8");
    for (const part of ["guo_icu", "chexpert: Edema", "## Model card", db.metadata.id, "1 labels of subjects that are not in the store"])
      expect(text).toContain(part);
    const chart = readFileSync(join(out, "leaderboard.svg"), "utf8");
    expect(chart).toMatch(/role="img" aria-labelledby="title desc"[\s\S]*<title id="title">[\s\S]*<desc id="desc">.*guo_icu: .*all 1\.000/);
  });

  it("makes the same bytes again; another seed draws other intervals", async () => {
    const options = { tasks: ["guo_icu"], splits, shots: [1, 4] };
    const [first, again, other] = [await run(options), await run({ ...options, threads: 1 }), await run({ ...options, seed: 1 })];
    expect(changed(contents(again.out), contents(first.out))).toEqual([]);
    expect(changed(contents(other.out), contents(first.out))).toContain("leaderboard.json");
    expect(contents(first.out).size).toBe(4);
  });
});

describe("a benchmark of tasks in MEDS", () => {
  const tasks = join(root, "tasks");
  const at = (id: number, booleanValue: boolean | null) => ({ subjectId: id, predictionTime: new Date("2015-01-01"), booleanValue });

  beforeAll(async () => {
    await Labels.from(IDS.map((id) => at(id, id === 8 ? null : isTrue(id)))).write(join(tasks, "group", "signal"));
    await Labels.from(IDS.map((id) => at(id, id % 4 === 3))).write(join(tasks, "one_class"));
    await Labels.from(IDS.map((id) => ({ ...at(id, null), floatValue: id }))).write(join(tasks, "stay"));
    await Labels.from([at(1, true)]).write(join(tasks, "untested"));
  });

  it("draws selections: k of each class, repeated where a class is short, and reports what has no result", async () => {
    const board = await run({ labels: tasks, shots: [2, 64, -1], replicates: 3 });
    expect(board.tasks.map(({ task, subTask }) => [task, subTask])).toEqual([
      ["group/signal", "group/signal"],
      ["one_class", "one_class"],
      ["untested", "untested"],
    ]);
    const { runs, leftOut, predictions, selections } = board.tasks[0]!;
    expect(runs.map(({ k, replicate, train, tuning }) => [k, replicate, train, tuning])).toEqual([
      ...[0, 1, 2].map((replicate) => [2, replicate, 4, 4]),
      ...[0, 1, 2].map((replicate) => [64, replicate, 128, 128]),
      [-1, 0, 39, 20],
    ]);
    expect([leftOut.unlabelled, predictions, selections]).toEqual([1, "predictions/group/signal.parquet", "drawn with seed 0"]);
    const reasons = board.leftOut.map(({ task, k, reason }) => [task, k, reason.split(":")[0]]);
    expect(reasons).toContainEqual(["stay", null, "MEDS_COLUMN_TYPE"]);
    expect(reasons).toContainEqual(["untested", null, "no held-out label has a value and features"]);
    expect(reasons).toContainEqual(["one_class", -1, "replicate 0"]);
  });

  it("takes embeddings of a file, as a list or as columns, scaled on the training labels only", async () => {
    const select = (noise: string) =>
      `SELECT i::BIGINT AS subject_id, TIMESTAMP '2015-01-01' AS prediction_time, (100 + if((i // 4) % 3 = 0, 1, 0) * 0.5 + (i % 7) * 0.01)::DOUBLE AS a, (${noise})::DOUBLE AS b, 3.0::DOUBLE AS c FROM range(1, 80) t(i)`;
    const noise = "(i * 37 % 11) / 4.0";
    const wide = await duckFile(join(root, "wide.parquet"), select(noise));
    const list = await duckFile(
      join(root, "list.parquet"),
      `SELECT subject_id, prediction_time, [a, b, c]::FLOAT[] AS embedding FROM (${select(noise)})`,
    );
    // Subject 3 is held out: only its own prediction may change.
    const other = await duckFile(join(root, "other.parquet"), select(`if(i = 3, 1e6, ${noise})`));
    const options = { labels: tasks, tasks: ["group/signal"], shots: [4, -1], replicates: 1 };
    const boards = [];
    for (const embeddings of [wide, list, other]) boards.push(await run({ ...options, embeddings }));
    const [a, b, c] = await Promise.all(boards.map(({ out }) => Predictions.open(join(out, "predictions/group/signal.parquet"))));
    const { runs, leftOut } = boards[0]!.tasks[0]!;
    expect([leftOut.noFeatures, runs.at(-1)!.score.samplesEquallyWeighted.auroc]).toEqual([1, 1]);
    for (const [i, { predictedBooleanProbability: p }] of [...a!].entries())
      expect(b!.at(i)!.predictedBooleanProbability).toBeCloseTo(p!, 4);
    expect([...c!].filter(({ subjectId }) => subjectId !== 3n)).toEqual([...a!].filter(({ subjectId }) => subjectId !== 3n));
    expect(c!.at(0)!.predictedBooleanProbability).not.toBe(a!.at(0)!.predictedBooleanProbability);
  });

  const row = "1::BIGINT AS subject_id, TIMESTAMP '2015-01-01' AS prediction_time";
  it.each([
    ["no numbers", `SELECT ${row}, true AS boolean_value, 1.0::FLOAT AS float_value`, "MEDS_MISSING_COLUMN", /neither a column embedding/],
    ["decimals", `SELECT ${row}, 1.5 AS a`, "MEDS_COLUMN_TYPE", /"?a"?/],
    ["NaN", `SELECT ${row}, 'NaN'::FLOAT AS a`, "MEDS_VALUE_RANGE", /row 0 contains NaN/],
    ["a null", `SELECT ${row}, if(i = 0, 1.0, NULL)::FLOAT AS a FROM range(2) t(i)`, "MEDS_NULL_VALUE", /row 1 has no a/],
    [
      "lists that differ",
      `SELECT i::BIGINT AS subject_id, TIMESTAMP '2015-01-01' AS prediction_time, if(i = 0, [1.0], [1.0, 2.0])::FLOAT[] AS embedding FROM range(2) t(i)`,
      "MEDS_VALUE_RANGE",
      /row 1 has 2 numbers/,
    ],
    ["two rows for one time", `SELECT ${row}, 1.0::FLOAT AS a FROM range(2)`, "MEDS_SCHEMA_CONFLICT", /rows 0 and 1/],
    ["texts", `SELECT ${row}, ['1.0', '2.0'] AS embedding`, "MEDS_COLUMN_TYPE", /must have list<float>/],
    ["a null among its numbers", `SELECT ${row}, [1.0, NULL]::FLOAT[] AS embedding`, "MEDS_VALUE_RANGE", /row 0 contains NaN/],
    ["null", `SELECT ${row}, NULL::FLOAT[] AS embedding`, "MEDS_VALUE_RANGE", /has 0 numbers/],
  ])("refuses embeddings with %s", async (name, query, code, message) => {
    const embeddings = await duckFile(join(root, `${name}.parquet`), query);
    const error = await rejected(run({ labels: tasks, embeddings }));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });

  it("refuses folders that are taken, unknown tasks and splits, and leaves nothing behind when it is cancelled", async () => {
    const taken = join(root, "taken");
    mkdirSync(taken);
    writeFileSync(join(taken, "mine.txt"), "");
    const aborted = new AbortController();
    const cases: [Partial<BenchmarkOptions>, string, RegExp][] = [
      [{ out: taken }, "MEDS_INVALID_ARGUMENT", /not empty/],
      [{ tasks: ["absent"] }, "MEDS_INVALID_ARGUMENT", /"absent".*"group\/signal"/],
      [{ shots: [0] }, "MEDS_INVALID_ARGUMENT", /shots/],
      [{ labels: taken }, "MEDS_NO_DATA", /no labels/],
      [{ out: join(root, "cancelled"), signal: aborted.signal, onRun: () => aborted.abort() }, "MEDS_CANCELLED", /cancelled/],
      [{ splits: join(root, "splits.csv") }, "MEDS_UNKNOWN_SPLIT", /tuning/],
    ];
    writeFileSync(join(root, "splits.csv"), "subject_id,split\n1,train\n2,held_out\n");
    for (const [options, code, message] of cases) {
      const error = await rejected(run({ labels: tasks, ...options }));
      expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    }
    expect(existsSync(join(root, "cancelled"))).toBe(false);
    expect(files(root).filter((name) => name.includes(".tmp"))).toEqual([]);
  });
});
