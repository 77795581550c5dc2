// The examples, run as a user runs them. Those that need TensorFlow.js, which is no dependency, are skipped where it is not installed.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { convert, generate, Labels, loader, PatientDatabase, samples, Vocabulary } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { duck } from "./support/dataset.js";
import { benchmark, KS, type Row, splitOf } from "./support/ehrshot.js";
import { files, folder } from "./support/folder.js";

const examples = fileURLToPath(new URL("../examples/", import.meta.url));
const lib = (name: string) => import(pathToFileURL(join(examples, "lib", name)).href);

function run(name: string, ...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(examples, name), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}
const withTensorFlow = it.skipIf(!["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"].every(isInstalled));

const root = folder("examples");
const store = join(root, "store.medsdb");
beforeAll(async () => {
  await generate(join(root, "source"), { patients: 90, events: 9_000, codes: 300, seed: 4 });
  await convert(join(root, "source"), store);
});

/** The columns that meds-evaluation 0.0.6 reads, by DuckDB's names of their types. */
const COLUMNS = {
  subject_id: "BIGINT",
  prediction_time: "TIMESTAMP",
  boolean_value: "BOOLEAN",
  predicted_boolean_value: "BOOLEAN",
  predicted_boolean_probability: "DOUBLE",
};

/** The predictions in a file of exactly these columns: subject, microseconds, truth, prediction and probability. */
async function predictions(...path: string[]): Promise<[bigint, bigint, boolean, boolean, number][]> {
  const sql = await duck();
  const file = `'${join(...path)}'`;
  const types = await sql.runAndReadAll(`DESCRIBE SELECT * FROM ${file}`);
  expect(Object.fromEntries(types.getRows().map(([name, type]) => [name, type]))).toEqual(COLUMNS);
  const read = await sql.runAndReadAll(`SELECT * REPLACE (epoch_us(prediction_time) AS prediction_time) FROM ${file}`);
  return read.getRows() as [bigint, bigint, boolean, boolean, number][];
}

describe("leaderboard.mjs", () => {
  it("fits few rows with any penalty, and does not rank NaN", async () => {
    const [{ fit }, { auroc, auprc }] = [await lib("logistic.mjs"), await lib("metrics.mjs")];
    const rows = [0, 1].map((own) => ({ indexes: [own, 2], values: [1, 1] }));
    for (const penalty of [0.1, 1, 10, 100, 1e6]) {
      const { weights } = fit(rows, [0, 1], 3, { penalty });
      expect([weights[0] < 0, weights[1] > 0, weights.every(Number.isFinite)]).toEqual([true, true, true]);
    }
    expect([auroc([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.4]), auprc([0, 1], [0.2, 0.1])]).toEqual([0.875, 0.5]);
    expect(() => auroc([0, 1], [0.5, Number.NaN])).toThrow(RangeError);
  });

  it("predicts every label of held_out, for every task of a folder", async () => {
    const out = join(root, "whole");
    const labels = join(root, "source", "labels");
    const { code, stdout, stderr } = await run("leaderboard.mjs", store, labels, out);
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toMatch(/labels, \d+ codes, penalty [\d.]+: AUROC/);
    const db = PatientDatabase.open(store);
    const tasks: string[] = [];
    // Of lengths of stay, which are neither true nor false, it says that there are no labels.
    for (const task of await Labels.tasks(labels))
      if ([...(await Labels.open(join(labels, task)))].some(({ booleanValue }) => booleanValue !== null)) tasks.push(task);
    expect([tasks.length > 0, stdout.includes("length_of_stay: no labels in train")]).toEqual([true, true]);
    expect(files(out)).toEqual(tasks.map((task) => `${task.replace(/\.parquet$/, "")}.parquet`).sort());
    for (const task of tasks) {
      const given = await Labels.open(join(labels, task));
      const heldOut = [...given].filter(({ subjectId, booleanValue }) => db.get(subjectId)?.split === "held_out" && booleanValue !== null);
      const file = join(out, `${task.replace(/\.parquet$/, "")}.parquet`);
      const found = await predictions(file);
      expect(found.map(([id, time, truth]) => [id, time, truth])).toEqual(
        heldOut.map(({ subjectId, predictionTime, booleanValue }) => [BigInt(subjectId), predictionTime, booleanValue]),
      );
      for (const [, , , predicted, probability] of found)
        expect([probability >= 0 && probability <= 1, predicted]).toEqual([true, probability >= 0.5]);
      expect([...(await Labels.open(file))].map(({ booleanValue }) => booleanValue)).toEqual(
        heldOut.map(({ booleanValue }) => booleanValue),
      );
    }
    db.close();
  });

  it("trains on each few-shot selection of EHRSHOT and tests on all of held_out", async () => {
    const { auroc, auprc } = await lib("metrics.mjs");
    const db = PatientDatabase.open(store);
    // A label for each patient at the last row of its first half; EHRSHOT's times have no microseconds.
    const rows = [...db].map((patient): Row => {
      const at = patient.times[Math.floor((patient.staticCount + patient.length) / 2)]! / 1_000_000n;
      return {
        id: Number(patient.subjectId),
        time: new Date(Number(at) * 1000).toISOString().slice(0, 19),
        value: Number(patient.subjectId) % 3,
      };
    });
    db.close();
    const ehrshot = folder("ehrshot");
    benchmark("lab_anemia", rows, ehrshot);
    const unknown = { id: 7, time: "2015-01-01T10:20:00", value: 1 };
    const findings = rows.map((row) => ({ ...row, value: (row.id * 2741) % 2 ** 14 }));
    benchmark("chexpert", [...findings, unknown], ehrshot);
    const out = join(root, "few");
    const { code, stdout, stderr } = await run("leaderboard.mjs", store, join(ehrshot, "benchmark"), out);
    expect([stderr, code]).toEqual(["", 0]);

    const heldOut = rows.filter(({ id }) => splitOf(id) === "test").map(({ id, value }) => `${id} ${Number(value >= 1)}`);
    for (const k of KS) {
      const found: number[][] = [];
      for (const replicate of [0, 1]) {
        const own = await predictions(out, "lab_anemia", `k_${k === -1 ? "all" : k}_replicate_${replicate}.parquet`);
        expect(own.map(([id, , truth]) => `${id} ${Number(truth)}`).sort()).toEqual([...heldOut].sort());
        const [labels, scores] = [own.map(([, , truth]) => Number(truth)), own.map(([, , , , probability]) => probability)];
        found.push([auroc(labels, scores), auprc(labels, scores)]);
      }
      const [roc, prc] = [0, 1].map((m) => ((found[0]![m]! + found[1]![m]!) / 2).toFixed(3));
      const sizes = k === -1 ? "" : `${2 * k} + ${2 * k} + ${heldOut.length} labels, `;
      expect(stdout).toContain(`lab_anemia, k ${k === -1 ? "all" : k}: ${sizes}`);
      expect(stdout.split("\n").find((line) => line.startsWith(`lab_anemia, k ${k === -1 ? "all" : k}:`))).toMatch(
        new RegExp(`mean of 2 models: AUROC ${roc} \\([\\d. to]+\\), AUPRC ${prc} `),
      );
    }
    expect(files(join(out, "lab_anemia")).length).toBe(2 * KS.length);
    // A task with sub-tasks has a board for each; nothing is left out in silence.
    expect(stdout).toContain("chexpert/Edema, k 4:");
    expect(stdout).toContain("chexpert: 1 of 91 labels left out: their subjects are not in the store");
    expect(files(join(out, "chexpert", "Edema")).length).toBe(2 * KS.length);
  });
});

describe("next-code.mjs", () => {
  it("sees how recently a patient had each code, and nothing of the patient packed before", async () => {
    const { recency } = await lib("recency.mjs");
    const db = PatientDatabase.open(store);
    const vocabulary = await Vocabulary.fit(db.split("train"), { top: 50 });
    const list = samples(db, { split: "tuning" }, { maxLength: 40, static: "prepend" });
    const decays = [0, 0.5, 1];
    for (const batch of loader(list, { tokens: 100, vocabulary, fields: ["code", "next_code"] })) {
      const { code, next_code: next, segment_ids: segments } = batch;
      const { x, targets } = recency(batch, vocabulary.size, decays);
      const places = [...next.keys()].filter((place) => next[place] !== 0);
      expect([...targets]).toEqual(places.map((place) => next[place]));
      const expected = places.flatMap((place) =>
        decays.flatMap((decay) =>
          Array.from({ length: vocabulary.size }, (_, token) => {
            const last = code.subarray(0, place + 1).lastIndexOf(token);
            return last >= 0 && segments![last] === segments![place] ? decay ** (place - last) : 0;
          }),
        ),
      );
      expect(x.length).toBe(expected.length);
      expect(x.every((value: number, i: number) => Math.abs(value - expected[i]!) < 1e-6)).toBe(true);
    }
    db.close();
  });

  withTensorFlow("learns a chain of codes nearly as well as it can be known", async () => {
    const { code, stdout, stderr } = await run("next-code.mjs");
    expect([stderr, code]).toEqual(["", 0]);
    const last = stdout.trimEnd().split("\n").at(-1)!;
    const [found, unigram, best] = [...last.matchAll(/([\d.]+) \(perplexity/g)].map((match) => Number(match[1]));
    expect(found).toBeGreaterThan(best! - 0.02);
    expect(found).toBeLessThan(best! + 0.1 * (unigram! - best!));
  });

  withTensorFlow("learns from a store", async () => {
    const { code, stdout, stderr } = await run("next-code.mjs", store);
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toMatch(/^epoch 10: train [\d.]+ \(perplexity [\d.]+\), tuning [\d.]+ \(perplexity/m);
  });
});
