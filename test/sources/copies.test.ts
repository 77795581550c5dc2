// A file that is in a dataset twice: to merge the two would count every event twice.
import { copyFileSync, linkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { convert, inspect } from "meds-reader";
import { describe, expect, it } from "vitest";
import { type SimpleRow, simple, simpleFile, writeFiles } from "../support/dataset.js";
import { folder, place } from "../support/folder.js";
import { duckFile } from "../support/labels.js";
import { refused } from "../support/refused.js";

const rows: readonly SimpleRow[] = [
  [1n, null, "SEX//F"],
  [1n, 10n, "A", 1.5],
  [2n, 5n, "A"],
  [2n, 5n, "B", 0],
];

/** Refused with and without --repair, by both names, and by no advice to repair. */
async function isRefused(source: string, ...names: readonly string[]): Promise<void> {
  for (const options of [{}, { repair: true }]) {
    const error = await refused(source, options);
    expect(error).toMatchObject({ code: "MEDS_DUPLICATE_FILE", path: join(source, names[1]!) });
    expect(error.message).toContain(join(source, names[0]!));
    expect(error.message).not.toMatch(/repair/);
  }
  expect((await inspect(source)).problemCode).toBe("MEDS_DUPLICATE_FILE");
}

describe("a file that is in a dataset twice is refused by both names", () => {
  it.each([
    ["in another folder", "data/0.parquet", "data/train/0.parquet", copyFileSync],
    ["under another name", "data/0 (1).parquet", "data/0.parquet", copyFileSync],
    ["as a link", "data/0.parquet", "data/1.parquet", symlinkSync],
    ["as a hard link", "data/0.parquet", "data/1.parquet", linkSync],
  ] as const)("%s", async (_, first, second, copy) => {
    const source = folder("copies");
    await writeFiles(source, [simpleFile(first.slice(5), rows), simpleFile("others.parquet", [[3n, 1n, "C"]])]);
    copy(join(source, first), place(source, second));
    await isRefused(source, first, second);
  });

  it("in a folder that is linked", async () => {
    const source = folder("copies");
    await writeFiles(source, [simpleFile("train/0.parquet", rows)]);
    symlinkSync("train", join(source, "data", "train2"));
    await isRefused(source, "data/train/0.parquet", "data/train2/0.parquet");
  });

  it("with other compression and row groups, and in another order of the rows", async () => {
    const source = folder("copies");
    await writeFiles(source, [
      simpleFile("0.parquet", rows, { rowGroup: 1, compression: "none" }),
      simpleFile("1.parquet", [...rows.slice(2), ...rows.slice(0, 2)], { rowGroup: 3, compression: "gzip" }),
    ]);
    await isRefused(source, "data/0.parquet", "data/1.parquet");
  });

  it("by another writer, with other types and orders of columns, lists and structs among them", async () => {
    const source = folder("copies");
    const columns =
      "i subject_id, make_timestamp(i) \"time\", 'C' || i code, i::FLOAT numeric_value, [i, NULL] l, {'a': i, 'b': 'x'} s, MAP {'k': i} m";
    await duckFile(join(source, "data/0.parquet"), `SELECT ${columns} FROM range(1, 4000) t(i)`);
    await duckFile(
      join(source, "data/1.parquet"),
      `SELECT NULL::INT AS nothing, * REPLACE (subject_id::INT AS subject_id, "time"::TIMESTAMP_NS AS "time") FROM (SELECT ${columns} FROM range(1, 4000) t(i)) ORDER BY code`,
    );
    await isRefused(source, "data/0.parquet", "data/1.parquet");
  });
});

describe("a file that has the rows of all other files together is refused", () => {
  it("as a dataset beside its own shards", async () => {
    const source = folder("copies");
    await writeFiles(source, [
      simpleFile("data.parquet", rows),
      simpleFile("train/0.parquet", rows.slice(2)),
      simpleFile("train/1.parquet", rows.slice(0, 2)),
    ]);
    for (const options of [{}, { repair: true }]) {
      const error = await refused(source, options);
      expect(error).toMatchObject({ code: "MEDS_DUPLICATE_FILE", path: join(source, "data/data.parquet") });
      expect(error.message).toContain("the same 4 rows as all other files together");
    }
  });
});

describe("files that are not copies are repaired as before", () => {
  const repaired = async (files: Parameters<typeof writeFiles>[1], options = {}) => {
    const source = folder("others");
    await writeFiles(source, files);
    expect((await refused(source, options)).message).toMatch(/repair/);
    return (await convert(source, join(folder("t"), "s.medsdb"), { repair: true, ...options })).events;
  };

  it("one value differs, or one row more, or one row is there twice", async () => {
    for (const other of [
      [...rows.slice(0, 3), [2n, 5n, "B", 1] as SimpleRow],
      [...rows, [2n, 6n, "B"] as SimpleRow],
      [rows[0]!, rows[0]!, rows[2]!, rows[3]!],
    ])
      expect(await repaired([simpleFile("0.parquet", rows), simpleFile("1.parquet", other)])).toBe(rows.length + other.length);
  });

  it("a file has as many rows as all others together, of which one differs", async () => {
    const files = [rows, rows.slice(0, 2), [rows[2]!, [2n, 5n, "B", 7] as SimpleRow]];
    expect(await repaired(files.map((some, i) => simpleFile(`${i}.parquet`, some)))).toBe(2 * rows.length);
  });

  it("the rows differ only in a column that is left out", async () => {
    const unit = (name: string) => [{ name: "unit", type: simple.text, values: rows.map(() => name) }];
    const files = ["mg", "g"].map((name, i) => simpleFile(`${i}.parquet`, rows, {}, unit(name)));
    expect(await repaired(files, { exclude: ["unit"] })).toBe(2 * rows.length);
  });

  it("a null is not an empty text, nor a zero", async () => {
    const unit = (value: string | null) => [{ name: "unit", type: simple.text, values: rows.map(() => value) }];
    expect(await repaired([simpleFile("0.parquet", rows, {}, unit("")), simpleFile("1.parquet", rows, {}, unit(null))])).toBe(
      2 * rows.length,
    );
  });

  it("files without rows are not copies", async () => {
    const source = folder("empty");
    await writeFiles(source, [simpleFile("0.parquet", rows), simpleFile("1.parquet", []), simpleFile("2.parquet", [])]);
    expect((await convert(source, join(folder("t"), "s.medsdb"))).events).toBe(rows.length);
  });
});
