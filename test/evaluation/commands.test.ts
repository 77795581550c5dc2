// `meds-reader score` and `meds-reader benchmark`.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Labels, type Leaderboard, type PatientDatabase, Predictions, type Score } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { files, folder } from "../support/folder.js";
import { ward } from "../support/ward.js";

const root = folder("score");
let db: PatientDatabase;
let [labels, splits] = ["", ""];

beforeAll(async () => {
  ({ db, labels, splits } = await ward());
  return () => db.close();
});

describe("meds-reader", () => {
  it("benchmark writes results and prints them, as a table or as JSON", async () => {
    const args = [
      "benchmark",
      db.path,
      "--labels",
      labels,
      "--splits",
      splits,
      "--tasks",
      "guo_icu",
      "--shots",
      "4,all",
      "--resamples",
      "10",
    ];
    const { code, stdout, stderr } = await meds(...args, "--out", join(root, "a"));
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/guo_icu +all +20 +1\.000/);
    expect(files(join(root, "a"))).toEqual(["leaderboard.json", "leaderboard.md", "leaderboard.svg", "predictions/guo_icu.parquet"]);
    const again = await meds(...args, "--out", join(root, "b"), "--json");
    expect((JSON.parse(again.stdout) as Leaderboard).tasks[0]?.runs.map(({ k }) => k)).toEqual([4, 4, -1]);
    const taken = await meds(...args, "--out", join(root, "b"));
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringMatching(/^MEDS_INVALID_ARGUMENT: .*not empty/)]);
  }, 30_000);

  it("benchmark says that nothing is left out", async () => {
    const tasks = join(root, "tasks");
    const known = new Set([...db].filter(({ split }) => split !== null).map(({ subjectId }) => subjectId));
    const all = await Labels.open(join(labels, "guo_icu"));
    all.select(({ subjectId, booleanValue }) => known.has(subjectId) && booleanValue !== null).write(join(tasks, "guo_icu"));
    const out = join(root, "whole");
    const args = ["--labels", tasks, "--splits", splits, "--shots", "all", "--resamples", "0"];
    expect((await meds("benchmark", db.path, ...args, "--out", out)).code).toBe(0);
    expect(readFileSync(join(out, "leaderboard.md"), "utf8")).toContain("## Left out\n\nNothing.\n");
  });

  it("score prints metrics, by the labels of the file or of a task, and compares two runs", async () => {
    const truths = await Labels.open(join(labels, "guo_icu"));
    const [good, bad] = [join(root, "good.parquet"), join(root, "bad.parquet")];
    const p = Array.from(truths, ({ booleanValue }, i) => (booleanValue === true ? 0.6 : 0.3) + (i % 5) / 50);
    await Predictions.from(truths, p, { threshold: 0.5 }).write(good);
    await Predictions.from(truths, p.map((_, i) => (i % 9) / 9)).write(bad); // biome-ignore format: one call
    const plain = await meds("score", good, "--resamples", "50");
    expect([plain.code, plain.stderr]).toEqual([0, ""]);
    expect(plain.stdout).toMatch(/81 samples of 81 subjects[\s\S]*AUROC +1\.0000 +1\.0000 to 1\.0000 +1\.0000/);
    const ofLabels = await meds("score", good, "--labels", join(labels, "lab_anemia"), "--json", "--resamples", "0");
    const found = JSON.parse(ofLabels.stdout) as Score & { report: object };
    expect([found.samplesEquallyWeighted.auroc, found.report]).toEqual([
      1,
      expect.objectContaining({ labels: 81, missing: 0, differing: 0 }),
    ]);
    const ofBit = await meds("score", good, "--labels", join(labels, "chexpert"), "--sub-task", "No Finding", "--json", "--resamples", "0");
    expect((JSON.parse(ofBit.stdout) as Score).samplesEquallyWeighted.auroc).toBe(0);
    const both = await meds("score", good, "--against", bad, "--resamples", "50");
    expect(both.stdout).toMatch(
      /81 samples of 81 subjects that both predict[\s\S]*AUROC +1\.0000 +0\.\d{4} +0\.\d{4} +0\.\d{4} to 0\.\d{4} +0\.039/,
    );
    // The second run has no values, so there is no accuracy to compare.
    expect(both.stdout).not.toContain("Accuracy");
  }, 30_000);
});
