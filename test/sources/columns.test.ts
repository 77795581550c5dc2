// Columns that are missing, mistyped, null, or differ between files.
import { join } from "node:path";
import { convert, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { type FileColumn, simple, simpleFile, writeFiles, writeSimple } from "../support/dataset.js";
import { folder } from "../support/folder.js";
import { good, refused } from "../support/refused.js";

/** A dataset of one good file and one made of other columns. */
async function withColumns(change: (columns: FileColumn[]) => FileColumn[]): Promise<string> {
  const source = folder("source");
  const file = simpleFile("bad.parquet", [
    [7n, 1n, "X", 1],
    [7n, 2n, "Y", 2],
  ]);
  await writeFiles(source, [simpleFile("a.parquet", good), { ...file, columns: change([...file.columns]) }]);
  return source;
}

const replace = (name: string, change: (column: FileColumn) => FileColumn) => (columns: FileColumn[]) =>
  columns.map((column) => (column.name === name ? change(column) : column));

describe("columns that the options name", () => {
  it("are compared with a source that lacks them, and reported as a difference", async () => {
    const withUnit = folder("source");
    const unit = { name: "unit", type: simple.text, values: good.map((_, row) => `u${row}`) };
    await writeFiles(withUnit, [simpleFile("a.parquet", good, {}, [unit])]);
    const store = join(folder("target"), "s.medsdb");
    await convert(withUnit, store, { columns: ["unit"] });
    expect(await verify(store, withUnit)).toEqual({ ok: true, differences: [] });
    const without = await writeSimple(folder("source"), good);
    const { ok, differences } = await verify(store, without);
    expect([ok, differences.map(({ column, message }) => [column, message])]).toEqual([
      false,
      [["unit", "is in the store, but not in the source"]],
    ]);
  });
});

describe("columns that MEDS requires", () => {
  for (const name of ["subject_id", "time", "code"]) {
    it(`${name} missing in one file is an error that names both`, async () => {
      const source = await withColumns((columns) => columns.filter((column) => column.name !== name));
      const error = await refused(source);
      expect(error).toMatchObject({ code: "MEDS_MISSING_COLUMN", path: expect.stringContaining("bad.parquet") });
      expect(error.message).toContain(name);
    });
  }

  const mistyped: [string, Partial<FileColumn>][] = [
    ["subject_id", { type: simple.text, values: ["7", "7"] }],
    ["subject_id", { type: simple.double, values: [7, 7] }],
    ["time", { type: simple.text, values: ["2020-01-01", "2020-01-02"] }],
    ["time", { type: simple.id, values: [1n, 2n] }],
    ["code", { type: simple.id, values: [1n, 2n] }],
    ["numeric_value", { type: simple.text, values: ["1", "2"] }],
  ];
  for (const [name, wrong] of mistyped) {
    it(`${name} as ${JSON.stringify(wrong.type!.type)} is an error with the type that is wanted`, async () => {
      const source = await withColumns(replace(name, (column) => ({ ...column, ...wrong })));
      const error = await refused(source);
      expect(error).toMatchObject({ code: "MEDS_COLUMN_TYPE", path: expect.stringContaining("bad.parquet") });
      expect(error.message).toContain(name);
    });
  }

  it("a null code or id is an error that names file, column and row or subject", async () => {
    const code = await refused(await withColumns(replace("code", (column) => ({ ...column, values: ["X", null] }))));
    expect(code).toMatchObject({ code: "MEDS_NULL_VALUE", path: expect.stringContaining("bad.parquet") });
    expect(code.message).toMatch(/code/);
    expect(code.message).toContain("row 1 (subject 7)");
    const id = await refused(await withColumns(replace("subject_id", (column) => ({ ...column, values: [7n, null] }))));
    expect(id).toMatchObject({ code: "MEDS_NULL_VALUE", path: expect.stringContaining("bad.parquet") });
    expect(id.message).toMatch(/subject_id/);
  });

  it("types without a common one name both files and the remedy", async () => {
    const source = folder("source");
    const more = (type: FileColumn["type"], values: unknown[]): FileColumn[] => [{ name: "extra", type, values }];
    await writeFiles(source, [
      simpleFile("a.parquet", good, {}, more(simple.text, ["x", "x", "x", "x"])),
      simpleFile("b.parquet", [[9n, 1n, "Z"]], {}, more(simple.id, [5n])),
    ]);
    const error = await refused(source);
    expect(error.code).toBe("MEDS_SCHEMA_CONFLICT");
    expect(error.message).toMatch(/a\.parquet/);
    expect(error.message).toMatch(/b\.parquet/);
    expect(error.message).toMatch(/exclude/);
    // The remedy works.
    const store = join(folder("target"), "s.medsdb");
    expect(await convert(source, store, { exclude: ["extra"] })).toMatchObject({ patients: 3 });
  });

  it("two columns of one name are refused", async () => {
    const error = await refused(await withColumns((columns) => [...columns, { name: "code", type: simple.text, values: ["x", "y"] }]));
    expect(error).toMatchObject({ code: "MEDS_SCHEMA_CONFLICT", path: expect.stringContaining("bad.parquet") });
  });
});
