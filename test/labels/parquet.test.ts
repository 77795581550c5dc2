// Labels.open on Parquet files that DuckDB, hyparquet-writer and pyarrow wrote, and on files that are wrong or damaged.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { type LabelRow, Labels, MedsError } from "meds-reader";
import { describe, expect, it } from "vitest";
import { hyparquetBytes, simple } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import type { FileType, Raw } from "../support/families.js";
import { folder, place } from "../support/folder.js";
import { editFooter, writeNested } from "../support/footers.js";
import { anyLabel, duckFile, duckRows, plain, rows } from "../support/labels.js";
import { runs } from "../support/property.js";
import { python, runPython } from "../support/python.js";
import { real } from "../support/real.js";

const DAY = 86_400_000_000n;
/** 1969-12-30, 1970-01-01, 2150-03-01. */
const DAYS = [-2n, 0n, 65_803n].map((days) => days * DAY);

const hyparquet = (type: object): FileType => ({ writer: "hyparquet", type: type as FileType["type"], encode: (raw: Raw) => raw });
const timestamp = (unit: string, isAdjustedToUTC = false) =>
  hyparquet({ type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC, unit } });

/** Writes columns by hyparquet-writer. */
function file(path: string, columns: Record<string, [type: FileType, values: readonly unknown[]]>, rowGroup = 1000): string {
  const all = Object.entries(columns).map(([name, [type, values]]) => ({ name, type, values: values as Raw[] }));
  writeFileSync(path, hyparquetBytes({ name: "", columns: all, rowGroup }));
  return path;
}

describe("prediction_time", () => {
  it.each([
    ["TIMESTAMP_S", 1_000_000n],
    ["TIMESTAMP_MS", 1000n],
    ["TIMESTAMP", 1n],
    ["TIMESTAMP_NS", 1n],
    ["DATE", DAY],
  ])("as DuckDB's %s", async (type, unit) => {
    const expected = DAYS.map((day, i) => day + BigInt(i + 1) * unit);
    const values = expected.map((micros, i) => `(${i}::BIGINT, make_timestamp(${micros})::${type})`).join(", ");
    const path = await duckFile(join(folder("unit"), "0.parquet"), `SELECT * FROM (VALUES ${values}) t(subject_id, prediction_time)`);
    expect([...(await Labels.open(path)).predictionTimes]).toEqual(expected);
  });

  it.each([
    ["MILLIS", 1000n, false],
    ["MICROS", 1n, false],
    ["MICROS", 1n, true],
  ])("in %s of %d µs by hyparquet-writer, in UTC: %s", async (unit, micros, utc) => {
    const times = DAYS.map((day) => day / micros + 7n);
    const path = file(join(folder("unit"), "0.parquet"), {
      subject_id: [simple.id, [1n, 2n, 3n]],
      prediction_time: [timestamp(unit, utc), times],
    });
    expect([...(await Labels.open(path)).predictionTimes]).toEqual(times.map((time) => time * micros));
  });

  it("in nanoseconds is rounded down: later than a row of the microsecond is not earlier", async () => {
    const nanos = [1999n, 2000n, -1n, -1000n, -1001n, 0n];
    const path = file(join(folder("nanos"), "0.parquet"), {
      subject_id: [simple.id, nanos.map(() => 1n)],
      prediction_time: [timestamp("NANOS"), nanos],
    });
    expect([...(await Labels.open(path)).predictionTimes]).toEqual([1n, 2n, -1n, -1n, -2n, 0n]);
  });

  it("as days, in the older way of saying so", async () => {
    const path = file(join(folder("days"), "0.parquet"), {
      subject_id: [simple.id, [1n, 2n]],
      prediction_time: [hyparquet({ type: "INT32", converted_type: "DATE" }), [-1, 65_803]],
    });
    expect([...(await Labels.open(path)).predictionTimes]).toEqual([-DAY, 65_803n * DAY]);
  });

  it("beyond int64 microseconds is refused", async () => {
    const path = file(join(folder("range"), "0.parquet"), {
      subject_id: [simple.id, [1n, 2n]],
      prediction_time: [timestamp("MILLIS"), [0n, 2n ** 62n]],
    });
    expect(await rejected(Labels.open(path))).toMatchObject({
      code: "MEDS_VALUE_RANGE",
      message: expect.stringMatching(/row 1.*prediction_time/),
      path,
    });
  });
});

describe("columns", () => {
  it("of an older file: patient_id, all four values of which three are null, float64", async () => {
    const select = (value: string) =>
      duckFile(
        join(folder("older"), "labels.parquet"),
        `SELECT id::BIGINT patient_id, make_timestamp(id)::TIMESTAMP_NS prediction_time,
          ${["boolean_value BOOLEAN", "integer_value BIGINT", "float_value DOUBLE", "categorical_value VARCHAR"]
            .map((column) => column.split(" ") as [string, string])
            .map(
              ([name, type]) => `CAST(${name === value.split(" ")[0] ? value.split(" ").slice(1).join(" ") : "NULL"} AS ${type}) ${name}`,
            )
            .join(", ")} FROM range(3) r(id)`,
      );
    const open = async (value: string) => Labels.open(await select(value));
    const boolean = await open("boolean_value id = 1");
    expect(boolean.columns).toEqual(["boolean_value"]);
    expect(boolean.task).toMatch(/^meds-reader-older-/); // labels.parquet has the name of its folder
    expect([...boolean].map((row) => row.booleanValue)).toEqual([false, true, false]);
    expect([...boolean].map((row) => row.integerValue)).toEqual([null, null, null]);
    const float = await open("float_value id + 0.1");
    expect(float.columns).toEqual(["float_value"]);
    expect([...float].map((row) => row.floatValue)).toEqual([0.1, 1.1, 2.1]);
    const integer = await open("integer_value 9223372036854775807 - id");
    expect([...integer].map((row) => row.integerValue)).toEqual([2n ** 63n - 1n, 2n ** 63n - 2n, 2n ** 63n - 3n]);
    const text = await open("categorical_value CASE WHEN id < 2 THEN 'b' END");
    expect([...text].map((row) => row.categoricalValue)).toEqual(["b", "b", null]);
    expect(text.categories).toEqual(["b"]);
    expect((await open("none 0")).columns).toEqual([]);
  });

  it("in narrower types, with strings by dictionary and others plain, in several row groups", async () => {
    const n = 5000;
    const path = await duckFile(
      join(folder("narrow"), "0.parquet"),
      `SELECT (id % 7)::INTEGER subject_id, make_timestamp(id) prediction_time, (id % 5)::TINYINT integer_value, (id / 4)::FLOAT float_value,
        ['low', 'high', NULL][id % 3 + 1] categorical_value, id::VARCHAR other FROM range(${n}) r(id)`,
    );
    const labels = await Labels.open(path);
    expect(labels.columns).toEqual(["integer_value", "float_value", "categorical_value"]);
    let at = 0;
    for (const row of labels) {
      const [id, category] = [at, ["low", "high", null][at % 3]];
      expect(row).toEqual({
        subjectId: BigInt(id % 7),
        predictionTime: BigInt(id),
        booleanValue: null,
        integerValue: BigInt(id % 5),
        floatValue: id / 4,
        categoricalValue: category,
        isCensored: null,
      });
      at += 1;
    }
    expect(at).toBe(n);
  });

  it.each(["uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4_raw"])("compressed by %s, nulls alone too", async (codec) => {
    const path = await duckFile(
      join(folder("codec"), "0.parquet"),
      `SELECT id::BIGINT subject_id, make_timestamp(id) prediction_time, id % 3 = 0 boolean_value, NULL::BIGINT integer_value,
        'c' || id % 9 categorical_value FROM range(3000) r(id)`,
      `, COMPRESSION ${codec}`,
    );
    const labels = await Labels.open(path);
    expect([labels.size, labels.columns]).toEqual([3000, ["boolean_value", "categorical_value"]]);
    for (const [i, { subjectId, predictionTime, booleanValue, categoricalValue }] of [...labels].entries())
      expect([subjectId, predictionTime, booleanValue, categoricalValue]).toEqual([BigInt(i), BigInt(i), i % 3 === 0, `c${i % 9}`]);
  });

  it("of one name are refused: nothing says which is meant", async () => {
    const path = file(join(folder("twice"), "0.parquet"), {
      subject_id: [simple.id, [1n]],
      prediction_time: [timestamp("MICROS"), [1n]],
      bool3an_value: [simple.bool, [true]],
      boolean_value: [simple.bool, [false]],
    });
    writeFileSync(path, readFileSync(path, "latin1").replaceAll("bool3an_value", "boolean_value"), "latin1");
    expect(await rejected(Labels.open(path))).toMatchObject({ code: "MEDS_SCHEMA_CONFLICT", path });
  });

  it("of a type that no label has are fine where they hold nulls alone", async () => {
    const path = await duckFile(
      join(folder("nulls"), "0.parquet"),
      "SELECT 1::BIGINT subject_id, make_timestamp(5) prediction_time, NULL::VARCHAR boolean_value, NULL::DOUBLE integer_value, NULL::INTEGER[] float_value",
    );
    expect(plain(await Labels.open(path))).toEqual(rows({ subjectId: 1n, predictionTime: 5n }));
  });

  it("may be but two: a table of times of prediction", async () => {
    const path = await duckFile(join(folder("index"), "0.parquet"), "SELECT -3::BIGINT subject_id, make_timestamp(5) prediction_time");
    const labels = await Labels.open(path);
    expect([labels.size, labels.columns, labels.at(0)!.subjectId]).toEqual([1, [], -3n]);
  });

  it.each<[string, string, string]>([
    ["no prediction_time", "SELECT 1::BIGINT subject_id, true boolean_value", "MEDS_MISSING_COLUMN"],
    ["no subject", "SELECT make_timestamp(5) prediction_time", "MEDS_MISSING_COLUMN"],
    ["a subject as text", "SELECT '1' subject_id, make_timestamp(5) prediction_time", "MEDS_COLUMN_TYPE"],
    ["a subject as a float", "SELECT 1.0::DOUBLE subject_id, make_timestamp(5) prediction_time", "MEDS_COLUMN_TYPE"],
    ["a time as text", "SELECT 1::BIGINT subject_id, '2020-01-01' prediction_time", "MEDS_COLUMN_TYPE"],
    ["a time as a number", "SELECT 1::BIGINT subject_id, 5::BIGINT prediction_time", "MEDS_COLUMN_TYPE"],
    [
      "a truth value as a number",
      "SELECT 1::BIGINT subject_id, make_timestamp(5) prediction_time, 1::INTEGER boolean_value",
      "MEDS_COLUMN_TYPE",
    ],
    ["a class as a list", "SELECT 1::BIGINT subject_id, make_timestamp(5) prediction_time, ['a'] categorical_value", "MEDS_COLUMN_TYPE"],
    ["a null subject", "SELECT NULL::BIGINT subject_id, make_timestamp(5) prediction_time", "MEDS_NULL_VALUE"],
    ["a null time", "SELECT 1::BIGINT subject_id, NULL::TIMESTAMP prediction_time", "MEDS_NULL_VALUE"],
    ["an id beyond int64", "SELECT 18446744073709551615::UBIGINT subject_id, make_timestamp(5) prediction_time", "MEDS_VALUE_RANGE"],
  ])("with %s are refused", async (_, query, code) => {
    const path = await duckFile(join(folder("wrong"), "0.parquet"), query);
    const error = await rejected(Labels.open(path));
    expect(error).toMatchObject({ code, path });
    expect(error.message).toContain(path);
  });
});

describe("a task's folder", () => {
  it("is read file by file in order of path, whatever the sharding; names that begin with a dot or _ are not data", async () => {
    const root = folder("task");
    const label = (id: number, time: number) =>
      `SELECT ${id}::BIGINT subject_id, make_timestamp(${time}) prediction_time, ${id % 2 === 0} boolean_value`;
    await duckFile(join(root, "train", "b", "1.parquet"), `${label(9, 3)} UNION ALL ${label(9, 1)} UNION ALL ${label(2, 2)}`);
    await duckFile(join(root, "train", "0.parquet"), `${label(9, 7)}`);
    await duckFile(join(root, "held_out", "0.parquet"), `SELECT * FROM (${label(1, 1)}) WHERE false`);
    await duckFile(join(root, "Z.parquet"), label(4, 4));
    for (const name of [".hidden.parquet", "_temporary/0.parquet", ".x/0.parquet"]) await duckFile(join(root, name), label(100, 100));
    writeFileSync(join(root, "notes.txt"), "no labels");
    mkdirSync(join(root, "folder.parquet"));
    const labels = await Labels.open(root);
    const expected: [bigint, bigint][] = [
      [4n, 4n],
      [9n, 7n],
      [9n, 3n],
      [9n, 1n],
      [2n, 2n],
    ];
    expect(plain(labels)).toEqual(
      rows(...expected.map(([subjectId, predictionTime]) => ({ subjectId, predictionTime, booleanValue: subjectId % 2n === 0n }))),
    );
    expect(labels.task).toBe(root.split("/").at(-1));
    expect((await Labels.open(root, { task: "mine" })).task).toBe("mine");
  });

  it("without rows is a table without labels", async () => {
    const root = folder("empty");
    await duckFile(
      join(root, "0.parquet"),
      "SELECT * FROM (SELECT 1::BIGINT subject_id, make_timestamp(1) prediction_time, true boolean_value) WHERE false",
    );
    const labels = await Labels.open(root);
    expect([labels.size, labels.columns, [...labels]]).toEqual([0, [], []]);
  });

  it("that is absent or has no labels is an error", async () => {
    const root = folder("none");
    expect(await rejected(Labels.open(join(root, "absent")))).toMatchObject({ code: "MEDS_NOT_FOUND" });
    expect(await rejected(Labels.open(root))).toMatchObject({ code: "MEDS_NO_DATA", path: root });
  });

  it("with options for INSPECT's tables is a mistake", async () => {
    const path = await duckFile(join(folder("option"), "0.parquet"), "SELECT 1::BIGINT subject_id, make_timestamp(1) prediction_time");
    expect(await rejected(Labels.open(path, { column: "PE" }))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    expect(await rejected(Labels.open(path, { shift: { days: 1 } }))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    expect(await rejected(Labels.open(path, { task: 5 as unknown as string }))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
  });
});

describe("random labels", () => {
  const columns = (all: readonly LabelRow[]) =>
    ({
      subject_id: [simple.id, all.map((row) => row.subjectId)],
      prediction_time: [simple.time, all.map((row) => row.predictionTime)],
      boolean_value: [simple.bool, all.map((row) => row.booleanValue)],
      integer_value: [simple.id, all.map((row) => row.integerValue)],
      float_value: [simple.double, all.map((row) => row.floatValue)],
      categorical_value: [simple.text, all.map((row) => row.categoricalValue)],
      is_censored: [simple.bool, all.map((row) => row.isCensored)],
    }) as const;

  it("come back as they are, in files of any size", async () => {
    const shards = fc.array(fc.tuple(fc.array(anyLabel, { maxLength: 30 }), fc.integer({ min: 1, max: 12 })), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(shards, async (files) => {
        const root = folder("random");
        for (const [i, [all, rowGroup]] of files.entries()) file(place(root, `${i % 2}`, `${i}.parquet`), columns(all) as never, rowGroup);
        const order = [...files.keys()].sort((a, b) => (a % 2) - (b % 2) || a - b);
        expect(plain(await Labels.open(root))).toEqual(plain(order.flatMap((i) => files[i]![0])));
      }),
      { numRuns: runs },
    );
  });

  it("in a damaged file are an error of ours or other labels, never an error from inside", async () => {
    const all = fc.sample(anyLabel, { numRuns: 200, seed: 5 });
    const path = file(join(folder("damaged"), "0.parquet"), columns(all) as never, 50);
    const sound = readFileSync(path);
    const codes = new Set<string>();
    const attempt = async (bytes: Uint8Array): Promise<void> => {
      writeFileSync(path, bytes);
      try {
        await Labels.open(path);
      } catch (error) {
        if (!(error instanceof MedsError)) throw error;
        expect(error.path).toBe(path);
        codes.add(error.code);
      }
    };
    for (const length of [0, 1, 7, 8, 11, 12, 100, sound.length - 9, sound.length - 8, sound.length - 1])
      await attempt(sound.subarray(0, length));
    for (let at = 0; at < sound.length; at += 1 + Math.floor(sound.length / 700)) {
      const bytes = Uint8Array.from(sound);
      bytes[at] = bytes[at]! ^ 0x5a;
      await attempt(bytes);
    }
    // Page headers, which tell how much to read: a wrong one made the library read for ever.
    for (let at = 4; at < 60; at += 1) {
      for (const mask of [0x80, 0xff]) {
        const bytes = Uint8Array.from(sound);
        bytes[at] = bytes[at]! ^ mask;
        await attempt(bytes);
      }
    }
    expect(codes).toContain("MEDS_SOURCE_DAMAGED");
  });
});

describe("a footer", () => {
  it("whose columns are nested in more than 100 levels is refused", async () => {
    const path = join(folder("nested"), "0.parquet");
    writeNested(path, 100);
    expect((await Labels.open(path)).size).toBe(0);
    writeNested(path, 101);
    const error = await rejected(Labels.open(path));
    expect(error).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path });
    expect(error.message).toContain("nested 101 levels deep, and at most 100 are supported. Write the file again");
  });

  it("whose schema and chunks contradict each other is refused where the column is read", async () => {
    const path = file(join(folder("types"), "0.parquet"), {
      subject_id: [simple.id, [1n, 2n]],
      prediction_time: [timestamp("MICROS"), [3n, 4n]],
      boolean_value: [simple.bool, [true, false]],
      other: [simple.int, [1, 2]],
    });
    // The metadata of a chunk begin with its type, INT32 here, and a list.
    editFooter(path, (footer) => footer.replace("\x15\x02\x19", "\x15\x08\x19"));
    expect((await Labels.open(path)).size).toBe(2);
    editFooter(path, (footer) => footer.slice(0, 3) + footer.slice(3).replace("\x15\x04\x19", "\x15\x02\x19"));
    const error = await rejected(Labels.open(path));
    expect(error).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path });
    expect(error.message).toContain(
      'column "subject_id", row group 0 cannot be read: the schema says that it is INT64, and its chunk says that it is INT32. Replace the file',
    );
  });

  it("that is damaged says what to do with a file of labels, in words of ours", async () => {
    const path = file(join(folder("footer"), "0.parquet"), { subject_id: [simple.id, [1n]], prediction_time: [timestamp("MICROS"), [3n]] });
    editFooter(path, (footer) => footer.replace("root", "r\xffot"));
    const error = await rejected(Labels.open(path));
    expect(error).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path });
    expect(error.message).toMatch(/the footer cannot be read: invalid utf8\. Replace the file with a whole copy, or write it again\.$/);
  });

  it("whose logical type is unknown has the older type beside it", async () => {
    const path = file(join(folder("logical"), "0.parquet"), {
      subject_id: [simple.id, [1n]],
      prediction_time: [hyparquet({ type: "INT64", converted_type: "TIMESTAMP_MILLIS" }), [new Date(7)]],
    });
    expect(plain(await Labels.open(path))).toEqual(rows({ subjectId: 1n, predictionTime: 7000n }));
    // Field 10 of the column: member 60 of the union, an empty struct.
    editFooter(path, (footer) => footer.replace("prediction_time\x25\x12\x00", "prediction_time\x25\x12\x4c\x0c\x78\x00\x00\x00"));
    expect(plain(await Labels.open(path))).toEqual(rows({ subjectId: 1n, predictionTime: 7000n }));
  });

  it("may have metadata that are not UTF-8: nothing reads them", async () => {
    const path = join(folder("pairs"), "0.parquet");
    const columnData = [
      { name: "subject_id", type: "INT64" as const, data: [1n] },
      { name: "prediction_time", type: "TIMESTAMP" as const, data: [new Date(5)] },
    ];
    const kvMetadata = [
      { key: "writer", value: "hand" },
      { key: "machine", value: "binary" },
    ];
    writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData, kvMetadata })));
    const read = plain(await Labels.open(path));
    editFooter(path, (footer) => footer.replace("binary", "bin\xff\xfey"));
    expect(plain(await Labels.open(path))).toEqual(read);
    editFooter(path, (footer) => footer.replace("writer", "\xffriter"));
    expect(plain(await Labels.open(path))).toEqual(read);
    expect(read).toEqual(rows({ subjectId: 1n, predictionTime: 5000n }));
  });
});

describe.skipIf(python === null)("pyarrow's files", () => {
  it("with dictionary strings, large strings, zones and a column of no type", async () => {
    const path = join(folder("pyarrow"), "0.parquet");
    const columns = [
      { name: "subject_id", type: "pa.int64()", values: [{ i: "1" }, { i: "2" }] },
      { name: "prediction_time", type: "pa.timestamp('ns', 'UTC')", values: [{ i: "5999" }, { i: "-1" }] },
      { name: "boolean_value", type: "pa.null()", values: [null, null] },
      { name: "categorical_value", type: "pa.dictionary(pa.int32(), pa.large_string())", values: ["b", "a"] },
    ];
    runPython([{ path, rowGroup: 10, compression: "zstd", columns }]);
    expect(plain(await Labels.open(path))).toEqual(
      rows({ subjectId: 1n, predictionTime: 5n, categoricalValue: "b" }, { subjectId: 2n, predictionTime: -1n, categoricalValue: "a" }),
    );
  });

  it("without rows, whose one row group says that its pages begin at 0", async () => {
    const path = join(folder("pyarrow"), "0.parquet");
    const columns = ["pa.int64()", "pa.timestamp('us')", "pa.bool_()"].map((type, i) => ({
      name: ["subject_id", "prediction_time", "boolean_value"][i],
      type,
      values: [],
    }));
    runPython([{ path, rowGroup: 10, compression: "snappy", columns }]);
    expect((await Labels.open(path)).size).toBe(0);
  });
});

describe("real labels", () => {
  const demo = real("mimic-iv-demo-meds-0.0.1", "tasks");
  const femr = real("small-meds", "femr_synthetic", "labels.parquet");

  it.skipIf(demo === null)("of the MIMIC-IV demo are 74, 9 of them true", async () => {
    const labels = await Labels.open(demo!);
    expect(labels.size).toBe(74);
    expect([...labels].filter(({ booleanValue }) => booleanValue).length).toBe(9);
  });

  it.skipIf(demo === null)("of the MIMIC-IV demo are what DuckDB reads", async () => {
    const file = join(demo!, (await Labels.tasks(demo!))[0]!);
    await same(await Labels.open(file), file);
  });

  it.skipIf(femr === null)("of FEMR's synthetic patients are what DuckDB reads", async () => same(await Labels.open(femr!), femr!));

  async function same(labels: Labels, path: string): Promise<void> {
    const found = await duckRows(
      `SELECT subject_id::BIGINT id, epoch_us(prediction_time::TIMESTAMP) AS time, boolean_value AS is FROM read_parquet('${path}', file_row_number = true) ORDER BY file_row_number`,
    );
    expect([...labels].map(({ subjectId: id, predictionTime: time, booleanValue: is }) => ({ id, time, is }))).toEqual(found);
  }
});

describe("a folder of labels", () => {
  const labels = (path: string, ids: readonly bigint[]) =>
    file(path, {
      subject_id: [hyparquet({ type: "INT64" }), ids],
      prediction_time: [timestamp("MICROS"), ids],
      boolean_value: [hyparquet({ type: "BOOLEAN" }), ids.map(() => true)],
    });

  it("with a copy of a file is refused by both names: every label would count twice", async () => {
    const task = folder("task");
    const [one, copy] = [labels(place(task, "0.parquet"), [1n, 2n]), labels(place(task, "backup/0.parquet"), [1n, 2n])];
    const error = await rejected(Labels.open(task));
    expect(error).toMatchObject({ code: "MEDS_DUPLICATE_FILE", path: copy });
    expect(error.message).toContain(one);
  });

  it("whose values are only in the names of folders is refused: they were lost", async () => {
    const task = folder("task");
    const path = place(task, "boolean_value=true/0.parquet");
    file(path, { subject_id: [hyparquet({ type: "INT64" }), [1n]], prediction_time: [timestamp("MICROS"), [1n]] });
    expect(await rejected(Labels.open(task))).toMatchObject({ code: "MEDS_MISSING_COLUMN", path });
    labels(path, [1n]);
    expect([...(await Labels.open(task))].map(({ booleanValue }) => booleanValue)).toEqual([true]);
  });

  it("with several equal files without labels is read", async () => {
    const task = folder("task");
    for (const [name, ids] of [
      ["train/0", []],
      ["held_out/0", []],
      ["tuning/0", [7n]],
    ] as const)
      labels(place(task, `${name}.parquet`), ids);
    expect([...(await Labels.open(task))].map(({ subjectId }) => subjectId)).toEqual([7n]);
  });
});
