// Labels.write: what others and we read of it, and that a folder has all labels or is as it was.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { Labels } from "meds-reader";
import { describe, expect, it } from "vitest";
import { rejected } from "../support/errors.js";
import { files, folder, place } from "../support/folder.js";
import { anyLabel, duckRows, plain, rows } from "../support/labels.js";
import { runs } from "../support/property.js";
import { python } from "../support/python.js";

const some = Labels.from([{ subjectId: 1, predictionTime: 5, booleanValue: true }]);
const other = Labels.from([{ subjectId: 2, predictionTime: 6, booleanValue: false }]);

/** Columns and types of a file, by DuckDB. */
async function columns(path: string): Promise<Record<string, unknown>> {
  const found = await duckRows(`DESCRIBE SELECT * FROM read_parquet('${path}')`);
  return Object.fromEntries(found.map((row) => [row.column_name, row.column_type]));
}

describe("Labels.write", () => {
  it("writes MEDS's types, and of the values only those that there are", async () => {
    const at = { subjectId: -5n, predictionTime: -7n };
    const base = { subject_id: "BIGINT", prediction_time: "TIMESTAMP" };
    for (const [value, type] of [
      [{}, {}],
      [{ booleanValue: false }, { boolean_value: "BOOLEAN" }],
      [{ integerValue: 2n ** 63n - 1n }, { integer_value: "BIGINT" }],
      [{ floatValue: 0.5 }, { float_value: "FLOAT" }],
      [{ categoricalValue: "é" }, { categorical_value: "VARCHAR" }],
      [
        { floatValue: 3, isCensored: true },
        { float_value: "FLOAT", is_censored: "BOOLEAN" },
      ],
      [{ floatValue: 3, isCensored: false }, { float_value: "FLOAT" }],
    ] as const) {
      const dir = join(folder("types"), "a", "b");
      await Labels.from([{ ...at, ...value }, at]).write(dir);
      expect(files(dir)).toEqual(["labels.parquet"]);
      expect(await columns(join(dir, "labels.parquet"))).toEqual({ ...base, ...type });
      const back = await Labels.open(dir);
      const { isCensored, ...rest } = value as { isCensored?: boolean };
      expect(plain(back)).toEqual(rows({ ...at, ...rest, ...(isCensored ? { isCensored } : {}) }, at));
      expect(back.task).toBe("b");
    }
  });

  it("writes what DuckDB and we read back, on random labels", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyLabel, { maxLength: 60 }), async (all) => {
        const dir = folder("random");
        const labels = Labels.from(all);
        await labels.write(dir);
        const censored = all.some(({ isCensored }) => isCensored);
        const expected = all.map((row) => ({ ...row, isCensored: censored ? row.isCensored : null }));
        expect(plain(await Labels.open(dir))).toEqual(plain(expected));
        const names = Object.keys(await columns(join(dir, "labels.parquet"))).slice(2);
        const found = await duckRows(
          `SELECT subject_id, epoch_us(prediction_time) AS time${names.map((name) => `, ${name}`).join("")}
           FROM read_parquet('${dir}/labels.parquet', file_row_number = true) ORDER BY file_row_number`,
        );
        const ours = {
          boolean_value: "booleanValue",
          integer_value: "integerValue",
          float_value: "floatValue",
          categorical_value: "categoricalValue",
          is_censored: "isCensored",
        } as const;
        expect(found).toEqual(
          expected.map((row) => ({
            subject_id: row.subjectId,
            time: row.predictionTime,
            ...Object.fromEntries(names.map((name) => [name, row[ours[name as keyof typeof ours]]])),
          })),
        );
        expect(names.length).toBe(Object.values(ours).filter((member) => expected.some((row) => row[member] !== null)).length);
      }),
      { numRuns: runs },
    );
  });

  it("writes many labels, and none", async () => {
    const many = folder("many");
    const n = 130_000;
    const labels = Labels.from(
      Array.from({ length: n }, (_, i) => ({ subjectId: i % 9, predictionTime: i, categoricalValue: `c${i % 5}` })),
    );
    await labels.write(many);
    const [found] = await duckRows(
      `SELECT count(*)::INTEGER n, sum(epoch_us(prediction_time))::BIGINT t FROM read_parquet('${many}/*.parquet')`,
    );
    expect(found).toEqual({ n, t: (BigInt(n) * BigInt(n - 1)) / 2n });
    expect((await Labels.open(many)).at(n - 1)).toEqual(labels.at(-1));
    const groups = await duckRows(
      `SELECT DISTINCT row_group_id AS id, row_group_num_rows AS rows FROM parquet_metadata('${many}/labels.parquet') ORDER BY id`,
    );
    expect(groups.map(({ rows: count }) => Number(count))).toEqual([1000, 100_000, 29_000]);
    const none = folder("none");
    await Labels.from([]).write(none);
    expect(await columns(join(none, "labels.parquet"))).toEqual({ subject_id: "BIGINT", prediction_time: "TIMESTAMP" });
    expect((await Labels.open(none)).size).toBe(0);
    expect(await duckRows(`SELECT * FROM read_parquet('${none}/labels.parquet')`)).toEqual([]);
  });

  it("rounds floats to float32, and refuses those beyond it", async () => {
    const dir = join(folder("floats"), "t");
    await Labels.from(
      [0.1, Number.NaN, Number.NEGATIVE_INFINITY, -0].map((floatValue) => ({ subjectId: 1, predictionTime: 1, floatValue })),
    ).write(dir);
    expect([...(await Labels.open(dir))].map((row) => row.floatValue)).toEqual([
      Math.fround(0.1),
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      -0,
    ]);
    const large = Labels.from([{ subjectId: 1, predictionTime: 1, floatValue: 1e300 }]);
    expect(await rejected(large.write(join(dir, "..", "u")))).toMatchObject({ code: "MEDS_VALUE_RANGE" });
    expect(readdirSync(join(dir, ".."))).toEqual(["t"]);
  });

  it("refuses a folder with files, and leaves it as it was", async () => {
    const dir = join(folder("exists"), "task");
    await some.write(dir);
    const before = readFileSync(join(dir, "labels.parquet"));
    expect(await rejected(other.write(dir))).toMatchObject({ code: "MEDS_LABELS_EXIST", path: dir });
    expect(readFileSync(join(dir, "labels.parquet")).equals(before)).toBe(true);
    expect(readdirSync(join(dir, ".."))).toEqual(["task"]);
    const file = place(folder("exists"), "file");
    writeFileSync(file, "x");
    expect(await rejected(other.write(file, { force: true }))).toMatchObject({ code: "MEDS_LABELS_EXIST" });
    expect(readFileSync(file, "utf8")).toBe("x");
  });

  it("replaces a folder's Parquet files by force, all of them, and nothing else", async () => {
    const dir = join(folder("force"), "task");
    await some.write(join(dir, "train"));
    await some.write(join(dir, "held_out"));
    await other.write(dir, { force: true });
    expect(files(dir)).toEqual(["labels.parquet"]);
    expect(plain(await Labels.open(dir))).toEqual(plain(other));
    writeFileSync(join(dir, "notes.txt"), "mine");
    const error = await rejected(some.write(dir, { force: true }));
    expect(error).toMatchObject({ code: "MEDS_LABELS_EXIST", message: expect.stringContaining("notes.txt") });
    expect(files(dir)).toEqual(["labels.parquet", "notes.txt"]);
    expect(plain(await Labels.open(dir))).toEqual(plain(other));
    expect(readdirSync(join(dir, ".."))).toEqual(["task"]);
  });

  it("accepts an empty folder, a path that ends in a slash, and a link", async () => {
    const root = folder("empty");
    mkdirSync(join(root, "a"));
    await some.write(`${join(root, "a")}/`);
    expect(files(root)).toEqual(["a/labels.parquet"]);
    symlinkSync(join(root, "a"), join(root, "link"));
    await other.write(join(root, "link"), { force: true });
    expect(plain(await Labels.open(join(root, "a")))).toEqual(plain(other));
    expect(readdirSync(root).sort()).toEqual(["a", "link"]);
  });

  it("writes one of two that write at once", async () => {
    const dir = join(folder("race"), "task");
    const results = await Promise.allSettled([some.write(dir), other.write(dir), some.write(dir)]);
    expect(results.filter(({ status }) => status === "fulfilled").length).toBe(1);
    expect((await Labels.open(dir)).size).toBe(1);
    expect(readdirSync(join(dir, ".."))).toEqual(["task"]);
  });

  it.skipIf(process.getuid?.() === 0)("reports a folder that it may not write to, and leaves nothing", async () => {
    const root = folder("locked");
    chmodSync(root, 0o500);
    expect(await rejected(some.write(join(root, "task")))).toMatchObject({ code: "MEDS_PERMISSION" });
    chmodSync(root, 0o700);
    expect(existsSync(join(root, "task"))).toBe(false);
  });

  it("refuses misuse", async () => {
    expect(await rejected(some.write(""))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    expect(await rejected(some.write("x", { force: 1 as unknown as boolean }))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    const file = place(folder("below"), "file");
    writeFileSync(file, "x");
    expect((await rejected(some.write(join(file, "task")))).code).toMatch(/^MEDS_/);
  });

  it.skipIf(python === null)("writes what pyarrow reads as MEDS's label schema", async () => {
    const dir = join(folder("arrow"), "t");
    await Labels.from([
      { subjectId: 1, predictionTime: 5, booleanValue: true, integerValue: 2, floatValue: 0.5, categoricalValue: "a" },
    ]).write(dir);
    const script =
      "import sys, pyarrow.parquet as pq; t = pq.read_table(sys.argv[1]); print([f'{f.name}: {f.type}' for f in t.schema]); print(t.to_pylist())";
    const { stdout, stderr } = spawnSync(python!, ["-c", script, join(dir, "labels.parquet")], { encoding: "utf8" });
    expect(stderr).toBe("");
    const [schema, values] = stdout.trim().split("\n");
    expect(schema).toBe(
      "['subject_id: int64', 'prediction_time: timestamp[us]', 'boolean_value: bool', 'integer_value: int64', 'float_value: float', 'categorical_value: string']",
    );
    expect(values).toBe(
      "[{'subject_id': 1, 'prediction_time': datetime.datetime(1970, 1, 1, 0, 0, 0, 5), 'boolean_value': True, 'integer_value': 2, 'float_value': 0.5, 'categorical_value': 'a'}]",
    );
  });
});
