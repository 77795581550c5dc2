// Splits as MEDS, EHRSHOT, INSPECT and FEMR publish them, and labels cut by them.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { Labels, Splits } from "meds-reader";
import { describe, expect, it } from "vitest";
import { writeSplits } from "../support/dataset.js";
import { codeOf, rejected } from "../support/errors.js";
import { folder, place } from "../support/folder.js";
import { duckFile, duckRows } from "../support/labels.js";
import { real } from "../support/real.js";

function csv(text: string, name = "person_id_map.csv"): string {
  const path = place(folder("splits"), name);
  writeFileSync(path, text);
  return path;
}

const idsOf = (splits: Splits) => Object.fromEntries(splits.names.map((name) => [name, [...splits.ids(name)]]));

describe("Splits.open", () => {
  it("reads MEDS's file, or the folder of a dataset, and leaves its names as they are", async () => {
    const root = folder("meds");
    writeSplits(
      root,
      new Map([
        [5n, "held_out"],
        [-(2n ** 63n), "train"],
        [2n ** 62n, "train"],
        [7n, "test"],
      ]),
    );
    for (const path of [root, join(root, "metadata"), join(root, "metadata", "subject_splits.parquet")]) {
      const splits = await Splits.open(path);
      expect(idsOf(splits)).toEqual({ held_out: [5n], train: [-(2n ** 63n), 2n ** 62n], test: [7n] });
      expect([splits.size, splits.of(5), splits.of(7n), splits.of(-(2n ** 63n)), splits.of(6)]).toEqual([
        4,
        "held_out",
        "test",
        "train",
        null,
      ]);
      expect(JSON.parse(JSON.stringify(splits))).toEqual({ held_out: 1, train: 2, test: 1 });
    }
  });

  it("reads older files, repeated rows, and null as no split", async () => {
    const path = await duckFile(
      join(folder("old"), "metadata", "patient_splits.parquet"),
      "SELECT * FROM (VALUES (1, 'train'), (1, 'train'), (2, NULL), (3, 'tuning')) t(patient_id, split)",
    );
    const splits = await Splits.open(join(path, "..", ".."));
    expect([idsOf(splits), splits.of(2)]).toEqual([{ train: [1n], tuning: [3n] }, null]);
  });

  it("reads the split names of EHRSHOT, FEMR and INSPECT as those of MEDS", async () => {
    const ehrshot = await Splits.open(csv("split,omop_person_id\ntrain,115967096\nval,115967097\ntest,115967098\ntrain,115967099\n"));
    expect(idsOf(ehrshot)).toEqual({ train: [115967096n, 115967099n], tuning: [115967097n], held_out: [115967098n] });
    const femr = await Splits.open(csv("subject_id,split_name\n0,train\n-4,test\n9223372036854775807,test\n", "main_split.csv"));
    expect(idsOf(femr)).toEqual({ train: [0n], held_out: [-4n, 2n ** 63n - 1n] });
    const inspect = await Splits.open(
      csv("PatientID,StudyTime,split\n1,2014-05-13,train\n1,2015-05-13,train\n2,2014-05-13,valid\n3,2014-05-13,\n", "c.csv"),
    );
    expect(idsOf(inspect)).toEqual({ train: [1n], tuning: [2n] });
    const released = await Splits.open(
      csv("impression_id\tperson_id\tsplit\n7\t1\ttrain\n8\t2\tvalid\n9\t3\ttest\n9\t3\ttest\n", "splits_20250611.tsv"),
    );
    expect(idsOf(released)).toEqual({ train: [1n], tuning: [2n], held_out: [3n] });
  });

  it("refuses a subject in two splits, by name", async () => {
    const path = csv("split,omop_person_id\ntrain,1\nval,115967097\ntest,115967097\n");
    const error = await rejected(Splits.open(path));
    expect(error).toMatchObject({ code: "MEDS_SPLIT_CONFLICT", path });
    expect(error.message).toMatch(/115967097.*"tuning".*"held_out"/);
    const parquet = await duckFile(join(folder("two"), "s.parquet"), "SELECT * FROM (VALUES (1, 'a'), (1, 'b')) t(subject_id, split)");
    expect(await rejected(Splits.open(parquet))).toMatchObject({ code: "MEDS_SPLIT_CONFLICT" });
    // Two names for one split are one split.
    expect((await Splits.open(csv("split,omop_person_id\nval,1\ntuning,1\n"))).of(1)).toBe("tuning");
  });

  it("keeps each subject once, in any order, and finds all of them", async () => {
    const rows = ["5,train", "-9,test", "5,train", "7,", "1,train", "-9,test", "9223372036854775807,val", "5,train"];
    const splits = await Splits.open(csv(`subject_id,split\n${rows.join("\n")}\n`));
    expect([splits.size, splits.names]).toEqual([4, ["train", "held_out", "tuning"]]);
    expect(idsOf(splits)).toEqual({ train: [5n, 1n], held_out: [-9n], tuning: [2n ** 63n - 1n] });
    expect([5, -9, 7, 1, 2n ** 63n - 1n, 0].map((id) => splits.of(id))).toEqual(["train", "held_out", null, "train", "tuning", null]);
    const [many, of] = [5000, (id: number) => ["train", "tuning", "held_out"][id % 3]!];
    for (const ids of [[...Array(many).keys()], [...Array(many).keys()].map((i) => (i * 37) % many)]) {
      const large = await Splits.open(csv(`subject_id,split\n${ids.map((id) => `${id},${of(id)}`).join("\n")}\n`));
      expect([large.size, ids.every((id) => large.of(id) === of(id)), large.of(many)]).toEqual([many, true, null]);
      expect([...large.ids("tuning")]).toEqual(ids.filter((id) => id % 3 === 1).map(BigInt));
    }
    expect(idsOf(Splits.from({ none: [], a: [3, 1, 3], b: BigInt64Array.of(2n) }))).toEqual({ a: [3n, 1n], b: [2n] });
    expect(codeOf(() => Splits.from({ a: [3, 1], b: [3] }))).toBe("MEDS_SPLIT_CONFLICT");
  });

  it("refuses other files", async () => {
    const none = folder("none");
    mkdirSync(join(none, "metadata"));
    expect(await rejected(Splits.open(join(none, "absent.csv")))).toMatchObject({ code: "MEDS_NOT_FOUND" });
    expect(await rejected(Splits.open(none))).toMatchObject({
      code: "MEDS_NOT_FOUND",
      message: expect.stringContaining("subject_splits.parquet"),
    });
    expect(await rejected(Splits.open(csv("a,split\n1,train\n")))).toMatchObject({ code: "MEDS_MISSING_COLUMN" });
    expect(await rejected(Splits.open(csv("subject_id,part\n1,train\n")))).toMatchObject({ code: "MEDS_MISSING_COLUMN" });
    expect(await rejected(Splits.open(csv("subject_id,split\nx,train\n")))).toMatchObject({ code: "MEDS_COLUMN_TYPE" });
    expect(await rejected(Splits.open(csv("subject_id,split\n,train\n")))).toMatchObject({ code: "MEDS_NULL_VALUE" });
    const typed = await duckFile(join(folder("typed"), "s.parquet"), "SELECT 1 subject_id, 2 split");
    expect(await rejected(Splits.open(typed))).toMatchObject({ code: "MEDS_COLUMN_TYPE" });
    const missing = await duckFile(join(folder("missing"), "s.parquet"), "SELECT 1 subject_id");
    expect(await rejected(Splits.open(missing))).toMatchObject({ code: "MEDS_MISSING_COLUMN" });
    const damaged = csv("PAR1 and nothing else", "s.parquet");
    expect(await rejected(Splits.open(damaged))).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path: damaged });
    expect(await rejected(Splits.open(5 as unknown as string))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
  });

  const demo = real("mimic-iv-demo-meds-0.0.1");
  it.skipIf(demo === null)("reads those of the MIMIC-IV demo as DuckDB does", async () => {
    const splits = await Splits.open(demo!);
    const found = await duckRows(`SELECT subject_id::BIGINT id, split FROM read_parquet('${demo}/metadata/subject_splits.parquet')`);
    expect(found.length).toBe(100);
    expect(found.map(({ id }) => splits.of(id as bigint))).toEqual(found.map(({ split }) => split));
    expect([splits.size, splits.ids("train").length, splits.ids("tuning").length, splits.ids("held_out").length]).toEqual([
      100, 80, 10, 10,
    ]);
  });
});

describe("Splits.from", () => {
  it("refuses misuse", () => {
    expect(codeOf(() => Splits.from({ train: [1], tuning: [2, 1n] }))).toBe("MEDS_SPLIT_CONFLICT");
    expect(codeOf(() => Splits.from(null as never))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => Splits.from({ train: "12" as never }))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => Splits.from({ train: [1.5] }))).toBe("MEDS_UNSAFE_NUMBER");
    const splits = Splits.from({ train: [1] });
    expect(codeOf(() => splits.ids("tuning"))).toBe("MEDS_UNKNOWN_SPLIT");
    expect(codeOf(() => splits.ids(1 as never))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => splits.of(2 ** 53))).toBe("MEDS_UNSAFE_NUMBER");
    expect(Splits.from({}).of(1)).toBe(null);
  });
});

describe("labels.inSplit", () => {
  it("keeps a split's labels in order, and counts those of others and of none, on random labels", () => {
    const ids = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 40 });
    const names = ["train", "tuning", "held_out", null] as const;
    fc.assert(
      fc.property(ids, fc.array(fc.nat({ max: 3 }), { minLength: 13, maxLength: 13 }), (subjects, assigned) => {
        const own = (id: number) => names[assigned[id]!]!;
        const of = (name: string) => Array.from({ length: 13 }, (_, id) => id).filter((id) => own(id) === name);
        const splits = Splits.from({ train: of("train"), tuning: of("tuning"), held_out: of("held_out") });
        const labels = Labels.from(subjects.map((subjectId, predictionTime) => ({ subjectId, predictionTime, booleanValue: true })));
        for (const name of splits.names) {
          const { labels: kept, otherSplit, noSplit, noSplitSubjects } = labels.inSplit(splits, name);
          const expected = subjects.flatMap((id, row) => (own(id) === name ? [BigInt(row)] : []));
          const homeless = subjects.filter((id) => own(id) === null);
          expect([...kept.predictionTimes]).toEqual(expected);
          expect([noSplit, noSplitSubjects]).toEqual([homeless.length, new Set(homeless).size]);
          expect(otherSplit).toBe(subjects.length - expected.length - homeless.length);
        }
      }),
    );
  });

  it("refuses an unknown split, and values that are not Splits", () => {
    const labels = Labels.from([{ subjectId: 1, predictionTime: 1 }]);
    expect(codeOf(() => labels.inSplit(Splits.from({ train: [1] }), "test"))).toBe("MEDS_UNKNOWN_SPLIT");
    expect(codeOf(() => labels.inSplit({ train: [1] } as never, "train"))).toBe("MEDS_INVALID_ARGUMENT");
  });
});
