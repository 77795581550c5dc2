// INSPECT's images and impressions beside the record, in the columns that public code reads.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert, Images, microsOf, PatientDatabase } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { simple, simpleFile, writeFiles } from "../support/dataset.js";
import { folder } from "../support/folder.js";

let db: PatientDatabase;
beforeAll(async () => {
  const source = join(folder("images"), "inspect");
  const at = (day: string) => microsOf(day);
  const text = (name: string, values: (string | null)[]) => ({ name, type: simple.text, values });
  await writeFiles(source, [
    simpleFile(
      "0.parquet",
      [
        [1n, at("2019-01-01"), "LOINC/1", 1],
        [1n, at("2020-01-05T10:00"), "IMAGE/CT"],
        [1n, at("2020-02-01"), "IMAGE/CT"],
        [2n, at("2020-03-01"), "LOINC/1", 2],
      ],
      {},
      [
        text("table", ["measurement", "image", "image", "measurement"]),
        text("image_series_uid", [null, "1.2.3", "1.2.9", null]),
        text("image_study_uid", [null, "1.2", "1.2", null]),
      ],
    ),
  ]);
  await convert(source, `${source}.medsdb`);
  db = PatientDatabase.open(`${source}.medsdb`);
});
afterAll(() => db.close());

const MAPPING = [
  "impression_id\timage_id\tperson_id\tprocedure_occurrence_id\tprocedure_DATETIME\tnote_DATETIME",
  "10\tPE1a\t2\t77\t2020-03-02 08:15:00\t2020-03-02 09:00:00",
  "11\tPE2b\t2\t\t\t2020-02-02 09:00:00",
  "12\tPE3c.nii.gz\t2\t\t\t",
  "13\tPE4d\t5\t\t2020-01-01\t",
].join("\n");
const IMPRESSIONS = 'impression_id\timpressions\n10\t"1. No embolism.\n2. Nodule."\n11\tEmbolism.\n99\tWhose?\n';

function written(mapping: string, impressions = IMPRESSIONS): [mapping: string, impressions: string] {
  const root = folder("mapping");
  mkdirSync(root, { recursive: true });
  const paths: [string, string] = [join(root, "study_mapping_20250611.tsv"), join(root, "impressions_20250611.tsv")];
  writeFileSync(paths[0], mapping);
  writeFileSync(paths[1], impressions);
  return paths;
}

describe("Images", () => {
  it("are those of a patient in order of time, with paths and impressions", async () => {
    const [mapping, impressions] = written(MAPPING);
    const images = await Images.open(mapping, { folder: "CTPA", impressions });
    expect(images.size).toBe(4);
    expect(images.report).toEqual({ rows: 4, withoutTime: 1, withoutPath: 0, orphanImpressions: 1 });
    const rest = { subjectId: 2n, studyUid: null, seriesUid: null, row: null };
    expect(images.of(db.get(2)!)).toEqual([
      { ...rest, imageId: "PE2b", impressionId: "11", time: microsOf("2020-02-02T09:00"), path: join("CTPA", "PE2b.nii.gz"), impression: "Embolism." },
      { ...rest, imageId: "PE1a", impressionId: "10", time: microsOf("2020-03-02T08:15"), path: join("CTPA", "PE1a.nii.gz"), impression: "1. No embolism.\n2. Nodule." },
      { ...rest, imageId: "PE3c.nii.gz", impressionId: "12", time: null, path: join("CTPA", "PE3c.nii.gz"), impression: null },
    ]); // biome-ignore format: a table
    expect([...images].map(({ subjectId }) => subjectId)).toEqual([2n, 2n, 2n, 5n]);
  });

  it("end where the window does", async () => {
    const images = await Images.open(written(MAPPING)[0]);
    const ids = (until?: string) => images.of(db.get(2)!, { until }).map(({ imageId }) => imageId);
    expect(ids("2020-03-02T08:15")).toEqual(["PE2b", "PE1a"]);
    expect(ids("2020-03-02T08:14")).toEqual(["PE2b"]);
    expect(ids("2020-01-01")).toEqual([]);
    // The last row of this window is of 2020-03-01.
    expect(images.of(db.get(2)!.until("2021-01-01")).map(({ imageId }) => imageId)).toEqual(["PE2b"]);
    expect(images.of(db.get(2)!)[0]!.path).toBeNull();
  });

  it("are also rows of the record, joined by their series", async () => {
    const lines = [
      "subject_id,image_series_uid,image_study_uid,nifti_path,time",
      "1,1.2.3,1.2,a/b.nii.gz,2000-01-01",
      "1,9.9,1.2,/abs/c,2019-06-01",
    ];
    const root = folder("mapping");
    writeFileSync(join(root, "pairs.csv"), lines.join("\n"));
    const images = await Images.open(join(root, "pairs.csv"));
    const shown = images.of(db.get(1)!).map(({ seriesUid, studyUid, time, path, row }) => [seriesUid, studyUid, time, path, row]);
    expect(shown).toEqual([
      ["9.9", "1.2", microsOf("2019-06-01"), "/abs/c", null],
      ["1.2.3", "1.2", microsOf("2020-01-05T10:00"), join(root, "a/b.nii.gz"), 1],
      ["1.2.9", "1.2", microsOf("2020-02-01"), null, 2],
    ]);
    const early = images.of(db.get(1)!, { until: "2020-01-10" }).map(({ seriesUid }) => seriesUid);
    expect(early).toEqual(["9.9", "1.2.3"]);
    expect(images.of(db.get(2)!)).toEqual([]);
  });

  const WRONG: readonly (readonly [what: string, mapping: string, impressions: string, code: string, message: RegExp])[] = [
    ["no patient", "image_id\tperson_id\nPE1\t\n", IMPRESSIONS, "MEDS_NULL_VALUE", /row 0 has no person_id/],
    ["no column of patients", "image_id\nPE1\n", IMPRESSIONS, "MEDS_MISSING_COLUMN", /"person_id" or "subject_id"/],
    ["no column of images", "person_id\n1\n", IMPRESSIONS, "MEDS_MISSING_COLUMN", /"image_id" or "image_series_uid"/],
    ["a time that is not one", "image_id\tperson_id\ttime\nPE1\t1\tnoon\n", IMPRESSIONS, "MEDS_COLUMN_TYPE", /"noon" is not a time/],
    ["two impressions of a study", MAPPING, "impression_id\timpressions\n1\ta\n1\tb\n", "MEDS_SCHEMA_CONFLICT", /row 1: the study 1 has two impressions/],
    ["no column of impressions", MAPPING, "impression_id\ttext\n1\ta\n", "MEDS_MISSING_COLUMN", /"impressions" or "impression"/],
  ]; // biome-ignore format: a table

  it.each(WRONG)("refuse %s", async (_, mapping, impressions, code, message) => {
    const [at, texts] = written(mapping, impressions);
    await expect(Images.open(at, { impressions: texts })).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("refuse what is not a timeline, and a file that is not there", async () => {
    const images = await Images.open(written(MAPPING)[0]);
    expect(() => images.of({} as never)).toThrow(/must be a patient or a timeline/);
    await expect(Images.open("/nowhere.tsv")).rejects.toMatchObject({ code: "MEDS_NOT_FOUND" });
  });
});
