// Folders that ETLs write around a dataset: which of them is the dataset is said where another one is given.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert, inspect, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import { writeJson, writeSimple } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { files, folder, place } from "../support/folder.js";
import { good } from "../support/refused.js";

/** A dataset as an ETL finishes it. */
async function dataset(path: string): Promise<void> {
  await writeSimple(path, good, { name: "train/0.parquet" });
  writeJson(path, "dataset.json", {});
}

/** What every way to give a source says of it. */
async function said(path: string): Promise<string> {
  const errors = [
    await rejected(convert(path, join(folder("t"), "s.medsdb"))),
    await rejected(PatientDatabase.from(path)),
    await rejected(inspect(path)),
  ];
  expect(errors.map(({ code }) => code)).toEqual(errors.map(() => "MEDS_NO_DATA"));
  expect(new Set(errors.map(({ message }) => message)).size).toBe(1);
  return errors[0]!.message;
}

describe("the root of an ETL's output", () => {
  it.each(["MEDS_output", "MEDS_cohort", "MEDS_Cohort", "meds", "final_cohort", "output", "out/MEDS_cohort"])(
    "with the dataset in %s: the error says which folder to use",
    async (name) => {
      const root = folder("etl");
      await dataset(join(root, name));
      for (const stage of ["raw_input/hosp/a.csv", "pre_MEDS/hosp/a.parquet", "convert_to_subject_sharded/train/0/a.parquet"])
        writeFileSync(place(root, stage), "x");
      // A stage with the form of a dataset, without metadata.
      await writeSimple(join(root, "merge_to_MEDS_cohort"), good);
      mkdirSync(join(root, "empty", "data"), { recursive: true });
      expect(await said(root)).toContain(`its folder ${name} is a dataset: use ${join(root, name)}.`);
      expect(files(root).some((file) => file.includes(".medsdb"))).toBe(false);
    },
  );

  it("two levels down, and several: all are named", async () => {
    const root = folder("etl");
    await dataset(join(root, "mimic", "MEDS_cohort"));
    expect(await said(root)).toContain(`its folder mimic/MEDS_cohort is a dataset: use ${join(root, "mimic", "MEDS_cohort")}.`);
    await dataset(join(root, "eicu", "MEDS_cohort"));
    expect(await said(root)).toMatch(/these of its folders are datasets, use one of them: eicu\/MEDS_cohort, mimic\/MEDS_cohort\.$/);
  });

  it("whose input is in data/: the output beside it is named", async () => {
    const root = folder("etl");
    await dataset(join(root, "MEDS_output"));
    writeFileSync(place(root, "data", "hosp", "admissions.csv"), "x");
    expect(await said(root)).toContain(`use ${join(root, "MEDS_output")}.`);
  });

  it("with links in data/ that lead back: each folder is looked into once", async () => {
    const root = folder("links");
    mkdirSync(join(root, "data", "below"), { recursive: true });
    for (const name of ["a", "b", "below/c", "below/d"]) symlinkSync(join(root, "data"), join(root, "data", name));
    const begun = performance.now();
    expect(await rejected(inspect(root))).toMatchObject({ code: "MEDS_IO", message: expect.stringContaining("link") });
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it("whose dataset is beside its stages is the dataset", async () => {
    const root = folder("etl");
    await dataset(root);
    await writeSimple(join(root, "merge_to_MEDS_cohort"), good);
    await writeSimple(join(root, "convert_to_subject_sharded"), good);
    expect((await convert(root, join(folder("t"), "s.medsdb"))).events).toBe(good.length);
    // A stage as ETLs write it, without a folder "data".
    writeFileSync(place(root, "convert_to_MEDS_events", "train", "0.parquet"), "x");
    expect(await said(join(root, "convert_to_MEDS_events"))).toContain(`it is in ${root}: use that folder`);
    expect(await said(join(root, "convert_to_MEDS_events", "train"))).toContain(`it is in ${root}: use that folder`);
  });
});

describe("a folder data that contains more than a dataset's files", () => {
  it("is refused by the name of the dataset or stage in it", async () => {
    const whole = folder("etl");
    await dataset(join(whole, "data", "MEDS_output"));
    const found = await inspect(whole);
    expect([found.problemCode, found.problem]).toEqual([
      "MEDS_NO_DATA",
      expect.stringContaining("its folder MEDS_output is a MEDS dataset"),
    ]);
    const staged = await writeSimple(folder("etl"), good);
    await writeSimple(join(staged, "x"), good, { name: "0.parquet" });
    await writeSimple(staged, good, { name: "merge_to_MEDS_cohort/train/0.parquet" });
    expect(await rejected(convert(staged, join(folder("t"), "s.medsdb"), { repair: true }))).toMatchObject({
      code: "MEDS_NO_DATA",
      message: expect.stringContaining("its folder merge_to_MEDS_cohort is an intermediate stage"),
    });
  });
});
