// The metadata folder: kept byte for byte, refused by name where it cannot be read.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { hyparquetBytes, simple, writeSimple, writeSplits } from "../support/dataset.js";
import { changed, contents, folder, place } from "../support/folder.js";
import { python } from "../support/python.js";
import { good, refused } from "../support/refused.js";

describe("metadata", () => {
  it("that cannot be read is an error that names the file", async () => {
    for (const name of ["dataset.json", "codes.parquet", "subject_splits.parquet"]) {
      const source = await writeSimple(folder("source"), good);
      writeFileSync(place(source, "metadata", name), name.endsWith("json") ? '{"dataset_name": ' : "not parquet");
      const error = await refused(source);
      expect(error, name).toMatchObject({ code: "MEDS_METADATA", path: expect.stringContaining(name) });
    }
  });

  it("with a subject in two splits is refused, with the subject", async () => {
    const source = await writeSimple(folder("source"), good);
    const columns = [
      { name: "subject_id", type: simple.id, values: [1n, 2n, 1n] },
      { name: "split", type: simple.text, values: ["train", "train", "held_out"] },
    ];
    writeFileSync(place(source, "metadata/subject_splits.parquet"), hyparquetBytes({ name: "", columns }));
    const error = await refused(source);
    expect(error).toMatchObject({ code: "MEDS_SPLIT_CONFLICT", path: expect.stringContaining("subject_splits.parquet") });
    expect(error.message).toMatch(/\b1\b/);
  });

  it("may list subjects without rows, and miss subjects with rows", async () => {
    const source = await writeSimple(folder("source"), good);
    writeSplits(
      source,
      new Map([
        [1n, "train"],
        [99n, "held_out"],
        [100n, "only here"],
      ]),
    );
    const store = join(folder("target"), "s.medsdb");
    await convert(source, store);
    const db = PatientDatabase.open(store);
    expect([db.get(1)?.split, db.get(2)?.split, db.get(99)]).toEqual(["train", null, undefined]);
    expect(db.split("train").size).toBe(1);
    db.close();
  });

  // pandas writes categories so, and its Arrow schema says it.
  it.skipIf(python === null)("may have splits in dictionaries", async () => {
    const source = await writeSimple(folder("source"), good);
    const script = `import sys, pyarrow as pa, pyarrow.parquet as pq
ids, splits = pa.array([1, 2, 2], pa.int64()), pa.array(["train", "tuning", "tuning"], pa.large_string())
pq.write_table(pa.table({"subject_id": ids.dictionary_encode(), "split": splits.dictionary_encode()}), sys.argv[1])`;
    execFileSync(python!, ["-c", script, place(source, "metadata/subject_splits.parquet")]);
    const store = join(folder("target"), "s.medsdb");
    await convert(source, store);
    const db = PatientDatabase.open(store);
    expect([db.get(1)?.split, db.get(2)?.split]).toEqual(["train", "tuning"]);
    db.close();
  });

  it("may hold NaN and infinities, as Python writes them", async () => {
    const source = await writeSimple(folder("source"), good);
    const text = '{"a": NaN, "b": [-Infinity, Infinity, 1], "c": "NaN, \\"Infinity\\" \\\\", "d": NaN, "Infinity": 0}';
    writeFileSync(place(source, "metadata/dataset.json"), text);
    const store = join(folder("target"), "s.medsdb");
    await convert(source, store);
    const db = PatientDatabase.open(store);
    expect(db.metadata.dataset).toEqual({ a: null, b: [null, null, 1], c: 'NaN, "Infinity" \\', d: null, Infinity: 0 });
    db.close();
    expect(readFileSync(join(store, "metadata/dataset.json"), "utf8")).toBe(text);
    writeFileSync(place(source, "metadata/dataset.json"), '{"a": NaNs}');
    expect((await refused(source)).code).toBe("MEDS_METADATA");
  });

  it("may contain a link to nothing, which is skipped and reported", async () => {
    const source = await writeSimple(folder("source"), good);
    writeFileSync(place(source, "metadata/kept.txt"), "kept");
    symlinkSync(join(source, "gone"), join(source, "metadata/link.json"));
    const store = join(folder("target"), "s.medsdb");
    const { notes } = await convert(source, store);
    expect(notes).toContainEqual({
      kind: "skipped",
      message: "links below metadata/ whose target does not exist, such as metadata/link.json",
      count: 1,
    });
    expect(readdirSync(join(store, "metadata"))).toEqual(["kept.txt"]);
    expect(await verify(store, source)).toEqual({ ok: true, differences: [] });
    // Among the events it would be rows that are missing.
    symlinkSync(join(source, "gone"), join(source, "data/1.parquet"));
    expect(await refused(source)).toMatchObject({ code: "MEDS_NOT_FOUND", path: expect.stringContaining("1.parquet") });
  });

  it("is kept byte for byte, codes of any shape included", async () => {
    const source = await writeSimple(folder("source"), good);
    const columns = [
      { name: "code", type: simple.text, values: ["A", "B", "A", "UNUSED"] },
      { name: "description", type: simple.text, values: ["first", null, "second row of A", "x"] },
      { name: "code/n_occurrences", type: simple.id, values: [2n, 1n, 2n, 0n] },
    ];
    writeFileSync(place(source, "metadata/codes.parquet"), hyparquetBytes({ name: "", columns }));
    writeFileSync(place(source, "metadata/sub/anything.bin"), Buffer.from([0, 255, 10, 13]));
    const store = join(folder("target"), "s.medsdb");
    await convert(source, store);
    expect(changed(contents(join(store, "metadata")), contents(join(source, "metadata")))).toEqual([]);
    const db = PatientDatabase.open(store);
    const id = (code: string) => db.codes.id(code)!;
    expect(db.codes.get(id("A"))).toMatchObject({ description: "first", events: 2, patients: 2, parents: [] });
    expect(db.codes.get(id("B"))?.description).toBeNull();
    expect(db.codes.value("code/n_occurrences", id("A"))).toBe(2n);
    expect(db.codes.id("UNUSED")).toBeUndefined();
    db.close();
  });
});
